//! Costs as JSON: amounts are numbers, whose digits are those of the decimal.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Cost, CostSource, CostTotals, Currency, nearest};

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for CostSource {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CostSource {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let word = String::deserialize(from)?;
        let known = Self::ALL.into_iter().find(|source| source.as_str() == word);
        known.ok_or_else(|| D::Error::custom("a cost is from provider, table, own or estimated"))
    }
}

/// An amount: a number, or a text of one.
struct Amount(Decimal);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(nearest(self.0))
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(serde_json::Number),
            Text(String),
        }
        let text = match Written::deserialize(from)? {
            Written::Number(number) => number.to_string(),
            Written::Text(text) => text,
        };
        let exact = text.parse().or_else(|_| Decimal::from_scientific(&text));
        exact.map(Self).map_err(|_| D::Error::custom("an amount is a decimal number"))
    }
}

#[derive(Serialize, Deserialize)]
struct Written {
    amount: Amount,
    currency: Currency,
    source: CostSource,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    table_version: Option<String>,
}

impl Serialize for Cost {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Written {
            amount: Amount(self.amount),
            currency: self.currency,
            source: self.source,
            table_version: self.table_version().map(str::to_owned),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for Cost {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Written { amount, currency, source, table_version } = Written::deserialize(from)?;
        let cost = Self::new(amount.0, currency, source);
        Ok(table_version.into_iter().fold(cost, Self::with_table_version))
    }
}

impl Serialize for CostTotals {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.iter().map(|(currency, amount)| (currency, Amount(amount))))
    }
}

impl<'de> Deserialize<'de> for CostTotals {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let sums = BTreeMap::<Currency, Amount>::deserialize(from)?;
        Ok(sums.into_iter().map(|(currency, amount)| (currency, amount.0)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_written_with_the_digits_of_its_decimal_and_read_back() {
        let cost = Cost::new(Decimal::new(1_234_567, 11), Currency::USD, CostSource::Table);
        let cost = cost.with_table_version("2026-10");
        let text = serde_json::to_string(&cost).unwrap();
        assert_eq!(
            text,
            r#"{"amount":0.00001234567,"currency":"USD","source":"table","table_version":"2026-10"}"#
        );
        assert_eq!(serde_json::from_str::<Cost>(&text).unwrap(), cost);
    }

    #[test]
    fn small_amounts_and_texts_are_read() {
        for text in ["1e-7", "\"0.0000001\"", "\"1e-7\""] {
            let text = format!(r#"{{"amount":{text},"currency":"eur","source":"own"}}"#);
            let cost: Cost = serde_json::from_str(&text).unwrap();
            assert_eq!(cost.amount(), Decimal::new(1, 7));
            assert_eq!(cost.currency(), Currency::EUR);
        }
        let broken = r#"{"amount":"much","currency":"EUR","source":"own"}"#;
        assert!(serde_json::from_str::<Cost>(broken).is_err());
    }

    #[test]
    fn totals_are_an_object_by_currency() {
        let totals = CostTotals::from_iter([
            (Currency::USD, Decimal::new(15, 1)),
            (Currency::EUR, Decimal::new(2, 3)),
        ]);
        let text = serde_json::to_string(&totals).unwrap();
        assert_eq!(text, r#"{"EUR":0.002,"USD":1.5}"#);
        assert_eq!(serde_json::from_str::<CostTotals>(&text).unwrap(), totals);
    }
}
