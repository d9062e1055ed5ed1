//! Metrics by instruments that are bound to their attributes: a tenth of the price of plain ones.
//!
//! Only for meter providers of our own: binding is a feature of the SDK's that both sides must have.

use std::sync::OnceLock;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundCounter, BoundGauge, BoundHistogram, Meter};
use spanwise_core::semconv::Metric;
use spanwise_core::{
    Measurement, MetricRecorder, MetricValue, PerSeries, PlainInstrument, PlainMetrics, Series,
    TokenLabel,
};

/// Beyond this many sets of attributes, measurements are recorded without being bound: the SDK puts what
/// is beyond its own limit of 2,000 into one overflow point anyway.
const MOST_SERIES: usize = 2000;

/// Instruments of our meter, bound once for each set of attributes.
pub(crate) struct BoundMetrics {
    plain: PlainMetrics,
    series: PerSeries<BoundSeries>,
}

/// The instruments of one set of attributes, bound as they are needed.
struct BoundSeries {
    instruments: [OnceLock<Box<OfMetric>>; Metric::COUNT],
}

/// Each metric may be recorded as it is, or with one of the labels that tell tokens apart.
type OfMetric = [OnceLock<BoundInstrument>; TokenLabel::VALUES.len() + 1];

enum BoundInstrument {
    Counter(BoundCounter<u64>),
    DoubleCounter(BoundCounter<f64>),
    Gauge(BoundGauge<u64>),
    DoubleGauge(BoundGauge<f64>),
    IntHistogram(BoundHistogram<u64>),
    DoubleHistogram(BoundHistogram<f64>),
}

impl BoundMetrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        Self { plain: PlainMetrics::new(meter), series: PerSeries::new(MOST_SERIES) }
    }
}

impl MetricRecorder for BoundMetrics {
    fn record(&self, series: &Series<'_>, measurements: &[Measurement]) {
        let Some(bound) = self.series.get(series, BoundSeries::default) else {
            return self.plain.record(series, measurements);
        };
        for measurement in measurements {
            let instrument = bound.instrument(measurement).get_or_init(|| {
                let mut attributes = series.to_attributes();
                attributes.extend(measurement.tokens.map(TokenLabel::to_attribute));
                BoundInstrument::new(self.plain.instrument(measurement.metric), &attributes)
            });
            instrument.record(measurement.value);
        }
    }
}

impl Default for BoundSeries {
    fn default() -> Self {
        Self { instruments: [const { OnceLock::new() }; Metric::COUNT] }
    }
}

impl BoundSeries {
    fn instrument(&self, measurement: &Measurement) -> &OnceLock<BoundInstrument> {
        let of_metric = self.instruments[measurement.metric as usize].get_or_init(Box::default);
        // The first is for those without a label, and for a value that there is not.
        let place = measurement.tokens.and_then(TokenLabel::index).map_or(0, |index| index + 1);
        &of_metric[place]
    }
}

impl BoundInstrument {
    fn new(instrument: &PlainInstrument, attributes: &[KeyValue]) -> Self {
        match instrument {
            PlainInstrument::Counter(counter) => Self::Counter(counter.bind(attributes)),
            PlainInstrument::DoubleCounter(counter) => {
                Self::DoubleCounter(counter.bind(attributes))
            }
            PlainInstrument::Gauge(gauge) => Self::Gauge(gauge.bind(attributes)),
            PlainInstrument::DoubleGauge(gauge) => Self::DoubleGauge(gauge.bind(attributes)),
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
            (Self::DoubleCounter(counter), MetricValue::Double(value)) => counter.add(value),
            (Self::Gauge(gauge), MetricValue::Int(value)) => gauge.record(value),
            (Self::DoubleGauge(gauge), MetricValue::Double(value)) => gauge.record(value),
            (Self::IntHistogram(histogram), MetricValue::Int(value)) => histogram.record(value),
            (Self::DoubleHistogram(histogram), MetricValue::Double(value)) => {
                histogram.record(value);
            }
            _ => debug_assert!(false, "a measurement has the type of its metric"),
        }
    }
}

#[cfg(test)]
mod tests;
