//! What an OTLP lane sends: an envelope, or a piece of one.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tokio::time::Instant;

use super::divide::Piece;
use super::ticket::Ticket;
use crate::spool::Position;

/// An encoded request, and what the lane knows of it.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) body: Bytes,
    pub(super) items: u64,
    /// How many bytes it counts for in the books; those of all pieces are those of the envelope.
    pub(super) charged: usize,
    /// What it met in earlier attempts.
    pub(super) failing: Option<Failing>,
    /// How often content was taken from its one item.
    pub(super) shrunk: u32,
    pub(super) envelope: Arc<EnvelopeState>,
}

/// That attempts fail in a way that may pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failing {
    pub(super) since: Instant,
    pub(super) times: u32,
    /// When it may be tried again.
    pub(super) not_before: Instant,
}

/// What the pieces of one envelope have in common.
#[derive(Debug)]
pub(in crate::export::lane) struct EnvelopeState {
    ticket: Option<Ticket>,
    /// Where it is on disk, if it is.
    stored: OnceLock<Position>,
    items: u64,
    /// How many of its items have no fate yet.
    open: AtomicU64,
    /// How many refusals of malformed pieces in a row are left, and how many at all.
    in_a_row: AtomicU32,
    most_in_a_row: u32,
    at_all: AtomicU32,
}

impl Parcel {
    pub(super) fn new(body: Bytes, items: u64, charged: usize, ticket: Ticket) -> Self {
        Self::whole(body, items, charged, Some(ticket))
    }

    /// What was read from disk, and stays there until it has an answer.
    pub(super) fn from_disk(body: Bytes, items: u64, position: Position) -> Self {
        let charged = body.len();
        let parcel = Self::whole(body, items, charged, None);
        parcel.is_stored_at(position);
        parcel
    }

    fn whole(body: Bytes, items: u64, charged: usize, ticket: Option<Ticket>) -> Self {
        // So many lead to one bad item, and a few more to a second.
        let depth = items.checked_ilog2().unwrap_or(0) + 1;
        let envelope = EnvelopeState {
            ticket,
            stored: OnceLock::new(),
            items,
            open: AtomicU64::new(items),
            in_a_row: AtomicU32::new(depth + 3),
            most_in_a_row: depth + 3,
            at_all: AtomicU32::new(8 * depth),
        };
        let envelope = Arc::new(envelope);
        Self { body, items, charged, failing: None, shrunk: 0, envelope }
    }

    /// Its pieces, which share what it is charged for.
    pub(super) fn divided(self, pieces: Vec<Piece>) -> Vec<Self> {
        let total: usize = pieces.iter().map(|piece| piece.body.len()).sum();
        let mut left = self.charged;
        let last = pieces.len().saturating_sub(1);
        let pieces = pieces.into_iter().enumerate().map(|(index, Piece { body, items })| {
            let share = self.charged as u128 * body.len() as u128 / (total as u128).max(1);
            let charged = if index == last { left } else { left.min(share as usize) };
            left -= charged;
            let envelope = self.envelope.clone();
            Self { body, items, charged, failing: None, shrunk: 0, envelope }
        });
        pieces.collect()
    }

    /// Whether it may be tried now.
    pub(super) fn is_due(&self) -> bool {
        self.failing.is_none_or(|failing| failing.not_before <= Instant::now())
    }

    pub(super) fn is_stored_at(&self, position: Position) {
        // It is stored once: what was put back is another parcel when it comes again.
        let _ = self.envelope.stored.set(position);
    }

    /// Where it is on disk as it is here; not so for a piece, nor for what has lost content.
    pub(super) fn stored(&self) -> Option<Position> {
        let is_whole = self.items == self.envelope.items && self.shrunk == 0;
        self.envelope.stored.get().copied().filter(|_| is_whole)
    }

    /// Whether it was read from disk.
    pub(super) fn is_replayed(&self) -> bool {
        self.envelope.ticket.is_none()
    }

    /// Its items have their fate. Where those were the last of an envelope on disk: its place there.
    pub(super) fn is_over(&self) -> Option<Position> {
        let before = self.envelope.open.fetch_sub(self.items, Ordering::Relaxed);
        self.envelope.stored.get().copied().filter(|_| before == self.items)
    }

    /// A piece was taken, so that others are worth looking for.
    pub(super) fn taken(&self) {
        self.envelope.in_a_row.store(self.envelope.most_in_a_row, Ordering::Relaxed);
    }

    /// Whether it is worth sending halves of what was refused. A receiver that refuses everything shall not
    /// be asked about every item.
    pub(super) fn is_worth_halving(&self) -> bool {
        let take = |left: &AtomicU32| {
            let one_less = |left: u32| left.checked_sub(1);
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
        };
        self.items > 1 && take(&self.envelope.in_a_row) && take(&self.envelope.at_all)
    }
}
