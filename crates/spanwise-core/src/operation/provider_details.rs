//! What the conventions add for single providers.

use std::borrow::Cow;

use opentelemetry::{KeyValue, StringValue};

use super::request::filled;
use crate::semconv::attribute as key;
use crate::semconv::value::{openai_api_type, openai_request_service_tier};

/// Which of OpenAI's APIs is called: `openai.api.type`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenAiApiType {
    /// `chat_completions`
    ChatCompletions,
    /// `responses`
    Responses,
    /// An API that the conventions do not list.
    Other(Cow<'static, str>),
}

impl OpenAiApiType {
    pub(super) fn into_value(self) -> StringValue {
        match self {
            Self::ChatCompletions => openai_api_type::CHAT_COMPLETIONS.into(),
            Self::Responses => openai_api_type::RESPONSES.into(),
            Self::Other(name) => name.into(),
        }
    }
}

/// What a request to OpenAI or Bedrock says beyond the others.
#[derive(Default)]
pub(super) struct ProviderDetails {
    pub(super) api_type: Option<OpenAiApiType>,
    pub(super) service_tier: Option<StringValue>,
    pub(super) guardrail_id: Option<StringValue>,
    pub(super) knowledge_base_id: Option<StringValue>,
}

impl ProviderDetails {
    /// `auto` is what is asked for by asking for nothing.
    pub(super) fn set_service_tier(&mut self, tier: impl Into<StringValue>) {
        let auto = openai_request_service_tier::AUTO;
        self.service_tier = filled(tier).filter(|tier| tier.as_str() != auto);
    }

    pub(super) fn push_attributes(&mut self, attributes: &mut Vec<KeyValue>) {
        let Self { api_type, service_tier, guardrail_id, knowledge_base_id } = std::mem::take(self);
        attributes.extend(api_type.map(|api| key::OPENAI_API_TYPE.of(api.into_value())));
        attributes.extend(service_tier.map(|tier| key::OPENAI_REQUEST_SERVICE_TIER.of(tier)));
        attributes.extend(guardrail_id.map(|id| key::AWS_BEDROCK_GUARDRAIL_ID.of(id)));
        attributes.extend(knowledge_base_id.map(|id| key::AWS_BEDROCK_KNOWLEDGE_BASE_ID.of(id)));
    }
}
