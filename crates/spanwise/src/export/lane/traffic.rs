//! The traffic of one lane to an OTLP receiver: several requests at once, tried again while it may work,
//! divided where that helps.
//!
//! ```text
//!  queue ─► ready ─► attempt ─┬─► accepted, refused: its fate is entered
//!            ▲  ▲      ▲      ├─► too large, malformed: its pieces are ready
//!       disk │  └──────┼──────┤
//!    (spill)─┘         │      └─► may work later: failing, and the breaker opens
//!                      └─────────────┘
//! ```
//! Few may be failing at once, and while the breaker is open one probe goes at a time: an outage costs no
//! attempt for each envelope.

mod spill;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use self::spill::{Spill, or_never};
use super::breaker::{Breaker, Era, lets_others_go_first};
use super::divide::{self, divide};
use super::otlp::OtlpEnd;
use super::parcel::{Failing, Parcel};
use super::verdict::{Cause, Verdict};
use super::{Envelope, Lane, Payload, Submitted};
use crate::export::ledger::Fate;
use crate::report::DropReason;

/// Content is taken from one item at most so often: each time a quarter of it goes.
const MOST_SHRINKING: u32 = 32;

/// So many times as many requests may have failed as may be under way.
const MOST_FAILING: usize = 2;

/// At the end this much is left for the disk, or a quarter of what there is.
const FOR_THE_DISK: Duration = Duration::from_secs(1);

/// Receivers that take less are not worth adapting to.
const LEAST_BYTES: usize = 64 << 10;

/// What is under way, waits, and is known of the receiver.
pub(super) struct Traffic {
    lane: Lane,
    end: Arc<OtlpEnd>,
    breaker: Breaker,
    ready: VecDeque<Parcel>,
    /// What waits to be tried again.
    failing: Vec<Parcel>,
    attempts: JoinSet<Verdict>,
    under_way: HashMap<Id, (Parcel, Started)>,
    /// What the receiver has shown to take.
    most_bytes: usize,
    spill: Option<Spill>,
    /// When what has no answer goes to disk, once telemetry ends.
    ends_at: Option<Instant>,
    /// Nothing more comes from the queue.
    drained: bool,
}

#[derive(Clone, Copy)]
struct Started {
    at: Instant,
    era: Era,
}

impl Traffic {
    pub(super) fn new(mut lane: Lane, end: OtlpEnd) -> Self {
        let spill = lane.disk.take().map(Spill::new);
        Self {
            lane,
            end: Arc::new(end),
            breaker: Breaker::new(),
            ready: VecDeque::new(),
            failing: Vec::new(),
            attempts: JoinSet::new(),
            under_way: HashMap::new(),
            most_bytes: usize::MAX,
            spill,
            ends_at: None,
            drained: false,
        }
    }

    /// Delivers until there is nothing more to come.
    pub(super) async fn run(mut self) {
        while !self.is_over() {
            let looked_at = Instant::now();
            self.spill();
            self.start_ready();
            self.replay();
            let takes_more = self.takes_more();
            let wakes_at = self.wakes_at(looked_at);
            let told = self.spill.as_mut().map(Spill::told);
            tokio::select! {
                Some(answer) = self.attempts.join_next_with_id() => self.answered(answer),
                Some(told) = or_never(told) => self.told(told),
                submitted = self.lane.queue.recv(), if takes_more => self.received(submitted),
                () = super::until(wakes_at) => {}
                _ = self.lane.closing.changed(), if self.ends_at.is_none() => self.hurry(),
            }
        }
        if let Some(spill) = self.spill {
            spill.close().await;
        }
    }

    fn is_over(&self) -> bool {
        let storing = self.spill.as_ref().is_some_and(Spill::is_busy);
        let waits = !self.ready.is_empty() || !self.failing.is_empty();
        self.drained && !waits && self.under_way.is_empty() && !storing
    }

    fn may_start(&self) -> bool {
        let in_flight = self.under_way.len();
        in_flight < self.end.delivery.most_requests && self.breaker.lets_through(in_flight)
    }

    /// Whether what has not failed may go: in an outage few more start than have failed already.
    fn takes_new(&self) -> bool {
        self.failing.len() < MOST_FAILING * self.end.delivery.most_requests
    }

    fn first_failing_due(&self) -> Option<usize> {
        self.failing.iter().position(Parcel::is_due)
    }

    /// Whether there is one that may go.
    fn has_due(&self) -> bool {
        self.first_failing_due().is_some() || (self.takes_new() && !self.ready.is_empty())
    }

    fn next_due(&mut self) -> Option<Parcel> {
        if let Some(first) = self.first_failing_due() {
            return Some(self.failing.remove(first));
        }
        if self.takes_new() { self.ready.pop_front() } else { None }
    }

    /// Whether the next is taken from the queue. What waits there is bounded by the books; with a disk to
    /// spill to it is looked at as it comes.
    fn takes_more(&self) -> bool {
        let for_sending = || self.may_start() && self.takes_new() && !self.has_due();
        !self.drained && (self.spill.is_some() || for_sending())
    }

    /// When something may happen though nobody says anything. What has become due since things were looked at
    /// counts as well: nobody has seen it yet.
    fn wakes_at(&self, looked_at: Instant) -> Option<Instant> {
        let in_flight = self.under_way.len();
        let full = in_flight >= self.end.delivery.most_requests;
        let open_until = self.breaker.open_until().filter(|until| *until > looked_at);
        let starts_at = if full || (in_flight > 0 && self.breaker.is_open()) {
            None
        } else {
            let failing = self.failing.iter().filter_map(|parcel| parcel.failing);
            let due = failing.map(|it| it.not_before.max(open_until.unwrap_or(it.not_before)));
            due.chain(open_until).filter(|at| *at > looked_at).min()
        };
        let spills_at = self.spills_at().filter(|at| *at > looked_at);
        let ends_at = self.ends_at.filter(|at| *at > looked_at);
        [starts_at, spills_at, ends_at].into_iter().flatten().min()
    }

    /// Telemetry ends: there is little time left.
    fn hurry(&mut self) {
        let now = Instant::now();
        let deadline = self.lane.closing.borrow_and_update().unwrap_or(now);
        self.ends_at =
            Some(deadline - (deadline.saturating_duration_since(now) / 4).min(FOR_THE_DISK));
        self.breaker.hurry();
        let first = self.breaker.open_until().unwrap_or(now);
        for failing in self.failing.iter_mut().filter_map(|parcel| parcel.failing.as_mut()) {
            failing.not_before = failing.not_before.min(first);
        }
    }

    fn start_ready(&mut self) {
        while self.may_start() {
            let Some(parcel) = self.next_due() else { return };
            let learned = self.most_bytes;
            match self.divided(parcel, |parcel| {
                (parcel.body.len() > learned).then_some(divide::Into::Bytes(learned))
            }) {
                Ok(pieces) => self.put_first(pieces),
                Err(parcel) => self.start(parcel),
            }
        }
    }

    fn start(&mut self, parcel: Parcel) {
        self.lane.intake.ledger(|ledger| ledger.depart(self.lane.id, parcel.items));
        let (end, body) = (self.end.clone(), parcel.body.clone());
        let attempt = async move { end.transport.send(end.signal, body).await };
        let task = self.attempts.spawn(attempt);
        let started = Started { at: Instant::now(), era: self.breaker.era() };
        self.under_way.insert(task.id(), (parcel, started));
    }

    fn received(&mut self, submitted: Option<Submitted>) {
        let Some(Submitted { envelope, bytes, ticket }) = submitted else {
            self.drained = true;
            return;
        };
        let Envelope { items, payload } = envelope;
        match payload {
            Payload::Encoded(body) => {
                self.arrived(Parcel::new(body, items, bytes, ticket));
            }
            // Which no one submits to a lane of this form.
            Payload::Message(_) => {
                let fate = Fate::dropped(items, DropReason::Refused);
                self.lane.intake.ledger(|ledger| {
                    ledger.depart(self.lane.id, items);
                    ledger.settle(self.lane.id, bytes, fate);
                });
            }
        }
    }

    fn answered(&mut self, answer: Result<(Id, Verdict), JoinError>) {
        let (id, verdict) = match answer {
            Ok((id, verdict)) => (id, Some(verdict)),
            Err(error) => (error.id(), None),
        };
        let Some((parcel, started)) = self.under_way.remove(&id) else { return };
        let Some(verdict) = verdict else {
            let fate = Fate::dropped(parcel.items, DropReason::ExporterPanicked);
            return self.settle(parcel, fate);
        };
        if !matches!(verdict, Verdict::Retry { .. }) {
            self.breaker.answered(started.era);
        }
        let items = parcel.items;
        match verdict {
            Verdict::Accepted => {
                parcel.taken();
                self.settle(parcel, Fate::exported(items));
            }
            Verdict::Partial { rejected, message } => {
                parcel.taken();
                let dropped = rejected.min(items);
                self.end.warn_partial(dropped, &message);
                let reason = DropReason::Rejected;
                self.settle(parcel, Fate { exported: items - dropped, dropped, reason });
            }
            Verdict::TooLarge(cause) => self.too_large(parcel, &cause),
            Verdict::Malformed(cause) => self.malformed(parcel, &cause),
            Verdict::Refused(cause) => {
                self.end.warn_lost(items, &cause, "refused");
                self.settle(parcel, Fate::dropped(items, DropReason::Refused));
            }
            Verdict::Retry { after, cause } => self.again(parcel, started, after, &cause),
        }
    }

    /// It may work later: the parcel is tried again, unless it has been tried for long enough.
    fn again(
        &mut self,
        mut parcel: Parcel,
        started: Started,
        after: Option<Duration>,
        cause: &Cause,
    ) {
        let next = self.breaker.failed(started.era, after);
        let Failing { since, times, .. } =
            parcel.failing.unwrap_or(Failing { since: started.at, times: 0, not_before: next });
        let others_first = Instant::now() + lets_others_go_first(times);
        let ending = self.ends_at.is_some();
        let waits = !self.ready.is_empty() || !self.failing.is_empty();
        let alone = !waits && self.lane.queue.is_empty() && !self.has_spooled();
        let not_before = if alone || ending { next } else { next.max(others_first) };
        parcel.failing = Some(Failing { since, times: times + 1, not_before });
        if not_before >= since + self.end.delivery.retry_timeout && self.gives_up(since) {
            self.end.warn_lost(parcel.items, cause, "could not be reached in time");
            let fate = Fate::dropped(parcel.items, DropReason::RetriesExhausted);
            return self.settle(parcel, fate);
        }
        self.end.warn_retry(self.lane.id.destination, cause);
        self.come_back(&parcel);
        self.failing.push(parcel);
    }

    /// Whether what has failed for long is dropped. Where there is a disk it is not, as long as nothing
    /// else arrives either.
    fn gives_up(&self, since: Instant) -> bool {
        let half = self.end.delivery.retry_timeout / 2;
        self.spill.is_none() || self.breaker.has_answered_since(since + half)
    }

    /// Smaller pieces; a single item without its largest content.
    fn too_large(&mut self, parcel: Parcel, cause: &Cause) {
        // A little more, so that two pieces are enough.
        let half = parcel.body.len() / 2 + parcel.body.len() / 16;
        let mut parcel = match self.divided(parcel, |_| Some(divide::Into::Bytes(half))) {
            Ok(pieces) => {
                self.most_bytes = self.most_bytes.min(half.max(LEAST_BYTES));
                pieces.iter().for_each(|piece| self.come_back(piece));
                return self.put_first(pieces);
            }
            Err(parcel) => parcel,
        };
        let shrunk = if parcel.shrunk < MOST_SHRINKING {
            divide::shrink(&parcel.body, self.end.signal, self.end.form)
        } else {
            None
        };
        match shrunk {
            Some(body) => {
                self.end.warn_shrunk(parcel.items, cause);
                if parcel.shrunk == 0 {
                    let (lane, items) = (self.lane.id, parcel.items);
                    self.lane.intake.ledger(|ledger| ledger.shrunk(lane, items));
                }
                parcel.shrunk += 1;
                parcel.body = body;
                self.come_back(&parcel);
                self.ready.push_front(parcel);
            }
            None => {
                self.end.warn_lost(parcel.items, cause, "finds the request too large");
                let fate = Fate::dropped(parcel.items, DropReason::TooLarge);
                self.settle(parcel, fate);
            }
        }
    }

    /// Halves, so that one bad item does not take others along.
    fn malformed(&mut self, parcel: Parcel, cause: &Cause) {
        let halves = |parcel: &Parcel| parcel.is_worth_halving().then_some(divide::Into::Halves);
        match self.divided(parcel, halves) {
            Ok(pieces) => {
                pieces.iter().for_each(|piece| self.come_back(piece));
                self.put_first(pieces);
            }
            Err(parcel) => {
                self.end.warn_lost(parcel.items, cause, "refused");
                let fate = Fate::dropped(parcel.items, DropReason::Refused);
                self.settle(parcel, fate);
            }
        }
    }

    /// Its pieces, or the parcel as it is.
    fn divided(
        &self,
        parcel: Parcel,
        into: impl FnOnce(&Parcel) -> Option<divide::Into>,
    ) -> Result<Vec<Parcel>, Parcel> {
        let pieces = into(&parcel)
            .and_then(|into| divide(&parcel.body, self.end.signal, self.end.form, into))
            // In the books a parcel is what it says; pieces that say otherwise are none.
            .filter(|pieces| pieces.iter().map(|piece| piece.items).sum::<u64>() == parcel.items);
        match pieces {
            Some(pieces) => Ok(parcel.divided(pieces)),
            None => Err(parcel),
        }
    }

    fn put_first(&mut self, pieces: Vec<Parcel>) {
        for piece in pieces.into_iter().rev() {
            self.ready.push_front(piece);
        }
    }

    /// It is no longer under way, and waits again.
    fn come_back(&self, parcel: &Parcel) {
        self.lane.intake.ledger(|ledger| ledger.come_back(self.lane.id, parcel.items));
    }

    fn settle(&self, parcel: Parcel, fate: Fate) {
        if let (Some(spill), Some(position)) = (&self.spill, parcel.is_over()) {
            spill.done(position);
        }
        self.lane.intake.ledger(|ledger| ledger.settle(self.lane.id, parcel.charged, fate));
    }
}

#[cfg(test)]
mod tests;
