//! The handle on running telemetry.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use spanwise_core::Recorder;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::doctor::Checkup;
use crate::event;
use crate::export::blocking;
use crate::export::command::{Command, Request};
use crate::export::intake::Intake;
#[cfg(feature = "prometheus")]
use crate::prometheus::PrometheusExporter;
use crate::report::Report;

/// Running telemetry. Keep it until the end of `main`, then [`shutdown`](Self::shutdown) it.
///
/// Dropping it shuts down too, within the same time, and blocks the thread meanwhile.
///
/// ```
/// use spanwise::{Environment, Generation, Provider, TelemetryConfig};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let quiet = Environment::from_iter([("OTEL_TRACES_EXPORTER", "none"), ("OTEL_METRICS_EXPORTER", "none"), ("OTEL_LOGS_EXPORTER", "none")]);
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let telemetry = spanwise::init_telemetry(TelemetryConfig::new("bot").environment(quiet))?;
/// Generation::chat(Provider::OpenAi, "gpt-4o-mini").start().finish();
/// let report = telemetry.shutdown().await;
/// assert_eq!(report.dropped(), 0);
/// # Ok::<_, spanwise::InitError>(()) })?;
/// # Ok(()) }
/// ```
#[must_use = "telemetry stops when this is dropped; keep it until the end of `main`"]
pub struct Telemetry {
    /// `None` where telemetry is disabled, or was shut down.
    running: Option<Running>,
    checkup: Arc<Checkup>,
}

#[derive(Clone)]
pub(crate) struct Running {
    pub(crate) intake: Arc<Intake>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) tracers: SdkTracerProvider,
    pub(crate) meters: Option<SdkMeterProvider>,
    pub(crate) loggers: Option<SdkLoggerProvider>,
    #[cfg(feature = "prometheus")]
    pub(crate) scraped: Option<PrometheusExporter>,
    pub(crate) timeout: Duration,
    #[cfg(feature = "tracing")]
    pub(crate) level: tracing::level_filters::LevelFilter,
}

/// The thread that waits may be woken a moment late.
const SLACK: Duration = Duration::from_millis(100);

impl Telemetry {
    pub(crate) fn disabled(checkup: Checkup) -> Self {
        Self { running: None, checkup: Arc::new(checkup) }
    }

    pub(crate) fn running(running: Running, checkup: Checkup) -> Self {
        Self { running: Some(running), checkup: Arc::new(checkup) }
    }

    /// What there is to look at.
    pub(crate) fn checkup(&self) -> Arc<Checkup> {
        self.checkup.clone()
    }

    /// Sends everything that was recorded until now, metrics included, and says what became of it.
    ///
    /// Works in any runtime and in none. Takes at most the time of
    /// [`TelemetryConfig::shutdown_timeout`](crate::TelemetryConfig::shutdown_timeout); what has no answer
    /// by then goes on being sent, and the report is not [`complete`](Report::complete).
    pub fn flush(&self) -> impl Future<Output = Report> + Send + 'static {
        let timeout = self.running.as_ref().map_or(Duration::ZERO, |running| running.timeout);
        self.flush_within(timeout)
    }

    /// The same, within this time.
    pub fn flush_within(&self, timeout: Duration) -> impl Future<Output = Report> + Send + 'static {
        let asked = self.running.as_ref().map(|running| {
            let metrics = running.collect_metrics(|meters| drop(meters.force_flush()));
            (running.ask(timeout, Some(metrics), Command::Flush), running.intake.clone())
        });
        let events = event::settle(Instant::now() + timeout);
        async move {
            let report = match asked {
                Some((answer, intake)) => answer.await.unwrap_or_else(|_| intake.report()),
                None => Report::default(),
            };
            with_events(report, events.await.unwrap_or(false))
        }
    }

    /// Ends telemetry: sends everything that was recorded, ends and marks operations that are still
    /// open, and says what became of it all.
    ///
    /// Works in any runtime and in none. Takes at most the time of
    /// [`TelemetryConfig::shutdown_timeout`](crate::TelemetryConfig::shutdown_timeout); what has no
    /// answer by then is dropped and counted. Recording afterwards is harmless and counted.
    pub async fn shutdown(self) -> Report {
        let timeout = self.running.as_ref().map_or(Duration::ZERO, |running| running.timeout);
        self.shutdown_within(timeout).await
    }

    /// The same, within this time.
    pub async fn shutdown_within(mut self, timeout: Duration) -> Report {
        match self.running.take() {
            Some(running) => running.shutdown(timeout).await,
            None => Report::default(),
        }
    }

    /// What became of everything that was recorded, as it stands now.
    pub fn report(&self) -> Report {
        let report = self.running.as_ref().map(|running| running.intake.report());
        with_events(report.unwrap_or_default(), true)
    }

    /// Whether anything is recorded: not where telemetry is disabled.
    pub fn is_enabled(&self) -> bool {
        self.running.is_some()
    }

    /// Our layer for a `tracing` subscriber of the program's own, with
    /// [`TracingMode::HandOver`](crate::TracingMode::HandOver): spans nest with operations, events become
    /// logs.
    ///
    /// ```no_run
    /// use tracing_subscriber::prelude::*;
    /// use spanwise::{TelemetryConfig, TracingMode};
    ///
    /// # fn main() -> Result<(), spanwise::InitError> {
    /// let telemetry =
    ///     spanwise::init_telemetry(TelemetryConfig::new("bot").tracing(TracingMode::HandOver))?;
    /// tracing_subscriber::registry()
    ///     .with(tracing_subscriber::fmt::layer())
    ///     .with(telemetry.tracing_layer())
    ///     .init();
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "tracing")]
    pub fn tracing_layer<S>(&self) -> Option<Box<dyn tracing_subscriber::Layer<S> + Send + Sync>>
    where
        S: tracing::Subscriber
            + for<'span> tracing_subscriber::registry::LookupSpan<'span>
            + Send
            + Sync,
    {
        self.running.as_ref().map(Running::tracing_layer)
    }

    /// The tracer provider, for instrumentations that want one; `None` where telemetry is disabled.
    pub fn tracer_provider(&self) -> Option<&SdkTracerProvider> {
        self.running.as_ref().map(|running| &running.tracers)
    }

    /// The meter provider; `None` where metrics go nowhere.
    pub fn meter_provider(&self) -> Option<&SdkMeterProvider> {
        self.running.as_ref()?.meters.as_ref()
    }

    /// What is kept to be scraped; `None` where nothing is: see
    /// [`TelemetryConfig::prometheus`](crate::TelemetryConfig::prometheus).
    #[cfg(feature = "prometheus")]
    pub fn prometheus_exporter(&self) -> Option<PrometheusExporter> {
        self.running.as_ref()?.scraped.clone()
    }

    /// The logger provider; `None` where logs go nowhere.
    pub fn logger_provider(&self) -> Option<&SdkLoggerProvider> {
        self.running.as_ref()?.loggers.as_ref()
    }
}

/// The same report, with what became of events.
fn with_events(report: Report, settled: bool) -> Report {
    Report { exporters: event::reports(), complete: report.complete && settled, ..report }
}

impl Running {
    /// Lets the readers collect, on a thread: an instrument that is observed may take its time.
    fn collect_metrics(
        &self,
        collect: impl FnOnce(&SdkMeterProvider) + Send + 'static,
    ) -> oneshot::Receiver<()> {
        let (done, is_done) = oneshot::channel();
        if let Some(meters) = self.meters.clone() {
            // Without a thread, `done` is dropped with the closure, and nobody waits.
            let _ = std::thread::Builder::new().name("spanwise-metrics".into()).spawn(move || {
                collect(&meters);
                let _ = done.send(());
            });
        }
        is_done
    }

    fn ask(
        &self,
        timeout: Duration,
        metrics: Option<oneshot::Receiver<()>>,
        command: impl FnOnce(Request) -> Command,
    ) -> oneshot::Receiver<Report> {
        let (reply, answer) = oneshot::channel();
        let deadline = Instant::now() + timeout;
        self.intake.command(command(Request { metrics, deadline, reply }));
        answer
    }

    pub(crate) async fn shutdown(self, timeout: Duration) -> Report {
        let ended_at_shutdown = self.recorder.end_open_operations();
        let metrics = self.collect_metrics(move |meters| {
            drop(meters.shutdown_with_timeout(timeout));
        });
        let answer = self.ask(timeout, Some(metrics), Command::Shutdown);
        #[cfg(feature = "prometheus")]
        if let Some(scraped) = &self.scraped {
            scraped.stop();
        }
        let events = event::settle(Instant::now() + timeout);
        let report = answer.await.unwrap_or_else(|_| self.intake.report());
        let settled = events.await.unwrap_or(false);
        let exporters = event::clear_exporters();
        Report { ended_at_shutdown, exporters, complete: report.complete && settled, ..report }
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn tracing_layer<S>(&self) -> Box<dyn tracing_subscriber::Layer<S> + Send + Sync>
    where
        S: tracing::Subscriber
            + for<'span> tracing_subscriber::registry::LookupSpan<'span>
            + Send
            + Sync,
    {
        use opentelemetry::trace::TracerProvider as _;

        let tracer = self.tracers.tracer("tracing");
        crate::tracing_bridge::layer(tracer, self.loggers.as_ref(), self.level)
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            let timeout = running.timeout;
            blocking::wait(running.shutdown(timeout), timeout + SLACK);
        }
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry").field("enabled", &self.is_enabled()).finish_non_exhaustive()
    }
}
