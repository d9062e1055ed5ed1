//! What a call cost.
//!
//! ```text
//! the call ends ─► was its cost told? ─yes─► that one          spanwise.cost.* on its span
//!  (usage, model)        └──no──► Pricing ─► Some(Cost) ────►  spanwise.cost, spanwise.cost.calls
//!                                    └─────► None: no number, and a counted miss
//! ```
//! *Extension.*

mod currency;
mod estimate;
mod json;
mod pricing;
mod totals;
mod units;

use opentelemetry::{KeyValue, StringValue};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

pub use currency::{Currency, UnknownCurrency};
pub use estimate::TokenEstimator;
pub(crate) use estimate::estimate;
pub use pricing::{PricedCall, Pricing};
pub use totals::CostTotals;
pub use units::BilledUnits;

use crate::semconv::attribute as key;
use crate::semconv::value::spanwise_cost_source as source;

/// What one call cost: an amount, its currency, and who says so.
///
/// Amounts are decimal, kept to the trillionth of the currency's unit, and never below zero. Attributes and metrics, which know no
/// decimal numbers, carry the nearest double.
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `spanwise.cost.amount` | double | [`amount`](Self::amount) |
/// | `spanwise.cost.currency` | string | [`currency`](Self::currency), such as `USD` |
/// | `spanwise.cost.source` | string | [`source`](Self::source) |
/// | `spanwise.cost.table_version` | string | [`table_version`](Self::table_version) |
///
/// ```
/// use spanwise_core::{Cost, CostSource, Currency, Decimal};
///
/// let cost = Cost::new(Decimal::new(125, 5), Currency::USD, CostSource::Provider);
/// assert_eq!(cost.amount().to_string(), "0.00125");
/// assert_eq!(cost.amount_f64(), 0.00125);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    amount: Decimal,
    currency: Currency,
    source: CostSource,
    table_version: Option<StringValue>,
}

/// Amounts are kept to this many decimals: a tenth of the finest price that is known, that of a cached token at half price.
const DECIMALS: u32 = 12;

impl Cost {
    /// A cost. What is finer than a trillionth is rounded, half to even; an amount below zero is zero.
    #[inline]
    pub fn new(amount: Decimal, currency: Currency, source: CostSource) -> Self {
        let amount = if amount.is_sign_negative() { Decimal::ZERO } else { amount };
        let amount = if amount.scale() > DECIMALS { amount.round_dp(DECIMALS) } else { amount };
        Self { amount, currency, source, table_version: None }
    }

    /// The same for an amount that came as a double: rounded once, here. `None` for what is no amount.
    ///
    /// ```
    /// use spanwise_core::{Cost, CostSource, Currency};
    ///
    /// let cost = Cost::from_f64(0.1 + 0.2, Currency::USD, CostSource::Provider).unwrap();
    /// assert_eq!(cost.amount().to_string(), "0.3");
    /// assert_eq!(Cost::from_f64(f64::NAN, Currency::USD, CostSource::Provider), None);
    /// ```
    pub fn from_f64(amount: f64, currency: Currency, source: CostSource) -> Option<Self> {
        decimal(amount).map(|amount| Self::new(amount, currency, source))
    }

    /// Names the version of the table that it is from.
    #[inline]
    #[must_use]
    pub fn with_table_version(mut self, version: impl Into<StringValue>) -> Self {
        let version = version.into();
        let is_empty = version.as_str().is_empty();
        self.table_version = (!is_empty).then_some(version);
        self
    }

    /// The same, said to be reckoned from tokens that were estimated.
    #[must_use]
    pub fn estimated(self) -> Self {
        Self { source: CostSource::Estimated, ..self }
    }

    /// How much, in whole units of the currency.
    pub fn amount(&self) -> Decimal {
        self.amount.normalize()
    }

    /// The nearest double.
    pub fn amount_f64(&self) -> f64 {
        nearest(self.amount)
    }

    /// Of what.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// Who says so.
    pub fn source(&self) -> CostSource {
        self.source
    }

    /// The version of the table that it is from, where it is from one.
    pub fn table_version(&self) -> Option<&str> {
        self.table_version.as_ref().map(StringValue::as_str)
    }

    pub(crate) fn push_attributes(&self, attributes: &mut Vec<KeyValue>) {
        attributes.push(key::SPANWISE_COST_AMOUNT.of(self.amount_f64()));
        attributes.push(key::SPANWISE_COST_CURRENCY.of(self.currency));
        attributes.push(key::SPANWISE_COST_SOURCE.of(self.source.as_str()));
        let version = self.table_version.clone();
        attributes.extend(version.map(|version| key::SPANWISE_COST_TABLE_VERSION.of(version)));
    }
}

/// Who says what a call cost: `spanwise.cost.source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CostSource {
    /// `provider`: the provider or a gateway, with its answer; or the program, by hand.
    Provider,
    /// `table`: a table of published prices.
    Table,
    /// `own`: the program's own prices.
    Own,
    /// `estimated`: a table, for tokens that were estimated.
    Estimated,
}

impl CostSource {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Provider, Self::Table, Self::Own, Self::Estimated];

    /// Its word in `spanwise.cost.source`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provider => source::PROVIDER,
            Self::Table => source::TABLE,
            Self::Own => source::OWN,
            Self::Estimated => source::ESTIMATED,
        }
    }
}

/// Powers of ten that a double holds exactly.
const POWERS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The nearest double, without text in between where that is possible.
pub(crate) fn nearest(amount: Decimal) -> f64 {
    /// Below this a double holds every whole number: one divided by a power of ten is rounded once, and so to the nearest.
    const EXACT: i128 = 1 << 53;
    let mantissa = amount.mantissa();
    match (POWERS.get(amount.scale() as usize), mantissa.to_i64()) {
        (Some(power), Some(whole)) if mantissa.abs() < EXACT => whole as f64 / power,
        _ => amount.to_string().parse().unwrap_or_default(),
    }
}

/// The decimal number that a double stands for: what it says for sure are 15 digits, and of them no more than a cost keeps.
/// `rust_decimal`'s own conversion may miss the fifteenth. `None` for what is no number, and for what no decimal can hold.
fn decimal(amount: f64) -> Option<Decimal> {
    /// Below this, a double and a power of ten multiply to less than half a unit beside the whole number that is meant.
    const SURE: f64 = 1e15;
    let scaled = |scale: u32| (scale, amount * POWERS[scale as usize]);
    let fits = (0..=DECIMALS).rev().map(scaled).find(|(_, scaled)| scaled.abs() < SURE);
    match fits {
        Some((scale, scaled)) => Some(Decimal::new(scaled.round_ties_even() as i64, scale)),
        None => rust_decimal::prelude::FromPrimitive::from_f64(amount),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn doubles_are_the_nearest(mantissa in 0_i64..i64::MAX, scale in 0_u32..20) {
            let amount = Decimal::new(mantissa, scale);
            prop_assert_eq!(nearest(amount), amount.to_string().parse::<f64>().unwrap());
        }

        #[test]
        fn an_amount_of_fifteen_digits_comes_back_from_its_double(
            mantissa in 0_i64..1_000_000_000_000_000,
            scale in 0_u32..=12,
        ) {
            let cost = Cost::new(Decimal::new(mantissa, scale), Currency::EUR, CostSource::Own);
            let back = Cost::from_f64(cost.amount_f64(), Currency::EUR, CostSource::Own);
            prop_assert_eq!(back, Some(cost));
        }
    }

    #[test]
    fn amounts_are_rounded_once_and_never_below_zero() {
        let cost = |amount: &str| {
            let amount = amount.parse().unwrap();
            Cost::new(amount, Currency::USD, CostSource::Table).amount().to_string()
        };
        assert_eq!(cost("0.0000000000015"), "0.000000000002");
        assert_eq!(cost("0.0000000000025"), "0.000000000002");
        assert_eq!(cost("-1"), "0");
        assert_eq!(Cost::from_f64(f64::INFINITY, Currency::USD, CostSource::Table), None);
    }

    #[test]
    fn the_fifteenth_digit_of_a_double_is_kept() {
        let back = |amount: f64| {
            let cost = Cost::from_f64(amount, Currency::USD, CostSource::Provider);
            cost.map(|cost| cost.amount().to_string())
        };
        assert_eq!(back(4_161.495_791_440_61).as_deref(), Some("4161.49579144061"));
        assert_eq!(back(999_999_999_999_999.0).as_deref(), Some("999999999999999"));
        assert_eq!(back(1e20).as_deref(), Some("100000000000000000000"));
        assert_eq!(back(1.5e-7).as_deref(), Some("0.00000015"));
        assert_eq!(back(1e300), None);
    }

    #[test]
    fn every_source_has_its_word() {
        let words = CostSource::ALL.map(CostSource::as_str);
        assert!(words.iter().all(|word| source::ALL.contains(word)));
    }
}
