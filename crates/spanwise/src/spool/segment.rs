//! One file of records, and beside it the file of those that are done.
//!
//! ```text
//! 000001.segment   record, record, record, …
//! 000001.done      (where it begins, its checksum), …     a torn or foreign entry acknowledges nothing
//! ```

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::folder::append_to;
use super::record::{Encoding, Found, HEADER, Header, MOST_PAYLOAD, scan};

const SEGMENT: &str = "segment";
const DONE: &str = "done";

/// No segment grows beyond this: the most that one holds, and a record that is larger.
const MOST_SEGMENT: u64 = (8 << 20) + (MOST_PAYLOAD + HEADER) as u64;

/// A record's place in its file, and what has become of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    offset: u32,
    identity: u32,
    pub(crate) items: u32,
    pub(crate) state: State,
    pub(crate) stored_ms: u64,
}

/// That a record is over: where it begins, and its checksum; or, of what cannot be read, where that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Acknowledgement {
    offset: u32,
    identity: u32,
}

/// Its size on disk.
const ACKNOWLEDGEMENT: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Waiting,
    /// Handed out, and not answered for yet.
    Out,
    /// Delivered, or lost and counted.
    Over,
}

#[derive(Debug)]
pub(crate) struct Segment {
    path: PathBuf,
    pub(crate) entries: Vec<Entry>,
    /// How much of the disk it takes.
    pub(crate) bytes: u64,
    /// Nothing before this entry waits.
    waiting_from: usize,
    /// How many entries are not over.
    open: usize,
}

/// What was found in a segment that another process wrote.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) segment: Segment,
    /// Items of records that are not done and cannot be read.
    pub(crate) unreadable: u64,
    /// Places at which nothing can be read at all.
    pub(crate) damaged: u64,
    /// Both, to be acknowledged by who counts them, so that nobody counts them again.
    pub(crate) lost: Vec<Acknowledgement>,
}

impl Segment {
    /// A segment that is about to be written.
    pub(crate) fn new(folder: &Path, number: u64) -> Self {
        Self {
            path: folder.join(format!("{number:06}.{SEGMENT}")),
            entries: Vec::new(),
            bytes: 0,
            waiting_from: 0,
            open: 0,
        }
    }

    /// Reads what another process wrote; changes nothing.
    pub(crate) fn open(path: &Path) -> io::Result<Opened> {
        let mut bytes = Vec::new();
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        file.take(MOST_SEGMENT).read_to_end(&mut bytes)?;
        let done = read_done(&path.with_extension(DONE));
        let Found { records, unreadable, damaged } = scan(&bytes);
        let entry = |(offset, header)| Entry::new(offset, header, State::Waiting);
        let not_done = |entry: &Entry| !done.contains(&entry.acknowledgement());
        let entries: Vec<_> = records.into_iter().map(entry).filter(not_done).collect();
        let unreadable: Vec<_> = unreadable.into_iter().map(entry).filter(not_done).collect();
        let mut lost: Vec<_> = unreadable.iter().map(Entry::acknowledgement).collect();
        let damaged = damaged.into_iter().map(Acknowledgement::of_damage);
        let damaged: Vec<_> = damaged.filter(|place| !done.contains(place)).collect();
        lost.extend(&damaged);
        Ok(Opened {
            unreadable: unreadable.iter().map(|entry| u64::from(entry.items)).sum(),
            damaged: damaged.len() as u64,
            lost,
            segment: Self {
                path: path.to_owned(),
                open: entries.len(),
                entries,
                bytes: length,
                waiting_from: 0,
            },
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A record was written at the end of the file.
    pub(crate) fn push(&mut self, header: Header, state: State) -> usize {
        self.entries.push(Entry::new(self.bytes as u32, header, state));
        self.bytes += header.whole_length();
        self.open += 1;
        self.entries.len() - 1
    }

    /// The first record that waits.
    pub(crate) fn first_waiting(&mut self) -> Option<usize> {
        let waiting = |entry: &Entry| entry.state == State::Waiting;
        let place = self.entries[self.waiting_from..].iter().position(waiting);
        self.waiting_from = place.map_or(self.entries.len(), |place| self.waiting_from + place);
        place.map(|_| self.waiting_from)
    }

    /// Changes what has become of a record, and says what it was before.
    pub(crate) fn set(&mut self, index: usize, state: State) -> Option<Entry> {
        let entry = self.entries.get_mut(index)?;
        let before = *entry;
        entry.state = state;
        if state == State::Waiting {
            self.waiting_from = self.waiting_from.min(index);
        }
        if before.state != State::Over && state == State::Over {
            self.open -= 1;
        }
        Some(before)
    }

    /// Whether every record is over.
    pub(crate) fn is_over(&self) -> bool {
        self.open == 0
    }

    /// Reads a record; `None` if it is not there as it was written.
    pub(crate) fn read(&self, index: usize) -> io::Result<Option<(Encoding, Vec<u8>)>> {
        let entry = self.entries[index];
        let mut file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        // The file was there: whatever goes wrong from here on will go wrong again.
        Ok(entry.read(&mut file).ok().flatten())
    }

    /// Remembers on disk that a record is over.
    pub(crate) fn acknowledge(&self, index: usize) -> io::Result<()> {
        self.acknowledge_all(&[self.entries[index].acknowledgement()])
    }

    pub(crate) fn acknowledge_all(&self, over: &[Acknowledgement]) -> io::Result<()> {
        if over.is_empty() {
            return Ok(());
        }
        let lines: Vec<u8> = over.iter().flat_map(|over| over.to_bytes()).collect();
        let mut file = append_to(&self.done_path())?;
        let torn = file.metadata()?.len() % ACKNOWLEDGEMENT as u64;
        if torn > 0 {
            // Of a write that a full disk or a crash cut off; what follows must stand at its place.
            file.set_len(file.metadata()?.len() - torn)?;
        }
        file.write_all(&lines)
    }

    /// Deletes the files.
    pub(crate) fn delete(&self) -> io::Result<()> {
        let gone = |result: io::Result<()>| match result {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        };
        // In this order: what is done must not be forgotten while the records are there.
        gone(fs::remove_file(&self.path))?;
        gone(fs::remove_file(self.done_path()))
    }

    pub(crate) fn done_path(&self) -> PathBuf {
        self.path.with_extension(DONE)
    }
}

impl Entry {
    fn new(offset: u32, header: Header, state: State) -> Self {
        let Header { items, stored_ms, .. } = header;
        Self { offset, identity: header.identity(), items, state, stored_ms }
    }

    fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement { offset: self.offset, identity: self.identity }
    }

    fn read(&self, file: &mut File) -> io::Result<Option<(Encoding, Vec<u8>)>> {
        file.seek(SeekFrom::Start(self.offset.into()))?;
        let mut header = [0; HEADER];
        file.read_exact(&mut header)?;
        let Some(header) = Header::read(&header).filter(|h| h.identity() == self.identity) else {
            return Ok(None);
        };
        let mut payload = vec![0; header.length as usize];
        file.read_exact(&mut payload)?;
        Ok(header.is_of(&payload).then_some((header.encoding, payload)))
    }
}

impl Acknowledgement {
    fn to_bytes(self) -> [u8; ACKNOWLEDGEMENT] {
        let (offset, identity) = (u64::from(self.offset), u64::from(self.identity));
        (offset | identity << 32).to_le_bytes()
    }

    fn of_damage(range: Range<u32>) -> Self {
        Self { offset: range.start, identity: range.end }
    }

    fn of_bytes(bytes: [u8; ACKNOWLEDGEMENT]) -> Self {
        let both = u64::from_le_bytes(bytes);
        Self { offset: both as u32, identity: (both >> 32) as u32 }
    }
}

/// Which records are done: one that is torn counts for nothing, and its record comes twice.
fn read_done(path: &Path) -> HashSet<Acknowledgement> {
    // Without it nothing is done: better twice than never.
    let bytes = fs::read(path).unwrap_or_default();
    let (lines, _torn) = bytes.as_chunks();
    lines.iter().map(|line| Acknowledgement::of_bytes(*line)).collect()
}

/// The segments in a process's folder, oldest first.
pub(crate) fn segments(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = files(folder, SEGMENT)?;
    // Longer numbers are larger.
    paths.sort_by_cached_key(|path| (path.as_os_str().len(), path.clone()));
    Ok(paths)
}

/// Removes what a crash left of a segment that was being deleted: which of its records were done.
pub(crate) fn remove_orphans(folder: &Path) {
    let done = files(folder, DONE).unwrap_or_default();
    for path in done.iter().filter(|path| !path.with_extension(SEGMENT).exists()) {
        let _ = fs::remove_file(path);
    }
}

fn files(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let is_one = |path: &PathBuf| path.extension().is_some_and(|found| found == extension);
    paths.filter(|path| path.as_ref().map_or(true, is_one)).collect()
}
