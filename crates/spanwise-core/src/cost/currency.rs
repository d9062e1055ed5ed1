//! Currencies.

use std::fmt;
use std::str::FromStr;

use opentelemetry::StringValue;

/// A currency, by its three letters of ISO 4217.
///
/// ```
/// use spanwise_core::Currency;
///
/// assert_eq!("eur".parse(), Ok(Currency::EUR));
/// assert!("euro".parse::<Currency>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    /// US dollars: what nearly all providers charge in.
    pub const USD: Self = Self(*b"USD");
    /// Euros.
    pub const EUR: Self = Self(*b"EUR");
    /// Pounds.
    pub const GBP: Self = Self(*b"GBP");
    /// Yuan.
    pub const CNY: Self = Self(*b"CNY");
    /// Yen.
    pub const JPY: Self = Self(*b"JPY");

    /// Its three letters, in capitals.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl From<Currency> for StringValue {
    fn from(currency: Currency) -> Self {
        match currency {
            Currency::USD => "USD".into(),
            Currency::EUR => "EUR".into(),
            Currency::GBP => "GBP".into(),
            Currency::CNY => "CNY".into(),
            Currency::JPY => "JPY".into(),
            other => other.as_str().to_owned().into(),
        }
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        let letters: [u8; 3] = text.trim().as_bytes().try_into().map_err(|_| UnknownCurrency)?;
        match letters.iter().all(u8::is_ascii_alphabetic) {
            true => Ok(Self(letters.map(|letter| letter.to_ascii_uppercase()))),
            false => Err(UnknownCurrency),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// It is no currency: three letters are, such as `USD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCurrency;

impl fmt::Display for UnknownCurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a currency has three letters, such as USD")
    }
}

impl std::error::Error for UnknownCurrency {}
