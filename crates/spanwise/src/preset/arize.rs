//! Arize AX: traces alone, over HTTP or gRPC.

use spanwise_core::semconv::SemconvProfile;

use super::backend::{Backend, Variable, from_env, host, regions};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, Credentials, OtlpDestination, OtlpProtocol, Preset, Signals,
};
use crate::error::InitError;

pub(super) static ARIZE: Backend = Backend {
    name: "arize",
    facts: BackendFacts {
        product: "Arize AX",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::Grpc],
        compressions: &[Compression::Gzip],
        signals: Signals::TRACES,
        refusals: &[
            (
                401,
                "check ARIZE_API_KEY and ARIZE_SPACE_ID: both belong to one space, in one region",
            ),
            (
                403,
                "check ARIZE_API_KEY and ARIZE_SPACE_ID: both belong to one space, in one region",
            ),
        ],
    },
    variables: &[
        Variable::new("ARIZE_SPACE_ID", "the space's id").required(),
        Variable::new("ARIZE_API_KEY", "the key").required().secret(),
        Variable::new("ARIZE_PROJECT_NAME", "the project; defaults to `default`"),
        Variable::new("ARIZE_COLLECTOR_ENDPOINT", "the server; defaults to that in the US"),
    ],
    read: ArizeAx::boxed,
};

/// [Arize AX](https://arize.com/docs/ax/integrations/opentelemetry) as a destination.
///
/// Sends spans, and neither metrics nor logs, to `https://otlp.arize.com/v1/traces`, compressed with gzip. Over
/// gRPC the server is the same.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct ArizeAx {
    host: Host,
    space_id: String,
    key: ApiKey,
    project: String,
}

from_env!(ArizeAx);
host!(ArizeAx);
regions! {
    ArizeAx,
    /// A region of Arize AX. Spaces and keys belong to one.
    pub enum ArizeRegion {
        /// The United States, the default:
        Us = "https://otlp.arize.com",
        /// The European Union:
        Eu = "https://otlp.eu-west-1a.arize.com",
        /// Canada:
        Ca = "https://otlp.ca-central-1a.arize.com",
    }
}

impl ArizeAx {
    /// A space in the US, and a key of it.
    pub fn new(space_id: impl Into<String>, key: impl Into<ApiKey>) -> Self {
        Self {
            host: Host::fixed(ArizeRegion::Us.url()),
            space_id: space_id.into(),
            key: key.into(),
            project: "default".to_owned(),
        }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        let space_id = variables.required("ARIZE_SPACE_ID", "the space's id")?;
        let key = variables.key("ARIZE_API_KEY", "the space's API key")?;
        let host = variables.host(["ARIZE_COLLECTOR_ENDPOINT"], ArizeRegion::Us.url())?;
        let preset = Self { host, ..Self::new(space_id, key) };
        Ok(match variables.text("ARIZE_PROJECT_NAME") {
            Some(project) => preset.project(project),
            None => preset,
        })
    }

    /// The project that traces belong to. Defaults to `default`.
    pub fn project(mut self, name: impl Into<String>) -> Self {
        self.project = name.into();
        self
    }
}

impl Preset for ArizeAx {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        // The version is part of the server's URL as Arize writes it.
        let host = Host::from(self.host.base("").trim_end_matches("/v1"));
        let keys = [(&self.key, "API key")];
        let destination = ARIZE.keyed(ARIZE.destination(&host, ""), keys, |[key]| {
            Credentials::default().header("arize-api-key", key)
        })?;
        Ok(destination
            .header("arize-space-id", &self.space_id)
            .resource_attribute("openinference.project.name", self.project.clone())
            .semconv_profile(SemconvProfile::V1_41))
    }
}
