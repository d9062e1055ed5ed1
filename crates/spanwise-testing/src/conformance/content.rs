//! The shapes of content: messages, instructions, tool definitions, documents, records.

use std::collections::BTreeMap;

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Value, json};

use super::report::Findings;

const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";

/// Validators by attribute.
#[derive(Debug)]
pub(super) struct Shapes(BTreeMap<String, Validator>);

/// Where content stands, which decides its form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    /// On a span: JSON text, since not every language has structured attributes there.
    Span,
    /// On an event: structured.
    Event,
}

impl Shapes {
    /// From the registry's schemas, made strict.
    pub(super) fn new(shapes: &BTreeMap<String, Value>, finish_reasons: bool) -> Self {
        let strict = shapes.iter().map(|(key, shape)| {
            let mut shape = strict(shape.clone());
            if finish_reasons && key == OUTPUT_MESSAGES {
                require_finish_reason(&mut shape);
            }
            (key.clone(), validator(&shape))
        });
        Self(strict.collect())
    }

    /// What is wrong with content; nothing where it fits.
    pub(super) fn judge(&self, key: &str, value: &Value, place: Place, findings: &mut Findings) {
        let Some(validator) = self.0.get(key) else { return };
        match (place, value) {
            (Place::Span, Value::String(text)) => match serde_json::from_str(text) {
                Ok(value) => report(validator, key, &value, findings),
                Err(error) => findings.attribute(key, format!("is no JSON: {error}")),
            },
            (Place::Span, _) => findings.attribute(key, "stands on a span: it must be JSON text"),
            (Place::Event, Value::String(_)) => {
                findings.attribute(key, "stands on an event: it must be structured, not text");
            }
            // Log records have no null; an empty string stands for it.
            (Place::Event, _) if validator.is_valid(&with_nulls(value)) => {}
            (Place::Event, _) => report(validator, key, value, findings),
        }
    }
}

/// The number of output messages, in either form.
pub(super) fn output_messages(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => serde_json::from_str::<Vec<Value>>(text).ok().map(|list| list.len()),
        Value::Array(list) => Some(list.len()),
        _ => None,
    }
}

pub(super) fn validator(shape: &Value) -> Validator {
    // A tool's parameters are a schema themselves, of a draft that must be at hand.
    let options = jsonschema::options().with_registry(&referencing::SPECIFICATIONS);
    options.build(shape).expect("the registry's schemas are schemas")
}

fn report(validator: &Validator, key: &str, value: &Value, findings: &mut Findings) {
    for error in validator.iter_errors(value) {
        // Of the kinds of part, the one whose `type` it has says more than all of them together.
        let meant = match error.kind() {
            ValidationErrorKind::AnyOf { context } => context.iter().find(|errors| {
                errors.iter().all(|error| !matches!(error.kind().keyword(), "const" | "not"))
            }),
            _ => None,
        };
        match meant {
            Some(errors) => errors.iter().for_each(|error| mismatch(key, error, findings)),
            None => mismatch(key, &error, findings),
        }
    }
}

fn mismatch(key: &str, error: &jsonschema::ValidationError<'_>, findings: &mut Findings) {
    // Masked: what people wrote has no place in a message.
    let path = error.instance_path().to_string();
    findings.attribute(key, format!("does not fit its shape at `{path}`: {}", error.masked()));
}

fn with_nulls(value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::Null,
        Value::Array(list) => list.iter().map(with_nulls).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), with_nulls(value))).collect()
        }
        other => other.clone(),
    }
}

fn require_finish_reason(shape: &mut Value) {
    if let Some(required) = shape.pointer_mut("/$defs/OutputMessage/required") {
        required.as_array_mut().into_iter().for_each(|names| names.push("finish_reason".into()));
    }
}

/// The registry lets a malformed part of a known type pass as one of an unknown type; here it may not.
fn strict(mut shape: Value) -> Value {
    let mut known: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    collect_known(&shape, &shape, &mut known);
    for (pointer, types) in known {
        if let Some(Value::Object(open)) = shape.pointer_mut(&pointer) {
            open.insert("not".into(), json!({ "properties": { "type": { "enum": types } } }));
        }
    }
    shape
}

/// For each definition of an open `type`, the types that its siblings in some `anyOf` define.
fn collect_known(root: &Value, shape: &Value, known: &mut BTreeMap<String, Vec<Value>>) {
    if let Some(choices) = shape.get("anyOf").and_then(Value::as_array) {
        let pointers =
            choices.iter().filter_map(|choice| choice["$ref"].as_str()?.strip_prefix('#'));
        let of = |pointer: &str| Some(root.pointer(pointer)?["properties"]["type"].clone());
        let (mut types, mut open) = (Vec::new(), Vec::new());
        for (pointer, of_type) in pointers.filter_map(|pointer| Some((pointer, of(pointer)?))) {
            match of_type.get("const") {
                Some(name) => types.push(name.clone()),
                None if of_type.is_object() => open.push(pointer.to_owned()),
                None => {}
            }
        }
        if !types.is_empty() {
            known.extend(open.into_iter().map(|pointer| (pointer, types.clone())));
        }
    }
    match shape {
        Value::Object(fields) => fields.values().for_each(|it| collect_known(root, it, known)),
        Value::Array(items) => items.iter().for_each(|it| collect_known(root, it, known)),
        _ => {}
    }
}
