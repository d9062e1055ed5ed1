//! Content is private by default, and goes where it was asked to go.

use opentelemetry::logs::{AnyValue, Severity};
use opentelemetry_sdk::trace::Sampler;
use serde_json::json;
use spanwise_core::{
    Agent, CapturePolicy, ContentCapture, Generation, Message, Part, Provider, Tool,
    ToolDefinition, Usage, Workflow,
};
use spanwise_testing::{Capture, CaptureBuilder, Captured};

const CANARY: &str = "canary";
const DETAILS: &str = "gen_ai.client.inference.operation.details";

/// Everything that can hold content, with the canary in every place.
fn talk() {
    let history = [
        Message::system(CANARY),
        Message::user(CANARY).part(Part::blob("image", "image/png", CANARY)),
        Message::assistant("").part(Part::tool_call("call_1", "f", json!({CANARY: 1}).to_string())),
        Message::tool_response("call_1", CANARY),
    ];
    let tools = [ToolDefinition::function("f")
        .description(CANARY)
        .parameters(json!({"type": "object", "title": CANARY}))];
    let answer = Message::assistant(CANARY);
    let workflow = Workflow::new("w").input(CANARY).start();
    workflow.output(&answer);
    workflow.finish();
    let agent = Agent::new("a")
        .system_instructions(CANARY)
        .input(&history)
        .tool_definitions(&tools)
        .start();
    agent.output(&answer);
    agent.finish();
    let tool = Tool::new("f").arguments(&json!({CANARY: 1})).start();
    tool.result(CANARY);
    tool.finish();
    let generation = Generation::chat(Provider::OpenAi, "m")
        .system_instructions(CANARY)
        .input(&history)
        .tool_definitions(&tools)
        .prompt_name("p")
        .prompt_variable("city", CANARY)
        .start();
    generation.usage(Usage::new(1, 1));
    generation.output(&answer);
    generation.finish();
}

fn captured(builder: CaptureBuilder) -> Captured {
    let capture = builder.build();
    capture.run(talk);
    let captured = capture.finish();
    captured.assert_conformant();
    captured
}

fn content_keys<'a>(keys: &[&'a str]) -> Vec<&'a str> {
    const CONTENT: [&str; 5] = ["messages", "instructions", "definitions", "arguments", "result"];
    let is_content = |key: &&&str| {
        CONTENT.iter().any(|word| key.ends_with(word)) || key.contains("prompt.variable")
    };
    keys.iter().filter(is_content).copied().collect()
}

#[test]
fn by_default_no_content_is_recorded_anywhere() {
    let captured = captured(Capture::builder());
    for span in captured.spans() {
        assert!(!format!("{:?}", span.data()).contains(CANARY), "{}", span.name());
    }
    assert!(captured.events().is_empty());
}

#[test]
fn span_only_puts_json_text_on_every_span_and_nothing_on_events() {
    let captured = captured(Capture::builder().content(ContentCapture::SpanOnly));
    assert!(captured.events().is_empty());
    let span = captured.span("chat m");
    assert_eq!(
        content_keys(&span.keys()),
        [
            "gen_ai.input.messages",
            "gen_ai.output.messages",
            "gen_ai.prompt.variable.city",
            "gen_ai.system_instructions",
            "gen_ai.tool.definitions",
        ]
    );
    let json = |key| serde_json::from_str::<serde_json::Value>(&span.text(key)).unwrap();
    assert_eq!(json("gen_ai.system_instructions"), json!([{"type": "text", "content": CANARY}]));
    assert_eq!(json("gen_ai.tool.definitions"), json!([{"type": "function", "name": "f"}]));
    assert_eq!(span.text("gen_ai.prompt.variable.city"), CANARY);
    assert_eq!(
        json("gen_ai.input.messages"),
        json!([
            {"role": "system", "parts": [{"type": "text", "content": CANARY}]},
            {"role": "user", "parts": [
                {"type": "text", "content": CANARY},
                {"type": "blob", "modality": "image", "mime_type": "image/png", "content": CANARY},
            ]},
            {"role": "assistant", "parts": [
                {"type": "tool_call", "id": "call_1", "name": "f", "arguments": {CANARY: 1}},
            ]},
            {"role": "tool", "parts": [
                {"type": "tool_call_response", "id": "call_1", "response": CANARY},
            ]},
        ])
    );
    let tool = captured.span("execute_tool f");
    assert_eq!(tool.text("gen_ai.tool.call.arguments"), r#"{"canary":1}"#);
    assert_eq!(tool.text("gen_ai.tool.call.result"), r#"{"result":"canary"}"#);
    assert_eq!(content_keys(&captured.span("invoke_agent a").keys()).len(), 4);
    assert_eq!(content_keys(&captured.span("invoke_workflow w").keys()).len(), 2);
}

#[test]
fn event_only_puts_structured_content_on_the_event_and_none_on_spans() {
    let captured = captured(Capture::builder().content(ContentCapture::EventOnly));
    for span in captured.spans() {
        assert_eq!(content_keys(&span.keys()), [] as [&str; 0], "{}", span.name());
    }
    let event = captured.event(DETAILS);
    assert_eq!(event.severity(), Some(Severity::Debug));
    let span = captured.span("chat m");
    assert_eq!(event.span_id(), Some(span.span_context().span_id()));
    for key in span.keys() {
        assert!(event.attribute(key).is_some(), "{key} is on the span and not on the event");
    }
    let Some(AnyValue::ListAny(messages)) = event.attribute("gen_ai.output.messages") else {
        panic!("output messages are not structured");
    };
    let AnyValue::Map(message) = &messages[0] else { panic!("a message is not structured") };
    assert_eq!(message.get("role"), Some(&AnyValue::from("assistant")));
}

#[test]
fn span_and_event_puts_it_on_both() {
    let captured = captured(Capture::builder().content(ContentCapture::SpanAndEvent));
    assert_eq!(content_keys(&captured.span("chat m").keys()).len(), 5);
    assert_eq!(content_keys(&captured.event(DETAILS).keys()).len(), 5);
}

#[test]
fn the_finer_switches_let_only_their_side_through() {
    let policy = CapturePolicy::new(ContentCapture::SpanOnly);
    let inputs = captured(Capture::builder().policy(policy.outputs(false)));
    assert_eq!(content_keys(&inputs.span("execute_tool f").keys()), ["gen_ai.tool.call.arguments"]);
    assert_eq!(inputs.span("chat m").attribute("gen_ai.output.messages"), None);
    let outputs = captured(Capture::builder().policy(policy.inputs(false)));
    assert_eq!(content_keys(&outputs.span("chat m").keys()), ["gen_ai.output.messages"]);
    let schemas = captured(Capture::builder().policy(policy.tool_schemas(true)));
    assert!(schemas.span("chat m").text("gen_ai.tool.definitions").contains(CANARY));
}

#[test]
fn without_metadata_nothing_of_the_programs_own_is_recorded() {
    let policy = CapturePolicy::default().metadata(false);
    let capture = Capture::builder().policy(policy).build();
    capture.run(|| {
        let tool = Tool::new("f").attribute("own.built", 1).start();
        tool.attribute("own.set", 2);
        tool.event("own.event", []);
        tool.finish();
    });
    let captured = capture.finish();
    captured.assert_conformant();
    let span = captured.span("execute_tool f");
    assert!(!span.keys().iter().any(|key| key.starts_with("own.")));
    assert!(span.data().events.events.is_empty());
}

#[test]
fn the_event_can_be_had_without_content_and_does_not_depend_on_sampling() {
    let policy = CapturePolicy::default().details_event(true);
    let captured = captured(Capture::builder().policy(policy).sampler(Sampler::AlwaysOff));
    assert_eq!(captured.spans().len(), 0);
    let event = captured.event(DETAILS);
    assert_eq!(content_keys(&event.keys()), [] as [&str; 0]);
    assert_eq!(event.attribute("gen_ai.usage.input_tokens"), Some(&AnyValue::Int(1)));
}

#[test]
fn messages_are_not_even_converted_where_they_are_not_captured() {
    struct Costly;
    impl spanwise_core::ToMessages for Costly {
        fn to_messages(&self) -> Vec<Message> {
            panic!("converted although nobody asked")
        }
    }
    let off = Capture::builder().build();
    let unsampled =
        Capture::builder().content(ContentCapture::SpanOnly).sampler(Sampler::AlwaysOff).build();
    for capture in [off, unsampled] {
        capture.run(|| {
            let generation = Generation::chat(Provider::OpenAi, "m").input(&Costly).start();
            generation.output(&Costly);
            generation.finish();
        });
    }
}
