//! W&B Weave: traces alone, over HTTP.

use spanwise_core::semconv::SemconvProfile;

use super::backend::{Backend, Variable, from_env, host};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, Credentials, OtlpDestination, OtlpProtocol, Preset, Signals,
};
use crate::error::InitError;

pub(super) static WEAVE: Backend = Backend {
    name: "weave",
    facts: BackendFacts {
        product: "W&B Weave",
        protocols: &[OtlpProtocol::HttpProtobuf],
        compressions: &[Compression::Gzip],
        signals: Signals::TRACES,
        refusals: &[
            (401, "check WANDB_API_KEY"),
            (403, "check WANDB_API_KEY, and that it may write to WANDB_ENTITY and WANDB_PROJECT"),
            (404, "check WANDB_ENTITY and WANDB_PROJECT"),
        ],
    },
    variables: &[
        Variable::new("WANDB_API_KEY", "the key").required().secret(),
        Variable::new("WANDB_ENTITY", "the user or team").required(),
        Variable::new("WANDB_PROJECT", "the project").required(),
    ],
    read: Weave::boxed,
};

/// [W&B Weave](https://docs.wandb.ai/weave/guides/tracking/otel) as a destination.
///
/// Sends spans, and neither metrics nor logs, to `https://trace.wandb.ai/otel/v1/traces`, compressed with gzip; with
/// [`agents`](Self::agents) to where the view of agents reads them. A dedicated server is
/// `https://<name>.wandb.io/traces`, which is what [`host`](Self::host) is given.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct Weave {
    host: Host,
    key: ApiKey,
    entity: String,
    project: String,
    agents: bool,
}

from_env!(Weave);
host!(Weave);

impl Weave {
    /// A project of a user or team, and a key that may write there.
    pub fn new(
        entity: impl Into<String>,
        project: impl Into<String>,
        key: impl Into<ApiKey>,
    ) -> Self {
        let host = Host::fixed("https://trace.wandb.ai");
        let (entity, project) = (entity.into(), project.into());
        Self { host, key: key.into(), entity, project, agents: false }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        let key = variables.key("WANDB_API_KEY", "an API key of the user or team")?;
        let entity =
            variables.required("WANDB_ENTITY", "the user or team that owns the project")?;
        Ok(Self::new(entity, variables.required("WANDB_PROJECT", "the project's name")?, key))
    }

    /// Sends to where Weave's view of agents reads traces, in place of its view of traces.
    pub fn agents(mut self) -> Self {
        self.agents = true;
        self
    }
}

impl Preset for Weave {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let path = if self.agents { "/agents/otel" } else { "/otel" };
        let keys = [(&self.key, "API key")];
        let destination = WEAVE.keyed(WEAVE.destination(&self.host, path), keys, |[key]| {
            Credentials::default().header("wandb-api-key", key)
        })?;
        Ok(destination
            .resource_attribute("wandb.entity", self.entity.clone())
            .resource_attribute("wandb.project", self.project.clone())
            .semconv_profile(SemconvProfile::V1_41))
    }
}
