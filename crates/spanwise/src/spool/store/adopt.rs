//! Taking over what dead processes left.

use std::path::Path;
use std::time::SystemTime;

use super::{Adopted, Spool};
use crate::spool::error::SpoolError;
use crate::spool::folder::{ProcessFolder, processes, sweep};
use crate::spool::record::unix_ms;
use crate::spool::segment::{Opened, Segment, remove_orphans, segments};

impl Spool {
    /// Takes over what processes left that are no more. Can be repeated.
    pub(crate) fn adopt(&mut self, now: SystemTime) -> Result<Adopted, SpoolError> {
        sweep(&self.place.lane);
        let mut adopted = Adopted::default();
        for path in processes(&self.place.lane)? {
            let ours = self.own.iter().chain(&self.adopted).any(|folder| folder.path == path);
            if !ours {
                // One folder that cannot be read does not keep us from the others.
                match self.adopt_folder(&path, now) {
                    Ok(None) => {}
                    Ok(Some(more)) => {
                        adopted.records += more.records;
                        adopted.items += more.items;
                    }
                    Err(error) => self.trouble = Some(error),
                }
            }
        }
        self.maintain(now);
        self.make_room(0);
        self.release_empty();
        Ok(adopted)
    }

    /// Takes over the folder of one process; `None` if someone else has it.
    pub(in crate::spool) fn adopt_folder(
        &mut self,
        path: &Path,
        now: SystemTime,
    ) -> Result<Option<Adopted>, SpoolError> {
        let Some(folder) = ProcessFolder::take(path)? else { return Ok(None) };
        let cannot_read = |path: &Path, error| SpoolError::io(path, "cannot be read", error);
        remove_orphans(path);
        let mut adopted = Adopted::default();
        let mut since_ms = 0;
        for path in segments(path).map_err(|error| cannot_read(path, error))? {
            let Opened { segment, unreadable, damaged, lost } = match Segment::open(&path) {
                Ok(opened) => opened,
                Err(error) => {
                    self.trouble = Some(cannot_read(&path, error));
                    continue;
                }
            };
            let items: u64 = segment.entries.iter().map(|entry| u64::from(entry.items)).sum();
            adopted.records += segment.entries.len() as u64;
            adopted.items += items + unreadable;
            self.losses.unreadable += unreadable;
            self.losses.damaged += damaged;
            if segment.is_over() {
                self.delete(&segment);
                continue;
            }
            if let Err(error) = segment.acknowledge_all(&lost) {
                let path = segment.done_path();
                self.trouble = Some(SpoolError::io(&path, "cannot be written", error));
            }
            // Clocks go back; the order in which a process wrote does not change.
            let begun = segment.entries.first().map_or(unix_ms(now), |entry| entry.stored_ms);
            since_ms = since_ms.max(begun);
            self.held.waiting += items;
            self.held.bytes += segment.bytes;
            self.shelve(since_ms, segment);
        }
        self.adopted.push(folder);
        Ok(Some(adopted))
    }

    /// Gives up adopted folders that are empty.
    pub(super) fn release_empty(&mut self) {
        let shelves = &self.shelves;
        let in_use = |folder: &mut ProcessFolder| {
            shelves
                .values()
                .any(|shelf| shelf.gone.is_none() && shelf.segment.path().starts_with(&folder.path))
        };
        for folder in self.adopted.extract_if(.., |folder| !in_use(folder)) {
            folder.release();
        }
    }
}
