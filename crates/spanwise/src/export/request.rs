//! OTLP messages: items by scope, and the requests that carry them.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Metric, ResourceMetrics, ScopeMetrics, metric::Data,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

use crate::signal::Signal;

/// A request of one signal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Request {
    Traces(ExportTraceServiceRequest),
    Metrics(ExportMetricsServiceRequest),
    Logs(ExportLogsServiceRequest),
}

impl Request {
    pub(crate) fn encode(&self) -> Bytes {
        match self {
            Self::Traces(request) => request.encode_to_vec(),
            Self::Metrics(request) => request.encode_to_vec(),
            Self::Logs(request) => request.encode_to_vec(),
        }
        .into()
    }

    #[cfg(feature = "http")]
    pub(crate) fn encode_json(&self) -> Bytes {
        let json = match self {
            Self::Traces(request) => serde_json::to_vec(request),
            Self::Metrics(request) => serde_json::to_vec(request),
            Self::Logs(request) => serde_json::to_vec(request),
        };
        // OTLP messages have string keys and finite depth: they always serialise.
        json.unwrap_or_default().into()
    }

    pub(crate) fn encoded_len(&self) -> usize {
        match self {
            Self::Traces(request) => request.encoded_len(),
            Self::Metrics(request) => request.encoded_len(),
            Self::Logs(request) => request.encoded_len(),
        }
    }
}

/// The resource of all that this process exports.
#[derive(Clone, Debug)]
pub(crate) struct ExportedResource {
    pub(crate) resource: Resource,
    pub(crate) schema_url: String,
}

/// Items of one instrumentation scope.
#[derive(Clone, Debug)]
pub(crate) struct Group<T> {
    pub(crate) scope: InstrumentationScope,
    pub(crate) schema_url: String,
    pub(crate) items: Vec<T>,
}

impl<T> Group<T> {
    /// The group of this scope, which is added where it is missing.
    pub(crate) fn of<'a>(
        groups: &'a mut Vec<Self>,
        scope: &opentelemetry::InstrumentationScope,
        target: Option<&str>,
    ) -> &'a mut Self {
        let name = target.unwrap_or(scope.name());
        let version = scope.version().unwrap_or_default();
        let schema_url = scope.schema_url().unwrap_or_default();
        let place = groups.iter().position(|group| {
            group.scope.name == name
                && group.scope.version == version
                && group.schema_url == schema_url
                && group.scope.attributes.len() == scope.attributes().count()
        });
        let place = place.unwrap_or_else(|| {
            let mut exported = InstrumentationScope::from((scope, None));
            name.clone_into(&mut exported.name);
            let schema_url = schema_url.to_owned();
            groups.push(Self { scope: exported, schema_url, items: Vec::new() });
            groups.len() - 1
        });
        &mut groups[place]
    }
}

/// What a request carries many of.
pub(crate) trait Item: Message + Clone + Default {
    const SIGNAL: Signal;

    /// How many it counts for: one, but for metrics, whose points count.
    fn count(&self) -> u64 {
        1
    }

    fn request(resource: &ExportedResource, groups: Vec<Group<Self>>) -> Request;
}

impl Item for Span {
    const SIGNAL: Signal = Signal::Traces;

    fn request(resource: &ExportedResource, groups: Vec<Group<Self>>) -> Request {
        let scope_spans = groups.into_iter().map(|Group { scope, schema_url, items }| ScopeSpans {
            scope: Some(scope),
            spans: items,
            schema_url,
        });
        Request::Traces(ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(resource.resource.clone()),
                scope_spans: scope_spans.collect(),
                schema_url: resource.schema_url.clone(),
            }],
        })
    }
}

impl Item for LogRecord {
    const SIGNAL: Signal = Signal::Logs;

    fn request(resource: &ExportedResource, groups: Vec<Group<Self>>) -> Request {
        let scope_logs = groups.into_iter().map(|Group { scope, schema_url, items }| ScopeLogs {
            scope: Some(scope),
            log_records: items,
            schema_url,
        });
        Request::Logs(ExportLogsServiceRequest {
            resource_logs: vec![ResourceLogs {
                resource: Some(resource.resource.clone()),
                scope_logs: scope_logs.collect(),
                schema_url: resource.schema_url.clone(),
            }],
        })
    }
}

impl Item for Metric {
    const SIGNAL: Signal = Signal::Metrics;

    fn count(&self) -> u64 {
        let points = match &self.data {
            None => 0,
            Some(Data::Gauge(gauge)) => gauge.data_points.len(),
            Some(Data::Sum(sum)) => sum.data_points.len(),
            Some(Data::Histogram(histogram)) => histogram.data_points.len(),
            Some(Data::ExponentialHistogram(histogram)) => histogram.data_points.len(),
            Some(Data::Summary(summary)) => summary.data_points.len(),
        };
        points as u64
    }

    fn request(resource: &ExportedResource, groups: Vec<Group<Self>>) -> Request {
        let scope_metrics = groups.into_iter().map(|Group { scope, schema_url, items }| {
            ScopeMetrics { scope: Some(scope), metrics: items, schema_url }
        });
        Request::Metrics(ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(resource.resource.clone()),
                scope_metrics: scope_metrics.collect(),
                schema_url: resource.schema_url.clone(),
            }],
        })
    }
}
