//! Events: name, severity, attributes, and no body.

use super::attributes::{self, Asked};
use super::content::Place;
use super::conventions::Level;
use super::observed::Event;
use super::profile::Dialect;
use super::report::{Findings, Signal, Violation};
use super::values;

/// Names that the conventions give; all other events are the program's own.
const GIVEN: [&str; 2] = ["gen_ai.", "spanwise."];

const EXCEPTION: &str = "gen_ai.client.operation.exception";

/// It repeats its span, and so also what that has by its provider.
const DETAILS: &str = "gen_ai.client.inference.operation.details";
const DETAILED: &str = "gen_ai.client.inference";

/// Of each list one must be there.
const ONE_OF: [(&str, &[&str]); 2] = [
    (EXCEPTION, &["exception.type", "exception.message"]),
    (
        "gen_ai.evaluation.result",
        &[
            "gen_ai.evaluation.score.value",
            "gen_ai.evaluation.score.label",
            "gen_ai.evaluation.explanation",
            "error.type",
        ],
    ),
];

pub(super) fn judge(dialect: &Dialect, event: &Event) -> Vec<Violation> {
    let mut findings = Findings::on(Signal::Event, &event.name);
    if GIVEN.iter().any(|prefix| event.name.starts_with(prefix)) {
        judge_given(dialect, event, &mut findings);
    }
    findings.into_violations()
}

fn judge_given(dialect: &Dialect, event: &Event, findings: &mut Findings) {
    let Some(known) = dialect.table.events.get(&event.name) else {
        return findings.add("is not in the conventions");
    };
    super::judge_scope(dialect, &event.scope, findings);
    if known.severity.is_some_and(|severity| severity != event.severity) {
        let severity = known.severity.unwrap_or_default();
        findings.add(format!("its severity is {}, not {severity}", event.severity));
    }
    if event.has_body {
        findings.add("has a body; attributes say everything");
    }
    for (_, keys) in ONE_OF.iter().filter(|(name, _)| *name == event.name) {
        if !keys.iter().any(|key| event.attributes.has(key)) {
            findings.add(format!("has none of {}", keys.join(", ")));
        }
    }
    values::judge(&event.attributes, findings);
    let mut requirements = known.attributes.clone();
    if event.name == DETAILS {
        let provider = event.attributes.text("gen_ai.provider.name");
        let refinements = dialect.table.refinements_by_provider(DETAILED, provider);
        for key in refinements.iter().flat_map(|refinement| refinement.attributes.keys()) {
            requirements.entry(key.clone()).or_insert(Level::Allowed);
        }
    }
    let asked = Asked {
        by: "this event",
        requirements,
        place: Place::Event,
        // It may carry the attributes of its span, whatever that is.
        open: event.name == EXCEPTION,
    };
    attributes::judge(dialect, &event.attributes, &asked, findings);
}
