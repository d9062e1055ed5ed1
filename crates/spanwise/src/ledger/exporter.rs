//! Events into the file.

use rusqlite::{ErrorCode, TransactionBehavior};
use spanwise_core::TelemetryEvent;

use super::database::is_busy;
use super::row;
use super::{Ledger, Writer};
use crate::event::{ExportError, TelemetryExporter};

/// So many calls are one transaction.
const AT_ONCE: usize = 512;

impl Ledger {
    /// All of them or none.
    fn write(&self, events: &[TelemetryEvent]) -> rusqlite::Result<()> {
        let mut writer = self.writer();
        let Writer { connection, pruning } = &mut *writer;
        let mut calls = events.iter().filter_map(row::call).peekable();
        if calls.peek().is_none() {
            return Ok(());
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut written = 0;
        {
            let mut statement = transaction.prepare(row::INSERT)?;
            for call in calls {
                written += u64::from(row::insert(&mut statement, call)?);
            }
        }
        transaction.commit()?;
        // What was written is there, whether or not older rows can leave now.
        let _ = pruning.after(written, connection, &self.0.settings);
        Ok(())
    }
}

impl TelemetryExporter for Ledger {
    async fn export(&self, event: &TelemetryEvent) -> Result<(), ExportError> {
        self.export_batch(std::slice::from_ref(event)).await
    }

    fn batch_size(&self) -> usize {
        AT_ONCE
    }

    /// On a thread of its own it may block.
    async fn export_batch(&self, events: &[TelemetryEvent]) -> Result<(), ExportError> {
        self.write(events).map_err(|error| {
            ExportError::new(match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => "the disk is full",
                Some(ErrorCode::ReadOnly) => "the ledger may not be written",
                _ if is_busy(&error) => "another process holds the ledger",
                _ => "the ledger could not be written",
            })
        })
    }
}
