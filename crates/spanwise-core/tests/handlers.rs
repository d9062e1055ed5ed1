//! Handlers: what they hear, when, and what becomes of those that panic.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_sdk::trace::Sampler;
use spanwise_core::{
    Agent, ContentCapture, ContentLevel, Embeddings, EventDetails, EventHub, EventStatus,
    Generation, Measurements, OwnSpan, Provider, Response, Step, Tool, Usage, Workflow, attach,
    attach_many, cost_calculated, cost_threshold_exceeded, detach, execute, list_handlers, span,
    warn_by,
};
use spanwise_testing::{Capture, CaptureBuilder};

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

fn capture() -> CaptureBuilder {
    Capture::builder().event_hub(EventHub::new())
}

fn ask() {
    let generation = Generation::chat(Provider::OpenAi, "gpt-4").input("Hi").start();
    generation.record(&Response::new().id("r-1").usage(Usage::new(12, 5)));
    generation.finish();
}

#[test]
fn a_handler_hears_what_its_pattern_matches_with_what_was_measured() {
    let heard = Heard::default();
    capture().build().run(|| {
        let told = heard.clone();
        attach("h", "chat.*", move |name, measured, details| {
            let tokens = measured.get("total_tokens");
            let model = details.model().unwrap_or_default();
            told.add(format!("{name} {model} {tokens:?} {}", measured.duration.is_some()));
        })
        .unwrap();
        ask();
        Tool::new("t").start().finish();
        Generation::chat(Provider::OpenAi, "gpt-4").start().fail_with("timeout", "");
    });
    assert_eq!(
        heard.all(),
        [
            "chat.start gpt-4 None false",
            "chat.stop gpt-4 Some(17.0) true",
            "chat.start gpt-4 None false",
            "chat.exception gpt-4 None true",
        ]
    );
}

#[test]
fn every_kind_of_operation_has_its_names() {
    let heard = Heard::default();
    capture().sampler(Sampler::AlwaysOff).build().run(|| {
        let told = heard.clone();
        attach("h", "*", move |name, _, _| told.add(name)).unwrap();
        Embeddings::new(Provider::OpenAi, "m").start().finish();
        Tool::new("t").start().finish();
        Agent::new("a").start().finish();
        Agent::remote(Provider::OpenAi, "a").start().fail_with("e", "");
        Workflow::new("w").start().finish();
        drop(Step::new("s").start());
        OwnSpan::new("myapp.llm").start().finish();
    });
    let all = heard.all();
    let names = ["embeddings", "tool", "agent", "agent", "workflow", "step", "myapp.llm"];
    let starts: Vec<_> = all.iter().filter(|name| name.ends_with(".start")).collect();
    assert_eq!(starts, names.map(|name| format!("{name}.start")).iter().collect::<Vec<_>>());
    assert!(all.contains(&"agent.exception".to_owned()), "{all:?}");
    assert!(all.contains(&"step.stop".to_owned()), "cancelled is stopped: {all:?}");
}

#[tokio::test]
async fn the_programs_own_code_has_three_phases() {
    let heard = Heard::default();
    let capture = capture().build();
    capture
        .run_async(async {
            let told = heard.clone();
            attach("h", "myapp.*", move |name, _, details| {
                let length = details.get("text.length").map(ToString::to_string);
                told.add(format!(
                    "{name} {} {:?}",
                    length.unwrap_or_default(),
                    details.error_type()
                ));
            })
            .unwrap();
            let metadata = || [opentelemetry::KeyValue::new("text.length", 4)];
            let fine = span("myapp.llm.analyze", metadata(), async { Ok::<_, String>(1) }).await;
            assert_eq!(fine, Ok(1));
            let failed = async { "x".parse::<u32>() };
            span("myapp.llm.analyze", metadata(), failed).await.unwrap_err();
        })
        .await;
    assert_eq!(
        heard.all(),
        [
            "myapp.llm.analyze.start 4 None",
            "myapp.llm.analyze.stop 4 None",
            "myapp.llm.analyze.start 4 None",
            "myapp.llm.analyze.exception 4 Some(\"core::num::error::ParseIntError\")",
        ]
    );
    assert_eq!(capture.finish().spans().len(), 2);
}

#[test]
fn a_handler_that_panics_is_detached_with_one_warning_and_the_others_go_on() {
    static WARNINGS: Mutex<Vec<String>> = Mutex::new(Vec::new());
    warn_by(|warning| WARNINGS.lock().unwrap().push(warning.to_owned()));
    let heard = Heard::default();
    capture().build().run(|| {
        attach("bad", "*", |_, _, _| panic!("on purpose")).unwrap();
        let told = heard.clone();
        attach("good", "*", move |name, _, _| told.add(name)).unwrap();
        ask();
        assert_eq!(list_handlers("").len(), 1);
    });
    assert_eq!(heard.all(), ["chat.start", "chat.stop"]);
    let warnings = WARNINGS.lock().unwrap();
    let ours: Vec<_> = warnings.iter().filter(|warning| warning.contains("`bad`")).collect();
    assert_eq!(ours, ["the handler `bad` panicked at `chat.start`, and is detached"]);
}

#[test]
fn handlers_are_listed_and_detached_by_their_ids() {
    capture().build().run(|| {
        attach_many("one", ["chat.stop", "tool.*"], |_, _, _| ()).unwrap();
        attach("all", "*", |_, _, _| ()).unwrap();
        assert!(attach("one", "x", |_, _, _| ()).is_err());
        let ids = |prefix: &str| -> Vec<_> {
            list_handlers(prefix).into_iter().map(|handler| handler.id).collect()
        };
        assert_eq!(ids("chat.stop"), ["one", "all"]);
        assert_eq!(ids("step"), ["all"]);
        assert_eq!(list_handlers("tool")[0].patterns, ["chat.stop", "tool.*"]);
        assert!(detach("one") && !detach("one"));
        assert_eq!(ids(""), ["all"]);
    });
}

#[test]
fn events_by_hand_reach_handlers_and_nothing_else() {
    let heard = Heard::default();
    let capture = capture().build();
    capture.run(|| {
        let told = heard.clone();
        attach("h", "*", move |name, measured, details| {
            told.add(format!("{name} {:?} {:?}", details.provider(), measured.get("amount")));
        })
        .unwrap();
        let second = Measurements { duration: Some(Duration::from_secs(1)), ..Default::default() };
        execute("chat.stop", &second, &EventDetails::new().with("provider", "openai"));
        cost_calculated("openai", "gpt-4", 0.5);
        cost_threshold_exceeded(2.0, 1.0);
    });
    assert_eq!(
        heard.all(),
        [
            "chat.stop Some(\"openai\") None",
            "cost.calculated Some(\"openai\") Some(0.5)",
            "cost.threshold_exceeded None Some(2.0)",
        ]
    );
    assert!(capture.finish().spans().is_empty());
}

#[test]
fn what_a_handler_records_it_does_not_hear() {
    let heard = Heard::default();
    let capture = capture().build();
    capture.run(|| {
        let told = heard.clone();
        attach("h", "*.stop", move |name, _, _| {
            told.add(name);
            Step::new("in_a_handler").start().finish();
        })
        .unwrap();
        ask();
    });
    assert_eq!(heard.all(), ["chat.stop"]);
    assert_eq!(capture.finish().spans().len(), 2);
}

#[test]
fn handlers_see_content_only_where_it_is_captured_and_may_leave() {
    for (content, level, seen) in [
        (ContentCapture::NoContent, ContentLevel::Full, false),
        (ContentCapture::EventOnly, ContentLevel::Full, true),
        (ContentCapture::SpanOnly, ContentLevel::Full, true),
        (ContentCapture::SpanOnly, ContentLevel::Hashes, false),
    ] {
        let heard = Heard::default();
        capture().content(content).build().run(|| {
            let told = heard.clone();
            attach("h", "chat.stop", move |_, _, details| {
                assert_eq!(details.status(), EventStatus::Completed);
                told.add(details.content().is_some().to_string());
            })
            .unwrap();
            let chat = Generation::chat(Provider::OpenAi, "m").input("Hi").content_level(level);
            chat.start().finish();
        });
        assert_eq!(heard.all(), [seen.to_string()], "{content:?} {level:?}");
    }
}
