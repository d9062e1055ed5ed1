//! Where recording hands over to exporting: bounded by number and by bytes, never waiting.
//!
//! ```text
//! spans, logs ─► Entrance ─┐
//!                          ├─► Intake ─► worker
//! periodic readers ────────┘
//! ```

mod queues;
mod room;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use opentelemetry::SpanId;
use tokio::sync::Notify;

use self::queues::{Phase, State};
use super::command::Command;
use super::ledger::{LaneId, Ledger};
use super::lineage::Lineage;
use super::overflow::Overflow;
use super::queued::{Collection, Drained, QueuedFeedback, QueuedLog, QueuedSpan};
use super::size;
use crate::config::{BatchConfiguration, ExportMode};
use crate::diagnostics::Diagnostics;
use crate::offload::Stores;
use crate::report::{Counts, DropReason, Report};
use crate::signal::Signal;

pub(crate) use self::queues::Queues;

/// What waits to be exported, and who is told about it.
pub(crate) struct Intake {
    state: Mutex<State>,
    wake: Notify,
    queues: Queues,
    /// Told when there may be room, where anyone waits for it.
    room: Condvar,
    open_spans: AtomicI64,
    /// What content goes to beside.
    stores: OnceLock<Stores>,
    /// Which span is above which, where a destination wants to know.
    lineage: OnceLock<Lineage>,
    /// Which metrics have too many sets of attributes.
    pub(crate) overflow: Overflow,
    pub(crate) diagnostics: Diagnostics,
    /// Of which signals it was said that they come too late.
    late: [AtomicBool; Signal::COUNT],
}

/// A batch leaves early when it holds about this much, whatever its number of items.
const BATCH_BYTES: usize = 2 << 20;

/// More collections than these wait only when nothing is sent any more; the next one says it all anyway.
const MOST_COLLECTIONS: usize = 8;

/// About how many items are dispatched before others have their turn.
const PIECE: usize = 2048;

/// How full the queues are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fill {
    pub(crate) spans: bool,
    pub(crate) logs: bool,
    pub(crate) metrics: bool,
}

impl Intake {
    pub(crate) fn new(queues: Queues, ledger: Ledger) -> Self {
        Self {
            state: Mutex::new(State {
                phase: Phase::Open,
                hurry: false,
                waited_in_vain: false,
                spans: Vec::new(),
                emptied_spans: Vec::new(),
                span_bytes: 0,
                logs: Vec::new(),
                log_bytes: 0,
                feedback: Vec::new(),
                feedback_bytes: 0,
                metrics: Vec::new(),
                commands: Vec::new(),
                ledger,
            }),
            wake: Notify::new(),
            queues,
            room: Condvar::new(),
            open_spans: AtomicI64::new(0),
            stores: OnceLock::new(),
            lineage: OnceLock::new(),
            overflow: Overflow::default(),
            diagnostics: Diagnostics::default(),
            late: Default::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a span, unless there is no room.
    pub(crate) fn push_span(&self, queued: QueuedSpan) {
        let bytes = size::of_span(&queued);
        let ends_trace = self.queues.mode == ExportMode::Immediate && is_local_root(&queued);
        let wakes = {
            let mut state = self.room_for(Signal::Traces, bytes);
            if !state.admit(&self.queues, Signal::Traces, bytes) {
                return self.refused(state, Signal::Traces);
            }
            let State { spans, span_bytes, hurry, .. } = &mut *state;
            let before = *span_bytes;
            *span_bytes += bytes;
            spans.push(queued);
            *hurry |= ends_trace;
            let full = spans.len() == self.queues.spans.max_export_batch_size;
            full || ends_trace || crosses(before, *span_bytes)
        };
        if wakes {
            self.wake.notify_one();
        }
    }

    /// Takes a log record, unless there is no room.
    pub(crate) fn push_log(&self, log: QueuedLog) {
        let bytes = size::of_log(&log);
        let wakes = {
            let mut state = self.room_for(Signal::Logs, bytes);
            if !state.admit(&self.queues, Signal::Logs, bytes) {
                return self.refused(state, Signal::Logs);
            }
            let State { logs, log_bytes, .. } = &mut *state;
            let before = *log_bytes;
            *log_bytes += bytes;
            logs.push(log);
            let full = logs.len() == self.queues.logs.max_export_batch_size;
            full || crosses(before, *log_bytes)
        };
        if wakes {
            self.wake.notify_one();
        }
    }

    /// Takes feedback, unless there is no room. It leaves with the logs.
    pub(crate) fn push_feedback(&self, queued: QueuedFeedback) {
        let bytes = size::of_feedback(&queued);
        let mut state = self.room_for(Signal::Feedback, bytes);
        if !state.admit(&self.queues, Signal::Feedback, bytes) {
            return self.refused(state, Signal::Feedback);
        }
        state.feedback_bytes += bytes;
        state.feedback.push(queued);
    }

    /// Of a full queue the worker tells. After shutdown there is none, so the first of a signal that comes
    /// too late is said from here, by a thread of its own.
    fn refused(&self, state: MutexGuard<'_, State>, signal: Signal) {
        let is_late = state.phase != Phase::Open;
        drop(state);
        if is_late && !self.late[signal as usize].swap(true, Ordering::Relaxed) {
            let what = signal.name();
            let message = format!("telemetry was shut down, and {what} that come now are lost");
            self.diagnostics.warn(&format!("late {what}"), message);
        }
    }

    /// Takes what a reader collected; says whether there is anyone to send it.
    pub(crate) fn push_metrics(&self, collection: Collection) -> bool {
        {
            let mut state = self.lock();
            if state.phase != Phase::Open || state.metrics.len() >= MOST_COLLECTIONS {
                return false;
            }
            state.metrics.push(collection);
        }
        self.wake.notify_one();
        true
    }

    /// Waits until there is something to do, or to think about.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Hands a command to the worker; without one the sender inside is dropped, which answers it.
    pub(crate) fn command(&self, command: Command) {
        {
            let mut state = self.lock();
            if state.phase == Phase::Stopped {
                return;
            }
            state.commands.push(command);
        }
        self.wake.notify_one();
    }

    pub(crate) fn take_commands(&self) -> Vec<Command> {
        std::mem::take(&mut self.lock().commands)
    }

    /// Which queues have a whole batch.
    pub(crate) fn fill(&self) -> Fill {
        let state = self.lock();
        let full = |len, bytes, batches: &BatchConfiguration| {
            len >= batches.max_export_batch_size || bytes >= BATCH_BYTES
        };
        Fill {
            spans: state.hurry || full(state.spans.len(), state.span_bytes, &self.queues.spans),
            logs: state.hurry || full(state.logs.len(), state.log_bytes, &self.queues.logs),
            metrics: !state.metrics.is_empty(),
        }
    }

    /// Takes what waits; in the books it now waits for each destination.
    pub(crate) fn drain(&self, which: Fill) -> Drained {
        let mut state = self.lock();
        let mut drained = Drained::default();
        if which.spans && which.logs {
            state.hurry = false;
        }
        if which.spans {
            let emptied = std::mem::take(&mut state.emptied_spans);
            drained.spans = std::mem::replace(&mut state.spans, emptied);
            let bytes = std::mem::take(&mut state.span_bytes);
            state.ledger.hand_over(Signal::Traces, drained.spans.len() as u64, bytes);
        }
        if which.logs {
            drained.logs = std::mem::take(&mut state.logs);
            let bytes = std::mem::take(&mut state.log_bytes);
            state.ledger.hand_over(Signal::Logs, drained.logs.len() as u64, bytes);
            drained.feedback = std::mem::take(&mut state.feedback);
            let bytes = std::mem::take(&mut state.feedback_bytes);
            state.ledger.hand_over(Signal::Feedback, drained.feedback.len() as u64, bytes);
        }
        if which.metrics {
            drained.metrics = std::mem::take(&mut state.metrics);
        }
        drained
    }

    /// How many items of a signal are dispatched in one go: whole batches, and a few milliseconds' work.
    pub(crate) fn piece(&self, signal: Signal) -> usize {
        let batch = self.queues.of(signal).max_export_batch_size.max(1);
        batch * (PIECE / batch).max(1)
    }

    /// Takes the buffer of drained spans back for the next ones, so that those who record do not make it
    /// grow again. What a peak has added goes.
    pub(crate) fn refill(&self, mut emptied: Vec<QueuedSpan>) {
        emptied.clear();
        emptied.shrink_to(self.queues.spans.max_export_batch_size);
        self.lock().emptied_spans = emptied;
    }

    /// What the intake itself has of a signal: before it is told apart by destination.
    pub(crate) fn intake_counts(&self, signal: Signal) -> Counts {
        self.lock().ledger.intake_counts(signal)
    }

    /// What the lane to a destination has of a signal.
    pub(crate) fn lane_counts(&self, destination: usize, signal: Signal) -> Option<Counts> {
        self.lock().ledger.lane_counts(LaneId { destination, signal })
    }

    /// How many items of a signal may wait.
    pub(crate) fn capacity(&self, signal: Signal) -> u64 {
        self.queues.of(signal).max_queue_size as u64
    }

    /// A span of anyone has started.
    pub(crate) fn span_started(&self) {
        self.open_spans.fetch_add(1, Ordering::Relaxed);
    }

    /// A span of anyone has ended.
    pub(crate) fn span_ended(&self) {
        self.open_spans.fetch_sub(1, Ordering::Relaxed);
    }

    /// Spans of anyone that have started and not ended.
    pub(crate) fn open_spans(&self) -> u64 {
        u64::try_from(self.open_spans.load(Ordering::Relaxed)).unwrap_or(0)
    }

    /// Changes or reads the books.
    pub(crate) fn ledger<R>(&self, with: impl FnOnce(&mut Ledger) -> R) -> R {
        let result = with(&mut self.lock().ledger);
        self.tell_room();
        result
    }

    /// Accepts nothing any more.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Closed;
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.lock().phase == Phase::Open
    }

    /// There is no worker any more: what has no answer is dropped, and commands are answered at once.
    pub(crate) fn stop(&self, reason: DropReason) {
        let (_commands, _spans, _logs, _feedback);
        {
            let mut state = self.lock();
            state.phase = Phase::Stopped;
            state.ledger.abandon_all(reason);
            // Dropped after the lock is free.
            _commands = std::mem::take(&mut state.commands);
            _spans = std::mem::take(&mut state.spans);
            _logs = std::mem::take(&mut state.logs);
            _feedback = std::mem::take(&mut state.feedback);
            state.metrics.clear();
        }
        self.tell_room();
    }

    /// From now on it is known which span is above which.
    pub(crate) fn track_lineage(&self) {
        self.lineage.get_or_init(Lineage::new);
    }

    pub(crate) fn lineage(&self) -> Option<&Lineage> {
        self.lineage.get()
    }

    /// Says, once, where content goes beside.
    pub(crate) fn store_in(&self, stores: Stores) {
        let _ = self.stores.set(stores);
    }

    pub(crate) fn stores(&self) -> Stores {
        self.stores.get().cloned().unwrap_or_default()
    }

    /// What became of everything so far.
    pub(crate) fn report(&self) -> Report {
        let destinations = self.lock().ledger.snapshot();
        let waits = destinations.iter().any(|destination| {
            Signal::ALL.into_iter().filter_map(|signal| destination.signal(signal)).any(|counts| {
                counts.queued + counts.in_flight > 0
                    || counts.dropped_for(DropReason::ShutdownTimeout) > 0
            })
        });
        let (offload, uploads) = self.stores().counts();
        Report {
            destinations,
            offload,
            uploads,
            exporters: Vec::new(),
            overflowing: self.overflow.metrics(),
            ended_at_shutdown: 0,
            open_spans: self.open_spans(),
            complete: !waits && offload.queued + uploads.queued == 0,
        }
    }
}

/// Whether its trace ends here with it: its parent is elsewhere, or nowhere.
fn is_local_root(QueuedSpan { span, .. }: &QueuedSpan) -> bool {
    span.parent_span_id == SpanId::INVALID || span.parent_span_is_remote
}

fn crosses(before: usize, after: usize) -> bool {
    before < BATCH_BYTES && after >= BATCH_BYTES
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Intake")
    }
}
