//! Sums of costs.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Cost, Currency};

/// What several calls cost together, a sum for each currency: amounts of different ones are never added.
///
/// As JSON an object, `{"USD": 0.0125}`.
///
/// ```
/// use spanwise_core::{Cost, CostSource, CostTotals, Currency, Decimal};
///
/// let mut totals = CostTotals::default();
/// for cents in [1, 2] {
///     totals.add(&Cost::new(Decimal::new(cents, 2), Currency::USD, CostSource::Table));
/// }
/// assert_eq!(totals.get(Currency::USD), Some(Decimal::new(3, 2)));
/// assert_eq!(totals.get(Currency::EUR), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CostTotals(BTreeMap<Currency, Decimal>);

impl CostTotals {
    /// Adds what a call cost.
    pub fn add(&mut self, cost: &Cost) {
        self.add_amount(cost.currency(), cost.amount());
    }

    /// Adds an amount. What no sum can hold any more stays at the most that there is.
    pub fn add_amount(&mut self, currency: Currency, amount: Decimal) {
        let sum = self.0.entry(currency).or_default();
        *sum = sum.saturating_add(amount);
    }

    /// The sum in this currency; `None` where nothing was charged in it.
    pub fn get(&self, currency: Currency) -> Option<Decimal> {
        self.0.get(&currency).copied()
    }

    /// The sums, in the order of the currencies' letters.
    pub fn iter(&self) -> impl Iterator<Item = (Currency, Decimal)> {
        self.0.iter().map(|(currency, amount)| (*currency, *amount))
    }

    /// Whether no cost was added, not even one of nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Currency, Decimal)> for CostTotals {
    fn from_iter<I: IntoIterator<Item = (Currency, Decimal)>>(sums: I) -> Self {
        let mut totals = Self::default();
        sums.into_iter().for_each(|(currency, amount)| totals.add_amount(currency, amount));
        totals
    }
}
