//! What could not be delivered yet, on disk.
//!
//! ```text
//! <directory>/<destination>/<signal>-<fingerprint>/      one lane; the fingerprint is of where it goes
//!     1795280711042-4242-9f3ac01e.lock                   held while that process lives
//!     1795280711042-4242-9f3ac01e/                       what one process wrote
//!         about.json                                     destination, endpoint, protocol
//!         000001.segment                                 records: append-only, with checksums
//!         000001.done                                    which of them have been delivered
//!
//!             append ──► waiting ──next──► out ──done──► acknowledged; all of a segment: deleted
//!                           ▲               │
//!                           └───put_back────┘
//! ```
//! What a dead process left is adopted by a living one with the same destination, which gets its lock and
//! reads it where it lies. A [`Directory`] is for what no process will ever adopt: of a machine that is no
//! more, or a program that is not started again. The command `spanwise spool` is made from it.

// Storing. It knows nothing of what records hold, nor waits for anything but the disk: it is meant for a thread
// of its own.
mod directory;
mod error;
mod folder;
mod record;
mod segment;
mod store;

pub use directory::{
    ClaimedSpool, Directory, ProcessSpool, RecordId, Records, StoredRecord, Summary,
};
pub use error::SpoolError;
pub use record::Encoding;

pub use crate::export::{Drawing, Sender, Sent};

pub(crate) use folder::Place;
pub(crate) use record::Record;
pub(crate) use store::{Bounds, Losses, Position, Spool};

#[cfg(test)]
mod tests;
