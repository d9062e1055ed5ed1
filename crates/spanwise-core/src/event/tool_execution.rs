//! The run of a tool, as an event.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::telemetry_event::between;
use super::{EventError, EventStatus, Metadata, time};

/// The run of a tool.
///
/// Made by hand with `..ToolExecutionEvent::default()`, which begins and ends now.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ToolExecutionEvent {
    /// Its id.
    pub id: String,
    /// The trace that it belongs to.
    pub trace_id: Option<String>,
    /// The span that it happened in.
    pub parent_span_id: Option<String>,
    /// The model's id of the call: `gen_ai.tool.call.id`.
    pub tool_call_id: Option<String>,
    /// The tool.
    pub tool_name: String,
    /// What it was called with; null where that is not captured. Content.
    pub arguments: Value,
    /// What it gave; null where that is not captured. Content.
    pub result: Value,
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

impl Default for ToolExecutionEvent {
    fn default() -> Self {
        let now = SystemTime::now();
        Self {
            id: String::new(),
            trace_id: None,
            parent_span_id: None,
            tool_call_id: None,
            tool_name: String::new(),
            arguments: Value::Null,
            result: Value::Null,
            metadata: Metadata::new(),
            start_time: now,
            end_time: now,
            status: EventStatus::Completed,
            error: None,
        }
    }
}

impl ToolExecutionEvent {
    /// How long it took.
    pub fn duration(&self) -> Duration {
        between(self.start_time, self.end_time)
    }
}

impl fmt::Debug for ToolExecutionEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolExecutionEvent")
            .field("id", &self.id)
            .field("trace_id", &self.trace_id)
            .field("tool_name", &self.tool_name)
            .field("duration", &self.duration())
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
