//! Backends by name.
//!
//! A preset is a destination that knows its product: where it takes OTLP, by which protocol and compression, how
//! it knows who sends, which signals it takes and how large they may be. It is made from the product's own
//! variables or by hand, and everything that it says can be changed:
//! [`TelemetryConfig::preset_with`](crate::TelemetryConfig::preset_with). No variable of OpenTelemetry's changes
//! it, and its keys go to its host alone.
//!
//! ```no_run
//! use spanwise::{Langfuse, TelemetryConfig};
//!
//! # fn main() -> Result<(), spanwise::InitError> {
//! let config = TelemetryConfig::new("support-bot").preset(Langfuse::from_env()?);
//! let telemetry = spanwise::init_telemetry(config)?;
//! # Ok(()) }
//! ```
//!
//! | Product | Preset | Signals |
//! |---|---|---|
//! | Langfuse | [`Langfuse`] | traces |
//! | Phoenix | [`Phoenix`] | traces |
//! | Arize AX | [`ArizeAx`] | traces |
//! | Logfire | [`Logfire`] | traces, metrics, logs |
//! | LangSmith | [`LangSmith`] | traces |
//! | Braintrust | [`Braintrust`] | traces |
//! | Laminar | [`Laminar`] | traces |
//! | Opik | [`Opik`] | traces |
//! | MLflow | [`MlFlow`] | traces |
//! | W&B Weave | [`Weave`] | traces |
//! | Traceloop | [`Traceloop`] | traces |
//! | SigNoz | [`SigNoz`] | traces, metrics, logs |
//! | OpenLIT | [`OpenLit`] | traces, metrics, logs |
//! | Honeycomb | [`Honeycomb`] | traces, metrics, logs |
//! | Datadog | [`Datadog`] | traces, metrics, logs |
//! | Datadog, by its Agent | [`DatadogAgent`] | traces, metrics; logs where asked for |
//! | New Relic | [`NewRelic`] | traces, metrics, logs |
//! | Grafana Cloud | [`GrafanaCloud`] | traces, metrics, logs |
//! | Helicone | [`HeliconeLogging`] | calls of models |
//! | Jaeger | [`Jaeger`] | traces |
//! | Prometheus | [`Prometheus`] | metrics |
//! | VictoriaMetrics | [`VictoriaMetrics`] | metrics |
//! | Azure Monitor | [`AzureMonitor`] | traces, metrics, logs |
//! | AWS X-Ray and CloudWatch | [`Aws`] | traces, metrics, logs |
//! | Google Cloud | [`GoogleCloud`] | traces, metrics, logs |

mod backend;
mod guide;
mod host;
mod key;
mod variables;

mod arize;
mod aws;
mod azure_monitor;
mod braintrust;
mod datadog;
mod datadog_agent;
mod google_cloud;
mod grafana_cloud;
mod helicone;
mod honeycomb;
mod jaeger;
mod laminar;
mod langfuse;
mod langsmith;
mod logfire;
mod mlflow;
mod new_relic;
mod openlit;
mod opik;
mod phoenix;
mod prometheus;
mod signoz;
mod traceloop;
mod victoria_metrics;
mod weave;

pub use arize::{ArizeAx, ArizeRegion};
pub use aws::Aws;
pub use azure_monitor::AzureMonitor;
pub use backend::{Backend, Variable};
pub use braintrust::{Braintrust, BraintrustParent, BraintrustRegion};
pub use datadog::{Datadog, DatadogSite};
pub use datadog_agent::DatadogAgent;
pub use google_cloud::GoogleCloud;
pub use grafana_cloud::GrafanaCloud;
pub use guide::Guide;
pub use helicone::{HeliconeLogging, HeliconeRegion};
pub use honeycomb::{Honeycomb, HoneycombRegion};
pub use jaeger::Jaeger;
pub use key::ApiKey;
pub use laminar::Laminar;
pub use langfuse::{Langfuse, LangfuseRegion};
pub use langsmith::{LangSmith, LangSmithRegion};
pub use logfire::{Logfire, LogfireRegion};
pub use mlflow::MlFlow;
pub use new_relic::{NewRelic, NewRelicRegion};
pub use openlit::OpenLit;
pub use opik::Opik;
pub use phoenix::Phoenix;
pub use prometheus::Prometheus;
pub use signoz::{SigNoz, SigNozRegion};
pub use traceloop::Traceloop;
pub use victoria_metrics::VictoriaMetrics;
pub use weave::Weave;

/// Every backend that there is a preset for, by name.
pub static ALL: [&Backend; 25] = [
    &arize::ARIZE,
    &aws::AWS,
    &azure_monitor::AZURE_MONITOR,
    &braintrust::BRAINTRUST,
    &datadog::DATADOG,
    &datadog_agent::DATADOG_AGENT,
    &google_cloud::GOOGLE_CLOUD,
    &grafana_cloud::GRAFANA_CLOUD,
    &helicone::HELICONE,
    &honeycomb::HONEYCOMB,
    &jaeger::JAEGER,
    &laminar::LAMINAR,
    &langfuse::LANGFUSE,
    &langsmith::LANGSMITH,
    &logfire::LOGFIRE,
    &mlflow::MLFLOW,
    &new_relic::NEW_RELIC,
    &openlit::OPENLIT,
    &opik::OPIK,
    &phoenix::PHOENIX,
    &prometheus::PROMETHEUS,
    &signoz::SIGNOZ,
    &traceloop::TRACELOOP,
    &victoria_metrics::VICTORIA_METRICS,
    &weave::WEAVE,
];

/// The backend of this name, such as `langfuse`, in any case.
pub fn by_name(name: &str) -> Option<&'static Backend> {
    ALL.into_iter().find(|backend| backend.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests;
