//! Everything else that has a beginning and an end, as an event.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::telemetry_event::between;
use super::{EventError, EventStatus, Metadata, time};

/// Everything that has a beginning and an end and is no model call, tool, agent or workflow.
///
/// Made by hand with `..SpanEvent::default()`, which begins now and goes on.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpanEvent {
    /// Its id.
    pub id: String,
    /// The trace that it belongs to.
    pub trace_id: Option<String>,
    /// The span that it happened in.
    pub parent_span_id: Option<String>,
    /// What it is called, of low cardinality.
    pub name: String,
    /// When it began.
    #[serde(with = "time")]
    pub start_time: SystemTime,
    /// When it ended; `None` where it goes on.
    #[serde(with = "time::option")]
    pub end_time: Option<SystemTime>,
    /// What there is to say of it, by the key of its attribute.
    pub attributes: Metadata,
    /// How it ended.
    pub status: EventStatus,
    /// What went wrong.
    pub error: Option<EventError>,
}

impl Default for SpanEvent {
    fn default() -> Self {
        Self {
            id: String::new(),
            trace_id: None,
            parent_span_id: None,
            name: String::new(),
            start_time: SystemTime::now(),
            end_time: None,
            attributes: Metadata::new(),
            status: EventStatus::Completed,
            error: None,
        }
    }
}

impl SpanEvent {
    /// How long it took; `None` where it goes on.
    pub fn duration(&self) -> Option<Duration> {
        self.end_time.map(|end| between(self.start_time, end))
    }
}

impl fmt::Debug for SpanEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanEvent")
            .field("id", &self.id)
            .field("trace_id", &self.trace_id)
            .field("name", &self.name)
            .field("duration", &self.duration())
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
