//! Who knows what calls cost.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use spanwise_core::{Pricing, TokenEstimator};

use super::TelemetryConfig;
use crate::cost::{PriceTable, Prices};
use crate::env::Reader;
use crate::error::{InitError, Source};

/// Prices as they were configured.
#[derive(Clone)]
pub(crate) struct Priced(pub(crate) Arc<dyn Pricing>);

impl Priced {
    pub(crate) fn by(pricing: impl Pricing + 'static) -> Self {
        Self(Arc::new(pricing))
    }

    /// The prices of code, or those that the variable names.
    pub(crate) fn settle(
        config: &TelemetryConfig,
        reader: &mut Reader<'_>,
    ) -> Result<Option<Self>, InitError> {
        const PRICES: &str = "SPANWISE_PRICES";
        let list = reader.environment().get(PRICES);
        match (&config.pricing, list) {
            (Some(pricing), _) => Ok(Some(pricing.clone())),
            (None, Some(list)) => named(list, &Source::env(PRICES)),
            (None, None) => Ok(None),
        }
    }
}

/// `published`, `none`, and files.
fn named(list: &str, source: &Source) -> Result<Option<Priced>, InitError> {
    let words: Vec<_> = list.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    if words.contains(&"none") {
        return Ok(None);
    }
    let mut prices = match words.contains(&"published") {
        true => published(source)?,
        false => Prices::none(),
    };
    for file in words.into_iter().filter(|word| *word != "published") {
        let table = PriceTable::read(Path::new(file)).map_err(|error| {
            let remedy = "give `published`, `none`, or files of prices as docs/cost.md has them";
            source.invalid(format!("names prices that cannot be used ({error})"), remedy)
        })?;
        prices = prices.own(table);
    }
    Ok(Some(Priced::by(prices)))
}

#[cfg(feature = "cost")]
fn published(_: &Source) -> Result<Prices, InitError> {
    Ok(Prices::published())
}

#[cfg(not(feature = "cost"))]
fn published(source: &Source) -> Result<Prices, InitError> {
    Err(InitError::FeatureMissing { setting: source.name(), feature: "cost" })
}

/// Who estimates tokens, as configured.
#[derive(Clone)]
pub(crate) struct Estimated(pub(crate) Arc<dyn TokenEstimator>);

impl fmt::Debug for Estimated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenEstimator")
    }
}

impl fmt::Debug for Priced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pricing")
    }
}
