//! What is wrong with a table.

use std::fmt;
use std::io;

/// Why a [`PriceTable`](crate::PriceTable) cannot be used: the file, the line, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceTableError {
    place: String,
    line: Option<usize>,
    told: String,
}

impl PriceTableError {
    pub(super) fn wrong(place: &str, line: Option<usize>, told: &str) -> Self {
        // Only the first line says what is wrong; others quote the table.
        let told = told.lines().next().unwrap_or_default().to_owned();
        Self { place: place.to_owned(), line, told }
    }

    pub(super) fn unreadable(place: &str, kind: io::ErrorKind) -> Self {
        let told = format!("cannot be read ({kind}): give the path of a TOML or JSON file");
        Self { place: place.to_owned(), line: None, told }
    }

    pub(super) fn unknown_format(place: &str) -> Self {
        Self::wrong(
            place,
            None,
            "is neither TOML nor JSON by its name: let it end in .toml or .json",
        )
    }

    /// The line in which it is, counted from 1, where that is known.
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for PriceTableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: {}", self.place, self.told),
            None => write!(f, "{}: {}", self.place, self.told),
        }
    }
}

impl std::error::Error for PriceTableError {}
