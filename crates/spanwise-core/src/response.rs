//! What a model answered, as the conventions record it.

use opentelemetry::{KeyValue, StringValue};

use crate::cost::{BilledUnits, Cost};
use crate::message::Message;
use crate::operation::Generation;
use crate::recorder::Series;
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
///
/// Text alone is the assistant's: `String` and `str` are responses of which nothing else is known, and so is a
/// [`Message`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no model's answer: it is not `ModelResponse`",
    label = "is not `ModelResponse`",
    note = "implement `ModelResponse`, answer with a `Response`, or record it by hand in `run_with`",
    note = "with `#[generation]`, leave it out with `skip_result`"
)]
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
#[non_exhaustive]
#[must_use = "record it on a generation, or return it from the work that runs in one"]
pub struct Response {
    /// `gen_ai.response.id`
    pub id: Option<StringValue>,
    /// `gen_ai.response.model`
    pub model: Option<StringValue>,
    /// `gen_ai.response.finish_reasons`
    pub finish_reasons: Vec<StringValue>,
    /// The tokens that were used.
    pub usage: Option<Usage>,
    /// What the call cost, as the provider or a gateway says.
    pub cost: Option<Cost>,
    /// What the call is charged by beside tokens.
    pub billed_units: BilledUnits,
    /// `spanwise.billed.service_tier`
    pub billed_tier: Option<StringValue>,
    /// `gen_ai.conversation.compacted`
    pub compacted: bool,
    /// `openai.response.service_tier`
    pub service_tier: Option<StringValue>,
    /// `openai.response.system_fingerprint`
    pub system_fingerprint: Option<StringValue>,
    /// What the model said, a message for each choice. `Debug` shows none of it.
    pub output: Vec<Message>,
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

    /// What the call cost, as the provider or a gateway says: `spanwise.cost.*`. *Extension.*
    pub fn cost(mut self, cost: Cost) -> Self {
        self.cost = Some(cost);
        self
    }

    /// What the call is charged by beside tokens, as the answer says: `spanwise.billed.*`. *Extension.*
    pub fn billed_units(mut self, units: BilledUnits) -> Self {
        self.billed_units = units;
        self
    }

    /// The tier that the call is charged by, where the conventions have no attribute for it, as Anthropic's `priority`:
    /// `spanwise.billed.service_tier` (string). A call in the tier `batch` is priced as one of a batch. *Extension.*
    pub fn billed_tier(mut self, tier: impl Into<StringValue>) -> Self {
        self.billed_tier = Some(tier.into());
        self
    }

    /// The tier that OpenAI served the call in: `openai.response.service_tier` (string).
    pub fn openai_service_tier(mut self, tier: impl Into<StringValue>) -> Self {
        self.service_tier = Some(tier.into());
        self
    }

    /// OpenAI's mark of the system that answered: `openai.response.system_fingerprint` (string).
    pub fn openai_system_fingerprint(mut self, fingerprint: impl Into<StringValue>) -> Self {
        self.system_fingerprint = Some(fingerprint.into());
        self
    }

    /// Without what the conventions know of OpenAI alone, for others that speak its format.
    pub fn without_openai(mut self) -> Self {
        (self.service_tier, self.system_fingerprint) = (None, None);
        self
    }

    /// The provider shortened the conversation: `gen_ai.conversation.compacted = true`.
    pub fn compacted(mut self) -> Self {
        self.compacted = true;
        self
    }

    /// The next choice's message. Content: recorded only where outputs are captured.
    pub fn output(mut self, message: Message) -> Self {
        self.output.push(message);
        self
    }

    /// The same without messages, and with what only attributes show where they are kept.
    pub(crate) fn copied(&self, keeps_attributes: bool) -> Self {
        let finish_reasons = match keeps_attributes {
            true => self.finish_reasons.clone(),
            false => Vec::new(),
        };
        Self {
            id: self.id.clone(),
            model: self.model.clone(),
            finish_reasons,
            usage: self.usage,
            cost: self.cost.clone(),
            billed_units: self.billed_units,
            billed_tier: self.billed_tier.clone(),
            compacted: self.compacted,
            service_tier: self.service_tier.clone(),
            system_fingerprint: self.system_fingerprint.clone(),
            output: Vec::new(),
        }
    }

    /// Takes over what `other` knows, but for its messages.
    pub(crate) fn learn(&mut self, other: &mut Self) {
        fn newer<T>(known: &mut Option<T>, new: &mut Option<T>) {
            if new.is_some() {
                *known = new.take();
            }
        }
        newer(&mut self.id, &mut other.id);
        newer(&mut self.model, &mut other.model);
        newer(&mut self.cost, &mut other.cost);
        newer(&mut self.billed_tier, &mut other.billed_tier);
        newer(&mut self.service_tier, &mut other.service_tier);
        newer(&mut self.system_fingerprint, &mut other.system_fingerprint);
        if let Some(usage) = other.usage {
            self.used(usage);
        }
        self.compacted |= other.compacted;
        if !other.finish_reasons.is_empty() {
            self.finish_reasons = std::mem::take(&mut other.finish_reasons);
        }
    }

    /// What was used, with no detail beyond its total.
    pub(crate) fn used(&mut self, usage: Usage) {
        self.usage = Some(usage.settled());
    }

    /// Adds what metrics say of OpenAI's answers.
    pub(crate) fn push_labels<'a>(&'a self, series: &mut Series<'a>) {
        let text = |value: &'a Option<StringValue>| value.as_ref().map(StringValue::as_str);
        series.push_text(key::OPENAI_RESPONSE_SERVICE_TIER, text(&self.service_tier));
        series.push_text(key::OPENAI_RESPONSE_SYSTEM_FINGERPRINT, text(&self.system_fingerprint));
    }

    pub(crate) fn push_attributes(&mut self, attributes: &mut Vec<KeyValue>) {
        attributes.extend(self.id.take().map(|id| key::GEN_AI_RESPONSE_ID.of(id)));
        attributes.extend(self.model.take().map(|model| key::GEN_AI_RESPONSE_MODEL.of(model)));
        if !self.finish_reasons.is_empty() {
            let reasons = std::mem::take(&mut self.finish_reasons);
            attributes.push(key::GEN_AI_RESPONSE_FINISH_REASONS.of(reasons));
        }
        if let Some(usage) = self.usage {
            usage.push_attributes(attributes);
        }
        let (tier, fingerprint) = (self.service_tier.take(), self.system_fingerprint.take());
        attributes.extend(tier.map(|tier| key::OPENAI_RESPONSE_SERVICE_TIER.of(tier)));
        attributes.extend(fingerprint.map(|f| key::OPENAI_RESPONSE_SYSTEM_FINGERPRINT.of(f)));
        let billed_tier = self.billed_tier.take();
        attributes.extend(billed_tier.map(|tier| key::SPANWISE_BILLED_SERVICE_TIER.of(tier)));
        if self.compacted {
            attributes.push(key::GEN_AI_CONVERSATION_COMPACTED.of(true));
        }
    }
}

impl ModelResponse for Response {
    fn record_on(&self, generation: &Generation) {
        generation.respond(self);
    }
}

impl ModelResponse for Message {
    fn record_on(&self, generation: &Generation) {
        generation.output(self);
    }
}

impl ModelResponse for str {
    fn record_on(&self, generation: &Generation) {
        generation.output(self);
    }
}

impl ModelResponse for String {
    fn record_on(&self, generation: &Generation) {
        self.as_str().record_on(generation);
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
