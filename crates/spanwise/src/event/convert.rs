//! From an operation that is over to its event, through the stages that content goes through.

use opentelemetry::StringValue;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use spanwise_core::semconv::attribute as key;
use spanwise_core::{
    Cost, EventError, EventKind, EventStatus, GenerationEvent, Inside, Metadata, OrchestratorEvent,
    RecordedOperation, SCOPE_NAME, SpanEvent, TelemetryEvent, ToolExecutionEvent, Usage,
};

use crate::export::convert::attributes;
use crate::export::stage::content::{ContentStages, Staged, foreign, keys};

/// Content, of which a program without it has not even the key.
macro_rules! content {
    ($fields:expr, $key:path) => {
        if cfg!(spanwise_no_content) { Default::default() } else { $fields.typed($key.key()) }
    };
}

/// Where steps stand while they go through the stages.
const STEPS: &str = "spanwise.event.steps";

/// The event of an operation, with what the stages let through.
pub(super) fn event(operation: &RecordedOperation, stages: &mut ContentStages) -> TelemetryEvent {
    let mut span = Span {
        name: operation.name.clone().into_owned(),
        attributes: attributes(operation.attributes.to_vec()),
        status: Some(Status {
            message: operation.error_message.clone().unwrap_or_default(),
            ..Status::default()
        }),
        ..Span::default()
    };
    let inside = operation.inside.as_ref();
    if let Some(inside) = inside {
        let steps = inside.steps.iter().map(|step| step.clone().into()).collect::<Vec<_>>();
        let steps = opentelemetry::Value::Array(opentelemetry::Array::String(steps));
        span.attributes.extend(attributes(vec![opentelemetry::KeyValue::new(STEPS, steps)]));
    }
    span.stage(stages, SCOPE_NAME, operation.content.clone());
    let said = Said {
        operation,
        name: span.name,
        message: span.status.map(|status| status.message).filter(|text| !text.is_empty()),
        fields: span.attributes.into_iter().map(field).collect(),
    };
    match operation.kind {
        EventKind::Generation => said.generation().into(),
        EventKind::ToolExecution => said.tool_execution().into(),
        EventKind::Orchestrator => said.orchestrator(inside).into(),
        EventKind::Span => said.span().into(),
    }
}

/// Content is JSON there, anything else what it is.
fn field(attribute: KeyValue) -> (String, Value) {
    let value = match keys::side(&attribute.key) {
        Some(_) => foreign::read(attribute.value).0,
        None => foreign::json(attribute.value.and_then(|any| any.value)),
    };
    (attribute.key, value)
}

/// What is left to be said of an operation.
struct Said<'a> {
    operation: &'a RecordedOperation,
    name: String,
    message: Option<String>,
    /// Attributes, one value for each key, the last.
    fields: Metadata,
}

impl Said<'_> {
    fn id(&self) -> String {
        self.operation.span.span_id().to_string()
    }

    fn trace_id(&self) -> Option<String> {
        let span = &self.operation.span;
        span.is_valid().then(|| span.trace_id().to_string())
    }

    fn parent_span_id(&self) -> Option<String> {
        let parent = self.operation.parent;
        (parent != opentelemetry::SpanId::INVALID).then(|| parent.to_string())
    }

    fn error(&mut self) -> Option<EventError> {
        let kind = self.text(key::ERROR_TYPE.key());
        self.fields.remove(key::SPANWISE_OUTCOME.key());
        let failed = self.operation.status == EventStatus::Failed;
        let kind = kind.or_else(|| failed.then(|| "_OTHER".to_owned()))?;
        Some(EventError { kind, message: self.message.take() })
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.fields.remove(key)? {
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    /// What is not of that shape stays among the metadata.
    fn typed<T: DeserializeOwned + Default>(&mut self, key: &str) -> T {
        let Some(value) = self.fields.remove(key) else { return T::default() };
        match T::deserialize(&value) {
            Ok(typed) => typed,
            Err(_) => {
                self.fields.insert(key.to_owned(), value);
                T::default()
            }
        }
    }

    fn usage(&mut self) -> Option<Usage> {
        const PREFIX: &str = "gen_ai.usage.";
        let mut usage = Map::new();
        let of_usage = |key: &&String| key.starts_with(PREFIX);
        let keys: Vec<_> = self.fields.keys().filter(of_usage).cloned().collect();
        for key in keys {
            let Some(count) = self.fields.remove(&key) else { continue };
            let name = &key[PREFIX.len()..];
            let modality = ["text", "image", "audio"].into_iter().find_map(|modality| {
                Some((modality, name.strip_prefix(modality)?.strip_prefix('.')?))
            });
            match modality {
                None => drop(usage.insert(name.replace('.', "_"), count)),
                Some((modality, rest)) => {
                    let of = rest.trim_end_matches("_tokens").trim_end_matches(".input");
                    let of = usage.entry(of.to_owned()).or_insert_with(|| json!({}));
                    of[format!("{modality}_tokens")] = count;
                }
            }
        }
        serde_json::from_value(Value::Object(usage)).ok().filter(|usage| *usage != Usage::unknown())
    }

    /// Attributes hold it as well, and say nothing more.
    fn cost(&mut self) -> Option<Cost> {
        let cost = self.operation.cost.clone()?;
        for key in [
            key::SPANWISE_COST_AMOUNT.key(),
            key::SPANWISE_COST_CURRENCY.key(),
            key::SPANWISE_COST_SOURCE.key(),
            key::SPANWISE_COST_TABLE_VERSION.key(),
        ] {
            self.fields.remove(key);
        }
        Some(cost)
    }

    fn generation(mut self) -> GenerationEvent {
        GenerationEvent {
            id: self.id(),
            trace_id: self.trace_id(),
            parent_span_id: self.parent_span_id(),
            operation: self.text(key::GEN_AI_OPERATION_NAME.key()).unwrap_or_default(),
            provider: self.text(key::GEN_AI_PROVIDER_NAME.key()),
            model: self.text(key::GEN_AI_REQUEST_MODEL.key()).unwrap_or_default(),
            response_model: self.text(key::GEN_AI_RESPONSE_MODEL.key()),
            agent: self.operation.around.agent.as_ref().map(StringValue::to_string),
            workflow: self.operation.around.workflow.as_ref().map(StringValue::to_string),
            step: self.operation.around.step.as_ref().map(StringValue::to_string),
            response_id: self.text(key::GEN_AI_RESPONSE_ID.key()),
            input: content!(self, key::GEN_AI_INPUT_MESSAGES),
            output: content!(self, key::GEN_AI_OUTPUT_MESSAGES),
            usage: self.usage(),
            cost: self.cost(),
            finish_reasons: self.typed(key::GEN_AI_RESPONSE_FINISH_REASONS.key()),
            start_time: self.operation.started_at,
            end_time: self.operation.ended_at,
            status: self.operation.status,
            error: self.error(),
            metadata: self.fields,
        }
    }

    fn tool_execution(mut self) -> ToolExecutionEvent {
        ToolExecutionEvent {
            id: self.id(),
            trace_id: self.trace_id(),
            parent_span_id: self.parent_span_id(),
            tool_call_id: self.text(key::GEN_AI_TOOL_CALL_ID.key()),
            tool_name: self.text(key::GEN_AI_TOOL_NAME.key()).unwrap_or_default(),
            arguments: content!(self, key::GEN_AI_TOOL_CALL_ARGUMENTS),
            result: content!(self, key::GEN_AI_TOOL_CALL_RESULT),
            start_time: self.operation.started_at,
            end_time: self.operation.ended_at,
            status: self.operation.status,
            error: self.error(),
            metadata: self.fields,
        }
    }

    fn orchestrator(mut self, inside: Option<&Inside>) -> OrchestratorEvent {
        let agent = self.text(key::GEN_AI_AGENT_NAME.key());
        let workflow = self.text(key::GEN_AI_WORKFLOW_NAME.key());
        OrchestratorEvent {
            id: self.id(),
            trace_id: self.trace_id(),
            parent_span_id: self.parent_span_id(),
            name: agent.or(workflow).unwrap_or_default(),
            operation: self.text(key::GEN_AI_OPERATION_NAME.key()).unwrap_or_default(),
            steps: self.typed(STEPS),
            step_type: self.text(key::SPANWISE_STEP_TYPE.key()),
            total_usage: self.usage().or(inside.and_then(|inside| inside.usage)),
            total_cost: inside.map(|inside| inside.cost.clone()).unwrap_or_default(),
            input: content!(self, key::GEN_AI_INPUT_MESSAGES),
            output: content!(self, key::GEN_AI_OUTPUT_MESSAGES),
            start_time: self.operation.started_at,
            end_time: self.operation.ended_at,
            status: self.operation.status,
            error: self.error(),
            metadata: self.fields,
        }
    }

    fn span(mut self) -> SpanEvent {
        SpanEvent {
            id: self.id(),
            trace_id: self.trace_id(),
            parent_span_id: self.parent_span_id(),
            start_time: self.operation.started_at,
            end_time: Some(self.operation.ended_at),
            status: self.operation.status,
            error: self.error(),
            name: self.name,
            attributes: self.fields,
        }
    }
}
