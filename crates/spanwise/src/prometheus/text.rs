//! Families as text: Prometheus' own, and OpenMetrics.
//!
//! Source: [text format](https://prometheus.io/docs/instrumenting/exposition_formats/),
//! [OpenMetrics 1.0](https://prometheus.io/docs/specs/om/open_metrics_spec/)

use std::fmt::Write as _;

use super::accept::ExpositionFormat;
use super::family::{Families, Family, Kind, Labels, Number, Value};

pub(super) fn write(families: &Families, format: ExpositionFormat) -> String {
    let mut text = Text { out: String::with_capacity(16 << 10), format };
    text.target(&families.target);
    for family in families.all.iter().filter(|family| !family.series.is_empty()) {
        text.family(family);
    }
    if format == ExpositionFormat::OpenMetrics {
        text.out.push_str("# EOF\n");
    }
    text.out
}

struct Text {
    out: String,
    format: ExpositionFormat,
}

impl Text {
    fn target(&mut self, target: &Labels) {
        let (name, kind) = match self.format {
            ExpositionFormat::Text => ("target_info", "gauge"),
            ExpositionFormat::OpenMetrics => ("target", "info"),
        };
        self.described(name, kind, "", "What the metrics are of.");
        self.sample("target_info", "", (target, None), &Number::Int(1));
    }

    fn family(&mut self, family: &Family) {
        let Family { name, kind, unit, help, series, .. } = family;
        let (word, suffix) = match kind {
            Kind::Counter => ("counter", "_total"),
            Kind::Gauge => ("gauge", ""),
            Kind::Histogram => ("histogram", ""),
        };
        match self.format {
            ExpositionFormat::Text => self.described(&format!("{name}{suffix}"), word, unit, help),
            ExpositionFormat::OpenMetrics => self.described(name, word, unit, help),
        }
        for series in series {
            let labels = &series.labels;
            match &series.value {
                Value::Number(number) => self.sample(name, suffix, (labels, None), number),
                Value::Histogram { buckets, count, sum } => {
                    for (bound, below) in buckets {
                        self.bucket(name, labels, *bound, *below);
                    }
                    self.bucket(name, labels, f64::INFINITY, *count);
                    if let Some(sum) = sum {
                        self.sample(name, "_sum", (labels, None), &Number::Double(*sum));
                    }
                    self.count(name, "_count", (labels, None), *count);
                }
            }
        }
    }

    fn described(&mut self, name: &str, kind: &str, unit: &str, help: &str) {
        if !help.is_empty() {
            self.out.push_str("# HELP ");
            self.out.push_str(name);
            self.out.push(' ');
            let quotes = self.format == ExpositionFormat::OpenMetrics;
            escape(&mut self.out, help, quotes);
            self.out.push('\n');
        }
        // Writing to a string does not fail.
        let _ = writeln!(self.out, "# TYPE {name} {kind}");
        if self.format == ExpositionFormat::OpenMetrics && !unit.is_empty() {
            let _ = writeln!(self.out, "# UNIT {name} {unit}");
        }
    }

    fn bucket(&mut self, name: &str, labels: &Labels, bound: f64, below: u64) {
        let mut le = String::new();
        double(&mut le, bound);
        // OpenMetrics tells floats from whole numbers.
        if self.format == ExpositionFormat::OpenMetrics
            && bound.is_finite()
            && !le.contains(['.', 'e'])
        {
            le.push_str(".0");
        }
        self.count(name, "_bucket", (labels, Some(&le)), below);
    }

    fn count(&mut self, name: &str, suffix: &str, labels: (&Labels, Option<&str>), count: u64) {
        self.named(name, suffix, labels);
        let _ = writeln!(self.out, " {count}");
    }

    fn sample(
        &mut self,
        name: &str,
        suffix: &str,
        labels: (&Labels, Option<&str>),
        number: &Number,
    ) {
        self.named(name, suffix, labels);
        self.out.push(' ');
        match number {
            Number::Int(number) => {
                let _ = write!(self.out, "{number}");
            }
            Number::Double(number) => double(&mut self.out, *number),
        }
        self.out.push('\n');
    }

    fn named(&mut self, name: &str, suffix: &str, (labels, le): (&Labels, Option<&str>)) {
        self.out.push_str(name);
        self.out.push_str(suffix);
        let labels = labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let mut separator = '{';
        for (key, value) in labels.chain(le.map(|le| ("le", le))) {
            self.out.push(separator);
            separator = ',';
            self.out.push_str(key);
            self.out.push_str("=\"");
            escape(&mut self.out, value, true);
            self.out.push('"');
        }
        if separator == ',' {
            self.out.push('}');
        }
    }
}

/// Backslashes and line ends, and quotes where they end something.
fn escape(out: &mut String, text: &str, quotes: bool) {
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quotes => out.push_str("\\\""),
            other => out.push(other),
        }
    }
}

fn double(out: &mut String, number: f64) {
    let _ = match number {
        f64::INFINITY => write!(out, "+Inf"),
        f64::NEG_INFINITY => write!(out, "-Inf"),
        number if number.is_nan() => write!(out, "NaN"),
        // As long as it is short; both read back as the same number.
        number if number != 0.0 && !(1e-6..1e21).contains(&number.abs()) => {
            write!(out, "{number:e}")
        }
        number => write!(out, "{number}"),
    };
}

#[cfg(test)]
mod tests;
