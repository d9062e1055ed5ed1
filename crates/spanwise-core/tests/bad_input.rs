//! Nonsense goes in; nothing panics, and what comes out is documented.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use spanwise_core::{
    Clock, ContentCapture, Generation, Message, Part, Provider, Recorder, Tool, Usage,
};
use spanwise_testing::{Capture, capture};

#[test]
fn numbers_that_are_none_are_left_out() {
    let captured = capture(|| {
        Generation::chat(Provider::OpenAi, "m")
            .temperature(f64::NAN)
            .top_p(f64::INFINITY)
            .frequency_penalty(f64::NEG_INFINITY)
            .presence_penalty(f32::NAN)
            .max_tokens(-1)
            .start()
            .finish();
    });
    let span = captured.span("chat m");
    for key in ["temperature", "top_p", "frequency_penalty", "presence_penalty"] {
        assert_eq!(span.attribute(&format!("gen_ai.request.{key}")), None, "{key}");
    }
    assert_eq!(span.text("gen_ai.request.max_tokens"), "-1");
}

#[test]
fn token_counts_beyond_reason_are_cut_and_still_add_up() {
    let captured = capture(|| {
        for _ in 0..2 {
            let generation = Generation::chat(Provider::OpenAi, "m").start();
            generation.usage(Usage::new(u64::MAX, u64::MAX).cache_read(u64::MAX));
            generation.finish();
        }
    });
    for span in captured.spans() {
        assert_eq!(span.text("gen_ai.usage.input_tokens"), u32::MAX.to_string());
    }
    let counter = captured.metric("gen_ai.client.inference.usage.input_tokens");
    assert_eq!(counter.sum, 2.0 * f64::from(u32::MAX));
}

#[test]
fn a_message_of_ten_megabytes_is_recorded_whole() {
    let capture = Capture::builder().content(ContentCapture::SpanOnly).build();
    let text = "x".repeat(10 << 20);
    capture.run(|| Generation::chat(Provider::OpenAi, "m").input(&text).start().finish());
    assert!(capture.finish().span("chat m").text("gen_ai.input.messages").len() > 10 << 20);
}

#[test]
fn ten_thousand_attributes_crowd_out_none_of_the_conventions() {
    let captured = capture(|| {
        let generation = Generation::chat(Provider::OpenAi, "m").start();
        for n in 0..10_000 {
            generation.attribute(format!("own.{n}"), n);
        }
        generation.usage(Usage::new(3, 2));
        generation.fail_with("timeout", "");
    });
    let span = captured.span("chat m");
    assert_eq!(span.data().attributes.len(), 128, "the limit of this test's SDK");
    assert!(span.data().dropped_attributes_count > 9_800);
    assert_eq!(span.text("gen_ai.usage.output_tokens"), "2");
    assert_eq!(span.text("error.type"), "timeout");
    assert_eq!(span.text("own.0"), "0");
}

#[derive(Debug)]
struct BackwardClock;

impl Clock for BackwardClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        use std::sync::atomic::{AtomicU64, Ordering};
        static LEFT: AtomicU64 = AtomicU64::new(1000);
        Duration::from_secs(LEFT.fetch_sub(1, Ordering::Relaxed))
    }
}

#[test]
fn a_clock_that_goes_back_makes_no_time_and_no_panic() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let recorder = Recorder::builder(provider.tracer("t")).clock(BackwardClock).build();
    {
        let _guard = recorder.in_context(&opentelemetry::Context::new()).attach();
        Tool::new("t").start().finish();
    }
    let span = exporter.get_finished_spans().unwrap().remove(0);
    assert_eq!(span.start_time, span.end_time);
}

#[test]
fn strange_names_and_payloads_are_recorded_as_they_are() {
    let capture = Capture::builder().content(ContentCapture::SpanOnly).build();
    capture.run(|| {
        Tool::new("").start().finish();
        Tool::new("naïve\u{0}tool\n").attribute("", "").start().finish();
        let tool = Tool::new("bytes")
            .arguments(&std::collections::HashMap::from([(vec![1u8], 1)]))
            .start();
        tool.result(&f64::NAN);
        tool.event("", [KeyValue::new("", f64::NAN)]);
        tool.finish();
        let deep = (0..100).fold(serde_json::json!(1), |inner, _| serde_json::json!([inner]));
        let part = Part::tool_call("", "", deep.to_string());
        let message = Message::assistant("").part(part);
        Generation::chat("", "\u{202e}model").input(&message).start().finish();
    });
    let captured = capture.finish();
    assert_eq!(captured.spans().len(), 4);
    let bytes = captured.span("execute_tool bytes");
    assert_eq!(bytes.text("gen_ai.tool.call.arguments"), r#"{"arguments":null}"#);
    assert_eq!(bytes.text("gen_ai.tool.call.result"), r#"{"result":null}"#);
    assert_eq!(captured.span("chat \u{202e}model").text("gen_ai.provider.name"), "");
}
