//! What a request asks.

use std::fmt;

use spanwise_core::{Message, OpenAiApiType, OutputType, Part, ToolDefinition};

/// Which operation a request begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// `chat`
    #[default]
    Chat,
    /// `generate_content`
    GenerateContent,
    /// `text_completion`
    TextCompletion,
    /// `embeddings`
    Embeddings,
    /// `fetch_response`
    FetchResponse,
    /// `retrieval`: a ranking of documents.
    Retrieval,
}

/// What a request asks, as far as its bytes tell; what it does not say is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// Which operation it begins.
    pub operation: Operation,
    /// The model.
    pub model: Option<String>,
    /// Whether the answer shall come as a stream.
    pub stream: bool,
    /// `gen_ai.request.max_tokens`
    pub max_tokens: Option<i64>,
    /// `gen_ai.request.temperature`
    pub temperature: Option<f64>,
    /// `gen_ai.request.top_p`
    pub top_p: Option<f64>,
    /// `gen_ai.request.top_k`, or `gen_ai.retrieval.top_k` of a retrieval
    pub top_k: Option<i64>,
    /// `gen_ai.request.stop_sequences`
    pub stop_sequences: Vec<String>,
    /// `gen_ai.request.frequency_penalty`
    pub frequency_penalty: Option<f64>,
    /// `gen_ai.request.presence_penalty`
    pub presence_penalty: Option<f64>,
    /// `gen_ai.request.seed`
    pub seed: Option<i64>,
    /// `gen_ai.request.choice.count`
    pub choice_count: Option<i64>,
    /// `gen_ai.output.type`
    pub output_type: Option<OutputType>,
    /// `gen_ai.request.reasoning.level`
    pub reasoning_level: Option<String>,
    /// `gen_ai.request.previous_response.id`
    pub previous_response_id: Option<String>,
    /// `gen_ai.conversation.id`
    pub conversation_id: Option<String>,
    /// `gen_ai.prompt.name`
    pub prompt_name: Option<String>,
    /// `gen_ai.prompt.version`
    pub prompt_version: Option<String>,
    /// `gen_ai.request.encoding_formats`
    pub encoding_formats: Vec<String>,
    /// `gen_ai.embeddings.dimension.count`, where it is asked for
    pub dimension_count: Option<i64>,
    /// `gen_ai.response.id` of the response that is fetched
    pub response_id: Option<String>,
    /// `gen_ai.request.stream_cursor`
    pub stream_cursor: Option<String>,
    /// `openai.api.type`
    pub openai_api_type: Option<OpenAiApiType>,
    /// `openai.request.service_tier`
    pub service_tier: Option<String>,
    /// `aws.bedrock.guardrail.id`
    pub guardrail_id: Option<String>,
    /// Content; empty unless it was asked for.
    pub content: RequestContent,
}

/// The content of a request. `Debug` shows how much there is of it.
#[derive(Clone, Default, PartialEq)]
pub struct RequestContent {
    /// Instructions that the API takes apart from the history.
    pub system: Vec<Part>,
    /// The history, in the order in which it is sent.
    pub messages: Vec<Message>,
    /// The tools that the model may call.
    pub tools: Vec<ToolDefinition>,
    /// What is looked for, of a retrieval.
    pub query: Option<String>,
}

impl fmt::Debug for RequestContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestContent")
            .field("system", &self.system)
            .field("messages", &self.messages)
            .field("tools", &self.tools)
            .field("query", &self.query.as_ref().map(String::len))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorAnswer, Event};

    #[test]
    fn debug_shows_neither_content_nor_what_errors_say() {
        let text = || "canary".to_owned();
        let content = RequestContent {
            system: vec![Part::text(text())],
            messages: vec![Message::user(text())],
            tools: vec![ToolDefinition::function("f").description(text())],
            query: Some(text()),
        };
        let error = ErrorAnswer { code: "invalid".to_owned(), message: text() };
        let event = Event { name: "message", data: b"canary" };
        let shown = format!("{content:?} {error:?} {event:?}");
        assert!(!shown.contains("canary") && !shown.contains("99, 97"), "{shown}");
    }
}
