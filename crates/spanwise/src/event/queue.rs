//! What waits for one exporter, and what became of the rest.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spanwise_core::{ContentLevel, EventSink, RecordedOperation};
use tokio::sync::{Notify, oneshot};

use super::books::Book;
use super::registry::ExporterId;
use super::report::ExporterReport;
use super::settings::ExporterSettings;

pub(super) struct Queue {
    pub(super) id: ExporterId,
    pub(super) settings: ExporterSettings,
    state: Mutex<State>,
    wake: Notify,
    book: Arc<Book>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Arc<RecordedOperation>>,
    bytes: usize,
    /// The worker looks again only when it is woken.
    idle: bool,
    closed: bool,
    counts: Counts,
    /// Who waits, and until how many events have their fate.
    settling: Vec<(u64, oneshot::Sender<()>)>,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    accepted: u64,
    in_flight: u64,
    fates: [u64; Fate::ALL.len()],
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Exported,
    Failed,
    Panicked,
    TimedOut,
    Dropped,
}

impl Fate {
    pub(super) const ALL: [Self; 5] =
        [Self::Exported, Self::Failed, Self::Panicked, Self::TimedOut, Self::Dropped];

    /// Why an event was lost, where it was.
    pub(super) const fn lost(self) -> Option<&'static str> {
        match self {
            Self::Exported => None,
            Self::Failed => Some("failed"),
            Self::Panicked => Some("panicked"),
            Self::TimedOut => Some("timed_out"),
            Self::Dropped => Some("dropped"),
        }
    }
}

impl Queue {
    pub(super) fn new(id: ExporterId, settings: ExporterSettings) -> Self {
        let book = Book::of(&settings.name);
        Self { id, settings, state: Mutex::default(), wake: Notify::new(), book }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, operation: &Arc<RecordedOperation>) {
        let size = operation.size();
        let wakes = {
            let mut state = self.lock();
            state.counts.accepted += 1;
            let held = state.waiting.len() as u64 + state.counts.in_flight;
            let fits = (held as usize) < self.settings.most_events
                && state.bytes.saturating_add(size) <= self.settings.most_bytes;
            if state.closed || !fits {
                self.count(&mut state, Fate::Dropped, 1);
                return;
            }
            state.bytes += size;
            state.waiting.push_back(operation.clone());
            // One that is at work looks for more by itself.
            std::mem::replace(&mut state.idle, false)
        };
        if wakes {
            self.wake.notify_one();
        }
    }

    /// Takes some of what waits, unless it shall end.
    pub(super) fn next(&self, most: usize) -> Vec<Arc<RecordedOperation>> {
        let mut state = self.lock();
        if state.closed {
            return Vec::new();
        }
        let most = most.min(state.waiting.len());
        let taken: Vec<_> = state.waiting.drain(..most).collect();
        state.bytes -= taken.iter().map(|operation| operation.size()).sum::<usize>();
        state.counts.in_flight += taken.len() as u64;
        taken
    }

    /// So many of what was taken have their fate.
    pub(super) fn settle(&self, fate: Fate, events: usize) {
        let mut state = self.lock();
        state.counts.in_flight -= events as u64;
        self.count(&mut state, fate, events as u64);
        state.tell_settled();
    }

    /// Says that it sleeps until it is woken; not where something came meanwhile, or it shall end.
    pub(super) fn sleeps(&self) -> bool {
        let mut state = self.lock();
        state.idle = state.waiting.is_empty() && !state.closed;
        state.idle
    }

    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Takes nothing any more, and drops what waits.
    pub(super) fn close(&self) {
        let _waiting;
        {
            let mut state = self.lock();
            state.closed = true;
            state.bytes = 0;
            _waiting = std::mem::take(&mut state.waiting);
            self.count(&mut state, Fate::Dropped, _waiting.len() as u64);
            state.tell_settled();
        }
        self.wake.notify_one();
    }

    /// There is nobody any more who works on it.
    pub(super) fn abandon(&self) {
        self.close();
        let mut state = self.lock();
        let lost = std::mem::take(&mut state.counts.in_flight);
        self.count(&mut state, Fate::Dropped, lost);
        state.tell_settled();
    }

    fn count(&self, state: &mut State, fate: Fate, events: u64) {
        state.counts.fates[fate as usize] += events;
        self.book.add(fate, events);
    }

    /// Told when everything that is here now has its fate.
    pub(super) fn settled(&self) -> oneshot::Receiver<()> {
        let (settled, is_settled) = oneshot::channel();
        {
            let mut state = self.lock();
            let all = state.counts.accepted;
            state.settling.push((all, settled));
            state.tell_settled();
        }
        // It may be resting between two batches.
        self.wake.notify_one();
        is_settled
    }

    pub(super) fn report(&self) -> ExporterReport {
        let state = self.lock();
        let fate = |fate: Fate| state.counts.fates[fate as usize];
        ExporterReport {
            id: self.id,
            name: self.settings.name.clone(),
            accepted: state.counts.accepted,
            queued: state.waiting.len() as u64,
            in_flight: state.counts.in_flight,
            exported: fate(Fate::Exported),
            failed: fate(Fate::Failed),
            panicked: fate(Fate::Panicked),
            timed_out: fate(Fate::TimedOut),
            dropped: fate(Fate::Dropped),
        }
    }
}

impl Counts {
    fn settled(&self) -> u64 {
        self.fates.iter().sum()
    }
}

impl State {
    fn tell_settled(&mut self) {
        let settled = self.counts.settled();
        // Nobody may be waiting any more.
        for (_, told) in self.settling.extract_if(.., |(until, _)| *until <= settled) {
            let _ = told.send(());
        }
    }
}

impl EventSink for Queue {
    fn take(&self, operation: &Arc<RecordedOperation>) {
        if operation.span.is_sampled() || !self.settings.sampled_only {
            self.push(operation);
        }
    }

    fn wants_content(&self) -> bool {
        self.settings.content.level != ContentLevel::Off
    }
}

#[cfg(test)]
mod tests;
