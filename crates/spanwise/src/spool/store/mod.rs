//! The store of one lane in one process.
//!
//! ```text
//! adopt:  what dead processes left ──┐
//! write:  append ─► active segment ──┼─► shelves, in order ─► next, done, put_back
//!                                    └─► too many bytes, too old: losses
//! ```

mod adopt;
mod counts;
mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::error::SpoolError;
use super::folder::{Place, ProcessFolder};
use super::record::{Encoding, Record, time_of, unix_ms};
use super::segment::{Entry, Segment, State};
use crate::config::SpoolSync;

pub(crate) use counts::{Adopted, Held, Losses};

use counts::Loss;
use write::{Active, LONGEST_SEGMENT};

/// How much the spool may hold, for how long, and how safe it is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) max_bytes: u64,
    pub(crate) max_age: Duration,
    pub(crate) sync: SpoolSync,
}

/// Which record: valid in the [`Spool`] that handed it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    key: Key,
    entry: usize,
}

/// The order of segments: by when they were begun, whoever wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    since_ms: u64,
    /// In the order in which they came to be known.
    number: u64,
}

/// A record that was handed out. `Debug` does not show the payload.
#[derive(Clone)]
pub(crate) struct Taken {
    pub(crate) position: Position,
    pub(crate) encoding: Encoding,
    pub(crate) items: u64,
    pub(crate) stored: SystemTime,
    pub(crate) payload: Bytes,
}

impl fmt::Debug for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, encoding, items, stored, payload } = self;
        write!(
            f,
            "Taken({position:?}, {encoding:?}, {items} items, {stored:?}, {} bytes)",
            payload.len()
        )
    }
}

/// A segment, in whose folder it lies, and why its files were deleted, if they were.
#[derive(Debug)]
struct Shelf {
    segment: Segment,
    gone: Option<Loss>,
}

/// The store of one lane in one process: bounded, in order, and safe against being killed.
///
/// Dropping it leaves on disk what is not done, for the next process.
#[derive(Debug)]
pub(crate) struct Spool {
    place: Place,
    bounds: Bounds,
    own: Option<ProcessFolder>,
    adopted: Vec<ProcessFolder>,
    shelves: BTreeMap<Key, Shelf>,
    active: Option<Active>,
    next_number: u64,
    held: Held,
    losses: Losses,
    trouble: Option<SpoolError>,
}

impl Spool {
    /// A spool at this place. Nothing is made on disk yet.
    pub(crate) fn new(place: Place, bounds: Bounds) -> Self {
        Self {
            place,
            bounds,
            own: None,
            adopted: Vec::new(),
            shelves: BTreeMap::new(),
            active: None,
            next_number: 1,
            held: Held::default(),
            losses: Losses::default(),
            trouble: None,
        }
    }

    /// Makes the folder, so that a directory that cannot be written is known at the start. Without it
    /// `append` makes what is missing.
    pub(crate) fn prepare(&mut self) -> Result<(), SpoolError> {
        self.own_folder().map(|_| ())
    }

    /// Stores a record, which waits from then on.
    pub(crate) fn append(
        &mut self,
        record: &Record<'_>,
        now: SystemTime,
    ) -> Result<Position, SpoolError> {
        self.store(record, State::Waiting, now)
    }

    /// Stores a record that is being delivered already: it is out, and only comes back if it is put back
    /// or the process dies.
    pub(crate) fn append_out(
        &mut self,
        record: &Record<'_>,
        now: SystemTime,
    ) -> Result<Position, SpoolError> {
        self.store(record, State::Out, now)
    }

    /// Hands out the oldest record that waits.
    pub(crate) fn next(&mut self, now: SystemTime) -> Result<Option<Taken>, SpoolError> {
        self.maintain(now);
        while let Some((position, entry)) = self.first_waiting() {
            if self.is_expired(entry.stored_ms, now) {
                self.lose(position, Loss::Expired);
                continue;
            }
            let Some(shelf) = self.shelves.get_mut(&position.key) else { break };
            let read = shelf.segment.read(position.entry);
            let read = read
                .map_err(|error| SpoolError::io(shelf.segment.path(), "cannot be read", error))?;
            let Some((encoding, payload)) = read else {
                self.lose(position, Loss::Unreadable);
                continue;
            };
            shelf.segment.set(position.entry, State::Out);
            let items = u64::from(entry.items);
            self.held.waiting -= items;
            self.held.out += items;
            return Ok(Some(Taken {
                position,
                encoding,
                items,
                stored: time_of(entry.stored_ms),
                payload: payload.into(),
            }));
        }
        Ok(None)
    }

    /// A record that was handed out has been answered for, whatever the answer: it never comes again.
    pub(crate) fn done(&mut self, position: Position) {
        let Some(items) = self.settle(position) else { return };
        self.held.out -= items;
        self.tidy(position.key);
    }

    /// A record that was handed out waits again, at its place. If it had to make room meanwhile it is
    /// among the losses.
    pub(crate) fn put_back(&mut self, position: Position) {
        let Some(shelf) = self.shelves.get_mut(&position.key) else { return };
        let entry = shelf.segment.entries.get(position.entry);
        let Some(entry) = entry.filter(|entry| entry.state == State::Out) else { return };
        let items = u64::from(entry.items);
        let state = if shelf.gone.is_some() { State::Over } else { State::Waiting };
        shelf.segment.set(position.entry, state);
        self.held.out -= items;
        match shelf.gone {
            Some(loss) => {
                self.losses.add(loss, items);
                self.tidy(position.key);
            }
            None => self.held.waiting += items,
        }
    }

    /// What was lost since this was last asked.
    pub(crate) fn take_losses(&mut self) -> Losses {
        std::mem::take(&mut self.losses)
    }

    /// The last thing that went wrong and lost nothing, since this was last asked: what was done may come
    /// twice, or be less safe than it should be.
    pub(crate) fn take_trouble(&mut self) -> Option<SpoolError> {
        self.trouble.take()
    }

    /// What is where: whoever uses the spool counts that itself.
    #[cfg(test)]
    pub(crate) fn held(&self) -> Held {
        self.held
    }

    /// Ends what time ends: records that are too old, and a segment that has been open long enough. `append`
    /// and `next` do it as well.
    pub(crate) fn maintain(&mut self, now: SystemTime) {
        let now_ms = unix_ms(now);
        let aged = self.active.as_ref().is_some_and(|active| {
            now_ms.saturating_sub(active.begun_ms) >= LONGEST_SEGMENT.as_millis() as u64
        });
        if aged {
            self.close_active();
        }
        while let Some(key) = self.oldest() {
            let last = self.shelves.get(&key).and_then(|shelf| shelf.segment.entries.last());
            match last {
                Some(entry) if self.is_expired(entry.stored_ms, now) => {
                    self.drop_segment(key, Loss::Expired);
                }
                _ => break,
            }
        }
    }

    fn shelve(&mut self, since_ms: u64, segment: Segment) -> Key {
        let key = Key { since_ms, number: self.next_number };
        self.next_number += 1;
        self.shelves.insert(key, Shelf { segment, gone: None });
        key
    }

    /// The oldest segment whose files are there.
    fn oldest(&self) -> Option<Key> {
        self.shelves.iter().find(|(_, shelf)| shelf.gone.is_none()).map(|(key, _)| *key)
    }

    fn first_waiting(&mut self) -> Option<(Position, Entry)> {
        self.shelves.iter_mut().find_map(|(key, shelf)| {
            let entry = shelf.segment.first_waiting()?;
            Some((Position { key: *key, entry }, shelf.segment.entries[entry]))
        })
    }

    /// Drops the oldest until there is room for so many bytes.
    fn make_room(&mut self, bytes: u64) {
        while self.held.bytes + bytes > self.bounds.max_bytes {
            let Some(key) = self.oldest() else { break };
            self.drop_segment(key, Loss::Full);
        }
    }

    /// Drops what waits in a segment, and its files; what is out is answered for by who has it.
    fn drop_segment(&mut self, key: Key, loss: Loss) {
        if self.active.as_ref().is_some_and(|active| active.key == key) {
            self.active = None;
        }
        let Some(shelf) = self.shelves.get_mut(&key) else { return };
        while let Some(index) = shelf.segment.first_waiting() {
            let entry = shelf.segment.set(index, State::Over);
            let items = entry.map_or(0, |entry| u64::from(entry.items));
            self.held.waiting -= items;
            self.losses.add(loss, items);
        }
        self.held.bytes -= shelf.segment.bytes;
        shelf.gone = Some(loss);
        if let Err(error) = shelf.segment.delete() {
            self.trouble = Some(SpoolError::io(shelf.segment.path(), "cannot be deleted", error));
        }
        self.tidy(key);
    }

    /// A record that waits is lost.
    fn lose(&mut self, position: Position, loss: Loss) {
        if let Some(items) = self.settle(position) {
            self.held.waiting -= items;
            self.losses.add(loss, items);
            self.tidy(position.key);
        }
    }

    /// A record is over, here and on disk; says how many items it had, unless it was over before.
    fn settle(&mut self, position: Position) -> Option<u64> {
        let shelf = self.shelves.get_mut(&position.key)?;
        let before = shelf.segment.set(position.entry, State::Over)?;
        if before.state == State::Over {
            return None;
        }
        // The last one is acknowledged by deleting the file.
        let stays = shelf.gone.is_none() && !shelf.segment.is_over();
        if stays && let Err(error) = shelf.segment.acknowledge(position.entry) {
            let path = shelf.segment.done_path();
            self.trouble = Some(SpoolError::io(&path, "cannot be written", error));
        }
        Some(before.items.into())
    }

    /// Deletes a segment of which every record is over, and the folder in which nothing else is.
    fn tidy(&mut self, key: Key) {
        if !self.shelves.get(&key).is_some_and(|shelf| shelf.segment.is_over()) {
            return;
        }
        if self.active.as_ref().is_some_and(|active| active.key == key) {
            self.active = None;
        }
        if let Some(Shelf { segment, gone: None }) = self.shelves.remove(&key) {
            self.held.bytes -= segment.bytes;
            self.delete(&segment);
        }
        self.release_empty();
    }

    fn delete(&mut self, segment: &Segment) {
        if let Err(error) = segment.delete() {
            self.trouble = Some(SpoolError::io(segment.path(), "cannot be deleted", error));
        }
    }

    fn is_expired(&self, stored_ms: u64, now: SystemTime) -> bool {
        let age = unix_ms(now).saturating_sub(stored_ms);
        u128::from(age) > self.bounds.max_age.as_millis()
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.close_active();
        self.own.take().into_iter().chain(self.adopted.drain(..)).for_each(ProcessFolder::release);
    }
}
