//! SigNoz: all three signals, over HTTP or gRPC.

use super::backend::{Backend, Variable, from_env, host, over_grpc, regions};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, Credentials, OtlpDestination, OtlpProtocol, Preset, Signals,
};
use crate::error::InitError;

pub(super) static SIGNOZ: Backend = Backend {
    name: "signoz",
    facts: BackendFacts {
        product: "SigNoz",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson, OtlpProtocol::Grpc],
        compressions: &[Compression::Gzip, Compression::Zstd],
        signals: Signals::ALL,
        refusals: &[
            (401, "check SIGNOZ_INGESTION_KEY, and that it was issued in this region"),
            (403, "check SIGNOZ_INGESTION_KEY, and that it was issued in this region"),
        ],
    },
    variables: &[
        Variable::new("SIGNOZ_INGESTION_KEY", "the ingestion key of SigNoz Cloud").secret(),
        Variable::new("SIGNOZ_ENDPOINT", "the server; defaults to one on this machine"),
    ],
    read: SigNoz::boxed,
};

const LOCAL: &str = "http://localhost:4318";

/// [SigNoz](https://signoz.io/docs/ingestion/signoz-cloud/overview/) as a destination.
///
/// Sends all three signals, over HTTP and compressed with gzip.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct SigNoz {
    host: Host,
    key: Option<ApiKey>,
    grpc_port: Option<u16>,
}

from_env!(SigNoz);
host!(SigNoz);
regions! {
    SigNoz,
    /// A region of SigNoz Cloud. Ingestion keys belong to one.
    pub enum SigNozRegion {
        /// The United States:
        Us = "https://ingest.us.signoz.cloud:443",
        /// The European Union:
        Eu = "https://ingest.eu.signoz.cloud:443",
        /// India:
        In = "https://ingest.in.signoz.cloud:443",
        /// India, the second:
        In2 = "https://ingest.in2.signoz.cloud:443",
    }
}

impl Default for SigNoz {
    fn default() -> Self {
        Self::new()
    }
}

impl SigNoz {
    /// A server on this machine, which asks for no key.
    pub fn new() -> Self {
        Self { host: Host::fixed(LOCAL), key: None, grpc_port: None }
    }

    /// SigNoz Cloud.
    pub fn cloud(region: SigNozRegion, key: impl Into<ApiKey>) -> Self {
        Self { key: Some(key.into()), ..Self::new() }.region(region)
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        let key = variables.optional_key("SIGNOZ_INGESTION_KEY")?;
        let host = variables.host(["SIGNOZ_ENDPOINT"], LOCAL)?;
        Ok(Self { host, key, grpc_port: None })
    }

    /// Sends over gRPC, to this port: 443 in SigNoz Cloud, usually 4317 elsewhere.
    pub fn grpc(mut self, port: u16) -> Self {
        self.grpc_port = Some(port);
        self
    }
}

impl Preset for SigNoz {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let destination = SIGNOZ.destination(&self.host, "");
        let destination = over_grpc(destination, &self.host, self.grpc_port);
        let Some(key) = &self.key else { return Ok(destination) };
        SIGNOZ.keyed(destination, [(key, "ingestion key")], |[key]| {
            Credentials::default().header("signoz-ingestion-key", key)
        })
    }
}
