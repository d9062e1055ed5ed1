//! Spans by hand.

use std::borrow::Cow;

use opentelemetry::global::BoxedSpan;
use opentelemetry::trace::{
    Span, SpanBuilder as Asked, SpanKind, TraceContextExt as _, Tracer as _,
};
use opentelemetry::{Context, Key, KeyValue, Value};

use crate::recorder::SCOPE_NAME;

/// A span of the program's own, before it starts. For model calls, tools, agents and their like there are
/// operations, which know what theirs are called.
///
/// ```
/// use opentelemetry::trace::SpanKind;
/// use spanwise_core::{SpanBuilder, Tool, context_with_span};
///
/// let span = SpanBuilder::new("process_event")
///     .with_kind(SpanKind::Consumer)
///     .with_attribute("event.type", "metric")
///     .start();
/// let _active = context_with_span(span).attach();
/// Tool::new("inside").start().finish();
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing starts until it is told to"]
pub struct SpanBuilder {
    tracer: Cow<'static, str>,
    asked: Asked,
}

impl SpanBuilder {
    /// A span of this name, of low cardinality; `INTERNAL`, and under what is active where it starts.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { tracer: Cow::Borrowed(SCOPE_NAME), asked: Asked::from_name(name) }
    }

    /// Whose span it is: the instrumentation scope. Defaults to `spanwise`.
    pub fn with_tracer(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.tracer = name.into();
        self
    }

    /// Its kind. Defaults to `INTERNAL`.
    pub fn with_kind(mut self, kind: SpanKind) -> Self {
        self.asked.span_kind = Some(kind);
        self
    }

    /// Adds an attribute. Samplers may read it.
    pub fn with_attribute(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        let attributes = self.asked.attributes.get_or_insert_default();
        attributes.push(KeyValue::new(key, value));
        self
    }

    /// Starts it. It ends when it is dropped, or by `end`.
    pub fn start(self) -> BoxedSpan {
        super::tracer(self.tracer).build(self.asked)
    }
}

/// The current context with this span as the active one: what starts where it is attached is its child.
pub fn context_with_span(span: impl Span + Send + Sync + 'static) -> Context {
    Context::current_with_span(span)
}
