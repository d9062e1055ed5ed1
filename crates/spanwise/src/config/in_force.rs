//! What is in force, and where each of it came from: for those who look for a mistake.

use std::fmt;

use serde::Serialize;

use super::TelemetryConfig;
use super::settings::Settings;
use crate::env::Environment;

/// A setting as it is in force. No secret is in it: of headers it says the names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InForce {
    /// The setting, as it is called in code.
    pub setting: &'static str,
    /// Its value, as far as it may be shown.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

impl InForce {
    /// What the program said of a destination that has no endpoint.
    pub(crate) fn of_code(setting: &'static str, value: &str) -> Self {
        Self { setting, value: value.to_owned(), origin: Origin::Code }
    }
}

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// The program said so.
    Code,
    /// This variable said so.
    Variable(String),
    /// The preset of this product said so.
    Preset(&'static str),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code => f.write_str("code"),
            Self::Variable(name) => f.write_str(name),
            Self::Preset(product) => write!(f, "preset of {product}"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Origin {
    /// Code, else the first of these variables that is set, else nobody.
    pub(crate) fn of(in_code: bool, environment: &Environment, variables: &[&str]) -> Self {
        let set = |variable: &&&str| environment.get(variable).is_some();
        match variables.iter().find(set) {
            _ if in_code => Self::Code,
            Some(variable) => Self::Variable((*variable).to_owned()),
            None => Self::Default,
        }
    }
}

/// Where the settings of an endpoint came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndpointOrigins {
    pub(crate) endpoint: Origin,
    pub(crate) protocol: Origin,
    pub(crate) headers: Origin,
    pub(crate) compression: Origin,
    pub(crate) timeout: Origin,
    /// Whether variables could say what code does not.
    pub(crate) from_env: bool,
}

impl EndpointOrigins {
    /// The program said all of it.
    pub(crate) const CODE: Self = Self {
        endpoint: Origin::Code,
        protocol: Origin::Code,
        headers: Origin::Code,
        compression: Origin::Code,
        timeout: Origin::Code,
        from_env: false,
    };
}

/// What holds for all destinations.
pub(super) fn in_force(
    config: &TelemetryConfig,
    settings: &Settings,
    environment: &Environment,
) -> Vec<InForce> {
    let of = |setting, value: String, in_code, variables: &[&str]| InForce {
        setting,
        value,
        origin: Origin::of(in_code, environment, variables),
    };
    let service = settings.resource.get(&opentelemetry::Key::from_static_str("service.name"));
    let service = service.map(|name| name.as_str().into_owned()).unwrap_or_default();
    let spool = settings.spool.as_ref().map(|spool| spool.directory.display().to_string());
    let batches = [
        ("span_batches", config.span_batches.is_some(), settings.spans, "OTEL_BSP_MAX_QUEUE_SIZE"),
        ("log_batches", config.log_batches.is_some(), settings.logs, "OTEL_BLRP_MAX_QUEUE_SIZE"),
    ];
    let mut all = vec![
        of(
            "enabled",
            settings.enabled.to_string(),
            config.enabled.is_some(),
            &["OTEL_SDK_DISABLED"],
        ),
        of(
            "service_name",
            service,
            config.service_name.is_some(),
            &["OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"],
        ),
        of(
            "sampling",
            settings.sampling.in_words(),
            config.sampling.is_some(),
            &["OTEL_TRACES_SAMPLER"],
        ),
        of(
            "content_capture",
            format!("{:?}", settings.policy.content()),
            config.content.is_some(),
            &["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"],
        ),
        of(
            "pricing",
            if settings.pricing.is_some() { "prices" } else { "none" }.to_owned(),
            config.pricing.is_some(),
            &["SPANWISE_PRICES"],
        ),
        of(
            "spool",
            spool.unwrap_or_else(|| "none".to_owned()),
            config.spool.is_some(),
            &["SPANWISE_SPOOL_DIR"],
        ),
    ];
    all.extend(batches.map(|(setting, in_code, batches, variable)| {
        of(setting, format!("at most {} wait", batches.max_queue_size), in_code, &[variable])
    }));
    all
}
