//! Every operation ends exactly once, and says how.

use std::borrow::Cow;
use std::time::Duration;

use opentelemetry::trace::Status;
use opentelemetry_sdk::trace::Sampler;
use spanwise_core::{
    Agent, CapturePolicy, ContentCapture, Generation, Provider, Response, Step, Tool, Usage,
};
use spanwise_testing::{Capture, capture, capture_async};

#[derive(Debug)]
struct RateLimited;

impl std::fmt::Display for RateLimited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the key sk-123 is over its limit")
    }
}

#[tokio::test]
async fn run_records_the_response_and_passes_it_on() {
    let capture = Capture::builder().build();
    let response =
        capture
            .run_async(Generation::chat(Provider::OpenAi, "gpt-4o").run(async {
                Ok::<_, RateLimited>(Response::new().id("r1").usage(Usage::new(3, 2)))
            }))
            .await;
    assert!(response.is_ok());
    let captured = capture.finish();
    captured.assert_conformant();
    assert_eq!(captured.span("chat gpt-4o").text("gen_ai.response.id"), "r1");
    insta::assert_snapshot!(captured.tree(), @"chat gpt-4o usage.input_tokens=3 usage.output_tokens=2");
}

#[test]
fn a_failure_has_a_kind_and_keeps_what_had_arrived() {
    let captured = capture(|| {
        let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
        generation.usage(Usage::new(3, 0));
        generation.fail(&RateLimited);
    });
    captured.assert_conformant();
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.status(), &Status::error(""));
    assert_eq!(span.text("error.type"), "ends::RateLimited");
    assert_eq!(span.text("gen_ai.usage.input_tokens"), "3");
    assert_eq!(span.text("spanwise.outcome"), "failed");
}

#[test]
fn an_errors_own_text_stays_here_unless_content_is_captured() {
    let run = || Step::new("call").run_sync(|_| Err::<(), _>(RateLimited));
    let quiet = capture(run);
    quiet.assert_conformant();
    assert_eq!(quiet.span("step call").status(), &Status::error(""));

    let open = Capture::builder().content(ContentCapture::SpanOnly).build();
    let _ = open.run(run);
    let told = Status::error("the key sk-123 is over its limit");
    assert_eq!(open.finish().span("step call").status(), &told);

    let policy = CapturePolicy::new(ContentCapture::SpanOnly).error_messages(false);
    let strict = Capture::builder().policy(policy).build();
    let _ = strict.run(run);
    assert_eq!(strict.finish().span("step call").status(), &Status::error(""));
}

#[test]
fn an_operation_can_say_itself_what_its_errors_are() {
    let captured = capture(|| {
        Tool::new("search")
            .error_kind(|_: &RateLimited| "rate_limited")
            .run_sync(|_| Err::<(), _>(RateLimited))
    });
    captured.assert_conformant();
    assert_eq!(captured.span("execute_tool search").text("error.type"), "rate_limited");
}

#[test]
fn a_failure_by_hand_has_the_kind_and_the_message_it_is_given() {
    let captured = capture(|| {
        Tool::new("search").start().fail_with("quota", "come back tomorrow");
        Tool::new("fetch").start().fail_with(Cow::Owned(format!("http_{}", 503)), "");
    });
    captured.assert_conformant();
    let search = captured.span("execute_tool search");
    assert_eq!(search.status(), &Status::error("come back tomorrow"));
    assert_eq!(search.text("error.type"), "quota");
    assert_eq!(captured.span("execute_tool fetch").text("error.type"), "http_503");
}

#[test]
fn a_dropped_guard_ends_as_cancelled_which_is_no_error() {
    let captured = capture(|| {
        let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
        generation.usage(Usage::new(3, 1));
        drop(generation);
    });
    captured.assert_conformant();
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.status(), &Status::Unset);
    assert_eq!(span.attribute("error.type"), None);
    assert_eq!(span.text("spanwise.outcome"), "cancelled");
    assert_eq!(span.text("gen_ai.usage.input_tokens"), "3");
}

#[tokio::test]
async fn a_dropped_future_ends_its_operations_as_cancelled() {
    let captured = capture_async(async {
        let forever = Agent::new("triage").run_with(async |_| {
            Tool::new("wait").run(std::future::pending::<Result<(), RateLimited>>()).await
        });
        tokio::select! {
            biased;
            _ = forever => unreachable!("it never ends"),
            () = tokio::task::yield_now() => {}
        }
    })
    .await;
    captured.assert_conformant();
    insta::assert_snapshot!(captured.tree(), @r"
    invoke_agent triage outcome=cancelled
      execute_tool wait outcome=cancelled
    ");
}

#[tokio::test]
async fn a_panic_inside_goes_on_and_the_operation_says_so() {
    let capture = Capture::builder().build();
    let task = tokio::spawn(capture.run_async(async {
        Tool::new("broken")
            .run(async {
                if true {
                    panic!("on purpose");
                }
                Ok::<_, RateLimited>(())
            })
            .await
    }));
    assert!(task.await.is_err_and(|error| error.is_panic()));
    let captured = capture.finish();
    captured.assert_conformant();
    let span = captured.span("execute_tool broken");
    assert_eq!(span.status(), &Status::error(""));
    assert_eq!(span.text("error.type"), "panic");
}

#[test]
fn what_is_open_at_shutdown_is_ended_and_marked_and_its_owner_has_no_more_say() {
    let capture = Capture::builder().build();
    let (agent, tool) = capture.run(|| {
        let agent = Agent::new("triage").start();
        let tool = agent.context();
        let tool = {
            let _guard = tool.attach();
            Tool::new("lookup").start()
        };
        Tool::new("done").start().finish();
        (agent, tool)
    });
    assert_eq!(capture.end_open_operations(), 2);
    assert_eq!(capture.end_open_operations(), 0);
    tool.attribute("late", true);
    tool.finish();
    agent.fail(&RateLimited);
    let captured = capture.finish();
    captured.assert_conformant();
    for name in ["invoke_agent triage", "execute_tool lookup"] {
        let span = captured.span(name);
        assert_eq!(span.text("spanwise.outcome"), "cancelled");
        assert_eq!(span.text("spanwise.open_at_shutdown"), "true");
        assert_eq!(span.attribute("late"), None);
        assert_eq!(span.status(), &Status::Unset);
    }
    assert_eq!(captured.span("execute_tool done").attribute("spanwise.open_at_shutdown"), None);
}

#[test]
fn span_and_metric_agree_on_the_duration() {
    let captured = capture(|| Tool::new("search").start().finish());
    captured.assert_conformant();
    let seconds = captured.metric("gen_ai.execute_tool.duration").sum;
    assert_eq!(captured.span("execute_tool search").duration(), Duration::from_secs_f64(seconds));
    assert!(seconds > 0.0);
}

#[test]
fn an_operation_that_is_not_sampled_still_measures_and_parents_correctly() {
    let capture = Capture::builder().sampler(Sampler::AlwaysOff).build();
    capture.run(|| {
        let agent = Agent::new("triage").start();
        let _entered = agent.enter();
        let tool = Tool::new("search").start();
        assert!(!tool.is_recording());
        assert_eq!(tool.span_context().trace_id(), agent.span_context().trace_id());
        tool.finish();
    });
    let captured = capture.finish();
    captured.assert_conformant();
    assert_eq!(captured.spans().len(), 0);
    assert_eq!(captured.metric("gen_ai.execute_tool.duration").count, Some(1));
    assert_eq!(captured.metric("gen_ai.invoke_agent.tool_calls").sum, 1.0);
}
