//! Prometheus' OTLP receiver: metrics alone, over HTTP.

use super::backend::{Backend, from_env, host};
use super::host::Host;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, OtlpDestination, OtlpProtocol, Preset, Signals, Temporality,
};
use crate::error::InitError;

pub(super) static PROMETHEUS: Backend = Backend {
    name: "prometheus",
    facts: BackendFacts {
        product: "Prometheus",
        protocols: &[OtlpProtocol::HttpProtobuf],
        compressions: &[Compression::Gzip],
        signals: Signals::METRICS,
        refusals: &[
            (400, "Prometheus takes cumulative metrics: set the temporality back to cumulative"),
            (404, "start Prometheus with --web.enable-otlp-receiver"),
        ],
    },
    variables: &[],
    read: Prometheus::boxed,
};

const LOCAL: &str = "http://localhost:9090";

/// [Prometheus](https://prometheus.io/docs/guides/opentelemetry/) as a destination, by its OTLP receiver, which is on
/// with `--web.enable-otlp-receiver`.
///
/// Sends metrics, and neither spans nor logs, to `{host}/api/v1/otlp/v1/metrics`, cumulative and compressed with gzip.
/// `job` is made from `service.namespace` and `service.name`, `instance` from `service.instance.id`; what else the
/// resource says is in `target_info`.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct Prometheus {
    host: Host,
}

from_env!(Prometheus);
host!(Prometheus);

impl Default for Prometheus {
    fn default() -> Self {
        Self::new()
    }
}

impl Prometheus {
    /// One on this machine.
    pub fn new() -> Self {
        Self { host: Host::fixed(LOCAL) }
    }

    fn read(_: Variables<'_>) -> Result<Self, InitError> {
        Ok(Self::new())
    }
}

impl Preset for Prometheus {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        Ok(PROMETHEUS.destination(&self.host, "/api/v1/otlp").temporality(Temporality::Cumulative))
    }
}
