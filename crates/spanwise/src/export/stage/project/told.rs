//! What a span says, looked at once.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use serde_json::Value as Json;
use spanwise_core::semconv::attribute as key;

use crate::export::stage::content::foreign;

/// What projections want to know of a span, by the names of today and, where others may have recorded it, by
/// earlier ones. Content is what the policy has left of it.
#[derive(Default)]
pub(super) struct Told<'a> {
    pub(super) operation: Option<&'a str>,
    pub(super) provider: Option<&'a str>,
    pub(super) request_model: Option<&'a str>,
    pub(super) response_model: Option<&'a str>,
    pub(super) response_id: Option<&'a str>,
    pub(super) finish_reasons: Option<&'a AnyValue>,
    pub(super) seconds_to_first_chunk: Option<f64>,
    pub(super) usage: Usage,
    pub(super) cost: Cost<'a>,
    pub(super) conversation_id: Option<&'a str>,
    pub(super) session_id: Option<&'a str>,
    pub(super) user_id: Option<&'a str>,
    pub(super) tenant_id: Option<&'a str>,
    pub(super) request_id: Option<&'a str>,
    pub(super) environment: Option<&'a str>,
    pub(super) release: Option<&'a str>,
    pub(super) tags: Option<&'a AnyValue>,
    pub(super) outcome: Option<&'a str>,
    pub(super) error_type: Option<&'a str>,
    pub(super) agent_name: Option<&'a str>,
    pub(super) workflow_name: Option<&'a str>,
    pub(super) step_name: Option<&'a str>,
    pub(super) step_type: Option<&'a str>,
    pub(super) prompt_name: Option<&'a str>,
    pub(super) prompt_version: Option<&'a str>,
    pub(super) tool_name: Option<&'a str>,
    pub(super) tool_description: Option<&'a str>,
    pub(super) tool_call_id: Option<&'a str>,
    pub(super) has_dimensions: bool,
    pub(super) system_instructions: Option<&'a AnyValue>,
    pub(super) input_messages: Option<&'a AnyValue>,
    pub(super) output_messages: Option<&'a AnyValue>,
    pub(super) tool_definitions: Option<&'a AnyValue>,
    pub(super) arguments: Option<&'a AnyValue>,
    pub(super) result: Option<&'a AnyValue>,
    pub(super) retrieval_query: Option<&'a AnyValue>,
    pub(super) retrieval_documents: Option<&'a AnyValue>,
    pub(super) memory_query: Option<&'a AnyValue>,
    pub(super) memory_records: Option<&'a AnyValue>,
}

/// Tokens; the totals contain the details.
#[derive(Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) input: Option<i64>,
    pub(super) output: Option<i64>,
    pub(super) cache_read: Option<i64>,
    pub(super) cache_write: Option<i64>,
    pub(super) reasoning: Option<i64>,
    pub(super) input_audio: Option<i64>,
    pub(super) output_audio: Option<i64>,
    pub(super) cache_read_audio: Option<i64>,
}

impl Usage {
    pub(super) fn total(self) -> Option<i64> {
        Some(self.input?.saturating_add(self.output?))
    }
}

/// What a call cost.
#[derive(Clone, Copy, Default)]
pub(super) struct Cost<'a> {
    pub(super) amount: Option<f64>,
    pub(super) currency: Option<&'a str>,
}

impl Cost<'_> {
    /// The only currency that backends know.
    pub(super) fn in_dollars(self) -> Option<f64> {
        self.amount.filter(|_| self.currency.is_none_or(|it| it.eq_ignore_ascii_case("USD")))
    }
}

impl<'a> Told<'a> {
    pub(super) fn of(attributes: &'a [KeyValue]) -> Self {
        let mut told = Self::default();
        let known = attributes.iter().filter_map(|it| Some((it.key.as_str(), it.value.as_ref()?)));
        known.for_each(|(key, value)| told.hear(key, value));
        if !cfg!(spanwise_no_content) {
            let known =
                attributes.iter().filter_map(|it| Some((it.key.as_str(), it.value.as_ref()?)));
            known.for_each(|(key, value)| told.hear_content(key, value));
        }
        told
    }

    fn hear(&mut self, attribute: &'a str, value: &'a AnyValue) {
        const SYSTEM: &str = "gen_ai.system";
        const CACHE_CREATION: &str = "gen_ai.usage.cache_creation.input_tokens";
        const COST: &str = "spanwise.cost.amount";
        const CURRENCY: &str = "spanwise.cost.currency";
        macro_rules! keys {
            ($($key:path => $field:expr, $read:expr;)*) => {
                match attribute {
                    $(it if it == $key.key() => $field = $read(value),)*
                    "session.id" => self.session_id = text(value),
                    "user.id" => self.user_id = text(value),
                    "deployment.environment.name" => self.environment = text(value),
                    SYSTEM => self.provider = self.provider.or(text(value)),
                    CACHE_CREATION => self.usage.cache_write = self.usage.cache_write.or(int(value)),
                    COST => self.cost.amount = float(value),
                    CURRENCY => self.cost.currency = text(value),
                    _ => {}
                }
            };
        }
        keys! {
            key::GEN_AI_OPERATION_NAME => self.operation, text;
            key::GEN_AI_PROVIDER_NAME => self.provider, text;
            key::GEN_AI_REQUEST_MODEL => self.request_model, text;
            key::GEN_AI_RESPONSE_MODEL => self.response_model, text;
            key::GEN_AI_RESPONSE_ID => self.response_id, text;
            key::GEN_AI_RESPONSE_FINISH_REASONS => self.finish_reasons, Some;
            key::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK => self.seconds_to_first_chunk, float;
            key::GEN_AI_USAGE_INPUT_TOKENS => self.usage.input, int;
            key::GEN_AI_USAGE_OUTPUT_TOKENS => self.usage.output, int;
            key::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS => self.usage.cache_read, int;
            key::GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS => self.usage.cache_write, int;
            key::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS => self.usage.reasoning, int;
            key::GEN_AI_USAGE_AUDIO_INPUT_TOKENS => self.usage.input_audio, int;
            key::GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS => self.usage.output_audio, int;
            key::GEN_AI_USAGE_AUDIO_CACHE_READ_INPUT_TOKENS => self.usage.cache_read_audio, int;
            key::GEN_AI_CONVERSATION_ID => self.conversation_id, text;
            key::SPANWISE_TENANT_ID => self.tenant_id, text;
            key::SPANWISE_REQUEST_ID => self.request_id, text;
            key::SPANWISE_RELEASE => self.release, text;
            key::SPANWISE_TAGS => self.tags, Some;
            key::SPANWISE_OUTCOME => self.outcome, text;
            key::ERROR_TYPE => self.error_type, text;
            key::GEN_AI_AGENT_NAME => self.agent_name, text;
            key::GEN_AI_WORKFLOW_NAME => self.workflow_name, text;
            key::SPANWISE_STEP_NAME => self.step_name, text;
            key::SPANWISE_STEP_TYPE => self.step_type, text;
            key::GEN_AI_PROMPT_NAME => self.prompt_name, text;
            key::GEN_AI_PROMPT_VERSION => self.prompt_version, text;
            key::GEN_AI_TOOL_NAME => self.tool_name, text;
            key::GEN_AI_TOOL_DESCRIPTION => self.tool_description, text;
            key::GEN_AI_TOOL_CALL_ID => self.tool_call_id, text;
            key::GEN_AI_EMBEDDINGS_DIMENSION_COUNT => self.has_dimensions, is_there;
        }
    }

    fn hear_content(&mut self, attribute: &'a str, value: &'a AnyValue) {
        macro_rules! keys {
            ($($key:path => $field:ident,)*) => {
                match attribute {
                    $(it if it == $key.key() => self.$field = Some(value),)*
                    _ => {}
                }
            };
        }
        keys! {
            key::GEN_AI_SYSTEM_INSTRUCTIONS => system_instructions,
            key::GEN_AI_INPUT_MESSAGES => input_messages,
            key::GEN_AI_OUTPUT_MESSAGES => output_messages,
            key::GEN_AI_TOOL_DEFINITIONS => tool_definitions,
            key::GEN_AI_TOOL_CALL_ARGUMENTS => arguments,
            key::GEN_AI_TOOL_CALL_RESULT => result,
            key::GEN_AI_RETRIEVAL_QUERY_TEXT => retrieval_query,
            key::GEN_AI_RETRIEVAL_DOCUMENTS => retrieval_documents,
            key::GEN_AI_MEMORY_QUERY_TEXT => memory_query,
            key::GEN_AI_MEMORY_RECORDS => memory_records,
        }
    }

    pub(super) fn tags(&self) -> impl Iterator<Item = &'a str> {
        texts(self.tags)
    }

    pub(super) fn finish_reasons(&self) -> impl Iterator<Item = &'a str> {
        texts(self.finish_reasons)
    }

    /// The model that answered, or else the one that was asked.
    pub(super) fn model(&self) -> Option<&'a str> {
        self.response_model.or(self.request_model)
    }
}

pub(super) fn text(value: &AnyValue) -> Option<&str> {
    match value.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn is_there(_: &AnyValue) -> bool {
    true
}

fn int(value: &AnyValue) -> Option<i64> {
    match value.value.as_ref()? {
        Value::IntValue(number) => Some(*number),
        _ => None,
    }
}

fn float(value: &AnyValue) -> Option<f64> {
    let number = match value.value.as_ref()? {
        Value::DoubleValue(number) => *number,
        Value::IntValue(number) => *number as f64,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// The texts of a list.
fn texts(list: Option<&AnyValue>) -> impl Iterator<Item = &str> {
    let values = match list.and_then(|list| list.value.as_ref()) {
        Some(Value::ArrayValue(array)) => array.values.as_slice(),
        _ => &[],
    };
    values.iter().filter_map(text)
}

/// The entries of a scope's metadata.
pub(super) fn metadata(attributes: &[KeyValue]) -> impl Iterator<Item = (&str, &AnyValue)> {
    attributes.iter().filter_map(|attribute| {
        let name =
            attribute.key.strip_prefix(key::SPANWISE_METADATA.prefix())?.strip_prefix('.')?;
        Some((name, attribute.value.as_ref()?))
    })
}

/// Content, whether it is text or structured.
pub(super) fn json(value: &AnyValue) -> Json {
    match value.value.as_ref() {
        Some(Value::StringValue(text)) => {
            serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.clone()))
        }
        _ => foreign::read(Some(value.clone())).0,
    }
}

/// A value as text: what is no text as JSON.
pub(super) fn as_text(value: &AnyValue) -> String {
    match text(value) {
        Some(text) => text.to_owned(),
        None => foreign::read(Some(value.clone())).0.to_string(),
    }
}
