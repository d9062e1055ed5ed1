//! What budgets are told of earlier processes.

use std::time::SystemTime;

use rusqlite::Row;
use spanwise_core::{Budget, BudgetBy, Currency, Decimal};

use super::query::{milliseconds, with_sums};
use super::{Ledger, LedgerError, LedgerReader};

impl Ledger {
    /// Counts what stands here of the present window as spent, whichever process wrote it, so that a restart forgets nothing.
    /// `TelemetryConfig::ledger` does so by itself for its budgets. It blocks while the file is read.
    ///
    /// # Errors
    ///
    /// [`LedgerError`], where the file cannot be read.
    pub fn carry_over(&self, budget: &Budget) -> Result<(), LedgerError> {
        let reader = LedgerReader::open(self.path())?;
        reader.spent(budget, SystemTime::now()).map_err(|error| reader.failed(error))
    }
}

impl LedgerReader {
    fn spent(&self, budget: &Budget, now: SystemTime) -> rusqlite::Result<()> {
        let Some(since) = budget.window_start(now) else { return Ok(()) };
        with_sums(&self.connection)?;
        let (subject, tables) = match budget.by() {
            BudgetBy::Session => ("session", "calls"),
            BudgetBy::User => ("user", "calls"),
            BudgetBy::Tenant => ("tenant", "calls"),
            BudgetBy::Agent => ("agent", "calls"),
            BudgetBy::Tag => ("tag.value", "calls, json_each(calls.tags) AS tag"),
            _ => ("''", "calls"),
        };
        let query = format!(
            "SELECT {subject}, currency, decimal_sum(amount),
                 sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0))
             FROM {tables} WHERE ended_ms >= ?1 AND {subject} IS NOT NULL GROUP BY 1, 2"
        );
        let mut statement = self.connection.prepare(&query)?;
        let mut found = statement.query([milliseconds(since)])?;
        while let Some(row) = found.next()? {
            if let Some(spent) = spent(row, budget.currency())? {
                budget.carry_over(row.get_ref(0)?.as_str()?, spent, now);
            }
        }
        Ok(())
    }
}

/// Of what the budget counts.
fn spent(row: &Row<'_>, currency: Option<Currency>) -> rusqlite::Result<Option<Decimal>> {
    let Some(currency) = currency else {
        return Ok(Some(row.get::<_, i64>(3)?.into()));
    };
    let (of, amount): (Option<String>, Option<String>) = (row.get(1)?, row.get(2)?);
    let amount = amount.filter(|_| of.is_some_and(|of| of == currency.as_str()));
    Ok(amount.and_then(|amount| amount.parse().ok()))
}
