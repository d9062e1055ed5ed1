//! How it is delivered.

use std::time::Duration;

use crate::config::{
    BatchConfiguration, ExportConfig, ExportMode, OverflowPolicy, SpoolSettings, TelemetryConfig,
};

impl TelemetryConfig {
    /// For how long a request that fails in a way that may pass is tried again, with pauses that
    /// grow up to 5 s. Defaults to `SPANWISE_RETRY_TIMEOUT`, then to 5 minutes.
    ///
    /// Holds for every OTLP destination that does not
    /// [say otherwise](crate::OtlpDestination::retry_timeout). What waits meanwhile is bounded by
    /// [`BatchConfiguration`].
    pub fn retry_timeout(mut self, timeout: Duration) -> Self {
        self.delivery.retry_timeout = Some(timeout);
        self
    }

    /// How many requests of one signal may be on their way to one destination at once. Defaults to
    /// `SPANWISE_MAX_CONCURRENT_REQUESTS`, then to 4.
    ///
    /// Holds for spans and logs of every OTLP destination that does not
    /// [say otherwise](crate::OtlpDestination::max_concurrent_requests). Metrics go one request at a time,
    /// since backends want the points of a series in order.
    pub fn max_concurrent_requests(mut self, requests: usize) -> Self {
        self.delivery.most_requests = Some(requests);
        self
    }

    /// Keeps on disk what cannot be delivered to an OTLP destination now, for later and for the next process.
    /// Defaults to `SPANWISE_SPOOL_DIR`, then to none. Recommended in production.
    ///
    /// ```no_run
    /// use spanwise::{SpoolSettings, TelemetryConfig};
    ///
    /// # fn main() -> Result<(), spanwise::InitError> {
    /// let config = TelemetryConfig::new("bot").spool(SpoolSettings::new("/var/lib/bot/telemetry"));
    /// let telemetry = spanwise::init_telemetry(config)?;
    /// # Ok(()) }
    /// ```
    pub fn spool(mut self, spool: SpoolSettings) -> Self {
        self.spool = Some(spool);
        self
    }

    /// What happens when a queue is full. Defaults to `SPANWISE_OVERFLOW_POLICY`, then to
    /// [`OverflowPolicy::Spill`] where there is a spool, and to [`OverflowPolicy::DropNewest`] where there
    /// is none.
    pub fn overflow_policy(mut self, policy: OverflowPolicy) -> Self {
        self.overflow = Some(policy);
        self
    }

    /// When spans and logs leave. Defaults to `SPANWISE_EXPORT_MODE`, then to [`ExportMode::Batch`].
    pub fn export_mode(mut self, mode: ExportMode) -> Self {
        self.export_mode = Some(mode);
        self
    }

    /// How spans are gathered. Defaults to `OTEL_BSP_*`, then to [`BatchConfiguration::SPANS`].
    pub fn span_batches(mut self, batches: BatchConfiguration) -> Self {
        self.span_batches = Some(batches);
        self
    }

    /// How logs are gathered. Defaults to `OTEL_BLRP_*`, then to [`BatchConfiguration::LOGS`].
    pub fn log_batches(mut self, batches: BatchConfiguration) -> Self {
        self.log_batches = Some(batches);
        self
    }

    /// How often metrics are sent. Defaults to `OTEL_METRIC_EXPORT_*`, then to every 60 s.
    pub fn metric_export(mut self, export: ExportConfig) -> Self {
        self.metric_export = Some(export);
        self
    }
}
