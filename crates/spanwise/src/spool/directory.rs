//! Spools looked at from outside: by an operator, for a process or a machine that is no more.
//!
//! ```text
//! Directory ──spools──► ProcessSpool ──records──► StoredRecord     reads; changes nothing, needs no lock
//!                            └───────claim──────► ClaimedSpool     next_record, done: takes out what is delivered
//! ```

use std::collections::VecDeque;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::error::SpoolError;
use super::folder::{About, Place, is_locked, process_of, processes, signal_of};
use super::record::{Encoding, time_of};
use super::segment::{Opened, Segment, State, segments};
use super::store::{Adopted, Bounds, Losses, Position, Spool};
use crate::config::SpoolSync;
use crate::signal::Signal;

/// A spool's directory, as `SPANWISE_SPOOL_DIR` names it, or a copy of one.
///
/// ```no_run
/// use spanwise::spool::Directory;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// for spool in Directory::open("/var/lib/support-bot/telemetry")?.spools()? {
///     let waiting = spool.summary()?.items;
///     println!("{} {:?}: {waiting} items wait", spool.destination(), spool.signal());
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The directory at this path.
    ///
    /// # Errors
    ///
    /// [`SpoolError::Io`], if it is not there or cannot be read.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, SpoolError> {
        let path = path.into();
        match fs::read_dir(&path) {
            Ok(_) => Ok(Self { path }),
            Err(error) => Err(SpoolError::io(&path, "cannot be read", error)),
        }
    }

    /// What each process has spooled for each signal to each destination, in that order, the oldest process
    /// first. What does not look like a spool is left out.
    ///
    /// # Errors
    ///
    /// [`SpoolError::Io`], if a folder cannot be read.
    pub fn spools(&self) -> Result<Vec<ProcessSpool>, SpoolError> {
        let mut spools = Vec::new();
        for destination in folders(&self.path)? {
            for lane in folders(&destination)? {
                let Some(signal) = signal_of(&lane) else { continue };
                spools.extend(processes(&lane)?.into_iter().map(|path| ProcessSpool {
                    about: About::read(&path).unwrap_or_else(|| About::of_folder(&destination)),
                    signal,
                    path,
                }));
            }
        }
        let key = |spool: &ProcessSpool| {
            (spool.about.destination.clone(), spool.signal, spool.path.clone())
        };
        spools.sort_by_cached_key(key);
        Ok(spools)
    }
}

/// The folders in a folder, and none if it is gone: processes come and go meanwhile.
fn folders(path: &Path) -> Result<Vec<PathBuf>, SpoolError> {
    let cannot = |error| SpoolError::io(path, "cannot be read", error);
    let entries = match fs::read_dir(path) {
        Err(error) if is_gone(&error) => return Ok(Vec::new()),
        entries => entries.map_err(cannot)?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry.map_err(cannot)?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// What one process has spooled for one signal to one destination.
#[derive(Clone, Debug)]
pub struct ProcessSpool {
    path: PathBuf,
    signal: Signal,
    about: About,
}

/// What waits in a spool. Made by [`ProcessSpool::summary`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Requests that wait.
    pub records: u64,
    /// Spans, points or log records in them.
    pub items: u64,
    /// What they take on disk, with what is delivered and not deleted yet.
    pub bytes: u64,
    /// When the oldest of them was stored.
    pub oldest: Option<SystemTime>,
    /// When the newest of them was stored.
    pub newest: Option<SystemTime>,
    /// Items that were stored and cannot be read any more.
    pub unreadable: u64,
    /// Places at which something stood of which not even the number of items can be read.
    pub damaged: u64,
}

impl ProcessSpool {
    /// The name of the destination.
    pub fn destination(&self) -> &str {
        &self.about.destination
    }

    /// Where the process sent it, without user, password and query; empty if that is not known.
    pub fn endpoint(&self) -> &str {
        &self.about.endpoint
    }

    /// By which protocol, such as `http/protobuf`; empty if that is not known.
    pub fn protocol(&self) -> &str {
        &self.about.protocol
    }

    /// The signal.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// The process's id, on the machine on which it ran.
    pub fn process(&self) -> u64 {
        process_of(&self.path).unwrap_or_default()
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a living process has it: the one that wrote it, or one that delivers it.
    pub fn is_in_use(&self) -> bool {
        is_locked(&self.path)
    }

    /// What waits in it. Reads all of it, and changes nothing.
    ///
    /// # Errors
    ///
    /// [`SpoolError::Io`], if a file cannot be read.
    pub fn summary(&self) -> Result<Summary, SpoolError> {
        let mut summary = Summary::default();
        for path in self.segments()? {
            let Some(Opened { segment, unreadable, damaged, .. }) = open(&path)? else { continue };
            summary.records += segment.entries.len() as u64;
            summary.bytes += segment.bytes;
            summary.unreadable += unreadable;
            summary.damaged += damaged;
            for entry in &segment.entries {
                let stored = time_of(entry.stored_ms);
                summary.items += u64::from(entry.items);
                summary.oldest = Some(summary.oldest.map_or(stored, |oldest| oldest.min(stored)));
                summary.newest = summary.newest.max(Some(stored));
            }
        }
        Ok(summary)
    }

    /// What waits in it, oldest first. Reads, and changes nothing; what cannot be read is left out.
    ///
    /// # Errors
    ///
    /// [`SpoolError::Io`], if the folder cannot be read; the same for a file when its turn comes.
    pub fn records(&self) -> Result<Records, SpoolError> {
        Ok(Records { signal: self.signal, paths: self.segments()?.into(), segment: None })
    }

    /// Takes it over, so that no process delivers it meanwhile. `None` if a living process has it, or it is
    /// gone.
    ///
    /// # Errors
    ///
    /// [`SpoolError::Io`], if it cannot be locked or read: both take permission to write there.
    pub fn claim(&self) -> Result<Option<ClaimedSpool>, SpoolError> {
        let Some(lane) = self.path.parent().filter(|lane| lane.is_dir()) else { return Ok(None) };
        let bounds = Bounds { max_bytes: u64::MAX, max_age: Duration::MAX, sync: SpoolSync::Never };
        let mut spool = Spool::new(Place::of_lane(lane), bounds);
        let Some(adopted) = spool.adopt_folder(&self.path, SystemTime::now())? else {
            return Ok(None);
        };
        if let Some(error) = spool.take_trouble() {
            return Err(error);
        }
        let lost = spool.take_losses();
        Ok(Some(ClaimedSpool { signal: self.signal, spool, adopted, lost }))
    }

    fn segments(&self) -> Result<Vec<PathBuf>, SpoolError> {
        match segments(&self.path) {
            // Delivered since it was listed.
            Err(error) if is_gone(&error) => Ok(Vec::new()),
            found => found.map_err(|error| SpoolError::io(&self.path, "cannot be read", error)),
        }
    }
}

/// A segment, unless it has been deleted meanwhile.
fn open(path: &Path) -> Result<Option<Opened>, SpoolError> {
    match Segment::open(path) {
        Err(error) if is_gone(&error) => Ok(None),
        opened => opened.map(Some).map_err(|error| SpoolError::io(path, "cannot be read", error)),
    }
}

/// A request that was spooled, as it would have been sent.
///
/// `Debug` does not show the payload.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredRecord {
    /// Its signal.
    pub signal: Signal,
    /// How it is encoded.
    pub encoding: Encoding,
    /// Spans, points or log records in it.
    pub items: u64,
    /// When it was stored.
    pub stored: SystemTime,
    /// The body of the request, without compression.
    pub payload: Bytes,
}

impl fmt::Debug for StoredRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredRecord")
            .field("signal", &self.signal)
            .field("encoding", &self.encoding)
            .field("items", &self.items)
            .field("stored", &self.stored)
            .field("bytes", &self.payload.len())
            .finish()
    }
}

/// What waits in a spool, oldest first. Made by [`ProcessSpool::records`].
#[derive(Debug)]
pub struct Records {
    signal: Signal,
    paths: VecDeque<PathBuf>,
    segment: Option<Segment>,
}

impl Iterator for Records {
    type Item = Result<StoredRecord, SpoolError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.segment.is_none() {
                let path = self.paths.pop_front()?;
                match open(&path) {
                    Ok(opened) => self.segment = opened.map(|opened| opened.segment),
                    Err(error) => return Some(Err(error)),
                }
            }
            let Some(segment) = &mut self.segment else { continue };
            let Some(index) = segment.first_waiting() else {
                self.segment = None;
                continue;
            };
            let entry = segment.entries[index];
            segment.set(index, State::Out);
            match segment.read(index) {
                Ok(Some((encoding, payload))) => {
                    return Some(Ok(StoredRecord {
                        signal: self.signal,
                        encoding,
                        items: entry.items.into(),
                        stored: time_of(entry.stored_ms),
                        payload: payload.into(),
                    }));
                }
                Ok(None) => {}
                Err(error) => {
                    return Some(Err(SpoolError::io(segment.path(), "cannot be read", error)));
                }
            }
        }
    }
}

/// A spool that is ours alone, to be delivered or dropped. Made by [`ProcessSpool::claim`].
///
/// Dropping it leaves what is not [`done`](Self::done) for others, and removes the folder if nothing is
/// left in it.
#[derive(Debug)]
#[must_use = "dropping it gives the spool up again"]
pub struct ClaimedSpool {
    signal: Signal,
    spool: Spool,
    adopted: Adopted,
    lost: Losses,
}

/// Which record of a [`ClaimedSpool`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordId(Position);

impl ClaimedSpool {
    /// How many items it had when it was claimed, with those that cannot be read.
    pub fn items(&self) -> u64 {
        self.adopted.items
    }

    /// How many items were lost in it, since they cannot be read.
    pub fn unreadable(&self) -> u64 {
        self.lost.unreadable
    }

    /// The next record, oldest first; each comes once.
    ///
    /// # Errors
    ///
    /// [`SpoolError::Io`], if a file cannot be read for now.
    pub fn next_record(&mut self) -> Result<Option<(RecordId, StoredRecord)>, SpoolError> {
        let taken = self.spool.next(SystemTime::now())?;
        self.lost.unreadable += self.spool.take_losses().unreadable;
        Ok(taken.map(|taken| {
            let record = StoredRecord {
                signal: self.signal,
                encoding: taken.encoding,
                items: taken.items,
                stored: taken.stored,
                payload: taken.payload,
            };
            (RecordId(taken.position), record)
        }))
    }

    /// A record is delivered, or not wanted: it is taken out.
    ///
    /// # Errors
    ///
    /// [`SpoolError::Io`], if that cannot be written down: then it comes again to whoever is next.
    pub fn done(&mut self, record: RecordId) -> Result<(), SpoolError> {
        self.spool.done(record.0);
        self.spool.take_trouble().map_or(Ok(()), Err)
    }
}
