//! The form of a record, and how records are found again in a file that may be damaged.
//!
//! ```text
//! 0      4          5        8        12      16              24              28           32
//! │ SPW1 │ encoding │ unused │ length │ items │ stored, in ms │ crc of payload │ crc of these │ payload …
//! ```
//! Numbers are little-endian, checksums CRC-32. The header has a checksum of its own, so that a record whose
//! payload is damaged still says how many items are lost.

use std::ops::Range;
use std::time::{Duration, SystemTime};

/// The size of what stands before each payload.
pub(crate) const HEADER: usize = 32;

/// No payload is larger: it is far more than any receiver takes.
pub(crate) const MOST_PAYLOAD: usize = 64 << 20;

/// Also the version of all that follows.
const MAGIC: [u8; 4] = *b"SPW1";

/// How a record's payload is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// OTLP as protobuf: what gRPC and `http/protobuf` carry.
    Protobuf,
    /// OTLP as JSON.
    Json,
}

/// What is to be stored. Without `Debug`: it may be content.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) encoding: Encoding,
    /// How many items are in it, as the books count them.
    pub(crate) items: u64,
    pub(crate) payload: &'a [u8],
}

/// What stands before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) encoding: Encoding,
    pub(crate) length: u32,
    pub(crate) items: u32,
    pub(crate) stored_ms: u64,
    payload_crc: u32,
}

impl Header {
    pub(crate) fn of(record: &Record<'_>, stored_ms: u64) -> Self {
        Self {
            encoding: record.encoding,
            length: record.payload.len() as u32,
            items: u32::try_from(record.items).unwrap_or(u32::MAX),
            stored_ms,
            payload_crc: crc32fast::hash(record.payload),
        }
    }

    pub(crate) fn to_bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = match self.encoding {
            Encoding::Protobuf => 1,
            Encoding::Json => 2,
        };
        bytes[8..12].copy_from_slice(&self.length.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.items.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.stored_ms.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.payload_crc.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..28]);
        bytes[28..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// The header at the start of these bytes, if one stands there whole.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEADER] = bytes.first_chunk()?;
        let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| bytes[at + i]));
        if bytes[..4] != MAGIC || word(28) != crc32fast::hash(&bytes[..28]) {
            return None;
        }
        let encoding = match bytes[4] {
            1 => Encoding::Protobuf,
            2 => Encoding::Json,
            _ => return None,
        };
        let length = word(8);
        (length as usize <= MOST_PAYLOAD).then(|| Self {
            encoding,
            length,
            items: word(12),
            stored_ms: u64::from(word(16)) | u64::from(word(20)) << 32,
            payload_crc: word(24),
        })
    }

    pub(crate) fn is_of(&self, payload: &[u8]) -> bool {
        payload.len() == self.length as usize && crc32fast::hash(payload) == self.payload_crc
    }

    /// Its own checksum, by which an acknowledgement tells this record from another at the same place.
    pub(crate) fn identity(self) -> u32 {
        let bytes = self.to_bytes();
        u32::from_le_bytes([28, 29, 30, 31].map(|i| bytes[i]))
    }

    pub(crate) fn whole_length(&self) -> u64 {
        HEADER as u64 + u64::from(self.length)
    }
}

/// What a file of records holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Where each intact record begins.
    pub(crate) records: Vec<(u32, Header)>,
    /// Where records begin whose payload is damaged or cut off.
    pub(crate) unreadable: Vec<(u32, Header)>,
    /// What nobody can read any more.
    pub(crate) damaged: Vec<Range<u32>>,
}

/// Finds every intact record.
pub(crate) fn scan(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    // Checking what turns out to be damaged takes no longer than reading the file a few times.
    let mut patience = bytes.len().saturating_mul(8);
    let mut at = 0;
    // Everything before this belongs to a record that was found, intact or not.
    let mut explained = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(header) = Header::read(rest) else {
            at += 1 + next_magic(&rest[1..]);
            continue;
        };
        found.add_damage(explained..at);
        let end = at + HEADER + header.length as usize;
        explained = end.min(bytes.len());
        let payload = bytes.get(at + HEADER..end);
        if payload.is_some_and(|payload| header.is_of(payload)) {
            found.records.push((at as u32, header));
            at = end;
            continue;
        }
        found.unreadable.push((at as u32, header));
        let Some(left) = patience.checked_sub(payload.map_or(0, <[u8]>::len)) else { break };
        patience = left;
        // What follows may begin before this payload should have ended: it may never have been whole.
        at += HEADER + next_magic(&rest[HEADER..]);
    }
    found.add_damage(explained..bytes.len());
    found
}

impl Found {
    fn add_damage(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.damaged.push(range.start as u32..range.end as u32);
        }
    }
}

/// How far it is to what may be the next header.
fn next_magic(bytes: &[u8]) -> usize {
    bytes.windows(MAGIC.len()).position(|window| window == MAGIC).unwrap_or(bytes.len())
}

/// Milliseconds since 1970; 0 before that.
pub(crate) fn unix_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn time_of(unix_ms: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(unix_ms)).unwrap_or(SystemTime::now())
}
