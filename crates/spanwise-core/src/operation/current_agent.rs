//! The agent around an operation: it lends its name, and counts what happens inside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::{Context, StringValue};

use crate::scope::{ScopeField, scope_in};

/// The nearest agent around, in an OpenTelemetry context.
#[derive(Clone)]
pub(super) struct CurrentAgent(Arc<Seen>);

struct Seen {
    name: Option<StringValue>,
    inference_calls: AtomicU64,
    tool_calls: AtomicU64,
}

impl CurrentAgent {
    pub(super) fn new(name: Option<StringValue>) -> Self {
        let (inference_calls, tool_calls) = Default::default();
        Self(Arc::new(Seen { name, inference_calls, tool_calls }))
    }

    pub(super) fn name(&self) -> Option<&StringValue> {
        self.0.name.as_ref()
    }

    /// Model calls and tool runs so far.
    pub(super) fn calls(&self) -> (u64, u64) {
        let calls = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (calls(&self.0.inference_calls), calls(&self.0.tool_calls))
    }

    /// Counts a model call of the agent around it.
    pub(super) fn count_inference(context: &Context) {
        if let Some(agent) = context.get::<Self>() {
            agent.0.inference_calls.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What the agent around it is called, or the scope says.
    pub(super) fn name_in(context: &Context) -> Option<StringValue> {
        let around = context.get::<Self>().and_then(|agent| agent.0.name.clone());
        around.or_else(|| scope_in(context, ScopeField::AgentName))
    }

    /// Counts a tool run of the agent around it, and says how that is called.
    pub(super) fn count_tool(context: &Context) -> Option<StringValue> {
        if let Some(agent) = context.get::<Self>() {
            agent.0.tool_calls.fetch_add(1, Ordering::Relaxed);
        }
        Self::name_in(context)
    }
}
