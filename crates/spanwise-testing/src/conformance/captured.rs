//! What was captured, in the neutral form.

use opentelemetry::logs::AnyValue;
use opentelemetry::trace::{SpanKind, Status as SpanStatus};
use opentelemetry::{Array, InstrumentationScope, Key, Value};
use serde_json::Value as Json;

use super::observed::{Attributes, Event, Observed, Point, Scope, Span, Status};
use super::sealed::Sealed;
use crate::captured::{Captured, CapturedEvent, CapturedMetric};
use crate::captured_span::CapturedSpan;

impl Sealed for Captured {
    fn observed(&self) -> Observed {
        Observed {
            spans: self.spans().iter().map(span).collect(),
            points: self.metrics().iter().map(point).collect(),
            events: (self.events().iter().map(event))
                .chain(self.spans().iter().flat_map(events_of_span))
                .collect(),
        }
    }
}

fn span(span: &CapturedSpan) -> Span {
    let data = span.data();
    Span {
        id: data.span_context.span_id().to_bytes().to_vec(),
        parent: data.parent_span_id.to_bytes().to_vec(),
        scope: scope(&data.instrumentation_scope),
        name: data.name.to_string(),
        kind: match data.span_kind {
            SpanKind::Client => "client",
            SpanKind::Server => "server",
            SpanKind::Producer => "producer",
            SpanKind::Consumer => "consumer",
            SpanKind::Internal => "internal",
        },
        status: match data.status {
            SpanStatus::Unset => Status::Unset,
            SpanStatus::Ok => Status::Ok,
            SpanStatus::Error { .. } => Status::Error,
        },
        attributes: last_ones(data.attributes.iter().map(|kv| (&kv.key, json(&kv.value)))),
    }
}

/// Those that the conventions name are judged like any other event.
fn events_of_span(span: &CapturedSpan) -> impl Iterator<Item = Event> {
    let data = span.data();
    data.events.iter().map(|it| Event {
        scope: scope(&data.instrumentation_scope),
        name: it.name.to_string(),
        severity: 0,
        has_body: false,
        attributes: Attributes(
            it.attributes.iter().map(|kv| (kv.key.to_string(), json(&kv.value))).collect(),
        ),
    })
}

fn point(point: &CapturedMetric) -> Point {
    let attributes = point.attributes.iter().map(|(key, value)| (key.clone(), json(value)));
    Point {
        scope: scope(&point.scope),
        metric: point.name.clone(),
        unit: point.unit.clone(),
        instrument: point.instrument,
        whole: Some(point.whole),
        boundaries: point.has_boundaries().then(|| point.boundaries.clone()),
        attributes: Attributes(attributes.collect()),
    }
}

fn event(event: &CapturedEvent) -> Event {
    let record = event.record();
    Event {
        scope: scope(event.scope()),
        name: event.name().to_owned(),
        severity: event.severity().map_or(0, |severity| severity as i32),
        has_body: record.body().is_some(),
        attributes: last_ones(record.attributes_iter().map(|(key, value)| (key, any(value)))),
    }
}

fn scope(scope: &InstrumentationScope) -> Scope {
    Scope {
        name: scope.name().to_owned(),
        schema_url: scope.schema_url().unwrap_or_default().to_owned(),
    }
}

/// The SDK keeps every value of a key; exporters send the last one.
fn last_ones<'a>(attributes: impl Iterator<Item = (&'a Key, Json)>) -> Attributes {
    let mut kept: Vec<(String, Json)> = Vec::new();
    for (key, value) in attributes {
        match kept.iter_mut().find(|(known, _)| known == key.as_str()) {
            Some(known) => known.1 = value,
            None => kept.push((key.to_string(), value)),
        }
    }
    Attributes(kept)
}

fn json(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::from(*value),
        Value::I64(value) => Json::from(*value),
        Value::F64(value) => Json::from(*value),
        Value::String(value) => Json::from(value.as_str()),
        Value::Array(Array::Bool(values)) => values.iter().copied().collect(),
        Value::Array(Array::I64(values)) => values.iter().copied().collect(),
        Value::Array(Array::F64(values)) => values.iter().copied().collect(),
        Value::Array(Array::String(values)) => values.iter().map(|text| text.as_str()).collect(),
        // The API may grow; what we do not know has no type of the conventions.
        _ => Json::Null,
    }
}

fn any(value: &AnyValue) -> Json {
    match value {
        AnyValue::Boolean(value) => Json::from(*value),
        AnyValue::Int(value) => Json::from(*value),
        AnyValue::Double(value) => Json::from(*value),
        AnyValue::String(value) => Json::from(value.as_str()),
        AnyValue::ListAny(values) => values.iter().map(any).collect(),
        AnyValue::Map(fields) => {
            fields.iter().map(|(key, value)| (key.to_string(), any(value))).collect()
        }
        _ => Json::Null,
    }
}
