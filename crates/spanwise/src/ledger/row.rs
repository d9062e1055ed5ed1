//! One call, as a row.

use std::time::UNIX_EPOCH;

use rusqlite::{Statement, named_params};
use serde_json::Value;
use spanwise_core::semconv::attribute as key;
use spanwise_core::{Cost, EventStatus, GenerationEvent, Metadata, ScopeField, TelemetryEvent};

/// What is written twice, as by two exporters, counts once.
pub(super) const INSERT: &str = "
    INSERT OR IGNORE INTO calls (
        ended_ms, trace_id, span_id, operation, provider, model, response_model, session, user, tenant, tags,
        agent, workflow, step, outcome, error, input_tokens, output_tokens, cache_read_tokens,
        cache_write_tokens, reasoning_tokens, amount, currency, source
    ) VALUES (
        :ended_ms, :trace_id, :span_id, :operation, :provider, :model, :response_model, :session, :user,
        :tenant, :tags, :agent, :workflow, :step, :outcome, :error, :input_tokens, :output_tokens,
        :cache_read_tokens, :cache_write_tokens, :reasoning_tokens, :amount, :currency, :source
    )
";

/// The call that an event tells of: agents and workflows tell of no call of their own.
pub(super) fn call(event: &TelemetryEvent) -> Option<&GenerationEvent> {
    match event {
        TelemetryEvent::Generation(call) => Some(call),
        _ => None,
    }
}

/// Writes it by [`INSERT`]; says whether that was news.
pub(super) fn insert(
    statement: &mut Statement<'_>,
    call: &GenerationEvent,
) -> rusqlite::Result<bool> {
    let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let ended_ms = call.end_time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let usage = call.usage.unwrap_or_default();
    let of_scope = |field: ScopeField| text(&call.metadata, field.key());
    let cost = call.cost.as_ref();
    let rows = statement.execute(named_params! {
        ":ended_ms": i64::try_from(ended_ms).unwrap_or(i64::MAX),
        ":trace_id": call.trace_id,
        ":span_id": call.id,
        ":operation": call.operation,
        ":provider": call.provider,
        ":model": filled(&call.model),
        ":response_model": call.response_model,
        ":session": of_scope(ScopeField::Session),
        ":user": of_scope(ScopeField::User),
        ":tenant": of_scope(ScopeField::Tenant),
        ":tags": call.metadata.get(key::SPANWISE_TAGS.key()).map(Value::to_string),
        ":agent": call.agent,
        ":workflow": call.workflow,
        ":step": call.step,
        ":outcome": outcome(call.status),
        ":error": call.error.as_ref().map(|error| &error.kind),
        ":input_tokens": tokens(usage.input_tokens()),
        ":output_tokens": tokens(usage.output_tokens()),
        ":cache_read_tokens": tokens(usage.cache_read_tokens()),
        ":cache_write_tokens": tokens(usage.cache_write_tokens()),
        ":reasoning_tokens": tokens(usage.reasoning_tokens()),
        ":amount": cost.map(|cost| cost.amount().to_string()),
        ":currency": cost.map(|cost| cost.currency().to_string()),
        ":source": cost.map(Cost::source).map(|source| source.as_str()),
    })?;
    Ok(rows > 0)
}

fn text(metadata: &Metadata, key: &str) -> Option<String> {
    match metadata.get(key)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn tokens(count: Option<u64>) -> Option<i64> {
    count.map(|count| i64::try_from(count).unwrap_or(i64::MAX))
}

fn outcome(status: EventStatus) -> &'static str {
    match status {
        EventStatus::Completed => "completed",
        EventStatus::Failed => "failed",
        EventStatus::Cancelled => "cancelled",
    }
}
