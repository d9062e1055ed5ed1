//! Google Cloud: through a collector, or at once with tokens that the program refreshes.

use super::backend::{Backend, Variable, from_env, host};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, ContentPolicy, Credentials, OtlpDestination, OtlpProtocol, Preset,
    Signals,
};
use crate::error::InitError;

pub(super) static GOOGLE_CLOUD: Backend = Backend {
    name: "google-cloud",
    facts: BackendFacts {
        product: "Google Cloud",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson, OtlpProtocol::Grpc],
        compressions: &[Compression::Gzip],
        signals: Signals::ALL,
        refusals: &[
            (
                401,
                "the token is not valid any more: it must be refreshed, and its scope be cloud-platform",
            ),
            (
                403,
                "the account needs the role roles/telemetry.writer in GOOGLE_CLOUD_PROJECT, and the Telemetry API \
                   be on there",
            ),
        ],
    },
    variables: &[Variable::new("GOOGLE_CLOUD_PROJECT", "the project's id").required()],
    read: GoogleCloud::boxed,
};

const COLLECTOR: &str = "http://localhost:4318";
const CLOUD: &str = "https://telemetry.googleapis.com";
/// What the value of an attribute may have.
const MOST_BYTES: usize = 65_536;

/// [Google Cloud](https://docs.cloud.google.com/stackdriver/docs/otlp/overview) as a destination.
///
/// Sends all three signals to a collector at `http://localhost:4318`; by [`token`](Self::token) at once to
/// `https://telemetry.googleapis.com`. Texts are cut to the 64 KiB that the value of an attribute may have.
///
/// ```
/// use spanwise::TelemetryConfig;
/// use spanwise::preset::{ApiKey, GoogleCloud};
///
/// # fn token_that_is_refreshed_elsewhere() -> Option<String> { None }
/// let google = GoogleCloud::new("support-bot-1").token(ApiKey::from_fn(token_that_is_refreshed_elsewhere));
/// let config = TelemetryConfig::new("support-bot").preset(google);
/// # let _ = config;
/// ```
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct GoogleCloud {
    host: Host,
    project: String,
    token: Option<ApiKey>,
}

from_env!(GoogleCloud);
host!(GoogleCloud);

impl GoogleCloud {
    /// A project, through a collector on this machine.
    pub fn new(project_id: impl Into<String>) -> Self {
        Self { host: Host::fixed(COLLECTOR), project: project_id.into(), token: None }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        Ok(Self::new(variables.required("GOOGLE_CLOUD_PROJECT", "the project's id")?))
    }

    /// Sends to Google itself, with this OAuth token, which lives for an hour: see [`ApiKey::from_fn`].
    pub fn token(mut self, token: impl Into<ApiKey>) -> Self {
        if self.host.is(COLLECTOR) {
            self.host = Host::fixed(CLOUD);
        }
        self.token = Some(token.into());
        self
    }
}

impl Preset for GoogleCloud {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let destination = GOOGLE_CLOUD
            .destination(&self.host, "")
            .resource_attribute("gcp.project_id", self.project.clone())
            .content(ContentPolicy::default().max_attribute_bytes(MOST_BYTES));
        let Some(token) = &self.token else { return Ok(destination) };
        let keys = [(token, "token")];
        let destination =
            GOOGLE_CLOUD.keyed(destination, keys, |[token]| Credentials::bearer(token))?;
        Ok(destination.header("x-goog-user-project", &self.project))
    }
}
