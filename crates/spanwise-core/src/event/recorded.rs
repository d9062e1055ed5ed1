//! An operation that is over, as it was recorded.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, SpanId};

use super::{EventStatus, Inside};
use crate::capture::CapturePolicy;
use crate::content::Content;
use crate::cost::Cost;
use crate::operation::Surroundings;
use crate::recorder::RecordedAttributes;
use crate::usage::Usage;

/// Which [`TelemetryEvent`](crate::TelemetryEvent) an operation becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A model call: also a request for embeddings, and a retrieval by a model.
    Generation,
    /// The run of a tool.
    ToolExecution,
    /// An agent's invocation, or a workflow.
    Orchestrator,
    /// Everything else.
    Span,
}

/// An operation that is over, as it was recorded: what events are made of, by whoever wants one.
///
/// It holds what was captured, through no redactor. `Debug` shows none of it.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedOperation {
    /// Which event it becomes.
    pub kind: EventKind,
    /// The name of its span.
    pub name: Cow<'static, str>,
    /// Its span, which may not be sampled.
    pub span: SpanContext,
    /// The span that it happened in; invalid where there is none.
    pub parent: SpanId,
    /// When it began.
    pub started_at: SystemTime,
    /// When it ended.
    pub ended_at: SystemTime,
    /// How it ended.
    pub status: EventStatus,
    /// The text of its error, where that may be told.
    pub error_message: Option<String>,
    /// Its attributes, those of the scope around it first, the program's own last.
    pub attributes: RecordedAttributes,
    /// What was captured of its content.
    pub content: Option<Arc<Content>>,
    /// The tokens that it used itself, where that is known.
    pub usage: Option<Usage>,
    /// What it cost itself, where that is known.
    pub cost: Option<Cost>,
    /// What happened inside it, for what others happen inside.
    pub inside: Option<Inside>,
    /// The agent, the workflow and the step that it happened in.
    pub around: Surroundings,
    /// What was allowed to be captured.
    pub policy: CapturePolicy,
    /// Everybody who holds it asks how much it is.
    pub(crate) size: usize,
}

impl RecordedOperation {
    /// About how many bytes it holds.
    pub fn size(&self) -> usize {
        self.size
    }

    /// About how many bytes one holds that has these.
    pub(crate) fn size_with(attributes: &[KeyValue], content: Option<&Content>) -> usize {
        let attributes = attributes.iter().map(|attribute| {
            use opentelemetry::Value;
            let value = match &attribute.value {
                Value::String(text) => text.as_str().len(),
                Value::Array(_) => 64,
                _ => 0,
            };
            size_of::<KeyValue>() + value
        });
        size_of::<Self>() + attributes.sum::<usize>() + content.map_or(0, Content::size)
    }
}

impl fmt::Debug for RecordedOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedOperation")
            .field("name", &self.name)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
