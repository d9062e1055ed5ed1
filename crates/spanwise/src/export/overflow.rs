//! Metrics with more sets of attributes than the SDK tells apart.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;

use crate::diagnostics::warn_here;

/// The one attribute of the point that holds what is beyond.
const OVERFLOW: &str = "otel.metric.overflow";

/// The metrics that have been seen with such a point, each of them said once.
#[derive(Debug, Default)]
pub(crate) struct Overflow(Mutex<BTreeSet<String>>);

impl Overflow {
    /// Looks at what a reader has collected, and warns of what is new.
    pub(crate) fn look(&self, collected: &ExportMetricsServiceRequest) {
        let scopes = collected.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
        let metrics = scopes.flat_map(|scope| &scope.metrics);
        for metric in metrics.filter(|metric| overflows(metric)) {
            if self.known().insert(metric.name.clone()) {
                warn_here(&format!(
                    "metric `{}` has more sets of attributes than are told apart; what is beyond stands in one \
                     point with {OVERFLOW}. `model_names_on_metrics` and `scope_on_metrics` make fewer of them",
                    metric.name
                ));
            }
        }
    }

    /// Their names.
    pub(crate) fn metrics(&self) -> Vec<String> {
        self.known().iter().cloned().collect()
    }

    /// How many they are.
    pub(crate) fn count(&self) -> usize {
        self.known().len()
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn overflows(metric: &Metric) -> bool {
    let is_beyond = |attributes: &[KeyValue]| matches!(attributes, [one] if one.key == OVERFLOW);
    match &metric.data {
        Some(Data::Sum(sum)) => sum.data_points.iter().any(|point| is_beyond(&point.attributes)),
        Some(Data::Gauge(gauge)) => {
            gauge.data_points.iter().any(|point| is_beyond(&point.attributes))
        }
        Some(Data::Histogram(histogram)) => {
            histogram.data_points.iter().any(|point| is_beyond(&point.attributes))
        }
        Some(Data::ExponentialHistogram(histogram)) => {
            histogram.data_points.iter().any(|point| is_beyond(&point.attributes))
        }
        Some(Data::Summary(_)) | None => false,
    }
}
