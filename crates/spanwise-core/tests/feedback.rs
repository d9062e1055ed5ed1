//! Feedback: how good an answer was, as events and for those who take it typed.

use std::sync::{Arc, Mutex};

use opentelemetry::logs::AnyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry::{Context, StringValue, Value};
use spanwise_core::{
    Agent, ContentLevel, Evaluator, Feedback, FeedbackRecorder, GatewayAnswer, Generation,
    Provider, Recorder, ScoreValue, Tool, TraceRef, evaluation, scope,
};
use spanwise_testing::{Captured, CapturedEvent, capture};

#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Feedback>>>);

impl FeedbackRecorder for Told {
    fn record(&self, feedback: Feedback) {
        self.0.lock().unwrap().push(feedback);
    }
}

/// What is told where someone takes feedback, and no events.
fn told(work: impl FnOnce()) -> Vec<Feedback> {
    let told = Told::default();
    let recorder =
        Recorder::builder(NoopTracerProvider::new().tracer("none")).feedback(told.clone()).build();
    let entered = recorder.in_context(&Context::current()).attach();
    work();
    drop(entered);
    let told = told.0.lock().unwrap();
    told.clone()
}

fn answer() -> TraceRef {
    "1-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().unwrap()
}

/// Every attribute of an event, one a line, in the order of their keys.
fn attributes(event: &CapturedEvent) -> String {
    let shown = |key: &str| match event.attribute(key) {
        Some(AnyValue::String(text)) => text.to_string(),
        Some(AnyValue::Double(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    event.keys().iter().map(|key| format!("{key}={}\n", shown(key))).collect()
}

#[test]
fn each_form_of_a_score_is_an_event_by_the_conventions() {
    let captured = capture(|| {
        answer().score("relevance", 0.92).label("relevant").emit();
        answer().score("helpful", true).comment("just so").id("helpful-m7-u9").emit();
        answer().score("safe", false).label("unsafe").emit();
        answer().score("tone", "friendly").emit();
        answer().score("remark", ScoreValue::text("more, please")).comment("by mail").emit();
        answer().score("broken", f64::NAN).failed("timeout").emit();
    });
    captured.assert_conformant();
    let shown: String = captured.events().iter().map(|event| attributes(event) + "\n").collect();
    insta::assert_snapshot!(shown, @r"
    gen_ai.evaluation.name=relevance
    gen_ai.evaluation.score.label=relevant
    gen_ai.evaluation.score.value=0.92

    gen_ai.evaluation.explanation=just so
    gen_ai.evaluation.name=helpful
    gen_ai.evaluation.score.label=true
    gen_ai.evaluation.score.value=1
    spanwise.evaluation.id=helpful-m7-u9

    gen_ai.evaluation.name=safe
    gen_ai.evaluation.score.label=unsafe
    gen_ai.evaluation.score.value=0

    gen_ai.evaluation.name=tone
    gen_ai.evaluation.score.label=friendly

    gen_ai.evaluation.explanation=more, please
    by mail
    gen_ai.evaluation.name=remark

    error.type=timeout
    gen_ai.evaluation.name=broken
    ");
    for event in captured.events() {
        let parent = event.record().trace_context().unwrap();
        assert_eq!(parent.trace_id, answer().span_context().trace_id());
    }
}

#[test]
fn who_takes_feedback_gets_it_typed() {
    let told = told(|| {
        answer().score("helpful", true).comment("just so").id("h-1").of_trace().emit();
        evaluation("relevance")
            .score(0.5)
            .label("so-so")
            .evaluator(Evaluator::Model)
            .emit_on(&answer());
        evaluation("tone").label("friendly").emit_on(&answer());
    });
    let [helpful, relevance, tone] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(helpful.value, ScoreValue::Boolean(true));
    assert_eq!(helpful.comment, Some(StringValue::from("just so")));
    assert_eq!(helpful.id, Some(StringValue::from("h-1")));
    assert_eq!((helpful.evaluator, helpful.of_trace), (Evaluator::Human, true));
    assert_eq!(helpful.operation, answer());
    assert_eq!(relevance.value, ScoreValue::Number(0.5));
    assert_eq!(relevance.label, Some(StringValue::from("so-so")));
    assert_eq!((relevance.evaluator, relevance.of_trace), (Evaluator::Model, false));
    assert_eq!(tone.value, ScoreValue::Category("friendly".into()));
    assert_eq!(tone.label, None);
}

#[test]
fn what_came_to_no_value_is_no_feedback() {
    let told = told(|| {
        evaluation("relevance").failed("timeout").emit_on(&answer());
        evaluation("relevance").score(f64::INFINITY).explanation("overflow").emit_on(&answer());
    });
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn a_scope_that_may_have_no_content_says_what_and_not_why() {
    let score = || {
        answer().score("helpful", true).comment("canary").emit();
        answer().score("remark", ScoreValue::text("canary")).emit();
    };
    let captured = capture(|| {
        scope().content(ContentLevel::Names).run_sync(score);
    });
    let shown: String = captured.events().iter().map(attributes).collect();
    assert!(shown.contains("helpful") && !shown.contains("canary"), "{shown}");
    let told = told(|| scope().content(ContentLevel::Names).run_sync(score));
    assert_eq!(told.len(), 1, "a text alone is nothing without it: {told:?}");
    assert_eq!(told[0].comment, None);
}

#[test]
fn debug_shows_neither_comment_nor_text() {
    let told = told(|| {
        answer().score("remark", ScoreValue::text("canary")).comment("canary").emit();
    });
    let shown = format!("{told:?} {:?}", answer().score("a", ScoreValue::text("canary")));
    assert!(shown.contains("remark") && !shown.contains("canary"), "{shown}");
}

#[test]
fn a_reference_tells_what_the_gateway_calls_the_request() {
    let mut stored = String::new();
    capture(|| {
        let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
        generation.gateway(GatewayAnswer::of("helicone").request_id("a1b2-c3"));
        generation.response_id("chatcmpl-1");
        stored = generation.trace_ref().to_string();
        generation.finish();
    });
    let reference: TraceRef = stored.parse().unwrap();
    assert_eq!(reference.gateway_request_id(), Some("a1b2-c3"));
    assert_eq!(reference.response_id(), Some("chatcmpl-1"));
    assert!(stored.starts_with("2-") && stored.ends_with("-7-a1b2-c3-chatcmpl-1"), "{stored}");
    for broken in ["-07-a1b2-c3", "-+7-a1b2-c3", "-8-a1b2-c3", "-0-", "-x-a", "", "-7-a1b2-c3x"] {
        let text = format!("2-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01{broken}");
        assert!(text.parse::<TraceRef>().is_err(), "{text}");
    }
}

/// The lowest score that stands on a span.
fn lowest(captured: &Captured, span: &str) -> Option<f64> {
    match captured.span(span).attribute("spanwise.evaluation.lowest_score") {
        Some(Value::F64(score)) => Some(*score),
        None => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_lowest_score_of_an_operation_that_is_open_stands_on_its_span() {
    let captured = capture(|| {
        let generation = Generation::chat(Provider::OpenAi, "m").start();
        let other = Tool::new("other").start();
        let answer = generation.trace_ref();
        answer.score("relevance", 0.9).emit();
        answer.score("safe", false).emit();
        answer.score("tone", "friendly").emit();
        answer.score("relevance", 0.4).emit();
        evaluation("solved").score(-1.0).of_session("s").emit_on(&answer);
        other.finish();
        generation.finish();
    });
    captured.assert_conformant();
    assert_eq!(lowest(&captured, "chat m"), Some(0.0));
    assert_eq!(lowest(&captured, "execute_tool other"), None);
}

#[test]
fn a_score_for_what_is_over_stands_on_the_active_operation_of_its_trace_and_of_no_other() {
    let captured = capture(|| {
        let before = {
            let generation = Generation::chat(Provider::OpenAi, "before").start();
            generation.trace_ref()
        };
        let agent = Agent::new("triage").start();
        let entered = agent.enter();
        let generation = Generation::chat(Provider::OpenAi, "m").start();
        let answer = generation.trace_ref();
        generation.finish();
        answer.score("relevance", 0.3).emit();
        before.score("relevance", 0.1).emit();
        drop(entered);
        agent.finish();
    });
    captured.assert_conformant();
    assert_eq!(lowest(&captured, "invoke_agent triage"), Some(0.3));
    assert_eq!(lowest(&captured, "chat m"), None);
    assert_eq!(lowest(&captured, "chat before"), None);
}
