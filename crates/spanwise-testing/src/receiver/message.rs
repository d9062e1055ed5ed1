//! One request that arrived, decoded, whatever its signal.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::trace::v1::Span;

/// What a [`Receiver`](super::Receiver) was sent: the official message of its signal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Message {
    /// Spans.
    Traces(ExportTraceServiceRequest),
    /// Metrics.
    Metrics(ExportMetricsServiceRequest),
    /// Log records.
    Logs(ExportLogsServiceRequest),
}

impl Message {
    /// The spans in it.
    pub fn spans(&self) -> impl Iterator<Item = &Span> {
        let request = match self {
            Self::Traces(request) => Some(request),
            Self::Metrics(_) | Self::Logs(_) => None,
        };
        let resources = request.into_iter().flat_map(|request| &request.resource_spans);
        resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans)
    }

    /// Leaves out this many items, the last ones first: spans, log records or points of metrics.
    pub(super) fn reject(&mut self, items: i64) {
        let mut left = usize::try_from(items).unwrap_or_default();
        match self {
            Self::Traces(request) => {
                let resources = request.resource_spans.iter_mut().rev();
                for scope in resources.flat_map(|it| it.scope_spans.iter_mut().rev()) {
                    shorten(&mut scope.spans, &mut left);
                }
            }
            Self::Metrics(request) => {
                let resources = request.resource_metrics.iter_mut().rev();
                for scope in
                    resources.flat_map(|it: &mut ResourceMetrics| it.scope_metrics.iter_mut().rev())
                {
                    shorten_points(scope, &mut left);
                }
            }
            Self::Logs(request) => {
                let resources = request.resource_logs.iter_mut().rev();
                for scope in resources.flat_map(|it| it.scope_logs.iter_mut().rev()) {
                    shorten(&mut scope.log_records, &mut left);
                }
            }
        }
    }
}

fn shorten<T>(items: &mut Vec<T>, left: &mut usize) {
    let rejected = items.len().min(*left);
    items.truncate(items.len() - rejected);
    *left -= rejected;
}

fn shorten_points(scope: &mut ScopeMetrics, left: &mut usize) {
    for Metric { data, .. } in scope.metrics.iter_mut().rev() {
        match data {
            Some(Data::Gauge(it)) => shorten(&mut it.data_points, left),
            Some(Data::Sum(it)) => shorten(&mut it.data_points, left),
            Some(Data::Histogram(it)) => shorten(&mut it.data_points, left),
            Some(Data::ExponentialHistogram(it)) => shorten(&mut it.data_points, left),
            Some(Data::Summary(it)) => shorten(&mut it.data_points, left),
            None => {}
        }
    }
}
