//! `docs/metrics.md` lists every metric, under the name that Prometheus gives it.

use std::path::Path;

use spanwise_core::semconv::{Descriptor, Instrument, Metric};

/// The name after translation: underscores, units that are told, and `_total` of counters.
fn in_prometheus(metric: &Descriptor) -> String {
    let unit = match metric.unit {
        "s" => "_seconds",
        "By" => "_bytes",
        "1" if metric.instrument == Instrument::DoubleGauge => "_ratio",
        _ => "",
    };
    let counts = matches!(metric.instrument, Instrument::Counter | Instrument::DoubleCounter);
    let total = if counts { "_total" } else { "" };
    format!("{}{unit}{total}", metric.name.replace('.', "_"))
}

#[test]
fn every_metric_has_its_row() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    // Only the repository has it.
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
    for metric in Metric::ALL {
        let metric = metric.descriptor();
        let instrument = match metric.instrument {
            Instrument::Counter | Instrument::DoubleCounter => "counter",
            Instrument::Gauge | Instrument::DoubleGauge => "gauge",
            Instrument::IntHistogram | Instrument::DoubleHistogram => "histogram",
        };
        let row = format!(
            "| `{}` | {instrument} | `{}` | `{}` |",
            metric.name,
            metric.unit,
            in_prometheus(&metric)
        );
        assert!(rows.contains(&row.as_str()), "docs/metrics.md has no row {row}");
    }
}
