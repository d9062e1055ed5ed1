//! What was captured, in a form that is easy to assert on.

use std::collections::BTreeMap;
use std::fmt;

use opentelemetry::logs::{AnyValue, Severity};
use opentelemetry::{InstrumentationScope, KeyValue, SpanId, Value};
use opentelemetry_sdk::logs::SdkLogRecord;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics};
use opentelemetry_sdk::trace::SpanData;

use crate::captured_span::CapturedSpan;

/// Everything that a capture saw.
#[derive(Debug)]
pub struct Captured {
    spans: Vec<CapturedSpan>,
    metrics: Vec<CapturedMetric>,
    events: Vec<CapturedEvent>,
}

impl Captured {
    pub(crate) fn new(
        spans: Vec<SpanData>,
        metrics: &[ResourceMetrics],
        logs: Vec<(SdkLogRecord, InstrumentationScope)>,
    ) -> Self {
        let mut spans: Vec<_> = spans.into_iter().map(CapturedSpan).collect();
        spans.sort_by_key(|span| (span.0.start_time, span.0.span_context.span_id().to_bytes()));
        let metrics = metrics
            .iter()
            .flat_map(ResourceMetrics::scope_metrics)
            .flat_map(|of| {
                of.metrics().flat_map(|metric| CapturedMetric::points(of.scope(), metric))
            })
            .collect();
        let events = logs.into_iter().map(|(record, scope)| CapturedEvent { record, scope });
        Self { spans, metrics, events: events.collect() }
    }

    /// The spans that ended, in the order in which they started.
    pub fn spans(&self) -> &[CapturedSpan] {
        &self.spans
    }

    /// The one span with this name.
    ///
    /// # Panics
    ///
    /// If there is none, or more than one.
    #[track_caller]
    pub fn span(&self, name: &str) -> &CapturedSpan {
        let mut named = self.spans.iter().filter(|span| span.name() == name);
        match (named.next(), named.next()) {
            (Some(span), None) => span,
            (None, _) => panic!("no span is called `{name}`; there are:\n{}", self.tree()),
            (Some(_), Some(_)) => panic!("several spans are called `{name}`:\n{}", self.tree()),
        }
    }

    /// Every point of every metric.
    pub fn metrics(&self) -> &[CapturedMetric] {
        &self.metrics
    }

    /// The one point of the metric with this name.
    ///
    /// # Panics
    ///
    /// If there is none, or more than one.
    #[track_caller]
    pub fn metric(&self, name: &str) -> &CapturedMetric {
        let points = self.points(name);
        match points.as_slice() {
            [point] => point,
            points => panic!("{name} has {} points, not one: {points:#?}", points.len()),
        }
    }

    /// The points of the metric with this name.
    pub fn points(&self, name: &str) -> Vec<&CapturedMetric> {
        self.metrics.iter().filter(|point| point.name == name).collect()
    }

    /// The events, in the order in which they came.
    pub fn events(&self) -> &[CapturedEvent] {
        &self.events
    }

    /// The one event with this name.
    ///
    /// # Panics
    ///
    /// If there is none, or more than one.
    #[track_caller]
    pub fn event(&self, name: &str) -> &CapturedEvent {
        let named: Vec<_> = self.events.iter().filter(|event| event.name() == name).collect();
        match named.as_slice() {
            [event] => event,
            events => panic!("there are {} events called `{name}`, not one", events.len()),
        }
    }

    /// The spans as an indented tree: each by its name, with its tokens, and how it ended if that was not
    /// well.
    pub fn tree(&self) -> String {
        self.tree_with(&[])
    }

    /// The tree, with these attributes on every span that has them.
    pub fn tree_with(&self, attributes: &[&str]) -> String {
        crate::tree::draw(&self.spans, attributes)
    }
}

/// One point of a metric.
#[derive(Debug)]
pub struct CapturedMetric {
    /// The metric's name.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// The point's attributes.
    pub attributes: BTreeMap<String, Value>,
    /// The sum of all values.
    pub sum: f64,
    /// How many values there were; `None` for counters.
    pub count: Option<u64>,
    /// A histogram's boundaries.
    pub boundaries: Vec<f64>,
    /// What recorded it.
    pub instrument: Instrument,
    /// Whether its values are whole numbers.
    pub whole: bool,
    /// Whose it is.
    pub(crate) scope: InstrumentationScope,
}

/// A kind of instrument, as far as its points show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Instrument {
    /// Only grows.
    Counter,
    /// Grows and shrinks.
    UpDownCounter,
    /// Has the last value.
    Gauge,
    /// Has buckets with boundaries.
    Histogram,
    /// Has buckets that grow by a factor.
    ExponentialHistogram,
}

impl fmt::Display for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "counter",
            Self::UpDownCounter => "updowncounter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::ExponentialHistogram => "exponential histogram",
        })
    }
}

impl CapturedMetric {
    fn points(scope: &InstrumentationScope, metric: &Metric) -> Vec<Self> {
        let mut points = match metric.data() {
            AggregatedMetrics::F64(data) => Self::points_of(metric, data, |value| value),
            AggregatedMetrics::U64(data) => Self::points_of(metric, data, |value| value as f64),
            AggregatedMetrics::I64(data) => Self::points_of(metric, data, |value| value as f64),
        };
        for point in &mut points {
            point.scope = scope.clone();
            point.whole = !matches!(metric.data(), AggregatedMetrics::F64(_));
        }
        points
    }

    /// Whether it has buckets with boundaries.
    pub(crate) fn has_boundaries(&self) -> bool {
        self.instrument == Instrument::Histogram
    }

    fn points_of<T: Copy>(
        metric: &Metric,
        data: &MetricData<T>,
        number: impl Fn(T) -> f64,
    ) -> Vec<Self> {
        let instrument = match data {
            MetricData::Sum(sum) if sum.is_monotonic() => Instrument::Counter,
            MetricData::Sum(_) => Instrument::UpDownCounter,
            MetricData::Gauge(_) => Instrument::Gauge,
            MetricData::Histogram(_) => Instrument::Histogram,
            MetricData::ExponentialHistogram(_) => Instrument::ExponentialHistogram,
        };
        let of = |attributes: &mut dyn Iterator<Item = &KeyValue>, sum| Self {
            name: metric.name().to_owned(),
            unit: metric.unit().to_owned(),
            attributes: attributes.map(|kv| (kv.key.to_string(), kv.value.clone())).collect(),
            sum,
            count: None,
            boundaries: Vec::new(),
            instrument,
            whole: false,
            scope: InstrumentationScope::default(),
        };
        match data {
            MetricData::Sum(sum) => sum
                .data_points()
                .map(|point| of(&mut point.attributes(), number(point.value())))
                .collect(),
            MetricData::Gauge(gauge) => gauge
                .data_points()
                .map(|point| of(&mut point.attributes(), number(point.value())))
                .collect(),
            MetricData::Histogram(histogram) => histogram
                .data_points()
                .map(|point| Self {
                    count: Some(point.count()),
                    boundaries: point.bounds().collect(),
                    ..of(&mut point.attributes(), number(point.sum()))
                })
                .collect(),
            MetricData::ExponentialHistogram(histogram) => histogram
                .data_points()
                .map(|point| Self {
                    count: Some(point.count() as u64),
                    ..of(&mut point.attributes(), number(point.sum()))
                })
                .collect(),
        }
    }

    /// The value of an attribute as text; empty where it is absent.
    pub fn text(&self, key: &str) -> String {
        self.attributes.get(key).map(Value::to_string).unwrap_or_default()
    }
}

/// An event: a log record with a name.
pub struct CapturedEvent {
    record: SdkLogRecord,
    scope: InstrumentationScope,
}

impl CapturedEvent {
    /// Its name.
    pub fn name(&self) -> &str {
        self.record.event_name().unwrap_or_default()
    }

    /// How much it matters.
    pub fn severity(&self) -> Option<Severity> {
        self.record.severity_number()
    }

    /// The span that it belongs to.
    pub fn span_id(&self) -> Option<SpanId> {
        self.record.trace_context().map(|context| context.span_id)
    }

    /// The value of an attribute; the last one counts.
    pub fn attribute(&self, key: &str) -> Option<&AnyValue> {
        let mut found = None;
        for (name, value) in self.record.attributes_iter() {
            if name.as_str() == key {
                found = Some(value);
            }
        }
        found
    }

    /// The keys of its attributes, sorted.
    pub fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<_> = self.record.attributes_iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        keys
    }

    /// The instrumentation that it comes from.
    pub fn scope(&self) -> &InstrumentationScope {
        &self.scope
    }

    /// Everything, as the SDK tells it.
    pub fn record(&self) -> &SdkLogRecord {
        &self.record
    }
}

impl fmt::Debug for CapturedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapturedEvent")
            .field("name", &self.name())
            .field("keys", &self.keys())
            .finish_non_exhaustive()
    }
}
