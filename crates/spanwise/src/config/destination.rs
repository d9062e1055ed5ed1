//! Where telemetry goes.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use opentelemetry::{Key, KeyValue, Value};
use spanwise_core::semconv::SemconvProfile;

use super::backend::BackendFacts;
use super::content_policy::ContentPolicy;
use super::credentials::CredentialSource;
use super::delivery::DeliveryOptions;
use super::feedback::FeedbackApi;
use super::span_view::{Projection, SpanFilter, SpanView};
use super::values::{Compression, OtlpProtocol, Signals, Temporality};
use crate::export::{IntoSdkExporter, SdkExporter};
use crate::signal::Signal;

/// One place that telemetry goes to.
///
/// When one is slow or down, the others do not wait for it.
///
/// ```no_run
/// use spanwise::{Compression, Destination, OtlpProtocol, Signals, TelemetryConfig};
///
/// # fn main() -> Result<(), spanwise::InitError> {
/// let config = TelemetryConfig::new("support-bot")
///     .destination(
///         Destination::otlp("https://collector.example.com:4317")
///             .protocol(OtlpProtocol::Grpc)
///             .compression(Compression::Gzip)
///             .header("x-team", "support"),
///     )
///     .destination(Destination::otlp("http://localhost:4318").signals(Signals::TRACES));
/// let telemetry = spanwise::init_telemetry(config)?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "give it to `TelemetryConfig::destination`"]
pub struct Destination {
    pub(crate) name: String,
    pub(crate) content: Option<ContentPolicy>,
    pub(crate) view: SpanView,
    pub(crate) kind: DestinationKind,
}

pub(crate) enum DestinationKind {
    Otlp(Box<OtlpOptions>),
    Console(Signals),
    Sdk(SdkExporter),
}

impl fmt::Debug for DestinationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Otlp(options) => options.fmt(f),
            Self::Console(signals) => f.debug_tuple("Console").field(signals).finish(),
            Self::Sdk(_) => f.write_str("Sdk"),
        }
    }
}

impl Destination {
    /// An OTLP receiver: a collector, or a backend that takes OTLP itself.
    ///
    /// The endpoint is the base, such as `http://localhost:4318`; over HTTP `/v1/traces`, `/v1/metrics`
    /// and `/v1/logs` are added. Over gRPC `host:port` without a scheme means `https`, unless
    /// [`insecure`](OtlpDestination::insecure).
    ///
    /// It takes no setting from the environment, and its headers go to its endpoint and nowhere else.
    pub fn otlp(endpoint: impl Into<String>) -> OtlpDestination {
        let options = OtlpOptions { endpoint: Some(endpoint.into()), ..OtlpOptions::default() };
        OtlpDestination { name: "otlp".into(), content: None, view: SpanView::default(), options }
    }

    /// What the `OTEL_EXPORTER_OTLP_*` variables say, with what is said here on top.
    ///
    /// For use beside other destinations: without any, it is there by itself as soon as one of those
    /// variables is set.
    pub fn from_env() -> OtlpDestination {
        let options = OtlpOptions { from_env: true, ..OtlpOptions::default() };
        OtlpDestination { name: "otlp".into(), content: None, view: SpanView::default(), options }
    }

    /// A backend's API for feedback, and nothing else: scores go there, while telemetry goes to others, such
    /// as a collector. A destination that takes both has
    /// [`OtlpDestination::feedback`].
    ///
    /// ```
    /// use spanwise::{Destination, FeedbackApi, TelemetryConfig};
    ///
    /// let scores = FeedbackApi::phoenix("http://localhost:6006");
    /// let config = TelemetryConfig::new("bot")
    ///     .destination(Destination::otlp("http://localhost:4318"))
    ///     .destination(Destination::feedback(scores));
    /// # let _ = config;
    /// ```
    pub fn feedback(api: FeedbackApi) -> Self {
        let name = api.product_name().to_owned();
        let signals = Some(Signals::NONE);
        let options = OtlpOptions { signals, feedback: Some(api), ..OtlpOptions::default() };
        let kind = DestinationKind::Otlp(Box::new(options));
        Self { name, content: None, view: SpanView::default(), kind }
    }

    /// The terminal, on stderr: finished traces as a tree, metrics and logs as lines.
    ///
    /// Shows names, tokens, times and kinds of error; never content.
    pub fn console(signals: Signals) -> Self {
        Self::of("console", DestinationKind::Console(signals))
    }

    /// Any span, log or metric exporter of the OpenTelemetry SDK.
    ///
    /// It runs on a thread and a Tokio runtime of its own, so that one that blocks or panics harms
    /// nobody else. Its one error counts the whole batch as refused: it cannot say more. An exporter
    /// that must be made inside a runtime, such as one over `tonic`, goes through
    /// [`exporter_from`](Self::exporter_from).
    ///
    /// ```
    /// use opentelemetry_sdk::trace::{SpanData, SpanExporter};
    /// use spanwise::{Destination, TelemetryConfig};
    ///
    /// #[derive(Debug)]
    /// struct Counting;
    ///
    /// impl SpanExporter for Counting {
    ///     async fn export(&self, batch: Vec<SpanData>) -> opentelemetry_sdk::error::OTelSdkResult {
    ///         eprintln!("{} spans", batch.len());
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let config = TelemetryConfig::new("bot").destination(Destination::exporter(Counting));
    /// # let _ = config;
    /// ```
    pub fn exporter<M, E>(exporter: E) -> Self
    where
        E: IntoSdkExporter<M> + Send,
    {
        Self::exporter_from(async move || exporter)
    }

    /// The same for an exporter that is made on the thread and in the runtime in which it then runs.
    ///
    /// With the feature `opentelemetry-otlp`, over a channel of the program's own:
    ///
    /// ```
    /// # #[cfg(feature = "opentelemetry-otlp")] {
    /// use spanwise::opentelemetry_otlp::{SpanExporter, WithExportConfig, WithTonicConfig};
    /// use spanwise::{Destination, TelemetryConfig};
    ///
    /// let exporter = Destination::exporter_from(async || {
    ///     SpanExporter::builder()
    ///         .with_tonic()
    ///         .with_endpoint("http://localhost:4317")
    ///         .with_interceptor(|mut request: tonic::Request<()>| {
    ///             request.metadata_mut().insert("x-signed", "…".parse().unwrap());
    ///             Ok(request)
    ///         })
    ///         .build()
    ///         .expect("the endpoint is a URL")
    /// });
    /// let config = TelemetryConfig::new("bot").destination(exporter);
    /// # let _ = config; }
    /// ```
    pub fn exporter_from<M, E, F>(make: F) -> Self
    where
        E: IntoSdkExporter<M>,
        F: AsyncFnOnce() -> E + Send + 'static,
    {
        Self::of("exporter", DestinationKind::Sdk(E::sdk_exporter(make)))
    }

    fn of(name: &str, kind: DestinationKind) -> Self {
        Self { name: name.into(), content: None, view: SpanView::default(), kind }
    }

    /// What reports and metrics call it. Defaults to `otlp`, `console` or `exporter`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// What of content may go there, and in which form. Defaults to what
    /// [`TelemetryConfig::content`](crate::TelemetryConfig::content) says; where several say something, the
    /// strictest is in force.
    pub fn content(mut self, policy: impl Into<ContentPolicy>) -> Self {
        self.content = both(self.content, policy.into());
        self
    }

    /// Which spans go there. Defaults to all.
    ///
    /// ```
    /// use spanwise::{Destination, SpanFilter};
    ///
    /// let backend = Destination::otlp("https://llm.example.com").filter(SpanFilter::LlmOnly);
    /// # let _ = backend;
    /// ```
    pub fn filter(mut self, filter: SpanFilter) -> Self {
        self.view.filter = filter;
        self
    }

    /// Adds attributes to its spans that the backend reads instead of those of the conventions, or beside
    /// them. Several projections may be given; by default there is none.
    ///
    /// ```
    /// use spanwise::{Destination, Projection};
    ///
    /// let phoenix = Destination::otlp("http://localhost:6006").projection(Projection::OpenInference);
    /// # let _ = phoenix;
    /// ```
    pub fn projection(mut self, projection: Projection) -> Self {
        self.view.project(projection);
        self
    }
}

/// What both allow.
fn both(before: Option<ContentPolicy>, policy: ContentPolicy) -> Option<ContentPolicy> {
    Some(match before {
        Some(before) => before.and(&policy),
        None => policy,
    })
}

/// An OTLP receiver; made by [`Destination::otlp`].
#[derive(Debug)]
#[must_use = "give it to `TelemetryConfig::destination`"]
pub struct OtlpDestination {
    pub(super) name: String,
    pub(super) content: Option<ContentPolicy>,
    pub(super) view: SpanView,
    pub(super) options: OtlpOptions,
}

impl From<OtlpDestination> for Destination {
    fn from(destination: OtlpDestination) -> Self {
        let OtlpDestination { name, content, view, options } = destination;
        Self { name, content, view, kind: DestinationKind::Otlp(Box::new(options)) }
    }
}

/// What can be said of an OTLP endpoint in code; what is not said has a default.
#[derive(Clone, Default)]
pub(crate) struct OtlpOptions {
    /// Takes from the environment what code does not say.
    pub(crate) from_env: bool,
    pub(crate) endpoint: Option<String>,
    pub(crate) signal_endpoints: [Option<String>; 3],
    pub(crate) protocol: Option<OtlpProtocol>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) signal_headers: Vec<(Signal, String, String)>,
    pub(crate) credentials: Option<CredentialSource>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) compression: Option<Compression>,
    pub(crate) insecure: Option<bool>,
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) client_certificate: Option<PathBuf>,
    pub(crate) client_key: Option<PathBuf>,
    pub(crate) signals: Option<Signals>,
    pub(crate) temporality: Option<Temporality>,
    pub(crate) profile: Option<SemconvProfile>,
    pub(crate) delivery: DeliveryOptions,
    /// Of the resource, for this destination alone.
    pub(crate) resource: Vec<KeyValue>,
    /// What a preset knows of what is there.
    pub(crate) backend: Option<&'static BackendFacts>,
    pub(crate) feedback: Option<FeedbackApi>,
}

/// Header names only, and no endpoint: it may hold a password.
impl fmt::Debug for OtlpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Otlp")
            .field("protocol", &self.protocol)
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("compression", &self.compression)
            .field("signals", &self.signals)
            .finish_non_exhaustive()
    }
}

impl OtlpDestination {
    /// What is there is known.
    pub(crate) fn set_backend(&mut self, facts: &'static BackendFacts) {
        self.options.backend = Some(facts);
    }

    pub(crate) fn into_parts(self) -> (String, OtlpOptions) {
        (self.name, self.options)
    }

    /// What reports and metrics call it. Defaults to `otlp`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Where it takes telemetry, in place of what was said before or stands in the environment: the base, as
    /// for [`Destination::otlp`].
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.options.endpoint = Some(endpoint.into());
        self
    }

    /// How OTLP travels. Defaults to `http/protobuf`.
    pub fn protocol(mut self, protocol: OtlpProtocol) -> Self {
        self.options.protocol = Some(protocol);
        self
    }

    /// Adds a header to every request, in place of one of the same name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.headers.push((name.into(), value.into()));
        self
    }

    /// The same for one signal, on top of those for all.
    pub fn signal_header(
        mut self,
        signal: Signal,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.options.signal_headers.push((signal, name.into(), value.into()));
        self
    }

    /// How long one request may take. Defaults to 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// How requests are compressed. Defaults to not at all.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.options.compression = Some(compression);
        self
    }

    /// The endpoint of one signal: over HTTP the full URL, taken as it is.
    pub fn signal_endpoint(mut self, signal: Signal, endpoint: impl Into<String>) -> Self {
        self.options.signal_endpoints[signal as usize] = Some(endpoint.into());
        self
    }

    /// Whether a gRPC endpoint without a scheme is reached without TLS. Defaults to no.
    pub fn insecure(mut self, insecure: bool) -> Self {
        self.options.insecure = Some(insecure);
        self
    }

    /// A PEM file of the certificates to trust, in place of the system's and Mozilla's.
    pub fn certificate(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.certificate = Some(path.into());
        self
    }

    /// PEM files of the certificate and the private key with which the client shows who it is.
    pub fn client_identity(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.options.client_certificate = Some(certificate.into());
        self.options.client_key = Some(key.into());
        self
    }

    /// Which signals go there. Defaults to all three.
    pub fn signals(mut self, signals: Signals) -> Self {
        self.options.signals = Some(signals);
        self
    }

    /// Where scores go beside the log records that they are: the backend's API for feedback. Defaults to
    /// nowhere. It has headers of its own; those of this destination do not go there.
    pub fn feedback(mut self, api: FeedbackApi) -> Self {
        self.options.feedback = Some(api);
        self
    }

    /// Whether metrics count since the start or since the last export. Defaults to the start.
    pub fn temporality(mut self, temporality: Temporality) -> Self {
        self.options.temporality = Some(temporality);
        self
    }

    /// What of content may go there, and in which form: see [`Destination::content`].
    pub fn content(mut self, policy: impl Into<ContentPolicy>) -> Self {
        self.content = both(self.content, policy.into());
        self
    }

    /// Adds an attribute of the resource, in place of the process's, for this destination alone: a project, a
    /// space.
    pub fn resource_attribute(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        let attribute = KeyValue::new(key, value);
        self.options.resource.retain(|known| known.key != attribute.key);
        self.options.resource.push(attribute);
        self
    }

    /// Which spans go there: see [`Destination::filter`].
    pub fn filter(mut self, filter: SpanFilter) -> Self {
        self.view.filter = filter;
        self
    }

    /// The share of all traces whose spans go there, from 0 to 1: those that a sampler of that ratio would take, so
    /// never more than [`TelemetryConfig::sample_rate`](crate::TelemetryConfig::sample_rate) lets through. Defaults
    /// to all of them. What is left out counts as [`filtered`](crate::Counts::filtered), and goes to other
    /// destinations all the same.
    pub fn sample_rate(mut self, share: f64) -> Self {
        self.view.share = Some(share);
        self
    }

    /// Adds attributes to its spans in the backend's own words: see [`Destination::projection`].
    pub fn projection(mut self, projection: Projection) -> Self {
        self.view.project(projection);
        self
    }

    /// By which version of the conventions it is spoken to in. Defaults to what
    /// [`TelemetryConfig::semconv_profile`](crate::TelemetryConfig::semconv_profile) says.
    pub fn semconv_profile(mut self, profile: SemconvProfile) -> Self {
        self.options.profile = Some(profile);
        self
    }

    /// For how long a request that fails in a way that may pass is tried again. Defaults to what
    /// [`TelemetryConfig::retry_timeout`](crate::TelemetryConfig::retry_timeout) says.
    pub fn retry_timeout(mut self, timeout: Duration) -> Self {
        self.options.delivery.retry_timeout = Some(timeout);
        self
    }

    /// How many requests of one signal may be on their way at once. Defaults to what
    /// [`TelemetryConfig::max_concurrent_requests`](crate::TelemetryConfig::max_concurrent_requests) says.
    pub fn max_concurrent_requests(mut self, requests: usize) -> Self {
        self.options.delivery.most_requests = Some(requests);
        self
    }

    /// How long spans and log records wait at most before they are sent there. Defaults to what
    /// [`TelemetryConfig::span_batches`](crate::TelemetryConfig::span_batches) and
    /// [`log_batches`](crate::TelemetryConfig::log_batches) say.
    ///
    /// All destinations are served from one queue, so that the shortest of their delays holds for all of them.
    pub fn scheduled_delay(mut self, delay: Duration) -> Self {
        self.options.delivery.scheduled_delay = Some(delay);
        self
    }

    /// How many spans, metrics or log records one request may hold. Defaults to the size of a batch.
    pub fn max_request_items(mut self, items: usize) -> Self {
        self.options.delivery.request_items = Some(items);
        self
    }

    /// How many bytes one request may have as protobuf, before compression. Defaults to 3.5 MiB over gRPC
    /// and 15 MiB over HTTP, which receivers take by default.
    pub fn max_request_bytes(mut self, bytes: usize) -> Self {
        self.options.delivery.request_bytes = Some(bytes);
        self
    }

    /// The same for one signal.
    pub fn max_signal_request_bytes(mut self, signal: Signal, bytes: usize) -> Self {
        self.options.delivery.signal_request_bytes[signal as usize] = Some(bytes);
        self
    }

    /// How many bytes one span or log record may have as protobuf. Defaults to no limit.
    ///
    /// In one that has more the largest attributes, bodies or events' attributes are replaced by a marker
    /// with their length and SHA-256 hash, which
    /// [`Counts::shrunk`](crate::Counts::shrunk) counts. The same happens, whatever is set here, to an item
    /// that the destination refuses for its size.
    pub fn max_item_bytes(mut self, bytes: usize) -> Self {
        self.options.delivery.item_bytes = Some(bytes);
        self
    }
}
