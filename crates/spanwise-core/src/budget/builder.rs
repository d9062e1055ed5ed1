//! How a budget is made.

use std::fmt;
use std::time::Duration;

use opentelemetry::StringValue;
use rust_decimal::Decimal;

use super::accounts::Accounts;
use super::{Budget, BudgetBy, BudgetPeriod, Inner, Limit};

/// What is known of a [`Budget`] before it counts.
#[derive(Clone, Debug)]
#[must_use = "call `build`"]
pub struct BudgetBuilder {
    name: StringValue,
    limit: Limit,
    by: BudgetBy,
    only: Option<Box<str>>,
    period: BudgetPeriod,
    thresholds: Vec<u32>,
    hard_stop: bool,
    most: usize,
}

/// Why a [`BudgetBuilder`] makes no budget: what is wrong, and what would be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidBudget(&'static str);

impl fmt::Display for InvalidBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidBudget {}

impl BudgetBuilder {
    pub(super) fn new(name: StringValue, limit: Limit) -> Self {
        Self {
            name,
            limit,
            by: BudgetBy::Process,
            only: None,
            period: BudgetPeriod::Total,
            thresholds: vec![50, 80, 100],
            hard_stop: false,
            most: 100_000,
        }
    }

    /// Whose spending is told apart: each has all of the limit. Defaults to the whole process.
    pub fn per(mut self, by: BudgetBy) -> Self {
        self.by = by;
        self
    }

    /// Counts the spending of this one session, user, … alone. Defaults to each of them.
    pub fn only(mut self, subject: impl Into<Box<str>>) -> Self {
        self.only = Some(subject.into());
        self
    }

    /// In which time it counts. Defaults to all.
    pub fn within(mut self, period: BudgetPeriod) -> Self {
        self.period = period;
        self
    }

    /// At how many percent of the limit it is told. Defaults to 50, 80 and 100.
    pub fn thresholds(mut self, percent: impl IntoIterator<Item = u32>) -> Self {
        self.thresholds = percent.into_iter().collect();
        self
    }

    /// Has layers of HTTP clients refuse model calls when it is used up. Defaults to not.
    pub fn hard_stop(mut self) -> Self {
        self.hard_stop = true;
        self
    }

    /// Of how many sessions, users, … the spending is kept in memory. Defaults to 100,000. Beyond that those are forgotten
    /// whose window is over, then those that have not spent anything for longest.
    pub fn max_subjects(mut self, subjects: usize) -> Self {
        self.most = subjects;
        self
    }

    /// The budget.
    ///
    /// # Errors
    ///
    /// [`InvalidBudget`], where it could not mean anything.
    pub fn build(self) -> Result<Budget, InvalidBudget> {
        let Self { name, limit, by, only, period, mut thresholds, hard_stop, most } = self;
        let wrong = if name.as_str().is_empty() {
            Some("a budget has no name: give it one, of low cardinality")
        } else if limit.amount() <= Decimal::ZERO {
            Some("a budget's limit is not above zero: give an amount or a number of tokens")
        } else if thresholds.contains(&0) {
            Some("a budget has a threshold of zero percent: give whole numbers above zero")
        } else if period == BudgetPeriod::Every(Duration::ZERO) {
            Some("a budget's window has no length: give one above zero")
        } else if hard_stop && period == BudgetPeriod::Call {
            Some(
                "a budget for each call cannot stop it, since what it costs is known when it is over: leave \
                  `hard_stop` out, or give a window",
            )
        } else if only.is_some() && by == BudgetBy::Process {
            Some(
                "a budget of the whole process is nobody's alone: say by what with `per`, or leave `only` out",
            )
        } else if most == 0 {
            Some("a budget keeps nobody's spending: give `max_subjects` a number above zero")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            return Err(InvalidBudget(wrong));
        }
        thresholds.sort_unstable();
        thresholds.dedup();
        let accounts = Accounts::new(most);
        let thresholds = thresholds.into();
        Ok(Budget(Inner { name, limit, by, only, period, thresholds, hard_stop, accounts }.into()))
    }
}
