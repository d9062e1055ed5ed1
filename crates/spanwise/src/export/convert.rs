//! What was recorded, as OTLP.

use std::time::SystemTime;

use opentelemetry::Key;
use opentelemetry::logs::AnyValue as LogValue;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use spanwise_core::semconv::{self, Entity, entity};
use spanwise_core::{Event, instrumentation_scope};

use super::queued::{QueuedLog, QueuedSpan};
use super::request::{ExportedResource, Group};
use super::stage::content::carried::Carried;

pub(crate) fn resource(resource: &opentelemetry_sdk::Resource) -> ExportedResource {
    let attributes = ResourceAttributesWithSchema::from(resource);
    let entity_refs = main_agent(resource).into_iter().collect();
    ExportedResource {
        resource: opentelemetry_proto::tonic::resource::v1::Resource {
            attributes: attributes.attributes.0,
            entity_refs,
            ..Default::default()
        },
        schema_url: attributes.schema_url.unwrap_or_default(),
    }
}

/// The agent that the program is, if it is one.
fn main_agent(resource: &opentelemetry_sdk::Resource) -> Option<EntityRef> {
    let Entity { name, identity, description } = entity::GEN_AI_MAIN_AGENT;
    let there = |keys: &[&'static str]| {
        let keys = keys.iter().filter(|key| resource.get(&Key::from_static_str(key)).is_some());
        keys.map(|key| (*key).to_owned()).collect::<Vec<_>>()
    };
    let id_keys = there(identity);
    (id_keys.len() == identity.len()).then(|| EntityRef {
        schema_url: semconv::SCHEMA_URL.to_owned(),
        r#type: name.to_owned(),
        id_keys,
        description_keys: there(description),
    })
}

/// Spans by scope, with their content beside them. The buffer is left empty.
pub(crate) fn spans(queued: &mut Vec<QueuedSpan>) -> Vec<Group<Carried<Span>>> {
    let mut groups = Vec::new();
    for QueuedSpan { mut span, attributes, early, content, .. } in queued.drain(..) {
        let group = Group::of(&mut groups, &span.instrumentation_scope, None);
        let mut attributes = attributes.into_vec();
        attributes.splice(early..early, std::mem::take(&mut span.attributes));
        span.attributes = attributes;
        group.items.push(Carried { item: Span::from(span), content });
    }
    groups
}

/// Log records by scope, with their content beside them.
pub(crate) fn logs(queued: Vec<QueuedLog>) -> Vec<Group<Carried<LogRecord>>> {
    let own_scope = instrumentation_scope();
    let mut groups = Vec::new();
    for log in queued {
        match log {
            QueuedLog::Event(event) => {
                Group::of(&mut groups, &own_scope, None).items.push(event_record(*event));
            }
            QueuedLog::Record(record) => {
                let (record, scope) = *record;
                let target = record.target().map(|target| target.as_ref());
                let group = Group::of(&mut groups, &scope, target);
                group.items.push(Carried::plain(log_record(&record)));
            }
        }
    }
    groups
}

fn event_record(event: Event) -> Carried<LogRecord> {
    let Event { name, timestamp, severity, attributes, content, span } = event;
    let attributes = self::attributes(attributes);
    let in_trace = span.is_valid();
    let item = LogRecord {
        time_unix_nano: nanos(timestamp),
        observed_time_unix_nano: nanos(timestamp),
        severity_number: severity as i32,
        severity_text: severity.name().to_owned(),
        attributes,
        flags: u32::from(span.trace_flags().to_u8()),
        trace_id: if in_trace { span.trace_id().to_bytes().to_vec() } else { Vec::new() },
        span_id: if in_trace { span.span_id().to_bytes().to_vec() } else { Vec::new() },
        event_name: name.to_owned(),
        ..LogRecord::default()
    };
    Carried { item, content }
}

pub(crate) fn attributes(attributes: Vec<opentelemetry::KeyValue>) -> Vec<KeyValue> {
    let attribute = |attribute: opentelemetry::KeyValue| KeyValue {
        key: attribute.key.as_str().to_owned(),
        value: Some(attribute.value.into()),
        ..KeyValue::default()
    };
    attributes.into_iter().map(attribute).collect()
}

/// The crate's own conversion expects an observed time, which a foreign processor may have left out.
fn log_record(record: &opentelemetry_sdk::logs::SdkLogRecord) -> LogRecord {
    let context = record.trace_context();
    let attributes = record
        .attributes_iter()
        .map(|(key, value)| key_value(key.as_str().to_owned(), log_value(value.clone())));
    let flags = context.and_then(|context| context.trace_flags);
    LogRecord {
        time_unix_nano: record.timestamp().map(nanos).unwrap_or_default(),
        observed_time_unix_nano: nanos(record.observed_timestamp().unwrap_or_else(SystemTime::now)),
        severity_number: record
            .severity_number()
            .map(|severity| severity as i32)
            .unwrap_or_default(),
        severity_text: record.severity_text().unwrap_or_default().to_owned(),
        body: record.body().map(|body| AnyValue { value: Some(log_value(body.clone())) }),
        attributes: attributes.collect(),
        dropped_attributes_count: 0,
        flags: flags.map(|flags| u32::from(flags.to_u8())).unwrap_or_default(),
        trace_id: context.map(|context| context.trace_id.to_bytes().to_vec()).unwrap_or_default(),
        span_id: context.map(|context| context.span_id.to_bytes().to_vec()).unwrap_or_default(),
        event_name: record.event_name().unwrap_or_default().to_owned(),
    }
}

fn log_value(value: LogValue) -> Value {
    match value {
        LogValue::Int(number) => Value::IntValue(number),
        LogValue::Double(number) => Value::DoubleValue(number),
        LogValue::String(text) => Value::StringValue(text.into()),
        LogValue::Boolean(flag) => Value::BoolValue(flag),
        LogValue::Bytes(bytes) => Value::BytesValue(*bytes),
        LogValue::ListAny(values) => {
            array(values.into_iter().map(|value| AnyValue { value: Some(log_value(value)) }))
        }
        LogValue::Map(map) => {
            let mut values: Vec<KeyValue> = map
                .into_iter()
                .map(|(key, value)| key_value(key.as_str().to_owned(), log_value(value)))
                .collect();
            // The order of a hash map is no order.
            values.sort_by(|a, b| a.key.cmp(&b.key));
            Value::KvlistValue(KeyValueList { values })
        }
        // The API may grow; what we do not know is still shown.
        other => Value::StringValue(format!("{other:?}")),
    }
}

fn array(values: impl Iterator<Item = AnyValue>) -> Value {
    Value::ArrayValue(ArrayValue { values: values.collect() })
}

fn key_value(key: String, value: Value) -> KeyValue {
    KeyValue { key, value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The metrics of a collection, by scope.
pub(crate) fn metrics(request: ExportMetricsServiceRequest) -> Vec<Group<Carried<Metric>>> {
    let scopes = request.resource_metrics.into_iter().flat_map(|metrics| metrics.scope_metrics);
    scopes
        .map(|scope| Group {
            scope: scope.scope.unwrap_or_default(),
            schema_url: scope.schema_url,
            items: scope.metrics.into_iter().map(Carried::plain).collect(),
        })
        .collect()
}
