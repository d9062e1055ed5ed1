//! What can be set before telemetry starts.
//!
//! ```text
//! TelemetryConfig (code) ─┐
//! Environment ────────────┼─► Settings ─► init
//! defaults ───────────────┘   code wins over the environment, that over defaults
//! ```

mod content_policy;
mod delivery;
mod destination;
mod endpoint;
mod main_agent;
mod rules;
mod settings;
mod spool;
mod values;

use std::fmt;
use std::time::Duration;

use opentelemetry::{Key, KeyValue, Value};
use spanwise_core::propagation::BaggageKeys;
use spanwise_core::semconv::SemconvProfile;
use spanwise_core::{CompletionHook, ContentCapture, ScopeField};

pub use content_policy::ContentPolicy;
pub use delivery::{ExportMode, OverflowPolicy};
pub use destination::{Destination, OtlpDestination, Preset};
pub use main_agent::MainAgent;
pub use rules::SamplingRule;
pub use spool::{SpoolSettings, SpoolSync};
pub use values::{
    BatchConfiguration, Compression, ExportConfig, OtlpProtocol, SamplingStrategy, Signals,
    Temporality,
};

pub(crate) use content_policy::ContentHook;
pub(crate) use delivery::{DeliveryOptions, DeliverySettings};
pub(crate) use destination::{DestinationKind, OtlpOptions};
pub(crate) use endpoint::{Endpoint, EndpointReader, EndpointUrl};
#[cfg(all(feature = "tls", any(feature = "grpc", feature = "http")))]
pub(crate) use endpoint::{PemFile, TlsFiles};
pub(crate) use settings::{DestinationSettings, Limits, Route, Settings, attached};
pub(crate) use spool::Spooling;

use crate::env::Environment;
use crate::error::InitError;
use crate::offload::Hook;

#[cfg(feature = "tracing")]
use crate::tracing_bridge::{BoxedLayer, TracingMode};

/// How telemetry starts; handed to [`init_telemetry`](crate::init_telemetry).
///
/// Whatever is not set here is taken from the environment by the OpenTelemetry specification, and else
/// has the default that `docs/configuration.md` lists. With nothing set at all, finished traces are
/// drawn as a tree in the terminal, and metrics and logs go nowhere.
///
/// ```no_run
/// use spanwise::TelemetryConfig;
///
/// # fn main() -> Result<(), spanwise::InitError> {
/// let telemetry = spanwise::init_telemetry(
///     TelemetryConfig::new("support-bot").endpoint("http://localhost:4318").sample_rate(0.1),
/// )?;
/// # Ok(()) }
/// ```
#[derive(Default)]
#[must_use = "pass it to `init_telemetry`"]
pub struct TelemetryConfig {
    environment: Option<Environment>,
    enabled: Option<bool>,
    service_name: Option<String>,
    resource: Vec<KeyValue>,
    detect_resource: Option<bool>,
    main_agent: Option<MainAgent>,
    profile: Option<SemconvProfile>,
    sampling: Option<SamplingStrategy>,
    sample_rate: Option<f64>,
    content: Option<ContentCapture>,
    content_policy: Option<ContentPolicy>,
    completion_hook: Option<Hook>,
    record_inputs: Option<bool>,
    record_outputs: Option<bool>,
    record_metadata: Option<bool>,
    record_tool_schemas: Option<bool>,
    record_error_messages: Option<bool>,
    scope_on_metrics: Option<Vec<ScopeField>>,
    baggage: Option<BaggageKeys>,
    signals: Option<Signals>,
    otlp: OtlpOptions,
    otlp_in_code: bool,
    delivery: DeliveryOptions,
    spool: Option<SpoolSettings>,
    overflow: Option<OverflowPolicy>,
    export_mode: Option<ExportMode>,
    flush_on_signals: bool,
    flush_on_panic: bool,
    destinations: Vec<Configured>,
    span_batches: Option<BatchConfiguration>,
    log_batches: Option<BatchConfiguration>,
    metric_export: Option<ExportConfig>,
    value_length_limit: Option<usize>,
    global_providers: Option<bool>,
    shutdown_timeout: Option<Duration>,
    #[cfg(feature = "tracing")]
    tracing: TracingMode,
    #[cfg(feature = "tracing")]
    layers: Vec<BoxedLayer>,
}

impl TelemetryConfig {
    /// The configuration of a service with this name; everything else from the environment.
    pub fn new(service_name: impl Into<String>) -> Self {
        Self::default().service_name(service_name)
    }

    /// The environment's configuration, read and checked now.
    ///
    /// The same as [`default`](Self::default), except that a variable that cannot be used shows here
    /// and not at the start.
    ///
    /// # Errors
    ///
    /// [`InitError`], where an endpoint, a protocol, headers or certificates cannot be used.
    pub fn from_env() -> Result<Self, InitError> {
        let config = Self::default().environment(Environment::of_process());
        config.settings()?;
        Ok(config)
    }

    /// The same as [`default`](Self::default): every setter is on the configuration itself.
    pub fn builder() -> Self {
        Self::default()
    }

    /// Returns the configuration as it is, for those who end a builder so.
    pub fn build(self) -> Self {
        self
    }

    /// Where variables are read. Defaults to those of the process, at the start.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Whether there is any telemetry. Defaults to yes, unless `OTEL_SDK_DISABLED=true`.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = Some(enabled);
        self
    }

    /// The service: `service.name`. Defaults to `OTEL_SERVICE_NAME`, then `OTEL_RESOURCE_ATTRIBUTES`,
    /// then `unknown_service:` and the program's name.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.service_name = Some(name.into());
        self
    }

    /// The service's version: `service.version`.
    pub fn service_version(self, version: impl Into<String>) -> Self {
        self.resource_attribute("service.version", version.into())
    }

    /// Where it is deployed, such as `production`: `deployment.environment.name`.
    pub fn deployment_environment(self, name: impl Into<String>) -> Self {
        self.resource_attribute("deployment.environment.name", name.into())
    }

    /// Adds an attribute of the resource, in place of a detected one or the environment's.
    pub fn resource_attribute(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.resource.push(KeyValue::new(key, value));
        self
    }

    /// Whether host, process, operating system and container are detected. Defaults to yes.
    pub fn detect_resource(mut self, detect: bool) -> Self {
        self.detect_resource = Some(detect);
        self
    }

    /// The one agent that this program is, by the id that a provider or registry gave it: an entity of
    /// the resource, `gen_ai.main_agent.id`. Never an id that this process made up; programs without such
    /// an id, and those of several agents, leave it out.
    ///
    /// Source: [main agent](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-entities.md)
    pub fn main_agent(mut self, agent: impl Into<MainAgent>) -> Self {
        self.main_agent = Some(agent.into());
        self
    }

    /// By which version of the conventions spans, events and metrics are sent. Defaults to
    /// `SPANWISE_SEMCONV_PROFILE`, then to `OTEL_SEMCONV_STABILITY_OPT_IN`, then to today's. The terminal
    /// is always drawn from today's.
    ///
    /// Where destinations differ, see [`OtlpDestination::semconv_profile`]; metrics then have the names of
    /// all of them.
    pub fn semconv_profile(mut self, profile: SemconvProfile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Which traces are recorded. Defaults to `OTEL_TRACES_SAMPLER`, then to all, parent-based.
    /// Metrics do not depend on it.
    pub fn sampling(mut self, sampling: SamplingStrategy) -> Self {
        self.sampling = Some(sampling);
        self.sample_rate = None;
        self
    }

    /// Keeps this share of traces, from 0 to 1, by trace id and parent-based.
    pub fn sample_rate(mut self, rate: f64) -> Self {
        let root = SamplingStrategy::TraceIdRatio { ratio: rate };
        self.sampling = Some(SamplingStrategy::parent_based(root));
        self.sample_rate = Some(rate);
        self
    }

    /// Which prompts, completions and tool payloads may leave the process.
    ///
    /// Defaults to [`ContentCapture::NoContent`]. No crate feature or preset changes this; only this
    /// call, [`record_inputs`](Self::record_inputs), [`record_outputs`](Self::record_outputs) or
    /// `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` do.
    pub fn content_capture(mut self, content: ContentCapture) -> Self {
        self.content = Some(content);
        self
    }

    /// What of the content that is captured may leave the process, and in which form, whatever the
    /// destination: a [`ContentPolicy`], or a [`ContentLevel`](crate::ContentLevel) alone. Defaults to what
    /// the `SPANWISE_CONTENT_*` variables say, then to all of it, as it is.
    ///
    /// It captures nothing by itself. Where a destination has a policy of its own
    /// ([`Destination::content`]), the stricter of the two is in force.
    pub fn content(mut self, policy: impl Into<ContentPolicy>) -> Self {
        self.content_policy = Some(policy.into());
        self
    }

    /// Hands the whole content of every operation to this hook when it ends, whatever is sampled and
    /// captured: see [`CompletionHook`], and [`UploadHook`](crate::UploadHook) for one that is ready.
    ///
    /// Defaults to what `OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK` names, then to none; then operations
    /// keep no content that is not captured.
    pub fn completion_hook(mut self, hook: impl CompletionHook + 'static) -> Self {
        self.completion_hook = Some(Hook::new(hook));
        self
    }

    /// Whether instructions, input messages, tool definitions and tool arguments are captured.
    ///
    /// Where nothing else says where content goes, `true` alone puts these, and nothing else, on
    /// spans. Defaults to what [`content_capture`](Self::content_capture) says.
    pub fn record_inputs(mut self, record: bool) -> Self {
        self.record_inputs = Some(record);
        self
    }

    /// Whether output messages and tool results are captured.
    ///
    /// Where nothing else says where content goes, `true` alone puts these, and nothing else, on
    /// spans. Defaults to what [`content_capture`](Self::content_capture) says.
    pub fn record_outputs(mut self, record: bool) -> Self {
        self.record_outputs = Some(record);
        self
    }

    /// Whether attributes and span events of the program's own are recorded. Defaults to yes.
    pub fn record_metadata(mut self, record: bool) -> Self {
        self.record_metadata = Some(record);
        self
    }

    /// Whether captured tool definitions keep description and parameters. Defaults to no.
    pub fn record_tool_schemas(mut self, record: bool) -> Self {
        self.record_tool_schemas = Some(record);
        self
    }

    /// Whether a failed operation's status says the error's own text, which may quote a prompt or a
    /// key. Defaults to yes where content is captured, else no.
    pub fn record_error_messages(mut self, record: bool) -> Self {
        self.record_error_messages = Some(record);
        self
    }

    /// What metrics say of the [`scope`](crate::scope()) around an operation: four values of it at most, of
    /// which 100 each are told apart, and all others are `_OTHER`. Defaults to environment and release.
    pub fn scope_on_metrics(mut self, fields: impl IntoIterator<Item = ScopeField>) -> Self {
        self.scope_on_metrics = Some(fields.into_iter().collect());
        self
    }

    /// What of the baggage, and of the [`scope`](crate::scope()), goes along with requests, and what of a
    /// caller's scope is taken over. Defaults to `SPANWISE_BAGGAGE_KEYS`, then to nothing.
    ///
    /// It knows no host: requests carry it wherever context is injected.
    pub fn baggage(mut self, keys: BaggageKeys) -> Self {
        self.baggage = Some(keys);
        self
    }

    /// Which signals there are at all, whatever destinations take. Defaults to all three.
    pub fn signals(mut self, signals: Signals) -> Self {
        self.signals = Some(signals);
        self
    }

    /// The OTLP endpoint, in place of `OTEL_EXPORTER_OTLP_ENDPOINT` and its forms for one signal:
    /// over HTTP the base, to which `/v1/traces` and so on are added.
    ///
    /// Protocol, headers and the rest still come from the environment where code does not say them.
    /// For an endpoint that takes nothing from the environment, and for several, see
    /// [`destination`](Self::destination).
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.otlp.endpoint = Some(endpoint.into());
        self.otlp_in_code = true;
        self
    }

    /// How OTLP travels. Defaults to `OTEL_EXPORTER_OTLP_PROTOCOL`, then to `http/protobuf`.
    pub fn protocol(mut self, protocol: OtlpProtocol) -> Self {
        self.otlp.protocol = Some(protocol);
        self.otlp_in_code = true;
        self
    }

    /// Adds a header for the OTLP endpoint, in place of the environment's of the same name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.otlp.headers.push((name.into(), value.into()));
        self.otlp_in_code = true;
        self
    }

    /// How OTLP requests are compressed. Defaults to `OTEL_EXPORTER_OTLP_COMPRESSION`, then to not at
    /// all.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.otlp.compression = Some(compression);
        self
    }

    /// How long one OTLP request may take. Defaults to `OTEL_EXPORTER_OTLP_TIMEOUT`, then to 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.otlp.timeout = Some(timeout);
        self
    }

    /// Whether metrics count since the start or since the last export. Defaults to
    /// `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`, then to the start.
    pub fn temporality(mut self, temporality: Temporality) -> Self {
        self.otlp.temporality = Some(temporality);
        self
    }

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

    /// Adds a destination.
    ///
    /// Destinations of code stand in place of the environment's: add [`Destination::from_env`] to have
    /// both.
    pub fn destination(mut self, destination: impl Into<Destination>) -> Self {
        self.destinations.push(Configured::Destination(Box::new(destination.into())));
        self
    }

    /// Adds a backend by its name, as a destination.
    pub fn preset(mut self, preset: impl Preset + 'static) -> Self {
        self.destinations.push(Configured::Preset(Box::new(preset)));
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

    /// Cuts string attributes, and what is in the JSON of content, to this many characters. Defaults to
    /// `OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT`, `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`, then to never.
    pub fn value_length_limit(mut self, characters: usize) -> Self {
        self.value_length_limit = Some(characters);
        self
    }

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

    pub(crate) fn into_parts(self) -> Parts {
        Parts {
            destinations: self.destinations,
            #[cfg(feature = "tracing")]
            tracing: self.tracing,
            #[cfg(feature = "tracing")]
            layers: self.layers,
        }
    }

    /// Settles every setting: code, then the environment, then the default.
    pub(crate) fn settings(&self) -> Result<Settings, InitError> {
        let process;
        let environment = match &self.environment {
            Some(environment) => environment,
            None => {
                process = Environment::of_process();
                &process
            }
        };
        Settings::settle(self, environment)
    }
}

/// A destination of code, as it was given.
#[derive(Debug)]
pub(crate) enum Configured {
    Destination(Box<Destination>),
    Preset(Box<dyn Preset>),
}

/// What is used up at the start.
pub(crate) struct Parts {
    pub(crate) destinations: Vec<Configured>,
    #[cfg(feature = "tracing")]
    pub(crate) tracing: TracingMode,
    #[cfg(feature = "tracing")]
    pub(crate) layers: Vec<BoxedLayer>,
}

/// Names of settings, and nothing that could be a secret.
impl fmt::Debug for TelemetryConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TelemetryConfig")
            .field("service_name", &self.service_name)
            .field("sampling", &self.sampling)
            .field("content", &self.content)
            .field("otlp", &self.otlp)
            .field("destinations", &self.destinations)
            .finish_non_exhaustive()
    }
}
