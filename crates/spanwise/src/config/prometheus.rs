//! Whether metrics are kept to be scraped, and where they are shown.

use std::net::SocketAddr;

use spanwise_core::semconv::SemconvProfile;

use super::TelemetryConfig;
use crate::env::Reader;
use crate::error::InitError;

/// What the program says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PrometheusOptions {
    kept: bool,
    listen: Option<SocketAddr>,
}

/// Metrics are kept to be scraped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scraping {
    /// Where a server shows them.
    #[cfg_attr(not(feature = "prometheus"), allow(dead_code, reason = "there is no server"))]
    pub(crate) listen: Option<String>,
    /// By which conventions.
    pub(crate) profile: SemconvProfile,
}

const HOST: &str = "OTEL_EXPORTER_PROMETHEUS_HOST";
const PORT: &str = "OTEL_EXPORTER_PROMETHEUS_PORT";

/// OpenTelemetry's own.
const DEFAULT_PORT: u16 = 9464;

#[cfg(feature = "prometheus")]
impl TelemetryConfig {
    /// Keeps metrics to be scraped, beside what is sent: by [`start_prometheus_server`](crate::start_prometheus_server),
    /// [`prometheus_handler`](crate::prometheus_handler) or
    /// [`PrometheusExporter::render`](crate::PrometheusExporter::render). Defaults to what
    /// `OTEL_METRICS_EXPORTER` says.
    pub fn prometheus(mut self) -> Self {
        self.prometheus.kept = true;
        self
    }

    /// The same, and shows them at this address from the start: `/metrics` and `/healthz`, on a thread of their
    /// own.
    ///
    /// With `OTEL_METRICS_EXPORTER=prometheus` and nothing here, `OTEL_EXPORTER_PROMETHEUS_HOST` and
    /// `OTEL_EXPORTER_PROMETHEUS_PORT` say where, by default `localhost:9464`.
    ///
    /// ```no_run
    /// use spanwise::TelemetryConfig;
    ///
    /// let config = TelemetryConfig::new("bot").prometheus_server(([127, 0, 0, 1], 9568));
    /// # let _ = config;
    /// ```
    pub fn prometheus_server(mut self, address: impl Into<SocketAddr>) -> Self {
        self.prometheus = PrometheusOptions { kept: true, listen: Some(address.into()) };
        self
    }
}

/// What is in force; `asked` says whether the environment names Prometheus as an exporter.
pub(super) fn settle(
    config: &TelemetryConfig,
    (asked, profile): (bool, SemconvProfile),
    reader: &mut Reader<'_>,
) -> Result<Option<Scraping>, InitError> {
    let host = reader.environment().get(HOST).unwrap_or("localhost");
    // An IPv6 address stands in brackets.
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let port = reader.number(PORT, &DEFAULT_PORT).unwrap_or(DEFAULT_PORT);
    let PrometheusOptions { kept, listen } = config.prometheus;
    if let Some(address) = listen {
        return Ok(Some(Scraping { listen: Some(address.to_string()), profile }));
    }
    if asked && !cfg!(feature = "prometheus") {
        let setting = "OTEL_METRICS_EXPORTER".into();
        return Err(InitError::FeatureMissing { setting, feature: "prometheus" });
    }
    let listen = asked.then(|| format!("{host}:{port}"));
    Ok((kept || asked).then_some(Scraping { listen, profile }))
}
