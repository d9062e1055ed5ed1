//! Opik, by Comet: traces alone, over HTTP.

use spanwise_core::semconv::SemconvProfile;

use super::backend::{Backend, Variable, from_env, host, with_header};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, Credentials, OtlpDestination, OtlpProtocol, Preset, Projection,
    Signals,
};
use crate::error::InitError;

pub(super) static OPIK: Backend = Backend {
    name: "opik",
    facts: BackendFacts {
        product: "Opik",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson],
        compressions: &[Compression::Gzip],
        signals: Signals::TRACES,
        refusals: &[
            (401, "check OPIK_API_KEY and OPIK_WORKSPACE: the key goes without the word Bearer"),
            (
                403,
                "check OPIK_API_KEY and OPIK_WORKSPACE: the key belongs to the workspace's members",
            ),
            (404, "check OPIK_URL_OVERRIDE: it ends with /api, as in http://localhost:5173/api"),
        ],
    },
    variables: &[
        Variable::new("OPIK_API_KEY", "the key, where the server asks for one").secret(),
        Variable::new("OPIK_WORKSPACE", "the workspace"),
        Variable::new("OPIK_PROJECT_NAME", "the project; defaults to `Default Project`"),
        Variable::new("OPIK_URL_OVERRIDE", "the API; defaults to Comet's"),
    ],
    read: Opik::boxed,
};

const CLOUD: &str = "https://www.comet.com/opik/api";

/// [Opik](https://www.comet.com/docs/opik/integrations/opentelemetry) as a destination.
///
/// Sends spans, and neither metrics nor logs, to `https://www.comet.com/opik/api/v1/private/otel/v1/traces`,
/// compressed with gzip. A server of one's own is reached at `http://localhost:5173/api`, which is what
/// [`host`](Self::host) is given.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct Opik {
    host: Host,
    key: Option<ApiKey>,
    workspace: Option<String>,
    project: Option<String>,
}

from_env!(Opik);
host!(Opik);

impl Opik {
    /// The workspace of this name in Comet's cloud, and a key of it.
    pub fn new(workspace: impl Into<String>, key: impl Into<ApiKey>) -> Self {
        Self {
            host: Host::fixed(CLOUD),
            key: Some(key.into()),
            workspace: Some(workspace.into()),
            project: None,
        }
    }

    /// A server on this machine, which asks for no key.
    pub fn local() -> Self {
        let host = Host::fixed("http://localhost:5173/api");
        Self { host, key: None, workspace: None, project: None }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        Ok(Self {
            host: variables.host(["OPIK_URL_OVERRIDE"], CLOUD)?,
            key: variables.optional_key("OPIK_API_KEY")?,
            workspace: variables.text("OPIK_WORKSPACE"),
            project: variables.text("OPIK_PROJECT_NAME"),
        })
    }

    /// The project that traces belong to. Defaults to `Default Project`.
    pub fn project(mut self, name: impl Into<String>) -> Self {
        self.project = Some(name.into());
        self
    }
}

impl Preset for Opik {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let mut destination = OPIK.destination(&self.host, "/v1/private/otel");
        if let Some(key) = &self.key {
            destination = OPIK.keyed(destination, [(key, "API key")], |[key]| {
                // Without the word for its kind.
                Credentials::default().header("authorization", key)
            })?;
        }
        let destination = with_header(destination, "comet-workspace", &self.workspace);
        let destination = with_header(destination, "projectname", &self.project);
        Ok(destination.projection(Projection::GenAiSystem).semconv_profile(SemconvProfile::V1_41))
    }
}
