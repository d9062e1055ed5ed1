//! Messages and their parts, in the shapes of the conventions' JSON schemas.
//!
//! Everything here is content: it leaves the process only where content capture is on, and `Debug`
//! shows lengths, never text.

mod part;
mod to_messages;
mod tool_definition;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::redact::Redacting;

pub(crate) use part::json_or_text;
pub use part::{GenericPart, Part};
pub use to_messages::ToMessages;
pub use tool_definition::ToolDefinition;

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
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub(crate) role: Role,
    pub(crate) parts: Vec<Part>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

/// Who a message is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("role", &self.role)
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
