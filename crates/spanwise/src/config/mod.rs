//! What can be set before telemetry starts.
//!
//! ```text
//! TelemetryConfig (code) ─┐
//! Environment ────────────┼─► Settings ─► init
//! defaults ───────────────┘   code wins over the environment, that over defaults
//! ```

mod backend;
mod content_policy;
mod credentials;
mod delivery;
mod destination;
mod endpoint;
mod feedback;
mod in_force;
mod main_agent;
mod preset;
mod pricing;
mod prometheus;
mod ready;
mod rules;
mod setters;
mod settings;
mod span_view;
mod spool;
mod values;

use std::fmt;
use std::time::Duration;

use opentelemetry::KeyValue;
use spanwise_core::propagation::BaggageKeys;
use spanwise_core::semconv::SemconvProfile;
use spanwise_core::{Budget, ContentCapture, MetricSet, ModelNames, ScopeField};

pub use content_policy::ContentPolicy;
pub use credentials::{Credentials, OutgoingRequest};
pub use delivery::{ExportMode, OverflowPolicy};
pub use destination::{Destination, OtlpDestination};
pub use feedback::FeedbackApi;
pub use in_force::{InForce, Origin};
pub use main_agent::MainAgent;
pub use preset::Preset;
pub use rules::SamplingRule;
pub use span_view::{Projection, SpanFilter};
pub use spool::{SpoolSettings, SpoolSync};
pub use values::{
    BatchConfiguration, Compression, ExportConfig, OtlpProtocol, SamplingStrategy, Signals,
    Temporality,
};

pub(crate) use backend::BackendFacts;
pub(crate) use content_policy::ContentHook;
pub(crate) use credentials::CredentialSource;
pub(crate) use delivery::{DeliveryOptions, DeliverySettings};
pub(crate) use destination::{DestinationKind, OtlpOptions};
#[cfg(all(feature = "tls", any(feature = "grpc", feature = "http")))]
pub(crate) use endpoint::PemFile;
#[cfg(any(feature = "http", all(feature = "tls", feature = "grpc")))]
pub(crate) use endpoint::TlsFiles;
pub(crate) use endpoint::{Endpoint, EndpointReader, EndpointUrl, check_url};
pub(crate) use feedback::{FeedbackEndpoint, FeedbackProduct};
pub(crate) use in_force::EndpointOrigins;
pub(crate) use pricing::{Estimated, Priced};
pub(crate) use settings::{DestinationSettings, Limits, Route, Settings, attached};
pub(crate) use span_view::{SpanView, View};
pub(crate) use spool::Spooling;

use self::prometheus::PrometheusOptions;
use crate::env::Environment;
use crate::error::InitError;
#[cfg(feature = "ledger")]
use crate::ledger::LedgerSettings;
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
    pricing: Option<Priced>,
    token_estimator: Option<Estimated>,
    #[cfg(feature = "ledger")]
    ledger: Option<LedgerSettings>,
    budgets: Vec<Budget>,
    record_inputs: Option<bool>,
    record_outputs: Option<bool>,
    record_metadata: Option<bool>,
    record_tool_schemas: Option<bool>,
    record_error_messages: Option<bool>,
    prometheus: PrometheusOptions,
    metric_set: Option<MetricSet>,
    model_names: Option<ModelNames>,
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
