//! Shutting down, flushing and dropping keep their time and tell the truth: in every runtime and in none,
//! with a receiver that is up, dead, or hangs.

mod support;

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use opentelemetry::trace::{Tracer as _, TracerProvider as _};
use spanwise::{DropReason, OtlpProtocol, Report, Telemetry, TelemetryConfig, Tool};
use support::{Answer, Receiver, block_on, config, finishes_within, isolated};

const LIMIT: Duration = Duration::from_secs(1);
/// A busy machine may wake a thread late.
const SLACK: Duration = Duration::from_secs(2);
const SPANS: usize = 700;

#[derive(Clone, Copy)]
enum Where {
    MultiThread,
    CurrentThread,
    TaskOnOneWorker,
    InsideBlockOn,
    AfterTheRuntime,
    NoRuntime,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Up,
    Dead,
    Hangs,
}

fn record() {
    for n in 0..SPANS {
        Tool::new("t").attribute("n", n as i64).start().finish();
    }
}

fn start(config: TelemetryConfig) -> Telemetry {
    let telemetry = spanwise::init_telemetry(config).unwrap();
    record();
    telemetry
}

fn runtime(workers: usize) -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap()
}

async fn timed(telemetry: Telemetry) -> Option<Report> {
    let started = Instant::now();
    let report = telemetry.shutdown().await;
    assert!(started.elapsed() < LIMIT + SLACK, "took {:?}", started.elapsed());
    Some(report)
}

fn shut_down(place: Where, config: TelemetryConfig) -> Option<Report> {
    match place {
        Where::MultiThread => runtime(2).block_on(async { timed(start(config)).await }),
        Where::CurrentThread => block_on(async { timed(start(config)).await }),
        Where::TaskOnOneWorker => runtime(1)
            .block_on(async { tokio::spawn(async { timed(start(config)).await }).await.unwrap() }),
        Where::InsideBlockOn => block_on(async {
            let telemetry = start(config);
            finishes_within(LIMIT + SLACK, || drop(telemetry));
            None
        }),
        Where::AfterTheRuntime => {
            let runtime = runtime(2);
            let telemetry = runtime.block_on(async { start(config) });
            drop(runtime);
            finishes_within(LIMIT + SLACK, || drop(telemetry));
            None
        }
        Where::NoRuntime => {
            let telemetry = start(config);
            finishes_within(LIMIT + SLACK, || drop(telemetry));
            None
        }
    }
}

fn shuts_down(place: Where, state: State, protocol: OtlpProtocol) {
    let receiver = Receiver::start();
    if state == State::Hangs {
        receiver.answer_all(Answer::Hang);
    }
    let url = match (state, protocol) {
        (State::Dead, _) => {
            let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            format!("http://{}", closed.local_addr().unwrap())
        }
        (_, OtlpProtocol::Grpc) => receiver.grpc_url(),
        _ => receiver.http_url(),
    };
    let config = config().endpoint(url).protocol(protocol).shutdown_timeout(LIMIT);
    let report = shut_down(place, config);
    if state == State::Up {
        receiver.assert_conformant();
        assert_eq!(receiver.spans().len(), SPANS);
        assert!(!receiver.metrics().is_empty(), "metrics are collected at the end");
    }
    let Some(report) = report else { return };
    let traces = report.destination("otlp").unwrap().traces();
    assert_eq!(traces.accepted, SPANS as u64);
    assert_eq!(traces.accepted, traces.exported + traces.dropped(), "{traces:?}");
    assert_eq!((traces.queued, traces.in_flight), (0, 0));
    if state == State::Up {
        assert_eq!(traces.exported, SPANS as u64);
        assert!(report.complete);
    } else {
        assert_eq!(traces.dropped_for(DropReason::ShutdownTimeout), SPANS as u64);
        assert!(!report.complete);
    }
}

macro_rules! table {
    ($($name:ident: $place:ident $state:ident $protocol:ident;)*) => {$(
        #[test]
        fn $name() {
            isolated!(shuts_down(Where::$place, State::$state, OtlpProtocol::$protocol));
        }
    )*};
}

table! {
    multi_thread_up_grpc: MultiThread Up Grpc;
    multi_thread_up_http: MultiThread Up HttpProtobuf;
    multi_thread_dead_grpc: MultiThread Dead Grpc;
    multi_thread_dead_http: MultiThread Dead HttpProtobuf;
    multi_thread_hangs_grpc: MultiThread Hangs Grpc;
    multi_thread_hangs_http: MultiThread Hangs HttpProtobuf;
    current_thread_up_grpc: CurrentThread Up Grpc;
    current_thread_up_http: CurrentThread Up HttpProtobuf;
    current_thread_dead_grpc: CurrentThread Dead Grpc;
    current_thread_dead_http: CurrentThread Dead HttpProtobuf;
    current_thread_hangs_grpc: CurrentThread Hangs Grpc;
    current_thread_hangs_http: CurrentThread Hangs HttpProtobuf;
    task_on_one_worker_up_grpc: TaskOnOneWorker Up Grpc;
    task_on_one_worker_up_http: TaskOnOneWorker Up HttpProtobuf;
    task_on_one_worker_dead_grpc: TaskOnOneWorker Dead Grpc;
    task_on_one_worker_dead_http: TaskOnOneWorker Dead HttpProtobuf;
    task_on_one_worker_hangs_grpc: TaskOnOneWorker Hangs Grpc;
    task_on_one_worker_hangs_http: TaskOnOneWorker Hangs HttpProtobuf;
    inside_block_on_up_grpc: InsideBlockOn Up Grpc;
    inside_block_on_up_http: InsideBlockOn Up HttpProtobuf;
    inside_block_on_dead_grpc: InsideBlockOn Dead Grpc;
    inside_block_on_dead_http: InsideBlockOn Dead HttpProtobuf;
    inside_block_on_hangs_grpc: InsideBlockOn Hangs Grpc;
    inside_block_on_hangs_http: InsideBlockOn Hangs HttpProtobuf;
    after_the_runtime_up_grpc: AfterTheRuntime Up Grpc;
    after_the_runtime_up_http: AfterTheRuntime Up HttpProtobuf;
    after_the_runtime_dead_grpc: AfterTheRuntime Dead Grpc;
    after_the_runtime_dead_http: AfterTheRuntime Dead HttpProtobuf;
    after_the_runtime_hangs_grpc: AfterTheRuntime Hangs Grpc;
    after_the_runtime_hangs_http: AfterTheRuntime Hangs HttpProtobuf;
    no_runtime_up_grpc: NoRuntime Up Grpc;
    no_runtime_up_http: NoRuntime Up HttpProtobuf;
    no_runtime_dead_grpc: NoRuntime Dead Grpc;
    no_runtime_dead_http: NoRuntime Dead HttpProtobuf;
    no_runtime_hangs_grpc: NoRuntime Hangs Grpc;
    no_runtime_hangs_http: NoRuntime Hangs HttpProtobuf;
}

#[test]
fn a_flush_keeps_its_time_while_the_receiver_hangs_and_what_it_holds_still_arrives() {
    isolated!({
        let receiver = Receiver::start();
        receiver.answer_next([Answer::Hang]);
        // The first attempt is given up after this; the flush before it must not wait so long.
        let config = config().endpoint(receiver.http_url()).timeout(Duration::from_secs(3));
        block_on(async {
            let telemetry = start(config);
            let started = Instant::now();
            let report = telemetry.flush_within(Duration::from_millis(300)).await;
            assert!(started.elapsed() < Duration::from_millis(300) + SLACK);
            assert!(!report.complete);
            let report = telemetry.shutdown_within(support::PATIENCE).await;
            assert!(report.complete, "{report}");
        });
        receiver.assert_conformant();
        assert_eq!(receiver.spans().len(), SPANS);
    });
}

#[test]
fn several_flushes_at_once_are_all_answered() {
    isolated!({
        let receiver = Receiver::start();
        let config = config().endpoint(receiver.http_url());
        runtime(2).block_on(async {
            let telemetry = start(config);
            let flushes: Vec<_> = (0..10).map(|_| tokio::spawn(telemetry.flush())).collect();
            for flush in flushes {
                assert!(flush.await.unwrap().complete);
            }
        });
    });
}

#[test]
fn operations_that_are_open_at_shutdown_are_ended_marked_and_sent() {
    isolated!({
        let receiver = Receiver::start();
        let config = config().endpoint(receiver.http_url());
        let report = block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            let tracer = telemetry.tracer_provider().unwrap().tracer("other");
            let open = Tool::new("open").start();
            let foreign = tracer.start("foreign");
            let report = telemetry.shutdown().await;
            open.finish();
            drop(foreign);
            Tool::new("late").start().finish();
            report
        });
        assert_eq!((report.ended_at_shutdown, report.open_spans), (1, 1));
        receiver.assert_conformant();
        assert_eq!(receiver.span_names(), ["execute_tool open"]);
        let span = receiver.span("execute_tool open");
        assert_eq!(support::text(&span.attributes, "spanwise.open_at_shutdown"), "true");
    });
}

#[test]
fn what_ends_after_shutdown_is_counted() {
    isolated!({
        let receiver = Receiver::start();
        let config = config().endpoint(receiver.http_url());
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            let tracers = telemetry.tracer_provider().unwrap().clone();
            let handle = telemetry.flush();
            drop(telemetry.shutdown().await);
            tracers.tracer("other").start("late");
            Tool::new("late").start().finish();
            // A flush that was asked for before, and is answered after: truthfully.
            let report = handle.await;
            let traces = report.destination("otlp").unwrap().traces();
            assert_eq!(traces.accepted, traces.dropped_for(DropReason::AfterShutdown));
        });
        assert!(receiver.spans().is_empty());
    });
}

#[test]
fn a_provider_of_the_sdk_can_be_flushed_and_shut_down_by_others_without_harm() {
    isolated!({
        let receiver = Receiver::start();
        let config = config().endpoint(receiver.http_url());
        block_on(async {
            let telemetry = start(config);
            let tracers = telemetry.tracer_provider().unwrap().clone();
            finishes_within(SLACK, || tracers.force_flush().unwrap());
            receiver.assert_conformant();
            assert_eq!(receiver.spans().len(), SPANS);
            receiver.answer_all(Answer::Http(400, None, "no"));
            Tool::new("refused").start().finish();
            assert!(tracers.force_flush().is_err(), "a flush that lost something says so");
            assert!(tracers.force_flush().is_ok(), "and the next one is about what came since");
            finishes_within(SLACK, || tracers.shutdown().unwrap());
            finishes_within(SLACK, || drop(telemetry));
        });
    });
}

#[test]
fn a_second_start_is_an_error_and_the_first_goes_on() {
    isolated!({
        let receiver = Receiver::start();
        let telemetry = spanwise::init_telemetry(config().endpoint(receiver.http_url())).unwrap();
        let second = spanwise::init_telemetry(config());
        assert!(matches!(second, Err(spanwise::InitError::AlreadyInitialized)));
        Tool::new("t").start().finish();
        drop(telemetry);
        receiver.assert_conformant();
        assert_eq!(receiver.span_names(), ["execute_tool t"]);
    });
}

#[test]
fn a_start_that_failed_can_be_tried_again() {
    isolated!({
        let receiver = Receiver::start();
        assert!(spanwise::init_telemetry(config().endpoint("no url")).is_err());
        let telemetry = spanwise::init_telemetry(config().endpoint(receiver.http_url())).unwrap();
        Tool::new("t").start().finish();
        drop(telemetry);
        receiver.assert_conformant();
        assert_eq!(receiver.spans().len(), 1);
    });
}
