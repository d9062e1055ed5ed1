use std::collections::BTreeSet;

use super::*;
use crate::env::asked;

/// Variables of one signal count as the one for all.
fn for_all_signals(variable: &str) -> String {
    if variable == "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE" {
        return variable.to_owned();
    }
    let signals = ["_TRACES_", "_METRICS_", "_LOGS_"];
    match signals.iter().find(|signal| variable.starts_with(&format!("OTEL_EXPORTER_OTLP{signal}")))
    {
        Some(signal) => variable.replacen(signal, "_", 1),
        None => variable.to_owned(),
    }
}

fn read_by_us() -> BTreeSet<String> {
    asked::take();
    settle(&[
        HERE,
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
        ("SPANWISE_SPOOL_DIR", "/spool"),
    ]);
    settle(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ]);
    asked::take().iter().map(|variable| for_all_signals(variable)).collect()
}

fn documented() -> BTreeSet<String> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let text = std::fs::read_to_string(file).unwrap();
    let words = text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
    words
        .filter(|word| ["OTEL_", "SPANWISE_"].iter().any(|begin| word.starts_with(begin)))
        .filter(|word| !word.ends_with('_'))
        .map(for_all_signals)
        .collect()
}

#[test]
fn the_variables_that_are_read_are_those_that_are_documented() {
    assert_eq!(read_by_us(), documented());
}
