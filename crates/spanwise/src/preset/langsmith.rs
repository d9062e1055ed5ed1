//! LangSmith: traces alone, over HTTP.

use spanwise_core::semconv::SemconvProfile;

use super::backend::{Backend, Variable, from_env, host, regions, with_header};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, Credentials, OtlpDestination, OtlpProtocol, Preset, Projection,
    Signals,
};
use crate::error::InitError;

pub(super) static LANGSMITH: Backend = Backend {
    name: "langsmith",
    facts: BackendFacts {
        product: "LangSmith",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson],
        compressions: &[Compression::Gzip],
        signals: Signals::TRACES,
        refusals: &[
            (
                401,
                "check LANGSMITH_API_KEY, and that it was issued in this region (LANGSMITH_ENDPOINT)",
            ),
            (
                403,
                "check LANGSMITH_API_KEY and its region; a key of an organisation needs LANGSMITH_WORKSPACE_ID",
            ),
        ],
    },
    variables: &[
        Variable::new("LANGSMITH_API_KEY", "the key").required().secret(),
        Variable::new("LANGSMITH_ENDPOINT", "the API; defaults to that in the US"),
        Variable::new("LANGSMITH_PROJECT", "the project; defaults to `default`"),
        Variable::new("LANGSMITH_WORKSPACE_ID", "the workspace, for keys of an organisation"),
    ],
    read: LangSmith::boxed,
};

/// [LangSmith](https://docs.langchain.com/langsmith/trace-with-opentelemetry) as a destination.
///
/// Sends spans, and neither metrics nor logs, to `https://api.smith.langchain.com/otel/v1/traces`, compressed with
/// gzip. A server of one's own takes them below `https://<host>/api/v1`, which is what
/// [`host`](Self::host) is given.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct LangSmith {
    host: Host,
    key: ApiKey,
    project: Option<String>,
    workspace: Option<String>,
}

from_env!(LangSmith);
host!(LangSmith);
regions! {
    LangSmith,
    /// A region of LangSmith. Keys belong to one.
    pub enum LangSmithRegion {
        /// The United States, the default:
        Us = "https://api.smith.langchain.com",
        /// The European Union:
        Eu = "https://eu.api.smith.langchain.com",
        /// Asia and the Pacific:
        Apac = "https://apac.api.smith.langchain.com",
        /// The United States, in AWS:
        AwsUs = "https://aws.api.smith.langchain.com",
    }
}

impl LangSmith {
    /// The workspace of this key, in the US.
    pub fn new(key: impl Into<ApiKey>) -> Self {
        let host = Host::fixed(LangSmithRegion::Us.url());
        Self { host, key: key.into(), project: None, workspace: None }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        Ok(Self {
            host: variables.host(["LANGSMITH_ENDPOINT"], LangSmithRegion::Us.url())?,
            key: variables.key("LANGSMITH_API_KEY", "an API key of the workspace")?,
            project: variables.text("LANGSMITH_PROJECT"),
            workspace: variables.text("LANGSMITH_WORKSPACE_ID"),
        })
    }

    /// The project that traces belong to. Defaults to `default`.
    pub fn project(mut self, name: impl Into<String>) -> Self {
        self.project = Some(name.into());
        self
    }

    /// The workspace, for keys of an organisation.
    pub fn workspace(mut self, id: impl Into<String>) -> Self {
        self.workspace = Some(id.into());
        self
    }
}

impl Preset for LangSmith {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let keys = [(&self.key, "API key")];
        let destination =
            LANGSMITH.keyed(LANGSMITH.destination(&self.host, "/otel"), keys, |[key]| {
                Credentials::default().header("x-api-key", key)
            })?;
        let destination = with_header(destination, "langsmith-project", &self.project);
        let destination = with_header(destination, "x-tenant-id", &self.workspace);
        Ok(destination.projection(Projection::GenAiSystem).semconv_profile(SemconvProfile::V1_41))
    }
}
