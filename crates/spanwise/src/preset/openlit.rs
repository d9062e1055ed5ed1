//! OpenLIT: all three signals, over HTTP or gRPC.

use super::backend::{Backend, from_env, grpc, host, over_grpc};
use super::host::Host;
use super::variables::Variables;
use crate::config::{BackendFacts, Compression, OtlpDestination, OtlpProtocol, Preset, Signals};
use crate::error::InitError;

pub(super) static OPENLIT: Backend = Backend {
    name: "openlit",
    facts: BackendFacts {
        product: "OpenLIT",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson, OtlpProtocol::Grpc],
        compressions: &[Compression::Gzip, Compression::Zstd],
        signals: Signals::ALL,
        refusals: &[],
    },
    variables: &[],
    read: OpenLit::boxed,
};

const LOCAL: &str = "http://localhost:4318";

/// [OpenLIT](https://docs.openlit.io/) as a destination.
///
/// Sends all three signals, over HTTP and compressed with gzip. A server of one's own asks for no key.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct OpenLit {
    host: Host,
    grpc_port: Option<u16>,
}

from_env!(OpenLit);
host!(OpenLit);
grpc!(OpenLit);

impl Default for OpenLit {
    fn default() -> Self {
        Self::new()
    }
}

impl OpenLit {
    /// One on this machine.
    pub fn new() -> Self {
        Self { host: Host::fixed(LOCAL), grpc_port: None }
    }

    fn read(_: Variables<'_>) -> Result<Self, InitError> {
        Ok(Self::new())
    }
}

impl Preset for OpenLit {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let destination = OPENLIT.destination(&self.host, "");
        Ok(over_grpc(destination, &self.host, self.grpc_port))
    }
}
