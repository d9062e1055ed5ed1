//! What is kept to be scraped.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{
    InstrumentKind, ManualReader, MeterProviderBuilder, Pipeline, Temporality,
};
use spanwise_core::Redactor;
use tokio::sync::oneshot;

use super::accept::ExpositionFormat;
use super::family::Families;
use super::text;
use crate::export::intake::Intake;
use crate::export::stage::content::Redactors;

/// The process's metrics, to be scraped: kept by [`TelemetryConfig::prometheus`](crate::TelemetryConfig::prometheus),
/// and had from [`Telemetry::prometheus_exporter`](crate::Telemetry::prometheus_exporter).
///
/// Clones show the same metrics.
///
/// ```
/// use spanwise::{ExpositionFormat, Generation, Provider, TelemetryConfig};
///
/// # fn main() -> Result<(), spanwise::InitError> {
/// let telemetry = spanwise::init_telemetry(TelemetryConfig::new("bot").prometheus())?;
/// Generation::chat(Provider::OpenAi, "gpt-4o").start().finish();
///
/// let exporter = telemetry.prometheus_exporter().expect("kept");
/// let metrics = exporter.render(ExpositionFormat::Text).expect("running");
/// assert!(metrics.contains("gen_ai_client_inference_duration_seconds_count{"));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct PrometheusExporter(Arc<Inner>);

struct Inner {
    reader: Pull,
    intake: Arc<Intake>,
    redactors: Vec<Arc<dyn Redactor>>,
    /// What stops the servers that show it.
    servers: Mutex<Vec<oneshot::Sender<()>>>,
}

impl PrometheusExporter {
    /// An exporter that reads what is recorded by the provider of this builder.
    pub(crate) fn read(
        meters: MeterProviderBuilder,
        intake: Arc<Intake>,
        redactors: Vec<Arc<dyn Redactor>>,
    ) -> (Self, MeterProviderBuilder) {
        let reader = Pull(Arc::new(ManualReader::builder().build()));
        let meters = meters.with_reader(reader.clone());
        (Self(Arc::new(Inner { reader, intake, redactors, servers: Mutex::default() })), meters)
    }

    /// All metrics as they are now; `None` once telemetry is shut down, and where a callback of the program's
    /// that an instrument asks has panicked.
    ///
    /// The redactors of [`TelemetryConfig::content`](crate::TelemetryConfig::content) are asked for every label; counters and
    /// histograms whose labels are the same then count together.
    ///
    /// It asks the callbacks of instruments that are observed, on this thread.
    pub fn render(&self, format: ExpositionFormat) -> Option<String> {
        let mut collected = ResourceMetrics::default();
        let collect = AssertUnwindSafe(|| self.0.reader.collect(&mut collected));
        std::panic::catch_unwind(collect).ok()?.ok()?;
        let mut collected = ExportMetricsServiceRequest::from(&collected);
        Redactors(&self.0.redactors).collected(&mut collected);
        self.0.intake.overflow.look(&collected);
        Some(text::write(&Families::of(collected), format))
    }

    /// Remembers what stops a server.
    pub(super) fn stop_with(&self, stop: oneshot::Sender<()>) {
        let mut servers = self.0.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.retain(|server| !server.is_closed());
        servers.push(stop);
    }

    /// Stops what shows it.
    pub(crate) fn stop(&self) {
        let mut servers = self.0.servers.lock().unwrap_or_else(PoisonError::into_inner);
        for stop in servers.drain(..) {
            // It may have stopped before.
            let _ = stop.send(());
        }
    }

    /// From now on it is the process's, of which there is one.
    pub(crate) fn install(&self) {
        let _ = OF_PROCESS.set(self.clone());
    }

    pub(super) fn of_process() -> Option<Self> {
        OF_PROCESS.get().cloned()
    }
}

static OF_PROCESS: OnceLock<PrometheusExporter> = OnceLock::new();

impl fmt::Debug for PrometheusExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrometheusExporter")
    }
}

/// The SDK's reader that waits to be asked, shared with the provider.
#[derive(Clone, Debug)]
struct Pull(Arc<ManualReader>);

impl MetricReader for Pull {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(metrics)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.0.temporality(kind)
    }
}
