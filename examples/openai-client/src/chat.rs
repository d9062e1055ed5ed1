//! What is said to a model, and what it answers, as far as the examples use it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spanwise::{Generation, Message, Modality, ModelResponse, Part, Usage};

/// What is asked of the model.
#[derive(Debug, Default, Serialize)]
pub struct ChatRequest {
    /// The model.
    pub model: String,
    /// The history, in OpenAI's words.
    pub messages: Vec<Value>,
    /// The tools that it may call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Value>,
    /// The most tokens it may write.
    pub max_completion_tokens: u32,
    /// Everything else that may be said.
    #[serde(flatten)]
    pub options: Options,
}

/// The parameters that requests rarely have.
#[derive(Clone, Debug, Default, Serialize)]
#[allow(missing_docs, reason = "they are OpenAI's, by OpenAI's names")]
pub struct Options {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_format: Option<Value>,
}

/// A whole answer.
#[derive(Debug, Deserialize)]
pub struct ChatCompletion {
    id: String,
    model: String,
    choices: Vec<Choice>,
    usage: TokenUsage,
    service_tier: Option<String>,
    system_fingerprint: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    message: ChoiceMessage,
    finish_reason: String,
}

#[derive(Debug, Deserialize)]
struct ChoiceMessage {
    content: Option<String>,
    tool_calls: Option<Vec<WholeToolCall>>,
}

#[derive(Debug, Deserialize)]
struct WholeToolCall {
    id: String,
    function: Function,
}

#[derive(Debug, Deserialize)]
struct Function {
    name: String,
    arguments: String,
}

#[derive(Clone, Debug, Deserialize)]
struct TokenUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    prompt_tokens_details: Option<TokenDetails>,
    completion_tokens_details: Option<TokenDetails>,
}

/// What tokens are made of; each side has its own part of this.
#[derive(Clone, Debug, Default, Deserialize)]
struct TokenDetails {
    cached_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
    text_tokens: Option<u64>,
    image_tokens: Option<u64>,
    audio_tokens: Option<u64>,
}

impl TokenDetails {
    fn modalities(&self) -> impl Iterator<Item = (Modality, u64)> {
        let Self { text_tokens, image_tokens, audio_tokens, .. } = *self;
        let all = [
            (Modality::Text, text_tokens),
            (Modality::Image, image_tokens),
            (Modality::Audio, audio_tokens),
        ];
        all.into_iter().filter_map(|(modality, tokens)| Some((modality, tokens?)))
    }
}

impl From<&TokenUsage> for Usage {
    fn from(tokens: &TokenUsage) -> Self {
        let mut usage = Self::new(tokens.prompt_tokens, tokens.completion_tokens);
        let input = tokens.prompt_tokens_details.clone().unwrap_or_default();
        let output = tokens.completion_tokens_details.clone().unwrap_or_default();
        if let Some(cached) = input.cached_tokens {
            usage = usage.cache_read(cached);
        }
        if let Some(reasoning) = output.reasoning_tokens {
            usage = usage.reasoning(reasoning);
        }
        for (modality, tokens) in input.modalities() {
            usage = usage.input_of(modality, tokens);
        }
        for (modality, tokens) in output.modalities() {
            usage = usage.output_of(modality, tokens);
        }
        usage
    }
}

impl ChatCompletion {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The first choice's text.
    pub fn text(&self) -> &str {
        let first = self.choices.first();
        first.and_then(|choice| choice.message.content.as_deref()).unwrap_or_default()
    }

    /// What it used.
    pub fn usage(&self) -> Usage {
        (&self.usage).into()
    }

    /// The tools that the first choice wants to be run.
    pub fn tool_calls(&self) -> Vec<ToolCall> {
        self.choices.first().map(|choice| choice.message.tool_calls()).unwrap_or_default()
    }
}

impl ChoiceMessage {
    fn tool_calls(&self) -> Vec<ToolCall> {
        let calls =
            self.tool_calls.iter().flatten().map(|WholeToolCall { id, function }| ToolCall {
                id: id.clone(),
                name: function.name.clone(),
                arguments: function.arguments.clone(),
            });
        calls.collect()
    }

    fn message(&self) -> Message {
        let message = Message::assistant(self.content.clone().unwrap_or_default());
        self.tool_calls().iter().fold(message, |message, call| message.part(call.part()))
    }
}

/// With this, `generation.run(client.chat(…))` records the answer by itself.
impl ModelResponse for ChatCompletion {
    fn record_on(&self, generation: &Generation) {
        generation.response_id(self.id.clone());
        generation.response_model(self.model.clone());
        generation.finish_reasons(self.choices.iter().map(|c| c.finish_reason.clone()));
        generation.usage((&self.usage).into());
        if let Some(tier) = &self.service_tier {
            generation.openai_service_tier(tier.clone());
        }
        if let Some(fingerprint) = &self.system_fingerprint {
            generation.openai_system_fingerprint(fingerprint.clone());
        }
        let messages = self.choices.iter().map(|choice| choice.message.message());
        generation.output(&messages.collect::<Vec<_>>());
    }
}

/// One chunk of a streamed answer.
#[derive(Debug, Deserialize)]
pub struct Delta {
    /// The answer's id.
    pub id: String,
    /// The model that answers.
    pub model: String,
    choices: Vec<DeltaChoice>,
    usage: Option<TokenUsage>,
    service_tier: Option<String>,
    system_fingerprint: Option<String>,
}

#[derive(Debug, Deserialize)]
struct DeltaChoice {
    index: usize,
    delta: DeltaMessage,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct DeltaMessage {
    content: Option<String>,
    tool_calls: Option<Vec<DeltaToolCall>>,
}

#[derive(Debug, Deserialize)]
struct DeltaToolCall {
    index: usize,
    id: Option<String>,
    function: DeltaFunction,
}

#[derive(Debug, Deserialize)]
struct DeltaFunction {
    name: Option<String>,
    #[serde(default)]
    arguments: String,
}

/// A tool that the model wants to be run.
#[derive(Clone, Debug, Default)]
pub struct ToolCall {
    /// The call's id.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments, as JSON text.
    pub arguments: String,
}

impl ToolCall {
    /// As a message of the history, in OpenAI's words.
    pub fn to_json(&self) -> Value {
        json!({
            "role": "assistant",
            "tool_calls": [{
                "id": self.id,
                "type": "function",
                "function": {"name": self.name, "arguments": self.arguments},
            }],
        })
    }

    /// As a part of the history.
    pub fn part(&self) -> Part {
        Part::tool_call(&self.id, &self.name, &self.arguments)
    }
}

impl Delta {
    /// Tells a generation what is in it.
    pub fn record_on(&self, response: &mut spanwise::StreamedResponse<'_>) {
        response.id(self.id.clone());
        response.model(self.model.clone());
        for DeltaChoice { index: choice, delta, finish_reason } in &self.choices {
            response.text_of(*choice, delta.content.as_deref().unwrap_or_default());
            for (index, id, name, arguments) in delta.tool_calls() {
                response.tool_call_of(*choice, index, id, name, arguments);
            }
            if let Some(reason) = finish_reason {
                response.finish_reason_of(*choice, reason.clone());
            }
        }
        if let Some(usage) = &self.usage {
            response.usage(usage.into());
        }
        if let Some(tier) = &self.service_tier {
            response.openai_service_tier(tier.clone());
        }
        if let Some(fingerprint) = &self.system_fingerprint {
            response.openai_system_fingerprint(fingerprint.clone());
        }
    }

    /// More of the first choice's text.
    pub fn text(&self) -> &str {
        let first = self.choices.first();
        first.and_then(|choice| choice.delta.content.as_deref()).unwrap_or_default()
    }

    /// More of the first choice's tool calls: index, id, name, arguments.
    pub fn tool_calls(&self) -> impl Iterator<Item = (usize, Option<&str>, Option<&str>, &str)> {
        self.choices.first().into_iter().flat_map(|choice| choice.delta.tool_calls())
    }
}

impl DeltaMessage {
    fn tool_calls(&self) -> impl Iterator<Item = (usize, Option<&str>, Option<&str>, &str)> {
        self.tool_calls.iter().flatten().map(|call| {
            let DeltaFunction { name, arguments } = &call.function;
            (call.index, call.id.as_deref(), name.as_deref(), arguments.as_str())
        })
    }
}
