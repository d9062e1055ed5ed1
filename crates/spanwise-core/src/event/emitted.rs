//! What a recorder remembers of events that were emitted: spans that go on, and what was sampled.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use opentelemetry::trace::{SpanId, TraceId};

use crate::operation::OwnSpan;

/// More spans than these are not held open.
const MOST_OPEN: usize = 10_000;
/// Of more traces it is not remembered whether they are sampled.
const MOST_TRACES: usize = 4096;

#[derive(Default)]
pub(crate) struct Emitted {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: HashMap<(Option<TraceId>, SpanId), OwnSpan>,
    sampled: HashMap<TraceId, bool>,
}

impl Emitted {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The span that was opened under this id.
    pub(crate) fn take(&self, id: (Option<TraceId>, SpanId)) -> Option<OwnSpan> {
        self.lock().open.remove(&id)
    }

    /// Holds a span open; one too many is given back.
    pub(crate) fn hold(&self, id: (Option<TraceId>, SpanId), span: OwnSpan) -> Option<OwnSpan> {
        let mut state = self.lock();
        if state.open.len() >= MOST_OPEN {
            return Some(span);
        }
        state.open.insert(id, span)
    }

    /// Whether what was emitted of this trace is sampled; yes, where nothing was.
    pub(crate) fn is_sampled(&self, trace: TraceId) -> bool {
        self.lock().sampled.get(&trace).copied().unwrap_or(true)
    }

    pub(crate) fn remember(&self, trace: TraceId, sampled: bool) {
        let mut state = self.lock();
        if state.sampled.len() >= MOST_TRACES {
            state.sampled.clear();
        }
        state.sampled.insert(trace, sampled);
    }

    /// Nothing is held open any more.
    pub(crate) fn clear(&self) {
        let open = std::mem::take(&mut self.lock().open);
        drop(open);
    }
}
