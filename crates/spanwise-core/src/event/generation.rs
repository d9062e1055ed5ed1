//! A model call, as an event.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::telemetry_event::between;
use super::{EventError, EventStatus, Metadata, time};
use crate::cost::Cost;
use crate::message::Message;
use crate::usage::Usage;

/// A model call: also a request for embeddings, and a retrieval by a model, such as the ranking of documents.
///
/// Made by hand with `..GenerationEvent::default()`, which begins and ends now.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GenerationEvent {
    /// Its id.
    pub id: String,
    /// The trace that it belongs to.
    pub trace_id: Option<String>,
    /// The span that it happened in.
    pub parent_span_id: Option<String>,
    /// What kind of call it is, in the word of `gen_ai.operation.name`. Defaults to `chat`.
    pub operation: String,
    /// Whose service it is: `gen_ai.provider.name`.
    pub provider: Option<String>,
    /// The model that was asked for; empty where it is not known.
    pub model: String,
    /// The model that answered.
    pub response_model: Option<String>,
    /// The nearest agent around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The nearest workflow around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The nearest step around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The response, by the id that the provider gave it.
    pub response_id: Option<String>,
    /// What went in. Content.
    pub input: Vec<Message>,
    /// What came out, a message for each choice. Content.
    pub output: Vec<Message>,
    /// The tokens that it used.
    pub usage: Option<Usage>,
    /// What it cost.
    pub cost: Option<Cost>,
    /// Why each choice ended.
    pub finish_reasons: Vec<String>,
    /// Everything else that was recorded, by the key of its attribute.
    pub metadata: Metadata,
    /// When it began.
    #[serde(with = "time")]
    pub start_time: SystemTime,
    /// When it ended.
    #[serde(with = "time")]
    pub end_time: SystemTime,
    /// How it ended.
    pub status: EventStatus,
    /// What went wrong.
    pub error: Option<EventError>,
}

impl Default for GenerationEvent {
    fn default() -> Self {
        let now = SystemTime::now();
        Self {
            id: String::new(),
            trace_id: None,
            parent_span_id: None,
            operation: "chat".to_owned(),
            provider: None,
            model: String::new(),
            response_model: None,
            agent: None,
            workflow: None,
            step: None,
            response_id: None,
            input: Vec::new(),
            output: Vec::new(),
            usage: None,
            cost: None,
            finish_reasons: Vec::new(),
            metadata: Metadata::new(),
            start_time: now,
            end_time: now,
            status: EventStatus::Completed,
            error: None,
        }
    }
}

impl GenerationEvent {
    /// How long it took.
    pub fn duration(&self) -> Duration {
        between(self.start_time, self.end_time)
    }
}

impl fmt::Debug for GenerationEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenerationEvent")
            .field("id", &self.id)
            .field("trace_id", &self.trace_id)
            .field("operation", &self.operation)
            .field("model", &self.model)
            .field("usage", &self.usage)
            .field("cost", &self.cost)
            .field("duration", &self.duration())
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
