//! Where feedback goes: a backend's API for scores, annotations or ratings.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::credentials::{CredentialSource, Credentials, OutgoingRequest};
use super::endpoint::{DEFAULT_TIMEOUT, Endpoint, EndpointUrl, PemFile, TlsFiles, check_url};
use super::in_force::EndpointOrigins;
use super::values::{Compression, OtlpProtocol};
use crate::error::{InitError, Source};
use crate::secret::Headers;

/// A backend's API for feedback: where [`TraceRef::score`](crate::TraceRef::score) and
/// [`evaluation`](crate::evaluation()) go beside the log records that they are.
///
/// What is sent, and what each API has no words for, is in `docs/feedback.md`. Requests go to its host, with
/// its headers, and nowhere else.
///
/// ```
/// use spanwise::{Destination, FeedbackApi, TelemetryConfig};
///
/// let traces = Destination::otlp("https://phoenix.example.com")
///     .header("authorization", "Bearer …")
///     .feedback(
///         FeedbackApi::phoenix("https://phoenix.example.com").header("authorization", "Bearer …"),
///     );
/// let config = TelemetryConfig::new("support-bot").destination(traces);
/// # let _ = config;
/// ```
#[derive(Clone)]
#[must_use = "give it to `OtlpDestination::feedback` or `Destination::feedback`"]
pub struct FeedbackApi {
    product: FeedbackProduct,
    base: String,
    headers: Vec<(String, String)>,
    credentials: Option<CredentialSource>,
    timeout: Option<Duration>,
    certificate: Option<PathBuf>,
}

/// Whose API it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FeedbackProduct {
    Langfuse,
    Phoenix,
    Helicone {
        /// The score that is the rating, yes or no, which has no name there.
        rating: String,
    },
}

impl FeedbackApi {
    /// [Langfuse's scores](https://langfuse.com/docs/evaluation/evaluation-methods/custom-scores):
    /// `POST {host}/api/public/scores`. The header `authorization` is `Basic` with the project's keys.
    pub fn langfuse(host: impl Into<String>) -> Self {
        Self::of(FeedbackProduct::Langfuse, host)
    }

    /// [Phoenix's annotations](https://arize.com/docs/phoenix/tracing/features-tracing/how-to-annotate-traces):
    /// `POST {base}/v1/span_annotations`, and `/v1/trace_annotations` for whole traces. The header
    /// `authorization` is `Bearer` with an API key, where the server wants one.
    pub fn phoenix(base: impl Into<String>) -> Self {
        Self::of(FeedbackProduct::Phoenix, base)
    }

    /// [Helicone's feedback and scores](https://docs.helicone.ai/features/advanced-usage/feedback):
    /// `POST {base}/v1/request/{id}/feedback` for the score with the name `rating`, and `…/score` for all
    /// others. The base is `https://api.helicone.ai`, in Europe `https://eu.api.helicone.ai`; the header
    /// `authorization` is `Bearer` with an API key.
    ///
    /// Only requests that went through Helicone can be found there: those whose answer
    /// [said so](crate::TraceRef::gateway_request_id).
    pub fn helicone(base: impl Into<String>, rating: impl Into<String>) -> Self {
        Self::of(FeedbackProduct::Helicone { rating: rating.into() }, base)
    }

    fn of(product: FeedbackProduct, base: impl Into<String>) -> Self {
        let base = base.into();
        Self {
            product,
            base,
            headers: Vec::new(),
            credentials: None,
            timeout: None,
            certificate: None,
        }
    }

    /// Adds a header to every request, in place of one of the same name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Asks for credentials with every request, so that they may rotate: see
    /// [`OtlpDestination::credentials`](crate::OtlpDestination::credentials).
    pub fn credentials<C>(
        mut self,
        ask: impl Fn(&OutgoingRequest) -> C + Send + Sync + 'static,
    ) -> Self
    where
        C: Into<Option<Credentials>>,
    {
        self.credentials = Some(CredentialSource::new(ask));
        self
    }

    /// The same, by who is asked already.
    pub(crate) fn credential_source(mut self, source: CredentialSource) -> Self {
        self.credentials = Some(source);
        self
    }

    /// How long one request may take. Defaults to 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// A PEM file of the certificates to trust, in place of the system's and Mozilla's.
    pub fn certificate(mut self, path: impl Into<PathBuf>) -> Self {
        self.certificate = Some(path.into());
        self
    }

    pub(crate) fn product_name(&self) -> &'static str {
        self.product.name()
    }

    /// Checks it, for the destination with this name.
    pub(crate) fn settle(&self, name: &str) -> Result<FeedbackEndpoint, InitError> {
        let source = Source::code(format!("feedback of destination `{name}`"));
        let url = check_url(&self.base, &source)?;
        if cfg!(not(feature = "http")) {
            return Err(InitError::FeatureMissing { setting: source.name(), feature: "http" });
        }
        if url.scheme() == "https" && cfg!(not(feature = "tls")) {
            return Err(InitError::FeatureMissing { setting: source.name(), feature: "tls" });
        }
        if self.timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(source.invalid("has a timeout of 0", "give requests some time"));
        }
        let mut headers = Headers::default();
        for (name, value) in &self.headers {
            headers.set(name, value, &source)?;
        }
        let roots = self.certificate.as_ref().map(|path| PemFile::read(path, source.clone()));
        let tls = TlsFiles { roots: roots.transpose()?, identity: None };
        Ok(FeedbackEndpoint {
            product: self.product.clone(),
            endpoint: Endpoint {
                url: EndpointUrl(url),
                protocol: OtlpProtocol::HttpJson,
                headers,
                credentials: self.credentials.clone(),
                timeout: self.timeout.unwrap_or(DEFAULT_TIMEOUT),
                compression: Compression::None,
                tls,
                origins: EndpointOrigins::CODE,
            },
        })
    }
}

/// The product and the names of headers: the base may hold a password.
impl fmt::Debug for FeedbackApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedbackApi")
            .field("product", &self.product)
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl FeedbackProduct {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Langfuse => "langfuse",
            Self::Phoenix => "phoenix",
            Self::Helicone { .. } => "helicone",
        }
    }
}

/// An API for feedback, checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FeedbackEndpoint {
    pub(crate) product: FeedbackProduct,
    /// The base of its paths.
    pub(crate) endpoint: Endpoint,
}
