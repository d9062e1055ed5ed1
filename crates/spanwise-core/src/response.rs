//! What a model answered, as the conventions record it.

use opentelemetry::{KeyValue, StringValue};

use crate::message::Message;
use crate::operation::Generation;
use crate::semconv::attribute as key;
use crate::usage::Usage;

/// A response that a [`Generation`] can record by itself.
///
/// Implement it for a client's response type, and `run(client.create(request))` is all that a call
/// needs. [`Response`] is such a type, for everything else.
///
/// ```
/// use spanwise_core::{Generation, ModelResponse, Usage};
///
/// struct Completion { id: String, model: String, prompt_tokens: u64, completion_tokens: u64 }
///
/// impl ModelResponse for Completion {
///     fn record_on(&self, generation: &Generation) {
///         generation.response_id(self.id.clone());
///         generation.response_model(self.model.clone());
///         generation.usage(Usage::new(self.prompt_tokens, self.completion_tokens));
///     }
/// }
/// ```
pub trait ModelResponse {
    /// Records what this response says. Content goes through
    /// [`Generation::output`], which copies nothing where it is not captured.
    fn record_on(&self, generation: &Generation);
}

/// A response in our own words, for callers whose client has no [`ModelResponse`].
///
/// ```
/// use spanwise_core::{Message, Response, Usage};
///
/// let response = Response::new()
///     .id("chatcmpl-1")
///     .model("gpt-4o-mini-2024-07-18")
///     .finish_reason("stop")
///     .usage(Usage::new(12, 5))
///     .output(Message::assistant("Hello!"));
/// # let _ = response;
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "record it on a generation, or return it from the work that runs in one"]
pub struct Response {
    pub(crate) id: Option<StringValue>,
    pub(crate) model: Option<StringValue>,
    pub(crate) finish_reasons: Vec<StringValue>,
    pub(crate) usage: Option<Usage>,
    pub(crate) compacted: bool,
    output: Vec<Message>,
}

impl Response {
    /// A response of which nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// `gen_ai.response.id` (string).
    pub fn id(mut self, id: impl Into<StringValue>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The model that answered: `gen_ai.response.model` (string).
    pub fn model(mut self, model: impl Into<StringValue>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Why the next choice ended: adds to `gen_ai.response.finish_reasons` (string[]).
    pub fn finish_reason(mut self, reason: impl Into<StringValue>) -> Self {
        self.finish_reasons.push(reason.into());
        self
    }

    /// What the call used.
    pub fn usage(mut self, usage: Usage) -> Self {
        self.usage = Some(usage);
        self
    }

    /// The next choice's message. Content: recorded only where outputs are captured.
    pub fn output(mut self, message: Message) -> Self {
        self.output.push(message);
        self
    }

    pub(crate) fn push_attributes(&mut self, attributes: &mut Vec<KeyValue>) {
        attributes.extend(self.id.take().map(|id| key::GEN_AI_RESPONSE_ID.of(id)));
        attributes.extend(self.model.take().map(|model| key::GEN_AI_RESPONSE_MODEL.of(model)));
        if !self.finish_reasons.is_empty() {
            let reasons = std::mem::take(&mut self.finish_reasons);
            attributes.push(key::GEN_AI_RESPONSE_FINISH_REASONS.of(reasons));
        }
        if let Some(usage) = self.usage {
            usage.settled().push_attributes(attributes);
        }
        if self.compacted {
            attributes.push(key::GEN_AI_CONVERSATION_COMPACTED.of(true));
        }
    }
}

impl ModelResponse for Response {
    fn record_on(&self, generation: &Generation) {
        generation.respond(self);
        if !self.output.is_empty() {
            generation.output(&self.output);
        }
    }
}

impl<T: ModelResponse + ?Sized> ModelResponse for &T {
    fn record_on(&self, generation: &Generation) {
        (**self).record_on(generation);
    }
}

impl<T: ModelResponse + ?Sized> ModelResponse for Box<T> {
    fn record_on(&self, generation: &Generation) {
        (**self).record_on(generation);
    }
}
