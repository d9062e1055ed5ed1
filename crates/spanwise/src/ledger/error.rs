//! What can go wrong with a ledger.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why a [`Ledger`](crate::Ledger) cannot be opened or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// There is no file, or it may not be opened.
    #[error("{path} cannot be opened ({reason})", path = path.display())]
    Unreachable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file is something else.
    #[error("{path} is no ledger of spanwise: give the path of one, or of a file that is not there yet", path = .0.display())]
    NoLedger(PathBuf),
    /// A later version of spanwise made the file.
    #[error("{path} was made by a later version of spanwise", path = .0.display())]
    Later(PathBuf),
    /// Reading broke off.
    #[error("{path} cannot be read ({reason})", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Telemetry was started without a ledger.
    #[error("there is no ledger: name one with `TelemetryConfig::ledger` or SPANWISE_LEDGER")]
    None,
}

impl LedgerError {
    pub(super) fn of(path: &Path, error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NoLedger(path.into()),
            Some(ErrorCode::CannotOpen) => Self::unreachable(path, &error),
            _ => Self::Unreadable { path: path.into(), reason: error.to_string() },
        }
    }

    pub(super) fn unreachable(path: &Path, error: &dyn std::fmt::Display) -> Self {
        Self::Unreachable { path: path.into(), reason: error.to_string() }
    }
}
