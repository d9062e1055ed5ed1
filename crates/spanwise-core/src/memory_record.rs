//! What a memory store holds.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::document::value_size;
use crate::redact::Redacting;

/// One record of a memory store, an entry of `gen_ai.memory.records`.
///
/// Source: [gen_ai.memory.records](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md)
///
/// ```
/// use spanwise_core::MemoryRecord;
///
/// let record = MemoryRecord::new("prefers e-mail").id("m-1").metadata("source", "chat");
/// # let _ = record;
/// ```
#[derive(Clone, PartialEq, Serialize)]
pub struct MemoryRecord {
    content: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
}

impl MemoryRecord {
    /// A record that says this: text, or any JSON.
    pub fn new(content: impl Into<Value>) -> Self {
        Self { content: content.into(), id: None, metadata: Map::new(), score: None }
    }

    /// The record, as the store identifies it.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// How well it fits a search. NaN and infinity are left out.
    #[must_use]
    pub fn score(mut self, score: f64) -> Self {
        self.score = Some(score).filter(|score| score.is_finite());
        self
    }

    /// What is noted about it.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }

    pub(crate) fn redact(&mut self, with: Redacting<'_>) {
        with.at(|place| place.in_field("content")).value(&mut self.content);
        with.field("id", self.id.as_mut());
        with.values(&mut self.metadata);
    }

    pub(crate) fn size(&self) -> usize {
        let metadata = self.metadata.iter().map(|(name, value)| name.len() + value_size(value));
        size_of::<Self>() + value_size(&self.content) + metadata.sum::<usize>()
    }
}

/// How large it is, never what it says.
impl fmt::Debug for MemoryRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryRecord({} bytes)", self.size())
    }
}
