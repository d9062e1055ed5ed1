//! What waits for the store, and the thread that brings it there.

use std::collections::{HashSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::store::{ContentStore, StoreError, StoredObject};
use crate::diagnostics::Diagnostics;
use crate::error::InitError;
use crate::export::thread::own_thread;

/// So many objects are on their way at once at most.
const AT_ONCE: usize = 8;
/// An object that takes longer is lost.
const TIMEOUT: Duration = Duration::from_secs(30);
/// So many names are remembered of what was stored.
const REMEMBERED: usize = 4096;

/// What became of content that was to be stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OffloadCounts {
    /// Objects that wait or are on their way.
    pub queued: u64,
    /// Objects that the store has taken.
    pub stored: u64,
    /// Objects with the bytes of one that went before, and were not sent again.
    pub repeated: u64,
    /// Objects that the store did not take, or that did not fit the queue.
    pub dropped: u64,
}

impl OffloadCounts {
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            queued: self.queued + other.queued,
            stored: self.stored + other.stored,
            repeated: self.repeated + other.repeated,
            dropped: self.dropped + other.dropped,
        }
    }
}

pub(crate) struct Queue {
    store: Arc<dyn ContentStore>,
    state: Mutex<State>,
    wake: Notify,
    /// How many objects wait or are on their way.
    open: watch::Sender<usize>,
}

/// An object that waits. Its bytes may still have to be made, on the thread that stores.
pub(super) struct Waiting {
    pub(super) name: String,
    pub(super) media_type: String,
    /// About how many bytes it holds.
    pub(super) size: usize,
    pub(super) bytes: Box<dyn FnOnce() -> Bytes + Send>,
}

struct State {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    most_bytes: usize,
    most_objects: usize,
    known: HashSet<String>,
    /// The same names, oldest first.
    remembered: VecDeque<String>,
    counts: OffloadCounts,
    started: bool,
    closed: bool,
}

/// Resolves when nothing waits any more.
pub(crate) type Settled = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Queue {
    pub(super) fn new(
        store: Arc<dyn ContentStore>,
        most_bytes: usize,
        most_objects: usize,
    ) -> Self {
        Self {
            store,
            state: Mutex::new(State::new(most_bytes, most_objects)),
            wake: Notify::new(),
            open: watch::Sender::new(0),
        }
    }

    pub(super) fn hold_at_most(&self, bytes: usize) {
        self.lock().most_bytes = bytes;
    }

    pub(super) fn hold_at_most_objects(&self, objects: usize) {
        self.lock().most_objects = objects;
    }

    pub(super) fn uri(&self, name: &str) -> String {
        self.store.uri(name)
    }

    /// Takes an object, unless one of its name went before. Says whether the store has it, or will.
    pub(super) fn push(&self, object: Waiting) -> bool {
        {
            let mut state = self.lock();
            if state.known.contains(&object.name) {
                state.counts.repeated += 1;
                return true;
            }
            if !state.has_room_for(&object) {
                state.counts.dropped += 1;
                return false;
            }
            state.remember(object.name.clone());
            state.bytes += object.size;
            state.waiting.push_back(object);
        }
        self.open.send_modify(|open| *open += 1);
        self.wake.notify_one();
        true
    }

    pub(super) fn start(self: &Arc<Self>, diagnostics: &Diagnostics) -> Result<(), InitError> {
        if std::mem::replace(&mut self.lock().started, true) {
            return Ok(());
        }
        let (queue, diagnostics) = (self.clone(), diagnostics.clone());
        own_thread("spanwise-offload", move |runtime| runtime.block_on(queue.run(&diagnostics)))
    }

    pub(super) fn settled(&self) -> Settled {
        let mut open = self.open.subscribe();
        Box::pin(async move {
            // An error means that the queue is gone, and so is what was in it.
            let _ = open.wait_for(|open| *open == 0).await;
        })
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_one();
    }

    pub(super) fn counts(&self) -> OffloadCounts {
        OffloadCounts { queued: *self.open.borrow() as u64, ..self.lock().counts }
    }

    async fn run(self: Arc<Self>, diagnostics: &Diagnostics) {
        let mut on_their_way = JoinSet::new();
        loop {
            while on_their_way.len() < AT_ONCE {
                let Some(object) = self.pop() else { break };
                on_their_way.spawn(self.clone().deliver(object, diagnostics.clone()));
            }
            if on_their_way.is_empty() && self.lock().is_over() {
                return;
            }
            tokio::select! {
                () = self.wake.notified() => {}
                Some(_) = on_their_way.join_next() => {}
            }
        }
    }

    async fn deliver(self: Arc<Self>, object: Waiting, diagnostics: Diagnostics) {
        let Waiting { name, media_type, bytes, .. } = object;
        // Counted whatever happens, a store that panics among it.
        let mut delivery = Delivery { queue: &self, name: &name, stored: false };
        let object = StoredObject { name: name.clone(), media_type, bytes: bytes() };
        let put = tokio::time::timeout(TIMEOUT, self.store.put(object)).await;
        match put.unwrap_or(Err(StoreError::new("it took too long"))) {
            Ok(()) => delivery.stored = true,
            Err(reason) => {
                let message =
                    format!("content could not be stored ({reason}); its spans go on without it");
                diagnostics.warn("offload", message);
            }
        }
    }

    fn pop(&self) -> Option<Waiting> {
        let mut state = self.lock();
        let object = state.waiting.pop_front()?;
        state.bytes -= object.size;
        Some(object)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(most_bytes: usize, most_objects: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            bytes: 0,
            most_bytes,
            most_objects,
            known: HashSet::new(),
            remembered: VecDeque::new(),
            counts: OffloadCounts::default(),
            started: false,
            closed: false,
        }
    }

    fn has_room_for(&self, object: &Waiting) -> bool {
        !self.closed
            && self.waiting.len() < self.most_objects
            && self.bytes.saturating_add(object.size) <= self.most_bytes
    }

    fn remember(&mut self, name: String) {
        if self.remembered.len() >= REMEMBERED
            && let Some(oldest) = self.remembered.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.known.insert(name.clone());
        self.remembered.push_back(name);
    }

    fn is_over(&self) -> bool {
        self.closed && self.waiting.is_empty()
    }
}

/// An object on its way.
struct Delivery<'a> {
    queue: &'a Queue,
    name: &'a str,
    stored: bool,
}

impl Drop for Delivery<'_> {
    fn drop(&mut self) {
        {
            let mut state = self.queue.lock();
            match self.stored {
                true => state.counts.stored += 1,
                false => {
                    state.counts.dropped += 1;
                    // The next of its name is tried again.
                    state.known.remove(self.name);
                }
            }
        }
        self.queue.open.send_modify(|open| *open -= 1);
    }
}
