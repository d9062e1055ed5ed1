//! Points of metrics: instrument, unit, boundaries, attributes.

use spanwise_core::semconv::SemconvProfile;

use super::Strength;
use super::attributes::{self, Asked};
use super::content::Place;
use super::conventions::{self, ValueType};
use super::observed::Point;
use super::profile::Dialect;
use super::report::{Findings, Signal, Violation};
use super::values;
use crate::captured::Instrument;

/// Names that the conventions give; all other metrics are the program's own.
const GIVEN: [&str; 2] = ["gen_ai.", "spanwise."];

const OPERATION: &str = "gen_ai.operation.name";

/// Beyond a limit of attribute sets the SDK puts all into one point, which says no more than this.
const OVERFLOW: &str = "otel.metric.overflow";

pub(super) fn judge(dialect: &Dialect, point: &Point, strength: Strength) -> Vec<Violation> {
    let mut findings = Findings::on(Signal::Metric, &point.metric);
    match dialect.table.metrics.get(&point.metric) {
        Some(metric) => judge_known(dialect, point, metric, strength, &mut findings),
        None if GIVEN.iter().any(|prefix| point.metric.starts_with(prefix)) => {
            findings.add("is not in the conventions");
        }
        None => {}
    }
    findings.into_violations()
}

/// Where both versions are called for, what one measures the other must measure, too.
pub(super) fn judge_pairs(dialect: &Dialect, points: &[Point]) -> Vec<Violation> {
    let mut violations = Vec::new();
    if dialect.profile != SemconvProfile::Both {
        return violations;
    }
    let measured = |name: &str| points.iter().any(|point| point.metric == name);
    for (today, then) in &dialect.table.earlier.metrics {
        if measured(today) && !measured(&then.name) {
            let mut findings = Findings::on(Signal::Metric, today);
            findings.add(format!("stands there without `{}`", then.name));
            violations.extend(findings.into_violations());
        }
    }
    violations
}

fn judge_known(
    dialect: &Dialect,
    point: &Point,
    metric: &conventions::Metric,
    strength: Strength,
    findings: &mut Findings,
) {
    super::judge_scope(dialect, &point.scope, findings);
    judge_instrument(point, metric, findings);
    if point.attributes.has(OVERFLOW) {
        return;
    }
    judge_operation(dialect, point, findings);
    values::judge_server(&point.attributes, findings);
    let mut requirements = metric.attributes.clone();
    let refinements = dialect.table.metric_refinements.values();
    for refinement in refinements.filter(|refinement| refinement.of == point.metric) {
        // The span asks for these only where the provider tells them, and so do we.
        let keys = refinement.attributes.keys();
        requirements.extend(keys.map(|key| (key.clone(), conventions::Level::Allowed)));
    }
    let asked = Asked { by: "this metric", requirements, place: Place::Span, open: false };
    attributes::judge(dialect, &point.attributes, &asked, findings);
    if strength == Strength::Recommended && !point.attributes.has("error.type") {
        let mut demanded = asked.requirements;
        demanded.retain(|key, _| can_know(dialect, point, key));
        attributes::judge_recommended(&point.attributes, &demanded, findings);
    }
}

/// Of operations that share a metric not all have all of its attributes: a retrieval has no answer's model.
fn can_know(dialect: &Dialect, point: &Point, key: &str) -> bool {
    let operation = point.attributes.text(OPERATION);
    operation.is_none_or(|operation| {
        let mut spans = dialect.table.spans_of(operation);
        spans.any(|span| span.attributes.contains_key(key))
    })
}

fn judge_instrument(point: &Point, metric: &conventions::Metric, findings: &mut Findings) {
    let fits = match point.instrument {
        Instrument::Counter => metric.instrument == "counter",
        Instrument::Histogram | Instrument::ExponentialHistogram => {
            metric.instrument == "histogram"
        }
        Instrument::Gauge => metric.instrument == "gauge",
        Instrument::UpDownCounter => metric.instrument == "updowncounter",
    };
    if !fits {
        findings.add(format!("is a {}, not a {}", point.instrument, metric.instrument));
    }
    if point.unit != metric.unit {
        findings.add(format!("its unit is `{}`, not `{}`", point.unit, metric.unit));
    }
    if point.whole.is_some_and(|whole| whole != (metric.value == ValueType::Int)) {
        findings.add(format!("its values are not of type {}", metric.value));
    }
    if let Some(boundaries) = &point.boundaries
        && *boundaries != metric.boundaries
    {
        findings.add(format!("its boundaries are {boundaries:?}, not {:?}", metric.boundaries));
    }
}

/// Inferences have metrics of their own today, and had none before.
fn judge_operation(dialect: &Dialect, point: &Point, findings: &mut Findings) {
    let Some(operation) = point.attributes.text(OPERATION) else { return };
    let inferences = &dialect.table.spans["gen_ai.client.inference"].operations;
    let is_inference = inferences.iter().any(|name| name == operation);
    let is_known = dialect.table.spans_of(operation).next().is_some();
    let is_for_inferences = point.metric.starts_with("gen_ai.client.inference.");
    let is_for_others =
        point.metric == "gen_ai.client.operation.duration" && !dialect.profile.has_v1_41();
    if (is_for_inferences && is_known && !is_inference) || (is_for_others && is_inference) {
        findings
            .attribute(OPERATION, format!("is `{operation}`, which this metric does not measure"));
    }
}
