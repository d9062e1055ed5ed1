//! `tracing`, both ways: its spans are parents and children of operations, its events become logs.

use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::trace::SdkTracer;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use crate::diagnostics::{TARGET, warn_here};

pub(crate) type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// What happens with `tracing` at the start.
///
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TracingMode {
    /// A subscriber is installed that records spans and events of this level and above, beside the
    /// layers that
    /// [`TelemetryConfig::tracing_layer`](crate::TelemetryConfig::tracing_layer) was given beside
    /// ours. Where there is one already, it stays, and a warning says what to do.
    Install(LevelFilter),
    /// Nothing is installed: the program puts
    /// [`Telemetry::tracing_layer`](crate::Telemetry::tracing_layer) into its own subscriber, under
    /// filters of its own.
    HandOver,
}

impl TracingMode {
    pub(crate) fn level(self) -> LevelFilter {
        match self {
            Self::Install(level) => level,
            Self::HandOver => LevelFilter::TRACE,
        }
    }

    pub(crate) fn installs(self) -> bool {
        matches!(self, Self::Install(_))
    }
}

impl Default for TracingMode {
    fn default() -> Self {
        Self::Install(LevelFilter::INFO)
    }
}

/// Ours for any subscriber: spans to the tracer, events to the logger.
pub(crate) fn layer<S>(
    tracer: SdkTracer,
    logs: Option<&SdkLoggerProvider>,
    level: LevelFilter,
) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let wanted = move |metadata: &Metadata<'_>| *metadata.level() <= level && !is_ours(metadata);
    // Events become logs where logs go anywhere. On the span as well they would be told twice, but for
    // errors, which set its status.
    let told_as_logs = logs.is_some();
    let on_spans = move |metadata: &Metadata<'_>| {
        metadata.is_span() || !told_as_logs || *metadata.level() == tracing::Level::ERROR
    };
    let spans = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(filter_fn(move |metadata| wanted(metadata) && on_spans(metadata)));
    let events = logs.map(|logs| {
        OpenTelemetryTracingBridge::new(logs)
            .with_filter(filter_fn(move |metadata| metadata.is_event() && wanted(metadata)))
    });
    Box::new(spans.and_then(events))
}

/// What the export side says of itself must not become something to export.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    target == TARGET || target.starts_with("opentelemetry")
}

/// Installs a subscriber of our layer and the program's; leaves one that is there.
pub(crate) fn install(ours: BoxedLayer, mut layers: Vec<BoxedLayer>) {
    if layers.is_empty() {
        // Without a layer of the program's, nobody else would show our own warnings.
        let warnings = tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .without_time()
            .with_filter(filter_fn(|metadata| {
                metadata.target() == TARGET && *metadata.level() <= tracing::Level::WARN
            }));
        layers.push(Box::new(warnings));
    }
    layers.push(ours);
    let subscriber = tracing_subscriber::registry().with(layers);
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        warn_here(
            "a tracing subscriber is installed already, so tracing spans and events are not recorded: \
             call init_telemetry first, or put Telemetry::tracing_layer into that subscriber and \
             choose TracingMode::HandOver",
        );
    }
}
