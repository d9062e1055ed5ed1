//! Datadog without an Agent: all three signals, over HTTP.

use spanwise_core::semconv::SemconvProfile;

use super::backend::{Backend, Variable, from_env, host, regions};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, Credentials, OtlpDestination, OtlpProtocol, Preset, Signals,
    Temporality,
};
use crate::error::InitError;
use crate::signal::Signal;

pub(super) static DATADOG: Backend = Backend {
    name: "datadog",
    facts: BackendFacts {
        product: "Datadog",
        protocols: &[OtlpProtocol::HttpProtobuf],
        compressions: &[Compression::Gzip],
        signals: Signals::ALL,
        refusals: &[
            (401, "check DD_API_KEY, and that it was issued at this site (DD_SITE)"),
            (403, "check DD_API_KEY, and that it was issued at this site (DD_SITE)"),
            (
                404,
                "Datadog does not take this signal at this site without an Agent: ask for access, or use \
                   the Agent",
            ),
        ],
    },
    variables: &[
        Variable::new("DD_API_KEY", "the key").required().secret(),
        Variable::new("DD_SITE", "the site; defaults to `datadoghq.com`"),
    ],
    read: Datadog::boxed,
};

/// [Datadog](https://docs.datadoghq.com/opentelemetry/setup/otlp_ingest/) as a destination, without an Agent between; with
/// one see [`DatadogAgent`](super::DatadogAgent).
///
/// Sends all three signals to `https://otlp.datadoghq.com`, over HTTP and compressed with gzip; metrics since the last
/// export. Spans go to LLM Observability as well, where the application is called like the service. Requests stay below
/// what Datadog takes.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct Datadog {
    host: Host,
    key: ApiKey,
    source: String,
}

from_env!(Datadog);
host!(Datadog);
regions! {
    Datadog,
    /// A site of Datadog. Organisations and keys belong to one.
    pub enum DatadogSite {
        /// The United States, the default:
        Us1 = "https://otlp.datadoghq.com",
        /// The United States:
        Us3 = "https://otlp.us3.datadoghq.com",
        /// The United States:
        Us5 = "https://otlp.us5.datadoghq.com",
        /// The European Union:
        Eu1 = "https://otlp.datadoghq.eu",
        /// Asia and the Pacific:
        Ap1 = "https://otlp.ap1.datadoghq.com",
        /// Asia and the Pacific:
        Ap2 = "https://otlp.ap2.datadoghq.com",
    }
}

/// 3.2 MB a request.
const MOST_TRACE_BYTES: usize = 3_000_000;
/// 500 KB a request as it goes out: less than that, however little it can be compressed.
const MOST_METRIC_BYTES: usize = 480_000;

impl Datadog {
    /// The organisation of this key, at the site US1.
    pub fn new(key: impl Into<ApiKey>) -> Self {
        let host = Host::fixed(DatadogSite::Us1.url());
        Self { host, key: key.into(), source: "llmobs".to_owned() }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        let key = variables.key("DD_API_KEY", "an API key of the organisation")?;
        let is_site = |text: &str| {
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
            (text.contains('.') && text.chars().all(legal)).then(|| format!("https://otlp.{text}"))
        };
        let site = variables.read("DD_SITE", "a site, such as datadoghq.eu", is_site)?;
        Ok(match site {
            Some(url) => Self::new(key).host(url),
            None => Self::new(key),
        })
    }

    /// What `dd-otlp-source` says of spans. Defaults to `llmobs`; earlier pages of Datadog's say `datadog`.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }
}

impl Preset for Datadog {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let keys = [(&self.key, "API key")];
        let destination = DATADOG.keyed(DATADOG.destination(&self.host, ""), keys, |[key]| {
            Credentials::default().header("dd-api-key", key)
        })?;
        Ok(destination
            .signal_header(Signal::Traces, "dd-otlp-source", &self.source)
            .temporality(Temporality::Delta)
            .max_signal_request_bytes(Signal::Traces, MOST_TRACE_BYTES)
            .max_signal_request_bytes(Signal::Metrics, MOST_METRIC_BYTES)
            .semconv_profile(SemconvProfile::V1_41))
    }
}
