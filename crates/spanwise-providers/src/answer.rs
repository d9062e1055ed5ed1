//! What an answer says.

use std::fmt;

use spanwise_core::opentelemetry::StringValue;
use spanwise_core::{Document, Message, Part, Response, ResponseStatus, Role, ToolDefinition};

use crate::json::Json;

/// What an answer says, as far as its bytes tell; what it does not say is absent. `Debug` shows no content.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Id, model, finish reasons, tokens and whatever else it is charged by, and messages where content was asked for.
    pub response: Response,
    /// What has become of a response that was fetched.
    pub status: Option<ResponseStatus>,
    /// How long the vectors are.
    pub dimension_count: Option<i64>,
    /// What a ranking found, where content was asked for.
    pub documents: Vec<Document>,
    /// The instructions that a fetched response carries, where content was asked for.
    pub system: Vec<Part>,
    /// The tools that a fetched response carries, where content was asked for.
    pub tools: Vec<ToolDefinition>,
    /// The answer came as one, but says that the request failed.
    pub error: Option<ErrorAnswer>,
}

impl Answer {
    /// The model that answers, where that is known.
    pub(crate) fn model(&self) -> Option<&str> {
        self.response.model.as_ref().map(StringValue::as_str)
    }

    /// Adds why a choice ended, where that is told.
    pub(crate) fn ended(&mut self, reason: Option<String>) {
        self.response.finish_reasons.extend(reason.map(StringValue::from));
    }

    /// Adds what the model said, where it said anything.
    pub(crate) fn said(&mut self, parts: Vec<Part>) {
        if !parts.is_empty() {
            self.response.output.push(Message::new(Role::Assistant, parts));
        }
    }
}

/// Takes over a text. Every event of a stream may say the same one again.
pub(crate) fn hear(known: &mut Option<StringValue>, said: Json<'_>) {
    if !known.as_ref().is_some_and(|known| said.is(known.as_str()))
        && let Some(text) = said.text()
    {
        *known = Some(text.into());
    }
}

/// Why a provider refused. `Debug` shows its code, never what it says, which may quote a prompt.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ErrorAnswer {
    /// The provider's word for it, of low cardinality: becomes `error.type`. Empty where it has none; then
    /// the HTTP status says it.
    pub code: String,
    /// What it says; recorded only where errors' texts are.
    pub message: String,
}

impl fmt::Debug for ErrorAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorAnswer").field("code", &self.code).finish_non_exhaustive()
    }
}
