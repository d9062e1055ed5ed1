//! Metrics by instruments that are bound to their attributes: a tenth of the price of plain ones.
//!
//! Only for meter providers of our own: binding is a feature of the SDK's that both sides must have.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundCounter, BoundHistogram, Meter};
use spanwise_core::semconv::Metric;
use spanwise_core::{
    Label, Measurement, MetricRecorder, MetricValue, PlainInstrument, PlainMetrics, Series,
    TokenLabel,
};

/// Beyond this many sets of attributes, measurements are recorded without being bound: the SDK puts what
/// is beyond its own limit of 2,000 into one overflow point anyway.
const MOST_SERIES: usize = 2000;

/// Instruments of our meter, bound once for each set of attributes.
pub(crate) struct BoundMetrics {
    plain: PlainMetrics,
    series: RwLock<HashMap<u64, Vec<Arc<BoundSeries>>, BuildHasherDefault<Hashed>>>,
}

enum BoundInstrument {
    Counter(BoundCounter<u64>),
    IntHistogram(BoundHistogram<u64>),
    DoubleHistogram(BoundHistogram<f64>),
}

/// The instruments of one set of attributes, bound as they are needed.
struct BoundSeries {
    labels: Vec<(&'static str, OwnedLabel)>,
    instruments: [OnceLock<BoundInstrument>; SLOTS],
}

/// Each metric may be recorded as it is, or with one of the labels that tell tokens apart.
const PER_METRIC: usize = TokenLabel::VALUES.len() + 1;
const SLOTS: usize = Metric::COUNT * PER_METRIC;

#[derive(PartialEq)]
enum OwnedLabel {
    Text(Box<str>),
    Int(i64),
}

impl BoundMetrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        Self { plain: PlainMetrics::new(meter), series: RwLock::default() }
    }

    /// The bound instruments of these attributes; `None` where there are too many sets of them.
    fn bound(&self, series: &Series<'_>) -> Option<Arc<BoundSeries>> {
        let hash = hash_of(series);
        {
            let known = self.series.read().unwrap_or_else(PoisonError::into_inner);
            let same = known.get(&hash).and_then(|all| all.iter().find(|one| one.is(series)));
            if let Some(same) = same {
                return Some(same.clone());
            }
            if known.len() >= MOST_SERIES {
                return None;
            }
        }
        let mut known = self.series.write().unwrap_or_else(PoisonError::into_inner);
        let all = known.entry(hash).or_default();
        if let Some(same) = all.iter().find(|one| one.is(series)) {
            return Some(same.clone());
        }
        let new = Arc::new(BoundSeries::new(series));
        all.push(new.clone());
        Some(new)
    }
}

impl MetricRecorder for BoundMetrics {
    fn record(&self, series: &Series<'_>, measurements: &[Measurement]) {
        let Some(bound) = self.bound(series) else {
            return self.plain.record(series, measurements);
        };
        for measurement in measurements {
            let instrument = bound.instruments[slot(measurement)].get_or_init(|| {
                let mut attributes = series.to_attributes();
                attributes.extend(measurement.tokens.map(TokenLabel::to_attribute));
                BoundInstrument::new(self.plain.instrument(measurement.metric), &attributes)
            });
            instrument.record(measurement.value);
        }
    }
}

fn slot(measurement: &Measurement) -> usize {
    // Zero without a label, and for a value that there is not.
    let label = measurement.tokens.and_then(|tokens| {
        TokenLabel::VALUES.iter().position(|value| *value == tokens.value).map(|index| index + 1)
    });
    measurement.metric as usize * PER_METRIC + label.unwrap_or(0)
}

impl BoundInstrument {
    fn new(instrument: &PlainInstrument, attributes: &[KeyValue]) -> Self {
        match instrument {
            PlainInstrument::Counter(counter) => Self::Counter(counter.bind(attributes)),
            PlainInstrument::IntHistogram(histogram) => {
                Self::IntHistogram(histogram.bind(attributes))
            }
            PlainInstrument::DoubleHistogram(histogram) => {
                Self::DoubleHistogram(histogram.bind(attributes))
            }
        }
    }

    fn record(&self, value: MetricValue) {
        match (self, value) {
            (Self::Counter(counter), MetricValue::Int(value)) => counter.add(value),
            (Self::IntHistogram(histogram), MetricValue::Int(value)) => histogram.record(value),
            (Self::DoubleHistogram(histogram), MetricValue::Double(value)) => {
                histogram.record(value);
            }
            _ => debug_assert!(false, "a measurement has the type of its metric"),
        }
    }
}

impl BoundSeries {
    fn new(series: &Series<'_>) -> Self {
        let labels = series.labels().map(|(key, label)| match label {
            Label::Text(text) => (key, OwnedLabel::Text(text.into())),
            Label::Int(number) => (key, OwnedLabel::Int(number)),
        });
        Self { labels: labels.collect(), instruments: [const { OnceLock::new() }; SLOTS] }
    }

    fn is(&self, series: &Series<'_>) -> bool {
        let mut known = self.labels.iter();
        for (key, label) in series.labels() {
            let same = known.next().is_some_and(|(known_key, known)| {
                *known_key == key
                    && match (known, label) {
                        (OwnedLabel::Text(known), Label::Text(text)) => **known == *text,
                        (OwnedLabel::Int(known), Label::Int(number)) => *known == number,
                        _ => false,
                    }
            });
            if !same {
                return false;
            }
        }
        known.next().is_none()
    }
}

fn hash_of(series: &Series<'_>) -> u64 {
    let mut hasher = FastHasher::default();
    for (key, label) in series.labels() {
        // Keys are few and differ in length or place; values tell series apart.
        hasher.write_usize(key.len());
        match label {
            Label::Text(text) => hasher.write(text.as_bytes()),
            Label::Int(number) => hasher.write_i64(number),
        }
    }
    hasher.finish()
}

/// A multiplicative hash: labels are the program's own, and what collides is compared.
#[derive(Default)]
struct FastHasher(u64);

impl FastHasher {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for FastHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
        let mut word = [0; 8];
        let rest = chunks.remainder();
        word[..rest.len()].copy_from_slice(rest);
        self.add(u64::from_le_bytes(word) ^ (bytes.len() as u64) << 56);
    }

    fn write_usize(&mut self, number: usize) {
        self.add(number as u64);
    }

    fn write_i64(&mut self, number: i64) {
        self.add(number.cast_unsigned());
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The keys of the map are hashes already.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests;
