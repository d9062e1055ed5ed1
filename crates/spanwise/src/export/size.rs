//! About how many bytes things hold in memory: enough to keep a queue within its limit.

use opentelemetry::logs::AnyValue;
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::logs::SdkLogRecord;
use spanwise_core::{Content, Event, ScoreValue};

use super::queued::{QueuedFeedback, QueuedLog, QueuedSpan};

pub(crate) fn of_span(queued: &QueuedSpan) -> usize {
    let QueuedSpan { span, attributes, content, .. } = queued;
    let events = span.events.events.iter();
    let links = span.links.links.iter();
    size_of::<QueuedSpan>()
        + span.name.len()
        + of_attributes(&span.attributes)
        + of_attributes(attributes)
        + events
            .map(|event| 80 + event.name.len() + of_attributes(&event.attributes))
            .sum::<usize>()
        + links.map(|link| 80 + of_attributes(&link.attributes)).sum::<usize>()
        + content.as_ref().map_or(0, |content| content.size())
}

pub(crate) fn of_log(log: &QueuedLog) -> usize {
    match log {
        QueuedLog::Event(event) => {
            let content = event.content.as_deref().map_or(0, Content::size);
            size_of::<Event>() + of_attributes(&event.attributes) + content
        }
        QueuedLog::Record(record) => {
            let record = &record.0;
            let attributes = record.attributes_iter();
            size_of::<SdkLogRecord>()
                + record.body().map_or(0, of_any)
                + attributes.map(|(key, value)| key.as_str().len() + of_any(value)).sum::<usize>()
        }
    }
}

pub(crate) fn of_feedback(queued: &QueuedFeedback) -> usize {
    let feedback = &queued.feedback;
    let value = match &feedback.value {
        ScoreValue::Category(text) | ScoreValue::Text(text) => text.as_str().len(),
        _ => 0,
    };
    let texts = [&feedback.label, &feedback.comment, &feedback.id];
    let texts = texts.into_iter().flatten().map(|text| text.as_str().len());
    size_of::<QueuedFeedback>() + feedback.name.as_str().len() + value + texts.sum::<usize>()
}

fn of_attributes(attributes: &[KeyValue]) -> usize {
    attributes.iter().map(|kv| size_of::<KeyValue>() + of_value(&kv.value)).sum()
}

fn of_value(value: &Value) -> usize {
    match value {
        Value::String(text) => text.as_str().len(),
        Value::Array(Array::String(texts)) => {
            texts.iter().map(|text| 24 + text.as_str().len()).sum()
        }
        Value::Array(Array::I64(numbers)) => numbers.len() * 8,
        Value::Array(Array::F64(numbers)) => numbers.len() * 8,
        Value::Array(Array::Bool(flags)) => flags.len(),
        _ => 0,
    }
}

fn of_any(value: &AnyValue) -> usize {
    let inner = match value {
        AnyValue::String(text) => text.as_str().len(),
        AnyValue::Bytes(bytes) => bytes.len(),
        AnyValue::ListAny(values) => values.iter().map(of_any).sum(),
        AnyValue::Map(map) => {
            map.iter().map(|(key, value)| key.as_str().len() + of_any(value)).sum()
        }
        _ => 0,
    };
    size_of::<AnyValue>() + inner
}
