//! Who listens, and what they are told.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::RecordedOperation;
use super::handler::Handlers;
use super::measured::{EventDetails, Measurements};

/// Takes operations when they are over.
pub trait EventSink: Send + Sync {
    /// Takes an operation. It is called on the operation's task and must not block.
    fn take(&self, operation: &Arc<RecordedOperation>);

    /// Whether it wants content. Where nobody does, none is copied. Defaults to no.
    fn wants_content(&self) -> bool {
        false
    }
}

/// How many listen anywhere: with none, an operation is done after one look at this.
static LISTENERS: AtomicUsize = AtomicUsize::new(0);

#[inline]
pub(crate) fn anyone_listens() -> bool {
    LISTENERS.load(Ordering::Relaxed) != 0
}

/// Which sink it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SinkId(u64);

/// Who listens to operations. There is one for the process, and a [`Recorder`](crate::Recorder) may have one of
/// its own ([`RecorderBuilder::event_hub`](crate::RecorderBuilder::event_hub)).
#[derive(Default)]
pub struct EventHub {
    sinks: RwLock<Sinks>,
    pub(super) handlers: Handlers,
    next: AtomicU64,
}

type Sinks = Arc<[(SinkId, Arc<dyn EventSink>)]>;

impl EventHub {
    /// One to which nobody listens.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// That of the process.
    pub fn of_process() -> &'static Arc<Self> {
        static OF_PROCESS: OnceLock<Arc<EventHub>> = OnceLock::new();
        OF_PROCESS.get_or_init(Self::new)
    }

    /// Adds a sink, which is told of every operation that starts from here on.
    pub fn add_sink(&self, sink: Arc<dyn EventSink>) -> SinkId {
        let id = SinkId(self.next.fetch_add(1, Ordering::Relaxed));
        self.change(|sinks| sinks.push((id, sink)));
        id
    }

    /// Removes a sink; says whether it was there.
    pub fn remove_sink(&self, id: SinkId) -> bool {
        self.change(|sinks| {
            let before = sinks.len();
            sinks.retain(|(known, _)| *known != id);
            sinks.len() < before
        })
    }

    fn change<R>(&self, change: impl FnOnce(&mut Vec<(SinkId, Arc<dyn EventSink>)>) -> R) -> R {
        let mut sinks = self.sinks.write().unwrap_or_else(PoisonError::into_inner);
        let mut list = sinks.to_vec();
        let result = change(&mut list);
        count(sinks.len(), list.len());
        *sinks = list.into();
        result
    }

    fn sinks(&self) -> Sinks {
        self.sinks.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What those who listen want, where anyone does.
    pub(crate) fn wanted(&self) -> Option<Wanted> {
        let sinks = self.sinks.read().unwrap_or_else(PoisonError::into_inner);
        let handlers = self.handlers.len() > 0;
        let content = handlers || sinks.iter().any(|(_, sink)| sink.wants_content());
        let operations = !sinks.is_empty();
        (handlers || operations).then_some(Wanted { content, handlers, operations })
    }

    /// Tells handlers, where any hears it; what they are told is made only then.
    pub(crate) fn happens(
        &self,
        name: &str,
        tell: impl FnOnce(&dyn Fn(&Measurements, &EventDetails<'_>)),
    ) {
        let hearing = (!name.is_empty()).then(|| self.handlers.hearing(name));
        if let Some(hearing) = hearing.flatten() {
            tell(&|measured, details| self.handlers.call(&hearing, name, measured, details));
        }
    }

    pub(crate) fn ended(&self, operation: &Arc<RecordedOperation>) {
        for (_, sink) in &*self.sinks() {
            // Nobody else pays for one that panics.
            let _ = catch_unwind(AssertUnwindSafe(|| sink.take(operation)));
        }
    }
}

/// What those who listen to an operation want.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) content: bool,
    /// Whether there are handlers.
    pub(crate) handlers: bool,
    /// Whether anyone takes operations.
    pub(crate) operations: bool,
}

pub(super) fn count(before: usize, after: usize) {
    if after >= before {
        LISTENERS.fetch_add(after - before, Ordering::Relaxed);
    } else {
        LISTENERS.fetch_sub(before - after, Ordering::Relaxed);
    }
}

/// What nobody holds any more, nobody listens to.
impl Drop for EventHub {
    fn drop(&mut self) {
        count(self.sinks().len() + self.handlers.len(), 0);
    }
}

impl fmt::Debug for EventHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventHub").field("sinks", &self.sinks().len()).finish()
    }
}
