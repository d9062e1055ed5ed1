//! Spans and metrics of the program's own, beside operations. One process, one test: telemetry is started once.

mod support;

use opentelemetry::trace::{Span as _, SpanKind, Tracer as _};
use opentelemetry::{Context, KeyValue};
use spanwise::{
    Agent, MetricsRecorder, SpanBuilder, TelemetryConfig, context_with_span, meter,
    record_exception, scope, tracer,
};
use support::{Receiver, attribute, text};

const EVENTS_PROCESSED: &str = "processor.events.processed";
const PROCESSING_DURATION: &str = "processor.processing.duration";
const WATERMARK_LAG: &str = "processor.watermark.lag";

#[test]
fn spans_and_metrics_by_hand_stand_beside_those_of_operations() {
    let receiver = Receiver::start();
    let config = TelemetryConfig::new("processor").endpoint(receiver.http_url());
    let telemetry = spanwise::init_telemetry(config).unwrap();

    let parent = SpanBuilder::new("process_event")
        .with_tracer("processor")
        .with_kind(SpanKind::Consumer)
        .with_attribute("event.type", "metric")
        .start();
    {
        let _active = context_with_span(parent).attach();
        Agent::new("triage").start().finish();
        let mut child = tracer("processor").start("store");
        record_exception(&mut child, &std::io::Error::from(std::io::ErrorKind::TimedOut));
        child.end();
    }
    for share in [0.0, 1.0] {
        scope()
            .sample_rate(share)
            .run_sync(|| SpanBuilder::new(format!("share {share}")).start().end());
    }
    // A share inside of another: the inner one counts.
    scope().sample_rate(0.0).run_sync(|| {
        scope().sample_rate(1.0).run_sync(|| SpanBuilder::new("inner share").start().end());
    });
    assert!(!Context::current().is_telemetry_suppressed());

    let recorder = MetricsRecorder::new().with_attribute("service", "processor");
    for _ in 0..2 {
        let of_metrics = [KeyValue::new("event_type", "metric")];
        recorder.clone().record_counter("processor", EVENTS_PROCESSED, 1, of_metrics);
    }
    recorder.record_histogram("processor", PROCESSING_DURATION, 123.45, []);
    recorder.record_gauge("processor", WATERMARK_LAG, 1000, [KeyValue::new("partition_id", "0")]);
    meter("my-app").u64_counter("my_custom_counter").build().add(1, &[]);
    drop(telemetry);

    let parent = receiver.span("process_event");
    assert_eq!(text(&parent.attributes, "event.type"), "metric");
    for child in ["invoke_agent triage", "store"] {
        assert_eq!(receiver.span(child).parent_span_id, parent.span_id, "{child}");
    }
    let failed = receiver.span("store");
    assert_eq!(text(&failed.attributes, "error.type"), "timed_out");
    assert_eq!(failed.status.as_ref().map(|status| status.code), Some(2));
    let [exception] = &failed.events[..] else { panic!("{:?}", failed.events) };
    assert_eq!(exception.name, "exception");
    assert_eq!(text(&exception.attributes, "exception.type"), "std::io::error::Error");
    assert!(attribute(&exception.attributes, "exception.message").is_none());

    let names: Vec<_> = receiver.spans().into_iter().map(|span| span.name).collect();
    assert!(!names.contains(&"share 0".to_owned()), "{names:?}");
    assert!(names.contains(&"share 1".to_owned()), "{names:?}");
    assert!(names.contains(&"inner share".to_owned()), "{names:?}");

    let said = format!("{:?}", receiver.metrics());
    for name in [EVENTS_PROCESSED, PROCESSING_DURATION, WATERMARK_LAG, "my_custom_counter"] {
        assert!(said.contains(name), "{name}");
    }
    assert!(said.contains("AsInt(2)"), "both counted in one: {said}");
}
