//! The books: where every item is, for every destination, at any moment.
//!
//! ```text
//! accepted ──► queued ◄─► in flight ──► exported
//!               ▲  │          └───────► dropped(reason)
//!               │  ├──────────────────► dropped(reason)
//!               ▼  └──────────────────► filtered
//!            spooled ─────────────────► dropped(reason)
//! ```
//! Each move is one change under one lock, so that in every snapshot
//! `accepted = queued + in flight + spooled + exported + filtered + dropped`.

use crate::report::{Counts, DestinationReport, DropReason};
use crate::signal::Signal;

/// Counts of what has not been told apart by destination yet, and of what has.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// Common to all destinations: what came in, what waits in the intake, what never got further.
    intake: [Counts; Signal::COUNT],
    books: Vec<Book>,
}

#[derive(Debug)]
struct Book {
    name: String,
    signals: [Option<Pages>; Signal::COUNT],
}

/// One signal's way to one destination.
#[derive(Clone, Copy, Debug, Default)]
struct Pages {
    counts: Counts,
    /// Bytes of what waits or is on its way.
    bytes: usize,
    /// About how many bytes are on their way from the intake, and not encoded yet.
    handed_over: usize,
    /// Why nothing arrives any more, once that is so; whatever comes is dropped then.
    ended: Option<DropReason>,
}

/// What waits for a destination, or is on its way there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backlog {
    pub(crate) items: u64,
    pub(crate) bytes: usize,
}

/// A signal's way to a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LaneId {
    pub(crate) destination: usize,
    pub(crate) signal: Signal,
}

impl Ledger {
    pub(crate) fn new(
        destinations: impl IntoIterator<Item = (String, [bool; Signal::COUNT])>,
    ) -> Self {
        let books = destinations.into_iter().map(|(name, signals)| Book {
            name,
            signals: signals.map(|goes| goes.then(Pages::default)),
        });
        Self { intake: Default::default(), books: books.collect() }
    }

    /// An item came in.
    pub(crate) fn accept(&mut self, signal: Signal) {
        let counts = &mut self.intake[signal as usize];
        counts.accepted += 1;
        counts.queued += 1;
    }

    /// An item came in, and went no further.
    pub(crate) fn refuse(&mut self, signal: Signal, reason: DropReason) {
        let counts = &mut self.intake[signal as usize];
        counts.accepted += 1;
        counts.drop_for(reason, 1);
    }

    /// How many items of a signal wait in the intake.
    pub(crate) fn waiting(&self, signal: Signal) -> u64 {
        self.intake[signal as usize].queued
    }

    /// Items left the intake: each destination of their signal has them now, and has them encoded once
    /// they are [`dispatched`](Self::dispatched).
    pub(crate) fn hand_over(&mut self, signal: Signal, count: u64, bytes: usize) {
        self.intake[signal as usize].queued -= count;
        for book in &mut self.books {
            match &mut book.signals[signal as usize] {
                Some(Pages { counts, ended: Some(reason), .. }) => counts.drop_for(*reason, count),
                Some(pages) => {
                    pages.counts.queued += count;
                    pages.handed_over += bytes;
                }
                None => {}
            }
        }
    }

    /// What was handed over is encoded, all of it, and counted by its lanes.
    pub(crate) fn dispatched(&mut self, signal: Signal) {
        for pages in self.books.iter_mut().filter_map(|book| book.signals[signal as usize].as_mut())
        {
            pages.handed_over = 0;
        }
    }

    /// Items that exist for one destination alone, such as metric points of its temporality.
    pub(crate) fn accept_for(&mut self, lane: LaneId, count: u64) {
        let Some(pages) = &mut self.books[lane.destination].signals[lane.signal as usize] else {
            return;
        };
        pages.counts.accepted += count;
        match pages.ended {
            Some(reason) => pages.counts.drop_for(reason, count),
            None => pages.counts.queued += count,
        }
    }

    /// How much waits for, or is on its way to, each destination of this signal that still takes anything.
    pub(crate) fn backlogs(&self, signal: Signal) -> impl Iterator<Item = Backlog> + '_ {
        let pages =
            self.books.iter().filter_map(move |book| book.signals[signal as usize].as_ref());
        let live = pages.filter(|pages| pages.ended.is_none());
        live.map(|pages| Backlog { items: pages.backlog(), bytes: pages.bytes + pages.handed_over })
    }

    /// About how many bytes of this signal are on their way from the intake to lanes.
    pub(crate) fn handed_over(&self, signal: Signal) -> usize {
        let pages = self.books.iter().filter_map(|book| book.signals[signal as usize].as_ref());
        pages.map(|pages| pages.handed_over).max().unwrap_or_default()
    }

    /// Whether a lane has room for one more envelope.
    pub(crate) fn has_room(
        &self,
        lane: LaneId,
        most_items: usize,
        most_bytes: usize,
        new: (u64, usize),
    ) -> bool {
        let Some(pages) = self.books[lane.destination].signals[lane.signal as usize] else {
            return false;
        };
        if pages.ended.is_some() {
            return false;
        }
        let (items, bytes) = new;
        // Items of the envelope are queued already; what waits besides must leave them room. One
        // envelope always fits: else the largest would never leave.
        let others = pages.backlog().saturating_sub(items);
        pages.bytes == 0
            || (others + items <= most_items as u64 && pages.bytes + bytes <= most_bytes)
    }

    /// An envelope waits in a lane.
    pub(crate) fn enqueue(&mut self, lane: LaneId, bytes: usize) {
        self.change(lane, |pages| {
            pages.bytes += bytes;
            // What is in the lane is no longer on its way there: nothing is counted twice.
            pages.handed_over = pages.handed_over.saturating_sub(bytes);
        });
    }

    /// An envelope is being sent.
    pub(crate) fn depart(&mut self, lane: LaneId, count: u64) {
        self.change(lane, |pages| {
            pages.counts.queued -= count;
            pages.counts.in_flight += count;
        });
    }

    /// What was being sent waits again.
    pub(crate) fn come_back(&mut self, lane: LaneId, count: u64) {
        self.change(lane, |pages| {
            pages.counts.in_flight -= count;
            pages.counts.queued += count;
        });
    }

    /// Items go on without their largest content.
    pub(crate) fn shrunk(&mut self, lane: LaneId, count: u64) {
        self.change(lane, |pages| pages.counts.shrunk += count);
    }

    /// An envelope, or a piece of one, has its answer.
    pub(crate) fn settle(&mut self, lane: LaneId, bytes: usize, fate: Fate) {
        self.change(lane, |pages| {
            pages.bytes -= bytes;
            pages.counts.in_flight -= fate.exported + fate.dropped;
            pages.counts.exported += fate.exported;
            pages.counts.drop_for(fate.reason, fate.dropped);
        });
    }

    /// What waits is on disk, and no longer in memory.
    pub(crate) fn spool(&mut self, lane: LaneId, count: u64, bytes: usize) {
        self.change(lane, |pages| {
            pages.bytes -= bytes;
            pages.counts.queued -= count;
            pages.counts.spooled += count;
        });
    }

    /// What was on disk waits in memory to be sent.
    pub(crate) fn unspool(&mut self, lane: LaneId, count: u64, bytes: usize) {
        self.change(lane, |pages| {
            pages.bytes += bytes;
            pages.counts.spooled -= count;
            pages.counts.queued += count;
        });
    }

    /// Items came over from a process that is no more: they are on disk.
    pub(crate) fn adopt(&mut self, lane: LaneId, count: u64) {
        self.change(lane, |pages| {
            pages.counts.accepted += count;
            pages.counts.spooled += count;
        });
    }

    /// What was on disk is there no more.
    pub(crate) fn drop_spooled(&mut self, lane: LaneId, count: u64, reason: DropReason) {
        self.change(lane, |pages| {
            pages.counts.spooled -= count;
            pages.counts.drop_for(reason, count);
        });
    }

    /// Whether what a lane holds in memory, apart from so many bytes, is more than this.
    pub(crate) fn holds_more(
        &self,
        lane: LaneId,
        items: usize,
        bytes: usize,
        apart: usize,
    ) -> bool {
        let pages = self.books[lane.destination].signals[lane.signal as usize];
        pages.is_some_and(|pages| {
            pages.backlog() > items as u64 || pages.bytes.saturating_sub(apart) > bytes
        })
    }

    /// Items that wait for a destination are dropped.
    pub(crate) fn drop_queued(&mut self, lane: LaneId, count: u64, reason: DropReason) {
        self.change(lane, |pages| {
            pages.counts.queued -= count;
            pages.counts.drop_for(reason, count);
        });
    }

    /// Items that a destination does not want are left out.
    pub(crate) fn filter(&mut self, lane: LaneId, count: u64) {
        self.change(lane, |pages| {
            pages.counts.queued -= count;
            pages.counts.filtered += count;
        });
    }

    /// Everything of a destination that has no answer is dropped.
    pub(crate) fn abandon(&mut self, destination: usize, reason: DropReason) {
        for pages in self.books[destination].signals.iter_mut().flatten() {
            if pages.ended.is_none() {
                pages.abandon(reason);
            }
        }
    }

    /// Everything that has no answer is dropped, in the intake as well.
    pub(crate) fn abandon_all(&mut self, reason: DropReason) {
        for counts in &mut self.intake {
            let left = std::mem::take(&mut counts.queued);
            counts.drop_for(reason, left);
        }
        for destination in 0..self.books.len() {
            self.abandon(destination, reason);
        }
    }

    /// Once a way has ended, its books are closed: a late answer changes nothing.
    fn change(&mut self, lane: LaneId, change: impl FnOnce(&mut Pages)) {
        let pages = &mut self.books[lane.destination].signals[lane.signal as usize];
        if let Some(pages) = pages.as_mut().filter(|pages| pages.ended.is_none()) {
            change(pages);
        }
    }

    /// What the intake has of a signal.
    pub(crate) fn intake_counts(&self, signal: Signal) -> Counts {
        self.intake[signal as usize]
    }

    /// What a lane has, without what the intake has.
    pub(crate) fn lane_counts(&self, lane: LaneId) -> Option<Counts> {
        self.books.get(lane.destination)?.signals[lane.signal as usize].map(|pages| pages.counts)
    }

    /// As a destination is called.
    pub(crate) fn name(&self, destination: usize) -> &str {
        self.books.get(destination).map_or("", |book| &book.name)
    }

    /// How many items were dropped for a reason, on every way on which some were.
    pub(crate) fn dropped(&self, reason: DropReason) -> impl Iterator<Item = (LaneId, u64)> + '_ {
        let ways = self.books.iter().enumerate().flat_map(|(destination, book)| {
            Signal::ALL.into_iter().filter_map(move |signal| {
                let lane = LaneId { destination, signal };
                Some((lane, book.signals[signal as usize].as_ref()?))
            })
        });
        let dropped = ways.map(move |(lane, pages)| {
            let before = self.intake[lane.signal as usize].dropped_for(reason);
            (lane, before + pages.counts.dropped_for(reason))
        });
        dropped.filter(|(_, count)| *count > 0)
    }

    /// Every destination's counts, as they are now.
    pub(crate) fn snapshot(&self) -> Vec<DestinationReport> {
        let reports = self.books.iter().map(|book| {
            let mut signals = [None; Signal::COUNT];
            for signal in Signal::ALL {
                let pages = book.signals[signal as usize];
                let intake = &self.intake[signal as usize];
                signals[signal as usize] = pages.map(|pages| pages.with(intake));
            }
            DestinationReport::new(book.name.clone(), signals)
        });
        reports.collect()
    }
}

impl Pages {
    fn backlog(&self) -> u64 {
        self.counts.queued + self.counts.in_flight
    }

    fn abandon(&mut self, reason: DropReason) {
        let counts = &mut self.counts;
        let left = std::mem::take(&mut counts.queued) + std::mem::take(&mut counts.in_flight);
        counts.drop_for(reason, left);
        (self.bytes, self.handed_over) = (0, 0);
        self.ended = Some(reason);
    }

    /// The counts with those of the intake, which are this destination's too.
    fn with(&self, intake: &Counts) -> Counts {
        let mut counts = self.counts;
        counts.accepted += intake.accepted;
        counts.queued += intake.queued;
        for (dropped, more) in counts.dropped.iter_mut().zip(intake.dropped) {
            *dropped += more;
        }
        counts
    }
}

/// What became of an envelope's items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) exported: u64,
    pub(crate) dropped: u64,
    /// Of what was dropped, if anything was.
    pub(crate) reason: DropReason,
}

impl Fate {
    pub(crate) fn exported(count: u64) -> Self {
        Self { exported: count, dropped: 0, reason: DropReason::Refused }
    }

    pub(crate) fn dropped(count: u64, reason: DropReason) -> Self {
        Self { exported: 0, dropped: count, reason }
    }
}

#[cfg(test)]
mod tests;
