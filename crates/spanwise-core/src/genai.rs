//! What `genai` asks and answers, in our words.

use genai::adapter::AdapterKind;
use genai::chat::{
    BinarySource, ChatMessage, ChatRequest, ChatResponse, ChatRole, ChatStreamEvent, ContentPart,
    MessageContent, StreamEnd, Tool, ToolName,
};
use serde_json::Map;

use crate::message::{Message, Part, Role, ToMessages, ToolDefinition};
use crate::operation::{Generation, StreamedResponse};
use crate::provider::Provider;
use crate::response::ModelResponse;
use crate::usage::{Modality, Usage};

/// With this, `generation.run(client.exec_chat(model, request, None))` records the answer.
///
/// Records what `genai` tells: the model, why it stopped, usage, content, and the response's id where the
/// provider keeps the conversation. With the feature `genai`.
impl ModelResponse for ChatResponse {
    fn record_on(&self, generation: &Generation) {
        if let Some(id) = &self.response_id {
            generation.response_id(id.clone());
        }
        generation.response_model(self.provider_model_iden.model_name.to_string());
        if let Some(reason) = &self.stop_reason {
            generation.finish_reasons([reason.raw().to_owned()]);
        }
        generation.usage((&self.usage).into());
        generation.output(self);
    }
}

impl ToMessages for ChatResponse {
    fn to_messages(&self) -> Vec<Message> {
        let mut said = parts(&self.content);
        if let Some(reasoning) = &self.reasoning_content
            && !self.content.contains_reasoning_content()
        {
            said.insert(0, Part::reasoning(reasoning));
        }
        vec![Message::new(Role::Assistant, said)]
    }
}

/// The history; `system`, which stands apart from it, is for `system_instructions`.
impl ToMessages for ChatRequest {
    fn to_messages(&self) -> Vec<Message> {
        self.messages.iter().map(message).collect()
    }
}

fn message(message: &ChatMessage) -> Message {
    let role = match message.role {
        ChatRole::System => Role::System,
        ChatRole::User => Role::User,
        ChatRole::Assistant => Role::Assistant,
        ChatRole::Tool => Role::Tool,
    };
    Message::new(role, parts(&message.content))
}

fn parts(content: &MessageContent) -> Vec<Part> {
    content.iter().filter_map(part).collect()
}

fn part(part: &ContentPart) -> Option<Part> {
    Some(match part {
        ContentPart::Text(text) => Part::text(text),
        ContentPart::ReasoningContent(text) => Part::reasoning(text),
        ContentPart::ToolCall(call) => Part::ToolCall {
            id: Some(call.call_id.clone()),
            name: call.fn_name.clone(),
            arguments: Some(call.fn_arguments.clone()),
        },
        ContentPart::ToolResponse(response) => {
            Part::tool_call_response(&response.call_id, &response.content)
        }
        ContentPart::Binary(binary) => {
            let kinds = ["image", "audio", "video"];
            let of_kind = |kind: &&str| binary.content_type.starts_with(*kind);
            let modality = kinds.into_iter().find(of_kind).unwrap_or("document");
            match &binary.source {
                BinarySource::Base64(data) => Part::blob(modality, &binary.content_type, &**data),
                BinarySource::Url(uri) => Part::Uri {
                    modality: modality.to_owned(),
                    mime_type: Some(binary.content_type.clone()),
                    uri: uri.clone(),
                },
            }
        }
        ContentPart::Custom(custom) => {
            let fields = Map::from_iter([("data".to_owned(), custom.data.clone())]);
            Part::generic(custom.typ().unwrap_or("custom"), fields)
        }
        // For the provider alone, and nobody's words.
        ContentPart::ThoughtSignature(_) => return None,
    })
}

impl From<&Tool> for ToolDefinition {
    fn from(tool: &Tool) -> Self {
        let mut definition = match &tool.name {
            ToolName::WebSearch => Self::of_type("web_search", "web_search"),
            ToolName::Custom(name) if tool.custom_format.is_some() => Self::of_type("custom", name),
            ToolName::Custom(name) => Self::function(name),
        };
        if let Some(description) = &tool.description {
            definition = definition.description(description);
        }
        match &tool.schema {
            Some(schema) => definition.parameters(schema.clone()),
            None => definition,
        }
    }
}

impl From<&genai::chat::Usage> for Usage {
    /// `genai` makes totals inclusive for every provider, as ours are.
    fn from(told: &genai::chat::Usage) -> Self {
        let count = |tokens: Option<i32>| tokens.and_then(|tokens| u64::try_from(tokens).ok());
        let mut usage = Self::unknown();
        let mut tell = |tokens: Option<i32>, set: fn(Self, u64) -> Self| {
            if let Some(tokens) = count(tokens) {
                usage = set(usage, tokens);
            }
        };
        tell(told.prompt_tokens, Self::input);
        tell(told.completion_tokens, Self::output);
        if let Some(details) = &told.prompt_tokens_details {
            tell(details.cached_tokens, Self::cache_read);
            tell(details.cache_creation_tokens, Self::cache_write);
            tell(details.audio_tokens, |usage, n| usage.input_of(Modality::Audio, n));
        }
        if let Some(details) = &told.completion_tokens_details {
            tell(details.reasoning_tokens, Self::reasoning);
            tell(details.audio_tokens, |usage, n| usage.output_of(Modality::Audio, n));
        }
        usage
    }
}

impl From<AdapterKind> for Provider {
    fn from(kind: AdapterKind) -> Self {
        match kind {
            AdapterKind::OpenAI | AdapterKind::OpenAIResp => Self::OpenAi,
            AdapterKind::Anthropic => Self::Anthropic,
            AdapterKind::Gemini | AdapterKind::GeminiIx => Self::GcpGemini,
            AdapterKind::Vertex => Self::GcpVertexAi,
            AdapterKind::Mistral => Self::MistralAi,
            AdapterKind::Xai => Self::XAi,
            AdapterKind::Moonshot => Self::MoonshotAi,
            AdapterKind::OpenRouter => Self::from("openrouter"),
            AdapterKind::OllamaCloud => Self::from("ollama"),
            // Two of them, one behind a feature of genai's.
            other if other.as_lower_str().starts_with("bedrock") => Self::AwsBedrock,
            other => Self::from(other.as_lower_str()),
        }
    }
}

impl StreamedResponse<'_> {
    /// What an event of a stream of `genai`'s says. With the feature `genai`.
    ///
    /// Usage is there only where [`ChatOptions::capture_usage`](genai::chat::ChatOptions::capture_usage) asks
    /// for it.
    pub fn record_genai(&mut self, event: &ChatStreamEvent) {
        match event {
            ChatStreamEvent::Chunk(chunk) => self.text(&chunk.content),
            ChatStreamEvent::ReasoningChunk(chunk) => self.reasoning(&chunk.content),
            ChatStreamEvent::ToolCallChunk(chunk) => self.genai_tool_call(&chunk.tool_call),
            ChatStreamEvent::End(end) => self.record_genai_end(end),
            ChatStreamEvent::Start
            | ChatStreamEvent::Heartbeat
            | ChatStreamEvent::ThoughtSignatureChunk(_) => {}
        }
    }

    fn record_genai_end(&mut self, end: &StreamEnd) {
        if let Some(id) = &end.captured_response_id {
            self.id(id.clone());
        }
        if let Some(reason) = &end.captured_stop_reason {
            self.finish_reason(reason.raw().to_owned());
        }
        if let Some(usage) = &end.captured_usage {
            self.usage(usage.into());
        }
    }
}
