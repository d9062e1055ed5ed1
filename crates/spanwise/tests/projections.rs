//! What each projection makes of every operation: tables of what is added and of what is taken away, beside a
//! destination that is told the conventions' words alone.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value as Json;
use spanwise::semconv::SemconvProfile;
use spanwise::semconv::value::gen_ai_operation_name as operation;
use spanwise::{ContentCapture, Destination, Projection, TelemetryConfig};
use support::operations::{OPERATIONS, every_operation, of_others};
use support::{Receiver, block_on, config, isolated, text};

/// JSON with its keys in order, since serde_json keeps them in one or another; other text as it is.
fn in_order(text: &str) -> String {
    fn sorted(value: Json) -> Json {
        match value {
            Json::Object(fields) => {
                let fields: BTreeMap<_, _> = fields.into_iter().collect();
                fields.into_iter().map(|(key, value)| (key, sorted(value))).collect()
            }
            Json::Array(values) => values.into_iter().map(sorted).collect(),
            other => other,
        }
    }
    match serde_json::from_str(text) {
        Ok(json @ (Json::Object(_) | Json::Array(_))) => sorted(json).to_string(),
        _ => text.to_owned(),
    }
}

fn shown(value: &Value) -> String {
    let inner = |any: &AnyValue| any.value.as_ref().map(shown).unwrap_or_default();
    match value {
        Value::StringValue(text) => in_order(text),
        Value::IntValue(number) => number.to_string(),
        Value::DoubleValue(number) => format!("{number:?}"),
        Value::BoolValue(flag) => flag.to_string(),
        Value::ArrayValue(array) => {
            format!("[{}]", array.values.iter().map(inner).collect::<Vec<_>>().join(", "))
        }
        other => format!("{other:?}"),
    }
}

/// Attributes by key; moments, which differ from run to run, are told by what they are.
fn attributes(span: &Span) -> BTreeMap<String, String> {
    let shown = |attribute: &KeyValue| {
        let value = attribute.value.as_ref().and_then(|any| any.value.as_ref()).map(shown);
        let value = value.unwrap_or_default();
        let moment = attribute.key.ends_with("completion_start_time");
        (attribute.key.clone(), if moment { "(a moment)".to_owned() } else { value })
    };
    let all: BTreeMap<_, _> = span.attributes.iter().map(shown).collect();
    assert_eq!(all.len(), span.attributes.len(), "a key stands there twice: {span:?}");
    all
}

/// For each operation what a projection adds, and what it takes away.
fn table(plain: &Receiver, projected: &Receiver) -> String {
    let mut table = String::new();
    let mut names = plain.span_names();
    names.sort();
    for name in names {
        let (before, after) = (plain.span(&name), projected.span(&name));
        assert_eq!(before.span_id, after.span_id);
        let (before, after) = (attributes(&before), attributes(&after));
        let _ = writeln!(table, "{name}");
        for (key, value) in after.iter().filter(|(key, value)| before.get(*key) != Some(value)) {
            let _ = writeln!(table, "  + {key} = {value}");
        }
        for (key, value) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
            let _ = writeln!(table, "  - {key} = {value}");
        }
    }
    table
}

/// Sends every operation to a plain destination and to this one.
fn record(config: TelemetryConfig, projection: Projection) -> [Receiver; 2] {
    let receivers = [Receiver::start(), Receiver::start()];
    let [plain, projected] = &receivers;
    let projected = Destination::otlp(projected.http_url()).projection(projection);
    let config = config.destination(Destination::otlp(plain.http_url())).destination(projected);
    block_on(async {
        let telemetry = spanwise::init_telemetry(config).unwrap();
        every_operation();
        of_others(&telemetry);
        let report = telemetry.shutdown().await;
        assert!(report.complete && report.dropped() == 0, "{report}");
    });
    receivers
}

fn everything() -> TelemetryConfig {
    config().content_capture(ContentCapture::SpanAndEvent).record_tool_schemas(true)
}

#[test]
fn every_operation_there_is_is_in_the_tables() {
    isolated!({
        let [plain, _] = record(everything(), Projection::GenAiSystem);
        let spans = plain.spans();
        let told = |span: &Span| text(&span.attributes, "gen_ai.operation.name");
        let there: BTreeSet<_> = spans.iter().map(told).collect();
        let missing: Vec<_> = operation::ALL.iter().filter(|it| !there.contains(**it)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let mut names = plain.span_names();
        names.retain(|name| !matches!(name.as_str(), "completion" | "GET /orders"));
        names.sort();
        assert_eq!(names, OPERATIONS);
    });
}

#[test]
fn openinference() {
    isolated!({
        let [plain, projected] = record(everything(), Projection::OpenInference);
        insta::assert_snapshot!(table(&plain, &projected));
    });
}

#[test]
fn langfuse() {
    isolated!({
        let [plain, projected] = record(everything(), Projection::Langfuse);
        insta::assert_snapshot!(table(&plain, &projected));
    });
}

#[test]
fn helicone() {
    isolated!({
        let [plain, projected] = record(everything(), Projection::Helicone);
        insta::assert_snapshot!(table(&plain, &projected));
    });
}

#[test]
fn gen_ai_system() {
    isolated!({
        let [plain, projected] = record(everything(), Projection::GenAiSystem);
        insta::assert_snapshot!(table(&plain, &projected));
    });
}

#[test]
fn several_projections_and_a_profile_apply_to_one_destination() {
    isolated!({
        let receiver = Receiver::start();
        let destination = Destination::otlp(receiver.http_url())
            .projection(Projection::OpenInference)
            .projection(Projection::GenAiSystem)
            .projection(Projection::OpenInference)
            .semconv_profile(SemconvProfile::V1_41);
        block_on(async {
            let telemetry =
                spanwise::init_telemetry(everything().destination(destination)).unwrap();
            every_operation();
            telemetry.shutdown().await;
        });
        let chat = attributes(&receiver.span("chat gpt-4o"));
        assert_eq!(chat["openinference.span.kind"], "LLM");
        assert_eq!(chat["gen_ai.system"], "openai");
        assert_eq!(chat["llm.token_count.prompt_details.cache_write"], "8");
        assert_eq!(chat["gen_ai.usage.cache_creation.input_tokens"], "8", "the profile's name");
        assert!(chat["gen_ai.output.messages"].contains("finish_reason"), "by the profile");
    });
}

/// The words under which content stands in a table, but for names that are no content.
fn content_keys(table: &str) -> Vec<&str> {
    const CONTENT: [&str; 13] = [
        "input.value",
        "output.value",
        "_messages",
        "tool.parameters",
        "json_schema",
        "retrieval.documents",
        "prompt_template.variables",
        "observation.input",
        "observation.output",
        "gen_ai.prompt.0",
        "gen_ai.prompt.variable",
        "gen_ai.completion.",
        "llm.tools",
    ];
    let added = table.lines().filter_map(|line| line.trim().strip_prefix("+ "));
    added.filter(|line| CONTENT.iter().any(|key| line.contains(key))).collect()
}

const ALL: [Projection; 4] = [
    Projection::OpenInference,
    Projection::Langfuse,
    Projection::Helicone,
    Projection::GenAiSystem,
];

#[test]
fn without_captured_content_no_projection_has_a_key_of_content() {
    let child = support::child!({
        let which: usize = std::env::var("PROJECTION").unwrap().parse().unwrap();
        let [plain, projected] = record(config(), ALL[which]);
        let table = table(&plain, &projected);
        assert_eq!(content_keys(&table), [""; 0], "{:?}", ALL[which]);
        assert!(table.contains("  + "), "so that the test can fail: something is added");
    });
    for which in 0..ALL.len() {
        child.run(&[("PROJECTION", &which.to_string())]);
    }
}
