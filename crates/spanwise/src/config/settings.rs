//! Every setting, settled.

use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanLimits;
use spanwise_core::{CapturePolicy, ContentCapture};

use super::destination::{DestinationKind, OtlpOptions};
use super::endpoint::{Endpoint, EndpointReader};
use super::values::{BatchConfiguration, ExportConfig, SamplingStrategy, Signals, Temporality};
use super::{Configured, Destination, TelemetryConfig};
use crate::env::{Environment, Reader};
use crate::error::{InitError, Source};
use crate::resource;
use crate::signal::Signal;

/// What `init` works from.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) enabled: bool,
    pub(crate) resource: Resource,
    pub(crate) sampling: SamplingStrategy,
    pub(crate) policy: CapturePolicy,
    pub(crate) limits: Limits,
    pub(crate) propagators: Vec<Propagator>,
    pub(crate) spans: BatchConfiguration,
    pub(crate) logs: BatchConfiguration,
    pub(crate) metrics: ExportConfig,
    pub(crate) routes: Vec<DestinationSettings>,
    pub(crate) global_providers: bool,
    pub(crate) shutdown_timeout: Duration,
    /// What the environment says that cannot be used, a sentence each.
    pub(crate) warnings: Vec<String>,
}

/// One destination, settled. What is made only once, such as an SDK exporter, stays in the configuration.
#[derive(Debug)]
pub(crate) struct DestinationSettings {
    pub(crate) name: String,
    pub(crate) route: Route,
    pub(crate) temporality: Temporality,
}

#[derive(Debug)]
pub(crate) enum Route {
    /// An endpoint for each signal that goes there.
    Otlp(Vec<(Signal, Endpoint)>),
    Console(Signals),
    /// The exporter at this place among the configured destinations.
    Sdk(usize),
}

/// Limits that the SDK does not keep by itself, or not in our order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) attributes: usize,
    pub(crate) value_length: Option<usize>,
    pub(crate) log_attributes: usize,
    pub(crate) log_value_length: Option<usize>,
    pub(crate) span: SpanLimits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Propagator {
    TraceContext,
    Baggage,
}

const DEFAULT_ATTRIBUTES: usize = 128;

impl Settings {
    pub(crate) fn settle(
        config: &TelemetryConfig,
        environment: &Environment,
    ) -> Result<Self, InitError> {
        let mut reader = Reader::new(environment);
        let disabled = reader.boolean("OTEL_SDK_DISABLED").unwrap_or(false);
        let mut settings = Self {
            enabled: config.enabled.unwrap_or(!disabled),
            resource: resource::settle(
                config.service_name.as_deref(),
                &config.resource,
                config.detect_resource.unwrap_or(true),
                &mut reader,
            )?,
            sampling: sampling(config, &mut reader)?,
            policy: policy(config, &mut reader),
            limits: limits(config, &mut reader),
            propagators: propagators(&mut reader),
            spans: batches(
                config.span_batches,
                "span_batches",
                "OTEL_BSP",
                BatchConfiguration::SPANS,
                &mut reader,
            )?,
            logs: batches(
                config.log_batches,
                "log_batches",
                "OTEL_BLRP",
                BatchConfiguration::LOGS,
                &mut reader,
            )?,
            metrics: metric_export(config, &mut reader)?,
            routes: Vec::new(),
            global_providers: config.global_providers.unwrap_or(true),
            shutdown_timeout: config.shutdown_timeout.unwrap_or(Duration::from_secs(5)),
            warnings: Vec::new(),
        };
        settings.routes = routes(config, &mut reader)?;
        settings.warnings = reader.into_warnings();
        Ok(settings)
    }

    /// How long one batch may take, attempts and pauses together.
    pub(crate) fn export_timeout(&self, signal: Signal) -> Duration {
        match signal {
            Signal::Traces => self.spans.export_timeout,
            Signal::Metrics => self.metrics.export_timeout,
            Signal::Logs => self.logs.export_timeout,
        }
    }
}

fn sampling(
    config: &TelemetryConfig,
    reader: &mut Reader<'_>,
) -> Result<SamplingStrategy, InitError> {
    if let Some(sampling) = &config.sampling {
        let setting = if config.sample_rate.is_some() { "sample_rate" } else { "sampling" };
        sampling.check(&Source::code(setting))?;
        return Ok(sampling.clone());
    }
    const WORDS: &str = "one of always_on, always_off, traceidratio, parentbased_always_on, \
                         parentbased_always_off, parentbased_traceidratio";
    let known = reader.parsed("OTEL_TRACES_SAMPLER", WORDS, "parentbased_always_on", |word| {
        let word = word.to_ascii_lowercase();
        let (parent_based, root) = match word.strip_prefix("parentbased_") {
            Some(root) => (true, root.to_owned()),
            None => (false, word),
        };
        ["always_on", "always_off", "traceidratio"]
            .contains(&root.as_str())
            .then_some((parent_based, root))
    });
    let Some((parent_based, root)) = known else { return Ok(SamplingStrategy::default()) };
    let root = match root.as_str() {
        "always_on" => SamplingStrategy::AlwaysOn,
        "always_off" => SamplingStrategy::AlwaysOff,
        _ => {
            let ratio =
                reader.parsed("OTEL_TRACES_SAMPLER_ARG", "a number between 0 and 1", "1", |text| {
                    text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio))
                });
            SamplingStrategy::TraceIdRatio { ratio: ratio.unwrap_or(1.0) }
        }
    };
    Ok(if parent_based { SamplingStrategy::parent_based(root) } else { root })
}

fn policy(config: &TelemetryConfig, reader: &mut Reader<'_>) -> CapturePolicy {
    let from_env = reader.parsed(
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
        "one of NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT, true, false",
        "NO_CONTENT",
        |word| word.parse().ok(),
    );
    let emit_event = reader.boolean("OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT");
    let said = config.content.or(from_env);
    let asked = |side: Option<bool>| side == Some(true);
    let (content, default) = match said {
        Some(content) => (content, true),
        // Asking for one side is asking for content, but for that side alone.
        None if asked(config.record_inputs) || asked(config.record_outputs) => {
            (ContentCapture::SpanOnly, false)
        }
        None => (ContentCapture::NoContent, true),
    };
    let mut policy = CapturePolicy::new(content)
        .inputs(config.record_inputs.unwrap_or(default))
        .outputs(config.record_outputs.unwrap_or(default));
    if let Some(record) = config.record_metadata {
        policy = policy.metadata(record);
    }
    if let Some(record) = config.record_tool_schemas {
        policy = policy.tool_schemas(record);
    }
    if let Some(record) = config.record_error_messages {
        policy = policy.error_messages(record);
    }
    if let Some(emit) = emit_event {
        policy = policy.details_event(emit);
    }
    policy
}

fn limits(config: &TelemetryConfig, reader: &mut Reader<'_>) -> Limits {
    let any_count = count_limit("OTEL_ATTRIBUTE_COUNT_LIMIT", DEFAULT_ATTRIBUTES, reader);
    let any_length = length_limit("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", reader);
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let span = SpanLimits {
        // The SDK would drop what comes last; we keep what matters most, later.
        max_attributes_per_span: u32::MAX,
        max_events_per_span: small(count_limit("OTEL_SPAN_EVENT_COUNT_LIMIT", 128, reader)),
        max_links_per_span: small(count_limit("OTEL_SPAN_LINK_COUNT_LIMIT", 128, reader)),
        max_attributes_per_event: small(count_limit(
            "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
            any_count,
            reader,
        )),
        max_attributes_per_link: small(count_limit(
            "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
            any_count,
            reader,
        )),
    };
    let span_length = length_limit("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", reader);
    let log_length = length_limit("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", reader);
    Limits {
        attributes: count_limit("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", any_count, reader),
        value_length: config.value_length_limit.or(span_length).or(any_length),
        log_attributes: count_limit("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", any_count, reader),
        log_value_length: config.value_length_limit.or(log_length).or(any_length),
        span,
    }
}

fn count_limit(variable: &str, default: usize, reader: &mut Reader<'_>) -> usize {
    reader.number(variable, &default).unwrap_or(default)
}

fn length_limit(variable: &str, reader: &mut Reader<'_>) -> Option<usize> {
    reader.parsed(variable, "a whole number", "no limit", |text| text.parse().ok())
}

fn propagators(reader: &mut Reader<'_>) -> Vec<Propagator> {
    let both = vec![Propagator::TraceContext, Propagator::Baggage];
    let Some(list) = reader.environment().get("OTEL_PROPAGATORS") else { return both };
    let mut propagators = Vec::new();
    for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word.to_ascii_lowercase().as_str() {
            "tracecontext" => propagators.push(Propagator::TraceContext),
            "baggage" => propagators.push(Propagator::Baggage),
            "none" => return Vec::new(),
            // The word is shown: it is a name by the specification, and no secret.
            _ => reader.warn(format!(
                "OTEL_PROPAGATORS names `{}`, which is not one of tracecontext, baggage, none; it is \
                 left out",
                word.chars().filter(|c| !c.is_control()).take(40).collect::<String>()
            )),
        }
    }
    propagators.dedup();
    propagators
}

fn batches(
    in_code: Option<BatchConfiguration>,
    setting: &'static str,
    prefix: &str,
    default: BatchConfiguration,
    reader: &mut Reader<'_>,
) -> Result<BatchConfiguration, InitError> {
    if let Some(batches) = in_code {
        batches.check(&Source::code(setting))?;
        return Ok(batches);
    }
    let size = format!("{prefix}_MAX_QUEUE_SIZE");
    let batch = format!("{prefix}_MAX_EXPORT_BATCH_SIZE");
    let max_queue_size = reader.count(&size, default.max_queue_size);
    let max_queue_size = max_queue_size.unwrap_or(default.max_queue_size);
    let max_batch = reader.count(&batch, default.max_export_batch_size);
    let max_batch = max_batch.unwrap_or(default.max_export_batch_size);
    let max_export_batch_size = if max_batch > max_queue_size {
        if reader.environment().any_set(&[&batch]) {
            reader.warn(format!(
                "{batch} is larger than {size}; {max_queue_size}, the size of the queue, is in force"
            ));
        }
        max_queue_size
    } else {
        max_batch
    };
    let delay = format!("{prefix}_SCHEDULE_DELAY");
    let timeout = format!("{prefix}_EXPORT_TIMEOUT");
    let export_timeout = reader.millis(&timeout, default.export_timeout);
    Ok(BatchConfiguration {
        max_queue_size,
        max_export_batch_size,
        scheduled_delay: reader
            .millis(&delay, default.scheduled_delay)
            .unwrap_or(default.scheduled_delay),
        export_timeout: positive(export_timeout, &timeout, default.export_timeout, reader),
        ..default
    })
}

fn metric_export(
    config: &TelemetryConfig,
    reader: &mut Reader<'_>,
) -> Result<ExportConfig, InitError> {
    if let Some(export) = config.metric_export {
        export.check(&Source::code("metric_export"))?;
        return Ok(export);
    }
    let default = ExportConfig::default();
    let (interval, timeout) = ("OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT");
    let read_interval = reader.millis(interval, default.export_interval);
    let read_timeout = reader.millis(timeout, default.export_timeout);
    Ok(ExportConfig {
        export_interval: positive(read_interval, interval, default.export_interval, reader),
        export_timeout: positive(read_timeout, timeout, default.export_timeout, reader),
    })
}

/// A time that is set and not 0; 0 is a warning.
fn positive(
    read: Option<Duration>,
    variable: &str,
    default: Duration,
    reader: &mut Reader<'_>,
) -> Duration {
    match read {
        Some(Duration::ZERO) => {
            reader.warn(format!(
                "{variable} is 0; the default of {} ms is in force",
                default.as_millis()
            ));
            default
        }
        Some(time) => time,
        None => default,
    }
}

/// The exporters that a variable lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExporterName {
    Otlp,
    Console,
}

/// The variables any of which means that telemetry shall go somewhere.
const SAYS_WHERE: [&str; 7] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "OTEL_TRACES_EXPORTER",
    "OTEL_METRICS_EXPORTER",
    "OTEL_LOGS_EXPORTER",
];

fn routes(
    config: &TelemetryConfig,
    reader: &mut Reader<'_>,
) -> Result<Vec<DestinationSettings>, InitError> {
    let allowed = config.signals.unwrap_or_default();
    let mut routes = Vec::new();
    if config.otlp_in_code || config.destinations.is_empty() {
        if !config.otlp_in_code && !reader.environment().any_set(&SAYS_WHERE) {
            return Ok(vec![console(Signals::TRACES, allowed)]);
        }
        let options = OtlpOptions { from_env: true, ..config.otlp.clone() };
        let (otlp, shown) =
            if config.otlp_in_code { (allowed, Signals::NONE) } else { exporters(allowed, reader) };
        let otlp = OtlpOptions { signals: Some(otlp), ..options };
        routes.push(otlp_route("otlp", &otlp, allowed, reader)?);
        if shown != Signals::NONE {
            routes.push(console(shown, allowed));
        }
    }
    for (index, configured) in config.destinations.iter().enumerate() {
        let preset;
        let Destination { name, kind } = match configured {
            Configured::Destination(destination) => destination,
            Configured::Preset(named) => {
                preset = named.destination()?;
                &preset
            }
        };
        routes.push(match kind {
            DestinationKind::Otlp(options) => otlp_route(name, options, allowed, reader)?,
            DestinationKind::Console(signals) => {
                DestinationSettings { name: name.clone(), ..console(*signals, allowed) }
            }
            DestinationKind::Sdk(exporter) if allowed.includes(exporter.signal()) => {
                DestinationSettings {
                    name: name.clone(),
                    route: Route::Sdk(index),
                    temporality: Temporality::default(),
                }
            }
            DestinationKind::Sdk(_) => continue,
        });
    }
    routes.retain(|route| !matches!(&route.route, Route::Otlp(signals) if signals.is_empty()));
    unique_names(&mut routes);
    Ok(routes)
}

/// Which signals the variables send by OTLP, and which to the terminal.
fn exporters(allowed: Signals, reader: &mut Reader<'_>) -> (Signals, Signals) {
    let (mut otlp, mut shown) = (Signals::NONE, Signals::NONE);
    for signal in Signal::ALL {
        let variable = format!("OTEL_{}_EXPORTER", signal.variable());
        let names = exporter_names(&variable, reader);
        let on = allowed.includes(signal);
        otlp.set(signal, on && names.contains(&ExporterName::Otlp));
        shown.set(signal, on && names.contains(&ExporterName::Console));
    }
    (otlp, shown)
}

fn exporter_names(variable: &str, reader: &mut Reader<'_>) -> Vec<ExporterName> {
    let Some(list) = reader.environment().get(variable) else { return vec![ExporterName::Otlp] };
    let mut names = Vec::new();
    for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word.to_ascii_lowercase().as_str() {
            "otlp" => names.push(ExporterName::Otlp),
            "console" | "logging" => names.push(ExporterName::Console),
            "none" => return Vec::new(),
            _ => {
                reader.warn(format!(
                    "{variable} is set but is not a list of otlp, console, none; otlp is in force"
                ));
                return vec![ExporterName::Otlp];
            }
        }
    }
    names
}

fn console(signals: Signals, allowed: Signals) -> DestinationSettings {
    DestinationSettings {
        name: "console".into(),
        route: Route::Console(signals.and(allowed)),
        temporality: Temporality::Cumulative,
    }
}

fn otlp_route(
    name: &str,
    options: &OtlpOptions,
    allowed: Signals,
    reader: &mut Reader<'_>,
) -> Result<DestinationSettings, InitError> {
    let signals = options.signals.unwrap_or_default().and(allowed);
    let temporality = match options.temporality {
        Some(temporality) => temporality,
        None if options.from_env => reader
            .parsed(
                "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
                "one of cumulative, delta, lowmemory",
                "cumulative",
                |word| word.parse().ok(),
            )
            .unwrap_or_default(),
        None => Temporality::default(),
    };
    let mut endpoints = Vec::new();
    for signal in Signal::ALL.into_iter().filter(|signal| signals.includes(*signal)) {
        let endpoint = EndpointReader { name, options, reader }.read(signal)?;
        endpoints.push((signal, endpoint));
    }
    Ok(DestinationSettings { name: name.to_owned(), route: Route::Otlp(endpoints), temporality })
}

/// Reports tell destinations apart by name: the second `otlp` becomes `otlp-2`.
fn unique_names(routes: &mut [DestinationSettings]) {
    for index in 0..routes.len() {
        let base = routes[index].name.clone();
        let mut number = 1;
        while routes[..index].iter().any(|route| route.name == routes[index].name) {
            number += 1;
            routes[index].name = format!("{base}-{number}");
        }
    }
}

#[cfg(test)]
mod tests;
