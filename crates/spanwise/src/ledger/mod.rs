//! What calls used and cost, in a file that outlives the process: an SQLite database.
//!
//! ```text
//! events ─► Ledger, an exporter: a row for each call, a transaction for each batch ─► the file ─► cost_report
//!                                           many processes, one file ─────────────────┘   │
//!                                                                 oldest rows go first, counted
//! ```
//! It holds no content: ids, names, numbers, amounts.

mod carried;
mod database;
mod error;
mod exporter;
mod query;
mod report;
mod retention;
mod row;
mod settings;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::SystemTime;

use rusqlite::Connection;

pub use error::LedgerError;
pub use query::{CostBy, UnknownCostBy};
pub use report::{CostReport, CostRow, CostSum};
pub use settings::LedgerSettings;

use retention::Pruning;

/// A file that keeps a row for each model call, with its tokens and its cost; what [`cost_report`] is made from.
///
/// It is an SQLite database in the mode that is called WAL, which many processes may write and read at once. A batch
/// of events is a transaction: what was written stays, whatever becomes of the process. Where the machine itself
/// loses its power, the last moments may be missing; the file is whole all the same. On Unix nobody but the user may
/// read it.
///
/// It grows no further than its [`LedgerSettings`] say: the oldest rows leave first, and are counted.
///
/// Handed to [`TelemetryConfig::ledger`](crate::TelemetryConfig::ledger), or to
/// [`add_exporter`](crate::add_exporter) like any exporter. Clones share the file.
///
/// | Column | What |
/// |---|---|
/// | `ended_ms` | when the call ended, in milliseconds since 1970, UTC |
/// | `operation`, `provider`, `model`, `response_model` | which call it was; `model` is the one that was asked for |
/// | `session`, `user`, `tenant`, `tags` | what the scope says; `tags` is a JSON array |
/// | `agent`, `workflow`, `step` | the nearest around the call |
/// | `outcome`, `error` | `spanwise.outcome`, `error.type` |
/// | `input_tokens`, `output_tokens`, `cache_read_tokens`, `cache_write_tokens`, `reasoning_tokens` | what it used |
/// | `amount`, `currency`, `source` | what it cost: the amount is a decimal number, as text |
/// | `trace_id`, `span_id` | where it stands in its trace |
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use spanwise::{ExporterSettings, Ledger};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("costs.db");
/// let ledger = Ledger::open(path)?;
/// let id = spanwise::add_exporter_with(ledger.clone(), ExporterSettings::new("ledger"));
/// // … the program …
/// let today = SystemTime::now() - Duration::from_secs(24 * 3600);
/// let report = ledger.cost_report(today, SystemTime::now())?;
/// assert_eq!(report.total.requests, 0);
/// # spanwise::remove_exporter(id);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    settings: LedgerSettings,
    writer: Mutex<Writer>,
}

struct Writer {
    connection: Connection,
    pruning: Pruning,
}

impl Ledger {
    /// Opens the file, and makes it where there is none.
    ///
    /// # Errors
    ///
    /// [`LedgerError`], where it cannot be opened, or is something else.
    pub fn open(settings: impl Into<LedgerSettings>) -> Result<Self, LedgerError> {
        let settings = settings.into();
        let connection = database::open(&settings.path)?;
        let writer = Mutex::new(Writer { connection, pruning: Pruning::default() });
        Ok(Self(Arc::new(Inner { settings, writer })))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0.settings.path
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.0.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many rows there are, and how many had to leave.
    ///
    /// # Errors
    ///
    /// [`LedgerError`], where the file cannot be read.
    pub fn counts(&self) -> Result<LedgerCounts, LedgerError> {
        LedgerReader::open(self.path())?.counts()
    }

    /// What all calls that ended from here to there used and cost: `to` itself is not in it. It blocks while the file
    /// is read.
    ///
    /// # Errors
    ///
    /// [`LedgerError`], where the file cannot be read.
    pub fn cost_report(&self, from: SystemTime, to: SystemTime) -> Result<CostReport, LedgerError> {
        LedgerReader::open(self.path())?.cost_report(from, to)
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

/// Reads a [`Ledger`]'s file, and changes nothing in it: for programs that write none.
#[derive(Debug)]
pub struct LedgerReader {
    path: PathBuf,
    connection: Connection,
}

impl LedgerReader {
    /// Opens a file that is there.
    ///
    /// # Errors
    ///
    /// [`LedgerError`], where there is none, or it is no ledger.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, LedgerError> {
        let path = path.into();
        let connection = database::open_to_read(&path)?;
        Ok(Self { path, connection })
    }

    fn failed(&self, error: rusqlite::Error) -> LedgerError {
        LedgerError::of(&self.path, error)
    }
}

/// How many rows a [`Ledger`] has, and how many had to leave it since it was made, in whichever process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerCounts {
    /// The rows that are there.
    pub rows: u64,
    /// Those that were older than [`LedgerSettings::max_age`].
    pub removed_by_age: u64,
    /// Those that were beyond [`LedgerSettings::max_rows`].
    pub removed_by_rows: u64,
    /// Those that were beyond [`LedgerSettings::max_bytes`].
    pub removed_by_bytes: u64,
}

static OF_PROCESS: RwLock<Option<Ledger>> = RwLock::new(None);

/// From here on this is the ledger of the process.
pub(crate) fn install(ledger: Ledger) {
    *OF_PROCESS.write().unwrap_or_else(PoisonError::into_inner) = Some(ledger);
}

/// What all calls that ended from here to there used and cost, by the ledger that telemetry was started with
/// ([`TelemetryConfig::ledger`](crate::TelemetryConfig::ledger)). It blocks while the file is read.
///
/// What was recorded a moment ago may still be on its way: [`flush_exporters`](crate::flush_exporters) first.
///
/// # Errors
///
/// [`LedgerError::None`], where telemetry was started without one; any other, where the file cannot be read.
///
/// ```no_run
/// use std::time::{Duration, SystemTime};
/// use spanwise::Currency;
///
/// # fn main() -> Result<(), spanwise::LedgerError> {
/// let now = SystemTime::now();
/// let report = spanwise::cost_report(now - Duration::from_secs(7 * 24 * 3600), now)?;
/// println!("{} calls cost {:?} USD", report.total.requests, report.total.cost.get(Currency::USD));
/// for (model, sum) in &report.by_model {
///     println!("- {model}: {:?} USD", sum.cost.get(Currency::USD));
/// }
/// # Ok(()) }
/// ```
pub fn cost_report(from: SystemTime, to: SystemTime) -> Result<CostReport, LedgerError> {
    let ledger = OF_PROCESS.read().unwrap_or_else(PoisonError::into_inner).clone();
    ledger.ok_or(LedgerError::None)?.cost_report(from, to)
}
