//! One entry: which calls it is for, and what they cost.

use std::time::SystemTime;

use opentelemetry::StringValue;
use serde::Deserialize;
use spanwise_core::{CostSource, Currency, Decimal};

use super::pattern::Pattern;
use super::value::{ALWAYS, DAY, Date, Money, Price};
use crate::cost::rates::{Beside, Card, Rates, Unit, UnitRates, per_call, per_million};
use crate::cost::seen::Key;

/// One entry of a table.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Written")]
pub(super) struct Entry {
    model: Pattern,
    provider: Option<Pattern>,
    tier: Option<String>,
    batch: Option<bool>,
    from: SystemTime,
    until: Option<SystemTime>,
    currency: Option<Currency>,
    base: Rates,
    units: UnitRates,
    steps: Vec<(u64, Rates)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    model: Pattern,
    provider: Option<Pattern>,
    tier: Option<String>,
    batch: Option<bool>,
    from: Option<Date>,
    /// The last day.
    until: Option<Date>,
    currency: Option<Money>,
    input: Option<Price>,
    output: Option<Price>,
    cache_read: Option<Price>,
    cache_write: Option<Price>,
    cache_write_1h: Option<Price>,
    reasoning: Option<Price>,
    image_input: Option<Price>,
    image_cache_read: Option<Price>,
    image_output: Option<Price>,
    audio_input: Option<Price>,
    audio_cache_read: Option<Price>,
    audio_output: Option<Price>,
    call: Option<Price>,
    image: Option<Price>,
    search: Option<Price>,
    /// Per million.
    characters: Option<Price>,
    audio_hour: Option<Price>,
    #[serde(default)]
    steps: Vec<Step>,
}

/// Prices for long contexts; what it leaves out stays as it is below.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    above: u64,
    input: Option<Price>,
    output: Option<Price>,
    cache_read: Option<Price>,
    cache_write: Option<Price>,
    cache_write_1h: Option<Price>,
    reasoning: Option<Price>,
    image_input: Option<Price>,
    image_cache_read: Option<Price>,
    image_output: Option<Price>,
    audio_input: Option<Price>,
    audio_cache_read: Option<Price>,
    audio_output: Option<Price>,
}

/// What an entry or a step says.
#[derive(Clone, Copy, Default)]
struct Said {
    input: Option<Price>,
    output: Option<Price>,
    cache_read: Option<Price>,
    cache_write: Option<Price>,
    cache_write_1h: Option<Price>,
    reasoning: Option<Price>,
    image_input: Option<Price>,
    image_cache_read: Option<Price>,
    image_output: Option<Price>,
    audio_input: Option<Price>,
    audio_cache_read: Option<Price>,
    audio_output: Option<Price>,
    call: Option<Price>,
}

macro_rules! said {
    ($from:expr, $($field:ident)*) => {
        Said { $($field: $from.$field,)* ..Said::default() }
    };
}

impl Said {
    fn is_nothing(&self) -> bool {
        let Self { input, output, cache_read, cache_write, cache_write_1h, .. } = self;
        let Self { reasoning, call, .. } = self;
        let Self { image_input, image_cache_read, image_output, .. } = self;
        let Self { audio_input, audio_cache_read, audio_output, .. } = self;
        let text = [input, output, cache_read, cache_write, cache_write_1h, reasoning, call];
        let others = [image_input, image_cache_read, image_output];
        let audio = [audio_input, audio_cache_read, audio_output];
        text.into_iter().chain(others).chain(audio).all(Option::is_none)
    }

    /// What is not said is what it is a part of; and nothing, where that is not said either.
    fn rates(&self) -> Option<Rates> {
        let mut rates = Rates::default();
        let mut set = |unit: Unit, prices: &[Option<Price>]| {
            let price = prices.iter().copied().flatten().next();
            rates.tokens[unit as usize] = price.map_or(Some(0), |price| per_million(price.0))?;
            Some(())
        };
        set(Unit::Text, &[self.input])?;
        set(Unit::Image, &[self.image_input, self.input])?;
        set(Unit::Audio, &[self.audio_input, self.input])?;
        set(Unit::CachedText, &[self.cache_read, self.input])?;
        let image = [self.image_cache_read, self.cache_read, self.image_input, self.input];
        set(Unit::CachedImage, &image)?;
        let audio = [self.audio_cache_read, self.cache_read, self.audio_input, self.input];
        set(Unit::CachedAudio, &audio)?;
        set(Unit::Written, &[self.cache_write, self.input])?;
        set(Unit::WrittenForAnHour, &[self.cache_write_1h, self.cache_write, self.input])?;
        set(Unit::OutputText, &[self.output])?;
        set(Unit::OutputImage, &[self.image_output, self.output])?;
        set(Unit::OutputAudio, &[self.audio_output, self.output])?;
        set(Unit::Reasoning, &[self.reasoning, self.output])?;
        rates.call = self.call.map_or(Some(0), |price| per_call(price.0))?;
        Some(rates)
    }

    /// The same, with what another says beyond it.
    fn or(self, other: Self) -> Self {
        Self {
            input: self.input.or(other.input),
            output: self.output.or(other.output),
            cache_read: self.cache_read.or(other.cache_read),
            cache_write: self.cache_write.or(other.cache_write),
            cache_write_1h: self.cache_write_1h.or(other.cache_write_1h),
            reasoning: self.reasoning.or(other.reasoning),
            image_input: self.image_input.or(other.image_input),
            image_cache_read: self.image_cache_read.or(other.image_cache_read),
            image_output: self.image_output.or(other.image_output),
            audio_input: self.audio_input.or(other.audio_input),
            audio_cache_read: self.audio_cache_read.or(other.audio_cache_read),
            audio_output: self.audio_output.or(other.audio_output),
            call: self.call.or(other.call),
        }
    }
}

impl TryFrom<Written> for Entry {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, &'static str> {
        const TOO_MUCH: &str =
            "a price per call is below 9000, one per million tokens below 1000000";
        let tokens = said!(written, input output cache_read cache_write cache_write_1h reasoning image_input
            image_cache_read image_output audio_input audio_cache_read audio_output);
        let said = Said { call: written.call, ..tokens };
        let Written { image, search, characters, audio_hour, .. } = written;
        let beside = [image, search, characters, audio_hour];
        if said.is_nothing() && beside.iter().all(Option::is_none) {
            return Err("an entry has a price: give `input`, `output` or `call`");
        }
        let rate = |price: Option<Price>, rate: fn(Decimal) -> Option<i64>| match price {
            Some(price) => rate(price.0).ok_or(TOO_MUCH),
            None => Ok(0),
        };
        let mut units = UnitRates::default();
        for (beside, rated) in [
            (Beside::Image, rate(image, per_call)?),
            (Beside::Search, rate(search, per_call)?),
            (Beside::Character, rate(characters, per_million)?),
            (Beside::AudioHour, rate(audio_hour, per_call)?),
        ] {
            units.0[beside as usize] = rated;
        }
        let mut steps = Vec::new();
        let mut below = said;
        for step in &written.steps {
            if steps.last().is_some_and(|(above, _)| step.above <= *above) {
                return Err("steps ascend: let each `above` be higher than the one before");
            }
            let step_said = said!(step, input output cache_read cache_write cache_write_1h reasoning image_input
                image_cache_read image_output audio_input audio_cache_read audio_output);
            if step_said.is_nothing() {
                return Err("a step has a price: give `input` or `output`");
            }
            below = step_said.or(below);
            steps.push((step.above, below.rates().ok_or(TOO_MUCH)?));
        }
        let from = written.from.map_or(ALWAYS, |date| date.0);
        let until = written.until.map(|last| last.0 + DAY);
        if until.is_some_and(|until| until <= from) {
            return Err("`until` is the last day: let it be no earlier than `from`");
        }
        Ok(Self {
            model: written.model,
            provider: written.provider,
            tier: written.tier,
            batch: written.batch,
            from,
            until,
            currency: written.currency.map(|money| money.0),
            base: said.rates().ok_or(TOO_MUCH)?,
            units,
            steps,
        })
    }
}

impl Entry {
    pub(super) fn fits(&self, key: Key<'_>, model: &str) -> bool {
        let provider = |pattern: &Pattern| key.provider.is_some_and(|name| pattern.fits(name));
        let tier = |tier: &String| key.service_tier.is_some_and(|it| it.eq_ignore_ascii_case(tier));
        self.model.fits(model)
            && self.provider.as_ref().is_none_or(provider)
            && self.tier.as_ref().is_none_or(tier)
            && self.batch.is_none_or(|batch| batch == key.batch)
    }

    pub(super) fn holds(&self, at: SystemTime) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }

    pub(super) fn dates(&self) -> impl Iterator<Item = SystemTime> {
        [self.from].into_iter().chain(self.until)
    }

    pub(super) fn card(&self, currency: Currency, version: StringValue) -> Card {
        Card {
            base: self.base,
            units: self.units,
            steps: self.steps.clone(),
            currency: self.currency.unwrap_or(currency),
            source: CostSource::Own,
            version,
        }
    }
}
