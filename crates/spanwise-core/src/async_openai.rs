//! `async-openai`'s answers, recorded by themselves.

use async_openai::types::chat::{
    ChatChoice, ChatCompletionMessageToolCalls, ChatCompletionResponseMessage, CompletionUsage,
    CreateChatCompletionResponse,
};
use serde::Serialize;
use serde_json::Value;

use crate::message::{Message, Part, ToMessages};
use crate::operation::Generation;
use crate::response::ModelResponse;
use crate::usage::{Modality, Usage};

/// With this, `generation.run(client.chat().create(request))` records the answer.
///
/// With the feature `async-openai`.
impl ModelResponse for CreateChatCompletionResponse {
    fn record_on(&self, generation: &Generation) {
        generation.response_id(self.id.clone());
        generation.response_model(self.model.clone());
        // A reason that should be there and is not is `error`, by the conventions.
        let reason = |choice: &ChatChoice| choice.finish_reason.as_ref().and_then(word);
        let reasons = self.choices.iter().map(|choice| reason(choice).unwrap_or("error".into()));
        generation.finish_reasons(reasons);
        if let Some(usage) = &self.usage {
            generation.usage(usage.into());
        }
        if let Some(tier) = self.service_tier.as_ref().and_then(word) {
            generation.openai_service_tier(tier);
        }
        #[allow(deprecated, reason = "OpenAI still sends it, and the conventions ask for it")]
        if let Some(fingerprint) = &self.system_fingerprint {
            generation.openai_system_fingerprint(fingerprint.clone());
        }
        generation.output(&Said(&self.choices));
    }
}

/// What the choices say; copied only where outputs are captured.
struct Said<'a>(&'a [ChatChoice]);

impl ToMessages for Said<'_> {
    fn to_messages(&self) -> Vec<Message> {
        self.0.iter().map(|choice| message(&choice.message)).collect()
    }
}

fn message(told: &ChatCompletionResponseMessage) -> Message {
    let text = told.content.as_ref().or(told.refusal.as_ref());
    let message = Message::assistant(text.cloned().unwrap_or_default());
    let calls = told.tool_calls.iter().flatten().map(|call| match call {
        ChatCompletionMessageToolCalls::Function(call) => {
            Part::tool_call(&call.id, &call.function.name, &call.function.arguments)
        }
        ChatCompletionMessageToolCalls::Custom(call) => {
            Part::tool_call(&call.id, &call.custom_tool.name, &call.custom_tool.input)
        }
    });
    calls.fold(message, Message::part)
}

impl From<&CompletionUsage> for Usage {
    fn from(told: &CompletionUsage) -> Self {
        let mut usage = Self::new(told.prompt_tokens.into(), told.completion_tokens.into());
        if let Some(details) = &told.prompt_tokens_details {
            if let Some(tokens) = details.cached_tokens {
                usage = usage.cache_read(tokens.into());
            }
            if let Some(tokens) = details.audio_tokens {
                usage = usage.input_of(Modality::Audio, tokens.into());
            }
        }
        if let Some(details) = &told.completion_tokens_details {
            if let Some(tokens) = details.reasoning_tokens {
                usage = usage.reasoning(tokens.into());
            }
            if let Some(tokens) = details.audio_tokens {
                usage = usage.output_of(Modality::Audio, tokens.into());
            }
        }
        usage
    }
}

/// A value of an enum, as it is sent.
fn word(value: &impl Serialize) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => Some(word),
        _ => None,
    }
}
