//! What an answer says.

use std::fmt;

use spanwise_core::{
    BilledUnits, Cost, Document, Part, Response, ResponseStatus, ToolDefinition, Usage,
};

use crate::json::Json;

/// What an answer says, as far as its bytes tell.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Id, model, finish reasons, usage, and messages where content was asked for.
    pub response: Response,
    /// What has become of a response that was fetched.
    pub status: Option<ResponseStatus>,
    /// How long the vectors are.
    pub dimension_count: Option<i64>,
    /// What embeddings used.
    pub usage: Option<Usage>,
    /// What a ranking is charged by beside tokens.
    pub billed_units: BilledUnits,
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
    /// Takes over a text that a field of the answer says, if it says one.
    pub(crate) fn hear(&mut self, said: Json<'_>, set: fn(Response, String) -> Response) {
        if let Some(text) = said.text() {
            self.response = set(std::mem::take(&mut self.response), text);
        }
    }

    /// Takes over the id, which every event of a stream may say.
    pub(crate) fn hear_id(&mut self, said: Json<'_>) {
        self.hear_again(said, Response::known_id, Response::id);
    }

    /// Takes over the model, which every event of a stream may say.
    pub(crate) fn hear_model(&mut self, said: Json<'_>) {
        self.hear_again(said, Response::known_model, Response::model);
    }

    /// Takes over OpenAI's tier, which every event of a stream may say.
    pub(crate) fn hear_service_tier(&mut self, said: Json<'_>) {
        self.hear_again(said, Response::known_openai_service_tier, Response::openai_service_tier);
    }

    /// Takes over OpenAI's mark of its system, which every event of a stream may say.
    pub(crate) fn hear_system_fingerprint(&mut self, said: Json<'_>) {
        let known = Response::known_openai_system_fingerprint;
        self.hear_again(said, known, Response::openai_system_fingerprint);
    }

    /// Takes over a text, unless that is known.
    fn hear_again(
        &mut self,
        said: Json<'_>,
        known: fn(&Response) -> Option<&str>,
        set: fn(Response, String) -> Response,
    ) {
        if !known(&self.response).is_some_and(|known| said.is(known)) {
            self.hear(said, set);
        }
    }

    /// Takes over what the call cost, if that is told.
    pub(crate) fn charged(&mut self, cost: Option<Cost>) {
        if let Some(cost) = cost {
            self.response = std::mem::take(&mut self.response).cost(cost);
        }
    }

    /// Takes over the tokens that were used.
    pub(crate) fn used(&mut self, usage: Usage) {
        self.response = std::mem::take(&mut self.response).usage(usage);
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
