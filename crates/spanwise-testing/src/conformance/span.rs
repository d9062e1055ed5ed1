//! Spans: type, kind, name, status, attributes.

use spanwise_core::SCOPE_NAME;

use super::Strength;
use super::attributes::{self, Asked};
use super::content::Place;
use super::conventions::{self, Conventions, Level, SpanRefinement};
use super::observed::{Attributes, Span, Status};
use super::profile::Dialect;
use super::report::{Findings, Signal, Violation};
use super::values;

const OPERATION: &str = "gen_ai.operation.name";

/// Whether a span is ours or about a model; the program's other spans are its own affair.
fn is_judged(span: &Span) -> bool {
    span.attributes.has(OPERATION) || span.scope.name == SCOPE_NAME
}

/// Whether it has, or can have, everything that a response tells.
pub(super) fn is_complete(span: &Span) -> bool {
    let outcome = span.attributes.text("spanwise.outcome").unwrap_or("completed");
    span.status != Status::Error && outcome == "completed"
}

pub(super) fn judge(dialect: &Dialect, span: &Span, strength: Strength) -> Vec<Violation> {
    let mut findings = Findings::on(Signal::Span, &span.name);
    if is_judged(span) {
        super::judge_scope(dialect, &span.scope, &mut findings);
        judge_status(span, &mut findings);
        values::judge(&span.attributes, &mut findings);
        match SpanType::of(&dialect.table, span) {
            Some(span_type) => span_type.judge(dialect, span, strength, &mut findings),
            None => judge_untyped(dialect, span, &mut findings),
        }
    }
    findings.into_violations()
}

/// Operations of others' invention are welcome; only their attributes are looked at.
fn judge_untyped(dialect: &Dialect, span: &Span, findings: &mut Findings) {
    if !span.attributes.has(OPERATION) {
        findings.attribute(OPERATION, "is required and absent");
    }
    let requirements = conventions::Requirements::new();
    let asked = Asked { by: "a span", requirements, place: Place::Span, open: true };
    attributes::judge(dialect, &span.attributes, &asked, findings);
}

fn judge_status(span: &Span, findings: &mut Findings) {
    let (failed, has_type) = (span.status == Status::Error, span.attributes.has("error.type"));
    if span.status == Status::Ok {
        findings.add("its status is `OK`, which is the program's to say");
    }
    if failed && !has_type {
        findings.attribute("error.type", "is required where the status is `ERROR`, and absent");
    }
    if has_type && !failed {
        findings.attribute("error.type", "stands there, but the status is not `ERROR`");
    }
    if let Some(outcome) = span.attributes.text("spanwise.outcome")
        && failed != (outcome == "failed")
    {
        let problem = format!("is `{outcome}`, which contradicts the status");
        findings.attribute("spanwise.outcome", problem);
    }
}

/// What a span is, by its operation and kind, refined by its provider or its attributes.
struct SpanType<'a> {
    name: &'a str,
    base: &'a conventions::Span,
    refinements: Vec<&'a SpanRefinement>,
}

impl<'a> SpanType<'a> {
    fn of(table: &'a Conventions, span: &Span) -> Option<Self> {
        let candidates = || table.spans.iter().filter(|(_, base)| is_of(base, span));
        let of_kind = |(_, base): &(&String, &conventions::Span)| has_kind(base, span.kind);
        let (name, base) = candidates().find(of_kind).or_else(|| candidates().next())?;
        let provider = span.attributes.text("gen_ai.provider.name");
        let mut refinements = table.refinements_by_provider(name, provider);
        refinements.extend(refined_by_attributes(table, name, base, span));
        Some(Self { name, base, refinements })
    }

    fn judge(&self, dialect: &Dialect, span: &Span, strength: Strength, findings: &mut Findings) {
        if !has_kind(self.base, span.kind) {
            let kinds = self.base.kinds.join(" or ");
            findings.add(format!("its kind is `{}`, not `{kinds}`", span.kind));
        }
        let refined = self.refinements.iter().map(|it| &it.names).find(|names| !names.is_empty());
        let expected = name(refined.unwrap_or(&self.base.names), &span.attributes);
        if span.name != expected {
            findings.add(format!("its name should be `{expected}`"));
        }
        if self.name == "gen_ai.invoke_agent.internal" {
            for key in ["server.address", "server.port"] {
                if span.attributes.has(key) {
                    findings.attribute(key, "does not belong on an agent in this process");
                }
            }
        }
        let asked = Asked {
            by: &format!("`{}`", self.name),
            requirements: self.requirements(),
            place: Place::Span,
            open: false,
        };
        attributes::judge(dialect, &span.attributes, &asked, findings);
        if strength == Strength::Recommended && is_complete(span) {
            attributes::judge_recommended(&span.attributes, &asked.requirements, findings);
        }
    }

    fn requirements(&self) -> conventions::Requirements {
        let mut all = self.base.attributes.clone();
        for refinement in &self.refinements {
            all.extend(refinement.attributes.iter().map(|(key, level)| (key.clone(), *level)));
        }
        // Required as written, but there is none to name where a call is made without a guardrail.
        if let Some(level) = all.get_mut("aws.bedrock.guardrail.id") {
            *level = Level::Allowed;
        }
        all
    }
}

fn is_of(base: &conventions::Span, span: &Span) -> bool {
    let has = |key: &str| span.attributes.has(key);
    match span.attributes.text(OPERATION) {
        // A tool that is called over MCP may be one span of either type.
        Some(_) if has("mcp.method.name") && span.kind != "internal" => {
            base.attributes.contains_key("mcp.method.name")
        }
        Some(operation) => base.operations.iter().any(|name| name == operation),
        // Spans without an operation are known by the one attribute that they require.
        None => {
            base.operations.is_empty()
                && base
                    .attributes
                    .iter()
                    .any(|(key, level)| *level == Level::Required && key != OPERATION && has(key))
        }
    }
}

fn has_kind(base: &conventions::Span, kind: &str) -> bool {
    base.kinds.iter().any(|known| known == kind)
}

/// The refinement that explains what the span has beyond its base, and asks for the least else.
fn refined_by_attributes<'a>(
    table: &'a Conventions,
    name: &str,
    base: &conventions::Span,
    span: &Span,
) -> Option<&'a SpanRefinement> {
    let candidates: Vec<_> = table
        .span_refinements
        .values()
        .filter(|it| it.of == name && it.provider.is_none())
        .collect();
    let beyond: Vec<&str> = span
        .attributes
        .iter()
        .map(|(key, _)| key)
        .filter(|key| !base.attributes.contains_key(*key))
        .filter(|key| candidates.iter().any(|it| it.attributes.contains_key(*key)))
        .collect();
    if beyond.is_empty() {
        return None;
    }
    let explains =
        |it: &&&SpanRefinement| beyond.iter().all(|key| it.attributes.contains_key(*key));
    candidates.iter().filter(explains).min_by_key(|it| it.attributes.len()).copied()
}

/// The fullest template whose attributes are all there, else what stands before the first attribute.
fn name(templates: &[String], attributes: &Attributes) -> String {
    let bare = templates.first().and_then(|fullest| fullest.split(" {").next());
    let mut all = templates.iter().map(String::as_str).chain(bare);
    all.find_map(|template| fill(template, attributes)).unwrap_or_default()
}

fn fill(template: &str, attributes: &Attributes) -> Option<String> {
    let mut name = String::new();
    // Literal and key take turns.
    for (at, piece) in template.split(['{', '}']).enumerate() {
        let is_key = at % 2 == 1;
        name.push_str(if is_key { value(piece, attributes)? } else { piece });
    }
    Some(name)
}

fn value<'a>(key: &str, attributes: &'a Attributes) -> Option<&'a str> {
    match key {
        "target" => attributes.text("gen_ai.tool.name").or(attributes.text("gen_ai.prompt.name")),
        key => attributes.text(key),
    }
}
