//! Answers in a provider's own words, recorded by hand.

use std::borrow::Cow;

use serde_json::Value;
use spanwise_core::Generation;

use crate::codec::Codec;
use crate::{
    AnthropicMessages, Bedrock, Cohere, Gemini, Mistral, Ollama, OpenAiChat, OpenAiResponses,
};

/// Records what a provider answered, as it answered it: for programs that have the JSON and no type for it.
///
/// What the answer says becomes what [`Generation::record`] would have been told: id, model, finish reasons,
/// usage with its totals put right, and messages where outputs are captured. What cannot be read is left out.
///
/// ```
/// use spanwise_core::{Generation, Provider};
/// use spanwise_providers::RecordAnswer as _;
///
/// let generation = Generation::chat(Provider::Anthropic, "claude-sonnet-4-5").start();
/// let answer = r#"{"id": "msg_1", "usage": {"input_tokens": 12, "cache_read_input_tokens": 90}}"#;
/// generation.record_anthropic(answer); // 102 input tokens, 90 of them cached
/// generation.finish();
/// ```
pub trait RecordAnswer {
    /// Records an answer that this codec reads.
    fn record_answer<A: AnswerBody + ?Sized>(&self, codec: &dyn Codec, answer: &A);

    /// Records an answer of OpenAI's Chat Completions, or of whoever speaks it.
    fn record_openai<A: AnswerBody + ?Sized>(&self, answer: &A) {
        self.record_answer(&OpenAiChat, answer);
    }

    /// Records an answer of OpenAI's Responses.
    fn record_openai_responses<A: AnswerBody + ?Sized>(&self, answer: &A) {
        self.record_answer(&OpenAiResponses, answer);
    }

    /// Records an answer of Anthropic's Messages.
    fn record_anthropic<A: AnswerBody + ?Sized>(&self, answer: &A) {
        self.record_answer(&AnthropicMessages, answer);
    }

    /// Records an answer of Gemini, on the Gemini API or Vertex AI.
    fn record_gemini<A: AnswerBody + ?Sized>(&self, answer: &A) {
        self.record_answer(&Gemini, answer);
    }

    /// Records an answer of Amazon Bedrock's Converse.
    fn record_bedrock<A: AnswerBody + ?Sized>(&self, answer: &A) {
        self.record_answer(&Bedrock, answer);
    }

    /// Records an answer of Cohere's chat.
    fn record_cohere<A: AnswerBody + ?Sized>(&self, answer: &A) {
        self.record_answer(&Cohere, answer);
    }

    /// Records an answer of Mistral's chat completions.
    fn record_mistral<A: AnswerBody + ?Sized>(&self, answer: &A) {
        self.record_answer(&Mistral, answer);
    }

    /// Records an answer of Ollama's own API.
    fn record_ollama<A: AnswerBody + ?Sized>(&self, answer: &A) {
        self.record_answer(&Ollama, answer);
    }
}

impl RecordAnswer for Generation {
    fn record_answer<A: AnswerBody + ?Sized>(&self, codec: &dyn Codec, answer: &A) {
        // Where nothing records, nothing is read; metrics are recorded whatever the sampler says.
        if spanwise_core::is_recorded() {
            let content = spanwise_core::captures_content();
            self.response(codec.answer(&answer.bytes(), content).response);
        }
    }
}

/// JSON, written or parsed.
pub trait AnswerBody {
    /// The JSON, written.
    fn bytes(&self) -> Cow<'_, [u8]>;
}

impl AnswerBody for [u8] {
    fn bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self)
    }
}

impl AnswerBody for Vec<u8> {
    fn bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self)
    }
}

impl AnswerBody for str {
    fn bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.as_bytes())
    }
}

impl AnswerBody for String {
    fn bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.as_bytes())
    }
}

impl AnswerBody for Value {
    fn bytes(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.to_string().into_bytes())
    }
}
