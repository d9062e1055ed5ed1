//! What of a lane's traffic goes to disk, and comes back.
//!
//! ```text
//! more than memory may hold ─────┐                    ┌─► one beside live traffic
//! no answer for a second ────────┼─► disk ─► replay ──┤   as many as may be, without
//! no answer when telemetry ends ─┘                    └─► the probe, while the breaker is open
//! write-ahead: everything ─► disk, and is sent once it is there
//! ```

use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Parcel, Traffic};
use crate::export::lane::disk::{Ask, Disk, Told};
use crate::export::lane::parcel::EnvelopeState;
use crate::export::ledger::Fate;
use crate::report::DropReason;
use crate::spool::Position;

/// A receiver that does not answer for so long is taken to be down.
const DOWN_AFTER: Duration = Duration::from_secs(1);

/// After the disk refused something it is left alone for this long.
const DISK_PAUSE: Duration = Duration::from_secs(1);

/// The lane's side of the disk.
pub(super) struct Spill {
    disk: Disk,
    /// How many answers of the disk are awaited, to what was given to it.
    storing: usize,
    storing_bytes: usize,
    /// What was read from disk last; it lives as long as it has no fate.
    replayed: Weak<EnvelopeState>,
    /// The oldest was asked for.
    asked_next: bool,
    /// Nothing waits on disk.
    is_empty: bool,
    /// When the disk may be tried again after it refused.
    refused_until: Option<Instant>,
}

impl Spill {
    pub(super) fn new(disk: Disk) -> Self {
        Self {
            disk,
            storing: 0,
            storing_bytes: 0,
            replayed: Weak::new(),
            asked_next: false,
            is_empty: true,
            refused_until: None,
        }
    }

    /// What the disk says next.
    pub(super) fn told(&mut self) -> impl Future<Output = Option<Told>> {
        self.disk.told.recv()
    }

    /// Whether something is on its way to disk.
    pub(super) fn is_busy(&self) -> bool {
        self.storing > 0 || self.asked_next
    }

    pub(super) fn done(&self, position: Position) {
        self.disk.ask(Ask::Done(position));
    }

    /// Makes safe what is there.
    pub(super) async fn close(self) {
        let (done, is_done) = oneshot::channel();
        self.disk.ask(Ask::Close(done));
        // Without a thread there is nobody to say so.
        let _ = is_done.await;
    }

    fn works(&self) -> bool {
        self.refused_until.is_none_or(|until| until <= Instant::now())
    }

    fn give(&mut self, parcel: Parcel, ask: impl FnOnce(Parcel) -> Ask) {
        self.storing += 1;
        self.storing_bytes += parcel.charged;
        self.disk.ask(ask(parcel));
    }

    /// To disk, and out of memory.
    fn store(&mut self, parcel: Parcel) {
        match parcel.stored() {
            Some(position) => self.give(parcel, |parcel| Ask::PutBack(parcel, position)),
            None => self.give(parcel, Ask::Store),
        }
    }
}

impl Traffic {
    /// A new parcel: to disk, or to be sent.
    pub(super) fn arrived(&mut self, parcel: Parcel) {
        let spills = self.is_down() || self.holds_too_much();
        match self.spill.as_mut().filter(|spill| spill.works()) {
            Some(spill) if spills => spill.store(parcel),
            Some(spill) if spill.disk.write_ahead => spill.give(parcel, Ask::StoreAhead),
            _ => self.keep(parcel),
        }
    }

    /// Gives to the disk what should not wait in memory.
    pub(super) fn spill(&mut self) {
        let is_down = self.is_down();
        let is_over = self.ends_at.is_some_and(|ends_at| ends_at <= Instant::now());
        let Some(spill) = self.spill.as_mut().filter(|spill| spill.works()) else { return };
        if is_over {
            // Nobody waits for these answers any more.
            self.attempts.abort_all();
            for (_, (parcel, _)) in self.under_way.drain() {
                let (lane, items) = (self.lane.id, parcel.items);
                self.lane.intake.ledger(|ledger| ledger.come_back(lane, items));
                spill.store(parcel);
            }
        }
        if is_over || (is_down && self.ends_at.is_some()) {
            let waiting = self.failing.drain(..).chain(self.ready.drain(..));
            waiting.for_each(|parcel| spill.store(parcel));
        } else if is_down {
            // What is on disk anyway is what is probed with.
            for parcel in self.failing.extract_if(.., |parcel| parcel.stored().is_none()) {
                spill.store(parcel);
            }
            for parcel in std::mem::take(&mut self.ready) {
                if parcel.is_replayed() {
                    self.ready.push_back(parcel);
                } else {
                    spill.store(parcel);
                }
            }
        }
    }

    /// Asks for what is on disk, as far as it is its turn.
    pub(super) fn replay(&mut self) {
        let (is_due, may_start) = (self.has_due(), self.may_start());
        let takes_new = self.takes_new();
        let Some(spill) = &mut self.spill else { return };
        if spill.is_empty || spill.asked_next || self.ends_at.is_some() || !spill.works() {
            return;
        }
        let is_its_turn = if is_due {
            !self.breaker.is_open() && spill.replayed.strong_count() == 0
        } else {
            may_start && takes_new
        };
        if is_its_turn {
            spill.asked_next = true;
            spill.disk.ask(Ask::Next);
        }
    }

    pub(super) fn told(&mut self, told: Told) {
        let Some(spill) = &mut self.spill else { return };
        let mut answered = |bytes: usize| {
            spill.storing -= 1;
            spill.storing_bytes -= bytes;
        };
        match told {
            Told::Stored { bytes } => {
                answered(bytes);
                spill.is_empty = false;
            }
            Told::StoredAhead(parcel) => {
                answered(parcel.charged);
                self.ready.push_back(parcel);
            }
            Told::NotStored(parcel) => {
                answered(parcel.charged);
                spill.refused_until = Some(Instant::now() + DISK_PAUSE);
                self.keep(parcel);
            }
            Told::Next(next) => {
                spill.asked_next = false;
                match next {
                    Some(parcel) => {
                        spill.replayed = Arc::downgrade(&parcel.envelope);
                        self.ready.push_back(parcel);
                    }
                    None => spill.is_empty = true,
                }
            }
            Told::Adopted => spill.is_empty = false,
        }
    }

    /// What does not go to disk stays in memory, as far as there is room.
    fn keep(&mut self, parcel: Parcel) {
        if self.holds_too_much() {
            let fate = Fate::dropped(parcel.items, DropReason::QueueFull);
            self.lane.intake.ledger(|ledger| ledger.depart(self.lane.id, parcel.items));
            self.settle(parcel, fate);
        } else {
            self.ready.push_back(parcel);
        }
    }

    pub(super) fn has_spooled(&self) -> bool {
        self.spill.as_ref().is_some_and(|spill| !spill.is_empty)
    }

    /// When the receiver will be taken to be down.
    pub(super) fn spills_at(&self) -> Option<Instant> {
        self.spill.as_ref()?;
        self.breaker.open_since().map(|since| since + DOWN_AFTER)
    }

    fn is_down(&self) -> bool {
        self.spills_at().is_some_and(|at| at <= Instant::now())
    }

    /// Whether the lane holds more in memory than it may, apart from what is on its way to disk.
    fn holds_too_much(&self) -> bool {
        // Without a disk, what is here had room when it came.
        let Some(spill) = &self.spill else { return false };
        let apart = spill.storing_bytes;
        let (items, bytes) = (self.lane.most_items, self.lane.most_bytes);
        self.lane.intake.ledger(|ledger| ledger.holds_more(self.lane.id, items, bytes, apart))
    }
}

/// The future's output; without one, never.
pub(super) async fn or_never<F: Future>(future: Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}
