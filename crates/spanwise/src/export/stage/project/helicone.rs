//! What Helicone's logging endpoint reads: the flattened attributes of OpenLLMetry's first years.
//!
//! It takes every span for one request to a model, so only calls of models are told this way, and a
//! [filter](crate::SpanFilter::ModelCallsOnly) keeps the others away.
//!
//! Source: [OpenLLMetry's semantic conventions](https://www.traceloop.com/docs/openllmetry/contributing/semantic-conventions)

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Map, Value};
use spanwise_core::semconv::value::gen_ai_operation_name as operation;

use super::added::Added;
use super::gen_ai_system;
use super::messages::{self, messages};
use super::told::{self, Told};

/// What stands before headers of Helicone's that come as attributes.
const PROPERTIES: &str = "traceloop.association.properties";

pub(super) fn project(span: &mut Span) {
    let told = Told::of(&span.attributes);
    let Some(request_type) = told.operation.and_then(request_type) else { return };
    let mut added = Added::to(&span.attributes, &["gen_ai.", "llm.", "traceloop."]);
    added.text("llm.request.type", request_type);
    added.some(gen_ai_system::KEY, told.provider.map(gen_ai_system::earlier));
    added.some("gen_ai.response.model", told.model());
    added.number("gen_ai.usage.prompt_tokens", told.usage.input);
    added.number("gen_ai.usage.completion_tokens", told.usage.output);
    added.number("llm.usage.total_tokens", told.usage.total());
    added.some("llm.user", told.user_id);
    properties(&told, &span.attributes, &mut added);
    content(&told, &mut added);
    let added = added.into_attributes();
    span.attributes.extend(added);
}

fn request_type(name: &str) -> Option<&'static str> {
    match name {
        operation::CHAT | operation::GENERATE_CONTENT => Some("chat"),
        operation::TEXT_COMPLETION => Some("completion"),
        operation::EMBEDDINGS => Some("embedding"),
        _ => None,
    }
}

fn properties(told: &Told<'_>, attributes: &[KeyValue], added: &mut Added<'_>) {
    let tags: Vec<_> = told.tags().collect();
    let tags = (!tags.is_empty()).then(|| tags.join(","));
    let known = [
        ("User-Id", told.user_id),
        ("Session-Id", told.session_id.or(told.conversation_id)),
        ("Prompt-Id", told.prompt_name),
        ("Property-Environment", told.environment),
        ("Property-Release", told.release),
        ("Property-Tenant", told.tenant_id),
        ("Property-Request", told.request_id),
        ("Property-Tags", tags.as_deref()),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            added.text(format!("{PROPERTIES}.Helicone-{name}"), value);
        }
    }
    for (name, value) in told::metadata(attributes) {
        added.chosen(format!("{PROPERTIES}.Helicone-Property-{name}"), told::as_text(value));
    }
}

fn content(told: &Told<'_>, added: &mut Added<'_>) {
    let system = told.system_instructions.map(|it| messages::system_message(told::json(it)));
    let input = told.input_messages.map(|it| messages(told::json(it))).unwrap_or_default();
    for (place, message) in system.into_iter().chain(input).enumerate() {
        added.text(format!("gen_ai.prompt.{place}.role"), messages::role(&message));
        added.text(format!("gen_ai.prompt.{place}.content"), shown(&message));
    }
    let output = told.output_messages.map(|it| messages(told::json(it))).unwrap_or_default();
    let reasons: Vec<_> = told.finish_reasons().collect();
    for (place, message) in output.into_iter().enumerate() {
        added.text(format!("gen_ai.completion.{place}.role"), messages::role(&message));
        added.text(format!("gen_ai.completion.{place}.content"), shown(&message));
        if let Some(reason) = reasons.get(place) {
            added.text(format!("gen_ai.completion.{place}.finish_reason"), *reason);
        }
    }
}

/// Its text, or all its parts where it has none, such as those of a call of a tool.
fn shown(message: &Map<String, Value>) -> String {
    messages::text(message).unwrap_or_else(|| match message.get("parts") {
        Some(parts) => parts.to_string(),
        None => String::new(),
    })
}
