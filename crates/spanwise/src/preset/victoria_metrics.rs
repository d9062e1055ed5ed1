//! VictoriaMetrics: metrics alone, over HTTP.

use super::backend::{Backend, from_env, host};
use super::host::Host;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, OtlpDestination, OtlpProtocol, Preset, Signals, Temporality,
};
use crate::error::InitError;

pub(super) static VICTORIA_METRICS: Backend = Backend {
    name: "victoria-metrics",
    facts: BackendFacts {
        product: "VictoriaMetrics",
        protocols: &[OtlpProtocol::HttpProtobuf],
        compressions: &[Compression::Gzip],
        signals: Signals::METRICS,
        refusals: &[],
    },
    variables: &[],
    read: VictoriaMetrics::boxed,
};

const LOCAL: &str = "http://localhost:8428";

/// [VictoriaMetrics](https://docs.victoriametrics.com/victoriametrics/integrations/opentelemetry/) as a destination.
///
/// Sends metrics, and neither spans nor logs, to `{host}/opentelemetry/v1/metrics`, cumulative and compressed with gzip.
/// Names are as Prometheus writes them if the server runs with `-opentelemetry.usePrometheusNaming`.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct VictoriaMetrics {
    host: Host,
}

from_env!(VictoriaMetrics);
host!(VictoriaMetrics);

impl Default for VictoriaMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl VictoriaMetrics {
    /// One on this machine.
    pub fn new() -> Self {
        Self { host: Host::fixed(LOCAL) }
    }

    fn read(_: Variables<'_>) -> Result<Self, InitError> {
        Ok(Self::new())
    }
}

impl Preset for VictoriaMetrics {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        Ok(VICTORIA_METRICS
            .destination(&self.host, "/opentelemetry")
            .temporality(Temporality::Cumulative))
    }
}
