//! How a ledger stays within its bounds: the oldest rows leave first, and are counted.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::settings::LedgerSettings;
use super::{LedgerCounts, LedgerError, LedgerReader};

/// When it was looked after the bounds last.
#[derive(Default)]
pub(super) struct Pruning {
    written: u64,
    last: Option<Instant>,
}

/// After so many rows, or seconds, it is time to look.
const EVERY_ROWS: u64 = 1000;
const EVERY_SECONDS: u64 = 60;

const AGE: &str = "age";
const ROWS: &str = "rows";
const BYTES: &str = "bytes";

impl Pruning {
    /// So many rows more have been written.
    pub(super) fn after(
        &mut self,
        written: u64,
        connection: &mut Connection,
        settings: &LedgerSettings,
    ) -> rusqlite::Result<()> {
        self.written += written;
        let often = EVERY_ROWS.min(settings.most_rows / 10);
        let recently = self.last.is_some_and(|last| last.elapsed().as_secs() < EVERY_SECONDS);
        if recently && self.written < often {
            return Ok(());
        }
        (self.written, self.last) = (0, Some(Instant::now()));
        prune(connection, settings)
    }
}

fn prune(connection: &mut Connection, settings: &LedgerSettings) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(oldest) = SystemTime::now().checked_sub(settings.oldest) {
        let oldest = oldest.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let oldest = i64::try_from(oldest).unwrap_or(i64::MAX);
        let old = "DELETE FROM calls WHERE ended_ms < ?1";
        let removed = transaction.execute(old, [oldest])?;
        count(&transaction, AGE, removed)?;
    }
    let beyond = rows(&transaction)?.saturating_sub(settings.most_rows);
    remove(&transaction, ROWS, beyond)?;
    while bytes(&transaction)? > settings.most_bytes {
        // A twentieth at a time; below a page's worth it would never end.
        let some = (rows(&transaction)? / 20).max(100);
        if remove(&transaction, BYTES, some)? == 0 {
            break;
        }
    }
    transaction.commit()?;
    // Gives what is free back to the disk, page by page.
    let mut statement = connection.prepare("PRAGMA incremental_vacuum")?;
    let mut pages = statement.query([])?;
    while pages.next()?.is_some() {}
    Ok(())
}

fn remove(transaction: &Transaction<'_>, reason: &str, rows: u64) -> rusqlite::Result<usize> {
    let oldest =
        "DELETE FROM calls WHERE id IN (SELECT id FROM calls ORDER BY ended_ms, id LIMIT ?1)";
    let removed = match rows {
        0 => 0,
        _ => transaction.execute(oldest, [i64::try_from(rows).unwrap_or(i64::MAX)])?,
    };
    count(transaction, reason, removed)?;
    Ok(removed)
}

fn count(transaction: &Transaction<'_>, reason: &str, rows: usize) -> rusqlite::Result<()> {
    if rows > 0 {
        transaction.execute(
            "INSERT INTO removed VALUES (?1, ?2)
             ON CONFLICT (reason) DO UPDATE SET rows = rows + excluded.rows",
            params![reason, i64::try_from(rows).unwrap_or(i64::MAX)],
        )?;
    }
    Ok(())
}

fn rows(connection: &Connection) -> rusqlite::Result<u64> {
    number(connection, "SELECT count(*) FROM calls")
}

/// Those that are in use: what is free is written next, or given back.
fn bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let pages = number(connection, "SELECT page_count FROM pragma_page_count")?;
    let free = number(connection, "SELECT freelist_count FROM pragma_freelist_count")?;
    let size = number(connection, "SELECT page_size FROM pragma_page_size")?;
    Ok(pages.saturating_sub(free) * size)
}

fn number(connection: &Connection, query: &str) -> rusqlite::Result<u64> {
    let number: i64 = connection.query_row(query, [], |row| row.get(0))?;
    Ok(u64::try_from(number).unwrap_or_default())
}

impl LedgerReader {
    /// How many rows there are, and how many had to leave.
    ///
    /// # Errors
    ///
    /// [`LedgerError`], where the file cannot be read.
    pub fn counts(&self) -> Result<LedgerCounts, LedgerError> {
        self.read_counts().map_err(|error| self.failed(error))
    }

    fn read_counts(&self) -> rusqlite::Result<LedgerCounts> {
        let transaction = self.connection.unchecked_transaction()?;
        let mut counts = LedgerCounts { rows: rows(&transaction)?, ..LedgerCounts::default() };
        let mut statement = transaction.prepare("SELECT reason, rows FROM removed")?;
        let mut removed = statement.query([])?;
        while let Some(row) = removed.next()? {
            let rows = u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default();
            match row.get_ref(0)?.as_str()? {
                AGE => counts.removed_by_age = rows,
                ROWS => counts.removed_by_rows = rows,
                _ => counts.removed_by_bytes = rows,
            }
        }
        Ok(counts)
    }
}
