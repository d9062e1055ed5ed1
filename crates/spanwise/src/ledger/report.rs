//! What calls used and cost, from every side.

use std::collections::BTreeMap;
use std::iter::Sum;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use spanwise_core::CostTotals;

use super::query::{Span, sums, with_sums};
use super::{CostBy, LedgerError, LedgerReader};

/// What calls used and cost together.
///
/// As JSON an object with these fields; costs are an object with a number for each currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CostSum {
    /// How many calls there were.
    pub requests: u64,
    /// How many of them failed.
    pub errors: u64,
    /// Of how many it is not known what they cost; of those that failed, only where they used anything.
    pub unpriced: u64,
    /// Input tokens, cached ones included.
    pub input_tokens: u64,
    /// Output tokens, those of reasoning included.
    pub output_tokens: u64,
    /// Input tokens that came from the provider's cache.
    pub cache_read_tokens: u64,
    /// Input tokens that were written to it.
    pub cache_write_tokens: u64,
    /// Output tokens that the model spent on reasoning.
    pub reasoning_tokens: u64,
    /// What they cost, a sum for each currency, exact to the last decimal.
    pub cost: CostTotals,
}

impl CostSum {
    pub(super) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.unpriced += other.unpriced;
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cache_read_tokens += other.cache_read_tokens;
        self.cache_write_tokens += other.cache_write_tokens;
        self.reasoning_tokens += other.reasoning_tokens;
        other.cost.iter().for_each(|(currency, amount)| self.cost.add_amount(currency, amount));
    }
}

impl<'a> Sum<&'a CostSum> for CostSum {
    fn sum<I: Iterator<Item = &'a CostSum>>(sums: I) -> Self {
        sums.fold(Self::default(), |mut all, sum| {
            all.add(sum);
            all
        })
    }
}

/// What some of the calls used and cost; see [`LedgerReader::costs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostRow {
    /// Which calls: a value for each thing that was asked by, `None` for those of which it is not known.
    pub of: Vec<Option<String>>,
    /// What they used and cost.
    pub sum: CostSum,
}

/// What all calls of some time used and cost, from every side; by [`cost_report`](crate::cost_report) and
/// [`Ledger::cost_report`](crate::Ledger::cost_report).
///
/// Each side adds up to the total, to the last decimal. Calls of which something is not known, such as those of no user,
/// stand under [`NONE`](Self::NONE).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CostReport {
    /// All calls.
    pub total: CostSum,
    /// By the model that was asked for, or else the one that answered.
    pub by_model: BTreeMap<String, CostSum>,
    /// By `gen_ai.provider.name`.
    pub by_provider: BTreeMap<String, CostSum>,
    /// By day, in UTC, such as `2026-11-22`.
    pub by_day: BTreeMap<String, CostSum>,
    /// By month, in UTC, such as `2026-11`.
    pub by_month: BTreeMap<String, CostSum>,
    /// By `session.id`.
    pub by_session: BTreeMap<String, CostSum>,
    /// By `user.id`.
    pub by_user: BTreeMap<String, CostSum>,
    /// By `spanwise.tenant.id`.
    pub by_tenant: BTreeMap<String, CostSum>,
    /// By the nearest agent around the call.
    pub by_agent: BTreeMap<String, CostSum>,
    /// By the nearest workflow around the call.
    pub by_workflow: BTreeMap<String, CostSum>,
    /// By the nearest step around the call.
    pub by_step: BTreeMap<String, CostSum>,
}

impl CostReport {
    /// Where calls stand of which it is not known, or which have none.
    pub const NONE: &str = "(none)";
}

impl LedgerReader {
    /// What all calls that ended from here to there used and cost: `to` itself is not in it.
    ///
    /// # Errors
    ///
    /// [`LedgerError`], where the file cannot be read.
    pub fn cost_report(&self, from: SystemTime, to: SystemTime) -> Result<CostReport, LedgerError> {
        self.read_report(Span::new(from, to)).map_err(|error| self.failed(error))
    }

    fn read_report(&self, span: Span) -> rusqlite::Result<CostReport> {
        with_sums(&self.connection)?;
        // All sides see the same rows, whatever is written meanwhile.
        let transaction = self.connection.unchecked_transaction()?;
        let by = |by: CostBy| {
            let rows = sums(&transaction, span, &[by])?.into_iter();
            let mut by_name = BTreeMap::<String, CostSum>::new();
            for CostRow { of, sum } in rows {
                let name = of.into_iter().next().flatten();
                let name = name.unwrap_or_else(|| CostReport::NONE.to_owned());
                by_name.entry(name).or_default().add(&sum);
            }
            Ok::<_, rusqlite::Error>(by_name)
        };
        let total = sums(&transaction, span, &[])?.into_iter().next();
        Ok(CostReport {
            total: total.map(|row| row.sum).unwrap_or_default(),
            by_model: by(CostBy::Model)?,
            by_provider: by(CostBy::Provider)?,
            by_day: by(CostBy::Day)?,
            by_month: by(CostBy::Month)?,
            by_session: by(CostBy::Session)?,
            by_user: by(CostBy::User)?,
            by_tenant: by(CostBy::Tenant)?,
            by_agent: by(CostBy::Agent)?,
            by_workflow: by(CostBy::Workflow)?,
            by_step: by(CostBy::Step)?,
        })
    }
}
