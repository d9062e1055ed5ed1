//! Messages and their parts, in the shapes of the conventions' JSON schemas.
//!
//! Everything here is content: it leaves the process only where content capture is on, and `Debug`
//! shows lengths, never text.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::redact::Redacting;

/// One message of a conversation.
///
/// Source: [gen_ai.input.messages](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md)
///
/// ```
/// use spanwise_core::{Message, Part};
///
/// let history = [
///     Message::user("What is the weather in Paris?"),
///     Message::assistant("").part(Part::tool_call("call_1", "get_weather", r#"{"city":"Paris"}"#)),
///     Message::tool_response("call_1", "rainy, 57°F"),
/// ];
/// assert_eq!(serde_json::to_value(&history[0]).unwrap(), serde_json::json!({
///     "role": "user",
///     "parts": [{"type": "text", "content": "What is the weather in Paris?"}],
/// }));
/// ```
#[derive(Clone, PartialEq, Serialize)]
pub struct Message {
    pub(crate) role: Role,
    pub(crate) parts: Vec<Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

/// Who a message is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// `system`
    System,
    /// `user`
    User,
    /// `assistant`
    Assistant,
    /// `tool`
    Tool,
    /// A role that the conventions do not list.
    #[serde(untagged)]
    Other(String),
}

impl From<String> for Role {
    fn from(role: String) -> Self {
        match role.as_str() {
            "system" => Self::System,
            "user" => Self::User,
            "assistant" => Self::Assistant,
            "tool" => Self::Tool,
            _ => Self::Other(role),
        }
    }
}

impl Role {
    /// As the conventions spell it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
            Self::Other(role) => role,
        }
    }
}

impl Message {
    /// A message of any role, with any parts.
    pub fn new(role: Role, parts: Vec<Part>) -> Self {
        Self { role, parts, name: None }
    }

    /// A system message within the history. Instructions that the API takes apart from it go to
    /// `system_instructions` instead.
    pub fn system(text: impl Into<String>) -> Self {
        Self::of_text(Role::System, text.into())
    }

    /// A user's message.
    pub fn user(text: impl Into<String>) -> Self {
        Self::of_text(Role::User, text.into())
    }

    /// A model's message; empty text makes no part.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::of_text(Role::Assistant, text.into())
    }

    /// What a tool answered to the call with this id; JSON text is recorded as JSON.
    pub fn tool_response(call_id: impl Into<String>, response: impl Into<String>) -> Self {
        Self::new(Role::Tool, vec![Part::tool_call_response(call_id, response)])
    }

    fn of_text(role: Role, text: String) -> Self {
        let parts = if text.is_empty() { vec![] } else { vec![Part::Text { content: text }] };
        Self::new(role, parts)
    }

    /// Adds a part.
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// Names the participant.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    pub(crate) fn redact(&mut self, with: Redacting<'_>) {
        let with = with.at(|place| place.in_message(self.role.as_str()));
        for part in &mut self.parts {
            part.redact(with);
        }
        with.field("name", self.name.as_mut());
    }

    /// Who it is from.
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// What it consists of.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// What it consists of, to be changed.
    pub fn parts_mut(&mut self) -> &mut Vec<Part> {
        &mut self.parts
    }
}

/// A part of a message.
///
/// Optional fields that are `None` are left out. `arguments` can say both "not captured" (`None`) and
/// "captured, and null" (`Some(Value::Null)`).
#[derive(Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Part {
    /// `text`
    Text {
        /// The text.
        content: String,
    },
    /// `reasoning`: what the model thought aloud.
    Reasoning {
        /// The text.
        content: String,
    },
    /// `tool_call`: the model asks the program to run a tool.
    ToolCall {
        /// The call's id, which the response repeats.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The tool.
        name: String,
        /// Its arguments.
        #[serde(skip_serializing_if = "Option::is_none")]
        arguments: Option<Value>,
    },
    /// `tool_call_response`: what the tool answered.
    ToolCallResponse {
        /// The id of the call.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The answer.
        response: Value,
    },
    /// `server_tool_call`: a tool that the provider runs itself.
    ServerToolCall {
        /// The call's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The tool.
        name: String,
        /// The call as the provider words it: an object with a `type`.
        server_tool_call: Value,
    },
    /// `server_tool_call_response`: what the provider's tool answered.
    ServerToolCallResponse {
        /// The id of the call.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The answer as the provider words it: an object with a `type`.
        server_tool_call_response: Value,
    },
    /// `blob`: media sent inline.
    Blob {
        /// `image`, `video`, `audio`, `document`, or another word.
        modality: String,
        /// The IANA media type.
        #[serde(skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
        /// The bytes, in base64.
        content: String,
    },
    /// `file`: media that was uploaded to the provider before.
    File {
        /// `image`, `video`, `audio`, `document`, or another word.
        modality: String,
        /// The IANA media type.
        #[serde(skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
        /// The provider's id of the file.
        file_id: String,
    },
    /// `uri`: media that stands elsewhere.
    Uri {
        /// `image`, `video`, `audio`, `document`, or another word.
        modality: String,
        /// The IANA media type.
        #[serde(skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
        /// Where it stands; data URLs are blobs.
        uri: String,
    },
    /// `compaction`: a summary in place of earlier turns.
    Compaction {
        /// The provider's id of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The summary, where it is not encrypted.
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    },
    /// Anything else, under a type of its own.
    #[serde(untagged)]
    Generic(GenericPart),
}

/// A part of a type that the conventions do not list.
#[derive(Clone, PartialEq, Serialize)]
pub struct GenericPart {
    #[serde(rename = "type")]
    part_type: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl Part {
    /// Plain text.
    pub fn text(content: impl Into<String>) -> Self {
        Self::Text { content: content.into() }
    }

    /// What the model thought aloud.
    pub fn reasoning(content: impl Into<String>) -> Self {
        Self::Reasoning { content: content.into() }
    }

    /// A tool call with its arguments as the model wrote them: JSON text is recorded as JSON, anything
    /// else as a string.
    pub fn tool_call(
        id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<String>,
    ) -> Self {
        let arguments = Some(json_or_text(arguments.into()));
        Self::ToolCall { id: Some(id.into()), name: name.into(), arguments }
    }

    /// A tool's answer: JSON text is recorded as JSON, anything else as a string.
    pub fn tool_call_response(id: impl Into<String>, response: impl Into<String>) -> Self {
        Self::ToolCallResponse { id: Some(id.into()), response: json_or_text(response.into()) }
    }

    /// Media sent inline, in base64.
    pub fn blob(
        modality: impl Into<String>,
        mime_type: impl Into<String>,
        base64: impl Into<String>,
    ) -> Self {
        Self::Blob {
            modality: modality.into(),
            mime_type: Some(mime_type.into()),
            content: base64.into(),
        }
    }

    /// Media that stands elsewhere.
    pub fn uri(modality: impl Into<String>, uri: impl Into<String>) -> Self {
        Self::Uri { modality: modality.into(), mime_type: None, uri: uri.into() }
    }

    /// Media that was uploaded to the provider before.
    pub fn file(modality: impl Into<String>, file_id: impl Into<String>) -> Self {
        Self::File { modality: modality.into(), mime_type: None, file_id: file_id.into() }
    }

    /// A part of a type that the conventions do not list. A field called `type` is left out.
    pub fn generic(part_type: impl Into<String>, mut fields: Map<String, Value>) -> Self {
        fields.remove("type");
        Self::Generic(GenericPart { part_type: part_type.into(), fields })
    }
}

impl Part {
    /// Its type, as the conventions spell it.
    pub fn part_type(&self) -> &str {
        match self {
            Self::Text { .. } => "text",
            Self::Reasoning { .. } => "reasoning",
            Self::ToolCall { .. } => "tool_call",
            Self::ToolCallResponse { .. } => "tool_call_response",
            Self::ServerToolCall { .. } => "server_tool_call",
            Self::ServerToolCallResponse { .. } => "server_tool_call_response",
            Self::Blob { .. } => "blob",
            Self::File { .. } => "file",
            Self::Uri { .. } => "uri",
            Self::Compaction { .. } => "compaction",
            Self::Generic(part) => &part.part_type,
        }
    }

    /// Types, modalities and media types are names, and stay.
    pub(crate) fn redact(&mut self, with: Redacting<'_>) {
        let part_type = self.part_type().to_owned();
        let with = with.at(|place| place.in_part(&part_type));
        match self {
            Self::Text { content } | Self::Reasoning { content } | Self::Blob { content, .. } => {
                with.field("content", Some(content));
            }
            Self::ToolCall { id, name, arguments } => {
                with.field("id", id.as_mut());
                with.field("name", Some(name));
                if let Some(arguments) = arguments {
                    with.at(|place| place.in_field("arguments")).value(arguments);
                }
            }
            Self::ToolCallResponse { id, response } => {
                with.field("id", id.as_mut());
                with.at(|place| place.in_field("response")).value(response);
            }
            Self::ServerToolCall { id, name, server_tool_call } => {
                with.field("id", id.as_mut());
                with.field("name", Some(name));
                with.at(|place| place.in_field("server_tool_call")).value(server_tool_call);
            }
            Self::ServerToolCallResponse { id, server_tool_call_response: response } => {
                with.field("id", id.as_mut());
                with.at(|place| place.in_field("server_tool_call_response")).value(response);
            }
            Self::File { file_id, .. } => with.field("file_id", Some(file_id)),
            Self::Uri { uri, .. } => with.field("uri", Some(uri)),
            Self::Compaction { id, content } => {
                with.field("id", id.as_mut());
                with.field("content", content.as_mut());
            }
            Self::Generic(part) => with.values(&mut part.fields),
        }
    }
}

/// JSON where the text is JSON, else the text.
pub(crate) fn json_or_text(text: String) -> Value {
    match serde_json::from_str(&text) {
        Ok(value) => value,
        Err(_) => Value::String(text),
    }
}

/// A tool that a model may call.
///
/// Name and type are recorded wherever definitions are; description and parameters, which are large
/// and repeat with every call, only where tool schemas were asked for as well.
///
/// Source: [gen_ai.tool.definitions](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md)
#[derive(Clone, PartialEq, Serialize)]
pub struct ToolDefinition {
    #[serde(rename = "type")]
    tool_type: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Value>,
}

impl ToolDefinition {
    /// A function of the program's own.
    pub fn function(name: impl Into<String>) -> Self {
        Self::of_type("function", name)
    }

    /// A tool of another type, such as one that the provider runs.
    pub fn of_type(tool_type: impl Into<String>, name: impl Into<String>) -> Self {
        Self { tool_type: tool_type.into(), name: name.into(), description: None, parameters: None }
    }

    /// What the tool is for, in words.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The JSON Schema of its arguments.
    #[must_use]
    pub fn parameters(mut self, schema: Value) -> Self {
        self.parameters = Some(schema);
        self
    }

    pub(crate) fn redact(&mut self, with: Redacting<'_>) {
        with.field("name", Some(&mut self.name));
        with.field("description", self.description.as_mut());
        if let Some(parameters) = &mut self.parameters {
            with.at(|place| place.in_field("parameters")).value(parameters);
        }
    }

    pub(crate) fn without_schema(mut self) -> Self {
        self.description = None;
        self.parameters = None;
        self
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("role", &self.role)
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (part_type, length) = match self {
            Self::Text { content } => ("text", content.len()),
            Self::Reasoning { content } => ("reasoning", content.len()),
            Self::Blob { content, .. } => ("blob", content.len()),
            Self::ToolCall { .. } => ("tool_call", 0),
            Self::ToolCallResponse { .. } => ("tool_call_response", 0),
            Self::ServerToolCall { .. } => ("server_tool_call", 0),
            Self::ServerToolCallResponse { .. } => ("server_tool_call_response", 0),
            Self::File { .. } => ("file", 0),
            Self::Uri { .. } => ("uri", 0),
            Self::Compaction { .. } => ("compaction", 0),
            Self::Generic(_) => ("generic", 0),
        };
        if length == 0 { f.write_str(part_type) } else { write!(f, "{part_type}({length} bytes)") }
    }
}

impl fmt::Debug for GenericPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GenericPart")
    }
}

impl fmt::Debug for ToolDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolDefinition").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What can be recorded as messages.
///
/// Conversion happens only where content is captured; with capture off nothing is copied. Implement it
/// for a client's own request type to hand that to `input` as it is.
///
/// ```
/// use spanwise_core::{Message, ToMessages};
///
/// struct Turn { question: String }
///
/// impl ToMessages for Turn {
///     fn to_messages(&self) -> Vec<Message> {
///         vec![Message::user(&self.question)]
///     }
/// }
/// ```
pub trait ToMessages {
    /// The messages, in the order in which they were sent.
    fn to_messages(&self) -> Vec<Message>;
}

/// A user's message.
impl ToMessages for str {
    fn to_messages(&self) -> Vec<Message> {
        vec![Message::user(self)]
    }
}

/// A user's message.
impl ToMessages for String {
    fn to_messages(&self) -> Vec<Message> {
        self.as_str().to_messages()
    }
}

impl ToMessages for Message {
    fn to_messages(&self) -> Vec<Message> {
        vec![self.clone()]
    }
}

impl ToMessages for [Message] {
    fn to_messages(&self) -> Vec<Message> {
        self.to_vec()
    }
}

impl<const N: usize> ToMessages for [Message; N] {
    fn to_messages(&self) -> Vec<Message> {
        self.to_vec()
    }
}

impl ToMessages for Vec<Message> {
    fn to_messages(&self) -> Vec<Message> {
        self.clone()
    }
}

impl<T: ToMessages + ?Sized> ToMessages for &T {
    fn to_messages(&self) -> Vec<Message> {
        (**self).to_messages()
    }
}

#[cfg(test)]
mod tests;
