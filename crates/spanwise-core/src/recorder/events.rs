//! Events: log records with a name.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::logs::{AnyValue, LogRecord, Logger, Severity};
use opentelemetry::trace::SpanContext;
use opentelemetry::{Array, KeyValue, Value};
use serde_json::Value as Json;

use crate::content::Content;

/// Where events go.
pub trait EventRecorder: Send + Sync {
    /// Takes an event. It must not block: it is called on the task of the operation.
    fn record(&self, event: Event);
}

/// An event of an operation. `Debug` shows which attributes there are, never what they say.
#[derive(Clone)]
pub struct Event {
    /// Its name, such as `gen_ai.client.inference.operation.details`.
    pub name: &'static str,
    /// When it happened.
    pub timestamp: SystemTime,
    /// How much it matters.
    pub severity: Severity,
    /// Its attributes.
    pub attributes: Vec<KeyValue>,
    /// Its content, to become structured attributes.
    pub content: Option<Arc<Content>>,
    /// The span that it belongs to.
    pub span: SpanContext,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.attributes.iter().map(|attribute| attribute.key.as_str());
        f.debug_struct("Event")
            .field("name", &self.name)
            .field("attributes", &keys.collect::<Vec<_>>())
            .field("content", &self.content)
            .finish_non_exhaustive()
    }
}

impl Event {
    /// Writes it into a log record of OpenTelemetry's API.
    pub fn write_to(self, record: &mut impl LogRecord) {
        record.set_event_name(self.name);
        record.set_timestamp(self.timestamp);
        record.set_severity_number(self.severity);
        record.set_severity_text(self.severity.name());
        if self.span.is_valid() {
            let flags = Some(self.span.trace_flags());
            record.set_trace_context(self.span.trace_id(), self.span.span_id(), flags);
        }
        for attribute in self.attributes {
            record.add_attribute(attribute.key, any_value(attribute.value));
        }
        for item in self.content.iter().flat_map(|content| content.items()) {
            record.add_attribute(item.key().into_owned(), structured(item.to_value()));
        }
    }
}

/// Events as log records of any logger.
pub(crate) struct LoggerEvents<L>(pub(crate) L);

impl<L: Logger + Send + Sync> EventRecorder for LoggerEvents<L> {
    fn record(&self, event: Event) {
        if !self.0.event_enabled(event.severity, super::SCOPE_NAME, Some(event.name)) {
            return;
        }
        let mut record = self.0.create_log_record();
        event.write_to(&mut record);
        self.0.emit(record);
    }
}

fn any_value(value: Value) -> AnyValue {
    match value {
        Value::Bool(value) => AnyValue::Boolean(value),
        Value::I64(value) => AnyValue::Int(value),
        Value::F64(value) => AnyValue::Double(value),
        Value::String(value) => AnyValue::String(value),
        Value::Array(Array::Bool(values)) => values.into_iter().collect(),
        Value::Array(Array::I64(values)) => values.into_iter().collect(),
        Value::Array(Array::F64(values)) => values.into_iter().collect(),
        Value::Array(Array::String(values)) => values.into_iter().collect(),
        // The API may grow; what we do not know is still shown.
        other => AnyValue::String(other.to_string().into()),
    }
}

/// JSON as a structured attribute. What OpenTelemetry has no word for (`null`) is an empty string.
fn structured(value: Json) -> AnyValue {
    match value {
        Json::Null => AnyValue::String("".into()),
        Json::Bool(value) => AnyValue::Boolean(value),
        Json::Number(number) => match number.as_i64() {
            Some(value) => AnyValue::Int(value),
            None => AnyValue::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => AnyValue::String(text.into()),
        Json::Array(values) => values.into_iter().map(structured).collect(),
        Json::Object(fields) => {
            fields.into_iter().map(|(key, value)| (key, structured(value))).collect()
        }
    }
}
