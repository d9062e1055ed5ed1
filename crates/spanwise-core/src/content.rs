//! Prompts, completions and tool payloads, typed until the moment they are serialised.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::capture::{CapturePolicy, ContentLevel};
use crate::document::{Document, value_size};
use crate::memory_record::MemoryRecord;
use crate::message::{Message, Part, ToolDefinition};
use crate::redact::{Redacting, Redactor, TextPlace};
use crate::semconv::attribute as key;

/// What one operation captured.
///
/// `Debug` shows which items there are, never what they say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    items: Vec<ContentItem>,
    level: ContentLevel,
}

/// One content attribute.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum ContentItem {
    /// `gen_ai.system_instructions`
    SystemInstructions(Vec<Part>),
    /// `gen_ai.input.messages`
    InputMessages(Vec<Message>),
    /// `gen_ai.output.messages`
    OutputMessages(Vec<Message>),
    /// `gen_ai.tool.definitions`
    ToolDefinitions(Vec<ToolDefinition>),
    /// `gen_ai.prompt.variable.<name>`
    PromptVariable {
        /// The variable.
        name: String,
        /// Its value.
        value: String,
    },
    /// `gen_ai.tool.call.arguments`, an object
    ToolCallArguments(Value),
    /// `gen_ai.tool.call.result`, an object
    ToolCallResult(Value),
    /// `gen_ai.retrieval.query.text`
    RetrievalQuery(String),
    /// `gen_ai.retrieval.documents`
    RetrievalDocuments(Vec<Document>),
    /// `gen_ai.memory.query.text`
    MemoryQuery(String),
    /// `gen_ai.memory.records`
    MemoryRecords(Vec<MemoryRecord>),
    /// Content of a span or a log record that no operation of ours made.
    Foreign(ForeignContent),
}

/// What someone else's instrumentation recorded under a key that is known to hold content.
#[derive(Clone, PartialEq)]
pub struct ForeignContent {
    key: String,
    value: Value,
}

impl ForeignContent {
    /// Content under this key. JSON text is given as JSON, any other text as a string.
    pub fn new(key: impl Into<String>, value: Value) -> Self {
        Self { key: key.into(), value }
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What it says.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// What it says, to be changed.
    pub fn value_mut(&mut self) -> &mut Value {
        &mut self.value
    }
}

/// How large it is, never what it says.
impl fmt::Debug for ForeignContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({} bytes)", self.key, value_size(&self.value))
    }
}

impl Content {
    /// Adds an item; one of the same key is replaced.
    pub fn set(&mut self, item: ContentItem) {
        match self.items.iter_mut().find(|known| known.key() == item.key()) {
            Some(known) => *known = item,
            None => {
                if self.items.is_empty() {
                    // What went in, and what came out; a vector alone would make room for four.
                    self.items.reserve_exact(2);
                }
                self.items.push(item);
            }
        }
    }

    /// The items, in the order in which they were recorded.
    pub fn items(&self) -> &[ContentItem] {
        &self.items
    }

    /// Redacts every text in it. `operation` is the value of `gen_ai.operation.name`.
    ///
    /// Names of JSON fields, types, modalities and media types stay; names and ids of tools, documents and
    /// participants are texts like others.
    pub fn redact(&mut self, redactor: &dyn Redactor, operation: Option<&str>) {
        for item in &mut self.items {
            let key = item.key();
            let place = TextPlace::attribute(&key);
            let place = operation.map_or(place, |operation| place.in_operation(operation));
            item.redact(Redacting { redactor, place });
        }
    }

    /// The items, to be changed.
    pub fn items_mut(&mut self) -> &mut [ContentItem] {
        &mut self.items
    }

    /// Keeps the items that `keep` says.
    pub fn retain(&mut self, keep: impl FnMut(&ContentItem) -> bool) {
        self.items.retain(keep);
    }

    /// The items themselves.
    pub fn into_items(self) -> Vec<ContentItem> {
        self.items
    }

    /// How much of it may leave the process at most, whatever others say: see
    /// [`GenerationBuilder::content_level`](crate::GenerationBuilder::content_level).
    pub fn level(&self) -> ContentLevel {
        self.level
    }

    pub(crate) fn at_level(level: ContentLevel) -> Self {
        Self { items: Vec::new(), level }
    }

    /// Whether nothing was captured.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// About how many bytes it holds.
    pub fn size(&self) -> usize {
        self.items.iter().map(ContentItem::size).sum()
    }
}

impl ContentItem {
    /// The attribute's key.
    pub fn key(&self) -> Cow<'static, str> {
        if cfg!(spanwise_no_content) {
            return Cow::Borrowed("content");
        }
        Cow::Borrowed(match self {
            Self::SystemInstructions(_) => key::GEN_AI_SYSTEM_INSTRUCTIONS.key(),
            Self::InputMessages(_) => key::GEN_AI_INPUT_MESSAGES.key(),
            Self::OutputMessages(_) => key::GEN_AI_OUTPUT_MESSAGES.key(),
            Self::ToolDefinitions(_) => key::GEN_AI_TOOL_DEFINITIONS.key(),
            Self::PromptVariable { name, .. } => {
                return Cow::Owned(key::GEN_AI_PROMPT_VARIABLE.key(name));
            }
            Self::ToolCallArguments(_) => key::GEN_AI_TOOL_CALL_ARGUMENTS.key(),
            Self::ToolCallResult(_) => key::GEN_AI_TOOL_CALL_RESULT.key(),
            Self::RetrievalQuery(_) => key::GEN_AI_RETRIEVAL_QUERY_TEXT.key(),
            Self::RetrievalDocuments(_) => key::GEN_AI_RETRIEVAL_DOCUMENTS.key(),
            Self::MemoryQuery(_) => key::GEN_AI_MEMORY_QUERY_TEXT.key(),
            Self::MemoryRecords(_) => key::GEN_AI_MEMORY_RECORDS.key(),
            Self::Foreign(foreign) => return Cow::Owned(foreign.key.clone()),
        })
    }

    /// As the text that a span holds: JSON, for what is structured.
    pub fn to_text(&self) -> String {
        let json = match self {
            Self::PromptVariable { value: text, .. }
            | Self::RetrievalQuery(text)
            | Self::MemoryQuery(text)
            | Self::Foreign(ForeignContent { value: Value::String(text), .. }) => {
                return text.clone();
            }
            Self::SystemInstructions(parts) => serde_json::to_string(parts),
            Self::InputMessages(messages) | Self::OutputMessages(messages) => {
                serde_json::to_string(messages)
            }
            Self::ToolDefinitions(definitions) => serde_json::to_string(definitions),
            Self::ToolCallArguments(value)
            | Self::ToolCallResult(value)
            | Self::Foreign(ForeignContent { value, .. }) => serde_json::to_string(value),
            Self::RetrievalDocuments(documents) => serde_json::to_string(documents),
            Self::MemoryRecords(records) => serde_json::to_string(records),
        };
        // These types serialise to JSON whatever they hold.
        json.unwrap_or_default()
    }

    /// As the structure that an event holds.
    pub fn to_value(&self) -> Value {
        let value = match self {
            Self::SystemInstructions(parts) => serde_json::to_value(parts),
            Self::InputMessages(messages) | Self::OutputMessages(messages) => {
                serde_json::to_value(messages)
            }
            Self::ToolDefinitions(definitions) => serde_json::to_value(definitions),
            Self::PromptVariable { value: text, .. }
            | Self::RetrievalQuery(text)
            | Self::MemoryQuery(text) => return Value::String(text.clone()),
            Self::ToolCallArguments(value)
            | Self::ToolCallResult(value)
            | Self::Foreign(ForeignContent { value, .. }) => return value.clone(),
            Self::RetrievalDocuments(documents) => serde_json::to_value(documents),
            Self::MemoryRecords(records) => serde_json::to_value(records),
        };
        value.unwrap_or_default()
    }

    /// Tool definitions, with what the policy lets through of them.
    pub(crate) fn tool_definitions(tools: &[ToolDefinition], policy: &CapturePolicy) -> Self {
        let tools = tools.iter().cloned();
        Self::ToolDefinitions(if policy.tool_schemas {
            tools.collect()
        } else {
            tools.map(ToolDefinition::without_schema).collect()
        })
    }

    fn redact(&mut self, with: Redacting<'_>) {
        match self {
            Self::SystemInstructions(parts) => parts.iter_mut().for_each(|it| it.redact(with)),
            Self::InputMessages(messages) | Self::OutputMessages(messages) => {
                messages.iter_mut().for_each(|message| message.redact(with));
            }
            Self::ToolDefinitions(tools) => tools.iter_mut().for_each(|tool| tool.redact(with)),
            Self::PromptVariable { value: text, .. }
            | Self::RetrievalQuery(text)
            | Self::MemoryQuery(text) => with.text(text),
            Self::ToolCallArguments(value) | Self::ToolCallResult(value) => with.value(value),
            Self::RetrievalDocuments(found) => found.iter_mut().for_each(|it| it.redact(with)),
            Self::MemoryRecords(records) => records.iter_mut().for_each(|it| it.redact(with)),
            Self::Foreign(foreign) => with.value(&mut foreign.value),
        }
    }

    /// About how many bytes it holds.
    pub fn size(&self) -> usize {
        match self {
            Self::SystemInstructions(parts) => parts.iter().map(part_size).sum(),
            Self::InputMessages(messages) | Self::OutputMessages(messages) => {
                messages.iter().map(message_size).sum()
            }
            Self::ToolDefinitions(definitions) => definitions.len() * 256,
            Self::PromptVariable { name, value } => name.len() + value.len(),
            Self::ToolCallArguments(value) | Self::ToolCallResult(value) => value_size(value),
            Self::Foreign(ForeignContent { key, value }) => key.len() + value_size(value),
            Self::RetrievalQuery(text) | Self::MemoryQuery(text) => text.len(),
            Self::RetrievalDocuments(documents) => documents.iter().map(Document::size).sum(),
            Self::MemoryRecords(records) => records.iter().map(MemoryRecord::size).sum(),
        }
    }
}

fn message_size(message: &Message) -> usize {
    size_of::<Message>() + message.parts.iter().map(part_size).sum::<usize>()
}

fn part_size(part: &Part) -> usize {
    let payload = match part {
        Part::Text { content } | Part::Reasoning { content } | Part::Blob { content, .. } => {
            content.len()
        }
        Part::ToolCall { arguments, .. } => arguments.as_ref().map_or(0, value_size),
        Part::ToolCallResponse { response: value, .. }
        | Part::ServerToolCall { server_tool_call: value, .. }
        | Part::ServerToolCallResponse { server_tool_call_response: value, .. } => {
            value_size(value)
        }
        Part::Uri { uri, .. } => uri.len(),
        Part::Compaction { content, .. } => content.as_ref().map_or(0, String::len),
        Part::File { .. } | Part::Generic(_) => 0,
    };
    size_of::<Part>() + payload
}

impl fmt::Debug for ContentItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({} bytes)", self.key(), self.size())
    }
}

/// An object for the attributes whose schema asks for one: an object stays as it is, text that holds one
/// is parsed, anything else stands under `name`.
pub(crate) fn as_object(value: Value, name: &str) -> Value {
    let value = match value {
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(object @ Value::Object(_)) => object,
            _ => Value::String(text),
        },
        value => value,
    };
    match value {
        object @ Value::Object(_) => object,
        other => Value::Object([(name.to_owned(), other)].into_iter().collect()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tool_payload_is_always_an_object() {
        assert_eq!(as_object(json!({"a": 1}), "result"), json!({"a": 1}));
        assert_eq!(as_object(json!("{\"a\":1}"), "result"), json!({"a": 1}));
        assert_eq!(as_object(json!("sunny"), "result"), json!({"result": "sunny"}));
        assert_eq!(as_object(json!("[1]"), "result"), json!({"result": "[1]"}));
        assert_eq!(as_object(json!([1, 2]), "result"), json!({"result": [1, 2]}));
        assert_eq!(as_object(Value::Null, "result"), json!({"result": null}));
    }

    #[test]
    fn debug_shows_no_content() {
        let mut content = Content::default();
        content.set(ContentItem::InputMessages(vec![Message::user("canary")]));
        content.set(ContentItem::ToolCallResult(json!({"x": "canary"})));
        let shown = format!("{content:?}");
        assert!(!shown.contains("canary") && shown.contains("gen_ai.input.messages"), "{shown}");
    }

    #[test]
    fn size_grows_with_what_is_held() {
        let mut content = Content::default();
        content.set(ContentItem::InputMessages(vec![Message::user("x".repeat(1000))]));
        assert!((1000..1400).contains(&content.size()), "{}", content.size());
    }
}
