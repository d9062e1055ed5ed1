//! Published prices, by the `genai-prices` crate.
//!
//! That crate computes the price of one call in some microseconds, and says no rates. So its calculator is asked, on a
//! thread of our own, what a million tokens of each unit cost, and where and when that changes; what comes out is a
//! card, by which each call is priced in decimal numbers.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use genai_prices::{Calculator, PriceRequest, Usage, UsageKey};
use rustc_hash::FxHashSet;
use spanwise_core::{CostSource, Currency, Decimal};

use super::rates::{Beside, Card, Counts, Rates, Unit, UnitRates, per_call, per_million};
use super::seen::{Found, Key, OwnedKey, Seen};
use super::table::PriceTable;

/// What spans say of the table.
pub(crate) const VERSION: &str = "genai-prices 0.2.1";

/// The thread that finds prices, for as long as someone asks.
#[derive(Debug)]
pub(crate) struct Published {
    asks: Sender<Ask>,
    waiting: Arc<Mutex<Waiting>>,
}

/// What was asked for and not yet found, so that a thousand calls ask once: by the hashes of keys, and quarters. Of two
/// that collide the later is asked for once the earlier is found.
type Waiting = FxHashSet<(u64, u64)>;

#[derive(Debug)]
struct Ask {
    key: OwnedKey,
    at: SystemTime,
    done: Option<SyncSender<()>>,
}

impl Published {
    /// `None` where the system refuses a thread: then no price is ever found.
    pub(crate) fn start(seen: Arc<Seen>) -> Option<Self> {
        let (asks, receiver) = channel();
        let waiting: Arc<Mutex<Waiting>> = Arc::default();
        let of_thread = waiting.clone();
        let work = move || find_all(&receiver, &seen, &of_thread);
        thread::Builder::new().name("spanwise-prices".to_owned()).spawn(work).ok()?;
        Some(Self { asks, waiting })
    }

    /// Has it found, and goes on.
    pub(crate) fn find(&self, key: Key<'_>, at: SystemTime) {
        let asked = (key.hashed(), quarter(at));
        if self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(asked) {
            let _ = self.asks.send(Ask { key: key.to_owned(), at, done: None });
        }
    }

    /// Has it found, and waits for that.
    pub(crate) fn find_and_wait(&self, key: Key<'_>, at: SystemTime) {
        let (done, found) = sync_channel(1);
        if self.asks.send(Ask { key: key.to_owned(), at, done: Some(done) }).is_ok() {
            let _ = found.recv();
        }
    }
}

/// Where the table differs from what providers publish.
fn corrections() -> Option<PriceTable> {
    PriceTable::from_toml(include_str!("corrections.toml")).ok()
}

fn find_all(asks: &Receiver<Ask>, seen: &Seen, waiting: &Mutex<Waiting>) {
    let calculator = Calculator::bundled();
    let corrections = corrections();
    while let Ok(Ask { key, at, done }) = asks.recv() {
        if !seen.knows(&key.as_key(), at) {
            let question = Question { calculator, key: key.as_key(), at };
            let found = question.found(corrections.as_ref());
            seen.insert(key.clone(), found);
        }
        let asked = (key.as_key().hashed(), quarter(at));
        waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&asked);
        if let Some(done) = done {
            let _ = done.send(());
        }
    }
}

/// Prices change at most at quarters of an hour.
const QUARTER: u64 = 15 * 60;

fn quarter(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / QUARTER
}

fn start_of(quarter: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(quarter * QUARTER)
}

/// What a model costs at a time.
struct Question<'a> {
    calculator: &'a Calculator,
    key: Key<'a>,
    at: SystemTime,
}

/// So many tokens of a unit are asked for where only their rate counts.
const MANY: u64 = 1_000_000;

/// Between these contexts, in tokens, rates change at most once.
const CONTEXTS: [u64; 16] = [
    1, 8_000, 16_000, 24_000, 32_000, 64_000, 100_000, 115_000, 130_000, 180_000, 220_000, 260_000,
    300_000, 518_000, 600_000, 4_000_000,
];

impl Question<'_> {
    fn found(&self, corrections: Option<&PriceTable>) -> Found {
        let quarter = quarter(self.at);
        let corrected = corrections.filter(|_| self.is_ordinary());
        if let Some(card) = corrected.and_then(|table| table.card(self.key, self.at)) {
            let mut found = Found { card: None, from: start_of(quarter), until: None };
            corrected.into_iter().for_each(|table| table.steady(self.at, &mut found));
            return Found { card: Some(Card { source: CostSource::Table, ..card }), ..found };
        }
        let card = self.key.models().find_map(|model| self.card(model));
        // A day at most, so that what changes from some date on is heard of.
        let until = match &card {
            Some(_) => (quarter + 1..quarter + 96).find(|later| self.differs_at(*later)),
            None => None,
        };
        let until = start_of(until.unwrap_or(quarter + 96));
        Found { card, from: start_of(quarter), until: Some(until) }
    }

    /// Corrections are of ordinary calls.
    fn is_ordinary(&self) -> bool {
        !self.key.batch && self.key.service_tier.is_none()
    }

    fn differs_at(&self, quarter: u64) -> bool {
        let then = Self { at: start_of(quarter), ..*self };
        self.key.models().any(|model| self.sample(model) != then.sample(model))
    }

    /// A price that shows whether any has changed.
    fn sample(&self, model: &str) -> Option<f64> {
        let counts = Unit::ALL.map(|unit| 1000 * (1 + unit as u64));
        self.total(model, &counts)
    }

    fn card(&self, model: &str) -> Option<Card> {
        let base = self.rates(model, CONTEXTS[0])?;
        let mut steps = Vec::new();
        let mut below = (CONTEXTS[0], base);
        for context in &CONTEXTS[1..] {
            let rates = self.rates(model, *context)?;
            if rates != below.1 {
                let (mut low, mut high) = (below.0, *context);
                while high - low > 1 {
                    let middle = low + (high - low) / 2;
                    match self.rates(model, middle)? == below.1 {
                        true => low = middle,
                        false => high = middle,
                    }
                }
                steps.push((low, self.rates(model, high)?));
            }
            below = (*context, rates);
        }
        Some(Card {
            base,
            units: self.units(model)?,
            steps,
            currency: Currency::USD,
            source: CostSource::Table,
            version: VERSION.into(),
        })
    }

    /// The rates of a call with so many input tokens.
    fn rates(&self, model: &str, context: u64) -> Option<Rates> {
        const NOTHING: Counts = [0; Unit::COUNT];
        let mut with_input = NOTHING;
        with_input[Unit::Text as usize] = context;
        let call = self.total(model, &NOTHING)?;
        let input = self.total(model, &with_input)?;
        let mut rates = Rates { call: per_call(decimal(call)?)?, ..Rates::default() };
        for unit in Unit::ALL {
            let (mut counts, less, tokens) = match unit.is_input() {
                true => (NOTHING, call, context),
                false => (with_input, input, MANY),
            };
            counts[unit as usize] = tokens;
            let price = (self.total(model, &counts)? - less) * 1e6 / tokens as f64;
            rates.tokens[unit as usize] = per_million(decimal(price)?)?;
        }
        Some(rates)
    }

    /// What is charged beside tokens. No table has prices by the picture.
    fn units(&self, model: &str) -> Option<UnitRates> {
        let call = self.total(model, &[0; Unit::COUNT])?;
        let mut rates = UnitRates::default();
        for (beside, keys, many, rate) in [
            (Beside::Search, ["rerank_searches", "web_searches"].as_slice(), 1e6, per_million),
            (Beside::Character, &["input_characters"], 1e6, per_million),
            (Beside::AudioHour, &["audio_seconds", "input_audio_seconds"], 3600.0, per_call),
        ] as [(_, _, _, fn(Decimal) -> Option<i64>); 3]
        {
            let mut usage = usage(&[0; Unit::COUNT]);
            for key in keys {
                usage.insert(UsageKey::from_static(key), many);
            }
            // What a model has no price for is no part of its total, or refused.
            let total = self.price(model, &usage).unwrap_or(call);
            rates.0[beside as usize] = rate(decimal(total - call)?)?;
        }
        Some(rates)
    }

    fn total(&self, model: &str, counts: &Counts) -> Option<f64> {
        self.price(model, &usage(counts))
    }

    fn price(&self, model: &str, usage: &Usage) -> Option<f64> {
        let provider = provider(self.key.provider?);
        let mut request =
            PriceRequest::new(model, usage).with_provider_id(provider).with_timestamp(self.at);
        if let Some(tier) = self.key.service_tier {
            request = request.with_price_context("service_tier", tier);
        }
        if self.key.batch {
            request = request.with_price_context("processing", "batch");
        }
        self.calculator.calculate(&request).ok().map(|price| price.total_price)
    }
}

/// What a double says of a price: to the billionth, beyond which it is not exact.
fn decimal(price: f64) -> Option<Decimal> {
    let price: Decimal = rust_decimal::prelude::FromPrimitive::from_f64(price.max(0.0))?;
    Some(price.round_dp(9))
}

/// The names of providers, where the conventions have others than the table.
fn provider(name: &str) -> &str {
    match name {
        "x_ai" => "x-ai",
        "azure.ai.openai" | "azure.ai.inference" => "azure",
        "moonshot_ai" => "moonshotai",
        "gcp.gen_ai" => "google",
        name => name,
    }
}

/// Every total with all of its details.
fn usage(counts: &Counts) -> Usage {
    let of = |units: &[Unit]| units.iter().map(|unit| counts[*unit as usize]).sum::<u64>() as f64;
    use Unit::*;
    let input = [Text, Image, Audio, CachedText, CachedImage, CachedAudio].as_slice();
    let written = [Written, WrittenForAnHour].as_slice();
    let told: [(&'static str, f64); 16] = [
        ("input_tokens", of(input) + of(written)),
        ("input_text_tokens", of(&[Text, CachedText]) + of(written)),
        ("input_image_tokens", of(&[Image, CachedImage])),
        ("input_audio_tokens", of(&[Audio, CachedAudio])),
        ("cache_read_tokens", of(&[CachedText, CachedImage, CachedAudio])),
        ("cache_text_read_tokens", of(&[CachedText])),
        ("cache_image_read_tokens", of(&[CachedImage])),
        ("cache_audio_read_tokens", of(&[CachedAudio])),
        ("cache_write_tokens", of(written)),
        ("cache_text_write_tokens", of(written)),
        ("cache_write_1h_tokens", of(&[WrittenForAnHour])),
        ("cache_text_write_1h_tokens", of(&[WrittenForAnHour])),
        ("output_tokens", of(&[OutputText, OutputImage, OutputAudio, Reasoning])),
        ("output_text_tokens", of(&[OutputText, Reasoning])),
        ("output_image_tokens", of(&[OutputImage])),
        ("output_audio_tokens", of(&[OutputAudio])),
    ];
    let mut usage: Usage =
        told.into_iter().map(|(key, value)| (UsageKey::from_static(key), value)).collect();
    for key in ["output_reasoning_tokens", "output_text_reasoning_tokens"] {
        usage.insert(UsageKey::from_static(key), of(&[Reasoning]));
    }
    usage
}

#[cfg(test)]
mod tests;
