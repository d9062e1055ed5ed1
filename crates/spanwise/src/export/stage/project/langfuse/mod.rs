//! The attributes of Langfuse.
//!
//! What its server makes of the conventions' attributes by itself is left to it: models, users, sessions,
//! messages, arguments and results of tools. The rest is said in its words.
//!
//! Source: [Langfuse's property mapping](https://langfuse.com/integrations/native/opentelemetry#property-mapping)

mod environment;
mod observation;
mod usage;

use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, SpanFlags};
use spanwise_core::semconv::attribute as key;
use spanwise_core::semconv::value::{
    gen_ai_operation_name as operation, spanwise_outcome as outcome,
};

use self::observation::Observation;
use super::Around;
use super::added::Added;
use super::parameters;
use super::told::{self, Told};
use crate::export::stage::filter::{self, Kinship};

pub(super) fn project(span: &mut Span, around: Around<'_>) {
    let told = Told::of(&span.attributes);
    let observation = Observation::of(&told);
    let mut added = Added::to(&span.attributes, &["langfuse.", "session."]);
    trace(span, &told, around.kinship, &mut added);
    if let Some(environment) = environment::of(told.environment, around.resource) {
        added.text("langfuse.environment", environment);
    }
    if let Some(observation) = observation {
        added.text("langfuse.observation.type", observation.name());
    }
    ends(span, &told, &mut added);
    if observation == Some(Observation::Generation) {
        prompt(&told, &mut added);
    }
    let counted = observation.is_some_and(Observation::is_call) || is_remote_agent(span, &told);
    if counted {
        consumption(span, &told, &mut added);
    }
    content(&told, &mut added);
    let added = added.into_attributes();
    let keeps_usage = counted && observation == Some(Observation::Agent);
    let misread = |key: &str| {
        keeps_usage && key == key::GEN_AI_OPERATION_NAME.key() || is_taken_for_messages(key)
    };
    for attribute in span.attributes.iter_mut().filter(|attribute| misread(&attribute.key)) {
        attribute.key.insert_str(0, METADATA);
    }
    span.attributes.extend(added);
}

/// Where attributes go that Langfuse would misread.
const METADATA: &str = "langfuse.observation.metadata.";

/// What every span says of its trace.
fn trace<'a>(span: &'a Span, told: &Told<'_>, kinship: &Kinship, added: &mut Added<'a>) {
    // What the program says in Langfuse's own words comes before what is made of others.
    let own = |name: &str| name.starts_with("langfuse.");
    let metadata = || told::metadata(&span.attributes);
    for (name, value) in metadata().filter(|(name, _)| own(name)) {
        added.given(name, told::as_text(value));
    }
    added.some("langfuse.trace.metadata.tenant_id", told.tenant_id);
    added.some("langfuse.trace.metadata.request_id", told.request_id);
    for (name, value) in metadata().filter(|(name, _)| !own(name) && is_kept(name)) {
        added.chosen(format!("langfuse.trace.metadata.{name}"), told::as_text(value));
    }
    if told.tags().next().is_some() {
        added.texts("langfuse.trace.tags", told.tags());
    }
    added.some("langfuse.release", told.release);
    if told.session_id.is_none() {
        added.some("session.id", told.conversation_id);
    }
    let root = kinship.get(&filter::id(span)).and_then(|kin| kin.root.as_deref());
    added.some("langfuse.trace.name", root);
    let is_remote = span.flags & SpanFlags::ContextIsRemoteMask as u32 != 0;
    if span.parent_span_id.is_empty() || is_remote {
        // The top of what this process sends, whether or not anyone sends what is above it.
        added.value("langfuse.internal.is_app_root", Value::BoolValue(true));
    }
}

/// Names that no JavaScript object may have are dropped there.
fn is_kept(name: &str) -> bool {
    !name.split('.').any(|it| matches!(it, "__proto__" | "constructor" | "prototype"))
}

/// How it ended: Langfuse knows failures by themselves, but not what was given up, and a failure whose text is
/// private has no message.
fn ends(span: &Span, told: &Told<'_>, added: &mut Added<'_>) {
    if told.outcome == Some(outcome::CANCELLED) {
        added.text("langfuse.observation.level", "WARNING");
        added.text("langfuse.observation.status_message", outcome::CANCELLED);
    }
    let status = span.status.as_ref().filter(|it| it.code == StatusCode::Error as i32);
    if status.is_some_and(|status| status.message.is_empty()) {
        added.some("langfuse.observation.status_message", told.error_type);
    }
}

/// Prompts are linked by name and version, which is a number.
fn prompt(told: &Told<'_>, added: &mut Added<'_>) {
    let version = told.prompt_version.and_then(|version| version.parse().ok());
    if let (Some(name), Some(version)) = (told.prompt_name, version) {
        added.text("langfuse.observation.prompt.name", name);
        added.number("langfuse.observation.prompt.version", Some(version));
    }
}

/// What a call consumed, and how long its first word took.
fn consumption(span: &Span, told: &Told<'_>, added: &mut Added<'_>) {
    if let Some(usage) = usage::details(told.usage) {
        added.text("langfuse.observation.usage_details", usage);
    }
    if let Some(cost) = usage::cost_details(told.cost) {
        added.text("langfuse.observation.cost_details", cost);
    }
    if let Some(parameters) = parameters::of(&span.attributes) {
        added.text("langfuse.observation.model.parameters", parameters);
    }
    if let Some(time) = first_word(span, told) {
        added.text("langfuse.observation.completion_start_time", time);
    }
}

fn first_word(span: &Span, told: &Told<'_>) -> Option<String> {
    let waited = Duration::try_from_secs_f64(told.seconds_to_first_chunk?).ok()?;
    let start = Duration::from_nanos(span.start_time_unix_nano);
    let time = SystemTime::UNIX_EPOCH.checked_add(start.checked_add(waited)?)?;
    Some(humantime::format_rfc3339_millis(time).to_string())
}

/// What Langfuse does not find where the conventions have it.
fn content(told: &Told<'_>, added: &mut Added<'_>) {
    // What a search finds comes out of it; what is written goes in.
    let searches = told.operation == Some(operation::SEARCH_MEMORY);
    let (written, found) = match told.memory_records {
        records if searches => (None, records),
        records => (records, None),
    };
    let input = told.retrieval_query.or(told.memory_query).or(written);
    let output = told.retrieval_documents.or(found);
    for (side, content) in [("input", input), ("output", output)] {
        if let Some(content) = content {
            added.text(format!("langfuse.observation.{side}"), told::as_text(content));
        }
    }
}

/// An agent elsewhere, whose calls nobody here sees: what it used counts, and is to be kept.
///
/// Model, usage and cost of what is called `invoke_agent` are dropped, since they usually stand on the calls
/// below as well. So its operation goes by another name.
fn is_remote_agent(span: &Span, told: &Told<'_>) -> bool {
    told.operation == Some(operation::INVOKE_AGENT) && span.kind == SpanKind::Client as i32
}

/// The name, version and variables of a prompt: what begins with `gen_ai.prompt` is taken for the messages of
/// earlier years, and hides those of today.
fn is_taken_for_messages(key: &str) -> bool {
    let rest = key.strip_prefix("gen_ai.prompt.");
    rest.is_some_and(|rest| !rest.starts_with(|first: char| first.is_ascii_digit()))
}
