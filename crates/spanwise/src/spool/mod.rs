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
//! [`Spool`] is the store of one lane in one process. What a dead process left is adopted by whoever gets its
//! lock, and is read where it lies. Nothing here knows what records hold, nor waits for anything but the disk:
//! it is meant for a thread of its own.

mod error;
mod folder;
mod record;
mod segment;
mod store;

pub use error::SpoolError;
pub use record::Encoding;

pub(crate) use folder::Place;
pub(crate) use record::Record;
pub(crate) use store::{Adopted, Bounds, Held, Losses, Position, Spool, Taken};

#[cfg(test)]
mod tests;
