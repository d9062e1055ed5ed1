//! An agent's invocation or a workflow, as an event.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::telemetry_event::between;
use super::{EventError, EventStatus, Metadata, time};
use crate::cost::CostTotals;
use crate::message::Message;
use crate::usage::Usage;

/// An agent's invocation, or a workflow, with what it consisted of.
///
/// Made by hand with `..OrchestratorEvent::default()`, which begins and ends now.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrchestratorEvent {
    /// Its id.
    pub id: String,
    /// The trace that it belongs to.
    pub trace_id: Option<String>,
    /// The span that it happened in.
    pub parent_span_id: Option<String>,
    /// The agent, or the workflow; empty where it has no name.
    pub name: String,
    /// `invoke_agent` or `invoke_workflow`: `gen_ai.operation.name`. Defaults to the second.
    pub operation: String,
    /// What happened directly inside, in the order in which it ended: names of steps, tools, agents, models.
    pub steps: Vec<String>,
    /// What kind of step it is itself, where it is one of another process.
    pub step_type: Option<String>,
    /// The tokens of all model calls inside, or what it said of them itself.
    pub total_usage: Option<Usage>,
    /// What all calls inside cost that were priced; their own events tell the same, so that the two are never added.
    pub total_cost: CostTotals,
    /// What went in. Content.
    pub input: Vec<Message>,
    /// What came out. Content.
    pub output: Vec<Message>,
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

impl Default for OrchestratorEvent {
    fn default() -> Self {
        let now = SystemTime::now();
        Self {
            id: String::new(),
            trace_id: None,
            parent_span_id: None,
            name: String::new(),
            operation: "invoke_workflow".to_owned(),
            steps: Vec::new(),
            step_type: None,
            total_usage: None,
            total_cost: CostTotals::default(),
            input: Vec::new(),
            output: Vec::new(),
            metadata: Metadata::new(),
            start_time: now,
            end_time: now,
            status: EventStatus::Completed,
            error: None,
        }
    }
}

impl OrchestratorEvent {
    /// How long all of it took.
    pub fn total_duration(&self) -> Duration {
        between(self.start_time, self.end_time)
    }
}

impl fmt::Debug for OrchestratorEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrchestratorEvent")
            .field("id", &self.id)
            .field("trace_id", &self.trace_id)
            .field("name", &self.name)
            .field("steps", &self.steps.len())
            .field("total_usage", &self.total_usage)
            .field("total_cost", &self.total_cost)
            .field("total_duration", &self.total_duration())
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
