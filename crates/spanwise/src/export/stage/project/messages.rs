//! Messages and their parts, as backends show them.

use serde_json::{Map, Value};

/// The messages of an attribute; anything else has none.
pub(super) fn messages(content: Value) -> Vec<Map<String, Value>> {
    let Value::Array(messages) = content else { return Vec::new() };
    let message = |message| match message {
        Value::Object(fields) => Some(fields),
        _ => None,
    };
    messages.into_iter().filter_map(message).collect()
}

/// System instructions, which are parts without a message, as a message.
pub(super) fn system_message(instructions: Value) -> Map<String, Value> {
    let parts = match instructions {
        Value::Array(parts) => parts,
        Value::String(text) => vec![part("text", text)],
        other => vec![other],
    };
    Map::from_iter([("role".to_owned(), "system".into()), ("parts".to_owned(), parts.into())])
}

fn part(part_type: &str, content: String) -> Value {
    Value::Object(Map::from_iter([
        ("type".to_owned(), part_type.into()),
        ("content".to_owned(), content.into()),
    ]))
}

pub(super) fn role(message: &Map<String, Value>) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn parts(message: &Map<String, Value>) -> &[Value] {
    message.get("parts").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn part_type(part: &Value) -> &str {
    field(part, "type").unwrap_or_default()
}

pub(super) fn field<'a>(part: &'a Value, name: &str) -> Option<&'a str> {
    part.get(name)?.as_str()
}

/// The text parts of a message, one line after the other; `None` where it has none.
pub(super) fn text(message: &Map<String, Value>) -> Option<String> {
    let texts = parts(message).iter().filter(|part| part_type(part) == "text");
    let texts: Vec<_> = texts.filter_map(|part| field(part, "content")).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

/// Text as it is, anything else as JSON.
pub(super) fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
