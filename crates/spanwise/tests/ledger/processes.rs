//! Processes that die, and many at one file.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use spanwise::{ExporterSettings, Generation, Ledger, Provider, Signals, TelemetryConfig, Usage};

use crate::support::{PATIENCE, block_on, child, config, isolated};
use crate::{Place, call, report, usd, write};

fn given() -> TelemetryConfig {
    let path = std::env::var("TEST_LEDGER").unwrap();
    config().signals(Signals::NONE).ledger(path).shutdown_timeout(PATIENCE)
}

fn record() {
    let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
    generation.usage(Usage::new(100, 20));
    generation.cost(usd("0.001"));
    generation.finish();
}

#[allow(clippy::print_stdout, reason = "so the child says how far it has come")]
fn say(count: u64) {
    println!("\nwritten {count}");
}

/// What a process said to be written.
fn told(line: &str) -> Option<u64> {
    line.strip_prefix("written ")?.parse().ok()
}

#[test]
fn who_is_killed_loses_no_row_that_was_committed() {
    let child = child!({
        let _telemetry = spanwise::init_telemetry(given()).unwrap();
        for written in 1.. {
            record();
            if written % 7 == 0 {
                assert!(block_on(spanwise::flush_exporters(PATIENCE)));
                say(written);
            }
        }
    });
    for least in [7, 70, 210] {
        let place = Place::new();
        let path = place.path();
        let mut command = child.command(&[("TEST_LEDGER", path.to_str().unwrap())]);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut reached = said.by_ref().map_while(Result::ok).filter_map(|line| told(&line));
        assert!(reached.any(|written| written >= least));
        // SIGKILL, at whatever it is doing.
        process.kill().unwrap();
        process.wait().unwrap();
        let rest = said.map_while(Result::ok).filter_map(|line| told(&line));
        let committed = rest.fold(least, u64::max);

        let file = rusqlite::Connection::open(&path).unwrap();
        let check: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
        // Another goes on where it ended.
        let ledger = Ledger::open(path).unwrap();
        let rows = ledger.counts().unwrap().rows;
        assert!(rows >= committed, "{rows} of {committed}");
        write(&ledger, [call(1)]);
        assert_eq!(ledger.counts().unwrap().rows, rows + 1);
    }
}

#[test]
fn a_file_that_others_are_just_making_is_a_ledger() {
    const OTHERS: usize = 8;
    for _ in 0..30 {
        let place = Place::new();
        let ready = std::sync::Barrier::new(OTHERS);
        std::thread::scope(|scope| {
            for _ in 0..OTHERS {
                scope.spawn(|| {
                    ready.wait();
                    Ledger::open(place.path()).unwrap();
                });
            }
        });
    }
}

#[test]
fn many_processes_write_one_file_at_once() {
    const PROCESSES: u64 = 4;
    const CALLS: u64 = 300;
    let child = child!({
        let telemetry = spanwise::init_telemetry(given()).unwrap();
        for _ in 0..CALLS {
            record();
            if fastrand::u8(..) < 8 {
                assert!(block_on(spanwise::flush_exporters(PATIENCE)));
            }
        }
        let report = block_on(telemetry.shutdown());
        assert_eq!(report.exporters[0].name, "ledger");
        assert_eq!(report.exporters[0].exported, CALLS, "{report}");
    });
    let place = Place::new();
    let path = place.path();
    std::thread::scope(|scope| {
        for _ in 0..PROCESSES {
            scope.spawn(|| child.run(&[("TEST_LEDGER", path.to_str().unwrap())]));
        }
    });
    let report = report(&Ledger::open(path).unwrap());
    assert_eq!(report.total.requests, PROCESSES * CALLS);
    let cost = report.total.cost.get(spanwise::Currency::USD).unwrap();
    assert_eq!(cost.to_string(), "1.200");
}

#[test]
fn telemetry_keeps_a_ledger_and_says_where_it_cannot() {
    isolated!({
        let place = Place::new();
        let missing = place.directory().join("missing").join("costs.db");
        let error = spanwise::init_telemetry(config().ledger(missing.clone())).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("ledger cannot be used ("), "{text}");
        assert!(text.ends_with("in a directory that is"), "{text}");

        let none = spanwise::cost_report(crate::at(0), crate::at(1)).unwrap_err();
        assert_eq!(none, spanwise::LedgerError::None);

        let path = place.path();
        let variables = [("SPANWISE_LEDGER", path.to_str().unwrap())];
        let environment = spanwise::Environment::from_iter(variables);
        let config = config().environment(environment).signals(Signals::NONE);
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            record();
            assert!(telemetry.flush().await.complete);
            let now = std::time::SystemTime::now();
            let report = spanwise::cost_report(std::time::UNIX_EPOCH, now + PATIENCE);
            assert_eq!(report.unwrap().total.requests, 1);
            drop(telemetry.shutdown().await);
        });
    });
}

#[test]
fn the_same_ledger_added_twice_counts_once() {
    isolated!({
        let place = Place::new();
        block_on(async {
            let config = config().signals(Signals::NONE).ledger(place.path());
            let telemetry = spanwise::init_telemetry(config).unwrap();
            let again = Ledger::open(place.path()).unwrap();
            spanwise::add_exporter_with(again.clone(), ExporterSettings::new("again"));
            record();
            assert!(telemetry.flush().await.complete);
            assert_eq!(again.counts().unwrap().rows, 1);
            drop(telemetry.shutdown().await);
        });
    });
}
