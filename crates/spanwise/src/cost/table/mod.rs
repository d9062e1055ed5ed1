//! Prices of the program's own.

mod entry;
mod error;
mod pattern;
mod value;

use std::path::Path;
use std::time::SystemTime;

use opentelemetry::StringValue;
use serde::Deserialize;
use spanwise_core::Currency;

use super::rates::Card;
use super::seen::{Found, Key};
use entry::Entry;
pub use error::PriceTableError;

/// Prices of the program's own, from TOML or JSON: for models that no published table knows, and for those that cost
/// something else by contract.
///
/// The first entry that fits a call counts, so what is special stands first. `docs/cost.md` has every word.
///
/// ```
/// use spanwise::PriceTable;
///
/// # fn main() -> Result<(), spanwise::PriceTableError> {
/// let table = PriceTable::from_toml(r#"
///     version = "2026-11"
///     currency = "EUR"
///
///     [[prices]]
///     model = "house-*"       # a `*` stands for anything
///     input = 0.25            # per million tokens
///     cache_read = 0.025
///     output = 1
/// "#)?;
/// # let _ = table; Ok(()) }
/// ```
///
/// What is wrong is told with its line and what would be right:
///
/// ```
/// let table = "[[prices]]\nmodel = \"house-7b\"\ninput = -1\n";
/// let error = spanwise::PriceTable::from_toml(table).unwrap_err();
/// assert_eq!(error.to_string(), "the table, line 3: a price is a decimal number from 0 to 1000000, such as 2.5");
/// ```
#[derive(Clone, Debug)]
pub struct PriceTable {
    version: StringValue,
    currency: Currency,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    currency: value::Money,
    prices: Vec<Entry>,
}

impl PriceTable {
    /// Reads a file, whose name ends in `.toml` or `.json`.
    ///
    /// # Errors
    ///
    /// [`PriceTableError`], with the file, the line, and what would be right.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, PriceTableError> {
        let path = path.as_ref();
        let place = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| PriceTableError::unreadable(&place, error.kind()))?;
        let table = match path.extension().and_then(|end| end.to_str()) {
            Some("toml") => Self::toml(&text, &place),
            Some("json") => Self::json(&text, &place),
            _ => Err(PriceTableError::unknown_format(&place)),
        };
        let mut table = table?;
        if table.version.as_str().is_empty() {
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
            table.version = name.unwrap_or_default().into();
        }
        Ok(table)
    }

    /// Reads TOML.
    ///
    /// # Errors
    ///
    /// [`PriceTableError`], with the line, and what would be right.
    pub fn from_toml(text: &str) -> Result<Self, PriceTableError> {
        Self::toml(text, "the table")
    }

    /// Reads JSON of the same shape.
    ///
    /// # Errors
    ///
    /// [`PriceTableError`], with the line, and what would be right.
    pub fn from_json(text: &str) -> Result<Self, PriceTableError> {
        Self::json(text, "the table")
    }

    fn toml(text: &str, place: &str) -> Result<Self, PriceTableError> {
        toml::from_str(text).map(Self::of).map_err(|error| {
            let line = error.span().map(|span| {
                let before = text.as_bytes().get(..span.start).unwrap_or_default();
                1 + before.iter().filter(|byte| **byte == b'\n').count()
            });
            PriceTableError::wrong(place, line, error.message())
        })
    }

    fn json(text: &str, place: &str) -> Result<Self, PriceTableError> {
        serde_json::from_str(text).map(Self::of).map_err(|error| {
            let told = error.to_string();
            let at = format!(" at line {} column {}", error.line(), error.column());
            let told = told.strip_suffix(&at).unwrap_or(&told);
            PriceTableError::wrong(place, Some(error.line()).filter(|line| *line > 0), told)
        })
    }

    fn of(written: Written) -> Self {
        let Written { version, currency, prices: entries } = written;
        Self { version: version.unwrap_or_default().into(), currency: currency.0, entries }
    }

    /// The card of the first entry that fits.
    pub(crate) fn card(&self, key: Key<'_>, at: SystemTime) -> Option<Card> {
        // The model that answered, by any entry, before the one that was asked for.
        key.models().find_map(|model| {
            let fits = |entry: &&Entry| entry.fits(key, model) && entry.holds(at);
            let entry = self.entries.iter().find(fits)?;
            Some(entry.card(self.currency, self.version.clone()))
        })
    }

    /// For how long around that time no entry begins or ends.
    pub(crate) fn steady(&self, at: SystemTime, found: &mut Found) {
        for date in self.entries.iter().flat_map(Entry::dates) {
            if date <= at {
                found.from = found.from.max(date);
            } else {
                found.until = Some(found.until.map_or(date, |until| until.min(date)));
            }
        }
    }
}

#[cfg(test)]
mod tests;
