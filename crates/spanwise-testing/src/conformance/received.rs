//! What a receiver took, in the neutral form.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{Metric, NumberDataPoint};
use opentelemetry_proto::tonic::trace::v1::Span as Received;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use serde_json::Value as Json;
use spanwise_core::semconv::SemconvProfile;

use super::observed::{Attributes, Event, Observed, Point, Scope, Span, Status};
use super::sealed::Sealed;
use super::{Conformance, Violation};
use crate::captured::Instrument;
use crate::receiver::Receiver;

impl Receiver {
    /// Asserts that everything it took follows the conventions of today; see [`Conformance`].
    ///
    /// # Panics
    ///
    /// With a list of all departures, and the spans as a tree.
    ///
    /// ```
    /// let receiver = spanwise_testing::Receiver::start();
    /// receiver.assert_conformant();
    /// ```
    #[track_caller]
    pub fn assert_conformant(&self) {
        Conformance::new().assert(self);
    }

    /// Asserts that everything it took follows the conventions in one profile: that of the destination
    /// that sends to it.
    ///
    /// # Panics
    ///
    /// With a list of all departures, and the spans as a tree.
    #[track_caller]
    pub fn assert_conformant_to(&self, profile: SemconvProfile) {
        Conformance::new().profile(profile).assert(self);
    }

    /// Every departure from the conventions of today; see [`Conformance`].
    pub fn violations(&self) -> Vec<Violation> {
        Conformance::new().violations(self)
    }
}

impl Sealed for Receiver {
    fn observed(&self) -> Observed {
        let mut observed = Observed::default();
        for of in self.trace_requests().iter().flat_map(|it| &it.resource_spans) {
            for of in &of.scope_spans {
                let scope = scope(of.scope.as_ref(), &of.schema_url);
                observed.spans.extend(of.spans.iter().map(|it| span(&scope, it)));
                let events = of.spans.iter().flat_map(|span| events_of_span(&scope, span));
                observed.events.extend(events);
            }
        }
        for of in self.metric_requests().iter().flat_map(|it| &it.resource_metrics) {
            for of in &of.scope_metrics {
                let scope = scope(of.scope.as_ref(), &of.schema_url);
                observed.points.extend(of.metrics.iter().flat_map(|it| points(&scope, it)));
            }
        }
        for of in self.log_requests().iter().flat_map(|it| &it.resource_logs) {
            for of in &of.scope_logs {
                let scope = scope(of.scope.as_ref(), &of.schema_url);
                observed.events.extend(of.log_records.iter().map(|it| event(&scope, it)));
            }
        }
        observed
    }
}

fn scope(scope: Option<&InstrumentationScope>, schema_url: &str) -> Scope {
    let name = scope.map(|scope| scope.name.clone()).unwrap_or_default();
    Scope { name, schema_url: schema_url.to_owned() }
}

fn span(scope: &Scope, span: &Received) -> Span {
    let status = span.status.as_ref().map(|status| status.code());
    Span {
        id: span.span_id.clone(),
        parent: span.parent_span_id.clone(),
        scope: scope.clone(),
        name: span.name.clone(),
        kind: match span.kind() {
            SpanKind::Client => "client",
            SpanKind::Server => "server",
            SpanKind::Producer => "producer",
            SpanKind::Consumer => "consumer",
            SpanKind::Internal => "internal",
            SpanKind::Unspecified => "unspecified",
        },
        status: match status.unwrap_or_default() {
            StatusCode::Unset => Status::Unset,
            StatusCode::Ok => Status::Ok,
            StatusCode::Error => Status::Error,
        },
        attributes: attributes(&span.attributes),
    }
}

/// Those that the conventions name are judged like any other event.
fn events_of_span(scope: &Scope, span: &Received) -> impl Iterator<Item = Event> {
    span.events.iter().map(|it| Event {
        scope: scope.clone(),
        name: it.name.clone(),
        severity: 0,
        has_body: false,
        attributes: attributes(&it.attributes),
    })
}

fn points(scope: &Scope, metric: &Metric) -> Vec<Point> {
    let point = |instrument, of: &[KeyValue]| Point {
        scope: scope.clone(),
        metric: metric.name.clone(),
        unit: metric.unit.clone(),
        instrument,
        whole: None,
        boundaries: None,
        attributes: attributes(of),
    };
    let number = |instrument, it: &NumberDataPoint| Point {
        whole: it.value.as_ref().map(|value| matches!(value, Number::AsInt(_))),
        ..point(instrument, &it.attributes)
    };
    match &metric.data {
        None | Some(Data::Summary(_)) => Vec::new(),
        Some(Data::Gauge(data)) => {
            data.data_points.iter().map(|it| number(Instrument::Gauge, it)).collect()
        }
        Some(Data::Sum(data)) => {
            let monotonic = data.is_monotonic;
            let kind = if monotonic { Instrument::Counter } else { Instrument::UpDownCounter };
            data.data_points.iter().map(|it| number(kind, it)).collect()
        }
        Some(Data::Histogram(data)) => {
            let points = data.data_points.iter().map(|it| Point {
                boundaries: Some(it.explicit_bounds.clone()),
                ..point(Instrument::Histogram, &it.attributes)
            });
            points.collect()
        }
        Some(Data::ExponentialHistogram(data)) => {
            let points = data.data_points.iter();
            points.map(|it| point(Instrument::ExponentialHistogram, &it.attributes)).collect()
        }
    }
}

fn event(scope: &Scope, record: &LogRecord) -> Event {
    Event {
        scope: scope.clone(),
        name: record.event_name.clone(),
        severity: record.severity_number,
        has_body: record.body.as_ref().is_some_and(|body| body.value.is_some()),
        attributes: attributes(&record.attributes),
    }
}

fn attributes(attributes: &[KeyValue]) -> Attributes {
    Attributes(attributes.iter().map(|kv| (kv.key.clone(), json(kv.value.as_ref()))).collect())
}

fn json(value: Option<&AnyValue>) -> Json {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => Json::from(text.as_str()),
        Some(Value::BoolValue(value)) => Json::from(*value),
        Some(Value::IntValue(value)) => Json::from(*value),
        Some(Value::DoubleValue(value)) => Json::from(*value),
        Some(Value::ArrayValue(list)) => list.values.iter().map(|it| json(Some(it))).collect(),
        Some(Value::KvlistValue(map)) => {
            map.values.iter().map(|kv| (kv.key.clone(), json(kv.value.as_ref()))).collect()
        }
        _ => Json::Null,
    }
}
