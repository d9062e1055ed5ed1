//! What a handler is told: what was measured, and of what.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use opentelemetry::trace::SpanContext;
use opentelemetry::{Key, KeyValue, Value};
use opentelemetry_semantic_conventions::attribute::{SESSION_ID, USER_ID};

use super::EventStatus;
use crate::content::Content;
use crate::cost::Cost;
use crate::semconv::attribute as key;
use crate::usage::Usage;

/// What was measured, typed and by name.
///
/// ```
/// use std::time::Duration;
/// use spanwise_core::{Measurements, Usage};
///
/// let measurements = Measurements {
///     duration: Some(Duration::from_millis(1500)),
///     usage: Some(Usage::new(12, 5)),
///     ..Measurements::default()
/// };
/// assert_eq!(measurements.get("duration"), Some(1.5));
/// assert_eq!(measurements.with("size", 42.0).get("size"), Some(42.0));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measurements {
    /// How long it took.
    pub duration: Option<Duration>,
    /// The tokens that it used.
    pub usage: Option<Usage>,
    /// What it cost.
    pub cost: Option<Cost>,
    /// Everything else.
    pub named: Vec<(Cow<'static, str>, f64)>,
}

impl Measurements {
    /// Adds a number.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: f64) -> Self {
        self.named.push((name.into(), value));
        self
    }

    /// A number by its name: `duration` (seconds), `input_tokens`, `output_tokens`, `total_tokens`, `amount` (what it
    /// cost), or what was added.
    pub fn get(&self, name: &str) -> Option<f64> {
        let tokens = |count: Option<u64>| count.map(|count| count as f64);
        match name {
            "duration" => self.duration.map(|duration| duration.as_secs_f64()),
            "input_tokens" => tokens(self.usage?.input_tokens()),
            "output_tokens" => tokens(self.usage?.output_tokens()),
            "total_tokens" => self.usage.map(|usage| usage.total_tokens() as f64),
            "amount" if self.cost.is_some() => self.cost.as_ref().map(Cost::amount_f64),
            _ => self.named.iter().rfind(|(known, _)| known == name).map(|(_, value)| *value),
        }
    }
}

/// What it was that happened: attributes, by their keys or by short names.
///
/// | Name | Attribute |
/// |---|---|
/// | `operation`, `provider`, `model`, `response_model` | `gen_ai.operation.name`, `gen_ai.provider.name`, `gen_ai.request.model`, `gen_ai.response.model` |
/// | `tool`, `agent`, `workflow`, `step` | `gen_ai.tool.name`, `gen_ai.agent.name`, `gen_ai.workflow.name`, `spanwise.step.name` |
/// | `error_type`, `request_id`, `session_id`, `user_id` | `error.type`, `spanwise.request.id`, `session.id`, `user.id` |
///
/// `Debug` shows keys, never values.
#[derive(Clone, Default)]
pub struct EventDetails<'a> {
    pub(super) early: &'a [KeyValue],
    pub(super) attributes: Cow<'a, [KeyValue]>,
    pub(super) content: Option<&'a Content>,
    pub(super) status: EventStatus,
    pub(super) span: Option<SpanContext>,
}

const SHORT: [(&str, &str); 12] = [
    ("operation", key::GEN_AI_OPERATION_NAME.key()),
    ("provider", key::GEN_AI_PROVIDER_NAME.key()),
    ("model", key::GEN_AI_REQUEST_MODEL.key()),
    ("response_model", key::GEN_AI_RESPONSE_MODEL.key()),
    ("tool", key::GEN_AI_TOOL_NAME.key()),
    ("agent", key::GEN_AI_AGENT_NAME.key()),
    ("workflow", key::GEN_AI_WORKFLOW_NAME.key()),
    ("step", key::SPANWISE_STEP_NAME.key()),
    ("error_type", key::ERROR_TYPE.key()),
    ("request_id", key::SPANWISE_REQUEST_ID.key()),
    ("session_id", SESSION_ID),
    ("user_id", USER_ID),
];

impl<'a> EventDetails<'a> {
    /// Those of an event of the program's own.
    pub fn new() -> Self {
        Self::default()
    }

    /// Of an operation.
    pub(crate) fn of(
        early: &'a [KeyValue],
        attributes: &'a [KeyValue],
        content: Option<&'a Content>,
        status: EventStatus,
        span: SpanContext,
    ) -> Self {
        Self { early, attributes: Cow::Borrowed(attributes), content, status, span: Some(span) }
    }

    /// Adds an attribute, by its key or by a short name.
    #[must_use]
    pub fn with(mut self, name: impl Into<Key>, value: impl Into<Value>) -> Self {
        let name = name.into();
        let known = SHORT.iter().find(|(short, _)| *short == name.as_str());
        let key = known.map_or(name, |(_, key)| Key::from_static_str(key));
        self.attributes.to_mut().push(KeyValue::new(key, value));
        self
    }

    /// The value of an attribute, by its key or by a short name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let key = SHORT.iter().find(|(short, _)| *short == name).map_or(name, |(_, key)| key);
        let mut all = self.attributes.iter().rev().chain(self.early.iter().rev());
        all.find(|attribute| attribute.key.as_str() == key).map(|attribute| &attribute.value)
    }

    /// The same, where it is a string.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::String(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// Whose service it is.
    pub fn provider(&self) -> Option<&str> {
        self.text("provider")
    }

    /// The model that was asked for.
    pub fn model(&self) -> Option<&str> {
        self.text("model")
    }

    /// What went wrong, as a word of low cardinality.
    pub fn error_type(&self) -> Option<&str> {
        self.text("error_type")
    }

    /// How it ended, where it has.
    pub fn status(&self) -> EventStatus {
        self.status
    }

    /// Its span, where it has one.
    pub fn span_context(&self) -> Option<&SpanContext> {
        self.span.as_ref()
    }

    /// What was captured of its content: only where content is captured, and all of it may leave.
    pub fn content(&self) -> Option<&Content> {
        self.content
    }

    /// All attributes.
    pub fn attributes(&self) -> impl Iterator<Item = &KeyValue> {
        self.early.iter().chain(&*self.attributes)
    }
}

impl fmt::Debug for EventDetails<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.attributes().map(|attribute| attribute.key.as_str());
        f.debug_struct("EventDetails").field("attributes", &keys.collect::<Vec<_>>()).finish()
    }
}
