//! Our tables to `docs/operations.md`: everything that is sent, by name.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result};

use crate::generate::recorded;
use crate::table::{
    Attribute, Earlier, Level, Metric, Requirement, Requirements, Span, Table, ValueType,
};

const HEAD: &str = "<!-- Written by `cargo xtask semconv generate` from `semconv/*.yaml`; not edited by hand. -->

# Operations

Every span, event, metric and attribute by name. Names are those of the OpenTelemetry GenAI conventions; what begins with
`spanwise.` is an extension of ours. What each setter records is said where it is documented (`cargo doc --open`), and
`cargo run --example conformance` shows each kind of exchange and is held to these tables.

How much an attribute is asked for:

| Word | Meaning |
|---|---|
| required | on every span of its kind |
| conditionally required | wherever there is something to say: an error, a port that is not the usual one, a model that is known |
| recommended | wherever it is known |
| recommended if | the same, and only where it applies |
| opt-in | content, or costly: only where it is asked for ([privacy.md](privacy.md)) |

*At start* means that it is there when the span begins, so that a sampler can decide by it.
";

/// What records a span, by the span's id.
const RECORDED_BY: [(&str, &str); 12] = [
    ("gen_ai.client.inference", "`Generation`"),
    ("gen_ai.embeddings.client", "`Embeddings`"),
    ("gen_ai.retrieval.client", "`Retrieval`"),
    ("gen_ai.memory.client", "`Memory`"),
    ("gen_ai.fetch_response.client", "`FetchResponse`"),
    ("gen_ai.execute_tool.internal", "`Tool`"),
    ("gen_ai.invoke_agent.internal", "`Agent`"),
    ("gen_ai.invoke_agent.client", "`Agent::remote`"),
    ("gen_ai.create_agent.client", "`Agent::create`"),
    ("gen_ai.plan.internal", "`Plan`"),
    ("gen_ai.invoke_workflow.internal", "`Workflow`"),
    ("spanwise.step", "`Step`"),
];

pub(crate) fn page(genai: &Table, spanwise: &Table, earlier: &Earlier) -> Result<String> {
    let tables = Tables([genai, spanwise]);
    let mut text = HEAD.to_owned();
    tables.spans(&mut text)?;
    tables.refinements(&mut text);
    tables.events(&mut text)?;
    tables.metrics(&mut text);
    tables.attributes(&mut text);
    versions(&mut text, genai, earlier);
    Ok(text)
}

struct Tables<'a>([&'a Table; 2]);

impl Tables<'_> {
    fn attribute(&self, key: &str) -> Result<&Attribute> {
        let found = self.0.iter().find_map(|table| table.attributes.get(key));
        found.with_context(|| format!("`{key}` has no type"))
    }

    fn spans(&self, text: &mut String) -> Result<()> {
        text.push_str("\n## Spans\n");
        let all: BTreeMap<&String, &Span> = self.0.iter().flat_map(|table| &table.spans).collect();
        for (id, by) in RECORDED_BY {
            let span = all.get(&id.to_owned()).with_context(|| format!("no span `{id}`"))?;
            let names: Vec<_> = span.names.iter().map(|name| format!("`{name}`")).collect();
            let kinds: Vec<_> =
                span.kinds.iter().map(|kind| format!("`{}`", kind.to_uppercase())).collect();
            let _ = write!(text, "\n### {}\n\n", by.trim_matches('`'));
            let _ =
                writeln!(text, "Span {}, kind {}: `{id}`.", names.join(" or "), kinds.join(" or "));
            if !span.operations.is_empty() {
                let operations: Vec<_> =
                    span.operations.iter().map(|it| format!("`{it}`")).collect();
                let _ = writeln!(text, "`gen_ai.operation.name` is {}.", operations.join(" or "));
            }
            self.rows(text, &span.attributes)?;
        }
        Ok(())
    }

    /// What is asked for beyond that, by provider or kind.
    fn refinements(&self, text: &mut String) {
        text.push_str("\n### By provider and kind\n\nWhat differs from the tables above.\n");
        text.push_str("\n| Span | Of | Attribute | Asked for |\n|---|---|---|---|\n");
        for (id, refined) in self.0.iter().flat_map(|table| &table.span_refinements) {
            for (key, requirement) in &refined.attributes {
                let level = requirement.in_words();
                let _ = writeln!(text, "| `{id}` | `{}` | `{key}` | {level} |", refined.of);
            }
        }
    }

    fn events(&self, text: &mut String) -> Result<()> {
        text.push_str("\n## Events\n\nLog records, and events of spans.\n");
        for (name, event) in self.0.iter().flat_map(|table| &table.events) {
            let _ = write!(text, "\n### `{name}`\n\n");
            let severity = event.severity.map_or(String::new(), |it| format!(", severity {it}"));
            let _ = writeln!(text, "{}{severity}.", capital(event.level.in_words()));
            self.rows(text, &event.attributes)?;
        }
        Ok(())
    }

    fn metrics(&self, text: &mut String) {
        text.push_str(
            "\n## Metrics\n\nWhat each is called in Prometheus: [metrics.md](metrics.md).\n",
        );
        text.push_str(
            "\n| Metric | Instrument | Unit | Value | Attributes |\n|---|---|---|---|---|\n",
        );
        let all: BTreeMap<&String, &Metric> =
            self.0.iter().flat_map(|table| &table.metrics).filter(|(id, _)| recorded(id)).collect();
        for (name, metric) in all {
            let attributes: Vec<_> =
                metric.attributes.keys().map(|key| format!("`{key}`")).collect();
            let _ = writeln!(
                text,
                "| `{name}` | {} | `{}` | {} | {} |",
                metric.instrument,
                metric.unit,
                metric.value.in_words(),
                attributes.join(", ")
            );
        }
    }

    fn attributes(&self, text: &mut String) {
        text.push_str("\n## Attributes\n\nOf spans, events, metrics and the resource.\n");
        text.push_str("\n| Attribute | Type | Values |\n|---|---|---|\n");
        let all: BTreeMap<&String, &Attribute> = self
            .0
            .iter()
            .flat_map(|table| &table.attributes)
            .filter(|(key, _)| recorded(key))
            .collect();
        for (key, attribute) in all {
            let values: Vec<_> =
                attribute.values.iter().map(|value| format!("`{value}`")).collect();
            let kind = attribute.value_type.in_words();
            let _ = writeln!(text, "| `{key}` | {kind} | {} |", values.join(", "));
        }
    }

    fn rows(&self, text: &mut String, requirements: &Requirements) -> Result<()> {
        if requirements.is_empty() {
            return Ok(());
        }
        text.push_str("\n| Attribute | Type | Asked for |\n|---|---|---|\n");
        for (key, requirement) in requirements {
            let kind = self.attribute(key)?.value_type.in_words();
            let _ = writeln!(text, "| `{key}` | {kind} | {} |", requirement.in_words());
        }
        Ok(())
    }
}

fn versions(text: &mut String, genai: &Table, earlier: &Earlier) {
    let now = genai.schema_url.as_deref().unwrap_or_default();
    let _ = write!(
        text,
        "\n## Versions\n\nSpans and events are recorded by `{now}`. To a destination whose profile is `v1_41` \
         (`SPANWISE_SEMCONV_PROFILE`, [configuration.md](configuration.md)) they go by `{}`, which says:\n\n\
         | Here | There |\n|---|---|\n",
        earlier.schema_url
    );
    for (key, then) in &earlier.attributes {
        let name = then.name.as_deref().unwrap_or(key);
        let kind = then.value_type.map_or(String::new(), |it| format!(", {}", it.in_words()));
        let _ = writeln!(text, "| `{key}` | `{name}`{kind} |");
    }
    for (name, then) in &earlier.metrics {
        let token = match &then.token_type {
            Some(token) => format!(", `{}` = `{token}`", earlier.token_type),
            None => String::new(),
        };
        let _ = writeln!(text, "| `{name}` | `{}`{token} |", then.name);
    }
    for name in &earlier.metrics_left_out {
        let _ = writeln!(text, "| `{name}` | not sent |");
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

impl Requirement {
    fn in_words(self) -> String {
        let level = self.level.in_words();
        if self.at_start { format!("{level}, at start") } else { level.to_owned() }
    }
}

impl Level {
    fn in_words(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::ConditionallyRequired => "conditionally required",
            Self::Recommended => "recommended",
            Self::RecommendedIf => "recommended if",
            Self::OptIn => "opt-in",
        }
    }
}

impl ValueType {
    fn in_words(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Int => "int",
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::TextList => "string[]",
            Self::Any => "JSON",
            Self::TextTemplate => "string, by key",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_span_that_is_recorded_is_on_the_page() {
        let read = |name: &str| crate::read(&crate::root().join("semconv").join(name)).unwrap();
        let tables = ["genai.yaml", "spanwise.yaml"].map(|it| Table::from_yaml(&read(it)).unwrap());
        for id in tables.iter().flat_map(|table| table.spans.keys()).filter(|id| recorded(id)) {
            assert!(RECORDED_BY.iter().any(|(known, _)| known == id), "who records `{id}`?");
        }
    }
}
