//! The attributes of OpenInference.
//!
//! Phoenix makes most of them itself from 15.10 on. What it finds it keeps, so all of them are given, and what
//! it leaves out is there: workflows and steps, reasoning tokens, agents' names, tags, metadata, cost, and the
//! messages of an answer whatever it says of their end.
//!
//! Source: [OpenInference](https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md)

mod kind;
mod messages;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Map, Value as Json};
use spanwise_core::semconv::attribute as key;
use spanwise_core::semconv::value::gen_ai_provider_name as provider;

use self::kind::Kind;
use super::added::Added;
use super::parameters;
use super::told::{self, Told};

const BEGINNINGS: [&str; 13] = [
    "openinference.",
    "llm.",
    "embedding.",
    "tool.",
    "retrieval.",
    "input.",
    "output.",
    "session.",
    "user.",
    "tag.",
    "metadata",
    "agent.",
    "reranker.",
];

pub(super) fn project(span: &mut Span) {
    let told = Told::of(&span.attributes);
    let mut added = Added::to(&span.attributes, &BEGINNINGS);
    whose(&told, &span.attributes, &mut added);
    if let Some(kind) = Kind::of(&told) {
        added.text("openinference.span.kind", kind.name());
        model(&told, kind, &mut added);
        if let Some(parameters) = parameters::of(&span.attributes) {
            let key = match kind {
                Kind::Embedding => "embedding.invocation_parameters",
                _ => "llm.invocation_parameters",
            };
            added.text(key, parameters);
        }
        // What an agent of this process used is counted at the calls that it made.
        if kind != Kind::Agent || span.kind == SpanKind::Client as i32 {
            usage(&told, &mut added);
        }
        added.some("agent.name", told.agent_name);
        if kind == Kind::Tool {
            tool(&told, &mut added);
        }
        match told.memory_records {
            _ if kind == Kind::Retriever => retrieval(&told, &mut added),
            Some(written) => value("input", written, &mut added),
            None => {}
        }
        tools(&told, &mut added);
        prompt(&told, &span.attributes, &mut added);
        messages::add(&told, &mut added);
    }
    let added = added.into_attributes();
    span.attributes.extend(added);
}

/// What every span of a scope has.
fn whose(told: &Told<'_>, attributes: &[KeyValue], added: &mut Added<'_>) {
    if told.session_id.is_none() {
        added.some("session.id", told.conversation_id);
    }
    if told.tags().next().is_some() {
        added.texts("tag.tags", told.tags());
    }
    let metadata = told::metadata(attributes);
    let metadata: Map<_, _> = metadata
        .map(|(name, value)| (name.to_owned(), Json::String(told::as_text(value))))
        .collect();
    if !metadata.is_empty() {
        added.text("metadata", Json::Object(metadata).to_string());
    }
}

fn model(told: &Told<'_>, kind: Kind, added: &mut Added<'_>) {
    let (provider, system) = told.provider.map_or((None, None), provider_and_system);
    added.some("llm.provider", provider);
    added.some("llm.system", system);
    match kind {
        Kind::Embedding => added.some("embedding.model_name", told.request_model),
        _ => {
            added.some("llm.model_name", told.request_model);
            added.some("llm.request.model_name", told.request_model);
        }
    }
    added.some("llm.response.model_name", told.response_model);
    let reasons: Vec<_> = told.finish_reasons().collect();
    match reasons.as_slice() {
        [] => {}
        [reason] => added.text("llm.finish_reason", *reason),
        reasons => added.texts("llm.finish_reason", reasons.iter().copied()),
    }
}

/// Who hosts the model, and whose it is; a provider that is not known is the second.
fn provider_and_system(name: &str) -> (Option<&str>, Option<&str>) {
    match name {
        provider::OPENAI | provider::ANTHROPIC | provider::COHERE => (Some(name), Some(name)),
        provider::MISTRAL_AI => (Some("mistralai"), Some("mistralai")),
        provider::DEEPSEEK | provider::GROQ | provider::PERPLEXITY => (Some(name), None),
        provider::X_AI => (Some("xai"), None),
        provider::AZURE_AI_OPENAI => (Some("azure"), Some("openai")),
        provider::AZURE_AI_INFERENCE => (Some("azure"), None),
        provider::AWS_BEDROCK => (Some("aws"), None),
        provider::GCP_VERTEX_AI => (Some("google"), Some("vertexai")),
        provider::GCP_GEN_AI | provider::GCP_GEMINI => (Some("google"), None),
        other => (None, Some(other)),
    }
}

fn usage(told: &Told<'_>, added: &mut Added<'_>) {
    let usage = told.usage;
    added.number("llm.token_count.prompt", usage.input);
    added.number("llm.token_count.completion", usage.output);
    added.number("llm.token_count.total", usage.total());
    added.number("llm.token_count.prompt_details.cache_read", usage.cache_read);
    added.number("llm.token_count.prompt_details.cache_write", usage.cache_write);
    added.number("llm.token_count.prompt_details.audio", usage.input_audio);
    added.number("llm.token_count.completion_details.reasoning", usage.reasoning);
    added.number("llm.token_count.completion_details.audio", usage.output_audio);
    if let Some(amount) = told.cost.in_dollars() {
        added.value("llm.cost.total", Value::DoubleValue(amount));
    }
}

fn tool(told: &Told<'_>, added: &mut Added<'_>) {
    added.some("tool.name", told.tool_name);
    added.some("tool.description", told.tool_description);
    added.some("tool.id", told.tool_call_id);
    if let Some(arguments) = told.arguments {
        added.text("tool.parameters", told::as_text(arguments));
        value("input", arguments, added);
    }
    if let Some(result) = told.result {
        value("output", result, added);
    }
}

fn retrieval(told: &Told<'_>, added: &mut Added<'_>) {
    if let Some(query) = told.retrieval_query.or(told.memory_query) {
        show("input", told::as_text(query), "text/plain", added);
    }
    let found = told.retrieval_documents.or(told.memory_records);
    let Some(Json::Array(documents)) = found.map(told::json) else { return };
    for (place, document) in documents.into_iter().enumerate() {
        let Json::Object(mut document) = document else { continue };
        let begin = format!("retrieval.documents.{place}.document");
        if let Some(id) = document.remove("id") {
            added.text(format!("{begin}.id"), super::messages::as_text(&id));
        }
        if let Some(score) = document.remove("score").and_then(|score| score.as_f64()) {
            added.value(format!("{begin}.score"), Value::DoubleValue(score));
        }
        let text = ["content", "text"].into_iter().find_map(|field| document.remove(field));
        if let Some(text) = text {
            added.text(format!("{begin}.content"), super::messages::as_text(&text));
        }
        let metadata = match document.remove("metadata") {
            Some(Json::Object(mut metadata)) => {
                metadata.extend(document);
                metadata
            }
            Some(other) => {
                document.insert("metadata".to_owned(), other);
                document
            }
            None => document,
        };
        if !metadata.is_empty() {
            added.text(format!("{begin}.metadata"), Json::Object(metadata).to_string());
        }
    }
}

/// The tools that a model may call.
fn tools(told: &Told<'_>, added: &mut Added<'_>) {
    let Some(Json::Array(tools)) = told.tool_definitions.map(told::json) else { return };
    for (place, tool) in tools.into_iter().enumerate() {
        let Json::Object(mut function) = tool else { continue };
        let tool_type = function.remove("type").unwrap_or_else(|| "function".into());
        let begin = format!("llm.tools.{place}.tool");
        for field in ["name", "description"] {
            if let Some(text) = function.get(field).and_then(Json::as_str) {
                added.text(format!("{begin}.{field}"), text);
            }
        }
        let schema = [("type".to_owned(), tool_type), ("function".to_owned(), function.into())];
        let schema = Json::Object(Map::from_iter(schema));
        added.text(format!("{begin}.json_schema"), schema.to_string());
    }
}

fn prompt(told: &Told<'_>, attributes: &[KeyValue], added: &mut Added<'_>) {
    added.some("llm.prompt_template.version", told.prompt_version);
    if cfg!(spanwise_no_content) {
        return;
    }
    let variables = attributes.iter().filter_map(|attribute| {
        let name = attribute.key.strip_prefix(key::GEN_AI_PROMPT_VARIABLE.prefix())?;
        let text = told::as_text(attribute.value.as_ref()?);
        Some((name.strip_prefix('.')?.to_owned(), Json::String(text)))
    });
    let variables: Map<_, _> = variables.collect();
    if !variables.is_empty() {
        added.text("llm.prompt_template.variables", Json::Object(variables).to_string());
    }
}

/// What went into a step, or came out of it.
fn value(side: &str, content: &AnyValue, added: &mut Added<'_>) {
    let mime_type = match told::json(content) {
        Json::Object(_) | Json::Array(_) => "application/json",
        _ => "text/plain",
    };
    show(side, told::as_text(content), mime_type, added);
}

/// The first that is found is what the list of traces shows.
fn show(side: &str, text: String, mime_type: &str, added: &mut Added<'_>) {
    let key = format!("{side}.value");
    if !added.has(&key) && !added.made(&key) {
        added.text(key, text);
        added.text(format!("{side}.mime_type"), mime_type);
    }
}
