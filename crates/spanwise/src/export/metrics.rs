//! The SDK's metric readers, as a source for our lanes.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

use super::intake::Intake;
use super::queued::Collection;

/// Encodes what a reader collects and hands it over; the lanes do the rest.
#[derive(Debug)]
pub(crate) struct MetricIntake {
    pub(crate) intake: Arc<Intake>,
    pub(crate) reader: usize,
    pub(crate) temporality: Temporality,
}

impl PushMetricExporter for MetricIntake {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let request = ExportMetricsServiceRequest::from(metrics);
        self.intake.overflow.look(&request);
        let collection = Collection { reader: self.reader, request };
        if self.intake.push_metrics(collection) {
            Ok(())
        } else {
            Err(OTelSdkError::AlreadyShutdown)
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        self.temporality
    }
}
