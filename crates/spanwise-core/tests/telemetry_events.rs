//! Events: what operations tell those who listen, and events as JSON.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use opentelemetry_sdk::trace::Sampler;
use proptest::prelude::*;
use serde_json::json;
use spanwise_core::{
    Agent, ContentCapture, Cost, CostSource, Currency, Decimal, Embeddings, EventError, EventHub,
    EventKind, EventSink, EventStatus, Generation, GenerationEvent, Message, OrchestratorEvent,
    Part, Provider, RecordedOperation, Response, Retrieval, SpanEvent, Step, TelemetryEvent, Tool,
    ToolExecutionEvent, Usage, Workflow, scope,
};
use spanwise_testing::{Capture, CaptureBuilder};

#[derive(Default)]
struct Listener {
    heard: Mutex<Vec<Arc<RecordedOperation>>>,
    content: bool,
}

impl EventSink for Listener {
    fn take(&self, operation: &Arc<RecordedOperation>) {
        self.heard.lock().unwrap().push(operation.clone());
    }

    fn wants_content(&self) -> bool {
        self.content
    }
}

/// What someone hears who listens, in the order in which it ended.
fn heard(
    capture: CaptureBuilder,
    content: bool,
    work: impl FnOnce(),
) -> Vec<Arc<RecordedOperation>> {
    let (hub, listener) = (EventHub::new(), Arc::new(Listener { content, ..Listener::default() }));
    let sink = hub.add_sink(listener.clone());
    capture.event_hub(hub.clone()).build().run(work);
    assert!(hub.remove_sink(sink) && !hub.remove_sink(sink));
    std::mem::take(&mut *listener.heard.lock().unwrap())
}

fn text<'a>(operation: &'a RecordedOperation, key: &str) -> Option<&'a str> {
    let attribute = operation.attributes.iter().rfind(|it| it.key.as_str() == key)?;
    match &attribute.value {
        opentelemetry::Value::String(text) => Some(text.as_str()),
        _ => None,
    }
}

fn answer() -> Result<Response, std::io::Error> {
    Ok(Response::new().id("r-1").usage(Usage::new(10, 5)))
}

fn ticket() {
    let workflow = Workflow::new("handle_ticket").run_sync(|_| {
        Step::new("classify").run_sync(|_| Ok::<_, std::io::Error>(()))?;
        Agent::new("triage").run_sync(|_| {
            let generation = Generation::chat(Provider::OpenAi, "gpt-4o").input("Hi").start();
            generation.record(&answer()?);
            generation.output("Hello");
            generation.finish();
            Embeddings::new(Provider::OpenAi, "small").start().input_tokens(7);
            Tool::new("lookup").start().fail_with("not_found", "no order of Ada");
            Ok::<_, std::io::Error>(())
        })
    });
    workflow.unwrap();
}

#[test]
fn every_operation_is_told_when_it_is_over_with_what_it_happened_in() {
    let told = heard(Capture::builder(), false, ticket);
    let names: Vec<_> = told.iter().map(|it| (it.name.as_ref(), it.kind, it.status)).collect();
    use EventKind::{Generation, Orchestrator, Span, ToolExecution};
    use EventStatus::{Cancelled, Completed, Failed};
    assert_eq!(
        names,
        [
            ("step classify", Span, Completed),
            ("chat gpt-4o", Generation, Completed),
            ("embeddings small", Generation, Cancelled),
            ("execute_tool lookup", ToolExecution, Failed),
            ("invoke_agent triage", Orchestrator, Completed),
            ("invoke_workflow handle_ticket", Orchestrator, Completed),
        ]
    );
    let [step, chat, _, tool, agent, workflow] = &told[..] else { panic!("{told:?}") };
    assert_eq!(step.parent, workflow.span.span_id());
    assert_eq!((chat.parent, tool.parent), (agent.span.span_id(), agent.span.span_id()));
    assert_eq!(workflow.parent, opentelemetry::SpanId::INVALID);
    assert_eq!(text(chat, "gen_ai.response.id"), Some("r-1"));
    assert_eq!(text(tool, "error.type"), Some("not_found"));
    assert!(told.iter().all(|it| it.started_at < it.ended_at && it.content.is_none()));
}

#[test]
fn a_retrieval_is_the_call_of_a_model_where_it_names_one_or_costs_something() {
    let told = heard(Capture::builder(), false, || {
        Retrieval::new("articles").start().finish();
        Retrieval::new("").provider(Provider::Cohere).model("rerank-v3.5").start().finish();
        let paid = Retrieval::new("archive").start();
        paid.cost(Cost::new(Decimal::new(2, 3), Currency::USD, CostSource::Provider));
        paid.finish();
    });
    let kinds: Vec<_> = told.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [EventKind::Span, EventKind::Generation, EventKind::Generation]);
    assert_eq!(told[2].cost.as_ref().unwrap().amount_f64(), 0.002);
}

#[test]
fn agents_and_workflows_say_what_happened_inside() {
    let told = heard(Capture::builder(), false, ticket);
    let inside = |name: &str| {
        let operation = told.iter().find(|it| it.name.ends_with(name)).unwrap();
        operation.inside.clone().unwrap()
    };
    let agent = inside("triage");
    assert_eq!(agent.steps, ["chat gpt-4o", "embeddings small", "lookup"]);
    assert_eq!(agent.usage, Some(Usage::new(17, 5)));
    let workflow = inside("handle_ticket");
    assert_eq!(workflow.steps, ["classify", "triage"]);
    assert_eq!(workflow.usage, Some(Usage::new(17, 5)), "of all that is inside");
}

#[test]
fn events_are_whole_whatever_the_sampler_says() {
    let told = heard(Capture::builder().sampler(Sampler::AlwaysOff), false, ticket);
    assert_eq!(told.len(), 6);
    assert!(told.iter().all(|it| !it.span.is_sampled()));
    assert_eq!(text(&told[1], "gen_ai.request.model"), Some("gpt-4o"));
}

#[test]
fn content_is_told_only_where_it_is_captured_and_wanted() {
    for capture in [ContentCapture::NoContent, ContentCapture::SpanOnly, ContentCapture::EventOnly]
    {
        for wanted in [false, true] {
            let told = heard(Capture::builder().content(capture), wanted, ticket);
            let has = told[1].content.as_ref().is_some_and(|content| content.items().len() == 2);
            assert_eq!(has, capture != ContentCapture::NoContent && wanted, "{capture:?} {wanted}");
        }
    }
}

#[test]
fn a_scope_is_told_with_everything_inside_it() {
    let told = heard(Capture::builder(), false, || {
        let _scope = scope().session("s-1").enter();
        Tool::new("lookup").start().finish();
    });
    assert_eq!(text(&told[0], "session.id"), Some("s-1"));
}

#[test]
fn one_who_listens_and_panics_harms_nobody() {
    struct Panics;
    impl EventSink for Panics {
        fn take(&self, _: &Arc<RecordedOperation>) {
            panic!("on purpose");
        }
    }
    let (hub, listener) = (EventHub::new(), Arc::new(Listener::default()));
    hub.add_sink(Arc::new(Panics));
    hub.add_sink(listener.clone());
    let capture = Capture::builder().event_hub(hub).build();
    capture.run(ticket);
    assert_eq!(capture.finish().spans().len(), 6);
    assert_eq!(listener.heard.lock().unwrap().len(), 6);
}

#[test]
fn debug_shows_no_content() {
    let event = TelemetryEvent::from(GenerationEvent {
        id: "gen-1".into(),
        input: vec![Message::user("canary")],
        metadata: BTreeMap::from([("user.name".into(), json!("canary"))]),
        error: Some(EventError::new("timeout").message("canary")),
        ..GenerationEvent::default()
    });
    let shown = format!("{event:?}");
    assert!(!shown.contains("canary") && shown.contains("gen-1"), "{shown}");
}

#[test]
fn json_is_what_people_would_write() {
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_710_417_600_250);
    let event = TelemetryEvent::from(SpanEvent {
        id: "span-1".into(),
        name: "orchestrator".into(),
        start_time: at,
        end_time: Some(at + Duration::from_secs(1)),
        ..SpanEvent::default()
    });
    assert_eq!(
        serde_json::to_value(&event).unwrap(),
        json!({
            "type": "span",
            "id": "span-1",
            "trace_id": null,
            "parent_span_id": null,
            "name": "orchestrator",
            "start_time": "2024-03-14T12:00:00.250000000Z",
            "end_time": "2024-03-14T12:00:01.250000000Z",
            "attributes": {},
            "status": "completed",
            "error": null,
            "duration_ms": 1000.0,
        })
    );
    let read: TelemetryEvent = serde_json::from_value(json!({
        "type": "tool_execution", "id": "t", "tool_name": "lookup", "error": {"kind": "timeout"},
    }))
    .unwrap();
    assert_eq!(read.error(), Some(&EventError::new("timeout")));
}

fn time() -> impl Strategy<Value = SystemTime> {
    (0..253_402_300_799_u64, 0..1_000_000_000_u32)
        .prop_map(|(s, n)| SystemTime::UNIX_EPOCH + Duration::new(s, n))
}

fn id() -> impl Strategy<Value = Option<String>> {
    prop::option::of(".{0,20}")
}

fn metadata() -> impl Strategy<Value = BTreeMap<String, serde_json::Value>> {
    let value = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|it| json!(it)),
        any::<i64>().prop_map(|it| json!(it)),
        ".{0,10}".prop_map(|it| json!(it)),
        prop::collection::vec(any::<i32>(), 0..3).prop_map(|it| json!({"list": it})),
    ];
    prop::collection::btree_map(".{0,10}", value, 0..4)
}

fn messages() -> impl Strategy<Value = Vec<Message>> {
    let part = prop_oneof![
        ".{0,10}".prop_map(Part::text),
        ".{0,10}".prop_map(Part::reasoning),
        (".{0,5}", ".{0,5}").prop_map(|(name, text)| Part::tool_call("1", name, text)),
        Just(Part::tool_call("1", "f", "null")),
        ".{0,5}".prop_map(|text| Part::tool_call_response("1", text)),
        ".{0,5}".prop_map(|text| Part::blob("image", "image/png", text)),
        ".{0,5}".prop_map(|text| Part::uri("image", text)),
        ".{0,5}".prop_map(|text| Part::file("image", text)),
        "x[a-z]{0,5}".prop_map(|kind| Part::generic(kind, Default::default())),
    ];
    let message = ("[a-z]{0,9}", prop::collection::vec(part, 0..3), prop::option::of(".{0,5}"))
        .prop_map(|(role, parts, name)| {
            let message = Message::new(role.into(), parts);
            match name {
                Some(name) => message.name(name),
                None => message,
            }
        });
    prop::collection::vec(message, 0..3)
}

fn usage() -> impl Strategy<Value = Option<Usage>> {
    use spanwise_core::Modality::{Audio, Image, Text};
    let usage = (any::<u32>(), any::<u32>(), any::<bool>(), any::<u16>()).prop_map(
        |(input, output, more, n)| {
            let n = u64::from(n);
            let usage = Usage::new(input.into(), output.into());
            if !more {
                return usage;
            }
            let usage = usage.cache_read(n).cache_write(n).reasoning(n);
            usage.input_of(Text, n).output_of(Audio, n).cache_read_of(Image, n)
        },
    );
    prop::option::of(usage)
}

fn end() -> impl Strategy<Value = (EventStatus, Option<EventError>)> {
    use EventStatus::{Cancelled, Completed, Failed};
    let error = (".{0,10}", id()).prop_map(|(kind, message)| EventError { kind, message });
    (prop_oneof![Just(Completed), Just(Failed), Just(Cancelled)], prop::option::of(error))
}

fn cost() -> impl Strategy<Value = Option<Cost>> {
    let amount = 0..1_000_000_000_000_000_i64;
    let cost =
        (amount, 0..=12_u32, prop::option::of("[a-z]{1,9}")).prop_map(|(digits, scale, of)| {
            let cost = Cost::new(Decimal::new(digits, scale), Currency::USD, CostSource::Table);
            of.into_iter().fold(cost, Cost::with_table_version)
        });
    prop::option::of(cost)
}

fn event() -> impl Strategy<Value = TelemetryEvent> {
    let ids = (".{0,20}", id(), id());
    let about = (
        metadata(),
        messages(),
        (usage(), cost()),
        prop::collection::vec(".{0,9}", 0..3),
        ".{0,9}",
    );
    (ids, about, (time(), time()), end(), 0..4_u8).prop_map(|(ids, about, times, end, which)| {
        let (id, trace_id, parent_span_id) = ids;
        let (metadata, input, (usage, cost), texts, name) = about;
        let (start_time, end_time) = times;
        let (status, error) = end;
        let parent = parent_span_id.clone();
        let output: Vec<_> = input.iter().rev().cloned().collect();
        match which {
            0 => TelemetryEvent::Generation(GenerationEvent {
                id,
                trace_id: trace_id.clone(),
                parent_span_id,
                operation: name.clone(),
                provider: trace_id.clone(),
                model: name,
                response_model: trace_id.clone(),
                agent: trace_id.clone(),
                workflow: parent.clone(),
                step: parent,
                response_id: trace_id,
                input,
                output,
                usage,
                cost,
                finish_reasons: texts,
                metadata,
                start_time,
                end_time,
                status,
                error,
            }),
            1 => TelemetryEvent::ToolExecution(ToolExecutionEvent {
                id,
                tool_call_id: trace_id.clone(),
                trace_id,
                parent_span_id,
                tool_name: name.clone(),
                arguments: json!({"a": name}),
                result: json!(texts),
                metadata,
                start_time,
                end_time,
                status,
                error,
            }),
            2 => TelemetryEvent::Orchestrator(OrchestratorEvent {
                id,
                step_type: trace_id.clone(),
                trace_id,
                parent_span_id,
                operation: name.clone(),
                name,
                steps: texts,
                total_usage: usage,
                total_cost: cost.iter().map(|cost| (cost.currency(), cost.amount())).collect(),
                input,
                output,
                metadata,
                start_time,
                end_time,
                status,
                error,
            }),
            _ => TelemetryEvent::Span(SpanEvent {
                id,
                trace_id,
                parent_span_id,
                name,
                start_time,
                end_time: usage.map(|_| end_time),
                attributes: metadata,
                status,
                error,
            }),
        }
    })
}

proptest! {
    #[test]
    fn every_event_survives_its_json(event in event()) {
        let text = serde_json::to_string(&event).unwrap();
        prop_assert!(!text.contains('\n'));
        prop_assert_eq!(serde_json::from_str::<TelemetryEvent>(&text).unwrap(), event);
    }
}
