//! What those who listen are told of an operation.

use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceContextExt};

use super::path::own_name;
use crate::cost::Cost;
use crate::event::{EventKind, Inside, InsideContext, anyone_listens};
use crate::recorder::Recorder;
use crate::usage::Usage;

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

    /// It is over, and so named, and used this: whatever is around it takes note.
    pub(super) fn tell_around(&self, name: &str, usage: Option<Usage>, cost: Option<&Cost>) {
        if let Some(around) = &self.around {
            around.ended(own_name(name));
            around.used(usage, cost);
        }
    }

    /// What happened inside an operation that becomes this event, in this context of its own.
    pub(super) fn inside(kind: EventKind, context: &Context) -> Option<Inside> {
        let inside = (kind == EventKind::Orchestrator).then(|| InsideContext::of(context))?;
        inside.map(InsideContext::told)
    }
}
