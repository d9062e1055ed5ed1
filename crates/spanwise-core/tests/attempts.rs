//! Attempts and rate limits: events, an attribute, and metrics that are whole whatever the sampler says.

use std::time::Duration;

use opentelemetry_sdk::trace::Sampler;
use spanwise_core::{Attempt, Embeddings, Generation, Provider, RateLimit, RateLimits};
use spanwise_testing::{Capture, Captured, CapturedSpan, capture};

fn tried(attempts: impl IntoIterator<Item = Attempt>) -> Captured {
    let captured = capture(|| try_it(attempts));
    captured.assert_conformant();
    captured
}

fn try_it(attempts: impl IntoIterator<Item = Attempt>) {
    let generation =
        Generation::chat(Provider::OpenAi, "gpt-4o").server("api.openai.com", 443).start();
    attempts.into_iter().for_each(|attempt| generation.attempt(attempt));
    generation.finish();
}

/// The events of a span, one a line.
fn events(span: &CapturedSpan) -> String {
    let events = span.data().events.iter().map(|event| {
        let attributes: String =
            event.attributes.iter().map(|kv| format!(" {}={}", kv.key, kv.value)).collect();
        format!("{}{attributes}\n", event.name)
    });
    events.collect()
}

fn limits() -> RateLimits {
    RateLimits::default()
        .requests(RateLimit::default().limit(60).remaining(59).reset(Duration::from_secs(1)))
        .input_tokens(RateLimit::default().remaining(4000))
}

#[test]
fn each_attempt_of_several_is_an_event() {
    let captured = tried([
        Attempt::answered(429).retry_after(Duration::from_secs(2)),
        Attempt::failed(&std::io::Error::from(std::io::ErrorKind::ConnectionReset))
            .delay(Duration::from_secs(2)),
        Attempt::abandoned().delay(Duration::from_millis(100)),
        Attempt::answered(200).delay(Duration::from_millis(200)),
    ]);
    let span = captured.span("chat gpt-4o");
    insta::assert_snapshot!(events(span), @"
    spanwise.attempt http.response.status_code=429 error.type=429 spanwise.retry_after=2
    spanwise.attempt http.request.resend_count=1 error.type=connection_reset spanwise.attempt.delay=2
    spanwise.attempt http.request.resend_count=2 spanwise.attempt.delay=0.1
    spanwise.attempt http.request.resend_count=3 http.response.status_code=200 spanwise.attempt.delay=0.2
    ");
    assert_eq!(span.text("http.request.resend_count"), "3");
    assert_eq!(span.text("spanwise.outcome"), "completed");
    let retries = captured.points("spanwise.retries");
    let mut why: Vec<_> = retries.iter().map(|it| (it.text("error.type"), it.sum)).collect();
    why.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(why, [(String::new(), 1.0), ("429".into(), 1.0), ("connection_reset".into(), 1.0)]);
    assert_eq!(captured.metric("spanwise.rate_limits").sum, 1.0);
}

#[test]
fn events_stand_where_the_attempts_were_over() {
    let captured = tried([Attempt::answered(503), Attempt::answered(200)]);
    let data = captured.span("chat gpt-4o").data();
    let times: Vec<_> = data.events.iter().map(|event| event.timestamp).collect();
    assert!(data.start_time < times[0] && times[0] < times[1] && times[1] < data.end_time);
}

#[test]
fn one_attempt_alone_goes_without_saying() {
    let captured = tried([Attempt::answered(200)]);
    let span = captured.span("chat gpt-4o");
    assert_eq!(events(span), "");
    assert_eq!(span.text("http.request.resend_count"), "");
    assert!(captured.points("spanwise.retries").is_empty());
    assert!(captured.points("spanwise.rate_limits").is_empty());
}

#[test]
fn what_an_answer_says_of_limits_is_an_event_and_gauges() {
    let captured = tried([Attempt::answered(200).rate_limits(limits())]);
    insta::assert_snapshot!(events(captured.span("chat gpt-4o")), @"spanwise.rate_limit spanwise.rate_limit.requests.limit=60 spanwise.rate_limit.requests.remaining=59 spanwise.rate_limit.requests.reset=1 spanwise.rate_limit.input_tokens.remaining=4000");
    let requests = captured.metric("spanwise.rate_limit.remaining_requests");
    assert_eq!((requests.sum, &*requests.unit), (59.0, "{request}"));
    assert_eq!(requests.text("gen_ai.request.model"), "gpt-4o");
    assert_eq!(requests.text("server.address"), "api.openai.com");
    let tokens = captured.metric("spanwise.rate_limit.remaining_tokens");
    assert_eq!(
        (tokens.sum, tokens.text("spanwise.rate_limit.type")),
        (4000.0, "input_tokens".into())
    );
}

#[test]
fn metrics_are_whole_whatever_the_sampler_says() {
    let capture = Capture::builder().sampler(Sampler::AlwaysOff).build();
    capture.run(|| {
        try_it([Attempt::answered(429), Attempt::answered(200).rate_limits(limits())]);
    });
    let captured = capture.finish();
    assert!(captured.spans().is_empty());
    assert_eq!(captured.metric("spanwise.retries").sum, 1.0);
    assert_eq!(captured.metric("spanwise.rate_limits").sum, 1.0);
    assert_eq!(captured.metric("spanwise.rate_limit.remaining_requests").sum, 59.0);
}

#[test]
fn a_call_that_is_tried_for_ever_keeps_its_last_attempt_and_counts_all() {
    let attempts = (0..1000).map(|_| Attempt::answered(503));
    let captured = tried(attempts.chain([Attempt::answered(200)]));
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("http.request.resend_count"), "1000");
    assert_eq!(span.data().events.len(), 64);
    let last = events(span);
    let last = last.lines().last().unwrap();
    assert!(last.contains("resend_count=1000 http.response.status_code=200"), "{last}");
    assert_eq!(captured.metric("spanwise.retries").sum, 1000.0);
}

#[test]
fn every_call_can_tell_of_its_attempts() {
    let captured = capture(|| {
        let embeddings = Embeddings::new(Provider::OpenAi, "text-embedding-3-small").start();
        embeddings.attempt(Attempt::answered(500));
        embeddings.attempt(Attempt::answered(200));
        embeddings.finish();
    });
    captured.assert_conformant();
    let span = captured.span("embeddings text-embedding-3-small");
    assert_eq!(span.text("http.request.resend_count"), "1");
}
