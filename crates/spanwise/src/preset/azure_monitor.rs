//! Azure Monitor: through a collector, or at once with tokens that the program refreshes.

use super::backend::{Backend, from_env, host};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, Credentials, OtlpDestination, OtlpProtocol, Preset, Signals,
    Temporality,
};
use crate::error::InitError;
use crate::signal::Signal;

pub(super) static AZURE_MONITOR: Backend = Backend {
    name: "azure-monitor",
    facts: BackendFacts {
        product: "Azure Monitor",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson, OtlpProtocol::Grpc],
        compressions: &[Compression::Gzip],
        signals: Signals::ALL,
        refusals: &[
            (
                401,
                "the token is not valid any more, or its scope is not https://monitor.azure.com/.default",
            ),
            (
                403,
                "whoever the token stands for needs the role Monitoring Metrics Publisher on the data collection \
                   rule",
            ),
            (
                404,
                "check the URL of this signal: it holds the data collection rule and the stream's name",
            ),
        ],
    },
    variables: &[],
    read: AzureMonitor::boxed,
};

const COLLECTOR: &str = "http://localhost:4318";

/// [Azure Monitor](https://learn.microsoft.com/azure/azure-monitor/containers/opentelemetry-protocol-ingestion) as a
/// destination.
///
/// Sends all three signals to a collector at `http://localhost:4318`; by [`direct`](Self::direct) to Azure itself, those
/// signals that have a URL there, which Azure's portal shows. Metrics are sent since the last export.
///
/// ```
/// use spanwise::preset::{ApiKey, AzureMonitor};
/// use spanwise::{Signal, TelemetryConfig};
///
/// # fn token_that_is_refreshed_elsewhere() -> Option<String> { None }
/// # const URL_OF_TRACES: &str = "https://x.ingest.monitor.azure.com/otlp/v1/traces";
/// let azure = AzureMonitor::new()
///     .direct(ApiKey::from_fn(token_that_is_refreshed_elsewhere))
///     .url(Signal::Traces, URL_OF_TRACES);
/// let config = TelemetryConfig::new("support-bot").preset(azure);
/// # let _ = config;
/// ```
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct AzureMonitor {
    host: Host,
    token: Option<ApiKey>,
    urls: [Option<Host>; 3],
}

from_env!(AzureMonitor);
host!(AzureMonitor);

impl Default for AzureMonitor {
    fn default() -> Self {
        Self::new()
    }
}

impl AzureMonitor {
    /// A collector on this machine.
    pub fn new() -> Self {
        Self { host: Host::fixed(COLLECTOR), token: None, urls: [const { None }; 3] }
    }

    fn read(_: Variables<'_>) -> Result<Self, InitError> {
        Ok(Self::new())
    }

    /// Sends to Azure itself, with this Entra token, which lives for about an hour: see [`ApiKey::from_fn`]. Signals
    /// without a [`url`](Self::url) are not sent.
    pub fn direct(mut self, token: impl Into<ApiKey>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Where Azure takes this signal, as its portal shows it: the full URL.
    pub fn url(mut self, signal: Signal, url: impl Into<String>) -> Self {
        if let Some(known) = self.urls.get_mut(signal as usize) {
            *known = Some(url.into().into());
        }
        self
    }
}

impl Preset for AzureMonitor {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let mut destination =
            AZURE_MONITOR.destination(&self.host, "").temporality(Temporality::Delta);
        let Some(token) = &self.token else { return Ok(destination) };
        let mut signals = Signals::NONE;
        for signal in Signal::OTLP {
            if let Some(url) = &self.urls[signal as usize] {
                signals.set(signal, true);
                destination = destination.signal_endpoint(signal, url.as_text());
            }
        }
        let keys = [(token, "token")];
        AZURE_MONITOR
            .keyed(destination.signals(signals), keys, |[token]| Credentials::bearer(token))
    }
}
