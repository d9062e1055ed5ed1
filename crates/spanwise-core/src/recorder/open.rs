//! The operations that are open now, so that shutdown can end them, and what is said of one reaches it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, Weak};

use opentelemetry::trace::{SpanContext, SpanId};

const SHARDS: usize = 16;

/// An operation that has not ended.
pub(crate) trait OpenOperation: Send + Sync {
    /// Ends it where its owner does not; says whether it was open.
    fn end_at_shutdown(&self) -> bool;

    /// Notes a score, if it is said of this operation's span; says whether it was, and the operation open.
    fn scored(&self, span: &SpanContext, score: f64) -> bool;
}

/// Slots in several shards, so that threads rarely meet at one lock.
#[derive(Default)]
pub(crate) struct OpenOperations {
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    /// By the ids of their spans.
    slots: Vec<Option<(SpanId, Weak<dyn OpenOperation>)>>,
    free: Vec<usize>,
}

/// Where an open operation stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenSlot {
    shard: usize,
    index: usize,
}

impl OpenOperations {
    pub(crate) fn insert(&self, span: SpanId, operation: Weak<dyn OpenOperation>) -> OpenSlot {
        let shard = shard_of_thread();
        let mut slots = self.lock(shard);
        let index = match slots.free.pop() {
            Some(index) => index,
            None => {
                slots.slots.push(None);
                slots.slots.len() - 1
            }
        };
        if let Some(slot) = slots.slots.get_mut(index) {
            *slot = Some((span, operation));
        }
        OpenSlot { shard, index }
    }

    pub(crate) fn remove(&self, slot: OpenSlot) {
        let mut slots = self.lock(slot.shard);
        if slots.slots.get_mut(slot.index).and_then(Option::take).is_some() {
            slots.free.push(slot.index);
        }
    }

    pub(crate) fn end_all(&self) -> usize {
        let ended = |shard| {
            let open = self.of_shard(shard, |_| true);
            let open = open.iter().filter_map(Weak::upgrade);
            open.filter(|operation| operation.end_at_shutdown()).count()
        };
        (0..SHARDS).map(ended).sum()
    }

    /// Notes a score on the operation whose span this is; says whether it is open.
    pub(crate) fn scored(&self, span: &SpanContext, score: f64) -> bool {
        (0..SHARDS).any(|shard| {
            let open = self.of_shard(shard, |known| known == span.span_id());
            let mut open = open.iter().filter_map(Weak::upgrade);
            open.any(|operation| operation.scored(span, score))
        })
    }

    /// Ending an operation removes it from its slot, so the lock must be free by then.
    fn of_shard(
        &self,
        shard: usize,
        wanted: impl Fn(SpanId) -> bool,
    ) -> Vec<Weak<dyn OpenOperation>> {
        let shard = self.lock(shard);
        let wanted = shard.slots.iter().flatten().filter(|(span, _)| wanted(*span));
        wanted.map(|(_, operation)| operation.clone()).collect()
    }

    fn lock(&self, shard: usize) -> std::sync::MutexGuard<'_, Shard> {
        self.shards[shard % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shard_of_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static SHARD: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
    }
    SHARD.try_with(|shard| *shard).unwrap_or(0)
}
