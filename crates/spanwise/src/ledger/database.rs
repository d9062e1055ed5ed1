//! The file itself: how it is opened, and what is in it.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::error::LedgerError;

/// `spnw`: what SQLite's files say that are ours.
const APPLICATION: i32 = 0x7370_6e77;

/// The layout below.
const LAYOUT: i32 = 1;

/// How long a process waits for another that writes.
const PATIENCE: Duration = Duration::from_secs(5);

const TABLES: &str = "
    CREATE TABLE calls (
        id INTEGER PRIMARY KEY,
        ended_ms INTEGER NOT NULL,
        trace_id TEXT,
        span_id TEXT,
        operation TEXT NOT NULL,
        provider TEXT,
        model TEXT,
        response_model TEXT,
        session TEXT,
        user TEXT,
        tenant TEXT,
        tags TEXT,
        agent TEXT,
        workflow TEXT,
        step TEXT,
        outcome TEXT NOT NULL,
        error TEXT,
        input_tokens INTEGER,
        output_tokens INTEGER,
        cache_read_tokens INTEGER,
        cache_write_tokens INTEGER,
        reasoning_tokens INTEGER,
        amount TEXT,
        currency TEXT,
        source TEXT
    ) STRICT;
    CREATE INDEX calls_by_end ON calls (ended_ms);
    CREATE UNIQUE INDEX calls_once ON calls (trace_id, span_id) WHERE trace_id IS NOT NULL;
    CREATE TABLE removed (reason TEXT PRIMARY KEY, rows INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// Opens the file to write, and makes it where there is none.
pub(super) fn open(path: &Path) -> Result<Connection, LedgerError> {
    create_private(path).map_err(|error| LedgerError::unreachable(path, &error))?;
    let given_up = Instant::now() + PATIENCE;
    loop {
        match prepare(path) {
            // To change the mode of the journal, SQLite itself waits for nobody.
            Err(Failed::By(error)) if is_busy(&error) && Instant::now() < given_up => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(Failed::By(error)) => return Err(LedgerError::of(path, error)),
            Err(Failed::For(reason)) => return Err(reason),
            Ok(connection) => return Ok(connection),
        }
    }
}

/// Opens a file that is there, and changes nothing.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, LedgerError> {
    let open = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        let contents = Contents::of(&connection.transaction()?)?;
        Ok::<_, rusqlite::Error>((contents, connection))
    };
    let (contents, connection) = open().map_err(|error| LedgerError::of(path, error))?;
    match contents {
        Contents::Ledger => Ok(connection),
        Contents::LaterLedger => Err(LedgerError::Later(path.into())),
        Contents::Nothing | Contents::SomethingElse => Err(LedgerError::NoLedger(path.into())),
    }
}

/// SQLite gives the files beside it the same mode.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

enum Failed {
    By(rusqlite::Error),
    For(LedgerError),
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Self::By(error)
    }
}

fn prepare(path: &Path) -> Result<Connection, Failed> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    match Contents::of(&connection.transaction()?)? {
        Contents::Ledger | Contents::Nothing => {}
        Contents::LaterLedger => return Err(Failed::For(LedgerError::Later(path.into()))),
        Contents::SomethingElse => return Err(Failed::For(LedgerError::NoLedger(path.into()))),
    }
    // What is deleted gives its room back; it must be said before there is any table.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update_and_check(None, "journal_size_limit", 4 << 20, |_| Ok(()))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    if Contents::of(&transaction)? == Contents::Nothing {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", LAYOUT)?;
    }
    transaction.commit()?;
    Ok(connection)
}

#[derive(PartialEq, Eq)]
enum Contents {
    Nothing,
    Ledger,
    LaterLedger,
    SomethingElse,
}

impl Contents {
    /// It takes a transaction because another process may be making the file, and half of it is something else.
    fn of(transaction: &Transaction<'_>) -> rusqlite::Result<Self> {
        let number = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        Ok(match (number("application_id")?, number("user_version")?) {
            (APPLICATION, LAYOUT) => Self::Ledger,
            (APPLICATION, _) => Self::LaterLedger,
            (0, 0) if is_empty(transaction)? => Self::Nothing,
            _ => Self::SomethingElse,
        })
    }
}

fn is_empty(transaction: &Transaction<'_>) -> rusqlite::Result<bool> {
    transaction.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
