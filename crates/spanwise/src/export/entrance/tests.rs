use opentelemetry::KeyValue;
use opentelemetry::logs::{Logger as _, LoggerProvider as _};
use opentelemetry::trace::{
    Link, Span as _, SpanKind, TraceContextExt as _, TraceId, TraceState, Tracer as _,
    TracerProvider as _,
};
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample};
use spanwise_core::{CapturePolicy, ContentCapture, ContentItem, Generation, Part, Recorder, Tool};

use super::*;
use crate::config::{BatchConfiguration, ExportMode, OverflowPolicy};
use crate::export::intake::{Fill, Queues};
use crate::export::ledger::Ledger;
use crate::export::queued::Drained;
use crate::report::DropReason;
use crate::signal::Signal;

fn queues(spans: BatchConfiguration) -> Queues {
    Queues { spans, ..Queues::default() }
}

fn intake(spans: BatchConfiguration) -> Arc<Intake> {
    let ledger = Ledger::new([("otlp".to_owned(), [true; Signal::COUNT])]);
    Arc::new(Intake::new(queues(spans), ledger))
}

/// There is no worker here: a provider that goes away must not wait for one.
fn nobody_flushes(intake: &Intake) {
    intake.close();
}

fn everything(intake: &Intake) -> Drained {
    intake.drain(Fill { spans: true, logs: true, metrics: true })
}

/// Records for processors, and for nobody to export.
#[derive(Clone, Debug)]
struct RecordOnly;

impl ShouldSample for RecordOnly {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let trace_state = parent.map(|context| context.span().span_context().trace_state().clone());
        SamplingResult {
            decision: SamplingDecision::RecordOnly,
            attributes: vec![],
            trace_state: trace_state.unwrap_or(TraceState::NONE),
        }
    }
}

#[test]
fn only_sampled_spans_are_taken() {
    let intake = intake(BatchConfiguration::SPANS);
    let provider = SdkTracerProvider::builder()
        .with_sampler(RecordOnly)
        .with_span_processor(Entrance(intake.clone()))
        .build();
    let mut span = provider.tracer("t").start("recorded only");
    assert!(span.is_recording());
    assert_eq!(intake.open_spans(), 1);
    span.end();
    assert_eq!(intake.open_spans(), 0);
    assert!(everything(&intake).is_empty());
    assert_eq!(intake.intake_counts(Signal::Traces).accepted, 0);
    nobody_flushes(&intake);
}

#[test]
fn content_stays_with_its_own_span() {
    let intake = intake(BatchConfiguration::SPANS);
    let entrance = Entrance(intake.clone());
    let provider = SdkTracerProvider::builder().with_span_processor(entrance.clone()).build();
    let recorder = Recorder::builder(provider.tracer("t"))
        .content(entrance)
        .policy(CapturePolicy::new(ContentCapture::SpanOnly))
        .build();
    let _active = recorder.in_context(&Context::new()).attach();
    for input in ["first", "second"] {
        Generation::chat("openai", "gpt-4o").input(input).start().finish();
        provider.tracer("another").start("without content").end();
    }
    let spans = everything(&intake).spans;
    let told = spans.iter().map(|queued| match queued.content.as_deref().map(Content::items) {
        Some([ContentItem::InputMessages(messages)]) => match messages[0].parts() {
            [Part::Text { content }] => content.clone(),
            other => panic!("{other:?}"),
        },
        Some(other) => panic!("{other:?}"),
        None => queued.span.name.to_string(),
    });
    let told: Vec<String> = told.collect();
    assert_eq!(told, ["first", "without content", "second", "without content"]);
    nobody_flushes(&intake);
}

#[test]
fn attributes_stand_in_the_order_in_which_they_were_set_and_stay_with_their_own_span() {
    let intake = intake(BatchConfiguration::SPANS);
    let entrance = Entrance(intake.clone());
    let provider = SdkTracerProvider::builder().with_span_processor(entrance.clone()).build();
    let recorder = Recorder::builder(provider.tracer("t")).content(entrance).build();
    let _active = recorder.in_context(&Context::new()).attach();
    let tool = Tool::new("lookup").attribute("own", 1).start();
    tool.context().span().set_attribute(KeyValue::new("of another", 2));
    tool.finish();
    provider.tracer("another").start("without attributes").end();

    let mut spans = everything(&intake).spans;
    let groups = crate::export::convert::spans(&mut spans);
    let told = groups.iter().flat_map(|group| &group.items).map(|span| {
        let keys = span.item.attributes.iter().map(|attribute| attribute.key.as_str());
        (span.item.name.as_str(), keys.collect::<Vec<_>>())
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            (
                "execute_tool lookup",
                vec![
                    "gen_ai.operation.name",
                    "gen_ai.tool.name",
                    "of another",
                    "spanwise.outcome",
                    "own"
                ]
            ),
            ("without attributes", vec![]),
        ]
    );
    nobody_flushes(&intake);
}

#[test]
fn the_queue_is_full_by_number_or_by_bytes_and_the_newest_is_refused() {
    let one = |name: String| {
        let intake = intake(BatchConfiguration {
            max_queue_size: 3,
            max_queue_bytes: 10_000,
            max_export_batch_size: 3,
            ..BatchConfiguration::SPANS
        });
        let provider =
            SdkTracerProvider::builder().with_span_processor(Entrance(intake.clone())).build();
        for _ in 0..5 {
            provider.tracer("t").start(name.clone()).end();
        }
        let counts = intake.intake_counts(Signal::Traces);
        nobody_flushes(&intake);
        (counts.queued, counts.dropped_for(DropReason::QueueFull))
    };
    assert_eq!(one("small".into()), (3, 2));
    assert_eq!(one("x".repeat(4_000)), (2, 3));
    assert_eq!(one("x".repeat(40_000)), (1, 4), "one that is larger than the queue goes alone");
}

#[test]
fn after_the_end_everything_is_refused_and_every_command_answered() {
    let intake = intake(BatchConfiguration::SPANS);
    let provider =
        SdkTracerProvider::builder().with_span_processor(Entrance(intake.clone())).build();
    provider.tracer("t").start("before").end();
    intake.stop(DropReason::ShutdownTimeout);
    provider.tracer("t").start("after").end();
    let counts = intake.report().destinations[0].traces();
    assert_eq!(counts.dropped_for(DropReason::ShutdownTimeout), 1);
    assert_eq!(counts.dropped_for(DropReason::AfterShutdown), 1);
    assert!(provider.force_flush().is_err(), "at once, since nobody is there to flush");
}

#[test]
fn with_a_spool_only_what_has_not_reached_the_lanes_counts_and_only_by_bytes() {
    let batches = BatchConfiguration {
        max_queue_size: 3,
        max_queue_bytes: 80_000,
        max_export_batch_size: 3,
        ..BatchConfiguration::SPANS
    };
    let queues = Queues { overflow: OverflowPolicy::Spill, spill_bytes: 20_000, ..queues(batches) };
    let ledger = Ledger::new([("otlp".to_owned(), [true; Signal::COUNT])]);
    let intake = Arc::new(Intake::new(queues, ledger));
    let provider =
        SdkTracerProvider::builder().with_span_processor(Entrance(intake.clone())).build();
    for _ in 0..2 {
        for _ in 0..20 {
            provider.tracer("t").start("small").end();
        }
        provider.tracer("t").start("x".repeat(90_000)).end();
        provider.tracer("t").start("x".repeat(90_000)).end();
        drop(everything(&intake));
        intake.ledger(|ledger| ledger.dispatched(Signal::Traces));
    }
    let counts = intake.report().destinations[0].traces();
    assert_eq!((counts.accepted, counts.dropped_for(DropReason::QueueFull)), (44, 2));
    nobody_flushes(&intake);
}

#[test]
fn who_may_wait_for_room_does_and_who_waited_in_vain_does_not_wait_again() {
    let batches = BatchConfiguration { max_queue_size: 2, ..BatchConfiguration::SPANS };
    let run = |timeout| {
        let queues = Queues { overflow: OverflowPolicy::Block(timeout), ..queues(batches) };
        let ledger = Ledger::new([("otlp".to_owned(), [true; Signal::COUNT])]);
        let intake = Arc::new(Intake::new(queues, ledger));
        let provider =
            SdkTracerProvider::builder().with_span_processor(Entrance(intake.clone())).build();
        (intake, provider)
    };
    let (intake, provider) = run(Duration::from_millis(50));
    for _ in 0..100 {
        provider.tracer("t").start("nobody makes room").end();
    }
    let counts = intake.intake_counts(Signal::Traces);
    assert_eq!((counts.queued, counts.dropped_for(DropReason::QueueFull)), (2, 98));
    nobody_flushes(&intake);

    let (intake, provider) = run(Duration::from_secs(60));
    let lane = crate::export::ledger::LaneId { destination: 0, signal: Signal::Traces };
    let recording = std::thread::spawn({
        let provider = provider.clone();
        move || (0..100).for_each(|_| provider.tracer("t").start("waits").end())
    });
    let mut settled = 0;
    while settled < 100 {
        let spans = everything(&intake).spans.len() as u64;
        intake.ledger(|ledger| {
            ledger.dispatched(Signal::Traces);
            ledger.depart(lane, spans);
            ledger.settle(lane, 0, crate::export::ledger::Fate::exported(spans));
        });
        settled += spans;
        std::thread::yield_now();
    }
    recording.join().unwrap();
    assert_eq!(intake.report().destinations[0].traces().dropped(), 0);
    nobody_flushes(&intake);
}

#[test]
fn on_the_only_thread_of_a_runtime_nobody_waits() {
    let batches = BatchConfiguration { max_queue_size: 2, ..BatchConfiguration::SPANS };
    let hour = OverflowPolicy::Block(Duration::from_secs(3600));
    let ledger = Ledger::new([("otlp".to_owned(), [true; Signal::COUNT])]);
    let intake = Arc::new(Intake::new(Queues { overflow: hour, ..queues(batches) }, ledger));
    let provider =
        SdkTracerProvider::builder().with_span_processor(Entrance(intake.clone())).build();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        (0..5).for_each(|_| provider.tracer("t").start("s").end());
    });
    assert_eq!(intake.intake_counts(Signal::Traces).dropped_for(DropReason::QueueFull), 3);
    nobody_flushes(&intake);
}

#[test]
fn in_immediate_mode_all_that_waits_leaves_when_a_local_root_ends() {
    let queues = Queues { mode: ExportMode::Immediate, ..queues(BatchConfiguration::SPANS) };
    let ledger = Ledger::new([("otlp".to_owned(), [true; Signal::COUNT])]);
    let intake = Arc::new(Intake::new(queues, ledger));
    let provider =
        SdkTracerProvider::builder().with_span_processor(Entrance(intake.clone())).build();
    let tracer = provider.tracer("t");
    let root = tracer.start("root");
    let context = Context::new().with_span(root);
    tracer.start_with_context("child", &context).end();
    assert!(!intake.fill().spans, "the trace is not finished");
    context.span().end();
    assert!(intake.fill().spans && intake.fill().logs);
    drop(everything(&intake));
    assert!(!intake.fill().spans);
    let remote = opentelemetry::trace::SpanContext::new(
        TraceId::from(7),
        opentelemetry::SpanId::from(7),
        opentelemetry::trace::TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    );
    let elsewhere = Context::new().with_remote_span_context(remote);
    tracer.start_with_context("served", &elsewhere).end();
    assert!(intake.fill().spans, "whose root is elsewhere");
    nobody_flushes(&intake);
}

#[test]
fn what_ends_after_shutdown_is_counted_and_said_once_for_each_signal() {
    let intake = intake(BatchConfiguration::SPANS);
    let entrance = Entrance(intake.clone());
    let tracers = SdkTracerProvider::builder().with_span_processor(entrance.clone()).build();
    let loggers = SdkLoggerProvider::builder().with_log_processor(entrance).build();
    let logger = loggers.logger("t");
    let late = || {
        tracers.tracer("t").start("late").end();
        logger.emit(logger.create_log_record());
    };
    late();
    assert_eq!(intake.diagnostics.heard(), [""; 0]);
    intake.stop(DropReason::ShutdownTimeout);
    (0..3).for_each(|_| late());
    assert_eq!(intake.intake_counts(Signal::Traces).dropped_for(DropReason::AfterShutdown), 3);
    assert_eq!(
        intake.diagnostics.heard(),
        [
            "telemetry was shut down, and traces that come now are lost",
            "telemetry was shut down, and logs that come now are lost",
        ]
    );
}
