//! OTLP back into what the SDK's exporters take.

use std::collections::HashSet;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use opentelemetry::logs::{AnyValue as LogValue, LogRecord as _, Logger as _, Severity};
use opentelemetry::trace::{
    Event, Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Array, InstrumentationScope, Key, KeyValue, StringValue, Value};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1 as proto;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::{Span, span, status};
use opentelemetry_sdk::logs::{SdkLogRecord, SdkLogger};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

/// That the span's parent is in another process, in a span's flags.
const IS_REMOTE: u32 = 0x200;

pub(super) fn spans(request: ExportTraceServiceRequest) -> Vec<SpanData> {
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    let spans = scopes.flat_map(|group| {
        let scope = scope(group.scope, group.schema_url);
        group.spans.into_iter().map(move |span| span_data(span, scope.clone()))
    });
    spans.collect()
}

pub(super) fn logs(
    request: ExportLogsServiceRequest,
    mint: &SdkLogger,
) -> Vec<(SdkLogRecord, InstrumentationScope)> {
    let scopes = request.resource_logs.into_iter().flat_map(|resource| resource.scope_logs);
    let records = scopes.flat_map(|group| {
        let scope = scope(group.scope, group.schema_url);
        group.log_records.into_iter().map(move |record| (log_record(record, mint), scope.clone()))
    });
    records.collect()
}

fn scope(scope: Option<proto::InstrumentationScope>, schema_url: String) -> InstrumentationScope {
    let scope = scope.unwrap_or_default();
    let mut builder =
        InstrumentationScope::builder(scope.name).with_attributes(attributes(scope.attributes));
    if !scope.version.is_empty() {
        builder = builder.with_version(scope.version);
    }
    if !schema_url.is_empty() {
        builder = builder.with_schema_url(schema_url);
    }
    builder.build()
}

fn span_data(span: Span, instrumentation_scope: InstrumentationScope) -> SpanData {
    let mut events = SpanEvents::default();
    events.dropped_count = span.dropped_events_count;
    events.events = span.events.into_iter().map(event).collect();
    let mut links = SpanLinks::default();
    links.dropped_count = span.dropped_links_count;
    links.links = span.links.into_iter().map(link).collect();
    SpanData {
        span_context: span_context(
            &span.trace_id,
            &span.span_id,
            span.flags,
            &span.trace_state,
            false,
        ),
        parent_span_id: span_id(&span.parent_span_id),
        parent_span_is_remote: span.flags & IS_REMOTE != 0,
        span_kind: match span::SpanKind::try_from(span.kind) {
            Ok(span::SpanKind::Server) => SpanKind::Server,
            Ok(span::SpanKind::Client) => SpanKind::Client,
            Ok(span::SpanKind::Producer) => SpanKind::Producer,
            Ok(span::SpanKind::Consumer) => SpanKind::Consumer,
            _ => SpanKind::Internal,
        },
        name: span.name.into(),
        start_time: time(span.start_time_unix_nano),
        end_time: time(span.end_time_unix_nano),
        attributes: attributes(span.attributes),
        dropped_attributes_count: span.dropped_attributes_count,
        events,
        links,
        status: match span.status {
            Some(status) => match status::StatusCode::try_from(status.code) {
                Ok(status::StatusCode::Ok) => Status::Ok,
                Ok(status::StatusCode::Error) => Status::error(status.message),
                _ => Status::Unset,
            },
            None => Status::Unset,
        },
        instrumentation_scope,
    }
}

fn event(event: span::Event) -> Event {
    Event::new(
        event.name,
        time(event.time_unix_nano),
        attributes(event.attributes),
        event.dropped_attributes_count,
    )
}

fn link(link: span::Link) -> Link {
    let remote = link.flags & IS_REMOTE != 0;
    let context =
        span_context(&link.trace_id, &link.span_id, link.flags, &link.trace_state, remote);
    Link::new(context, attributes(link.attributes), link.dropped_attributes_count)
}

fn span_context(
    trace_id: &[u8],
    id: &[u8],
    flags: u32,
    trace_state: &str,
    remote: bool,
) -> SpanContext {
    let trace_id = trace_id.try_into().map(TraceId::from_bytes).unwrap_or(TraceId::INVALID);
    let trace_state: TraceState = trace_state.parse().unwrap_or_default();
    let flags = TraceFlags::new(flags.to_le_bytes()[0]);
    SpanContext::new(trace_id, span_id(id), flags, remote, trace_state)
}

fn span_id(id: &[u8]) -> SpanId {
    id.try_into().map(SpanId::from_bytes).unwrap_or(SpanId::INVALID)
}

fn time(nanos: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)
}

fn attributes(attributes: Vec<proto::KeyValue>) -> Vec<KeyValue> {
    attributes
        .into_iter()
        .filter_map(|kv| Some(KeyValue::new(Key::new(kv.key), value(kv.value?.value?)?)))
        .collect()
}

/// Spans of the SDK hold no maps and no bytes: those, which only foreign stages could have made, are left
/// out.
fn value(any: Any) -> Option<Value> {
    Some(match any {
        Any::StringValue(text) => Value::String(text.into()),
        Any::BoolValue(flag) => Value::Bool(flag),
        Any::IntValue(number) => Value::I64(number),
        Any::DoubleValue(number) => Value::F64(number),
        Any::ArrayValue(array) => Value::Array(array_of_one_type(array)?),
        _ => return None,
    })
}

fn array_of_one_type(array: proto::ArrayValue) -> Option<Array> {
    let values: Option<Vec<Value>> =
        array.values.into_iter().map(|any| value(any.value?)).collect();
    let values = values?;
    Some(match values.first() {
        None | Some(Value::String(_)) => Array::String(all(values, |value| match value {
            Value::String(text) => Some(text),
            _ => None::<StringValue>,
        })?),
        Some(Value::I64(_)) => Array::I64(all(values, |value| match value {
            Value::I64(number) => Some(number),
            _ => None,
        })?),
        Some(Value::F64(_)) => Array::F64(all(values, |value| match value {
            Value::F64(number) => Some(number),
            _ => None,
        })?),
        Some(Value::Bool(_)) => Array::Bool(all(values, |value| match value {
            Value::Bool(flag) => Some(flag),
            _ => None,
        })?),
        Some(_) => return None,
    })
}

fn all<T>(values: Vec<Value>, take: impl Fn(Value) -> Option<T>) -> Option<Vec<T>> {
    values.into_iter().map(take).collect()
}

fn log_record(record: LogRecord, mint: &SdkLogger) -> SdkLogRecord {
    let mut minted = mint.create_log_record();
    if let Some(name) = event_name(&record.event_name) {
        minted.set_event_name(name);
    }
    if record.time_unix_nano > 0 {
        minted.set_timestamp(time(record.time_unix_nano));
    }
    minted.set_observed_timestamp(time(record.observed_time_unix_nano));
    if let Some(severity) = severity(record.severity_number) {
        minted.set_severity_number(severity);
        minted.set_severity_text(severity.name());
    }
    if let Some(body) = record.body.and_then(|any| any.value) {
        minted.set_body(log_value(body));
    }
    for attribute in record.attributes {
        if let Some(value) = attribute.value.and_then(|any| any.value) {
            minted.add_attribute(attribute.key, log_value(value));
        }
    }
    let span = span_context(&record.trace_id, &record.span_id, record.flags, "", false);
    if span.is_valid() {
        minted.set_trace_context(span.trace_id(), span.span_id(), Some(span.trace_flags()));
    }
    minted
}

fn log_value(any: Any) -> LogValue {
    match any {
        Any::StringValue(text) => LogValue::String(text.into()),
        Any::BoolValue(flag) => LogValue::Boolean(flag),
        Any::IntValue(number) => LogValue::Int(number),
        Any::DoubleValue(number) => LogValue::Double(number),
        Any::BytesValue(bytes) => LogValue::Bytes(Box::new(bytes)),
        Any::ArrayValue(array) => {
            array.values.into_iter().filter_map(|any| any.value).map(log_value).collect()
        }
        Any::KvlistValue(list) => list
            .values
            .into_iter()
            .filter_map(|kv| Some((kv.key, log_value(kv.value?.value?))))
            .collect(),
        // A reference into a table of strings, which traces and logs do not have.
        Any::StringValueStrindex(_) => LogValue::String("".into()),
    }
}

fn severity(number: i32) -> Option<Severity> {
    use Severity::{
        Debug, Debug2, Debug3, Debug4, Error, Error2, Error3, Error4, Fatal, Fatal2, Fatal3,
        Fatal4, Info, Info2, Info3, Info4, Trace, Trace2, Trace3, Trace4, Warn, Warn2, Warn3,
        Warn4,
    };
    const ALL: [Severity; 24] = [
        Trace, Trace2, Trace3, Trace4, Debug, Debug2, Debug3, Debug4, Info, Info2, Info3, Info4,
        Warn, Warn2, Warn3, Warn4, Error, Error2, Error3, Error4, Fatal, Fatal2, Fatal3, Fatal4,
    ];
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    ALL.get(index).copied()
}

/// The SDK wants names that live for ever. There are few: the conventions', and one for each `tracing` call
/// site; beyond a bound the record keeps everything but its name.
fn event_name(name: &str) -> Option<&'static str> {
    const MOST: usize = 4096;
    static NAMES: OnceLock<Mutex<HashSet<&'static str>>> = OnceLock::new();
    if name.is_empty() {
        return None;
    }
    let names = NAMES.get_or_init(Mutex::default);
    let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return Some(known);
    }
    if names.len() >= MOST {
        return None;
    }
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(kept);
    Some(kept)
}
