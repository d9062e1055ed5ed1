//! What waits, and how much of it may.

use super::super::command::Command;
use super::super::ledger::{Backlog, Ledger};
use super::super::queued::{Collection, QueuedFeedback, QueuedLog, QueuedSpan};
use crate::config::{BatchConfiguration, ExportMode, OverflowPolicy};
use crate::report::DropReason;
use crate::signal::Signal;

/// With a spool, how much more than the queue may be on its way to the disk: recording never waits, and a
/// burst of it is faster than any disk.
const SPILL_BYTES: usize = 128 << 20;

/// How much may wait, and what happens beyond that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queues {
    pub(crate) spans: BatchConfiguration,
    pub(crate) logs: BatchConfiguration,
    pub(crate) overflow: OverflowPolicy,
    /// How many bytes more, with [`OverflowPolicy::Spill`].
    pub(crate) spill_bytes: usize,
    pub(crate) mode: ExportMode,
}

impl Default for Queues {
    fn default() -> Self {
        Self {
            spans: BatchConfiguration::SPANS,
            logs: BatchConfiguration::LOGS,
            overflow: OverflowPolicy::default(),
            spill_bytes: SPILL_BYTES,
            mode: ExportMode::default(),
        }
    }
}

impl Queues {
    pub(super) fn of(&self, signal: Signal) -> &BatchConfiguration {
        match signal {
            Signal::Logs | Signal::Feedback => &self.logs,
            Signal::Traces | Signal::Metrics => &self.spans,
        }
    }
}

pub(super) struct State {
    pub(super) phase: Phase,
    /// All that waits is to leave now.
    pub(super) hurry: bool,
    /// Someone waited for room in vain, and there has been none since.
    pub(super) waited_in_vain: bool,
    pub(super) spans: Vec<QueuedSpan>,
    /// The next buffer for them.
    pub(super) emptied_spans: Vec<QueuedSpan>,
    pub(super) span_bytes: usize,
    pub(super) logs: Vec<QueuedLog>,
    pub(super) log_bytes: usize,
    pub(super) feedback: Vec<QueuedFeedback>,
    pub(super) feedback_bytes: usize,
    pub(super) metrics: Vec<Collection>,
    pub(super) commands: Vec<Command>,
    pub(super) ledger: Ledger,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    /// Nothing is accepted any more; what is here is still sent.
    Closed,
    /// There is no worker any more.
    Stopped,
}

impl State {
    /// Enters an item into the books; says whether it may come in.
    pub(super) fn admit(&mut self, queues: &Queues, signal: Signal, bytes: usize) -> bool {
        if self.phase != Phase::Open {
            self.ledger.refuse(signal, DropReason::AfterShutdown);
            return false;
        }
        if !self.has_room(queues, signal, bytes) {
            self.ledger.refuse(signal, DropReason::QueueFull);
            return false;
        }
        self.ledger.accept(signal);
        true
    }

    pub(super) fn has_room(&self, queues: &Queues, signal: Signal, bytes: usize) -> bool {
        let batches = queues.of(signal);
        let waiting = self.ledger.waiting(signal);
        let waiting_bytes = match signal {
            Signal::Logs => self.log_bytes,
            Signal::Feedback => self.feedback_bytes,
            Signal::Traces | Signal::Metrics => self.span_bytes,
        };
        let backlog = match queues.overflow {
            OverflowPolicy::DropNewest => self.ledger.backlogs(signal).min_by_key(|it| it.bytes),
            OverflowPolicy::Block(_) => self.ledger.backlogs(signal).max_by_key(|it| it.bytes),
            // Lanes have the disk for what does not fit; this has not reached them.
            OverflowPolicy::Spill => {
                let handed_over = self.ledger.handed_over(signal);
                Some(Backlog { items: 0, bytes: handed_over })
            }
        };
        let backlog = backlog.unwrap_or_default();
        let held = waiting_bytes + backlog.bytes;
        // A single item larger than the whole queue is let through alone: it may still be deliverable.
        let spills = queues.overflow == OverflowPolicy::Spill;
        let spare = if spills { queues.spill_bytes } else { 0 };
        let fits = held == 0 || held + bytes <= batches.max_queue_bytes.saturating_add(spare);
        fits && (spills || waiting + backlog.items < batches.max_queue_size as u64)
    }
}
