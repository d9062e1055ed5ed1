//! Which span stands above which: for destinations that get some of them only, and for those that want to know
//! on every span what its trace is called.
//!
//! ```text
//! start ─► open ──end──► with the span through the queue ─► filter
//!                  └───► ended, for children that start late; forgotten after some thousands more
//! ```
//! Children end, and are sent, before their parents, so what is above a span is settled when it starts: by
//! what is known of its parent then. A span is in memory here for as long as it is open, so there are never
//! more than the program itself has.

use std::array;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::{KeyValue, SpanId};
use opentelemetry_sdk::trace::SpanData;
use spanwise_core::SCOPE_NAME;
use spanwise_core::semconv::attribute;

/// The nearest span above another that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Above {
    /// There is none, or none that anyone remembers.
    Nothing,
    Here(SpanId),
    /// In another process, which may send it or not.
    Elsewhere(SpanId),
}

/// What is known of a span and those above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kin {
    /// Whether it has to do with language models.
    pub(crate) of_models: bool,
    pub(crate) above: Above,
    /// What the root of its trace was called at its start, if the root is here.
    pub(crate) root: Option<Arc<str>>,
}

/// All spans that are open, and some that are not any more.
pub(crate) struct Lineage {
    /// By the id of the span, so that threads seldom wait for each other.
    shards: [Mutex<Shard>; SHARDS],
}

const SHARDS: usize = 16;

/// How many ended spans each of the two generations of a shard remembers.
const REMEMBERED: usize = 256;

#[derive(Default)]
struct Shard {
    open: HashMap<SpanId, Kin>,
    /// Those that ended last, and those before: when there are too many of the first, the second are
    /// forgotten.
    ended: HashMap<SpanId, Kin>,
    ended_before: HashMap<SpanId, Kin>,
}

impl Lineage {
    pub(crate) fn new() -> Self {
        Self { shards: array::from_fn(|_| Mutex::default()) }
    }

    /// A span has started.
    pub(crate) fn started(&self, span: &SpanData) {
        let (above, root) = match span.parent_span_id {
            SpanId::INVALID => (Above::Nothing, Some(Arc::from(&*span.name))),
            parent if span.parent_span_is_remote => (Above::Elsewhere(parent), None),
            parent => self.below(parent),
        };
        let kin = Kin { of_models: tells_of_models(span, &[]), above, root };
        let id = span.span_context.span_id();
        self.shard(id).open.insert(id, kin);
    }

    /// A span has ended, with these attributes more.
    pub(crate) fn ended(&self, span: &SpanData, more: &[KeyValue]) -> Option<Kin> {
        let id = span.span_context.span_id();
        let shard = &mut *self.shard(id);
        let mut kin = shard.open.remove(&id)?;
        kin.of_models = kin.of_models || tells_of_models(span, more);
        if shard.ended.len() >= REMEMBERED {
            shard.ended_before = std::mem::take(&mut shard.ended);
        }
        shard.ended.insert(id, kin.clone());
        Some(kin)
    }

    /// What is above a child of this span, and its root.
    fn below(&self, parent: SpanId) -> (Above, Option<Arc<str>>) {
        let shard = self.shard(parent);
        let places = [&shard.open, &shard.ended, &shard.ended_before];
        match places.into_iter().find_map(|spans| spans.get(&parent)) {
            Some(Kin { of_models: true, root, .. }) => (Above::Here(parent), root.clone()),
            Some(Kin { above, root, .. }) => (*above, root.clone()),
            None => (Above::Nothing, None),
        }
    }

    fn shard(&self, id: SpanId) -> MutexGuard<'_, Shard> {
        let last = usize::from(id.to_bytes()[7]);
        self.shards[last % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tells_of_models(span: &SpanData, more: &[KeyValue]) -> bool {
    span.instrumentation_scope.name() == SCOPE_NAME
        || span.attributes.iter().chain(more).any(|kv| tells_of_model(kv.key.as_str()))
}

/// Whether an attribute of this key says that its span has to do with a model.
fn tells_of_model(key: &str) -> bool {
    const BEGINNINGS: [&str; 5] = ["gen_ai.", "llm.", "openinference.", "traceloop.", "langfuse."];
    // Every span of a scope with a conversation has its id.
    key != attribute::GEN_AI_CONVERSATION_ID.key()
        && BEGINNINGS.iter().any(|begin| key.starts_with(begin))
}

#[cfg(test)]
mod tests;
