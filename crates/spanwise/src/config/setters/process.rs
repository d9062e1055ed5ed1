//! What it does in its process, and how it ends.

use std::time::Duration;

use crate::config::TelemetryConfig;
#[cfg(feature = "tracing")]
use crate::tracing_bridge::TracingMode;

impl TelemetryConfig {
    /// Whether tracer provider, meter provider and propagator become OpenTelemetry's global ones, so
    /// that other instrumented crates use them too. Defaults to yes.
    pub fn global_providers(mut self, global: bool) -> Self {
        self.global_providers = Some(global);
        self
    }

    /// How long [`flush`](crate::Telemetry::flush), [`shutdown`](crate::Telemetry::shutdown) and
    /// dropping [`Telemetry`](crate::Telemetry) wait at most. Defaults to 5 s.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = Some(timeout);
        self
    }

    /// Whether SIGTERM and Ctrl-C shut telemetry down, within
    /// [`shutdown_timeout`](Self::shutdown_timeout), before they end the process as they always do. Defaults
    /// to no.
    ///
    /// For programs that do not handle these signals themselves: a program that does shuts down on its own
    /// terms, and telemetry last.
    pub fn flush_on_signals(mut self, flush: bool) -> Self {
        self.flush_on_signals = flush;
        self
    }

    /// Whether a panic flushes, on the thread that panics, within
    /// [`shutdown_timeout`](Self::shutdown_timeout) and after the panic hook that was set before. Defaults to
    /// no.
    ///
    /// For programs with `panic = "abort"`, in which nothing runs after the hook. Panics that are caught
    /// flush as well.
    pub fn flush_on_panic(mut self, flush: bool) -> Self {
        self.flush_on_panic = flush;
        self
    }

    /// Adds a layer of the program's own to the `tracing` subscriber that is installed at the start,
    /// such as `tracing_subscriber::fmt::layer()`.
    #[cfg(feature = "tracing")]
    pub fn tracing_layer<L>(mut self, layer: L) -> Self
    where
        L: tracing_subscriber::Layer<tracing_subscriber::Registry> + Send + Sync + 'static,
    {
        self.layers.push(Box::new(layer));
        self
    }

    /// What happens with `tracing`. Defaults to [`TracingMode::Install`].
    #[cfg(feature = "tracing")]
    pub fn tracing(mut self, mode: TracingMode) -> Self {
        self.tracing = mode;
        self
    }
}
