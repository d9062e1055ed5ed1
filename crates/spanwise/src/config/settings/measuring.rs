//! What is measured, and by which names.

use spanwise_core::{MetricSet, ModelNames, ScopeField};

use crate::config::TelemetryConfig;
use crate::env::Reader;

pub(super) fn metric_set(config: &TelemetryConfig, reader: &mut Reader<'_>) -> MetricSet {
    let from_env = reader
        .parsed("SPANWISE_METRIC_SET", "one of all, basic, cost", "all", |word| word.parse().ok());
    config.metric_set.or(from_env).unwrap_or_default()
}

pub(super) fn model_names(config: &TelemetryConfig, reader: &mut Reader<'_>) -> ModelNames {
    let from_env =
        reader.parsed("SPANWISE_METRIC_MODEL_NAMES", "one of exact, plain", "exact", |word| {
            match word.to_ascii_lowercase().as_str() {
                "exact" => Some(ModelNames::exact()),
                "plain" => Some(ModelNames::plain()),
                _ => None,
            }
        });
    config.model_names.clone().or(from_env).unwrap_or_default()
}

/// `None` where nobody says anything.
pub(super) fn scope_on_metrics(
    config: &TelemetryConfig,
    reader: &mut Reader<'_>,
) -> Option<Vec<ScopeField>> {
    let list = reader.environment().get("SPANWISE_METRIC_SCOPE");
    let from_env = list.map(|list| {
        let mut fields = Vec::new();
        for word in
            list.split(',').map(str::trim).filter(|word| !word.is_empty() && *word != "none")
        {
            match ScopeField::of_key(word) {
                Some(field) => fields.push(field),
                None => reader.warn(format!(
                    "SPANWISE_METRIC_SCOPE names something that is not one of {}; it is left out",
                    ScopeField::ALL.map(ScopeField::key).join(", ")
                )),
            }
        }
        fields
    });
    config.scope_on_metrics.clone().or(from_env)
}
