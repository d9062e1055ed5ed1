//! The values of a table, each with what would be right in place of what is not.

use std::time::{Duration, SystemTime};

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use spanwise_core::{Currency, Decimal};

/// A price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Price(pub(super) Decimal);

const PRICE: &str = "a price is a decimal number from 0 to 1000000, such as 2.5";

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Price;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(PRICE)
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Price, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Price, E> {
                self.visit_str(&number.to_string())
            }

            /// The shortest text of a double is what was written.
            fn visit_f64<E: Error>(self, number: f64) -> Result<Price, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Price, E> {
                let price = text.trim().parse::<Decimal>().ok();
                let price = price.filter(|price| *price >= Decimal::ZERO && *price <= MOST);
                price.map(Price).ok_or_else(|| E::custom(PRICE))
            }
        }

        from.deserialize_any(Number)
    }
}

/// Nothing costs more; what does is meant for another unit.
const MOST: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// A currency. Defaults to US dollars.
#[derive(Clone, Copy, Debug)]
pub(super) struct Money(pub(super) Currency);

impl Default for Money {
    fn default() -> Self {
        Self(Currency::USD)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map(Self).map_err(D::Error::custom)
    }
}

/// The beginning of a day, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Date(pub(super) SystemTime);

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        const DATE: &str =
            "a date is a text in quotes of year, month and day, such as \"2026-11-30\"";
        let text = String::deserialize(from).map_err(|_| D::Error::custom(DATE))?;
        let whole = format!("{}T00:00:00Z", text.trim());
        let date =
            (text.trim().len() == "2026-11-30".len()).then(|| humantime::parse_rfc3339(&whole));
        match date {
            Some(Ok(date)) => Ok(Self(date)),
            _ => Err(D::Error::custom(DATE)),
        }
    }
}

/// The first moment that there is.
pub(super) const ALWAYS: SystemTime = SystemTime::UNIX_EPOCH;

/// A day, for those that end with it.
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);
