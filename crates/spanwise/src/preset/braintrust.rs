//! Braintrust: traces alone, over HTTP.

use spanwise_core::semconv::SemconvProfile;

use super::backend::{Backend, Variable, from_env, host, regions};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, Credentials, OtlpDestination, OtlpProtocol, Preset, Signals,
};
use crate::error::{InitError, Source};

pub(super) static BRAINTRUST: Backend = Backend {
    name: "braintrust",
    facts: BackendFacts {
        product: "Braintrust",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson],
        compressions: &[Compression::Gzip],
        signals: Signals::TRACES,
        refusals: &[
            (
                401,
                "check BRAINTRUST_API_KEY, and that it was issued in this region (BRAINTRUST_API_URL)",
            ),
            (403, "check BRAINTRUST_API_KEY, and that it may write to BRAINTRUST_PARENT"),
            (
                404,
                "check BRAINTRUST_PARENT, and that its project is in this region (BRAINTRUST_API_URL)",
            ),
        ],
    },
    variables: &[
        Variable::new("BRAINTRUST_API_KEY", "the key").required().secret(),
        Variable::new(
            "BRAINTRUST_PARENT",
            "where traces belong: `project_id:…`, `project_name:…` or `experiment_id:…`",
        )
        .required(),
        Variable::new("BRAINTRUST_API_URL", "the API; defaults to that in the US"),
    ],
    read: Braintrust::boxed,
};

/// [Braintrust](https://www.braintrust.dev/docs/integrations/sdk-integrations/opentelemetry) as a destination.
///
/// Sends spans, and neither metrics nor logs, to `https://api.braintrust.dev/otel/v1/traces`, compressed with gzip.
/// Requests stay below the 10 MB that Braintrust takes.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct Braintrust {
    host: Host,
    key: ApiKey,
    parent: BraintrustParent,
}

/// Where traces belong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BraintrustParent {
    /// A project, by its id.
    ProjectId(String),
    /// A project, by its name.
    ProjectName(String),
    /// An experiment, by its id.
    ExperimentId(String),
}

impl BraintrustParent {
    fn read(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(':')?;
        let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty())?;
        match kind.trim() {
            "project_id" => Some(Self::ProjectId(name)),
            "project_name" => Some(Self::ProjectName(name)),
            "experiment_id" => Some(Self::ExperimentId(name)),
            _ => None,
        }
    }

    fn header(&self) -> String {
        match self {
            Self::ProjectId(id) => format!("project_id:{id}"),
            Self::ProjectName(name) => format!("project_name:{name}"),
            Self::ExperimentId(id) => format!("experiment_id:{id}"),
        }
    }
}

from_env!(Braintrust);
host!(Braintrust);
regions! {
    Braintrust,
    /// A region of Braintrust. Organisations and keys belong to one.
    pub enum BraintrustRegion {
        /// The United States, the default:
        Us = "https://api.braintrust.dev",
        /// The European Union:
        Eu = "https://api-eu.braintrust.dev",
    }
}

/// What is left of 10 MB beside what wraps a request.
const MOST_BYTES: usize = 9_500_000;

impl Braintrust {
    /// The organisation of this key, in the US, and where in it traces belong.
    pub fn new(key: impl Into<ApiKey>, parent: BraintrustParent) -> Self {
        Self { host: Host::fixed(BraintrustRegion::Us.url()), key: key.into(), parent }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        const EXPECTED: &str = "project_id:…, project_name:… or experiment_id:…";
        let parent = variables.required("BRAINTRUST_PARENT", EXPECTED)?;
        let parent = BraintrustParent::read(&parent).ok_or_else(|| {
            Source::env("BRAINTRUST_PARENT")
                .invalid("does not say what it names", format!("set it to {EXPECTED}"))
        })?;
        Ok(Self {
            host: variables.host(["BRAINTRUST_API_URL"], BraintrustRegion::Us.url())?,
            key: variables.key("BRAINTRUST_API_KEY", "an API key of the organisation")?,
            parent,
        })
    }
}

impl Preset for Braintrust {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let keys = [(&self.key, "API key")];
        let destination =
            BRAINTRUST.keyed(BRAINTRUST.destination(&self.host, "/otel"), keys, |[key]| {
                Credentials::bearer(key)
            })?;
        Ok(destination
            .header("x-bt-parent", self.parent.header())
            .max_request_bytes(MOST_BYTES)
            .semconv_profile(SemconvProfile::V1_41))
    }
}
