use std::sync::Mutex;

use serde_json::json;

use super::*;
use crate::content::{Content, ContentItem};
use crate::document::Document;
use crate::memory_record::MemoryRecord;
use crate::message::{Message, Part, ToolDefinition};

/// Writes down what it is asked, and lets no `canary` through.
#[derive(Default)]
struct Asked(Mutex<Vec<String>>);

impl Redactor for Asked {
    fn redact<'t>(&self, text: &'t str, place: &TextPlace<'_>) -> Cow<'t, str> {
        let at = [place.role(), place.part(), place.field()].map(|name| name.unwrap_or("-"));
        self.0.lock().unwrap().push(format!("{} {}: {text}", place.key(), at.join(" ")));
        if text.contains("canary") { Cow::Borrowed("***") } else { Cow::Borrowed(text) }
    }
}

fn redacted(item: ContentItem) -> (Vec<String>, serde_json::Value) {
    let asked = Asked::default();
    let mut content = Content::default();
    content.set(item);
    content.redact(&asked, Some("chat"));
    (asked.0.into_inner().unwrap(), content.items()[0].to_value())
}

#[test]
fn every_text_of_a_message_is_asked_for_with_its_role_part_and_field() {
    let messages = vec![
        Message::user("hello").name("canary"),
        Message::assistant("").part(Part::tool_call("canary", "f", r#"{"to":{"mail":"canary"}}"#)),
        Message::tool_response("1", "canary"),
    ];
    let (asked, left) = redacted(ContentItem::InputMessages(messages));
    assert_eq!(
        asked,
        [
            "gen_ai.input.messages user text content: hello",
            "gen_ai.input.messages user - name: canary",
            "gen_ai.input.messages assistant tool_call id: canary",
            "gen_ai.input.messages assistant tool_call name: f",
            "gen_ai.input.messages assistant tool_call mail: canary",
            "gen_ai.input.messages tool tool_call_response id: 1",
            "gen_ai.input.messages tool tool_call_response response: canary",
        ]
    );
    assert!(!left.to_string().contains("canary"), "{left}");
}

#[test]
fn no_kind_of_content_is_left_out() {
    let text = || "canary".to_owned();
    let fields = || [("x".to_owned(), json!(["canary"]))].into_iter().collect();
    let parts = vec![
        Part::text("canary"),
        Part::reasoning("canary"),
        Part::blob("image", "image/png", "canary"),
        Part::file("image", "canary"),
        Part::uri("image", "canary"),
        Part::generic("own", fields()),
        Part::Compaction { id: Some(text()), content: Some(text()) },
        Part::ServerToolCall {
            id: Some(text()),
            name: text(),
            server_tool_call: json!({"a": "canary"}),
        },
        Part::ServerToolCallResponse {
            id: Some(text()),
            server_tool_call_response: json!({"a": "canary"}),
        },
    ];
    let tool =
        ToolDefinition::function("canary").description("canary").parameters(json!({"a": "canary"}));
    let document = Document::new("canary").field("title", "canary");
    let record = MemoryRecord::new("canary").id("canary").metadata("from", "canary");
    for item in [
        ContentItem::SystemInstructions(parts),
        ContentItem::OutputMessages(vec![Message::assistant("canary")]),
        ContentItem::ToolDefinitions(vec![tool]),
        ContentItem::PromptVariable { name: "n".to_owned(), value: text() },
        ContentItem::ToolCallArguments(json!({"a": {"b": ["canary"]}})),
        ContentItem::ToolCallResult(json!({"a": "canary"})),
        ContentItem::RetrievalQuery(text()),
        ContentItem::RetrievalDocuments(vec![document]),
        ContentItem::MemoryQuery(text()),
        ContentItem::MemoryRecords(vec![record]),
    ] {
        let (asked, left) = redacted(item);
        assert!(!asked.is_empty());
        assert!(!left.to_string().contains("canary"), "{left}");
    }
}

#[test]
fn depth_is_no_danger_and_a_number_becomes_text_only_where_its_digits_go() {
    let mut value = json!("canary");
    for _ in 0..10_000 {
        value = serde_json::Value::Array(vec![value]);
    }
    redact_value(&mut value, &Asked::default(), TextPlace::attribute("x"));
    for _ in 0..10_000 {
        value = value[0].take();
    }
    assert_eq!(value, "***");

    struct NoSevens;
    impl Redactor for NoSevens {
        fn redact<'t>(&self, text: &'t str, _: &TextPlace<'_>) -> Cow<'t, str> {
            Cow::Owned(text.replace('7', "*"))
        }
    }
    let mut value = json!([1.5, 77, -3]);
    redact_value(&mut value, &NoSevens, TextPlace::attribute("x"));
    assert_eq!(value, json!([1.5, "**", -3]));
}

#[test]
fn another_text_of_the_same_length_takes_its_place() {
    let mut text = "canary".to_owned();
    redact_text(&mut text, &Asked::default(), TextPlace::LOG_BODY);
    assert_eq!(text, "***");
}
