//! What the rows of features say, shown.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{Span as _, SpanId, Tracer as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use spanwise::{
    Destination, Environment, EventHub, Generation, Langfuse, PatternRedactor, Provider,
    Redactor as _, Step, TelemetryConfig, TextPlace, TraceRef, Workflow, attach_json_logger,
    context_truncated, scope,
};
use spanwise_http::TargetHostExt as _;
use spanwise_http::helicone::{Helicone, HeliconeCache, HeliconePropagator, RateLimitPolicy};
use spanwise_testing::{Capture, capture};

use crate::proofs::chat;
use crate::running::alone;
use crate::support::{Receiver, block_on, config};

pub(crate) fn traces_begin() {
    let captured = capture(|| {
        chat("first".into()).finish();
        chat("second".into()).finish();
    });
    let (first, second) = (captured.span("chat first"), captured.span("chat second"));
    assert_ne!(first.trace_id(), second.trace_id());
    assert!([first, second].iter().all(|span| span.parent_span_id() == SpanId::INVALID));
}

pub(crate) fn prompts() {
    let captured = capture(|| {
        let prompt = scope().prompt_name("triage").prompt_version("3");
        prompt.run_sync(|| chat("gpt-4".into()).finish());
    });
    let span = captured.span("chat gpt-4");
    assert_eq!(span.text("gen_ai.prompt.name"), "triage");
    assert_eq!(span.text("gen_ai.prompt.version"), "3");
}

pub(crate) fn rated() {
    let mut trace = None;
    let captured = capture(|| {
        let generation = chat("gpt-4".into());
        let stored = generation.trace_ref().to_string();
        generation.finish();
        // By whoever got the answer, and this text with it.
        let answer: TraceRef = stored.parse().unwrap();
        trace = Some(answer.span_context().span_id());
        answer.score("helpful", true).comment("just right").emit();
    });
    let event = captured.event("gen_ai.evaluation.result");
    assert_eq!(event.span_id(), trace);
    assert!(format!("{:?}", event.attribute("gen_ai.evaluation.name")).contains("helpful"));
}

pub(crate) fn helicone_features() {
    let settings = Helicone::new("your-api-key")
        .cache(HeliconeCache::on().max_age(Duration::from_secs(60)))
        .rate_limit(RateLimitPolicy::requests(1000, Duration::from_secs(3600)).per_user())
        .user_id("u-1")
        .build()
        .unwrap();
    let mut headers = HashMap::<String, String>::new();
    let context = Context::new().with_target_host("oai.helicone.ai");
    HeliconePropagator::new(settings).inject_context(&context, &mut headers);
    assert_eq!(headers["helicone-auth"], "Bearer your-api-key");
    assert_eq!(headers["helicone-cache-enabled"], "true");
    assert_eq!(headers["cache-control"], "max-age=60");
    assert_eq!(headers["helicone-ratelimit-policy"], "1000;w=3600;s=user");
    assert_eq!(headers["helicone-user-id"], "u-1");
}

pub(crate) fn keys_stay() {
    crate::proofs::langfuse();
    let langfuse = Langfuse::new("pk-lf-1", "sk-lf-canary");
    let keys = Destination::otlp("http://localhost:4318").header("x-key", "canary");
    let shown = format!("{langfuse:?} {:?}", TelemetryConfig::new("bot").destination(keys));
    assert!(!shown.contains("canary"), "{shown}");
}

pub(crate) fn keys_scrubbed() {
    let place = TextPlace::attribute("gen_ai.input.messages");
    let key = format!("sk-proj-{}", "a1B2c3D4e5".repeat(5));
    let text = format!("use {key} here");
    let cut = PatternRedactor::new().redact(&text, &place);
    assert!(cut.starts_with("use ") && !cut.contains(&key), "{cut}");
}

/// The lines of a JSON logger of this level.
fn lines(level: tracing::Level, work: impl FnOnce()) -> Vec<serde_json::Value> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let told = lines.clone();
    Capture::builder().event_hub(EventHub::new()).build().run(|| {
        let write = move |line: &str| told.lock().unwrap().push(line.to_owned());
        attach_json_logger(level, write).unwrap();
        work();
    });
    let lines = lines.lock().unwrap();
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn debug_logged() {
    let chats = |level| lines(level, || chat("gpt-4".into()).finish());
    let events: Vec<_> =
        chats(tracing::Level::DEBUG).into_iter().map(|line| line["event"].clone()).collect();
    assert_eq!(events, ["chat.start", "chat.stop"]);
    assert_eq!(chats(tracing::Level::INFO).len(), 1);
}

pub(crate) fn pipeline_logged() {
    let told = lines(tracing::Level::DEBUG, || {
        let pipeline = scope().request_id("abc123").run_sync(|| {
            Workflow::new("default").run_sync(|_| {
                Step::new("solve").start().finish();
                chat("gpt-4".into()).finish();
                Ok::<_, std::io::Error>(())
            })
        });
        pipeline.unwrap();
    });
    let of = |event: &str| told.iter().find(|line| line["event"] == event).unwrap();
    for event in ["workflow.start", "workflow.stop"] {
        let line = of(event);
        assert_eq!((&line["workflow"], &line["request_id"]), (&"default".into(), &"abc123".into()));
        assert!(line.get("model").is_none() && line.get("models").is_none(), "{line}");
    }
    assert!(of("workflow.stop")["duration_ms"].is_number());
    assert_eq!(of("chat.stop")["model"], "gpt-4");
}

pub(crate) fn truncated() {
    let captured = capture(|| context_truncated(3, 900));
    assert_eq!(captured.metric("spanwise.context.truncations").sum, 1.0);
    assert_eq!(captured.spans()[0].data().name, "context.truncated");
}

pub(crate) fn failures() {
    let captured = capture(|| chat("gpt-4".into()).fail_with("timeout", "too late"));
    assert_eq!(captured.span("chat gpt-4").text("error.type"), "timeout");
    let duration = captured.metric("gen_ai.client.inference.duration");
    assert_eq!(duration.text("error.type"), "timeout");
    let event = captured.event("gen_ai.client.operation.exception");
    assert!(format!("{:?}", event.attribute("exception.type")).contains("timeout"));
}

pub(crate) fn stream_fails() {
    let captured = capture(|| {
        let chunks = [Ok("a"), Err(std::io::Error::from(std::io::ErrorKind::TimedOut))];
        let generation = Generation::chat(Provider::OpenAi, "gpt-4").start();
        let chunks = generation.try_stream(futures_util::stream::iter(chunks), |_, _| {});
        block_on(futures_util::StreamExt::count(chunks));
    });
    let duration = captured.metric("gen_ai.client.inference.duration");
    assert_eq!((duration.count, duration.text("error.type")), (Some(1), "timed_out".into()));
    assert_eq!(captured.span("chat gpt-4").text("spanwise.stream.chunks"), "1");
}

/// What a program reads that is started by the other system's variables, and asks for none of its guides.
pub(crate) fn unread() {
    let reads = |variable| {
        let environment = Environment::from_iter([(variable, "no url")]);
        block_on(TelemetryConfig::builder().environment(environment).doctor()).is_err()
    };
    assert!(reads("OTEL_EXPORTER_OTLP_ENDPOINT"));
    assert!(!reads("OTLP_ENDPOINT") && !reads("FLO_OTLP_ENDPOINT"));
}

/// The other system's providers stay the global ones.
pub(crate) fn both_at_once() {
    alone("exllm: Run both systems in parallel during migration", || {
        let receiver = Receiver::start();
        let theirs = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(theirs.clone()).build();
        opentelemetry::global::set_tracer_provider(provider);
        let config = config().endpoint(receiver.http_url()).global_providers(false);
        let telemetry = spanwise::init_telemetry(config).unwrap();
        opentelemetry::global::tracer("theirs").start("their span").end();
        chat("ours".into()).finish();
        block_on(telemetry.shutdown());
        assert_eq!(receiver.span_names(), ["chat ours"]);
        let theirs = theirs.get_finished_spans().unwrap();
        assert_eq!(theirs.iter().map(|span| &*span.name).collect::<Vec<_>>(), ["their span"]);
    });
}

/// The boards ask for metrics that are recorded.
pub(crate) fn boards() {
    for board in [
        include_str!("../../../../dashboards/overview.json"),
        include_str!("../../../../dashboards/tokens-and-cost.json"),
    ] {
        let board: serde_json::Value = serde_json::from_str(board).unwrap();
        let queries = board.to_string();
        assert!(queries.contains("gen_ai_client_inference_"), "{queries}");
    }
}
