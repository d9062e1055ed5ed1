//! Spans of any tracer.

use opentelemetry::Context;
use opentelemetry::trace::{Span, SpanBuilder, TraceContextExt as _, Tracer};

/// A tracer of any type. Its spans go into a context as they are: boxed once, not twice.
pub(crate) trait SpanRecorder: Send + Sync {
    /// The context with a span that starts under `parent`, and whether that records.
    fn start(&self, span: SpanBuilder, parent: &Context) -> (Context, bool);
}

impl<T> SpanRecorder for T
where
    T: Tracer + Send + Sync,
    T::Span: Send + Sync + 'static,
{
    fn start(&self, span: SpanBuilder, parent: &Context) -> (Context, bool) {
        let span = self.build_with_context(span, parent);
        let recording = span.is_recording();
        (parent.with_span(span), recording)
    }
}
