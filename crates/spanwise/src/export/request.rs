//! OTLP messages: items by scope, and the requests that carry them.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, Gauge, Histogram, Metric, ResourceMetrics, ScopeMetrics, Sum, Summary,
    metric::Data,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use opentelemetry_proto::transform::common::tonic::Attributes;
use prost::Message;

use crate::signal::Signal;

/// In which form a request is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Protobuf,
    #[cfg(feature = "http")]
    Json,
    /// As it is, for those who look at it here.
    Message,
}

/// A request of one signal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Request {
    Traces(ExportTraceServiceRequest),
    Metrics(ExportMetricsServiceRequest),
    Logs(ExportLogsServiceRequest),
}

impl Request {
    /// The request as it goes out; `None` where it does not go out encoded.
    pub(crate) fn encode_as(&self, form: Form) -> Option<Bytes> {
        match form {
            Form::Protobuf => Some(self.encode()),
            #[cfg(feature = "http")]
            Form::Json => Some(self.encode_json()),
            Form::Message => None,
        }
    }

    /// What was encoded; `None` where it is something else.
    pub(crate) fn decode(body: &[u8], signal: Signal, form: Form) -> Option<Self> {
        match (form, signal) {
            (Form::Protobuf, Signal::Traces) => Message::decode(body).ok().map(Self::Traces),
            (Form::Protobuf, Signal::Metrics) => Message::decode(body).ok().map(Self::Metrics),
            (Form::Protobuf, Signal::Logs) => Message::decode(body).ok().map(Self::Logs),
            #[cfg(feature = "http")]
            (Form::Json, Signal::Traces) => serde_json::from_slice(body).ok().map(Self::Traces),
            #[cfg(feature = "http")]
            (Form::Json, Signal::Metrics) => serde_json::from_slice(body).ok().map(Self::Metrics),
            #[cfg(feature = "http")]
            (Form::Json, Signal::Logs) => serde_json::from_slice(body).ok().map(Self::Logs),
            (Form::Message, _) | (_, Signal::Feedback) => None,
        }
    }

    fn encode(&self) -> Bytes {
        match self {
            Self::Traces(request) => request.encode_to_vec(),
            Self::Metrics(request) => request.encode_to_vec(),
            Self::Logs(request) => request.encode_to_vec(),
        }
        .into()
    }

    #[cfg(feature = "http")]
    fn encode_json(&self) -> Bytes {
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
#[derive(Clone, Debug, Default)]
pub(crate) struct ExportedResource {
    pub(crate) resource: Resource,
    pub(crate) schema_url: String,
}

impl ExportedResource {
    /// The same with these attributes, in place of those of the same keys.
    pub(crate) fn with(&self, own: &[opentelemetry::KeyValue]) -> Self {
        let mut with = self.clone();
        let attributes = &mut with.resource.attributes;
        attributes.retain(|known| own.iter().all(|own| own.key.as_str() != known.key));
        let own = own.iter().cloned().map(|own| (own.key, own.value));
        attributes.extend(own.collect::<Attributes>().0);
        with
    }
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

    /// The values in it that hold content.
    fn values(&mut self) -> Vec<&mut AnyValue> {
        Vec::new()
    }

    /// Two items that say together what this one says, or this one alone.
    fn halves(self) -> Vec<Self> {
        vec![self]
    }

    fn request(resource: &ExportedResource, groups: Vec<Group<Self>>) -> Request;

    /// What such a request was made from, for each of its resources; nothing of another signal.
    fn groups(request: Request) -> Vec<(ExportedResource, Vec<Group<Self>>)>;
}

fn attribute_values(attributes: &mut [KeyValue]) -> impl Iterator<Item = &mut AnyValue> {
    attributes.iter_mut().filter_map(|attribute| attribute.value.as_mut())
}

/// The resources of a request, told apart into groups.
macro_rules! groups {
    ($request:expr, $signal:ident, $resources:ident, $scopes:ident, $items:ident) => {{
        let Request::$signal(request) = $request else { return Vec::new() };
        let resources = request.$resources.into_iter().map(|of| {
            let groups = of.$scopes.into_iter().map(|of| Group {
                scope: of.scope.unwrap_or_default(),
                schema_url: of.schema_url,
                items: of.$items,
            });
            let resource = of.resource.unwrap_or_default();
            (ExportedResource { resource, schema_url: of.schema_url }, groups.collect())
        });
        resources.collect()
    }};
}

impl Item for Span {
    const SIGNAL: Signal = Signal::Traces;

    fn values(&mut self) -> Vec<&mut AnyValue> {
        let events = self.events.iter_mut().flat_map(|it| attribute_values(&mut it.attributes));
        let links = self.links.iter_mut().flat_map(|it| attribute_values(&mut it.attributes));
        attribute_values(&mut self.attributes).chain(events).chain(links).collect()
    }

    fn groups(request: Request) -> Vec<(ExportedResource, Vec<Group<Self>>)> {
        groups!(request, Traces, resource_spans, scope_spans, spans)
    }

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

    fn values(&mut self) -> Vec<&mut AnyValue> {
        attribute_values(&mut self.attributes).chain(&mut self.body).collect()
    }

    fn groups(request: Request) -> Vec<(ExportedResource, Vec<Group<Self>>)> {
        groups!(request, Logs, resource_logs, scope_logs, log_records)
    }

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

    /// Two metrics with half of the points each.
    fn halves(self) -> Vec<Self> {
        fn second_half<P>(points: &mut Vec<P>) -> Vec<P> {
            points.split_off(points.len().div_ceil(2))
        }
        if self.count() < 2 {
            return vec![self];
        }
        let mut first = self;
        let points = match &mut first.data {
            None => return vec![first],
            Some(Data::Gauge(gauge)) => {
                Data::Gauge(Gauge { data_points: second_half(&mut gauge.data_points) })
            }
            Some(Data::Sum(sum)) => {
                Data::Sum(Sum { data_points: second_half(&mut sum.data_points), ..*sum })
            }
            Some(Data::Histogram(all)) => Data::Histogram(Histogram {
                data_points: second_half(&mut all.data_points),
                ..*all
            }),
            Some(Data::ExponentialHistogram(all)) => {
                Data::ExponentialHistogram(ExponentialHistogram {
                    data_points: second_half(&mut all.data_points),
                    ..*all
                })
            }
            Some(Data::Summary(summary)) => {
                Data::Summary(Summary { data_points: second_half(&mut summary.data_points) })
            }
        };
        let second = Self {
            name: first.name.clone(),
            description: first.description.clone(),
            unit: first.unit.clone(),
            metadata: first.metadata.clone(),
            data: Some(points),
        };
        vec![first, second]
    }

    fn groups(request: Request) -> Vec<(ExportedResource, Vec<Group<Self>>)> {
        groups!(request, Metrics, resource_metrics, scope_metrics, metrics)
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
