//! How much may be spent, on whom and in which time. *Extension.*
//!
//! ```text
//! before a call: check ───► is there anything left?                              ─► BudgetExceeded
//! after it:      charge ──► the accounts of its session, user, … ─► a threshold? ─► span, metric, handlers
//!                            (tokens, cost)
//! ```
//! Asking and charging take a lock for a moment, and do no I/O.

mod accounts;
mod builder;
mod exceeded;
mod period;
mod subject;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::{Context, StringValue};
use rust_decimal::Decimal;

pub use accounts::BudgetUse;
pub use builder::{BudgetBuilder, InvalidBudget};
pub use exceeded::BudgetExceeded;
pub use period::BudgetPeriod;
pub use subject::BudgetBy;

use crate::cost::{Cost, Currency, nearest};
use crate::operation::budget_reached;
use crate::recorder::{self, Measurement, Recorder, Series};
use crate::semconv::{Metric, attribute as key};
use crate::usage::Usage;
use accounts::{Accounts, Charged};
use period::Window;

/// How much may be spent, in money or in tokens: by the whole process or by each session, user, tenant, agent or tag;
/// by each call, in each window of time, or in all.
///
/// Calls are charged when they are over, whatever the sampler says, by what the operation recorded: its usage, and its
/// cost in the budget's currency. When a [threshold](BudgetBuilder::thresholds) is reached, 50 %, 80 % and 100 % unless
/// said otherwise, that is a span `budget.threshold` of no length under the call's, an event, the metric
/// `spanwise.budget.thresholds` (`{threshold}`), and handlers hear `budget.threshold`; of money `cost.threshold_exceeded`
/// as well. How much of it is used is the gauge `spanwise.budget.use` (`1`), of how much `spanwise.budget.limit` (`{unit}`).
///
/// Nothing is refused by itself, unless it is a [hard stop](BudgetBuilder::hard_stop): then the layers of
/// `spanwise-http` refuse model calls before they leave. [`check`](Self::check) asks by hand.
///
/// What a call costs is known when it is over. So calls that are under way when the limit is reached go beyond it, and
/// nothing else does: the overshoot is at most what the calls cost that were in flight.
///
/// It counts once it is given to `TelemetryConfig::budget` or [`RecorderBuilder::budget`]. Clones are the same budget.
///
/// ```
/// use spanwise_core::{Budget, BudgetBy, BudgetPeriod, Currency, Decimal};
///
/// # fn main() -> Result<(), spanwise_core::InvalidBudget> {
/// let daily = Budget::money("daily", Decimal::new(25, 0), Currency::USD)
///     .per(BudgetBy::User)
///     .within(BudgetPeriod::Day)
///     .hard_stop()
///     .build()?;
/// assert!(daily.check().is_ok());
/// # Ok(()) }
/// ```
///
/// [`RecorderBuilder::budget`]: crate::RecorderBuilder::budget
#[derive(Clone)]
pub struct Budget(Arc<Inner>);

struct Inner {
    name: StringValue,
    limit: Limit,
    by: BudgetBy,
    only: Option<Box<str>>,
    period: BudgetPeriod,
    /// In percent, rising.
    thresholds: Box<[u32]>,
    hard_stop: bool,
    accounts: Accounts,
}

/// How much may be spent, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Money(Decimal, Currency),
    Tokens(u64),
}

impl Limit {
    pub(crate) fn amount(self) -> Decimal {
        match self {
            Self::Money(amount, _) => amount,
            Self::Tokens(tokens) => tokens.into(),
        }
    }

    /// What a call takes of it; `None` where it says nothing of that.
    fn taken(self, usage: Option<Usage>, cost: Option<&Cost>) -> Option<Decimal> {
        match self {
            Self::Money(_, currency) => {
                cost.filter(|cost| cost.currency() == currency).map(Cost::amount)
            }
            Self::Tokens(_) => usage.map(|usage| usage.total_tokens().into()),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Money(amount, currency) => write!(f, "{amount} {currency}"),
            Self::Tokens(tokens) => write!(f, "{tokens} tokens"),
        }
    }
}

impl Budget {
    /// A budget of so much money. Costs in other currencies are not charged to it.
    pub fn money(
        name: impl Into<StringValue>,
        limit: Decimal,
        currency: Currency,
    ) -> BudgetBuilder {
        BudgetBuilder::new(name.into(), Limit::Money(limit, currency))
    }

    /// A budget of so many tokens, input and output together.
    pub fn tokens(name: impl Into<StringValue>, limit: u64) -> BudgetBuilder {
        BudgetBuilder::new(name.into(), Limit::Tokens(limit))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// How much may be spent, in whole units of its currency, or tokens.
    pub fn limit(&self) -> Decimal {
        self.0.limit.amount()
    }

    /// The currency of its limit; `None` where that is tokens.
    pub fn currency(&self) -> Option<Currency> {
        match self.0.limit {
            Limit::Money(_, currency) => Some(currency),
            Limit::Tokens(_) => None,
        }
    }

    /// In what its limit is: a currency, or `tokens`.
    pub(crate) fn unit(&self) -> &str {
        match &self.0.limit {
            Limit::Money(_, currency) => currency.as_str(),
            Limit::Tokens(_) => "tokens",
        }
    }

    /// Whose spending is told apart.
    pub fn by(&self) -> BudgetBy {
        self.0.by
    }

    /// In which time it counts.
    pub fn period(&self) -> BudgetPeriod {
        self.0.period
    }

    /// Whether layers refuse calls when it is used up.
    pub fn is_hard_stop(&self) -> bool {
        self.0.hard_stop
    }

    /// Asks whether anything is left for a call here and now: of the session, user, … that the
    /// [`scope`](crate::scope()) says, or the agent around. Where it says none, nothing is charged, and all is well.
    ///
    /// # Errors
    ///
    /// [`BudgetExceeded`], where it is used up.
    pub fn check(&self) -> Result<(), BudgetExceeded> {
        Context::map_current(|context| self.check_in(context))
    }

    /// The same, for a call in this context.
    ///
    /// # Errors
    ///
    /// [`BudgetExceeded`], where it is used up.
    pub fn check_in(&self, context: &Context) -> Result<(), BudgetExceeded> {
        let now = recorder::of(context).map_or_else(SystemTime::now, |recorder| recorder.now());
        self.check_at(context, now)
    }

    fn check_at(&self, context: &Context, now: SystemTime) -> Result<(), BudgetExceeded> {
        let Inner { limit, by, period, .. } = *self.0;
        if period == BudgetPeriod::Call {
            return Ok(());
        }
        by.each(context, self.0.only.as_deref(), |subject| {
            let (spent, until) = self.0.accounts.spent(subject, now)?;
            let is_left = spent < limit.amount();
            (!is_left).then(|| BudgetExceeded::new(self, subject, spent, until))
        })
        .map_or(Ok(()), Err)
    }

    /// How much every session, user, … has spent, in the present window, those who spent most first.
    pub fn uses(&self) -> Vec<BudgetUse> {
        let mut uses = self.0.accounts.uses(SystemTime::now());
        uses.sort_by(|a, b| b.spent.cmp(&a.spent).then_with(|| a.subject.cmp(&b.subject)));
        uses
    }

    /// When the window began in which this time lies: what was spent before counts no more. 1970 for all time, `None` where
    /// each call counts by itself.
    pub fn window_start(&self, at: SystemTime) -> Option<SystemTime> {
        let is_by_call = self.0.period == BudgetPeriod::Call;
        (!is_by_call).then(|| Window::of(self.0.period, at).from)
    }

    /// Counts what was spent before, such as in a process that is no more: by this session, user, … (empty for the
    /// process), at that time. Thresholds that it reaches are not told. What lies before the present window, and what
    /// is charged by call, leaves no trace.
    pub fn carry_over(&self, subject: &str, spent: Decimal, at: SystemTime) {
        if self.0.only.as_deref().is_none_or(|only| only == subject) {
            self.charge(subject, spent, at);
        }
    }

    fn charge(&self, subject: &str, amount: Decimal, at: SystemTime) -> Option<Charged> {
        let Inner { limit, period, thresholds, accounts, .. } = &*self.0;
        match period {
            BudgetPeriod::Call => Some(Charged::of_call(amount, limit.amount(), thresholds)),
            period => {
                let window = Window::of(*period, at);
                accounts.charge(subject, amount, window, limit.amount(), thresholds)
            }
        }
    }

    /// Charges a call that is over, in its context, and tells of thresholds.
    fn spent(&self, call: &Call<'_>, recorder: &Recorder) {
        let Some(amount) = self.0.limit.taken(call.usage, call.cost) else { return };
        self.0.by.each(call.context, self.0.only.as_deref(), |subject| {
            if let Some(charged) = self.charge(subject, amount, call.ended_at) {
                self.tell(&charged, call.context, recorder);
            }
            None::<()>
        });
    }

    fn tell(&self, charged: &Charged, context: &Context, recorder: &Recorder) {
        let mut series = Series::new();
        series.push_text(key::SPANWISE_BUDGET_NAME, Some(self.name()));
        series.push_text(key::SPANWISE_BUDGET_UNIT, Some(self.unit()));
        let measured = [
            Measurement::amount(Metric::SpanwiseBudgetUse, nearest(charged.fullest)),
            Measurement::amount(Metric::SpanwiseBudgetLimit, nearest(self.limit())),
        ];
        recorder.metrics.record(&series, &measured);
        if charged.reached.is_empty() {
            return;
        }
        let _inside = context.clone().attach();
        for percent in charged.reached.iter().copied() {
            budget_reached(self, percent, charged.spent);
        }
    }
}

/// Which it is, and no numbers of anyone.
impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("name", &self.name())
            .field("limit", &format_args!("{}", self.0.limit))
            .field("by", &self.0.by)
            .field("period", &self.0.period)
            .field("hard_stop", &self.0.hard_stop)
            .finish_non_exhaustive()
    }
}

/// A call that is over, as budgets see it.
pub(crate) struct Call<'a> {
    pub(crate) context: &'a Context,
    pub(crate) usage: Option<Usage>,
    pub(crate) cost: Option<&'a Cost>,
    pub(crate) ended_at: SystemTime,
}

/// Charges a call to all budgets of a recorder.
pub(crate) fn charge(recorder: &Recorder, call: &Call<'_>) {
    for budget in &recorder.budgets {
        budget.spent(call, recorder);
    }
}

/// Asks all budgets that are a [hard stop](BudgetBuilder::hard_stop) whether a call may be made in this context, and counts
/// it as refused where it may not: `spanwise.budget.refusals` (`{call}`).
///
/// For adapters of clients: those of `spanwise-http` do so before a request leaves.
///
/// # Errors
///
/// [`BudgetExceeded`], of the first budget that is used up.
pub fn check_budgets(context: &Context) -> Result<(), BudgetExceeded> {
    let Some(recorder) = recorder::of(context).filter(|recorder| !recorder.budgets.is_empty())
    else {
        return Ok(());
    };
    let now = recorder.now();
    let mut hard = recorder.budgets.iter().filter(|budget| budget.is_hard_stop());
    let Some(exceeded) = hard.find_map(|budget| budget.check_at(context, now).err()) else {
        return Ok(());
    };
    let mut series = Series::new();
    series.push_text(key::SPANWISE_BUDGET_NAME, Some(exceeded.budget()));
    let refused = Measurement::count(Metric::SpanwiseBudgetRefusals, 1);
    recorder.metrics.record(&series, &[refused]);
    Err(exceeded)
}
