//! What arrived, counted from the official messages.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, NumberDataPoint, Sum};
use spanwise_testing::{Message, attribute};

/// Who recorded it, and as the how manieth.
type Item = (i64, i64);

/// Everything that arrived, by what identifies it.
#[derive(Default)]
pub struct Tally {
    /// Spans by their id; log records, which have none, are as good as their number.
    ids: HashSet<Vec<u8>>,
    items: HashSet<Item>,
    /// How often something came that was there already.
    pub duplicated: u64,
    /// The counter of each run: its last value, or its points by when they began.
    cumulative: BTreeMap<i64, u64>,
    delta: BTreeMap<i64, BTreeMap<u64, u64>>,
}

impl Tally {
    pub fn add(&mut self, messages: &[Message]) {
        for message in messages {
            match message {
                Message::Traces(_) => {
                    for span in message.spans() {
                        self.item(span.span_id.clone(), &span.attributes);
                    }
                }
                Message::Logs(request) => {
                    let scopes = request.resource_logs.iter().flat_map(|it| &it.scope_logs);
                    for record in scopes.flat_map(|scope| &scope.log_records) {
                        let id = format!("{:?}", item(&record.attributes));
                        self.item(id.into_bytes(), &record.attributes);
                    }
                }
                Message::Metrics(request) => {
                    let scopes = request.resource_metrics.iter().flat_map(|it| &it.scope_metrics);
                    for metric in scopes.flat_map(|scope| &scope.metrics) {
                        if let ("recorded", Some(Data::Sum(sum))) = (&*metric.name, &metric.data) {
                            self.counter(sum);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn item(&mut self, id: Vec<u8>, attributes: &[KeyValue]) {
        if self.ids.insert(id) {
            let is_new = self.items.insert(item(attributes));
            assert!(is_new, "one item came with two ids");
        } else {
            self.duplicated += 1;
        }
    }

    fn counter(&mut self, sum: &Sum) {
        let is_delta = sum.aggregation_temporality() == AggregationTemporality::Delta;
        for point in &sum.data_points {
            let run = number(&point.attributes, "run");
            let value = value(point);
            if is_delta {
                let points = self.delta.entry(run).or_default();
                if points.insert(point.start_time_unix_nano, value).is_some() {
                    self.duplicated += 1;
                }
            } else {
                let last = self.cumulative.entry(run).or_default();
                *last = value.max(*last);
            }
        }
    }

    /// How many different items arrived; of metrics, what the counters say.
    pub fn received(&self) -> u64 {
        let cumulative: u64 = self.cumulative.values().sum();
        let delta: u64 = self.delta.values().flat_map(BTreeMap::values).sum();
        self.ids.len() as u64 + cumulative + delta
    }

    /// How much of a run's counter arrived.
    pub fn counted(&self, run: i64) -> u64 {
        let cumulative = self.cumulative.get(&run).copied().unwrap_or_default();
        let delta: u64 = self.delta.get(&run).into_iter().flat_map(BTreeMap::values).sum();
        cumulative + delta
    }

    /// How many items a run recorded at least, by what arrived.
    pub fn most(&self, run: i64) -> u64 {
        let numbers = self.items.iter().filter(|(of, _)| *of == run).map(|(_, n)| *n as u64 + 1);
        numbers.max().unwrap_or_default().max(self.counted(run))
    }

    /// Which of the first so many items of a run did not arrive.
    pub fn missing(&self, run: i64, recorded: u64) -> BTreeSet<u64> {
        (0..recorded).filter(|n| !self.items.contains(&(run, *n as i64))).collect()
    }
}

fn item(attributes: &[KeyValue]) -> Item {
    (number(attributes, "run"), number(attributes, "n"))
}

fn number(attributes: &[KeyValue], key: &str) -> i64 {
    match attribute(attributes, key) {
        Some(Value::IntValue(number)) => *number,
        other => panic!("{key} is {other:?}"),
    }
}

fn value(point: &NumberDataPoint) -> u64 {
    match point.value {
        Some(Number::AsInt(value)) => value as u64,
        ref other => panic!("a counter of integers has {other:?}"),
    }
}
