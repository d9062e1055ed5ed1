//! Writing: one segment at a time, at its end.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::{Key, Position, Spool};
use crate::config::SpoolSync;
use crate::spool::error::SpoolError;
use crate::spool::folder::{ProcessFolder, create_file, sync_folder};
use crate::spool::record::{HEADER, Header, MOST_PAYLOAD, Record, unix_ms};
use crate::spool::segment::{Segment, State};

/// A segment holds this much at most, but for a record that is larger alone.
const MOST_SEGMENT: u64 = 4 << 20;
/// And this much at least, so that a small spool is no heap of tiny files.
const LEAST_SEGMENT: u64 = 4 << 10;
/// After this time a new one is begun: then the old one is safe, and can expire.
pub(super) const LONGEST_SEGMENT: Duration = Duration::from_secs(60);

/// The segment that is being written.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) key: Key,
    file: File,
    pub(super) begun_ms: u64,
}

impl Spool {
    pub(super) fn store(
        &mut self,
        record: &Record<'_>,
        state: State,
        now: SystemTime,
    ) -> Result<Position, SpoolError> {
        self.maintain(now);
        let bytes = (HEADER + record.payload.len()) as u64;
        let most = self.bounds.max_bytes.min((HEADER + MOST_PAYLOAD) as u64);
        if bytes > most {
            return Err(SpoolError::TooLarge { bytes, most });
        }
        let full = self.active.as_ref().is_some_and(|active| {
            let written = self.shelves.get(&active.key).map_or(0, |shelf| shelf.segment.bytes);
            written + bytes > self.segment_bytes()
        });
        if full {
            self.close_active();
        }
        self.make_room(bytes);
        let now_ms = unix_ms(now);
        let header = Header::of(record, now_ms);
        let key = self.open_active(now_ms)?;
        let (Some(shelf), Some(active)) = (self.shelves.get_mut(&key), &mut self.active) else {
            let error = io::ErrorKind::NotFound.into();
            return Err(SpoolError::io(&self.place.lane, "cannot be written", error));
        };
        if let Err(error) = write(&mut active.file, &header, record.payload, self.bounds.sync) {
            let error = SpoolError::io(shelf.segment.path(), "cannot be written", error);
            // Half a record must not stand before the next one; if it must, the next one goes elsewhere.
            if active.file.set_len(shelf.segment.bytes).is_err() {
                self.close_active();
            }
            self.tidy(key);
            return Err(error);
        }
        let entry = shelf.segment.push(header, state);
        self.held.bytes += bytes;
        match state {
            State::Out => self.held.out += u64::from(header.items),
            _ => self.held.waiting += u64::from(header.items),
        }
        Ok(Position { key, entry })
    }

    fn segment_bytes(&self) -> u64 {
        (self.bounds.max_bytes / 8).clamp(LEAST_SEGMENT, MOST_SEGMENT)
    }

    pub(super) fn own_folder(&mut self) -> Result<PathBuf, SpoolError> {
        if let Some(own) = &self.own {
            return Ok(own.path.clone());
        }
        let own = ProcessFolder::create(&self.place)?;
        Ok(self.own.insert(own).path.clone())
    }

    /// The segment to write to, made if there is none.
    fn open_active(&mut self, now_ms: u64) -> Result<Key, SpoolError> {
        if let Some(active) = &self.active {
            return Ok(active.key);
        }
        match self.create_segment(now_ms) {
            // Someone cleaned up below us: once more, from the top.
            Err(SpoolError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                self.own = None;
                self.create_segment(now_ms)
            }
            created => created,
        }
    }

    fn create_segment(&mut self, now_ms: u64) -> Result<Key, SpoolError> {
        let folder = self.own_folder()?;
        let segment = Segment::new(&folder, self.next_number);
        let cannot = |error| SpoolError::io(segment.path(), "cannot be made", error);
        let file = create_file(segment.path()).map_err(cannot)?;
        if self.bounds.sync == SpoolSync::Always {
            sync_folder(&folder).map_err(cannot)?;
        }
        // Clocks go back; what was written later is later.
        let newest = self.shelves.last_key_value().map_or(0, |(key, _)| key.since_ms);
        let key = self.shelve(now_ms.max(newest), segment);
        self.active = Some(Active { key, file, begun_ms: now_ms });
        Ok(key)
    }

    /// Writes no more to the segment that is being written.
    pub(super) fn close_active(&mut self) {
        let Some(Active { key, file, .. }) = self.active.take() else { return };
        if self.bounds.sync == SpoolSync::Rotation {
            let folder = self.own.as_ref().map(|own| own.path.as_path());
            let synced = file.sync_data().and_then(|()| folder.map_or(Ok(()), sync_folder));
            if let Err(error) = synced {
                let path = self.shelves.get(&key).map(|shelf| shelf.segment.path());
                let path = path.unwrap_or(&self.place.lane);
                self.trouble = Some(SpoolError::io(path, "may not survive a power loss", error));
            }
        }
        drop(file);
        self.tidy(key);
    }
}

fn write(file: &mut File, header: &Header, payload: &[u8], sync: SpoolSync) -> io::Result<()> {
    file.write_all(&header.to_bytes())?;
    file.write_all(payload)?;
    if sync == SpoolSync::Always { file.sync_data() } else { Ok(()) }
}
