//! Where a ledger is, and how large it grows.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where a [`Ledger`](crate::Ledger) is, and how large it grows. A path alone is one as well.
///
/// ```
/// use std::time::Duration;
/// use spanwise::LedgerSettings;
///
/// let year = Duration::from_secs(366 * 24 * 3600);
/// let settings = LedgerSettings::new("costs.db").max_age(year).max_rows(10_000_000);
/// # let _ = settings;
/// ```
#[derive(Clone, Debug)]
#[must_use = "give it to `Ledger::open` or `TelemetryConfig::ledger`"]
pub struct LedgerSettings {
    pub(super) path: PathBuf,
    pub(super) most_rows: u64,
    pub(super) oldest: Duration,
    pub(super) most_bytes: u64,
}

/// Less than this is not held by anything that is worth its file.
const LEAST_BYTES: u64 = 1 << 20;

impl LedgerSettings {
    /// A ledger in this file. Its directory must be there.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let day = Duration::from_secs(24 * 3600);
        Self { path: path.into(), most_rows: 5_000_000, oldest: 400 * day, most_bytes: 2 << 30 }
    }

    /// How many rows it holds, give or take a thousand. Defaults to 5,000,000.
    pub fn max_rows(mut self, rows: u64) -> Self {
        self.most_rows = rows;
        self
    }

    /// How old a row grows. Defaults to 400 days.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.oldest = age;
        self
    }

    /// How large the file grows, without the journal beside it, which mostly stays below 4 MiB. Defaults to 2 GiB, and
    /// is no less than 1 MiB.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.most_bytes = bytes.max(LEAST_BYTES);
        self
    }
}

impl From<PathBuf> for LedgerSettings {
    fn from(path: PathBuf) -> Self {
        Self::new(path)
    }
}

impl From<&Path> for LedgerSettings {
    fn from(path: &Path) -> Self {
        Self::new(path)
    }
}

impl From<&str> for LedgerSettings {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

impl From<String> for LedgerSettings {
    fn from(path: String) -> Self {
        Self::new(path)
    }
}
