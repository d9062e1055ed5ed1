//! OpenLIT: all three signals, over HTTP or gRPC.

use super::backend::{Backend, from_env, host};
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
    grpc: bool,
}

from_env!(OpenLit);
host!(OpenLit);

impl Default for OpenLit {
    fn default() -> Self {
        Self::new()
    }
}

impl OpenLit {
    /// One on this machine.
    pub fn new() -> Self {
        Self { host: Host::fixed(LOCAL), grpc: false }
    }

    fn read(_: Variables<'_>) -> Result<Self, InitError> {
        Ok(Self::new())
    }

    /// Sends over gRPC, to the port 4317 of the host.
    pub fn grpc(mut self) -> Self {
        self.grpc = true;
        self
    }
}

impl Preset for OpenLit {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let destination = OPENLIT.destination(&self.host, "");
        if self.grpc {
            let url = self.host.at_port(4317);
            return Ok(destination.endpoint(url).protocol(OtlpProtocol::Grpc));
        }
        Ok(destination)
    }
}
