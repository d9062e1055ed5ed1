//! What those who listen are told of an operation.

use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceContextExt};

use super::path::own_name;
use crate::event::{EventHub, EventKind, InsideContext, RecordedOperation, anyone_listens};
use crate::recorder::Recorder;

/// There where someone listens.
pub(crate) struct Heard {
    /// The span that it happens in.
    pub(super) parent: SpanId,
    pub(super) wants_content: bool,
    pub(super) by_handlers: bool,
    /// Whether someone takes it when it is over.
    pub(super) taken: bool,
    /// The agent or workflow around it.
    around: Option<InsideContext>,
}

impl Heard {
    #[inline]
    pub(super) fn of(recorder: &Recorder, parent: &Context) -> Option<Self> {
        if !anyone_listens() {
            return None;
        }
        let wanted = recorder.hub.wanted()?;
        Some(Self {
            parent: parent.span().span_context().span_id(),
            wants_content: wanted.content,
            by_handlers: wanted.handlers,
            taken: wanted.operations,
            around: InsideContext::of(parent).cloned(),
        })
    }

    /// It is over, and this is what it was, in this context of its own.
    pub(super) fn tell(&self, hub: &EventHub, mut operation: RecordedOperation, context: &Context) {
        if let Some(around) = &self.around {
            around.ended(own_name(&operation.name));
            around.used(operation.usage, operation.cost.as_ref());
        }
        if operation.kind == EventKind::Orchestrator {
            operation.inside = InsideContext::of(context).map(InsideContext::told);
        }
        hub.ended(operation);
    }
}
