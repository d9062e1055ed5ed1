//! A captured span.

use std::time::Duration;

use opentelemetry::trace::{SpanContext, SpanKind, Status};
use opentelemetry::{SpanId, TraceId, Value};
use opentelemetry_sdk::trace::SpanData;

/// A span that ended.
#[derive(Debug)]
pub struct CapturedSpan(pub(crate) SpanData);

impl CapturedSpan {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its kind.
    pub fn kind(&self) -> &SpanKind {
        &self.0.span_kind
    }

    /// Its status.
    pub fn status(&self) -> &Status {
        &self.0.status
    }

    /// Its ids.
    pub fn span_context(&self) -> &SpanContext {
        &self.0.span_context
    }

    /// The id of the span above it; invalid for a root.
    pub fn parent_span_id(&self) -> SpanId {
        self.0.parent_span_id
    }

    /// Its trace.
    pub fn trace_id(&self) -> TraceId {
        self.0.span_context.trace_id()
    }

    /// How long it took.
    pub fn duration(&self) -> Duration {
        self.0.end_time.duration_since(self.0.start_time).unwrap_or_default()
    }

    /// The value of an attribute; the last one counts.
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        let attributes = self.0.attributes.iter().rev();
        attributes.filter(|attribute| attribute.key.as_str() == key).map(|kv| &kv.value).next()
    }

    /// The value of an attribute as text; empty where it is absent.
    pub fn text(&self, key: &str) -> String {
        self.attribute(key).map(Value::to_string).unwrap_or_default()
    }

    /// The keys of its attributes, sorted.
    pub fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<_> = self.0.attributes.iter().map(|kv| kv.key.as_str()).collect();
        keys.sort_unstable();
        keys
    }

    /// Everything, as the SDK tells it.
    pub fn data(&self) -> &SpanData {
        &self.0
    }
}
