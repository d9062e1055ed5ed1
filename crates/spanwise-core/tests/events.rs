//! Events: what failed, and how good an answer was.

use opentelemetry::Context;
use opentelemetry::logs::{AnyValue, Severity};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::trace::Sampler;
use spanwise_core::{
    Agent, ContentCapture, Embeddings, FetchResponse, Generation, InvalidTraceRef, Memory,
    Provider, Retrieval, Step, Tool, TraceRef, Workflow, evaluation,
};
use spanwise_testing::{Capture, Captured, CapturedEvent};

const EXCEPTION: &str = "gen_ai.client.operation.exception";
const EVALUATION: &str = "gen_ai.evaluation.result";

#[derive(Debug)]
struct RateLimited;

impl std::fmt::Display for RateLimited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("quota of canary exceeded")
    }
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

fn capture(work: impl FnOnce()) -> Captured {
    let captured = spanwise_testing::capture(work);
    captured.assert_conformant();
    captured
}

fn fail_with_content(content: ContentCapture) -> Captured {
    let capture = Capture::builder().content(content).build();
    capture.run(|| Generation::chat(Provider::OpenAi, "gpt-4o").start().fail(&RateLimited));
    let captured = capture.finish();
    captured.assert_conformant();
    captured
}

#[test]
fn a_call_that_failed_is_an_event_on_its_span() {
    let captured = fail_with_content(ContentCapture::SpanOnly);
    let event = captured.event(EXCEPTION);
    assert_eq!(event.severity(), Some(Severity::Warn));
    let span = captured.span("chat gpt-4o");
    assert_eq!(event.span_id(), Some(span.span_context().span_id()));
    insta::assert_snapshot!(attributes(event), @r"
    exception.message=quota of canary exceeded
    exception.type=events::RateLimited
    ");
}

#[test]
fn an_errors_own_text_stays_here_unless_content_is_captured() {
    let captured = fail_with_content(ContentCapture::NoContent);
    assert_eq!(captured.event(EXCEPTION).keys(), ["exception.type"]);
}

#[test]
fn the_callers_own_words_are_told() {
    let captured = capture(|| {
        Generation::chat(Provider::OpenAi, "m").start().fail_with("rate_limited", "try later");
    });
    insta::assert_snapshot!(attributes(captured.event(EXCEPTION)), @r"
    exception.message=try later
    exception.type=rate_limited
    ");
}

#[test]
fn every_kind_of_call_to_a_service_has_the_event_and_work_in_this_process_has_not() {
    let captured = capture(|| {
        Generation::chat(Provider::OpenAi, "m").start().fail(&RateLimited);
        Embeddings::new(Provider::OpenAi, "m").start().fail(&RateLimited);
        Retrieval::new("docs").start().fail(&RateLimited);
        Memory::search().start().fail(&RateLimited);
        FetchResponse::new(Provider::OpenAi, "r").start().fail(&RateLimited);
        Agent::create(Provider::OpenAi, "a").start().fail(&RateLimited);
        Agent::remote(Provider::OpenAi, "a").start().fail(&RateLimited);
        Agent::new("a").start().fail(&RateLimited);
        Workflow::new("w").start().fail(&RateLimited);
        Tool::new("t").start().fail(&RateLimited);
        Step::new("s").start().fail(&RateLimited);
    });
    assert_eq!(captured.events().iter().filter(|event| event.name() == EXCEPTION).count(), 7);
}

#[test]
fn success_and_cancellation_are_no_exceptions() {
    let captured = capture(|| {
        Generation::chat(Provider::OpenAi, "m").start().finish();
        drop(Generation::chat(Provider::OpenAi, "m").start());
    });
    assert!(captured.events().is_empty());
}

#[test]
fn a_failure_that_the_sampler_left_out_is_still_told() {
    let capture = Capture::builder().sampler(Sampler::AlwaysOff).build();
    capture.run(|| Generation::chat(Provider::OpenAi, "m").start().fail(&RateLimited));
    let captured = capture.finish();
    assert!(captured.spans().is_empty());
    assert_eq!(captured.event(EXCEPTION).keys(), ["exception.type"]);
}

#[test]
fn a_live_operation_is_evaluated_on_its_span() {
    let captured = capture(|| {
        let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
        generation.response_id("chatcmpl-1");
        evaluation("relevance")
            .score(0.5)
            .label("relevant")
            .explanation("It answers the question.")
            .attribute("judge", "me")
            .emit_on(&generation.trace_ref());
        generation.finish();
    });
    let event = captured.event(EVALUATION);
    let span = captured.span("chat gpt-4o");
    assert_eq!(event.span_id(), Some(span.span_context().span_id()));
    assert_eq!(event.record().body(), None);
    assert_eq!(event.severity(), Some(Severity::Info));
    insta::assert_snapshot!(attributes(event), @r"
    gen_ai.evaluation.explanation=It answers the question.
    gen_ai.evaluation.name=relevance
    gen_ai.evaluation.score.label=relevant
    gen_ai.evaluation.score.value=0.5
    gen_ai.response.id=chatcmpl-1
    judge=me
    ");
}

#[test]
fn the_active_span_is_evaluated_where_nothing_else_is_said() {
    let captured = capture(|| {
        Tool::new("t")
            .run_sync(|_| {
                evaluation("works").score(f64::NAN).failed("timeout").emit();
                Ok::<_, String>(())
            })
            .unwrap();
    });
    let event = captured.event(EVALUATION);
    let span = captured.span("execute_tool t");
    assert_eq!(event.span_id(), Some(span.span_context().span_id()));
    assert_eq!(event.keys(), ["error.type", "gen_ai.evaluation.name"]);
}

#[test]
fn an_operation_is_evaluated_long_after_it_is_over() {
    let mut stored = String::new();
    let capture = Capture::builder().build();
    capture.run(|| {
        let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
        generation.response_id("chatcmpl-with-dashes-1");
        stored = generation.trace_ref().to_string();
        generation.finish();
    });
    let reference: TraceRef = stored.parse().unwrap();
    capture.run(|| evaluation("user_feedback").score(1.0).emit_on(&reference));
    let captured = capture.finish();
    let event = captured.event(EVALUATION);
    let span = captured.span("chat gpt-4o").span_context();
    let parent = event.record().trace_context().unwrap();
    assert_eq!((parent.trace_id, parent.span_id), (span.trace_id(), span.span_id()));
    assert_eq!(parent.trace_flags, Some(span.trace_flags()));
    let response = event.attribute("gen_ai.response.id");
    assert_eq!(response, Some(&AnyValue::String("chatcmpl-with-dashes-1".into())));
}

#[test]
fn without_a_span_the_response_says_what_is_evaluated() {
    let captured = capture(|| {
        let reference = TraceRef::default().with_response_id("chatcmpl-1");
        evaluation("relevance").label("pass").emit_on(&reference);
        evaluation("relevance").score(0.5).response_id("chatcmpl-2").emit();
    });
    for (event, id) in captured.events().iter().zip(["chatcmpl-1", "chatcmpl-2"]) {
        let told = event.attribute("gen_ai.response.id");
        assert_eq!(told, Some(&AnyValue::String(id.into())));
    }
    assert_eq!(captured.events().len(), 2);
    assert!(captured.events().iter().all(|event| event.span_id().is_none()));
}

#[test]
fn a_reference_survives_being_stored_and_says_no_to_everything_else() {
    let captured = capture(|| {
        let tool = Tool::new("t").start();
        let reference = tool.trace_ref();
        assert!(reference.is_valid());
        assert_eq!(reference.to_string().parse(), Ok(reference.clone()));
        let json = serde_json::to_string(&reference).unwrap();
        assert_eq!(serde_json::from_str::<TraceRef>(&json).unwrap(), reference);
        {
            let _entered = tool.enter();
            assert_eq!(TraceRef::current(), reference);
        }
        let remote = Context::new().with_remote_span_context(reference.span_context());
        assert!(remote.span().span_context().is_remote());
        tool.finish();
    });
    assert_eq!(captured.spans().len(), 1);
    let zeros = "1-00000000000000000000000000000000-0000000000000000-00";
    assert_eq!(TraceRef::default().to_string(), zeros);
    assert!(!zeros.parse::<TraceRef>().unwrap().is_valid());
    for text in [
        "",
        "1",
        "2-00000000000000000000000000000000-0000000000000000-00",
        "1-0000000000000000000000000000000-0000000000000000-00",
        "1-0000000000000000000000000000000G-0000000000000000-00",
        "1-+000000000000000000000000000000f-0000000000000000-00",
        "1-00000000000000000000000000000000-0000000000000000",
    ] {
        assert_eq!(text.parse::<TraceRef>(), Err(InvalidTraceRef), "{text}");
    }
}
