//! Laminar: traces alone, over HTTP or gRPC.

use spanwise_core::semconv::SemconvProfile;

use super::backend::{Backend, Variable, from_env, host, over_grpc};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, Credentials, OtlpDestination, OtlpProtocol, Preset, Signals,
};
use crate::error::InitError;

pub(super) static LAMINAR: Backend = Backend {
    name: "laminar",
    facts: BackendFacts {
        product: "Laminar",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::Grpc, OtlpProtocol::HttpJson],
        compressions: &[Compression::Gzip],
        signals: Signals::TRACES,
        refusals: &[
            (401, "check LMNR_PROJECT_API_KEY: it is a project's, and not a user's"),
            (403, "check LMNR_PROJECT_API_KEY: it is a project's, and not a user's"),
        ],
    },
    variables: &[
        Variable::new("LMNR_PROJECT_API_KEY", "the project's key").required().secret(),
        Variable::new("LMNR_BASE_URL", "the server; defaults to Laminar's cloud"),
    ],
    read: Laminar::boxed,
};

const CLOUD: &str = "https://api.lmnr.ai";

/// [Laminar](https://laminar.sh/docs/tracing/otel) as a destination.
///
/// Sends spans, and neither metrics nor logs, to `https://api.lmnr.ai/v1/traces`, compressed with gzip, or over gRPC
/// by [`grpc`](Self::grpc).
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct Laminar {
    host: Host,
    key: ApiKey,
    grpc_port: Option<u16>,
}

from_env!(Laminar);
host!(Laminar);

impl Laminar {
    /// The project of this key, in Laminar's cloud.
    pub fn new(key: impl Into<ApiKey>) -> Self {
        Self { host: Host::fixed(CLOUD), key: key.into(), grpc_port: None }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        let key = variables.key("LMNR_PROJECT_API_KEY", "the project's API key")?;
        Ok(Self { host: variables.host(["LMNR_BASE_URL"], CLOUD)?, ..Self::new(key) })
    }

    /// Sends over gRPC, to this port: 8443 in Laminar's cloud.
    pub fn grpc(mut self, port: u16) -> Self {
        self.grpc_port = Some(port);
        self
    }
}

impl Preset for Laminar {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let destination =
            LAMINAR.destination(&self.host, "").semconv_profile(SemconvProfile::V1_41);
        let destination = over_grpc(destination, &self.host, self.grpc_port);
        LAMINAR.keyed(destination, [(&self.key, "project key")], |[key]| Credentials::bearer(key))
    }
}
