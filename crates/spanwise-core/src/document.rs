//! What a retrieval found.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::redact::Redacting;

/// A document that a retrieval found, an entry of `gen_ai.retrieval.documents`.
///
/// Source: [gen_ai.retrieval.documents](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md)
///
/// ```
/// use spanwise_core::Document;
///
/// let document = Document::new("doc-7").score(0.92).field("title", "Returns");
/// # let _ = document;
/// ```
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct Document {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl Document {
    /// A document with this id.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..Self::default() }
    }

    /// How well it fits the query. NaN and infinity are left out.
    #[must_use]
    pub fn score(mut self, score: f64) -> Self {
        self.score = Some(score).filter(|score| score.is_finite());
        self
    }

    /// Anything else that is known of it, such as its title or text. `id` and `score` have setters of
    /// their own and are left out here.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let name = name.into();
        if !matches!(name.as_str(), "id" | "score") {
            self.fields.insert(name, value.into());
        }
        self
    }

    /// A document as it is serialised; what is no object is a text.
    pub(crate) fn of(value: Value) -> Self {
        let mut fields = match value {
            Value::Object(fields) => fields,
            other => Map::from_iter([("text".to_owned(), other)]),
        };
        let id = match fields.remove("id") {
            Some(Value::String(id)) => Some(id),
            Some(Value::Number(id)) => Some(id.to_string()),
            _ => None,
        };
        let score = fields.remove("score").and_then(|score| score.as_f64());
        Self { id, score, fields }
    }

    pub(crate) fn redact(&mut self, with: Redacting<'_>) {
        with.field("id", self.id.as_mut());
        with.values(&mut self.fields);
    }

    pub(crate) fn size(&self) -> usize {
        let fields = self.fields.iter().map(|(name, value)| name.len() + value_size(value));
        size_of::<Self>() + fields.sum::<usize>()
    }
}

/// How large it is, never what it says.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} fields, {} bytes)", self.fields.len(), self.size())
    }
}

/// About how many bytes a JSON value holds.
pub(crate) fn value_size(value: &Value) -> usize {
    let inner = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(value_size).sum(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| key.len() + value_size(value)).sum()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    size_of::<Value>() + inner
}
