//! Events that were made elsewhere become operations: span, metrics and events as if they had run here.

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry::{Array, Context, KeyValue, StringValue, Value};
use serde_json::Value as Json;

use super::given::{GivenIds, Placement};
use super::told::{self, ToldOfCall, ToldOfTiers};
use super::{
    EventError, EventStatus, GenerationEvent, InsideContext, OrchestratorEvent, SpanEvent,
    TelemetryEvent, ToolExecutionEvent,
};
use crate::document::Document;
use crate::operation::{
    Agent, Embeddings, EmittedEnd, Generation, OwnSpan, Retrieval, Surroundings, Tool, Workflow,
};
use crate::provider::Provider;
use crate::recorder::{self, Recorder};
use crate::response::Response;
use crate::semconv::attribute as key;
use crate::semconv::value::gen_ai_operation_name as operation;

/// The ids of an event that is emitted, as OpenTelemetry has them.
///
/// `spanwise::emit` makes them of what the event says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventPlace {
    /// The trace. Defaults to that of the active span, or a new one.
    pub trace_id: Option<TraceId>,
    /// The span. Defaults to a new one.
    pub span_id: Option<SpanId>,
    /// The span that it happened in, in the same trace. Defaults to the active one, where the trace is its.
    pub parent: Option<SpanId>,
    /// Attributes for the span, such as ids that could not be kept.
    pub attributes: Vec<KeyValue>,
}

/// Records an event that was made elsewhere, or before: its span with its times and ids, metrics and events, as
/// if its operation had run here.
///
/// A span event without an end opens a span; one with the same id ends it, or shutdown does. Where nothing
/// records it is a no-op. Ids are those of the place where the tracer's generator asks [`GivenIds`], and others
/// else.
pub fn emit_at(event: TelemetryEvent, place: EventPlace) {
    if !recorder::any() {
        return;
    }
    let Some(recorder) = recorder::of(&Context::current()) else { return };
    let EventPlace { trace_id, span_id, parent, mut attributes } = place;
    let placed = placed(&recorder, trace_id, span_id, parent);
    let (trace, started) = (trace_id, event.start_time());
    let placement = Placement { started_at: Some(started), ..placed };
    let span = match event {
        TelemetryEvent::Generation(event) => generation(event, attributes, placement),
        TelemetryEvent::ToolExecution(event) => tool(event, attributes, placement),
        TelemetryEvent::Orchestrator(event) => orchestrator(event, attributes, placement),
        TelemetryEvent::Span(event) => {
            attributes.extend(own(event.attributes.clone()));
            let id = span_id.map(|span| (trace, span));
            self::span(&recorder, event, id, attributes, placement)
        }
    };
    if span.is_valid() {
        recorder.emitted.remember(span.trace_id(), span.is_sampled());
    }
}

/// What it happens in.
fn placed(
    recorder: &Recorder,
    trace_id: Option<TraceId>,
    span_id: Option<SpanId>,
    parent: Option<SpanId>,
) -> Placement {
    let here = Context::current();
    let active = here.span().span_context().clone();
    let active_trace = active.is_valid().then(|| active.trace_id());
    let trace = trace_id.or(active_trace);
    let context = match (trace, parent) {
        (Some(trace), Some(parent)) => {
            let flags = match recorder.emitted.is_sampled(trace) {
                true => TraceFlags::SAMPLED,
                false => TraceFlags::NOT_SAMPLED,
            };
            let parent = SpanContext::new(trace, parent, flags, true, TraceState::NONE);
            here.with_remote_span_context(parent)
        }
        (trace, _) if trace == active_trace => here,
        // A trace that begins here, whatever is active.
        _ if active.is_valid() => here.with_remote_span_context(SpanContext::NONE),
        _ => here,
    };
    Placement { parent: context, ids: Some(GivenIds { trace_id, span_id }), started_at: None }
}

fn end(status: EventStatus, error: Option<EventError>) -> EmittedEnd {
    match (status, error) {
        (_, Some(EventError { kind, message })) => EmittedEnd::Failed(kind, message),
        (EventStatus::Failed, None) => EmittedEnd::Failed("_OTHER".to_owned(), None),
        (EventStatus::Completed, None) => EmittedEnd::Completed,
        (EventStatus::Cancelled, None) => EmittedEnd::Cancelled,
    }
}

fn generation(
    mut event: GenerationEvent,
    attributes: Vec<KeyValue>,
    placement: Placement,
) -> SpanContext {
    let around = Surroundings {
        agent: event.agent.take().map(StringValue::from),
        workflow: event.workflow.take().map(StringValue::from),
        step: event.step.take().map(StringValue::from),
    };
    let placement = Placement { parent: around.around(placement.parent), ..placement };
    let provider = event.provider.take().map_or(Provider::from("_OTHER"), Provider::from);
    match event.operation.as_str() {
        operation::EMBEDDINGS => return embeddings(event, provider, attributes, placement),
        operation::RETRIEVAL => return retrieval(event, provider, attributes, placement),
        _ => {}
    }
    let end = end(event.status, event.error);
    let call = ToldOfCall::take(&mut event.metadata, &provider);
    let tiers = ToldOfTiers::take(&mut event.metadata);
    let builder = match event.operation.as_str() {
        operation::GENERATE_CONTENT => Generation::generate_content(provider, event.model),
        operation::TEXT_COMPLETION => Generation::text_completion(provider, event.model),
        _ => Generation::chat(provider, event.model),
    };
    let builder = with(builder, attributes, event.metadata, |b, it| b.attribute(it.key, it.value));
    let builder = tiers
        .asked
        .into_iter()
        .fold(builder.told_call(call), |builder, tier| builder.openai_service_tier(tier));
    let generation = match event.input.is_empty() {
        true => builder.start_in(placement),
        false => builder.input(&event.input).start_in(placement),
    };
    let mut response = Response::new();
    response = event.response_id.into_iter().fold(response, Response::id);
    response = event.response_model.into_iter().fold(response, Response::model);
    response = event.finish_reasons.into_iter().fold(response, Response::finish_reason);
    response = event.usage.into_iter().fold(response, Response::usage);
    response = event.cost.into_iter().fold(response, Response::cost);
    response = tiers.billed.into_iter().fold(response, Response::billed_tier);
    response = tiers.served.into_iter().fold(response, Response::openai_service_tier);
    response = tiers.system.into_iter().fold(response, Response::openai_system_fingerprint);
    generation.record(&event.output.into_iter().fold(response, Response::output));
    generation.end_at(end, event.end_time)
}

fn embeddings(
    mut event: GenerationEvent,
    provider: Provider,
    mut attributes: Vec<KeyValue>,
    placement: Placement,
) -> SpanContext {
    let call = ToldOfCall::take(&mut event.metadata, &provider);
    attributes.extend(event.response_id.map(|id| key::GEN_AI_RESPONSE_ID.of(id)));
    let builder = Embeddings::new(provider, event.model).told_call(call);
    let builder = with(builder, attributes, event.metadata, |b, it| b.attribute(it.key, it.value));
    let embeddings = builder.told_input(event.input).start_in(placement);
    if let Some(tokens) = event.usage.and_then(|usage| usage.input_tokens()) {
        embeddings.input_tokens(tokens);
    }
    event.cost.into_iter().for_each(|cost| embeddings.cost(cost));
    if let Some(model) = event.response_model {
        embeddings.response_model(model);
    }
    embeddings.end_at(end(event.status, event.error), event.end_time)
}

/// The ranking of documents: what its answer says beyond them stands on the span, as the answer of any model.
fn retrieval(
    mut event: GenerationEvent,
    provider: Provider,
    mut attributes: Vec<KeyValue>,
    placement: Placement,
) -> SpanContext {
    let metadata = &mut event.metadata;
    let call = ToldOfCall::take(metadata, &provider);
    let source = told::text(metadata, key::GEN_AI_DATA_SOURCE_ID.key()).unwrap_or_default();
    let top_k = told::count(metadata, key::GEN_AI_RETRIEVAL_TOP_K.key());
    let query = told::text(metadata, key::GEN_AI_RETRIEVAL_QUERY_TEXT.key());
    let documents = told::list(metadata, key::GEN_AI_RETRIEVAL_DOCUMENTS.key());
    attributes.extend(event.response_id.map(|id| key::GEN_AI_RESPONSE_ID.of(id)));
    attributes.extend(event.response_model.map(|model| key::GEN_AI_RESPONSE_MODEL.of(model)));
    let builder = Retrieval::new(source).provider(provider).model(event.model).told_call(call);
    let builder = with(builder, attributes, event.metadata, |b, it| b.attribute(it.key, it.value));
    let builder = top_k.into_iter().fold(builder, |builder, top_k| builder.top_k(top_k));
    let builder = builder.told_input(event.input);
    let retrieval = match &query {
        Some(query) => builder.query(query).start_in(placement),
        None => builder.start_in(placement),
    };
    if let Some(documents) = documents {
        retrieval.documents(documents.into_iter().map(Document::of));
    }
    retrieval.told_output(event.output);
    retrieval.told_usage(event.usage);
    event.cost.into_iter().for_each(|cost| retrieval.cost(cost));
    retrieval.end_at(end(event.status, event.error), event.end_time)
}

fn tool(event: ToolExecutionEvent, attributes: Vec<KeyValue>, placement: Placement) -> SpanContext {
    let builder = Tool::new(event.tool_name);
    let builder = event.tool_call_id.into_iter().fold(builder, |builder, id| builder.call_id(id));
    let builder = with(builder, attributes, event.metadata, |b, it| b.attribute(it.key, it.value));
    let tool = match event.arguments.is_null() {
        true => builder.start_in(placement),
        false => builder.arguments(&event.arguments).start_in(placement),
    };
    if !event.result.is_null() {
        tool.result(&event.result);
    }
    tool.end_at(end(event.status, event.error), event.end_time)
}

fn orchestrator(
    event: OrchestratorEvent,
    mut attributes: Vec<KeyValue>,
    placement: Placement,
) -> SpanContext {
    let end = end(event.status, event.error);
    attributes.extend(event.step_type.map(|it| key::SPANWISE_STEP_TYPE.of(it)));
    if !event.steps.is_empty() {
        let steps = event.steps.iter().map(|step| StringValue::from(step.clone()));
        attributes.push(key::SPANWISE_EVENT_STEPS.of(steps.collect::<Vec<_>>()));
    }
    let inside =
        super::Inside { steps: event.steps, usage: event.total_usage, cost: event.total_cost };
    let say = |context: &Context| {
        if let Some(node) = InsideContext::of(context) {
            node.say(inside);
        }
    };
    if event.operation == operation::INVOKE_AGENT {
        let builder = Agent::new(event.name);
        let builder =
            with(builder, attributes, event.metadata, |b, it| b.attribute(it.key, it.value));
        let agent = match event.input.is_empty() {
            true => builder.start_in(placement),
            false => builder.input(&event.input).start_in(placement),
        };
        say(&agent.context());
        if let Some(usage) = event.total_usage {
            agent.usage(usage);
        }
        if !event.output.is_empty() {
            agent.output(&event.output);
        }
        return agent.end_at(end, event.end_time);
    }
    let builder = Workflow::new(event.name);
    let builder = with(builder, attributes, event.metadata, |b, it| b.attribute(it.key, it.value));
    let workflow = match event.input.is_empty() {
        true => builder.start_in(placement),
        false => builder.input(&event.input).start_in(placement),
    };
    say(&workflow.context());
    if !event.output.is_empty() {
        workflow.output(&event.output);
    }
    workflow.end_at(end, event.end_time)
}

fn span(
    recorder: &Recorder,
    event: SpanEvent,
    id: Option<(Option<TraceId>, SpanId)>,
    attributes: Vec<KeyValue>,
    placement: Placement,
) -> SpanContext {
    let open = id.and_then(|id| recorder.emitted.take(id));
    let span = match open {
        Some(span) => {
            attributes.into_iter().for_each(|it| span.attribute(it.key, it.value));
            span
        }
        None => {
            let builder = OwnSpan::new(event.name);
            attributes
                .into_iter()
                .fold(builder, |builder, it| builder.attribute(it.key, it.value))
                .start_in(placement)
        }
    };
    match (event.end_time, id) {
        (Some(ended), _) => span.end_at(end(event.status, event.error), ended),
        (None, Some(id)) => {
            let context = span.span_context();
            // One that was there already, or one too many, ends as cancelled.
            drop(recorder.emitted.hold(id, span));
            context
        }
        // Without an id nothing could end it.
        (None, None) => span.end_at(EmittedEnd::Cancelled, event.start_time),
    }
}

/// Adds what there is besides, as attributes of the program's own.
fn with<B>(
    builder: B,
    attributes: Vec<KeyValue>,
    metadata: super::Metadata,
    add: impl Fn(B, KeyValue) -> B,
) -> B {
    attributes.into_iter().chain(own(metadata)).fold(builder, add)
}

fn own(metadata: super::Metadata) -> impl Iterator<Item = KeyValue> {
    metadata.into_iter().map(|(key, value)| KeyValue::new(key, attribute_value(value)))
}

/// JSON as an attribute: lists of one type are lists, what has no word is JSON text.
fn attribute_value(json: Json) -> Value {
    match json {
        Json::Bool(flag) => flag.into(),
        Json::String(text) => text.into(),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(number)) => number.into(),
            (None, None) => number.to_string().into(),
        },
        Json::Array(items) if items.iter().all(Json::is_string) => {
            let texts = items.into_iter().filter_map(|item| match item {
                Json::String(text) => Some(StringValue::from(text)),
                _ => None,
            });
            Value::Array(Array::String(texts.collect()))
        }
        other => other.to_string().into(),
    }
}
