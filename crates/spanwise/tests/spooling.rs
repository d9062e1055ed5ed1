//! What cannot be delivered waits on disk: for later in this process, or for the next.

mod support;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use spanwise::{
    BatchConfiguration, Counts, DropReason, OtlpProtocol, OverflowPolicy, Report, Signals,
    SpoolSettings, TelemetryConfig, Tool,
};
use support::{Answer, Child, PATIENCE, Receiver, block_on, child, config, isolated, until_told};

fn record(spans: usize) {
    for n in 0..spans {
        Tool::new("t").attribute("n", n as i64).start().finish();
    }
}

/// A configuration that sends spans to this port, and spools into this directory.
fn spooling(port: u16, directory: &Path) -> TelemetryConfig {
    config()
        .endpoint(format!("http://127.0.0.1:{port}"))
        .signals(Signals::TRACES)
        .spool(SpoolSettings::new(directory))
        .shutdown_timeout(PATIENCE)
}

/// A receiver that is not there yet.
fn down() -> Receiver {
    let receiver = Receiver::start();
    receiver.down();
    receiver
}

#[track_caller]
fn traces(report: &Report) -> Counts {
    let counts = report.destinations[0].traces();
    let sum = counts.queued + counts.in_flight + counts.spooled + counts.exported;
    assert_eq!(counts.accepted, sum + counts.dropped(), "{counts:?}");
    counts
}

/// Runs the body of a test in a process of its own several times: once for each of these phases.
fn phases(child: &Child, port: u16, directory: &Path, phases: &[&str]) {
    for phase in phases {
        let (port, directory) = (port.to_string(), directory.to_str().unwrap());
        child.run(&[("TEST_PORT", &port), ("TEST_DIR", directory), ("TEST_PHASE", phase)]);
    }
}

/// The phase `up`, which waits until so many spans have arrived.
fn up(child: &Child, receiver: &Receiver, directory: &Path, spans: usize) {
    let (port, directory) = (receiver.http.port().to_string(), directory.to_str().unwrap());
    let variables = [("TEST_PORT", &*port), ("TEST_DIR", directory), ("TEST_PHASE", "up")];
    child.run_until(&variables, || {
        receiver.wait_until("everything arrives", |it| it.spans().len() >= spans);
    });
}

fn given() -> (u16, std::path::PathBuf, String) {
    let variable = |name: &str| std::env::var(name).unwrap();
    (variable("TEST_PORT").parse().unwrap(), variable("TEST_DIR").into(), variable("TEST_PHASE"))
}

/// How many files lie below a directory.
fn files(directory: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    let entries = entries.map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

#[test]
fn what_is_left_when_the_receiver_is_dead_arrives_at_the_next_start() {
    let child = child!({
        let (port, directory, phase) = given();
        let report = block_on(async {
            let config = spooling(port, &directory);
            let telemetry = spanwise::init_telemetry(config).unwrap();
            if phase == "down" {
                record(1500);
                let started = Instant::now();
                let report = telemetry.shutdown().await;
                assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
                report
            } else {
                // Nothing is recorded: what is there is from before.
                until_told();
                telemetry.shutdown().await
            }
        });
        let counts = traces(&report);
        assert!(report.complete && counts.dropped() == 0, "{report}");
        let expected = if phase == "down" { (1500, 0) } else { (0, 1500) };
        assert_eq!((counts.spooled, counts.exported), expected);
    });
    let (receiver, directory) = (down(), tempfile::tempdir().unwrap());
    let port = receiver.http.port();
    phases(&child, port, directory.path(), &["down"]);
    assert!(files(directory.path()) > 0);
    receiver.up();
    up(&child, &receiver, directory.path(), 1500);
    receiver.assert_conformant();
    assert_eq!(receiver.spans().len(), 1500);
    assert_eq!(files(directory.path()), 0, "nothing is left behind");
}

#[test]
fn an_outage_in_the_middle_loses_nothing_and_everything_arrives_in_this_process() {
    isolated!({
        let (receiver, directory) = (down(), tempfile::tempdir().unwrap());
        let port = receiver.http.port();
        block_on(async {
            let config = spooling(port, directory.path());
            let telemetry = spanwise::init_telemetry(config).unwrap();
            // Ten times as many as the queue takes, without a receiver.
            for _ in 0..20 {
                record(1000);
                drop(telemetry.flush_within(Duration::from_millis(200)).await);
            }
            let before = traces(&telemetry.report());
            assert_eq!((before.accepted, before.dropped()), (20_000, 0));
            assert!(before.spooled > 10_000, "{before:?}");
            receiver.up();
            receiver.wait_until("all of it", |receiver| receiver.spans().len() >= 20_000);
            record(10);
            let report = telemetry.shutdown().await;
            assert_eq!((traces(&report).exported, traces(&report).spooled), (20_010, 0));
            assert_eq!(receiver.spans().len(), 20_010);
        });
        assert_eq!(files(directory.path()), 0);
    });
}

#[test]
fn what_overflows_the_queue_goes_to_disk_and_arrives() {
    isolated!({
        let directory = tempfile::tempdir().unwrap();
        let receiver = Receiver::start();
        receiver.answer_all(Answer::Hang);
        block_on(async {
            let batches =
                BatchConfiguration { max_queue_bytes: 1 << 20, ..BatchConfiguration::SPANS };
            let config = spooling(receiver.http.port(), directory.path())
                .span_batches(batches)
                .timeout(Duration::from_secs(2));
            let telemetry = spanwise::init_telemetry(config).unwrap();
            for _ in 0..50 {
                record(400);
                drop(telemetry.flush_within(Duration::from_millis(20)).await);
            }
            let before = traces(&telemetry.report());
            assert_eq!((before.accepted, before.dropped()), (20_000, 0));
            assert!(before.spooled > 0, "{before:?}");
            receiver.answer_all(Answer::Accept);
            receiver.wait_until("all of it", |receiver| receiver.spans().len() >= 20_000);
            let report = telemetry.shutdown().await;
            assert_eq!(traces(&report).exported, 20_000);
        });
    });
}

#[test]
fn what_has_no_answer_when_time_is_over_is_on_disk() {
    let child = child!({
        let (port, directory, _) = given();
        let config = spooling(port, &directory).shutdown_timeout(Duration::from_secs(1));
        let report = block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            record(1000);
            let started = Instant::now();
            let report = telemetry.shutdown().await;
            assert!(started.elapsed() < Duration::from_secs(3));
            report
        });
        assert_eq!((traces(&report).spooled, traces(&report).dropped()), (1000, 0));
    });
    let directory = tempfile::tempdir().unwrap();
    let receiver = Receiver::start();
    receiver.answer_all(Answer::Hang);
    phases(&child, receiver.http.port(), directory.path(), &["hangs"]);
    assert!(files(directory.path()) > 0);
}

#[test]
fn with_write_ahead_a_process_that_is_killed_loses_nothing_older_than_a_moment() {
    let child = child!({
        let (port, directory, phase) = given();
        let spool = SpoolSettings::new(&directory).write_ahead(true);
        let config = spooling(port, &directory).spool(spool);
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            if phase == "killed" {
                record(1000);
                // As much as may be lost, and what a loaded machine adds to it.
                std::thread::sleep(Duration::from_millis(1000));
                let me = std::process::id().to_string();
                Command::new("kill").args(["-9", &me]).status().unwrap();
                std::thread::park_timeout(PATIENCE);
            }
            until_told();
            assert_eq!(traces(&telemetry.shutdown().await).exported, 1000);
        });
    });
    let (receiver, directory) = (down(), tempfile::tempdir().unwrap());
    let port = receiver.http.port();
    let killed = std::panic::catch_unwind(|| phases(&child, port, directory.path(), &["killed"]));
    assert!(killed.is_err(), "it was killed");
    receiver.up();
    up(&child, &receiver, directory.path(), 1000);
    assert_eq!(receiver.spans().len(), 1000);
    assert_eq!(files(directory.path()), 0);
}

/// How long it takes until something that was recorded is on disk.
fn reaches_the_disk(within: Duration) -> Duration {
    let (receiver, directory) = (down(), tempfile::tempdir().unwrap());
    let spool = SpoolSettings::new(directory.path()).write_ahead_within(within);
    let config = spooling(receiver.http.port(), directory.path()).spool(spool);
    block_on(async {
        let telemetry = spanwise::init_telemetry(config).unwrap();
        record(1);
        let started = Instant::now();
        // A lock and a note of whose it is are there at once, or soon; a segment is the third file.
        while files(directory.path()) < 3 {
            assert!(started.elapsed() < PATIENCE);
            std::thread::sleep(Duration::from_millis(5));
        }
        let took = started.elapsed();
        drop(telemetry.shutdown_within(Duration::ZERO).await);
        took
    })
}

/// Between the times that spans may wait with each of the two settings below.
const BETWEEN: Duration = Duration::from_millis(1500);

#[test]
fn with_little_time_to_write_ahead_what_is_recorded_is_on_disk_at_once() {
    isolated!(assert!(reaches_the_disk(Duration::from_millis(20)) < BETWEEN));
}

#[test]
fn with_more_time_to_write_ahead_spans_wait_longer_for_their_batch() {
    isolated!(assert!(reaches_the_disk(Duration::from_secs(4)) >= BETWEEN));
}

#[test]
fn with_write_ahead_and_no_outage_everything_arrives_once_and_nothing_is_left_on_disk() {
    isolated!({
        let directory = tempfile::tempdir().unwrap();
        let receiver = Receiver::start();
        let spool = SpoolSettings::new(directory.path()).write_ahead(true);
        let config = spooling(receiver.http.port(), directory.path()).spool(spool);
        let report = block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            for _ in 0..10 {
                record(1000);
                assert!(telemetry.flush().await.complete);
            }
            telemetry.shutdown().await
        });
        assert_eq!((traces(&report).exported, traces(&report).spooled), (10_000, 0));
        receiver.assert_conformant();
        assert_eq!(receiver.spans().len(), 10_000);
        assert_eq!(files(directory.path()), 0);
    });
}

#[test]
fn a_directory_that_cannot_be_written_costs_nothing_but_what_does_not_fit_in_memory() {
    isolated!({
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        std::fs::write(&file, "in the way").unwrap();
        let receiver = down();
        let port = receiver.http.port();
        block_on(async {
            let config = spooling(port, &file.join("below")).retry_timeout(PATIENCE);
            let telemetry = spanwise::init_telemetry(config).unwrap();
            for _ in 0..10 {
                record(200);
                drop(telemetry.flush_within(Duration::from_millis(100)).await);
            }
            assert_eq!(traces(&telemetry.report()).dropped(), 0);
            receiver.up();
            let report = telemetry.shutdown().await;
            assert_eq!(traces(&report).exported, 2000);
            assert_eq!(receiver.spans().len(), 2000);
        });
    });
}

#[test]
fn pieces_of_what_was_read_from_disk_are_sent_until_all_are_over() {
    let child = child!({
        let (port, directory, phase) = given();
        let config = spooling(port, &directory);
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            if phase == "down" {
                record(100);
                drop(telemetry.shutdown().await);
                return;
            }
            until_told();
            let counts = traces(&telemetry.shutdown().await);
            assert_eq!((counts.exported, counts.spooled), (100, 0));
        });
    });
    let (receiver, directory) = (down(), tempfile::tempdir().unwrap());
    let port = receiver.http.port();
    phases(&child, port, directory.path(), &["down"]);
    receiver.up();
    receiver.answer_next([Answer::Http(413, None, ""), Answer::Http(400, None, "")]);
    up(&child, &receiver, directory.path(), 100);
    assert_eq!(receiver.spans().len(), 100);
    assert_eq!(files(directory.path()), 0);
}

#[test]
fn a_spool_that_is_full_drops_its_oldest_and_every_one_is_counted() {
    isolated!({
        let (receiver, directory) = (down(), tempfile::tempdir().unwrap());
        let port = receiver.http.port();
        let spool = SpoolSettings::new(directory.path()).max_bytes(200_000);
        let report = block_on(async {
            let config = spooling(port, directory.path()).spool(spool);
            let telemetry = spanwise::init_telemetry(config).unwrap();
            for _ in 0..10 {
                record(500);
                drop(telemetry.flush_within(Duration::from_millis(300)).await);
            }
            telemetry.shutdown().await
        });
        let counts = traces(&report);
        assert!(counts.dropped_for(DropReason::SpoolFull) > 0, "{report}");
        assert_eq!(counts.spooled + counts.dropped_for(DropReason::SpoolFull), 5000);
    });
}

#[test]
fn without_spilling_the_queue_keeps_its_bound() {
    isolated!({
        let directory = tempfile::tempdir().unwrap();
        let receiver = Receiver::start();
        receiver.answer_all(Answer::Hang);
        let report = block_on(async {
            let config = spooling(receiver.http.port(), directory.path())
                .overflow_policy(OverflowPolicy::DropNewest)
                .protocol(OtlpProtocol::HttpJson)
                .shutdown_timeout(Duration::from_secs(2));
            let telemetry = spanwise::init_telemetry(config).unwrap();
            record(10_000);
            telemetry.shutdown().await
        });
        let counts = traces(&report);
        assert_eq!(counts.dropped_for(DropReason::QueueFull), 10_000 - 2048);
        assert_eq!(counts.spooled, 2048, "{report}");
    });
}
