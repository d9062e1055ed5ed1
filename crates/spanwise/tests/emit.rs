//! Events that were made elsewhere: spans, metrics and events as if they had happened here.

mod support;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde_json::json;
use spanwise::opentelemetry::trace::SpanId;
use spanwise::{
    BilledUnits, ChannelExporter, ContentCapture, ContentLevel, Cost, Document, Embeddings,
    EventError, EventStatus, ExporterSettings, Generation, GenerationEvent, Message,
    OrchestratorEvent, PriceTable, Prices, Provider, Response, Retrieval, SpanEvent,
    TelemetryEvent, Tool, ToolExecutionEvent, Usage,
};
use spanwise_testing::{Capture, CaptureBuilder, Captured, CapturedSpan};
use support::isolated;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn emitted(capture: CaptureBuilder, work: impl FnOnce()) -> Captured {
    let capture = capture.build();
    capture.run(work);
    capture.finish()
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

fn generation() -> GenerationEvent {
    GenerationEvent {
        id: "00f067aa0ba902b7".into(),
        trace_id: Some(TRACE.into()),
        parent_span_id: Some("span-1".into()),
        provider: Some("openai".into()),
        model: "gpt-4".into(),
        response_id: Some("r-1".into()),
        input: vec![Message::user("Hello, canary!")],
        output: vec![Message::assistant("Hello!")],
        usage: Some(Usage::new(12, 5)),
        finish_reasons: vec!["stop".into()],
        metadata: BTreeMap::from([
            ("tier".into(), json!("gold")),
            ("tries".into(), json!(2)),
            ("tags".into(), json!(["a", "b"])),
            ("deep".into(), json!({"x": null})),
        ]),
        start_time: at(0),
        end_time: at(2),
        ..GenerationEvent::default()
    }
}

fn ids(span: &CapturedSpan) -> (String, String) {
    let context = span.span_context();
    (context.trace_id().to_string(), context.span_id().to_string())
}

#[test]
fn a_generation_has_the_span_and_the_metrics_that_it_would_have_had_here() {
    let captured = emitted(Capture::builder(), || spanwise::emit(generation()));
    captured.assert_conformant();
    let span = captured.span("chat gpt-4");
    assert_eq!(ids(span), (TRACE.into(), "00f067aa0ba902b7".into()));
    assert_eq!(span.duration(), Duration::from_secs(2));
    assert_eq!(span.data().start_time, at(0));
    assert_eq!(span.text("gen_ai.response.id"), "r-1");
    assert_eq!(span.text("spanwise.event.parent_id"), "span-1");
    assert_eq!((span.text("tier"), span.text("deep")), ("gold".into(), r#"{"x":null}"#.into()));
    assert!(span.attribute("spanwise.event.id").is_none());
    assert!(span.attribute("gen_ai.input.messages").is_none());
    assert_eq!(captured.metric("gen_ai.client.inference.duration").sum, 2.0);
}

#[test]
fn its_content_is_recorded_where_content_is_captured() {
    let capture = Capture::builder().content(ContentCapture::SpanOnly);
    let captured = emitted(capture, || spanwise::emit(generation()));
    assert!(captured.span("chat gpt-4").text("gen_ai.input.messages").contains("canary"));
}

#[test]
fn what_belongs_together_by_its_ids_is_one_trace() {
    let captured = emitted(Capture::builder(), || {
        // The children first, as they end first.
        spanwise::emit(ToolExecutionEvent {
            id: "tool-1".into(),
            trace_id: Some("run-7".into()),
            parent_span_id: Some("agent-1".into()),
            tool_name: "lookup".into(),
            error: Some("timeout".into()),
            ..ToolExecutionEvent::default()
        });
        spanwise::emit(OrchestratorEvent {
            id: "agent-1".into(),
            trace_id: Some("run-7".into()),
            name: "triage".into(),
            operation: "invoke_agent".into(),
            steps: vec!["lookup".into()],
            total_usage: Some(Usage::new(3, 4)),
            ..OrchestratorEvent::default()
        });
    });
    let (tool, agent) =
        (captured.span("execute_tool lookup"), captured.span("invoke_agent triage"));
    assert_eq!(ids(tool).0, ids(agent).0);
    assert_eq!(tool.parent_span_id(), agent.span_context().span_id());
    assert_eq!(agent.parent_span_id(), SpanId::INVALID);
    assert_eq!(agent.text("spanwise.event.trace_id"), "run-7");
    assert_eq!(tool.text("error.type"), "timeout");
}

#[test]
fn without_a_trace_it_belongs_to_what_is_active() {
    let captured = emitted(Capture::builder(), || {
        let around = Tool::new("around").start();
        let _active = around.enter();
        spanwise::emit(SpanEvent {
            name: "inside".into(),
            end_time: Some(at(1)),
            ..SpanEvent::default()
        });
        // And one of another trace does not.
        spanwise::emit(ToolExecutionEvent {
            trace_id: Some(TRACE.into()),
            tool_name: "apart".into(),
            ..ToolExecutionEvent::default()
        });
    });
    let around = captured.span("execute_tool around").span_context().span_id();
    assert_eq!(captured.span("inside").parent_span_id(), around);
    let apart = captured.span("execute_tool apart");
    assert_eq!((apart.parent_span_id(), ids(apart).0), (SpanId::INVALID, TRACE.into()));
}

#[test]
fn a_span_goes_on_until_an_event_of_its_id_ends_it() {
    let open = || SpanEvent {
        id: "span-1".into(),
        trace_id: Some("trace-123".into()),
        name: "orchestrator".into(),
        start_time: at(0),
        attributes: BTreeMap::from([("early".into(), json!(1))]),
        ..SpanEvent::default()
    };
    let capture = Capture::builder().build();
    capture.run(|| {
        spanwise::emit(open());
        spanwise::emit(SpanEvent {
            id: "span-2".into(),
            parent_span_id: Some("span-1".into()),
            name: "llm_call".into(),
            end_time: Some(at(2)),
            start_time: at(1),
            ..open()
        });
        spanwise::emit(SpanEvent {
            end_time: Some(at(3)),
            status: EventStatus::Failed,
            error: Some(EventError::new("timeout").message("canary")),
            attributes: BTreeMap::from([("late".into(), json!(true))]),
            ..open()
        });
    });
    let captured = capture.finish();
    let (parent, child) = (captured.span("orchestrator"), captured.span("llm_call"));
    assert_eq!(child.parent_span_id(), parent.span_context().span_id());
    assert_eq!(parent.duration(), Duration::from_secs(3));
    assert!(parent.attribute("early").is_some() && parent.attribute("late").is_some());
    assert_eq!(parent.text("error.type"), "timeout");
    assert_eq!(captured.spans().len(), 2);
}

#[test]
fn a_span_that_nothing_ended_is_ended_at_shutdown() {
    let capture = Capture::builder().build();
    let event = SpanEvent { id: "s".into(), name: "open".into(), ..SpanEvent::default() };
    capture.run(|| spanwise::emit(event));
    assert_eq!(capture.end_open_operations(), 1);
    let captured = capture.finish();
    assert_eq!(captured.span("open").text("spanwise.outcome"), "cancelled");
}

#[test]
fn without_a_recorder_nothing_happens() {
    spanwise::emit(TelemetryEvent::from(generation()));
}

/// What events are made of the work, with their content, and what its spans and metrics said.
fn events_of(work: impl FnOnce()) -> (Vec<TelemetryEvent>, support::Receiver) {
    let receiver = support::Receiver::start();
    let prices = Prices::none().own(PriceTable::from_toml(PRICES).unwrap());
    let config = support::config().endpoint(receiver.http_url()).pricing(prices);
    let telemetry = spanwise::init_telemetry(config.content_capture(ContentCapture::SpanOnly));
    let (exporter, mut events) = ChannelExporter::new(100);
    let settings = ExporterSettings::new("events").content(ContentLevel::Full);
    spanwise::add_exporter_with(exporter, settings);
    work();
    support::block_on(telemetry.unwrap().shutdown());
    (std::iter::from_fn(|| events.try_receive()).collect(), receiver)
}

/// Half the price in a batch, twice where it was served in haste, and what is charged by other units than tokens.
const PRICES: &str = r#"
version = "test"
[[prices]]
model = "gpt-4o"
batch = true
input = 5
output = 5
[[prices]]
model = "gpt-4o"
tier = "priority"
input = 20
output = 20
[[prices]]
model = "gpt-4o"
input = 10
output = 10
[[prices]]
model = "dall-e-3"
image = 0.04
[[prices]]
model = "text-embedding-*"
batch = true
input = 1
[[prices]]
model = "text-embedding-*"
input = 2
[[prices]]
model = "rerank-*"
search = 0.002
"#;

fn operations() {
    let asked = || Generation::chat(Provider::OpenAi, "gpt-4o").server("api.openai.com", 443);
    let batch = asked().batch().input("Hello!").start();
    batch.usage(Usage::new(1000, 0));
    batch.finish();
    let hasty = asked().openai_service_tier("priority").start();
    let response = Response::new().usage(Usage::new(1000, 0)).openai_service_tier("priority");
    hasty.record(&response.openai_system_fingerprint("fp_1"));
    hasty.finish();
    let drawn = Generation::chat(Provider::OpenAi, "dall-e-3").start();
    let units = BilledUnits::default().images(2).searches(1).characters(30).cache_write_1h(3);
    drawn.record(&Response::new().billed_tier("priority"));
    drawn.billed_units(units.audio(Duration::from_millis(2500)));
    drawn.finish();
    let embedded = Embeddings::new(Provider::OpenAi, "text-embedding-3-small").batch().start();
    embedded.input_tokens(8);
    embedded.response_model("text-embedding-3-small-1");
    embedded.finish();
    let ranked =
        Retrieval::new("articles").provider(Provider::Cohere).model("rerank-v3.5").top_k(3);
    let ranked = ranked.query("returns").server("api.cohere.com", 443).start();
    ranked.documents([Document::new("a-1").score(0.5).field("title", "Returns")]);
    ranked.billed_units(BilledUnits::default().searches(1));
    ranked.finish();
}

#[test]
fn an_event_that_went_out_comes_in_again_and_goes_out_the_same() {
    isolated!({
        let (out, _receiver) = events_of(|| {
            let (exporter, mut events) = ChannelExporter::new(100);
            let settings = ExporterSettings::new("first").content(ContentLevel::Full);
            let first = spanwise::add_exporter_with(exporter, settings);
            operations();
            assert!(support::block_on(spanwise::flush_exporters(support::PATIENCE)));
            spanwise::remove_exporter(first);
            while let Some(event) = events.try_receive() {
                let TelemetryEvent::Generation(event) = event else { panic!("{event:?}") };
                // Priced anew, as nobody says what it costs.
                spanwise::emit(GenerationEvent { cost: None, ..event });
            }
        });
        let (first, again) = out.split_at(out.len() / 2);
        assert_eq!(shown(first), shown(again));
        let costs = again.iter().map(|event| match event {
            TelemetryEvent::Generation(event) => event.cost.as_ref().map(Cost::amount_f64),
            _ => None,
        });
        let costs: Vec<_> = costs.map(Option::unwrap_or_default).collect();
        assert_eq!(costs, [0.005, 0.02, 0.08, 0.000008, 0.002]);
    });
}

#[test]
fn what_an_answer_says_of_embeddings_and_rankings_stays() {
    isolated!({
        let told = |operation: &str, usage| GenerationEvent {
            operation: operation.into(),
            response_model: Some("gpt-4-2".into()),
            parent_span_id: Some("b7ad6b7169203331".into()),
            usage: Some(usage),
            finish_reasons: Vec::new(),
            metadata: [("tier".to_owned(), json!("gold"))].into(),
            ..generation()
        };
        // A vector is no message, and has no tokens of its own.
        let embedded = GenerationEvent {
            output: Vec::new(),
            ..told("embeddings", Usage::unknown().input(12))
        };
        let told = [embedded, told("retrieval", Usage::new(12, 5))].map(TelemetryEvent::from);
        let (out, _receiver) =
            events_of(|| told.iter().for_each(|event| spanwise::emit(event.clone())));
        assert_eq!(shown(&out), shown(&told));
    });
}

fn shown(events: &[TelemetryEvent]) -> Vec<serde_json::Value> {
    events.iter().map(|event| serde_json::to_value(event).unwrap()).collect()
}
