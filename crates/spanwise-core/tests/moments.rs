//! What happens in a moment: caches, credentials, limits, retries, guards, routers, checks; and what agents and
//! workflows say of themselves.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use spanwise_core::{
    Agent, Attempt, EventHub, Generation, GuardVerdict, Provider, Workflow, attach, auth_refreshed,
    cache_evicted, cache_hit, cache_miss, cache_put, cache_size, checklist, context_truncated,
    evaluation, fell_back, guard_checked, rate_limited, retried, routed, validation,
};
use spanwise_testing::{Capture, Captured};

/// What is recorded, and which events handlers heard.
fn recorded(work: impl FnOnce()) -> (Captured, Vec<String>) {
    let capture = Capture::builder().event_hub(EventHub::new()).build();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let told = heard.clone();
    capture.run(|| {
        attach("h", "*", move |name, measured, details| {
            let attempt = measured.get("attempt").map(|n| format!(" {n}")).unwrap_or_default();
            let key = details.text("cache.key").map(|k| format!(" {k}")).unwrap_or_default();
            told.lock().unwrap().push(format!("{name}{attempt}{key}"));
        })
        .unwrap();
        work();
    });
    let heard = heard.lock().unwrap().clone();
    (capture.finish(), heard)
}

fn sum(captured: &Captured, name: &str, attribute: (&str, &str)) -> f64 {
    let points = captured.points(name).into_iter();
    points.filter(|it| it.text(attribute.0) == attribute.1).map(|it| it.sum).sum()
}

#[test]
fn what_a_cache_does_stands_under_its_operation_and_is_counted() {
    let (captured, heard) = recorded(|| {
        let around = Agent::new("a").run_sync(|_| {
            cache_hit("canary");
            cache_miss("b");
            cache_put("b", 120);
            cache_evicted("c", 7);
            cache_size(4096);
            Ok::<_, std::convert::Infallible>(())
        });
        assert!(around.is_ok());
    });
    insta::assert_snapshot!(captured.tree(), @r"
    invoke_agent a
      cache.hit
      cache.miss
      cache.put
      cache.evicted
    ");
    let operations = "spanwise.cache.operations";
    for outcome in ["hit", "miss", "put", "evicted"] {
        assert_eq!(sum(&captured, operations, ("spanwise.cache.outcome", outcome)), 1.0);
    }
    let size = captured.span("cache.put").attribute("spanwise.cache.item_size").unwrap();
    assert_eq!(size.to_string(), "120");
    assert_eq!(captured.metric("spanwise.cache.size").sum, 4096.0);
    assert_eq!(captured.metric("spanwise.cache.size").unit, "By");
    assert_eq!(heard[1..3], ["cache.hit canary", "cache.miss b"]);
    // The key may quote a prompt.
    let shown = format!("{:?}", captured.spans().iter().map(|it| it.data()).collect::<Vec<_>>());
    assert!(!shown.contains("canary"));
}

#[test]
fn credentials_limits_retries_and_fallbacks_are_told_with_attempt_and_cause() {
    let (captured, heard) = recorded(|| {
        auth_refreshed(Provider::OpenAi);
        rate_limited(Provider::OpenAi, "gpt-4", Some(Duration::from_secs(2)));
        retried(2, "timeout");
        fell_back("gpt-3.5-turbo", 3, "rate_limit");
        context_truncated(4, 900);
    });
    assert_eq!(
        heard,
        [
            "provider.auth.refresh",
            "provider.rate_limit",
            "retry 2",
            "fallback 3",
            "context.truncated",
        ]
    );
    assert_eq!(sum(&captured, "spanwise.auth.refreshes", ("gen_ai.provider.name", "openai")), 1.0);
    assert_eq!(sum(&captured, "spanwise.rate_limits", ("gen_ai.request.model", "gpt-4")), 1.0);
    assert_eq!(sum(&captured, "spanwise.retries", ("error.type", "timeout")), 1.0);
    let target = ("spanwise.fallback.target", "gpt-3.5-turbo");
    assert_eq!(sum(&captured, "spanwise.fallbacks", target), 1.0);
    assert_eq!(captured.metric("spanwise.context.truncations").sum, 1.0);
    assert_eq!(captured.span("provider.rate_limit").text("spanwise.retry_after"), "2");
    assert_eq!(captured.span("fallback").text("http.request.resend_count"), "3");
}

#[test]
fn attempts_of_a_call_are_heard_one_by_one() {
    let (_, heard) = recorded(|| {
        let generation = Generation::chat(Provider::OpenAi, "m").start();
        generation.attempt_begins();
        generation.attempt(Attempt::answered(429));
        // Nobody said that this one begins: it is heard all the same.
        generation.attempt(Attempt::answered(200));
        generation.finish();
    });
    assert_eq!(
        heard,
        [
            "chat.start",
            "provider.request.start 0",
            "provider.request.exception 0",
            "provider.rate_limit 0",
            "provider.request.start 1",
            "provider.request.stop 1",
            "retry 1",
            "chat.stop",
        ]
    );
}

#[test]
fn guards_routers_and_checks_are_counted_by_what_they_said() {
    let (captured, heard) = recorded(|| {
        guard_checked("pii", GuardVerdict::Changed);
        guard_checked("pii", GuardVerdict::Blocked);
        routed("triage", "billing");
        validation("is_json", true);
        validation("is_json", false);
        checklist("style", 3, 4);
        checklist("style", 9, 4);
        checklist("empty", 0, 0);
        evaluation("relevance").score(0.75).label("good").emit();
    });
    for verdict in ["changed", "blocked"] {
        assert_eq!(
            sum(&captured, "spanwise.guard.checks", ("spanwise.guard.verdict", verdict)),
            1.0
        );
    }
    let choice = ("spanwise.router.choice", "billing");
    assert_eq!(sum(&captured, "spanwise.router.decisions", choice), 1.0);
    for outcome in ["passed", "failed"] {
        let outcome = ("spanwise.validation.outcome", outcome);
        assert_eq!(sum(&captured, "spanwise.validations", outcome), 1.0);
    }
    let rate = captured.metric("spanwise.checklist.pass_rate");
    assert_eq!((rate.sum, rate.count), (1.75, Some(2)));
    let score = captured.metric("spanwise.evaluation.score");
    assert_eq!((score.sum, score.text("gen_ai.evaluation.score.label")), (0.75, "good".into()));
    assert_eq!(heard.last().map(String::as_str), Some("evaluation"));
    assert!(heard.contains(&"workflow.route".into()) && heard.contains(&"validation".into()));
}

#[test]
fn agents_say_how_much_came_before_and_how_often_they_tried() {
    let (captured, _) = recorded(|| {
        let workflow = Workflow::new("w").version("3").start();
        let _active = workflow.enter();
        let agent = Agent::new("a").history_size(12).start();
        agent.retried("invalid_json");
        agent.retried("invalid_json");
        agent.finish();
    });
    captured.assert_conformant();
    let agent = captured.span("invoke_agent a");
    assert_eq!(agent.text("spanwise.agent.history_size"), "12");
    assert_eq!(agent.text("spanwise.agent.retries"), "2");
    let cause = ("error.type", "invalid_json");
    assert_eq!(sum(&captured, "spanwise.agent.retries", cause), 2.0);
    assert_eq!(captured.span("invoke_workflow w").text("spanwise.workflow.version"), "3");
}

#[test]
fn without_a_recorder_nothing_happens() {
    cache_hit("k");
    cache_size(1);
    guard_checked("g", GuardVerdict::Passed);
}
