//! Why the disk did not do what was asked.

use std::io;
use std::path::{Path, PathBuf};

/// Why something could not be written to, or read from, a spool.
///
/// It names a path and what the system said; never what a record holds.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// The system refused.
    #[error("{path} {problem} ({source})", path = path.display())]
    Io {
        /// What it was about.
        path: PathBuf,
        /// What did not work, such as "cannot be written".
        problem: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The record alone is larger than the spool may be, or than a record can be.
    #[error("a record of {bytes} bytes is more than the {most} bytes that the spool takes")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// How much would fit.
        most: u64,
    },
}

impl SpoolError {
    pub(crate) fn io(path: &Path, problem: &'static str, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), problem, source }
    }
}
