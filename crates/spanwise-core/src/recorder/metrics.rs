//! Measurements, and the plain way to record them.

use std::sync::OnceLock;

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};
use opentelemetry::{KeyValue, StringValue};

use super::per_series::PerSeries;
use super::scoped::MOST_FIELDS;
use crate::semconv::value::gen_ai_token_modality as modality;
use crate::semconv::{Attribute, Instrument, Metric, attribute as key};
use crate::usage::Modality;

/// Where measurements go.
pub trait MetricRecorder: Send + Sync {
    /// Records measurements that share their attributes.
    fn record(&self, series: &Series<'_>, measurements: &[Measurement]);
}

/// One value for one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measurement {
    /// The metric.
    pub metric: Metric,
    /// Its value, of the type that the metric's instrument takes.
    pub value: MetricValue,
    /// Which tokens they are, for the metrics that tell them apart.
    pub tokens: Option<TokenLabel>,
}

/// A measured value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MetricValue {
    /// Tokens, calls or what is left of them.
    Int(u64),
    /// Seconds, or money.
    Double(f64),
}

/// The attribute that tells tokens apart: its key and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLabel {
    /// `gen_ai.token.modality`, or `gen_ai.token.type` by the conventions of 1.41.
    pub key: &'static str,
    /// One of [`TokenLabel::VALUES`].
    pub value: &'static str,
}

impl TokenLabel {
    /// Every value that there is.
    pub const VALUES: [&'static str; 6] =
        [modality::TEXT, modality::IMAGE, modality::AUDIO, modality::UNKNOWN, "input", "output"];

    /// The place of its value among [`VALUES`](Self::VALUES); `None` for a value that there is not.
    pub fn index(self) -> Option<usize> {
        Self::VALUES.iter().position(|value| *value == self.value)
    }

    /// `gen_ai.token.modality`: a modality, or `unknown`.
    pub(crate) fn modality(of: Option<Modality>) -> Self {
        let value = match of {
            Some(Modality::Text) => modality::TEXT,
            Some(Modality::Image) => modality::IMAGE,
            Some(Modality::Audio) => modality::AUDIO,
            None => modality::UNKNOWN,
        };
        Self { key: key::GEN_AI_TOKEN_MODALITY.key(), value }
    }

    /// As an attribute of OpenTelemetry's API.
    pub fn to_attribute(self) -> KeyValue {
        KeyValue::new(self.key, self.value)
    }
}

impl Measurement {
    /// An amount of money.
    pub(crate) fn amount(metric: Metric, amount: f64) -> Self {
        Self { metric, value: MetricValue::Double(amount), tokens: None }
    }

    /// A number of seconds.
    pub(crate) fn seconds(metric: Metric, seconds: f64) -> Self {
        Self { metric, value: MetricValue::Double(seconds), tokens: None }
    }

    /// A number of calls or tokens.
    pub(crate) fn count(metric: Metric, count: u64) -> Self {
        Self { metric, value: MetricValue::Int(count), tokens: None }
    }

    /// A number of tokens of one modality.
    pub(crate) fn tokens(metric: Metric, count: u64, modality: Option<Modality>) -> Self {
        Self { tokens: Some(TokenLabel::modality(modality)), ..Self::count(metric, count) }
    }
}

/// No operation has more than ten attributes on a metric, and no scope adds more than these.
const MOST_LABELS: usize = 10 + MOST_FIELDS;

/// The attributes that measurements share. The keys are fixed by the operation, so that cardinality is
/// that of models, tools and agents, never that of users or requests.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// Those beyond `len` mean nothing.
    labels: [(&'static str, Label<'a>); MOST_LABELS],
    len: usize,
}

/// The value of one attribute of a [`Series`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Label<'a> {
    /// A string.
    Text(&'a str),
    /// A whole number.
    Int(i64),
}

impl<'a> Series<'a> {
    pub(crate) const fn new() -> Self {
        Self { labels: [("", Label::Int(0)); MOST_LABELS], len: 0 }
    }

    /// Adds a string, unless there is none.
    #[must_use]
    pub(crate) fn text(mut self, key: Attribute<StringValue>, value: Option<&'a str>) -> Self {
        self.push_text(key, value);
        self
    }

    /// Adds a string in place, unless there is none: copies less.
    pub(crate) fn push_text(&mut self, key: Attribute<StringValue>, value: Option<&'a str>) {
        self.push(key.key(), value.map(Label::Text));
    }

    /// Adds a number in place, unless there is none.
    pub(crate) fn push_int(&mut self, key: Attribute<i64>, value: Option<i64>) {
        self.push(key.key(), value.map(Label::Int));
    }

    /// Adds a string that is not the conventions', unless its key is there.
    pub(super) fn push_label(&mut self, key: &'static str, value: &'a str) {
        if self.labels().all(|(known, _)| known != key) {
            self.push(key, Some(Label::Text(value)));
        }
    }

    fn push(&mut self, key: &'static str, value: Option<Label<'a>>) {
        if let (Some(value), Some(place)) = (value, self.labels.get_mut(self.len)) {
            *place = (key, value);
            self.len += 1;
        }
    }

    /// Puts other texts in place of those for which there is one.
    pub(super) fn change(&mut self, text: impl Fn(&'static str, &'a str) -> Option<&'a str>) {
        for (key, label) in &mut self.labels[..self.len] {
            if let Label::Text(old) = label {
                *old = text(key, old).unwrap_or(old);
            }
        }
    }

    /// Keys and values, in the order of the operation.
    pub fn labels(&self) -> impl Iterator<Item = (&'static str, Label<'a>)> + '_ {
        self.labels[..self.len].iter().copied()
    }

    /// As attributes of OpenTelemetry's API, with room for one more.
    pub fn to_attributes(&self) -> Vec<KeyValue> {
        let mut attributes = Vec::with_capacity(self.len + 1);
        attributes.extend(self.labels().map(|(key, value)| match value {
            Label::Text(text) => KeyValue::new(key, text.to_owned()),
            Label::Int(number) => KeyValue::new(key, number),
        }));
        attributes
    }
}

/// Metrics that go nowhere.
pub(crate) struct NoMetrics;

impl MetricRecorder for NoMetrics {
    fn record(&self, _: &Series<'_>, _: &[Measurement]) {}
}

/// Instruments of any meter, made once, with boundaries of the conventions; attributes are given with
/// each measurement, and made once where there are not too many sets of them.
#[derive(Debug)]
pub struct PlainMetrics {
    instruments: [PlainInstrument; Metric::COUNT],
    attributes: PerSeries<Attributes>,
}

/// More sets of attributes than the SDK tells apart are not worth keeping.
const MOST_SERIES: usize = 2000;

/// The attributes of one series: alone, and with each of the labels that tell tokens apart.
#[derive(Debug)]
struct Attributes {
    alone: Vec<KeyValue>,
    with_tokens: [OnceLock<Vec<KeyValue>>; TokenLabel::VALUES.len()],
}

impl Attributes {
    fn new(series: &Series<'_>) -> Self {
        Self { alone: series.to_attributes(), with_tokens: Default::default() }
    }

    fn of(&self, measurement: &Measurement) -> &[KeyValue] {
        match measurement.tokens.and_then(|tokens| Some((tokens, tokens.index()?))) {
            Some((tokens, index)) => self.with_tokens[index].get_or_init(|| {
                self.alone.iter().cloned().chain([tokens.to_attribute()]).collect()
            }),
            None => &self.alone,
        }
    }
}

/// The instrument of one metric.
#[derive(Clone, Debug)]
pub enum PlainInstrument {
    /// Counts tokens or calls.
    Counter(Counter<u64>),
    /// Adds up money.
    DoubleCounter(Counter<f64>),
    /// The last of whole numbers.
    Gauge(Gauge<u64>),
    /// The last of fractions.
    DoubleGauge(Gauge<f64>),
    /// A distribution of whole numbers.
    IntHistogram(Histogram<u64>),
    /// A distribution of seconds.
    DoubleHistogram(Histogram<f64>),
}

impl PlainMetrics {
    /// Makes the instruments.
    pub fn new(meter: &Meter) -> Self {
        Self {
            instruments: Metric::ALL.map(|metric| PlainInstrument::new(metric, meter)),
            attributes: PerSeries::new(MOST_SERIES),
        }
    }

    /// The instrument of a metric, for those who want to record with it in their own way.
    pub fn instrument(&self, metric: Metric) -> &PlainInstrument {
        &self.instruments[metric as usize]
    }
}

impl PlainInstrument {
    fn new(metric: Metric, meter: &Meter) -> Self {
        let descriptor = metric.descriptor();
        match descriptor.instrument {
            Instrument::Counter => {
                Self::Counter(meter.u64_counter(descriptor.name).with_unit(descriptor.unit).build())
            }
            Instrument::DoubleCounter => Self::DoubleCounter(
                meter.f64_counter(descriptor.name).with_unit(descriptor.unit).build(),
            ),
            Instrument::Gauge => {
                Self::Gauge(meter.u64_gauge(descriptor.name).with_unit(descriptor.unit).build())
            }
            Instrument::DoubleGauge => Self::DoubleGauge(
                meter.f64_gauge(descriptor.name).with_unit(descriptor.unit).build(),
            ),
            Instrument::IntHistogram => Self::IntHistogram(
                meter
                    .u64_histogram(descriptor.name)
                    .with_unit(descriptor.unit)
                    .with_boundaries(descriptor.boundaries.to_vec())
                    .build(),
            ),
            Instrument::DoubleHistogram => Self::DoubleHistogram(
                meter
                    .f64_histogram(descriptor.name)
                    .with_unit(descriptor.unit)
                    .with_boundaries(descriptor.boundaries.to_vec())
                    .build(),
            ),
        }
    }

    fn record(&self, value: MetricValue, attributes: &[KeyValue]) {
        match (self, value) {
            (Self::Counter(counter), MetricValue::Int(value)) => counter.add(value, attributes),
            (Self::DoubleCounter(counter), MetricValue::Double(value)) => {
                counter.add(value, attributes);
            }
            (Self::Gauge(gauge), MetricValue::Int(value)) => gauge.record(value, attributes),
            (Self::DoubleGauge(gauge), MetricValue::Double(value)) => {
                gauge.record(value, attributes);
            }
            (Self::IntHistogram(histogram), MetricValue::Int(value)) => {
                histogram.record(value, attributes);
            }
            (Self::DoubleHistogram(histogram), MetricValue::Double(value)) => {
                histogram.record(value, attributes);
            }
            (Self::Counter(_) | Self::Gauge(_) | Self::IntHistogram(_), MetricValue::Double(_))
            | (
                Self::DoubleCounter(_) | Self::DoubleGauge(_) | Self::DoubleHistogram(_),
                MetricValue::Int(_),
            ) => {
                debug_assert!(false, "a measurement has the type of its metric");
            }
        }
    }
}

impl MetricRecorder for PlainMetrics {
    fn record(&self, series: &Series<'_>, measurements: &[Measurement]) {
        let kept = self.attributes.get(series, || Attributes::new(series));
        let made;
        let attributes: &Attributes = match &kept {
            Some(kept) => kept,
            None => {
                made = Attributes::new(series);
                &made
            }
        };
        for measurement in measurements {
            let instrument = &self.instruments[measurement.metric as usize];
            instrument.record(measurement.value, attributes.of(measurement));
        }
    }
}
