//! The stages, in their order, on messages as they leave.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Status;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_sdk::trace::SpanLimits;
use proptest::prelude::*;
use serde_json::json;
use spanwise_core::{ContentCapture, Message, Redactor, SCOPE_NAME, ToolDefinition};

use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;

use super::foreign::structured;
use super::*;

const CAPTURE: CapturePolicy = CapturePolicy::new(ContentCapture::SpanAndEvent);

fn limits(value_length: Option<usize>) -> Limits {
    Limits {
        attributes: 128,
        value_length,
        log_attributes: 128,
        log_value_length: value_length,
        span: SpanLimits::default(),
    }
}

fn resource() -> ExportedResource {
    let attributes = vec![text("deployment.owner", "secret")];
    let resource = Resource { attributes, ..Resource::default() };
    ExportedResource { resource, schema_url: String::new() }
}

fn stages(policy: &ContentPolicy, capture: &CapturePolicy) -> ContentStages {
    let policies = [policy.clone()];
    ContentStages::plan(&policies, capture, &limits(None), &resource(), &[]).remove(0)
}

fn text(key: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(Any::StringValue(value.to_owned())) };
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

fn run<T: Staged>(stages: &mut ContentStages, scope: &str, carried: Carried<T>) -> T {
    let scope = InstrumentationScope { name: scope.to_owned(), ..InstrumentationScope::default() };
    let group = Group { scope, schema_url: String::new(), items: vec![carried] };
    stages.run(vec![group]).remove(0).items.remove(0)
}

fn captured(items: impl IntoIterator<Item = ContentItem>) -> Option<Arc<Content>> {
    let mut content = Content::default();
    items.into_iter().for_each(|item| content.set(item));
    Some(Arc::new(content))
}

fn chat(content: Option<Arc<Content>>) -> Carried<Span> {
    let attributes = vec![text("gen_ai.operation.name", "chat"), text("own", "a secret note")];
    let status = Some(Status { message: "a secret failure".to_owned(), code: 2 });
    let name = "chat gpt-4o".to_owned();
    Carried { item: Span { name, attributes, status, ..Span::default() }, content }
}

fn of(attributes: &[KeyValue], key: &str) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Any::StringValue(text) => Some(text.clone()),
        other => Some(format!("{other:?}")),
    }
}

/// Replaces a word, and counts how often it is asked.
#[derive(Default)]
struct Secrets(AtomicUsize);

impl Redactor for Secrets {
    fn redact<'t>(&self, text: &'t str, _: &TextPlace<'_>) -> Cow<'t, str> {
        self.0.fetch_add(1, Ordering::Relaxed);
        if text.contains("secret") {
            text.replace("secret", "[SECRET]").into()
        } else {
            text.into()
        }
    }
}

const INPUT: &str = "gen_ai.input.messages";

fn input(texts: &[&str]) -> ContentItem {
    ContentItem::InputMessages(texts.iter().map(|text| Message::user(*text)).collect())
}

#[test]
fn equal_policies_share_their_stages() {
    let redacting = ContentPolicy::default().redactor(Secrets::default());
    let policies = [
        ContentPolicy::default(),
        redacting.clone(),
        ContentPolicy::new(ContentLevel::Full),
        redacting,
        ContentPolicy::default().redactor(Secrets::default()),
        ContentPolicy::new(ContentLevel::Names),
    ];
    let planned = ContentStages::plan(&policies, &CAPTURE, &limits(None), &resource(), &[]);
    let of_traces = planned.iter().filter(|stages| stages.signal == Signal::Traces);
    let shared: Vec<_> = of_traces
        .map(|stages| stages.destinations.iter().map(|(one, _)| *one).collect::<Vec<_>>())
        .collect();
    assert_eq!(shared, [vec![0, 2], vec![1, 3], vec![4], vec![5]]);
}

#[test]
fn a_destination_may_have_a_resource_of_its_own() {
    let redacting = ContentPolicy::default().redactor(Secrets::default());
    let own = [vec![], vec![opentelemetry::KeyValue::new("project", "my secret")], vec![]];
    let policies = [redacting.clone(), redacting, ContentPolicy::default()];
    let planned = ContentStages::plan(&policies, &CAPTURE, &limits(None), &resource(), &own);
    let has = |stages: &ContentStages, destination| {
        let attributes = &stages.resource_for(destination).resource.attributes;
        attributes.iter().any(|attribute| attribute.key == "project")
    };
    assert_eq!(
        (has(&planned[0], 0), has(&planned[0], 1), has(&planned[1], 2)),
        (false, true, false)
    );
    let shown = format!("{:?}", planned[0].resource_for(1));
    assert!(shown.contains("project") && !shown.contains("secret"), "{shown}");
}

#[test]
fn a_text_is_looked_at_once_for_all_destinations_that_share_it() {
    let secrets = Arc::new(Secrets::default());
    let policy = ContentPolicy::default().redactor(secrets.clone());
    let policies = [policy.clone(), policy];
    let mut planned = ContentStages::plan(&policies, &CAPTURE, &limits(None), &resource(), &[]);
    let before = secrets.0.load(Ordering::Relaxed);
    run(&mut planned[0], SCOPE_NAME, chat(captured([input(&["one", "two"])])));
    // Two messages, two attributes, the name and the status.
    assert_eq!(secrets.0.load(Ordering::Relaxed) - before, 6);
    assert_eq!(planned.iter().filter(|stages| stages.signal == Signal::Traces).count(), 1);
}

#[test]
fn every_text_of_a_span_is_redacted() {
    let mut stages = stages(&ContentPolicy::default().redactor(Secrets::default()), &CAPTURE);
    let mut chat = chat(captured([
        input(&["my secret"]),
        ContentItem::ToolCallArguments(json!({"a": ["secret"]})),
        ContentItem::PromptVariable { name: "x".to_owned(), value: "secret".to_owned() },
    ]));
    chat.item.name.push_str(" secret");
    let attributes = vec![text("exception.message", "secret")];
    chat.item.events.push(Event { name: "secret".to_owned(), attributes, ..Event::default() });
    chat.item.attributes.push(text("gen_ai.prompt.0.content", "secret"));
    chat.item.attributes.push(text("url.full", "https://secret@example.com?key=secret"));
    let span = run(&mut stages, SCOPE_NAME, chat);
    let shown = format!("{span:?} {:?}", stages.resource_for(0));
    assert!(
        shown.contains("[SECRET]") && !shown.replace("[SECRET]", "").contains("secret"),
        "{shown}"
    );
}

#[test]
fn below_full_no_text_is_left_and_errors_say_nothing() {
    for (level, expected) in [
        (ContentLevel::Off, None),
        (
            ContentLevel::Names,
            Some(json!([{"role": "user", "parts": [{"type": "text", "content": ""}]}])),
        ),
    ] {
        let mut stages = stages(&ContentPolicy::new(level), &CAPTURE);
        let span = run(&mut stages, SCOPE_NAME, chat(captured([input(&["secret"])])));
        let input = of(&span.attributes, INPUT);
        assert_eq!(input.map(|text| serde_json::from_str(&text).unwrap()), expected);
        assert_eq!(span.status.unwrap().message, "");
        assert_eq!(of(&span.attributes, "own").unwrap(), "a secret note", "no content");
    }
    let told = ContentPolicy::new(ContentLevel::Off).error_messages(true);
    let span = run(&mut stages(&told, &CAPTURE), SCOPE_NAME, chat(None));
    assert_eq!(span.status.unwrap().message, "a secret failure");
}

#[test]
fn what_others_recorded_is_held_to_the_same() {
    let foreign = || {
        let mut chat = chat(None);
        for key in [INPUT, "gen_ai.completion.0.content", "llm.output_messages.1.message.content"] {
            chat.item.attributes.push(text(key, r#"[{"role":"user","content":"secret"}]"#));
        }
        let attributes = vec![text("gen_ai.prompt", "secret"), text("exception.message", "secret")];
        let name = "gen_ai.content.prompt".to_owned();
        chat.item.events.push(Event { name, attributes, ..Event::default() });
        chat.item.attributes.retain(|attribute| attribute.key != "own");
        chat
    };
    let off = CapturePolicy::default();
    let span = run(&mut stages(&ContentPolicy::default(), &off), "openinference", foreign());
    assert!(!format!("{span:?}").contains("secret"), "{span:?}");

    let only_outputs = CAPTURE.inputs(false);
    let mut stages = stages(&ContentPolicy::default(), &only_outputs);
    let span = run(&mut stages, "openinference", foreign());
    assert_eq!(of(&span.attributes, INPUT), None);
    assert!(of(&span.attributes, "gen_ai.completion.0.content").is_some());
}

#[test]
fn what_tells_of_no_model_keeps_its_errors() {
    let attributes = vec![text("http.route", "/"), text("exception.message", "no such route")];
    let status = Some(Status { message: "not found".to_owned(), code: 2 });
    let span = Span { attributes, status, ..Span::default() };
    let mut stages = stages(&ContentPolicy::new(ContentLevel::Off), &CapturePolicy::default());
    let span = run(&mut stages, "axum", Carried::plain(span));
    assert_eq!(of(&span.attributes, "exception.message").unwrap(), "no such route");
    assert_eq!(span.status.unwrap().message, "not found");
}

#[test]
fn events_of_earlier_conventions_have_their_content_in_the_body() {
    let body = structured(json!({"role": "user", "content": "secret"}));
    let name = "gen_ai.user.message".to_owned();
    let record = LogRecord { event_name: name, body: Some(body), ..LogRecord::default() };
    let of_logs = |policy: &ContentPolicy, capture: &CapturePolicy| {
        let policies = [policy.clone()];
        let planned = ContentStages::plan(&policies, capture, &limits(None), &resource(), &[]);
        planned.into_iter().find(|stages| stages.signal == Signal::Logs).unwrap()
    };
    for policy in [ContentPolicy::new(ContentLevel::Names), ContentPolicy::default()] {
        let capture =
            if policy.level == ContentLevel::Full { CapturePolicy::default() } else { CAPTURE };
        let mut stages = of_logs(&policy, &capture);
        let record = run(&mut stages, "other", Carried::plain(record.clone()));
        assert!(!format!("{record:?}").contains("secret"), "{record:?}");
    }
    let mut stages = of_logs(&ContentPolicy::default(), &CAPTURE.inputs(false));
    assert_eq!(run(&mut stages, "other", Carried::plain(record.clone())).body, None);
    let mut stages = of_logs(&ContentPolicy::default(), &CAPTURE);
    let whole = run(&mut stages, "other", Carried::plain(record.clone()));
    assert_eq!(whole.body, record.body);
}

#[test]
fn what_the_program_calls_like_content_gives_way_to_content() {
    for policy in [ContentPolicy::default(), ContentPolicy::default().max_span_bytes(1 << 20)] {
        let mut chat = chat(captured([input(&["captured"])]));
        chat.item.attributes.push(text(INPUT, "own"));
        let span = run(&mut stages(&policy, &CAPTURE), SCOPE_NAME, chat);
        let all: Vec<_> = span.attributes.iter().filter(|kv| kv.key == INPUT).collect();
        assert!(all.len() == 1 && of(&span.attributes, INPUT).unwrap().contains("captured"));
    }
}

#[test]
fn a_hook_changes_what_it_sees_and_costs_the_content_where_it_panics() {
    let policy = ContentPolicy::default().hook(|content, operation| {
        assert_eq!(operation.operation(), Some("chat"));
        assert!(operation.is_own());
        match content.items().len() {
            1 => panic!("on purpose"),
            _ => content.retain(|item| matches!(item, ContentItem::OutputMessages(_))),
        }
    });
    let mut stages = stages(&policy, &CAPTURE);
    let output = ContentItem::OutputMessages(vec![Message::assistant("answer")]);
    let span = run(&mut stages, SCOPE_NAME, chat(captured([input(&["secret"]), output])));
    assert_eq!(of(&span.attributes, INPUT), None);
    assert!(of(&span.attributes, "gen_ai.output.messages").is_some());
    let span = run(&mut stages, SCOPE_NAME, chat(captured([input(&["secret"])])));
    assert_eq!(of(&span.attributes, INPUT), None);
}

#[test]
fn the_order_is_filter_redact_truncate() {
    // The hook adds what is redacted; what is redacted is cut, and no half of it is left.
    let policy = ContentPolicy::default()
        .hook(|content, _| content.set(input(&[&format!("{}secret", "x".repeat(2000))])))
        .redactor(Secrets::default())
        .max_attribute_bytes(300);
    let span = run(&mut stages(&policy, &CAPTURE), SCOPE_NAME, chat(captured([input(&["a"])])));
    let messages = of(&span.attributes, INPUT).unwrap();
    assert!(messages.len() <= 300 && messages.contains("x[SECRET]\""), "{messages}");
}

#[test]
fn of_a_span_what_is_large_gives_way_first() {
    let policy = ContentPolicy::default().max_span_bytes(1000);
    let content = captured([
        input(&["short"]),
        ContentItem::OutputMessages(vec![Message::assistant("y".repeat(5000))]),
    ]);
    let span = run(&mut stages(&policy, &CAPTURE), SCOPE_NAME, chat(content));
    let (input, output) = (
        of(&span.attributes, INPUT).unwrap(),
        of(&span.attributes, "gen_ai.output.messages").unwrap(),
    );
    assert!(input.contains("short") && !input.contains("cut"), "{input}");
    assert!(output.contains("bytes cut") && input.len() + output.len() <= 1000, "{output}");
}

#[test]
fn a_message_has_a_limit_of_its_own() {
    let policy = ContentPolicy::default().max_message_bytes(256);
    let long = "z".repeat(1000);
    let span =
        run(&mut stages(&policy, &CAPTURE), SCOPE_NAME, chat(captured([input(&[&long, "short"])])));
    let messages: Vec<Value> = serde_json::from_str(&of(&span.attributes, INPUT).unwrap()).unwrap();
    assert!((250..=256).contains(&messages[0].to_string().len()), "{}", messages[0]);
    assert_eq!(messages[1]["parts"][0]["content"], "short");
}

#[test]
fn the_limit_of_opentelemetry_cuts_inside_of_json_and_the_end_of_other_texts() {
    let policies = [ContentPolicy::default()];
    let mut planned =
        ContentStages::plan(&policies, &CAPTURE, &limits(Some(256)), &resource(), &[]);
    let mut chat = chat(captured([input(&["ä".repeat(1000).as_str()])]));
    chat.item.attributes.push(text("long", &"ö".repeat(1000)));
    let span = run(&mut planned[0], SCOPE_NAME, chat);
    assert_eq!(of(&span.attributes, "long").unwrap(), "ö".repeat(256));
    let messages = of(&span.attributes, INPUT).unwrap();
    assert_eq!(messages.chars().count(), 256);
    serde_json::from_str::<Value>(&messages).unwrap();
}

#[test]
fn of_a_conversation_only_what_is_new_goes() {
    let policy = ContentPolicy::default().new_messages_only(true);
    let mut stages = stages(&policy, &CAPTURE);
    let first = run(&mut stages, SCOPE_NAME, chat(captured([input(&["one"])])));
    assert_eq!(of(&first.attributes, "spanwise.history.messages"), None);
    let second = run(&mut stages, SCOPE_NAME, chat(captured([input(&["one", "two"])])));
    assert_eq!(of(&second.attributes, "spanwise.history.messages").unwrap(), "IntValue(1)");
    assert_eq!(of(&second.attributes, "spanwise.history.hash").unwrap().len(), 16);
    let messages = of(&second.attributes, INPUT).unwrap();
    assert!(messages.contains("two") && !messages.contains("one"), "{messages}");
}

#[test]
fn schemas_of_tools_go_once() {
    let tools = || {
        let tool = ToolDefinition::function("f").description("finds").parameters(json!({"a": 1}));
        captured([ContentItem::ToolDefinitions(vec![tool])])
    };
    let mut stages = stages(&ContentPolicy::default(), &CAPTURE.tool_schemas(true));
    let key = "gen_ai.tool.definitions";
    let first = run(&mut stages, SCOPE_NAME, chat(tools()));
    assert!(of(&first.attributes, key).unwrap().contains("finds"));
    let second = run(&mut stages, SCOPE_NAME, chat(tools()));
    let tools: Value = serde_json::from_str(&of(&second.attributes, key).unwrap()).unwrap();
    assert_eq!(tools, json!([{"type": "function", "name": "f"}]));
    let hash = |span: &Span| of(&span.attributes, "spanwise.tool_definitions.hash").unwrap();
    assert_eq!(hash(&first), hash(&second));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..Default::default() })]

    #[test]
    fn limits_hold_whatever_was_captured(
        texts in proptest::collection::vec("[a-z\"ä🦀]{0,300}", 1..8),
        attribute in 256..2000_usize,
        item in 256..2000_usize,
    ) {
        let policy = ContentPolicy::default().max_attribute_bytes(attribute).max_span_bytes(item);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let output = ContentItem::OutputMessages(vec![Message::assistant(texts.concat())]);
        let span = run(&mut stages(&policy, &CAPTURE), SCOPE_NAME, chat(captured([input(&texts), output])));
        let content = [INPUT, "gen_ai.output.messages"].map(|key| of(&span.attributes, key).unwrap());
        for json in &content {
            prop_assert!(json.len() <= attribute);
            prop_assert!(serde_json::from_str::<Vec<Value>>(json).is_ok());
        }
        prop_assert!(content.iter().map(String::len).sum::<usize>() <= item);
    }
}
