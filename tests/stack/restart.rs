//! The Collector is killed in the middle, and nothing is lost.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use spanwise::{Report, SpoolSettings, TelemetryConfig, Tool};

use crate::machine::Collector;
use crate::process::PATIENCE;
use crate::support::{Receiver, block_on, child, text};

/// How many spans the program records, one every few milliseconds.
const SPANS: i64 = 600;

#[test]
fn nothing_is_lost_when_the_collector_is_killed_and_comes_back() {
    let child = child!(block_on(async {
        let spool = SpoolSettings::new(std::env::var("TEST_DIR").unwrap());
        let config = TelemetryConfig::from_env().unwrap().spool(spool);
        let telemetry = spanwise::init_telemetry(config).unwrap();
        for n in 0..SPANS {
            Tool::new("t").attribute("n", n).start().finish();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // While the Collector is away they are on disk; it comes back.
        let waiting = |report: &Report| {
            let counts = report.destinations[0].traces();
            counts.queued + counts.in_flight + counts.spooled
        };
        let deadline = Instant::now() + PATIENCE;
        while waiting(&telemetry.flush().await) > 0 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let report = telemetry.shutdown().await;
        assert_eq!(waiting(&report), 0, "{report}");
        assert_eq!(report.dropped(), 0, "{report}");
    }));
    let receiver = Receiver::start();
    let folder = tempfile::tempdir().unwrap();
    let Some(collector) = Collector::new("otel-collector.yaml", folder.path()) else { return };
    let collector = collector
        .variable("JAEGER_OTLP", receiver.grpc)
        .variable("PROMETHEUS_OTLP", receiver.http_url());
    let running = collector.start();
    let endpoint = format!("http://{}", collector.grpc);
    let spool = folder.path().join("spool");
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("TEST_DIR", spool.to_str().unwrap()),
    ];
    let log = std::fs::File::create(folder.path().join("program.log")).unwrap();
    let mut command = child.command(&variables);
    let mut program =
        command.stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null()).spawn().unwrap();

    receiver.wait_until("some came through", |receiver| receiver.spans().len() > 50);
    running.kill();
    let before = numbers(&receiver).len();
    assert!(before < SPANS as usize, "the program was over before the Collector was killed");
    // The receiver behind it is away as well for a while, so that its own queue is needed.
    receiver.down();
    let running = collector.start();
    receiver.up();

    let ended = program.wait().unwrap();
    let said = std::fs::read_to_string(folder.path().join("program.log")).unwrap();
    assert!(ended.success(), "{said}\n{}", running.said());
    receiver.wait_until("every span came through", |receiver| {
        numbers(receiver) == (0..SPANS).map(|n| n.to_string()).collect()
    });
}

fn numbers(receiver: &Receiver) -> BTreeSet<String> {
    receiver.spans().iter().map(|span| text(&span.attributes, "n")).collect()
}
