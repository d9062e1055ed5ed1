//! What is collected, as Prometheus thinks of it: families of series.

use std::collections::{BTreeMap, HashMap};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as OtlpValue;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as OtlpNumber;
use opentelemetry_proto::tonic::metrics::v1::{HistogramDataPoint, Metric, NumberDataPoint};

use super::names;

/// Series of one name.
#[derive(Debug)]
pub(super) struct Family {
    /// Without `_total`.
    pub(super) name: String,
    pub(super) kind: Kind,
    /// In words; may be none.
    pub(super) unit: String,
    pub(super) help: String,
    pub(super) series: Vec<Series>,
    known: HashMap<Labels, usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// In the order of their names, each once.
pub(super) type Labels = BTreeMap<String, String>;

#[derive(Debug)]
pub(super) struct Series {
    pub(super) labels: Labels,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Number(Number),
    Histogram {
        /// Upper bounds, and how many values are at or below each.
        buckets: Vec<(f64, u64)>,
        count: u64,
        sum: Option<f64>,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Int(i64),
    Double(f64),
}

/// Everything of one scrape.
#[derive(Debug, Default)]
pub(super) struct Families {
    pub(super) all: Vec<Family>,
    /// What the resource says.
    pub(super) target: Labels,
    by_name: HashMap<String, usize>,
}

impl Families {
    pub(super) fn of(collected: ExportMetricsServiceRequest) -> Self {
        let mut families = Self::default();
        for resource in collected.resource_metrics {
            families.target.extend(labels(resource.resource.unwrap_or_default().attributes));
            for scope in resource.scope_metrics {
                let of_scope = of_scope(scope.scope.unwrap_or_default(), &scope.schema_url);
                for metric in scope.metrics {
                    families.add(metric, &of_scope);
                }
            }
        }
        families
    }

    fn add(&mut self, metric: Metric, of_scope: &Labels) {
        let Metric { name, description, unit, data, .. } = metric;
        let (kind, points) = match data {
            Some(Data::Sum(sum)) => {
                let kind = if sum.is_monotonic { Kind::Counter } else { Kind::Gauge };
                (kind, numbers(sum.data_points))
            }
            Some(Data::Gauge(gauge)) => (Kind::Gauge, numbers(gauge.data_points)),
            Some(Data::Histogram(histogram)) => {
                (Kind::Histogram, histogram.data_points.into_iter().map(distribution).collect())
            }
            // The SDK makes them for views alone, and its metrics have none here.
            Some(Data::ExponentialHistogram(_) | Data::Summary(_)) | None => return,
        };
        let (name, unit) = names::of_metric(&name, &unit, kind);
        let place = *self.by_name.entry(name.clone()).or_insert(self.all.len());
        if place == self.all.len() {
            let (series, known) = (Vec::new(), HashMap::new());
            self.all.push(Family { name, kind, unit, help: description, series, known });
        }
        let family = &mut self.all[place];
        // A name means one thing; the first that was made has it.
        if family.kind == kind {
            for (labels, value) in points {
                family.add(labels, of_scope, value);
            }
        }
    }
}

impl Family {
    /// The same series twice would make the whole scrape fail. Those that become the same, by their names or by what is
    /// redacted, count together.
    fn add(&mut self, mut labels: Labels, of_scope: &Labels, value: Value) {
        if self.kind == Kind::Histogram
            && let Some(own) = labels.remove("le")
        {
            labels.insert("exported_le".to_owned(), own);
        }
        labels.extend(of_scope.iter().map(|(key, value)| (key.clone(), value.clone())));
        let place = *self.known.entry(labels.clone()).or_insert(self.series.len());
        match self.series.get_mut(place) {
            Some(known) if self.kind != Kind::Gauge => known.value.add(value),
            // What is now of several cannot be told; the first stays.
            Some(_) => {}
            None => self.series.push(Series { labels, value }),
        }
    }
}

impl Value {
    /// Adds up what counts; distributions over other bounds do not, and are left out.
    fn add(&mut self, other: Self) {
        match (self, other) {
            (Self::Number(known), Self::Number(other)) => *known = known.plus(other),
            (
                Self::Histogram { buckets, count, sum },
                Self::Histogram { buckets: others, count: more, sum: further },
            ) if buckets.iter().map(|it| it.0).eq(others.iter().map(|it| it.0)) => {
                for (known, other) in buckets.iter_mut().zip(others) {
                    known.1 += other.1;
                }
                *count += more;
                *sum = sum.zip(further).map(|(sum, further)| sum + further);
            }
            _ => {}
        }
    }
}

impl Number {
    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Int(one), Self::Int(other)) => Self::Int(one.saturating_add(other)),
            (one, other) => Self::Double(one.double() + other.double()),
        }
    }

    fn double(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Double(number) => number,
        }
    }
}

fn numbers(points: Vec<NumberDataPoint>) -> Vec<(Labels, Value)> {
    let told = points.into_iter().filter_map(|point| {
        let number = match point.value? {
            OtlpNumber::AsInt(value) => Number::Int(value),
            OtlpNumber::AsDouble(value) => Number::Double(value),
        };
        Some((labels(point.attributes), Value::Number(number)))
    });
    told.collect()
}

fn distribution(point: HistogramDataPoint) -> (Labels, Value) {
    let mut below = 0;
    let bounds = point.explicit_bounds.into_iter().zip(point.bucket_counts);
    let buckets = bounds.map(|(bound, count)| {
        below += count;
        (bound, below)
    });
    let (buckets, count, sum) = (buckets.collect(), point.count, point.sum);
    (labels(point.attributes), Value::Histogram { buckets, count, sum })
}

fn of_scope(scope: InstrumentationScope, schema_url: &str) -> Labels {
    let mut told = Labels::new();
    for KeyValue { key, value, .. } in scope.attributes {
        told.insert(names::of_label(&format!("otel_scope_{key}")), text(value));
    }
    for (key, value) in
        [("name", &*scope.name), ("version", &*scope.version), ("schema_url", schema_url)]
    {
        told.insert(format!("otel_scope_{key}"), value.to_owned());
    }
    told.retain(|_, value| !value.is_empty());
    told
}

/// Keys that become equal share their values, in the order of the keys; an empty value is none.
fn labels(mut attributes: Vec<KeyValue>) -> Labels {
    attributes.sort_by(|one, other| one.key.cmp(&other.key));
    let mut told = Labels::new();
    for KeyValue { key, value, .. } in attributes {
        let value = text(value);
        if value.is_empty() {
            continue;
        }
        told.entry(names::of_label(&key))
            .and_modify(|known| {
                known.push(';');
                known.push_str(&value);
            })
            .or_insert(value);
    }
    told
}

/// A text as it is, everything else as JSON.
fn text(value: Option<AnyValue>) -> String {
    match value.and_then(|value| value.value) {
        Some(OtlpValue::StringValue(text)) => text,
        Some(value) => json(value).to_string(),
        None => String::new(),
    }
}

fn json(value: OtlpValue) -> serde_json::Value {
    let any = |value: AnyValue| value.value.map_or(serde_json::Value::Null, json);
    match value {
        OtlpValue::StringValue(text) => text.into(),
        OtlpValue::BoolValue(value) => value.into(),
        OtlpValue::IntValue(value) => value.into(),
        OtlpValue::DoubleValue(value) => value.into(),
        OtlpValue::ArrayValue(list) => list.values.into_iter().map(any).collect(),
        OtlpValue::KvlistValue(pairs) => pairs
            .values
            .into_iter()
            .map(|pair| (pair.key, pair.value.map_or(serde_json::Value::Null, any)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        // Bytes have no text, and references none here.
        _ => serde_json::Value::Null,
    }
}
