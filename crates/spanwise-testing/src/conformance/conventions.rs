//! The conventions as data: what `conventions.json` holds, which
//! `cargo xtask semconv generate` writes from `semconv/*.yaml`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Conventions {
    pub(super) schema_url: String,
    pub(super) attributes: BTreeMap<String, Attribute>,
    pub(super) spans: BTreeMap<String, Span>,
    pub(super) span_refinements: BTreeMap<String, SpanRefinement>,
    pub(super) metrics: BTreeMap<String, Metric>,
    pub(super) metric_refinements: BTreeMap<String, MetricRefinement>,
    pub(super) events: BTreeMap<String, Event>,
    pub(super) shapes: BTreeMap<String, Value>,
    pub(super) earlier: Earlier,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Attribute {
    #[serde(rename = "type")]
    pub(super) value_type: ValueType,
    #[serde(default)]
    pub(super) values: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
pub(super) enum ValueType {
    #[serde(rename = "string")]
    Text,
    #[serde(rename = "int")]
    Int,
    #[serde(rename = "double")]
    Double,
    #[serde(rename = "boolean")]
    Boolean,
    #[serde(rename = "string[]")]
    TextList,
    #[serde(rename = "any")]
    Any,
    #[serde(rename = "template[string]")]
    TextTemplate,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Span {
    pub(super) kinds: Vec<String>,
    pub(super) names: Vec<String>,
    #[serde(default)]
    pub(super) operations: Vec<String>,
    pub(super) attributes: Requirements,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct SpanRefinement {
    pub(super) of: String,
    pub(super) provider: Option<String>,
    #[serde(default)]
    pub(super) names: Vec<String>,
    pub(super) attributes: Requirements,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Metric {
    pub(super) instrument: String,
    pub(super) unit: String,
    pub(super) value: ValueType,
    #[serde(default)]
    pub(super) boundaries: Vec<f64>,
    pub(super) attributes: Requirements,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct MetricRefinement {
    pub(super) of: String,
    pub(super) attributes: Requirements,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Event {
    pub(super) severity: Option<i32>,
    pub(super) attributes: Requirements,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Earlier {
    pub(super) schema_url: String,
    pub(super) attributes: BTreeMap<String, EarlierAttribute>,
    pub(super) finish_reason_in_messages: bool,
    /// The attribute that told tokens apart.
    pub(super) token_type: String,
    pub(super) metrics: BTreeMap<String, EarlierMetric>,
    pub(super) metrics_left_out: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct EarlierAttribute {
    pub(super) name: Option<String>,
    #[serde(rename = "type")]
    pub(super) value_type: Option<ValueType>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct EarlierMetric {
    pub(super) name: String,
    pub(super) token_type: Option<String>,
}

pub(super) type Requirements = BTreeMap<String, Level>;

/// How much an attribute is asked for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(from = "String")]
pub(super) enum Level {
    Required,
    /// Without a condition.
    Recommended,
    /// Under a condition, or only where it is asked for.
    Allowed,
}

impl From<String> for Level {
    fn from(text: String) -> Self {
        // Whether an attribute was there when the span started cannot be seen at its end.
        match text.trim_end_matches(" at_start") {
            "required" => Self::Required,
            "recommended" => Self::Recommended,
            _ => Self::Allowed,
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text | Self::TextTemplate => "string",
            Self::Int => "int",
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::TextList => "string[]",
            Self::Any => "structured",
        })
    }
}

impl ValueType {
    /// Whether a value has this type. Content is judged by its shape.
    pub(super) fn has(self, value: &Value) -> bool {
        match self {
            Self::Text | Self::TextTemplate => value.is_string(),
            Self::Int => value.is_i64() || value.is_u64(),
            Self::Double => value.is_f64(),
            Self::Boolean => value.is_boolean(),
            Self::TextList => {
                value.as_array().is_some_and(|values| values.iter().all(Value::is_string))
            }
            Self::Any => true,
        }
    }
}

impl Conventions {
    pub(super) fn of_today() -> Self {
        serde_json::from_str(include_str!("conventions.json"))
            .expect("the file is written from tables of the same form")
    }

    /// The attribute with this key, or the family that it belongs to; with the family's key.
    pub(super) fn attribute<'a>(&'a self, key: &'a str) -> Option<(&'a str, &'a Attribute)> {
        if let Some((key, attribute)) = self.attributes.get_key_value(key) {
            return (attribute.value_type != ValueType::TextTemplate).then_some((key, attribute));
        }
        let is_family = |(prefix, attribute): &(&String, &Attribute)| {
            let member = key.strip_prefix(prefix.as_str()).and_then(|rest| rest.strip_prefix('.'));
            attribute.value_type == ValueType::TextTemplate && member.is_some_and(|m| !m.is_empty())
        };
        self.attributes.iter().find(is_family).map(|(prefix, family)| (prefix.as_str(), family))
    }

    /// The types of span that an operation may make.
    pub(super) fn spans_of(&self, operation: &str) -> impl Iterator<Item = &Span> {
        let makes = move |span: &&Span| span.operations.iter().any(|name| name == operation);
        self.spans.values().filter(makes)
    }

    /// What a type of span has beyond others of its type where this is its provider.
    pub(super) fn refinements_by_provider(
        &self,
        span_type: &str,
        provider: Option<&str>,
    ) -> Vec<&SpanRefinement> {
        let all = self.span_refinements.values().filter(|it| it.of == span_type);
        all.filter(|it| it.provider.is_some() && it.provider.as_deref() == provider).collect()
    }

    /// Whether some type of span asks for this attribute. What none asks for (`spanwise.outcome`) may stand
    /// on every one.
    pub(super) fn is_bound_to_spans(&self, key: &str) -> bool {
        self.spans.values().any(|span| span.attributes.contains_key(key))
            || self.span_refinements.values().any(|span| span.attributes.contains_key(key))
    }

    /// Whether some span, metric or event asks for this attribute. What none asks for may stand anywhere.
    pub(super) fn is_bound(&self, key: &str) -> bool {
        self.is_bound_to_spans(key)
            || self.metrics.values().any(|metric| metric.attributes.contains_key(key))
            || self.events.values().any(|event| event.attributes.contains_key(key))
    }
}
