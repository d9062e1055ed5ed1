//! What messages consist of.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::redact::Redacting;

/// A part of a message.
///
/// Optional fields that are `None` are left out. `arguments` can say both "not captured" (`None`) and
/// "captured, and null" (`Some(Value::Null)`).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
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
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
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
#[derive(Clone, PartialEq, Serialize, Deserialize)]
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

/// A field that is there, were it null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// JSON where the text is JSON, else the text.
pub(crate) fn json_or_text(text: String) -> Value {
    match serde_json::from_str(&text) {
        Ok(value) => value,
        Err(_) => Value::String(text),
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
