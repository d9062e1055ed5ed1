//! Metrics to be scraped.
//!
//! ```text
//!                     TelemetryConfig::prometheus
//!                                 │
//! instruments ─► reader ─► PrometheusExporter::render ─► families ─► text
//!                                 ▲
//!            handler (axum, hyper, tower)   or   server: a thread of our own, /metrics and /healthz
//! ```
//! Nothing is collected until someone scrapes. Names follow [OpenTelemetry's rules for Prometheus].
//!
//! [OpenTelemetry's rules for Prometheus]: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/

mod accept;
mod exporter;
mod family;
mod handler;
mod names;
mod server;
mod text;

pub use accept::ExpositionFormat;
pub use exporter::PrometheusExporter;
pub use handler::{PrometheusHandler, prometheus_handler};
pub use server::{PrometheusServer, start_prometheus_server};

pub(crate) use server::Listening;
