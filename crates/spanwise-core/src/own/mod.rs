//! Spans and metrics of the program's own, beside operations, in the words of OpenTelemetry's API.
//!
//! They go to OpenTelemetry's global providers, which `spanwise::init_telemetry` sets unless
//! `global_providers(false)` says otherwise; before, and without, they go nowhere. Spans nest with operations,
//! both ways.

mod exception;
mod metrics;
mod span;

use std::borrow::Cow;

use opentelemetry::global::{self, BoxedTracer};
use opentelemetry::metrics::Meter;

pub use exception::record_exception;
pub use metrics::MetricsRecorder;
pub use span::{SpanBuilder, context_with_span};

/// The tracer of this name, of OpenTelemetry's global provider.
///
/// ```
/// use opentelemetry::trace::{Span as _, Tracer as _};
///
/// let mut span = spanwise_core::tracer("processor").start("process_event");
/// span.add_event("validated", vec![]);
/// span.end();
/// ```
pub fn tracer(name: impl Into<Cow<'static, str>>) -> BoxedTracer {
    global::tracer(name)
}

/// The meter of this name, of OpenTelemetry's global provider.
///
/// ```
/// use opentelemetry::KeyValue;
///
/// let counter = spanwise_core::meter("my-app").u64_counter("my_custom_counter").build();
/// counter.add(1, &[KeyValue::new("operation", "custom")]);
/// ```
pub fn meter(name: &'static str) -> Meter {
    global::meter(name)
}
