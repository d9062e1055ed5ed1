//! Telemetry with something planted in it.
#![allow(dead_code, reason = "each test uses a part")]

use opentelemetry::trace::{Span as _, SpanKind, Status, Tracer as _, TracerProvider as _};
use opentelemetry::{KeyValue, Value};
use spanwise_core::semconv::SemconvProfile;
use spanwise_testing::{Capture, Captured, Conformance, Violation};

/// A span as any instrumentation may make it.
#[derive(Clone)]
pub(crate) struct Planted {
    name: &'static str,
    kind: SpanKind,
    status: Status,
    attributes: Vec<KeyValue>,
}

pub(crate) fn span(name: &'static str, operation: &'static str, kind: SpanKind) -> Planted {
    Planted { name, kind, status: Status::Unset, attributes: Vec::new() }
        .with("gen_ai.operation.name", operation)
}

/// A chat that is as it should be.
pub(crate) fn chat() -> Planted {
    span("chat gpt-4o", "chat", SpanKind::Client)
        .with("gen_ai.provider.name", "openai")
        .with("gen_ai.request.model", "gpt-4o")
}

/// An agent in this process that is as it should be.
pub(crate) fn agent() -> Planted {
    span("invoke_agent triage", "invoke_agent", SpanKind::Internal)
        .with("gen_ai.agent.name", "triage")
}

/// A tool that is as it should be.
pub(crate) fn tool() -> Planted {
    span("execute_tool run", "execute_tool", SpanKind::Internal).with("gen_ai.tool.name", "run")
}

impl Planted {
    pub(crate) fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self = self.without(key);
        self.attributes.push(KeyValue::new(key, value));
        self
    }

    pub(crate) fn without(mut self, key: &str) -> Self {
        self.attributes.retain(|attribute| attribute.key.as_str() != key);
        self
    }

    pub(crate) fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    pub(crate) fn of_kind(self, kind: SpanKind) -> Self {
        Self { kind, ..self }
    }

    pub(crate) fn ended(self, status: Status) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn captured(self) -> Captured {
        let capture = Capture::builder().build();
        self.record(&capture, "another instrumentation");
        capture.finish()
    }

    pub(crate) fn record(self, capture: &Capture, scope: &'static str) {
        let tracer = capture.tracer_provider().tracer(scope);
        let span = tracer.span_builder(self.name).with_kind(self.kind);
        let mut span = span.with_attributes(self.attributes).start(&tracer);
        span.set_status(self.status);
        span.end();
    }

    /// What is wrong with it, without its name.
    pub(crate) fn problems(self, profile: SemconvProfile) -> Vec<String> {
        let held = Conformance::new().profile(profile);
        held.violations(&self.captured()).iter().map(problem).collect()
    }
}

pub(crate) fn problem(violation: &Violation) -> String {
    match &violation.attribute {
        Some(attribute) => format!("{attribute} {}", violation.problem),
        None => violation.problem.clone(),
    }
}
