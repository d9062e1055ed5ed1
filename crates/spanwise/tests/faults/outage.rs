//! The receiver is away, for a while or for as long as the process lives.

use std::thread::sleep;
use std::time::Duration;

use crate::row::{BOTH, Items, Over, Row, Rows, Shape, Spool};

/// Each signal, each protocol, with a spool and without.
const SHAPES: [Shape; 10] = [
    Shape::new(Over::Grpc, Items::Spans, Spool::None),
    Shape::new(Over::Grpc, Items::Spans, Spool::Spill),
    Shape::new(Over::Http, Items::Spans, Spool::None),
    Shape::new(Over::Http, Items::Spans, Spool::Spill),
    Shape::new(Over::Http, Items::Logs, Spool::None),
    Shape::new(Over::Http, Items::Logs, Spool::Spill),
    Shape::new(Over::Http, Items::CumulativeMetrics, Spool::None),
    Shape::new(Over::Http, Items::CumulativeMetrics, Spool::Spill),
    Shape::new(Over::Grpc, Items::DeltaMetrics, Spool::None),
    Shape::new(Over::Grpc, Items::DeltaMetrics, Spool::Spill),
];

pub fn rows(rows: &mut Rows) {
    rows.add("down for the whole run, up at the next start", &SHAPES, whole_run);
    rows.add("down for 2 s", &SHAPES, |row| away_for(row, Duration::from_secs(2), 800));
    rows.add("down for 10 s", &SHAPES, |row| away_for(row, Duration::from_secs(10), 400));
    rows.add("down for the middle third", &SHAPES, middle_third);
    rows.add("restarts every second", &SHAPES, restarts);
    rows.add("down for longer than is tried, 1 s", &BOTH, longer_than_is_tried);
}

fn whole_run(row: &mut Row) {
    row.receiver.down();
    let mut first = row.start();
    let recorded = first.record(700);
    let first = first.shutdown(Duration::from_secs(2));
    row.receiver.up();
    let mut second = row.start();
    let sent = recorded + second.record(50);
    let second = row.end(second, sent - first.dropped());
    let line = row.settle(sent, &[&first, &second]);
    if !row.is_spooled() {
        assert_eq!(line.received, 50);
    }
}

fn away_for(row: &mut Row, outage: Duration, rate: u64) {
    let mut sender = row.start();
    sender.pace(rate);
    sleep(Duration::from_millis(500));
    row.receiver.down();
    sleep(outage);
    row.receiver.up();
    sleep(Duration::from_millis(500));
    settle(row, sender);
}

fn middle_third(row: &mut Row) {
    let third = Duration::from_secs(2);
    let mut sender = row.start();
    sender.pace(300);
    sleep(third);
    row.receiver.down();
    sleep(third);
    row.receiver.up();
    sleep(third);
    settle(row, sender);
}

fn restarts(row: &mut Row) {
    let mut sender = row.start();
    sender.pace(500);
    for _ in 0..6 {
        sleep(Duration::from_millis(700));
        row.receiver.down();
        sleep(Duration::from_millis(300));
        row.receiver.up();
    }
    settle(row, sender);
}

/// Without a spool what is given up is lost; with one it waits for the receiver.
fn longer_than_is_tried(row: &mut Row) {
    let mut sender = row.setup().set("SPANWISE_RETRY_TIMEOUT", 1000).start();
    row.receiver.down();
    sender.record(500);
    sleep(Duration::from_secs(4));
    row.receiver.up();
    let sent = sender.record(100);
    let report = row.end(sender, sent);
    let line = row.settle(sent, &[&report]);
    if !row.is_spooled() {
        assert_eq!((line.received, line.dropped), (100, 500), "{report:?}");
        assert_eq!(report.counts("otlp/traces").reasons["retries_exhausted"], 500);
    }
}

fn settle(row: &mut Row, mut sender: crate::process::Sender) {
    let sent = sender.stop();
    let report = row.end(sender, sent);
    row.settle(sent, &[&report]);
}
