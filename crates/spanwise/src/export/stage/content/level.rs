//! Content below the level `full`: its shape, with names or hashes for texts.

use serde_json::{Map, Value, json};
use spanwise_core::ContentLevel;

use super::keys::{is_flattened_name, side_of_event};
use crate::redact::HashKey;

/// Longer than this it is no name.
const LONGEST_NAME: usize = 128;

/// What is left of the content under this key; `None` where nothing is.
pub(crate) fn reduced(
    key: &str,
    value: Value,
    level: ContentLevel,
    hash: &HashKey,
) -> Option<Value> {
    let reducer = match level {
        ContentLevel::Off => return None,
        ContentLevel::Full => return Some(value),
        ContentLevel::Names => Reducer { hash: None },
        ContentLevel::Hashes => Reducer { hash: Some(hash) },
    };
    match value {
        Value::Array(items) => {
            Some(Value::Array(items.into_iter().map(|item| reducer.item(item)).collect()))
        }
        // Flattened by others: roles and types are names as well.
        value if is_flattened_name(key) && is_short(&value) => Some(value),
        // A message of earlier conventions, in the body of a log record.
        value @ Value::Object(_) if side_of_event(key).is_some() => Some(reducer.item(value)),
        // The payload of a tool: the names of its fields may be as telling as their values.
        Value::Object(fields) => {
            let hash = reducer.hash.map(|_| reducer.text(&Value::Object(fields)));
            Some(hash.map_or_else(|| json!({}), |hash| json!({ "hash": hash })))
        }
        value => reducer.hash.map(|_| reducer.text(&value)),
    }
}

struct Reducer<'a> {
    /// Without a key there are names alone.
    hash: Option<&'a HashKey>,
}

impl Reducer<'_> {
    /// A message, a part, a definition, a document, a record.
    fn item(&self, value: Value) -> Value {
        match value {
            Value::Object(fields) => Value::Object(self.fields(fields)),
            value => self.text(&value),
        }
    }

    fn fields(&self, fields: Map<String, Value>) -> Map<String, Value> {
        // Names of tools are names; that of a participant or a document is not.
        let of_tool = fields.contains_key("arguments")
            || fields
                .get("type")
                .and_then(Value::as_str)
                .is_some_and(|part| part.contains("tool") || part.contains("function"));
        let of_definition = fields.contains_key("parameters") || fields.contains_key("type");
        let field = |(name, value): (String, Value)| {
            let value = match (name.as_str(), value) {
                (
                    "role" | "type" | "id" | "modality" | "mime_type" | "file_id" | "finish_reason"
                    | "tool_call_id" | "index" | "score",
                    value,
                ) if is_short(&value) => value,
                ("name", value) if (of_tool || of_definition) && is_short(&value) => value,
                ("parts" | "content" | "tool_calls", Value::Array(items)) => {
                    Value::Array(items.into_iter().map(|item| self.item(item)).collect())
                }
                (
                    "function" | "server_tool_call" | "server_tool_call_response",
                    Value::Object(inner),
                ) => Value::Object(self.fields(inner)),
                (_, value) => self.text(&value),
            };
            (name, value)
        };
        // Documents and records carry fields of the program's own, whose names are kept.
        fields.into_iter().map(field).collect()
    }

    fn text(&self, value: &Value) -> Value {
        let Some(key) = self.hash else {
            return if value.is_string() { Value::String(String::new()) } else { Value::Null };
        };
        let text = match value {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        Value::String(format!("[hash:{} {} bytes]", key.hash(&text), text.len()))
    }
}

fn is_short(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() <= LONGEST_NAME,
        Value::Number(_) | Value::Null => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduce(key: &str, value: Value, level: ContentLevel) -> Option<Value> {
        reduced(key, value, level, &HashKey::new("key"))
    }

    fn messages() -> Value {
        json!([
            {"role": "user", "name": "Ada", "parts": [
                {"type": "text", "content": "secret"},
                {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "c2Vj"},
            ]},
            {"role": "assistant", "parts": [
                {"type": "tool_call", "id": "1", "name": "look_up", "arguments": {"secret": 1}},
                {"type": "server_tool_call", "name": "search",
                 "server_tool_call": {"type": "web", "query": "secret"}},
            ]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "1", "response": ["secret"]}]},
        ])
    }

    #[test]
    fn names_are_roles_types_tools_and_ids() {
        let names = reduce("gen_ai.input.messages", messages(), ContentLevel::Names).unwrap();
        assert_eq!(
            names,
            json!([
                {"role": "user", "name": "", "parts": [
                    {"type": "text", "content": ""},
                    {"type": "blob", "modality": "image", "mime_type": "image/png", "content": ""},
                ]},
                {"role": "assistant", "parts": [
                    {"type": "tool_call", "id": "1", "name": "look_up", "arguments": null},
                    {"type": "server_tool_call", "name": "search",
                     "server_tool_call": {"type": "web", "query": ""}},
                ]},
                {"role": "tool", "parts": [{"type": "tool_call_response", "id": "1", "response": null}]},
            ])
        );
    }

    #[test]
    fn equal_texts_have_equal_hashes_and_their_length() {
        let hash = |text: &str, key: &str| {
            let value = json!([{"type": "text", "content": text}]);
            let key = HashKey::new(key);
            let part = reduced("gen_ai.system_instructions", value, ContentLevel::Hashes, &key);
            part.unwrap()[0]["content"].as_str().unwrap().to_owned()
        };
        assert_eq!(hash("secret", "a"), hash("secret", "a"));
        assert_ne!(hash("secret", "a"), hash("secreT", "a"));
        assert_ne!(hash("secret", "a"), hash("secret", "b"));
        assert!(hash("secret", "a").ends_with(" 6 bytes]"));
    }

    #[test]
    fn a_payload_shows_not_even_the_names_of_its_fields() {
        let payload = || json!({"ada@example.com": 1});
        let key = "gen_ai.tool.call.arguments";
        assert_eq!(reduce(key, payload(), ContentLevel::Off), None);
        assert_eq!(reduce(key, payload(), ContentLevel::Names), Some(json!({})));
        let hashed = reduce(key, payload(), ContentLevel::Hashes).unwrap();
        assert!(hashed["hash"].is_string() && !hashed.to_string().contains("ada"));
    }

    #[test]
    fn a_text_is_a_hash_or_nothing() {
        let query = || json!("secret");
        let key = "gen_ai.retrieval.query.text";
        assert_eq!(reduce(key, query(), ContentLevel::Names), None);
        assert!(reduce(key, query(), ContentLevel::Hashes).unwrap().is_string());
        assert_eq!(reduce(key, query(), ContentLevel::Full), Some(query()));
        let role = reduce("gen_ai.prompt.0.role", json!("user"), ContentLevel::Names);
        assert_eq!(role, Some(json!("user")));
    }
}
