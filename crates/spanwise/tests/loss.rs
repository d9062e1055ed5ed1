//! What goes wrong on the way, and what becomes of the spans: they arrive, or they are counted.

mod support;

use std::time::{Duration, Instant};

use spanwise::{
    BatchConfiguration, Counts, DropReason, OtlpProtocol, Report, Telemetry, TelemetryConfig, Tool,
};
use support::{Answer, PATIENCE, Receiver, Said, block_on, child, config, isolated};
use tonic_types::StatusExt as _;

fn grpc(receiver: &Receiver) -> TelemetryConfig {
    config().endpoint(receiver.grpc_url()).protocol(OtlpProtocol::Grpc).shutdown_timeout(PATIENCE)
}

fn http(receiver: &Receiver) -> TelemetryConfig {
    config().endpoint(receiver.http_url()).shutdown_timeout(PATIENCE)
}

fn record(spans: usize) {
    for n in 0..spans {
        Tool::new("t").attribute("n", n as i64).start().finish();
    }
}

/// Starts, records and shuts down.
fn run(config: TelemetryConfig, work: impl FnOnce(&Telemetry)) -> Report {
    block_on(async {
        let telemetry = spanwise::init_telemetry(traces_only(config)).unwrap();
        work(&telemetry);
        telemetry.shutdown().await
    })
}

fn traces_only(config: TelemetryConfig) -> TelemetryConfig {
    config.signals(spanwise::Signals::TRACES)
}

#[track_caller]
fn traces(report: &Report) -> Counts {
    let counts = report.destinations[0].traces();
    let sum = counts.queued + counts.in_flight + counts.exported + counts.dropped();
    assert_eq!(counts.accepted, sum, "{counts:?}");
    counts
}

#[test]
fn a_receiver_that_is_busy_for_a_while_gets_everything_over_http() {
    isolated!({
        let receiver = Receiver::start();
        let busy = [429, 502, 503, 504].map(|status| Answer::Http(status, None, ""));
        receiver.answer_next(busy);
        let report = run(http(&receiver), |_| record(300));
        assert_eq!(traces(&report).exported, 300);
        receiver.assert_conformant();
        assert_eq!((receiver.spans().len(), receiver.requests().len()), (300, 5));
    });
}

#[test]
fn a_receiver_that_is_busy_for_a_while_gets_everything_over_grpc() {
    isolated!({
        let receiver = Receiver::start();
        let codes = [
            tonic::Code::Cancelled,
            tonic::Code::DeadlineExceeded,
            tonic::Code::Aborted,
            tonic::Code::OutOfRange,
            tonic::Code::Unavailable,
            tonic::Code::DataLoss,
        ];
        receiver.answer_next(codes.map(|code| Answer::Grpc(tonic::Status::new(code, "busy"))));
        let report = run(grpc(&receiver), |_| record(300));
        assert_eq!(traces(&report).exported, 300);
        receiver.assert_conformant();
        assert_eq!((receiver.spans().len(), receiver.requests().len()), (300, 7));
    });
}

#[test]
fn a_receiver_that_comes_late_gets_everything() {
    isolated!({
        let receiver = Receiver::start();
        receiver.down();
        let config = grpc(&receiver);
        block_on(async {
            let telemetry = spanwise::init_telemetry(traces_only(config)).unwrap();
            record(2000);
            // Two seconds without a receiver, in which attempts fail.
            let report = telemetry.flush_within(Duration::from_secs(2)).await;
            assert_eq!(report.destinations[0].traces().exported, 0);
            receiver.up();
            let report = telemetry.shutdown().await;
            assert_eq!(traces(&report).exported, 2000);
            receiver.assert_conformant();
            assert_eq!(receiver.spans().len(), 2000);
        });
    });
}

#[test]
fn what_a_receiver_refuses_is_not_sent_again_and_counted() {
    isolated!({
        let receiver = Receiver::start();
        receiver.answer_all(Answer::Http(500, None, "broken"));
        let report = run(http(&receiver), |_| record(10));
        assert_eq!(traces(&report).dropped_for(DropReason::Refused), 10);
        assert_eq!(receiver.requests().len(), 1);
        assert_eq!(report.to_string(), "otlp: 0 spans exported, 10 dropped (refused)");
    });
}

#[test]
fn exhaustion_without_a_time_to_wait_is_a_refusal_and_with_one_a_pause() {
    isolated!({
        let receiver = Receiver::start();
        let details = tonic_types::ErrorDetails::with_retry_info(Some(Duration::from_millis(900)));
        receiver.answer_next([
            Answer::Grpc(tonic::Status::with_error_details(
                tonic::Code::ResourceExhausted,
                "slow down",
                details,
            )),
            Answer::Accept,
            Answer::Grpc(tonic::Status::resource_exhausted("quota")),
        ]);
        block_on(async {
            let telemetry = spanwise::init_telemetry(traces_only(grpc(&receiver))).unwrap();
            record(1);
            let started = Instant::now();
            let report = telemetry.flush().await;
            assert!(started.elapsed() >= Duration::from_millis(900));
            assert_eq!(traces(&report).exported, 1);
            record(1);
            let report = telemetry.shutdown().await;
            assert_eq!(traces(&report).dropped_for(DropReason::Refused), 1);
        });
        assert_eq!(receiver.requests().len(), 3);
    });
}

#[test]
fn a_receiver_that_names_a_time_gets_it() {
    isolated!({
        let receiver = Receiver::start();
        receiver.answer_next([Answer::Http(503, Some("1"), "")]);
        let started = Instant::now();
        let report = run(http(&receiver), |_| record(1));
        assert!(started.elapsed() >= Duration::from_secs(1));
        assert_eq!(traces(&report).exported, 1);
    });
}

#[test]
fn partial_success_is_counted_and_not_sent_again() {
    isolated!({
        let receiver = Receiver::start();
        receiver.answer_next([Answer::Partial(3)]);
        let report = run(grpc(&receiver), |_| record(10));
        let counts = traces(&report);
        assert_eq!((counts.exported, counts.dropped_for(DropReason::Rejected)), (7, 3));
        assert_eq!(receiver.requests().len(), 1);
    });
}

#[test]
fn partial_success_over_http_is_counted_in_both_forms() {
    isolated!({
        let receiver = Receiver::start();
        receiver.answer_all(Answer::Partial(1));
        let both = config()
            .destination(spanwise::Destination::otlp(receiver.http_url()).name("protobuf"))
            .destination(
                spanwise::Destination::otlp(receiver.http_url())
                    .name("json")
                    .protocol(OtlpProtocol::HttpJson),
            );
        let report = run(both, |_| record(4));
        for name in ["protobuf", "json"] {
            let counts = report.destination(name).unwrap().traces();
            assert_eq!((counts.exported, counts.dropped_for(DropReason::Rejected)), (3, 1));
        }
    });
}

#[test]
fn a_request_that_is_too_large_for_the_receiver_arrives_in_pieces() {
    isolated!({
        let receiver = Receiver::start();
        receiver.answer_next([Answer::Http(413, None, ""), Answer::Http(413, None, "")]);
        let report = run(http(&receiver), |_| record(100));
        assert_eq!((traces(&report).exported, traces(&report).shrunk), (100, 0));
        receiver.assert_conformant();
        assert_eq!(receiver.spans().len(), 100);
    });
}

#[test]
fn a_request_that_is_too_large_is_told_from_a_quota_whatever_the_receiver_is_written_in() {
    isolated!({
        let receiver = Receiver::start();
        receiver.answer_next([
            // As gRPC in Go says it, and tonic.
            Answer::Grpc(tonic::Status::resource_exhausted(
                "grpc: received message larger than max (5242893 vs. 4194304)",
            )),
            Answer::Grpc(tonic::Status::out_of_range(
                "Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes",
            )),
        ]);
        let report = run(grpc(&receiver), |_| record(100));
        assert_eq!(traces(&report).exported, 100);
        assert_eq!((receiver.spans().len(), receiver.requests().len()), (100, 5));
    });
}

#[test]
fn spans_larger_than_any_request_arrive_without_their_largest_content() {
    isolated!({
        let receiver = Receiver::start();
        let report = run(grpc(&receiver), |_| {
            record(10);
            for size in [5 << 20, 6 << 20] {
                let tool = Tool::new("large").attribute("other", "kept");
                tool.attribute("prompt", "x".repeat(size)).start().finish();
            }
        });
        let counts = traces(&report);
        assert_eq!((counts.exported, counts.shrunk, counts.dropped()), (12, 2, 0));
        assert_eq!(report.to_string(), "otlp: 12 spans exported, 2 shrunk");
        let large = receiver.spans().into_iter().filter(|span| span.name == "execute_tool large");
        let mut told: Vec<_> = large
            .map(|span| {
                assert_eq!(support::text(&span.attributes, "other"), "kept");
                support::text(&span.attributes, "prompt")[..35].to_owned()
            })
            .collect();
        told.sort();
        assert_eq!(
            told,
            ["[too large to send: 5242880 bytes, ", "[too large to send: 6291456 bytes, "]
        );
    });
}

#[test]
fn a_destination_s_own_limits_are_kept_before_it_says_so() {
    isolated!({
        let receiver = Receiver::start();
        let limited = spanwise::Destination::otlp(receiver.http_url())
            .max_request_items(10)
            .max_request_bytes(20_000)
            .max_item_bytes(8_000);
        let report = run(config().destination(limited), |_| {
            record(35);
            for _ in 0..6 {
                Tool::new("t").attribute("prompt", "x".repeat(7_000)).start().finish();
            }
            Tool::new("t").attribute("prompt", "x".repeat(9_000)).start().finish();
        });
        assert_eq!((traces(&report).exported, traces(&report).shrunk), (42, 1));
        receiver.assert_conformant();
        let requests = receiver.requests();
        assert!(requests.iter().all(|request| request.spans <= 10 && request.bytes <= 20_000));
    });
}

#[test]
fn several_requests_travel_at_once() {
    isolated!({
        let receiver = Receiver::start();
        receiver.answer_all(Answer::Hang);
        block_on(async {
            let config = http(&receiver).max_concurrent_requests(3);
            let telemetry = spanwise::init_telemetry(traces_only(config)).unwrap();
            for _ in 0..4 {
                record(10);
                assert!(!telemetry.flush_within(Duration::from_millis(50)).await.complete);
            }
            receiver.wait_until("three at once", |receiver| receiver.requests().len() == 3);
            let traces = telemetry.report().destinations[0].traces();
            assert_eq!((traces.in_flight, traces.queued), (30, 10));
            drop(telemetry.shutdown_within(Duration::ZERO).await);
        });
    });
}

#[test]
fn large_spans_travel_in_requests_that_a_default_grpc_receiver_takes() {
    isolated!({
        let receiver = Receiver::start();
        let report = run(grpc(&receiver), |_| {
            for _ in 0..50 {
                Tool::new("t").attribute("prompt", "x".repeat(100_000)).start().finish();
            }
        });
        assert_eq!(traces(&report).exported, 50);
        receiver.assert_conformant();
        assert_eq!(receiver.spans().len(), 50);
        let requests = receiver.requests();
        assert!(requests.len() >= 2);
        assert!(requests.iter().all(|request| request.bytes <= 3584 << 10));
    });
}

#[test]
fn fifty_megabytes_travel_in_requests_of_at_most_fifteen_over_http() {
    isolated!({
        let receiver = Receiver::start();
        let report = run(http(&receiver), |_| {
            for _ in 0..50 {
                Tool::new("t").attribute("prompt", "x".repeat(1 << 20)).start().finish();
            }
        });
        assert_eq!(traces(&report).exported, 50);
        assert!(receiver.requests().iter().all(|request| request.bytes <= 15 << 20));
    });
}

#[test]
fn a_full_queue_drops_the_newest_and_every_one_is_counted() {
    isolated!({
        let receiver = Receiver::start();
        receiver.answer_all(Answer::Hang);
        let config = http(&receiver).shutdown_timeout(Duration::from_millis(300));
        let report = run(config, |_| record(10_000));
        let counts = traces(&report);
        assert_eq!(counts.accepted, 10_000);
        assert_eq!(counts.dropped_for(DropReason::QueueFull), 10_000 - 2048);
        assert_eq!(counts.dropped_for(DropReason::ShutdownTimeout), 2048);
    });
}

/// What the child warned of.
fn warnings(said: &Said) -> Vec<&str> {
    let warnings = said.stderr.lines().filter_map(|line| line.strip_prefix("spanwise: "));
    warnings.filter(|warning| !warning.contains("cannot be reached")).collect()
}

#[test]
fn a_queue_that_is_full_again_and_again_is_one_warning_and_so_is_what_is_left_at_the_end() {
    let child = child!({
        let receiver = Receiver::start();
        receiver.answer_all(Answer::Hang);
        let config = http(&receiver).shutdown_timeout(Duration::from_millis(300));
        let report = block_on(async {
            let telemetry = spanwise::init_telemetry(traces_only(config)).unwrap();
            for _ in 0..5 {
                record(5_000);
                drop(telemetry.flush_within(Duration::from_millis(100)).await);
            }
            telemetry.shutdown().await
        });
        assert_eq!(traces(&report).dropped_for(DropReason::QueueFull), 25_000 - 2048);
        assert_eq!(traces(&report).dropped_for(DropReason::ShutdownTimeout), 2048);
    });
    let said = child.run(&[]);
    let [full, left] = warnings(&said)[..] else { panic!("{}", said.stderr) };
    assert!(full.starts_with("the queue of destination `otlp` is full; lost: "), "{full}");
    assert_eq!(
        left,
        "destination `otlp` had not taken everything when shutdown's time was over; lost: 2048 spans"
    );
}

#[test]
fn an_outage_is_one_warning_when_it_begins_and_shows_no_secret() {
    let child = child!({
        let receiver = Receiver::start();
        receiver.down();
        let url = format!("http://user:canary@{}/?key=canary", receiver.http);
        block_on(async {
            let config = config().endpoint(url).shutdown_timeout(PATIENCE);
            let telemetry = spanwise::init_telemetry(config).unwrap();
            for _ in 0..3 {
                record(10);
                let report = telemetry.flush_within(Duration::from_millis(500)).await;
                assert!(!report.complete, "{report}");
            }
            receiver.up();
            assert_eq!(telemetry.shutdown().await.dropped(), 0);
        });
    });
    let said = child.run(&[]);
    let warnings: Vec<_> = said.stderr.lines().filter(|it| it.starts_with("spanwise: ")).collect();
    let [warning] = warnings[..] else { panic!("{}", said.stderr) };
    assert!(warning.contains(" over http/protobuf cannot be reached, trying again: "), "{warning}");
    assert!(!said.stderr.contains("canary"), "{}", said.stderr);
}

#[test]
fn the_queue_is_bounded_by_bytes_as_well() {
    isolated!({
        let receiver = Receiver::start();
        receiver.answer_all(Answer::Hang);
        let batches = BatchConfiguration { max_queue_bytes: 8 << 20, ..BatchConfiguration::SPANS };
        let config =
            http(&receiver).span_batches(batches).shutdown_timeout(Duration::from_millis(300));
        let report = run(config, |_| {
            for _ in 0..100 {
                Tool::new("t").attribute("prompt", "x".repeat(1 << 20)).start().finish();
            }
        });
        let counts = traces(&report);
        assert_eq!(counts.dropped_for(DropReason::QueueFull), 93);
        assert_eq!(counts.dropped_for(DropReason::ShutdownTimeout), 7);
    });
}

#[test]
fn a_slow_destination_holds_up_no_other() {
    isolated!({
        let (slow, fast) = (Receiver::start(), Receiver::start());
        slow.answer_all(Answer::Hang);
        let config = config()
            .destination(spanwise::Destination::otlp(slow.http_url()).name("slow"))
            .destination(spanwise::Destination::otlp(fast.http_url()).name("fast"))
            .shutdown_timeout(Duration::from_millis(500));
        let report = run(config, |telemetry| {
            for thousand in 1..=10 {
                record(1000);
                drop(telemetry.flush());
                // The fast one has room again before the next thousand come.
                fast.wait_until("the thousand", |fast| fast.spans().len() == thousand * 1000);
            }
        });
        assert_eq!(fast.spans().len(), 10_000);
        let slow = report.destination("slow").unwrap().traces();
        assert_eq!(slow.accepted, 10_000);
        assert_eq!(slow.dropped(), 10_000);
        assert_eq!(report.destination("fast").unwrap().traces().exported, 10_000);
    });
}

#[test]
fn metrics_and_logs_are_counted_like_spans() {
    isolated!({
        let receiver = Receiver::start();
        receiver.answer_all(Answer::Http(400, None, "no"));
        let config = http(&receiver).content_capture(spanwise::ContentCapture::EventOnly);
        let report = block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            spanwise::Generation::chat("p", "m").start().finish();
            telemetry.shutdown().await
        });
        let otlp = &report.destinations[0];
        assert_eq!(otlp.logs().dropped_for(DropReason::Refused), 1);
        assert!(otlp.metrics().dropped_for(DropReason::Refused) > 0);
        assert_eq!(otlp.metrics().accepted, otlp.metrics().dropped());
    });
}

#[test]
fn the_books_are_told_as_metrics_by_the_names_of_the_conventions() {
    isolated!({
        let receiver = Receiver::start();
        receiver.answer_next([Answer::Http(400, None, "no")]);
        block_on(async {
            let telemetry = spanwise::init_telemetry(http(&receiver)).unwrap();
            record(3);
            telemetry.flush().await;
            record(2);
            telemetry.flush().await;
            telemetry.shutdown().await
        });
        let last = receiver.metric_requests().pop().unwrap();
        let metrics = last.resource_metrics.into_iter().flat_map(|r| r.scope_metrics);
        let metrics: Vec<_> = metrics.flat_map(|scope| scope.metrics).collect();
        let points = |name: &str| -> Vec<(String, i64)> {
            use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point::Value};
            let metric = metrics.iter().find(|metric| metric.name == name);
            let Some(Data::Sum(sum)) = metric.and_then(|metric| metric.data.clone()) else {
                panic!("{name} is no sum")
            };
            sum.data_points
                .iter()
                .map(|point| {
                    let Some(Value::AsInt(number)) = point.value else { panic!("no whole number") };
                    (support::text(&point.attributes, "error.type"), number)
                })
                .collect()
        };
        // One of the first requests was refused: that of the spans, or that of the metrics.
        let exported: i64 =
            points("otel.sdk.exporter.span.exported").iter().map(|(_, number)| number).sum();
        assert_eq!(exported, 5);
        assert_eq!(points("otel.sdk.processor.span.processed"), [(String::new(), 5)]);
        assert_eq!(points("otel.sdk.processor.span.queue.size"), [(String::new(), 0)]);
        assert_eq!(points("otel.sdk.processor.span.queue.capacity"), [(String::new(), 2048)]);
        assert_eq!(points("otel.sdk.span.live"), [(String::new(), 0)]);
    });
}
