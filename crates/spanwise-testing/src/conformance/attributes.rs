//! What holds for attributes wherever they stand: known, in their place, of their type, once.

use serde_json::Value;
use spanwise_core::ScopeField;
use spanwise_core::semconv::value;

use super::content::Place;
use super::conventions::{Attribute, Level, Requirements, ValueType};
use super::observed::Attributes;
use super::profile::Dialect;
use super::report::{Findings, Signal};

/// Keys that begin so are the conventions' to give; all others are the program's own.
const GIVEN: [&str; 4] = ["gen_ai.", "openai.", "aws.bedrock.", "spanwise."];

/// Enums are open, but these are complete: the first two have a word for everything else, the last is ours.
const CLOSED: [&str; 3] = ["gen_ai.token.modality", "gen_ai.token.type", "spanwise.outcome"];

/// What providers were called before.
const OLD_PROVIDERS: [(&str, &str); 5] = [
    ("az.ai.inference", value::gen_ai_provider_name::AZURE_AI_INFERENCE),
    ("az.ai.openai", value::gen_ai_provider_name::AZURE_AI_OPENAI),
    ("xai", value::gen_ai_provider_name::X_AI),
    ("gemini", value::gen_ai_provider_name::GCP_GEMINI),
    ("vertex_ai", value::gen_ai_provider_name::GCP_VERTEX_AI),
];

/// The attributes that a place asks for.
pub(super) struct Asked<'a> {
    /// What it is called in a report.
    pub(super) by: &'a str,
    pub(super) requirements: Requirements,
    pub(super) place: Place,
    /// Whether others of the conventions may stand there, too.
    pub(super) open: bool,
}

/// Judges each attribute, and that those that are required are there.
pub(super) fn judge(
    dialect: &Dialect,
    attributes: &Attributes,
    asked: &Asked<'_>,
    findings: &mut Findings,
) {
    for key in attributes.repeated() {
        findings.attribute(key, "stands there more than once");
    }
    for (key, value) in attributes.iter() {
        match dialect.table.attribute(key) {
            // What a program chose to tell metrics apart by, of the scopes around operations.
            _ if findings.signal() == Signal::Metric && is_of_scope(key) => {}
            Some((family, attribute)) => {
                judge_place(dialect, key, family, asked, findings);
                judge_value(dialect, key, attribute, value, asked, findings);
            }
            None if is_given(key) => findings.attribute(key, "is not in the conventions"),
            // A metric's attributes are all counted: there is no room for others.
            None if findings.signal() == Signal::Metric => misplaced(key, asked, findings),
            None => {}
        }
    }
    for (key, level) in &asked.requirements {
        if *level == Level::Required && !attributes.has(key) {
            findings.attribute(key, "is required and absent");
        }
    }
    for (today, then) in &dialect.pairs {
        if asked.requirements.contains_key(today) && attributes.has(today) != attributes.has(then) {
            findings.attribute(today, format!("and `{then}` must both be there, or neither"));
        }
    }
}

/// Judges that what is recommended without a condition is there.
pub(super) fn judge_recommended(
    attributes: &Attributes,
    asked: &Requirements,
    findings: &mut Findings,
) {
    for (key, level) in asked {
        if *level == Level::Recommended && !attributes.has(key) {
            findings.attribute(key, "is recommended and absent");
        }
    }
}

fn is_of_scope(key: &str) -> bool {
    ScopeField::of_key(key).is_some_and(|field| field != ScopeField::AgentName)
}

fn is_given(key: &str) -> bool {
    GIVEN.iter().any(|prefix| key.starts_with(prefix))
}

fn judge_place(
    dialect: &Dialect,
    key: &str,
    family: &str,
    asked: &Asked<'_>,
    findings: &mut Findings,
) {
    let may = asked.open
        || asked.requirements.contains_key(family)
        || (family.starts_with("spanwise.") && !is_bound(dialect, family, findings.signal()));
    if !may && (is_given(key) || findings.signal() == Signal::Metric) {
        misplaced(key, asked, findings);
    }
}

/// Whether an extension belongs to some places of a signal alone; on metrics it always does.
fn is_bound(dialect: &Dialect, family: &str, signal: Signal) -> bool {
    match signal {
        Signal::Span => dialect.table.is_bound_to_spans(family),
        Signal::Metric => true,
        _ => dialect.table.is_bound(family),
    }
}

fn misplaced(key: &str, asked: &Asked<'_>, findings: &mut Findings) {
    findings.attribute(key, format!("does not belong on {}", asked.by));
}

fn judge_value(
    dialect: &Dialect,
    key: &str,
    attribute: &Attribute,
    value: &Value,
    asked: &Asked<'_>,
    findings: &mut Findings,
) {
    let value_type = dialect.value_type(key, attribute, &asked.requirements);
    if value_type == ValueType::Any {
        return dialect.shapes.judge(key, value, asked.place, findings);
    }
    if !value_type.has(value) {
        return findings.attribute(key, format!("is of type {}, not {value_type}", type_of(value)));
    }
    let Some(text) = value.as_str() else { return };
    if CLOSED.contains(&key) && !attribute.values.iter().any(|known| known == text) {
        findings.attribute(key, format!("is `{text}`, not one of {}", attribute.values.join(", ")));
    }
    if key == "gen_ai.provider.name" {
        let old = OLD_PROVIDERS.iter().find(|(old, _)| *old == text);
        if let Some((_, today)) = old {
            findings.attribute(key, format!("is `{text}`, which is called `{today}` today"));
        }
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing that JSON has a word for",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "double",
        Value::Number(_) => "int",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "map",
    }
}
