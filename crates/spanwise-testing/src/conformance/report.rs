//! What was found.

use std::fmt;

/// One departure from the conventions.
///
/// Shown as a line: the signal, its name, the attribute where it is about one, and what is wrong.
///
/// ```
/// use spanwise_testing::Capture;
/// use opentelemetry::KeyValue;
/// use opentelemetry::trace::{Tracer as _, TracerProvider as _};
///
/// let capture = Capture::builder().build();
/// let tracer = capture.tracer_provider().tracer("another instrumentation");
/// let chat = [KeyValue::new("gen_ai.operation.name", "chat")];
/// drop(tracer.span_builder("chat").with_kind(opentelemetry::trace::SpanKind::Client)
///     .with_attributes(chat).start(&tracer));
///
/// let violations = capture.finish().violations();
/// assert_eq!(violations[0].to_string(), "span `chat`: `gen_ai.provider.name` is required and absent");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// Where it is.
    pub signal: Signal,
    /// The name of the span, metric or event.
    pub name: String,
    /// The attribute that it is about.
    pub attribute: Option<String>,
    /// What is wrong.
    pub problem: String,
}

/// A kind of telemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// A span.
    Span,
    /// A point of a metric.
    Metric,
    /// A log record with a name.
    Event,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signal = match self.signal {
            Signal::Span => "span",
            Signal::Metric => "metric",
            Signal::Event => "event",
        };
        write!(f, "{signal} `{}`: ", self.name)?;
        if let Some(attribute) = &self.attribute {
            write!(f, "`{attribute}` ")?;
        }
        f.write_str(&self.problem)
    }
}

/// Gathers what is found on one span, point or event.
#[derive(Debug)]
pub(super) struct Findings {
    signal: Signal,
    name: String,
    found: Vec<Violation>,
}

impl Findings {
    pub(super) fn on(signal: Signal, name: &str) -> Self {
        Self { signal, name: name.to_owned(), found: Vec::new() }
    }

    pub(super) fn signal(&self) -> Signal {
        self.signal
    }

    pub(super) fn add(&mut self, problem: impl Into<String>) {
        self.push(None, problem.into());
    }

    pub(super) fn attribute(&mut self, key: &str, problem: impl Into<String>) {
        self.push(Some(key.to_owned()), problem.into());
    }

    fn push(&mut self, attribute: Option<String>, problem: String) {
        let (signal, name) = (self.signal, self.name.clone());
        self.found.push(Violation { signal, name, attribute, problem });
    }

    pub(super) fn into_violations(self) -> Vec<Violation> {
        self.found
    }
}
