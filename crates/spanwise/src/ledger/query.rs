//! Sums over rows, exact to the last decimal.

use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::{Connection, Row};
use spanwise_core::{Currency, Decimal};

use super::report::{CostRow, CostSum};
use super::{LedgerError, LedgerReader};

/// By what calls are summed up.
///
/// Days and months are those of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CostBy {
    /// The model that was asked for, or else the one that answered.
    Model,
    /// `gen_ai.provider.name`.
    Provider,
    /// `gen_ai.operation.name`.
    Operation,
    /// The day on which the call ended, such as `2026-11-22`.
    Day,
    /// The month in which it ended, such as `2026-11`.
    Month,
    /// `session.id`.
    Session,
    /// `user.id`.
    User,
    /// `spanwise.tenant.id`.
    Tenant,
    /// The nearest agent around the call.
    Agent,
    /// The nearest workflow around the call.
    Workflow,
    /// The nearest step around the call.
    Step,
}

impl CostBy {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Model,
        Self::Provider,
        Self::Operation,
        Self::Day,
        Self::Month,
        Self::Session,
        Self::User,
        Self::Tenant,
        Self::Agent,
        Self::Workflow,
        Self::Step,
    ];

    /// Its word, such as `model`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Operation => "operation",
            Self::Day => "day",
            Self::Month => "month",
            Self::Session => "session",
            Self::User => "user",
            Self::Tenant => "tenant",
            Self::Agent => "agent",
            Self::Workflow => "workflow",
            Self::Step => "step",
        }
    }

    const fn expression(self) -> &'static str {
        match self {
            Self::Model => "coalesce(model, response_model)",
            Self::Day => "strftime('%Y-%m-%d', ended_ms / 1000, 'unixepoch')",
            Self::Month => "strftime('%Y-%m', ended_ms / 1000, 'unixepoch')",
            other => other.name(),
        }
    }
}

impl FromStr for CostBy {
    type Err = UnknownCostBy;

    fn from_str(word: &str) -> Result<Self, UnknownCostBy> {
        let word = word.trim();
        Self::ALL.into_iter().find(|by| by.name().eq_ignore_ascii_case(word)).ok_or(UnknownCostBy)
    }
}

/// There is no such word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "costs are summed up by model, provider, operation, day, month, session, user, tenant, agent, workflow and step"
)]
pub struct UnknownCostBy;

/// From here to there.
#[derive(Clone, Copy)]
pub(super) struct Span {
    from_ms: i64,
    to_ms: i64,
}

impl Span {
    pub(super) fn new(from: SystemTime, to: SystemTime) -> Self {
        Self { from_ms: milliseconds(from), to_ms: milliseconds(to) }
    }
}

/// The first whole millisecond that is not before.
pub(super) fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
}

impl LedgerReader {
    /// What the calls that ended from here to there used and cost, a row for each combination that there is of what it is
    /// summed up by, in the order of these; one row in all where that is nothing.
    ///
    /// # Errors
    ///
    /// [`LedgerError`], where the file cannot be read.
    pub fn costs(
        &self,
        from: SystemTime,
        to: SystemTime,
        by: &[CostBy],
    ) -> Result<Vec<CostRow>, LedgerError> {
        let span = Span::new(from, to);
        let rows = || {
            with_sums(&self.connection)?;
            sums(&self.connection, span, by)
        };
        rows().map_err(|error| self.failed(error))
    }
}

/// Adds `decimal_sum` to what SQL can do.
pub(super) fn with_sums(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_aggregate_function("decimal_sum", 1, flags, DecimalSum)
}

pub(super) fn sums(
    connection: &Connection,
    Span { from_ms, to_ms }: Span,
    by: &[CostBy],
) -> rusqlite::Result<Vec<CostRow>> {
    let keys: String = by.iter().map(|by| format!("{}, ", by.expression())).collect();
    let places: String = (1..=by.len()).map(|place| format!("{place}, ")).collect();
    let currency = by.len() + 1;
    let query = format!(
        "SELECT {keys} currency, count(*), count(error), sum({UNPRICED}), sum(input_tokens), sum(output_tokens),
             sum(cache_read_tokens), sum(cache_write_tokens), sum(reasoning_tokens), decimal_sum(amount)
         FROM calls WHERE ended_ms >= ?1 AND ended_ms < ?2 GROUP BY {places} {currency} ORDER BY {places} {currency}"
    );
    let mut statement = connection.prepare(&query)?;
    let mut found = statement.query([from_ms, to_ms])?;
    let mut rows: Vec<CostRow> = Vec::new();
    while let Some(row) = found.next()? {
        let of: Vec<Option<String>> =
            (0..by.len()).map(|place| row.get(place)).collect::<rusqlite::Result<_>>()?;
        let sum = sum(row, by.len())?;
        // The same in another currency.
        match rows.last_mut().filter(|last| last.of == of) {
            Some(last) => last.sum.add(&sum),
            None => rows.push(CostRow { of, sum }),
        }
    }
    Ok(rows)
}

fn sum(row: &Row<'_>, keys: usize) -> rusqlite::Result<CostSum> {
    let count = |place: usize| {
        let number: Option<i64> = row.get(keys + place)?;
        Ok::<_, rusqlite::Error>(u64::try_from(number.unwrap_or_default()).unwrap_or_default())
    };
    let mut sum = CostSum {
        requests: count(1)?,
        errors: count(2)?,
        unpriced: count(3)?,
        input_tokens: count(4)?,
        output_tokens: count(5)?,
        cache_read_tokens: count(6)?,
        cache_write_tokens: count(7)?,
        reasoning_tokens: count(8)?,
        ..CostSum::default()
    };
    let currency: Option<String> = row.get(keys)?;
    let amount: Option<String> = row.get(keys + 9)?;
    if let (Some(currency), Some(amount)) = (currency, amount)
        && let (Ok(currency), Ok(amount)) = (currency.parse::<Currency>(), amount.parse())
    {
        sum.cost.add_amount(currency, amount);
    }
    Ok(sum)
}

/// Nothing is known to have been used by a call that failed without a word on that.
const UNPRICED: &str =
    "amount IS NULL AND (error IS NULL OR coalesce(input_tokens, output_tokens) IS NOT NULL)";

/// Adds up decimal numbers that are text.
struct DecimalSum;

impl Aggregate<Option<Decimal>, Option<String>> for DecimalSum {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Option<Decimal>> {
        Ok(None)
    }

    fn step(&self, row: &mut Context<'_>, sum: &mut Option<Decimal>) -> rusqlite::Result<()> {
        let Some(text) = row.get_raw(0).as_str_or_null()? else { return Ok(()) };
        let amount = Decimal::from_str(text)
            .map_err(|error| rusqlite::Error::UserFunctionError(error.into()))?;
        *sum = Some(sum.unwrap_or_default().saturating_add(amount));
        Ok(())
    }

    fn finalize(
        &self,
        _: &mut Context<'_>,
        sum: Option<Option<Decimal>>,
    ) -> rusqlite::Result<Option<String>> {
        Ok(sum.flatten().map(|sum| sum.to_string()))
    }
}
