//! What is said where nothing is left.

use std::fmt;
use std::time::SystemTime;

use opentelemetry::StringValue;
use rust_decimal::Decimal;

use super::{Budget, BudgetBy, Limit};

/// A [`Budget`] is used up: by [`Budget::check`], and by layers that refuse a call. `error.type` is `budget_exceeded`.
///
/// Its text names the budget, never whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct BudgetExceeded(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    budget: StringValue,
    by: BudgetBy,
    subject: Box<str>,
    limit: Limit,
    spent: Decimal,
    until: Option<SystemTime>,
}

impl BudgetExceeded {
    /// `error.type` of what was refused because of it.
    pub const ERROR_TYPE: &str = "budget_exceeded";

    pub(super) fn new(
        budget: &Budget,
        subject: &str,
        spent: Decimal,
        until: Option<SystemTime>,
    ) -> Self {
        let (budget, by, limit) = (budget.0.name.clone(), budget.0.by, budget.0.limit);
        Self(Box::new(Inner { budget, by, subject: subject.into(), limit, spent, until }))
    }

    /// The name of the budget.
    pub fn budget(&self) -> &str {
        self.0.budget.as_str()
    }

    /// Whose spending it tells apart.
    pub fn by(&self) -> BudgetBy {
        self.0.by
    }

    /// Which session, user, … it was; empty for the process.
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// How much may be spent.
    pub fn limit(&self) -> Decimal {
        self.0.limit.amount()
    }

    /// How much has been.
    pub fn spent(&self) -> Decimal {
        self.0.spent
    }

    /// When there is something to spend again; `None` where that is never.
    pub fn until(&self) -> Option<SystemTime> {
        self.0.until
    }
}

impl fmt::Display for BudgetExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { budget, by, limit, .. } = &*self.0;
        let budget = budget.as_str();
        match by {
            BudgetBy::Process => write!(f, "the budget `{budget}` of {limit} is used up"),
            by => write!(f, "the budget `{budget}` of {limit} for each {} is used up", by.name()),
        }
    }
}

impl fmt::Debug for BudgetExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BudgetExceeded")
            .field("budget", &self.budget())
            .field("limit", &format_args!("{}", self.0.limit))
            .finish_non_exhaustive()
    }
}

impl std::error::Error for BudgetExceeded {}
