//! The attributes of spans that other crates start in a scope.

use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::Span as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use spanwise_core::ActiveScope;

/// Gives a span what the scope around it says. Operations have it by themselves.
pub(crate) fn describe(span: &mut Span, context: &Context) {
    ActiveScope::attributes_of_span(context).for_each(|attribute| span.set_attribute(attribute));
}

/// A span processor for a tracer provider of the program's own, so that every span has the attributes of the
/// [`scope`](spanwise_core::scope()) around it. Given before the processor that exports; exports nothing
/// itself.
///
/// ```
/// use opentelemetry_sdk::trace::SdkTracerProvider;
/// use spanwise::ScopeProcessor;
///
/// let tracers = SdkTracerProvider::builder().with_span_processor(ScopeProcessor).build();
/// # drop(tracers);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ScopeProcessor;

impl SpanProcessor for ScopeProcessor {
    fn on_start(&self, span: &mut Span, context: &Context) {
        describe(span, context);
    }

    fn on_end(&self, _: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
