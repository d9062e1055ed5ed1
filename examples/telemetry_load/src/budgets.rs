//! What the work may spend.

use std::time::Duration;

use spanwise::{Budget, BudgetBy, BudgetPeriod, Currency, Decimal, InvalidBudget};

/// The tag of those who may not spend much.
pub(crate) const TRIAL: &str = "trial";

/// A dollar for all of it, which nothing stops, and some tokens a minute for those on trial, who are refused beyond that.
///
/// # Errors
///
/// None that these have.
pub fn budgets() -> Result<[Budget; 2], InvalidBudget> {
    let all = Budget::money("load", Decimal::ONE, Currency::USD).build()?;
    let trial = Budget::tokens("trial", 5000)
        .per(BudgetBy::Tag)
        .only(TRIAL)
        .within(BudgetPeriod::Every(Duration::from_secs(60)))
        .hard_stop()
        .build()?;
    Ok([all, trial])
}
