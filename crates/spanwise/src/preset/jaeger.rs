//! Jaeger: traces alone, over HTTP or gRPC.

use super::backend::{Backend, from_env, grpc, host, over_grpc};
use super::host::Host;
use super::variables::Variables;
use crate::config::{BackendFacts, Compression, OtlpDestination, OtlpProtocol, Preset, Signals};
use crate::error::InitError;

pub(super) static JAEGER: Backend = Backend {
    name: "jaeger",
    facts: BackendFacts {
        product: "Jaeger",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson, OtlpProtocol::Grpc],
        compressions: &[Compression::Gzip, Compression::Zstd],
        signals: Signals::TRACES,
        refusals: &[(
            404,
            "Jaeger takes OTLP at 4317 (gRPC) and 4318 (HTTP): 14268 and 14250 are for its own protocols, \
                    16686 is its page",
        )],
    },
    variables: &[],
    read: Jaeger::boxed,
};

const LOCAL: &str = "http://localhost:4318";

/// [Jaeger](https://www.jaegertracing.io/docs/latest/apis/) as a destination.
///
/// Sends spans, and neither metrics nor logs, to `{host}/v1/traces`, compressed with gzip.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct Jaeger {
    host: Host,
    grpc_port: Option<u16>,
}

from_env!(Jaeger);
host!(Jaeger);
grpc!(Jaeger);

impl Default for Jaeger {
    fn default() -> Self {
        Self::new()
    }
}

impl Jaeger {
    /// One on this machine.
    pub fn new() -> Self {
        Self { host: Host::fixed(LOCAL), grpc_port: None }
    }

    fn read(_: Variables<'_>) -> Result<Self, InitError> {
        Ok(Self::new())
    }
}

impl Preset for Jaeger {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let destination = JAEGER.destination(&self.host, "");
        Ok(over_grpc(destination, &self.host, self.grpc_port))
    }
}
