//! The judge is judged by the registry of the conventions, where that is at hand.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};
use spanwise_core::semconv::{self, SemconvProfile, v1_41};

use super::content::{self, Place, Shapes};
use super::conventions::Conventions;
use super::profile::Dialect;
use super::report::{Findings, Signal};

/// The checkout that is named, or one called `semconv-genai` in a folder beside the repository.
fn registry_at_hand() -> Option<PathBuf> {
    let given = std::env::var_os("SPANWISE_SEMCONV_REGISTRY").map(PathBuf::from);
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let beside = repository.parent().and_then(|folder| folder.read_dir().ok());
    let beside = beside.into_iter().flatten().flatten().map(|it| it.path().join("semconv-genai"));
    let found =
        given.into_iter().chain(beside).find(|path| path.join("model/manifest.yaml").exists());
    if found.is_none() {
        eprintln!("skipped: no checkout of the conventions' registry (SPANWISE_SEMCONV_REGISTRY)");
    }
    found
}

/// `gen-ai-input-messages.json` as `gen_ai.input.messages`.
fn attribute_of(schema: &str, shapes: &Conventions) -> String {
    let name = schema.trim_end_matches(".json");
    let spelled = |key: &&String| key.replace(['.', '_'], "-") == name;
    shapes.shapes.keys().find(spelled).unwrap_or_else(|| panic!("{schema} is no shape")).clone()
}

fn without_prose(schema: Value) -> Value {
    const PROSE: [&str; 6] = ["description", "title", "examples", "format", "$comment", "$schema"];
    match schema {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(key, value)| !PROSE.contains(&key.as_str()) || value.is_object())
            .map(|(key, value)| (key, without_prose(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_prose).collect(),
        other => other,
    }
}

#[test]
fn the_shapes_are_the_registrys_schemas() {
    let Some(registry) = registry_at_hand() else { return };
    let conventions = Conventions::of_today();
    let mut seen = BTreeSet::new();
    for file in registry.join("model/gen-ai").read_dir().unwrap().flatten() {
        let name = file.file_name().into_string().unwrap();
        if name.ends_with(".json") {
            let key = attribute_of(&name, &conventions);
            let text = std::fs::read_to_string(file.path()).unwrap();
            let schema = without_prose(serde_json::from_str(&text).unwrap());
            assert_eq!(conventions.shapes[&key], schema, "{key}");
            seen.insert(key);
        }
    }
    assert!(seen.iter().eq(conventions.shapes.keys()), "{seen:?}");
}

#[derive(Deserialize)]
struct Case {
    schema: String,
    document: Value,
    errors: Vec<Value>,
}

#[test]
fn the_registrys_cases_get_the_verdict_that_it_records() {
    let Some(registry) = registry_at_hand() else { return };
    let conventions = Conventions::of_today();
    let strict = Shapes::new(&conventions.shapes, false);
    let mut stricter = Vec::new();
    let folder = registry.join("docs/gen-ai/non-normative/tests/cases");
    for file in folder.read_dir().unwrap().flatten() {
        let text = std::fs::read_to_string(file.path()).unwrap();
        let case: Case = yaml_serde::from_str(&text).unwrap();
        let name = file.file_name().into_string().unwrap();
        let key = attribute_of(&case.schema, &conventions);
        let passes = content::validator(&conventions.shapes[&key]).is_valid(&case.document);
        assert_eq!(passes, case.errors.is_empty(), "{name}");

        let mut findings = Findings::on(Signal::Span, &name);
        let text = Value::from(case.document.to_string());
        strict.judge(&key, &text, Place::Span, &mut findings);
        match (passes, findings.into_violations().is_empty()) {
            (true, false) => stricter.push(name),
            (passes, fits) => assert_eq!(passes, fits, "{name}"),
        }
    }
    // The registry takes malformed parts of known types for parts of unknown ones.
    assert_eq!(stricter, ["input-messages-parts-missing-required.yaml"]);
}

#[test]
fn parts_of_known_types_are_complete_and_others_are_welcome() {
    let shapes = &Dialect::of(SemconvProfile::Latest).shapes;
    let judged = |part: Value| {
        let text = json!([{ "role": "user", "parts": [part] }]).to_string();
        let mut findings = Findings::on(Signal::Span, "chat");
        shapes.judge("gen_ai.input.messages", &text.into(), Place::Span, &mut findings);
        findings.into_violations().into_iter().map(|it| it.problem).collect::<Vec<_>>()
    };
    assert!(judged(json!({ "type": "search_result", "source": 7 })).is_empty());
    assert!(judged(json!({ "type": "compaction" })).is_empty());
    assert_eq!(
        judged(json!({ "type": "blob", "modality": "image", "content": 7 })),
        ["does not fit its shape at `/0/parts/0/content`: value is not of type \"string\""]
    );
    assert_eq!(
        judged(json!({ "type": "tool_call_response", "result": "rainy" })),
        ["does not fit its shape at `/0/parts/0`: \"response\" is a required property"]
    );
    assert_eq!(judged(json!({ "content": "no type" })).len(), 1);
}

#[test]
fn the_tables_are_those_that_spanwise_records_by() {
    let conventions = Conventions::of_today();
    assert_eq!(conventions.schema_url, semconv::SCHEMA_URL);
    assert_eq!(conventions.earlier.schema_url, v1_41::SCHEMA_URL);
    for key in semconv::attribute::ALL.iter().copied() {
        assert!(conventions.attributes.contains_key(key), "{key}");
    }
    let both = Dialect::of(SemconvProfile::Both);
    for metric in semconv::Metric::ALL {
        let descriptor = metric.descriptor();
        let known = &both.table.metrics[descriptor.name];
        assert_eq!(known.unit, descriptor.unit);
        assert_eq!(known.boundaries, descriptor.boundaries, "{}", descriptor.name);
    }
}
