//! What a model's tokens cost, and what a call did with them.

use opentelemetry::StringValue;
use rust_decimal::prelude::ToPrimitive;
use spanwise_core::{
    BilledUnits, Cost, CostSource, Currency, Decimal, Modality, PricedCall, Usage,
};

/// What is charged for, each with a rate of its own. No token is in two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Text, and what is not told apart.
    Text,
    Image,
    Audio,
    CachedText,
    CachedImage,
    CachedAudio,
    /// What was written to the provider's cache.
    Written,
    /// The same, to be kept for an hour.
    WrittenForAnHour,
    OutputText,
    OutputImage,
    OutputAudio,
    Reasoning,
}

impl Unit {
    pub(crate) const COUNT: usize = 12;

    #[cfg(feature = "cost")]
    pub(crate) const ALL: [Self; Self::COUNT] = [
        Self::Text,
        Self::Image,
        Self::Audio,
        Self::CachedText,
        Self::CachedImage,
        Self::CachedAudio,
        Self::Written,
        Self::WrittenForAnHour,
        Self::OutputText,
        Self::OutputImage,
        Self::OutputAudio,
        Self::Reasoning,
    ];

    #[cfg(feature = "cost")]
    pub(crate) const fn is_input(self) -> bool {
        (self as usize) < Self::OutputText as usize
    }
}

/// How many tokens of each unit.
pub(crate) type Counts = [u64; Unit::COUNT];

/// Each token of a call, once: totals less their details.
pub(crate) fn counts(usage: &Usage, billed: &BilledUnits) -> Counts {
    use Modality::{Audio, Image};
    let (input, output) = (usage.input_tokens(), usage.output_tokens());
    let mut left = input.unwrap_or(0);
    let mut take = |tokens: Option<u64>| {
        let taken = tokens.unwrap_or(0).min(left);
        left -= taken;
        taken
    };
    let cached_image = take(usage.cache_read_tokens_of(Image));
    let cached_audio = take(usage.cache_read_tokens_of(Audio));
    let cached = usage.cache_read_tokens().unwrap_or(0);
    let cached_text = take(Some(cached.saturating_sub(cached_image + cached_audio)));
    let written = take(usage.cache_write_tokens());
    let for_an_hour = billed.cache_write_1h_tokens().min(written);
    let less = |tokens: Option<u64>, cached| tokens.map(|tokens| tokens.saturating_sub(cached));
    let image = take(less(usage.input_tokens_of(Image), cached_image));
    let audio = take(less(usage.input_tokens_of(Audio), cached_audio));
    let text = left;
    let mut left = output.unwrap_or(0);
    let mut take = |tokens: Option<u64>| {
        let taken = tokens.unwrap_or(0).min(left);
        left -= taken;
        taken
    };
    let output_image = take(usage.output_tokens_of(Image));
    let output_audio = take(usage.output_tokens_of(Audio));
    let reasoning = take(usage.reasoning_tokens());
    [
        text,
        image,
        audio,
        cached_text,
        cached_image,
        cached_audio,
        written - for_an_hour,
        for_an_hour,
        left,
        output_image,
        output_audio,
        reasoning,
    ]
}

/// Amounts are reckoned in whole quadrillionths of the currency's unit: a billionth of the price of a million tokens for
/// one token.
const DECIMALS: u32 = 15;

/// What a token of each unit costs, in quadrillionths, and the call itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rates {
    pub(crate) tokens: [i64; Unit::COUNT],
    pub(crate) call: i64,
}

/// A price per million tokens as a rate; `None` where it is below zero or beyond all reason.
pub(crate) fn per_million(price: Decimal) -> Option<i64> {
    rate(price, DECIMALS - 6)
}

/// A price per call as a rate.
pub(crate) fn per_call(price: Decimal) -> Option<i64> {
    rate(price, DECIMALS)
}

fn rate(price: Decimal, decimals: u32) -> Option<i64> {
    let rate = price.checked_mul(Decimal::from(10_u64.pow(decimals)))?.round_dp(0);
    rate.to_i64().filter(|rate| *rate >= 0)
}

/// What is charged for beside tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    Image,
    Search,
    Character,
    AudioHour,
}

/// What each of them costs, in quadrillionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UnitRates(pub(crate) [i64; 4]);

impl UnitRates {
    fn amount(&self, units: &BilledUnits) -> i128 {
        let counts = [units.image_count(), units.search_count(), units.character_count()];
        let whole = counts.into_iter().zip(self.0);
        let whole = whole.map(|(count, rate)| i128::from(count) * i128::from(rate)).sum::<i128>();
        /// Nanoseconds.
        const HOUR: i128 = 3_600_000_000_000;
        if units.audio_length().is_zero() {
            return whole;
        }
        let nanos = i128::try_from(units.audio_length().as_nanos()).unwrap_or(i128::MAX);
        let audio = nanos.saturating_mul(self.0[Beside::AudioHour as usize].into());
        whole.saturating_add(audio.saturating_add(HOUR / 2) / HOUR)
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What a model costs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Card {
    pub(crate) base: Rates,
    pub(crate) units: UnitRates,
    /// From more input tokens than these on, other rates hold for the whole call; ascending.
    pub(crate) steps: Vec<(u64, Rates)>,
    pub(crate) currency: Currency,
    pub(crate) source: CostSource,
    pub(crate) version: StringValue,
}

impl Card {
    /// What a call cost by this card; `None` where what it used is not known.
    pub(crate) fn price(&self, call: &PricedCall<'_>) -> Option<Cost> {
        let told =
            |usage: &Usage| usage.input_tokens().is_some() || usage.output_tokens().is_some();
        let by_units = self.units.amount(&call.units);
        let by_tokens = match call.usage.filter(told) {
            // Where tokens cost nothing, how many there were says nothing.
            Some(usage) if self.units.is_nothing() || self.base != Rates::default() => {
                self.amount(&usage, &call.units)
            }
            _ if self.base.call > 0 || by_units > 0 => i128::from(self.base.call),
            _ => return None,
        };
        let amount = by_tokens.checked_add(by_units)?;
        // Mostly there is nothing finer than what costs keep, and less to round.
        let amount = match i64::try_from(amount) {
            Ok(amount) if amount % 1000 == 0 => Decimal::new(amount / 1000, DECIMALS - 3),
            Ok(amount) => Decimal::new(amount, DECIMALS),
            Err(_) => Decimal::try_from_i128_with_scale(amount, DECIMALS).ok()?,
        };
        let cost = Cost::new(amount, self.currency, self.source);
        Some(cost.with_table_version(self.version.clone()))
    }

    fn amount(&self, usage: &Usage, billed: &BilledUnits) -> i128 {
        let input = usage.input_tokens().unwrap_or(0);
        let step = self.steps.iter().rev().find(|(above, _)| input > *above);
        let rates = step.map_or(&self.base, |(_, rates)| rates);
        let units = counts(usage, billed).into_iter().zip(rates.tokens);
        let tokens = units.map(|(count, rate)| i128::from(count) * i128::from(rate));
        tokens.sum::<i128>() + i128::from(rates.call)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usage() -> impl Strategy<Value = Usage> {
        let count = || prop::option::of(0..2000_u64);
        (count(), count(), [count(), count(), count(), count(), count(), count(), count(), count()])
            .prop_map(|(input, output, [read, written, reasoning, a, b, c, d, e])| {
                let mut usage = Usage::unknown();
                let mut set = |tokens: Option<u64>, with: &dyn Fn(Usage, u64) -> Usage| {
                    usage = tokens.map_or(usage, |tokens| with(usage, tokens));
                };
                set(input, &|it, n| it.input(n));
                set(output, &|it, n| it.output(n));
                set(read, &|it, n| it.cache_read(n));
                set(written, &|it, n| it.cache_write(n));
                set(reasoning, &|it, n| it.reasoning(n));
                set(a, &|it, n| it.input_of(Modality::Audio, n));
                set(b, &|it, n| it.input_of(Modality::Image, n));
                set(c, &|it, n| it.output_of(Modality::Audio, n));
                set(d, &|it, n| it.cache_read_of(Modality::Audio, n));
                set(e, &|it, n| it.cache_read_of(Modality::Image, n));
                usage
            })
    }

    proptest! {
        #[test]
        fn every_token_is_charged_once_whatever_the_details_say(usage in usage(), for_an_hour in 0..2000_u64) {
            let counts = counts(&usage, &BilledUnits::default().cache_write_1h(for_an_hour));
            let (input, output) = counts.split_at(Unit::OutputText as usize);
            prop_assert_eq!(input.iter().sum::<u64>(), usage.input_tokens().unwrap_or(0));
            prop_assert_eq!(output.iter().sum::<u64>(), usage.output_tokens().unwrap_or(0));
        }
    }

    #[test]
    fn rates_are_exact_to_the_billionth_of_a_price_per_million() {
        assert_eq!(per_million(Decimal::new(25, 1)), Some(2_500_000_000));
        assert_eq!(per_million(Decimal::new(1, 9)), Some(1));
        assert_eq!(per_million(Decimal::new(-1, 0)), None);
        assert_eq!(per_million(Decimal::MAX), None);
        assert_eq!(per_call(Decimal::new(5, 3)), Some(5_000_000_000_000));
    }
}
