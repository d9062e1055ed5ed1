//! What a request asks for, as the conventions record it.

use std::borrow::Cow;

use opentelemetry::{Context, KeyValue, StringValue};

use crate::scope::{ActiveScope, ScopeField, scope_in};
use crate::semconv::attribute as key;
use crate::semconv::value::gen_ai_output_type;

/// The parameters of a request; what is not asked for is absent.
#[derive(Default)]
pub(crate) struct Request {
    pub(crate) max_tokens: Option<i64>,
    pub(crate) choice_count: Option<i64>,
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) top_k: Option<i64>,
    pub(crate) stop_sequences: Vec<StringValue>,
    pub(crate) frequency_penalty: Option<f64>,
    pub(crate) presence_penalty: Option<f64>,
    pub(crate) seed: Option<i64>,
    pub(crate) stream: bool,
    pub(crate) output_type: Option<OutputType>,
    pub(crate) reasoning_level: Option<StringValue>,
    pub(crate) previous_response_id: Option<StringValue>,
    pub(crate) conversation_id: Option<StringValue>,
    pub(crate) data_source_id: Option<StringValue>,
    pub(crate) prompt_name: Option<StringValue>,
    pub(crate) prompt_version: Option<StringValue>,
}

impl Request {
    /// Takes from the scope around it what the request does not say itself.
    pub(crate) fn learn_from_scope(&mut self, parent: &Context) {
        let said = self.conversation_id.take();
        self.conversation_id = said.or_else(|| scope_in(parent, ScopeField::ConversationId));
    }

    /// The same for the prompt: its version and variables come from where its name does.
    pub(crate) fn take_prompt(&mut self, parent: &Context) {
        if self.prompt_name.is_none()
            && let Some(scope) = ActiveScope::of(parent)
        {
            self.prompt_name = scope.value(ScopeField::PromptName).cloned();
            let version = scope.value(ScopeField::PromptVersion).cloned();
            self.prompt_version = self.prompt_version.take().or(version);
        }
    }

    pub(crate) fn push_attributes(&mut self, attributes: &mut Vec<KeyValue>) {
        let version = self.prompt_version.take().filter(|_| self.prompt_name.is_some());
        attributes.extend(self.max_tokens.map(|n| key::GEN_AI_REQUEST_MAX_TOKENS.of(n)));
        attributes.extend(self.choice_count.map(|n| key::GEN_AI_REQUEST_CHOICE_COUNT.of(n)));
        attributes.extend(self.temperature.map(|x| key::GEN_AI_REQUEST_TEMPERATURE.of(x)));
        attributes.extend(self.top_p.map(|x| key::GEN_AI_REQUEST_TOP_P.of(x)));
        attributes.extend(self.top_k.map(|n| key::GEN_AI_REQUEST_TOP_K.of(n)));
        attributes
            .extend(self.frequency_penalty.map(|x| key::GEN_AI_REQUEST_FREQUENCY_PENALTY.of(x)));
        attributes
            .extend(self.presence_penalty.map(|x| key::GEN_AI_REQUEST_PRESENCE_PENALTY.of(x)));
        attributes.extend(self.seed.map(|n| key::GEN_AI_REQUEST_SEED.of(n)));
        attributes.extend(self.stream.then(|| key::GEN_AI_REQUEST_STREAM.of(true)));
        attributes
            .extend(self.output_type.take().map(|t| key::GEN_AI_OUTPUT_TYPE.of(t.into_value())));
        attributes
            .extend(self.reasoning_level.take().map(|s| key::GEN_AI_REQUEST_REASONING_LEVEL.of(s)));
        attributes.extend(
            self.previous_response_id
                .take()
                .map(|id| key::GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID.of(id)),
        );
        attributes.extend(self.conversation_id.take().map(|id| key::GEN_AI_CONVERSATION_ID.of(id)));
        attributes.extend(self.data_source_id.take().map(|id| key::GEN_AI_DATA_SOURCE_ID.of(id)));
        attributes.extend(self.prompt_name.take().map(|name| key::GEN_AI_PROMPT_NAME.of(name)));
        attributes.extend(version.map(|version| key::GEN_AI_PROMPT_VERSION.of(version)));
        if !self.stop_sequences.is_empty() {
            let sequences = std::mem::take(&mut self.stop_sequences);
            attributes.push(key::GEN_AI_REQUEST_STOP_SEQUENCES.of(sequences));
        }
    }
}

/// A number that telemetry can carry; the others say nothing.
pub(crate) fn finite(value: impl Into<f64>) -> Option<f64> {
    Some(value.into()).filter(|value| value.is_finite())
}

/// A text, unless it is empty.
pub(crate) fn filled(text: impl Into<StringValue>) -> Option<StringValue> {
    Some(text.into()).filter(|text| !text.as_str().is_empty())
}

/// What kind of output is asked for: `gen_ai.output.type`.
///
/// The modality, not the format: an image that comes back as a URL was asked for as an image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputType {
    /// `text`
    Text,
    /// `json`: structured output, with a schema or without.
    Json,
    /// `image`
    Image,
    /// `speech`
    Speech,
    /// A type that the conventions do not list.
    Other(Cow<'static, str>),
}

impl OutputType {
    fn into_value(self) -> StringValue {
        match self {
            Self::Text => gen_ai_output_type::TEXT.into(),
            Self::Json => gen_ai_output_type::JSON.into(),
            Self::Image => gen_ai_output_type::IMAGE.into(),
            Self::Speech => gen_ai_output_type::SPEECH.into(),
            Self::Other(name) => name.into(),
        }
    }
}

/// `{operation} {name}`, or the bare operation.
pub(super) fn named(operation: &'static str, name: Option<&StringValue>) -> Cow<'static, str> {
    match name {
        Some(name) => {
            let name = name.as_str();
            let mut full = String::with_capacity(operation.len() + 1 + name.len());
            full.push_str(operation);
            full.push(' ');
            full.push_str(name);
            Cow::Owned(full)
        }
        None => Cow::Borrowed(operation),
    }
}
