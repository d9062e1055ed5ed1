//! Metrics by hand.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};
use opentelemetry::{Key, KeyValue, Value};

/// Records metrics of the program's own, by name: instruments are made once, when they are first used.
///
/// Names and attributes are the program's, best as constants; they must be few. What operations record has its
/// names in [`semconv`](crate::semconv). Clones share their instruments.
///
/// ```
/// use opentelemetry::KeyValue;
/// use spanwise_core::MetricsRecorder;
///
/// const EVENTS_PROCESSED: &str = "processor.events.processed";
/// const EVENT_TYPE: &str = "event_type";
///
/// let recorder = MetricsRecorder::new().with_attribute("service", "processor");
/// recorder.record_counter("processor", EVENTS_PROCESSED, 1, [KeyValue::new(EVENT_TYPE, "metric")]);
/// ```
#[derive(Clone, Default)]
pub struct MetricsRecorder {
    attributes: Vec<KeyValue>,
    instruments: Arc<Instruments>,
}

#[derive(Default)]
struct Instruments {
    counters: Made<Counter<u64>>,
    histograms: Made<Histogram<f64>>,
    gauges: Made<Gauge<f64>>,
}

/// By meter and name.
type Made<I> = RwLock<HashMap<(&'static str, &'static str), I>>;

impl MetricsRecorder {
    /// Without attributes of its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an attribute to everything that it records.
    #[must_use]
    pub fn with_attribute(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.attributes.push(KeyValue::new(key, value));
        self
    }

    /// Adds to a counter.
    pub fn record_counter(
        &self,
        meter: &'static str,
        name: &'static str,
        value: u64,
        attributes: impl IntoIterator<Item = KeyValue>,
    ) {
        let make = |meter: Meter| meter.u64_counter(name).build();
        made(&self.instruments.counters, (meter, name), make).add(value, &self.with(attributes));
    }

    /// Records a value in a histogram, in the unit that its name says.
    pub fn record_histogram(
        &self,
        meter: &'static str,
        name: &'static str,
        value: f64,
        attributes: impl IntoIterator<Item = KeyValue>,
    ) {
        let make = |meter: Meter| meter.f64_histogram(name).build();
        let histogram = made(&self.instruments.histograms, (meter, name), make);
        histogram.record(value, &self.with(attributes));
    }

    /// Records what a gauge shows now.
    pub fn record_gauge(
        &self,
        meter: &'static str,
        name: &'static str,
        value: impl Into<f64>,
        attributes: impl IntoIterator<Item = KeyValue>,
    ) {
        let make = |meter: Meter| meter.f64_gauge(name).build();
        let gauge = made(&self.instruments.gauges, (meter, name), make);
        gauge.record(value.into(), &self.with(attributes));
    }

    fn with(&self, attributes: impl IntoIterator<Item = KeyValue>) -> Vec<KeyValue> {
        self.attributes.iter().cloned().chain(attributes).collect()
    }
}

fn made<I: Clone>(
    known: &Made<I>,
    (meter, name): (&'static str, &'static str),
    make: impl FnOnce(Meter) -> I,
) -> I {
    let found = known.read().unwrap_or_else(PoisonError::into_inner).get(&(meter, name)).cloned();
    found.unwrap_or_else(|| {
        let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
        known.entry((meter, name)).or_insert_with(|| make(super::meter(meter))).clone()
    })
}

impl fmt::Debug for MetricsRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsRecorder")
            .field("attributes", &self.attributes.iter().map(|it| &it.key).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
