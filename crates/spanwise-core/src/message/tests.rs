use serde_json::{Value, json};

use super::*;

#[test]
fn each_part_serialises_to_the_shape_of_the_conventions() {
    let generic = json!({"type": "ignored", "level": 3}).as_object().cloned().unwrap();
    let cases = [
        (Part::text("hi"), json!({"type": "text", "content": "hi"})),
        (Part::reasoning("hm"), json!({"type": "reasoning", "content": "hm"})),
        (
            Part::tool_call("c1", "f", r#"{"a":1}"#),
            json!({"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}}),
        ),
        (
            Part::ToolCall { id: None, name: "f".into(), arguments: Some(Value::Null) },
            json!({"type": "tool_call", "name": "f", "arguments": null}),
        ),
        (
            Part::ToolCall { id: None, name: "f".into(), arguments: None },
            json!({"type": "tool_call", "name": "f"}),
        ),
        (
            Part::tool_call_response("c1", "not JSON"),
            json!({"type": "tool_call_response", "id": "c1", "response": "not JSON"}),
        ),
        (
            Part::ServerToolCall {
                id: None,
                name: "search".into(),
                server_tool_call: json!({"type": "web_search"}),
            },
            json!({
                "type": "server_tool_call",
                "name": "search",
                "server_tool_call": {"type": "web_search"},
            }),
        ),
        (
            Part::ServerToolCallResponse {
                id: Some("s1".into()),
                server_tool_call_response: json!({"type": "web_search"}),
            },
            json!({
                "type": "server_tool_call_response",
                "id": "s1",
                "server_tool_call_response": {"type": "web_search"},
            }),
        ),
        (
            Part::blob("image", "image/png", "aGk="),
            json!({
                "type": "blob",
                "modality": "image",
                "mime_type": "image/png",
                "content": "aGk=",
            }),
        ),
        (
            Part::uri("image", "gs://b/o.png"),
            json!({"type": "uri", "modality": "image", "uri": "gs://b/o.png"}),
        ),
        (
            Part::file("document", "file-1"),
            json!({"type": "file", "modality": "document", "file_id": "file-1"}),
        ),
        (Part::Compaction { id: None, content: None }, json!({"type": "compaction"})),
        (Part::generic("mood", generic), json!({"type": "mood", "level": 3})),
    ];
    for (part, expected) in cases {
        assert_eq!(serde_json::to_value(&part).unwrap(), expected);
    }
}

#[test]
fn debug_shows_no_content() {
    let shown = format!(
        "{:?} {:?}",
        Message::user("canary").part(Part::tool_call("c", "f", r#"{"x":"canary"}"#)),
        ToolDefinition::function("f").description("canary")
    );
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn an_unlisted_role_is_its_own_word() {
    let message = Message::new(Role::Other("critic".into()), vec![]);
    assert_eq!(serde_json::to_value(&message).unwrap(), json!({"role": "critic", "parts": []}));
}
