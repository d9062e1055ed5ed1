//! Traceloop: traces alone, over HTTP.

use spanwise_core::ContentLevel;
use spanwise_core::semconv::SemconvProfile;

use super::backend::{Backend, Variable, from_env, host};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, Credentials, OtlpDestination, OtlpProtocol, Preset, Signals,
};
use crate::error::InitError;

pub(super) static TRACELOOP: Backend = Backend {
    name: "traceloop",
    facts: BackendFacts {
        product: "Traceloop",
        protocols: &[OtlpProtocol::HttpProtobuf],
        compressions: &[Compression::Gzip],
        signals: Signals::TRACES,
        refusals: &[(401, "check TRACELOOP_API_KEY"), (403, "check TRACELOOP_API_KEY")],
    },
    variables: &[
        Variable::new("TRACELOOP_API_KEY", "the key").required().secret(),
        Variable::new("TRACELOOP_BASE_URL", "the server; defaults to Traceloop's"),
        Variable::new("TRACELOOP_HEADERS", "more headers, `key=value,key=value`").secret(),
        Variable::new("TRACELOOP_TRACE_CONTENT", "`false`: no content goes there"),
    ],
    read: Traceloop::boxed,
};

const CLOUD: &str = "https://api.traceloop.com";

/// [Traceloop](https://www.traceloop.com/docs/openllmetry/integrations/traceloop) as a destination.
///
/// Sends spans, and neither metrics nor logs, to `https://api.traceloop.com/v1/traces`, compressed with gzip.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct Traceloop {
    host: Host,
    key: ApiKey,
    headers: Vec<(String, ApiKey)>,
    content: bool,
}

from_env!(Traceloop);
host!(Traceloop);

impl Traceloop {
    /// The environment of this key.
    pub fn new(key: impl Into<ApiKey>) -> Self {
        Self { host: Host::fixed(CLOUD), key: key.into(), headers: Vec::new(), content: true }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        let truth = |text: &str| text.to_ascii_lowercase().parse().ok();
        let headers = variables.headers("TRACELOOP_HEADERS")?;
        let content = variables.read("TRACELOOP_TRACE_CONTENT", "true or false", truth)?;
        Ok(Self {
            host: variables.host(["TRACELOOP_BASE_URL"], CLOUD)?,
            key: variables.key("TRACELOOP_API_KEY", "an API key of the environment")?,
            headers: headers.into_iter().map(|(name, value)| (name, value.into())).collect(),
            content: content.unwrap_or(true),
        })
    }
}

impl Preset for Traceloop {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let destination =
            TRACELOOP.destination(&self.host, "").semconv_profile(SemconvProfile::V1_41);
        let key = [(&self.key, "API key")];
        let mut destination =
            TRACELOOP.keyed(destination, key, |[key]| Credentials::bearer(key))?;
        for (name, value) in &self.headers {
            destination = destination.header(name, value.fixed().unwrap_or_default());
        }
        Ok(if self.content { destination } else { destination.content(ContentLevel::Off) })
    }
}
