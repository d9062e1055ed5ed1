//! Datadog's Agent: all three signals, over HTTP or gRPC, without a key.

use spanwise_core::semconv::SemconvProfile;

use super::backend::{Backend, Variable, from_env, grpc, host, over_grpc};
use super::host::Host;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, OtlpDestination, OtlpProtocol, Preset, Signals, Temporality,
};
use crate::error::InitError;

pub(super) static DATADOG_AGENT: Backend = Backend {
    name: "datadog-agent",
    facts: BackendFacts {
        product: "Datadog Agent",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson, OtlpProtocol::Grpc],
        compressions: &[Compression::Gzip, Compression::Zstd],
        signals: Signals::ALL,
        refusals: &[(
            404,
            "the Agent takes OTLP with DD_OTLP_CONFIG_RECEIVER_PROTOCOLS_HTTP_ENDPOINT=0.0.0.0:4318, and logs with \
                    DD_LOGS_ENABLED and DD_OTLP_CONFIG_LOGS_ENABLED",
        )],
    },
    variables: &[Variable::new("DD_AGENT_HOST", "the Agent's host; defaults to this machine")],
    read: DatadogAgent::boxed,
};

const LOCAL: &str = "http://localhost:4318";

/// [Datadog's Agent](https://docs.datadoghq.com/opentelemetry/setup/otlp_ingest_in_the_agent/) as a destination; the Agent
/// has the key.
///
/// Sends spans and metrics, over HTTP and compressed with gzip; metrics since the last export. Its receiver is off by
/// default: it is on with `DD_OTLP_CONFIG_RECEIVER_PROTOCOLS_HTTP_ENDPOINT=0.0.0.0:4318`. Logs go there too with
/// [`logs`](Self::logs), where the Agent takes them (`DD_LOGS_ENABLED` and `DD_OTLP_CONFIG_LOGS_ENABLED`).
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct DatadogAgent {
    host: Host,
    grpc_port: Option<u16>,
    logs: bool,
}

from_env!(DatadogAgent);
host!(DatadogAgent);
grpc!(DatadogAgent);

impl Default for DatadogAgent {
    fn default() -> Self {
        Self::new()
    }
}

impl DatadogAgent {
    /// One on this machine.
    pub fn new() -> Self {
        Self { host: Host::fixed(LOCAL), grpc_port: None, logs: false }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        Ok(match variables.text("DD_AGENT_HOST") {
            Some(host) => Self::new().host(format!("http://{host}:4318")),
            None => Self::new(),
        })
    }

    /// Sends logs as well.
    pub fn logs(mut self) -> Self {
        self.logs = true;
        self
    }
}

impl Preset for DatadogAgent {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let signals = Signals { logs: self.logs, ..Signals::ALL };
        let destination = DATADOG_AGENT
            .destination(&self.host, "")
            .signals(signals)
            .temporality(Temporality::Delta)
            .semconv_profile(SemconvProfile::V1_41);
        Ok(over_grpc(destination, &self.host, self.grpc_port))
    }
}
