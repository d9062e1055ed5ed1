//! The sender is killed, again and again. What it had recorded a moment before must be on the disk.
//!
//! ```text
//! recorded ──────────────► on the disk ─► sent
//!          at most 100 ms │
//!          ◄─ may be lost ┴─ arrives: from this process, or from the next one with the same directory
//! ```
//!
//! A sender tells by ticks what it has recorded when. What was recorded longer than that before it was killed
//! must arrive. On top of the 100 ms comes what the scheduler takes: how late the sender itself was woken at
//! worst, for each of the two threads on the way once until it runs and once while it does, and a little for
//! the write.

use std::thread::sleep;
use std::time::Duration;

use crate::process::Tick;
use crate::row::{Items, Over, Row, Rows, Shape, Spool, alone};

const SPANS: [Shape; 2] = [
    Shape::new(Over::Grpc, Items::Spans, Spool::WriteAhead),
    Shape::new(Over::Http, Items::Spans, Spool::WriteAhead),
];
const OTHERS: [Shape; 3] = [
    Shape::new(Over::Http, Items::Logs, Spool::WriteAhead),
    Shape::new(Over::Http, Items::CumulativeMetrics, Spool::WriteAhead),
    Shape::new(Over::Grpc, Items::DeltaMetrics, Spool::WriteAhead),
];

/// What write-ahead promises.
const AT_MOST: Duration = Duration::from_millis(100);
/// What a write takes on a disk that others use.
const WRITE: Duration = Duration::from_millis(20);
/// What was adopted is on its way before so much time is over.
const QUIET: Duration = Duration::from_secs(3);
/// How often metrics are collected here: what is not collected yet is nowhere.
const INTERVAL: Duration = Duration::from_millis(100);

pub fn rows(rows: &mut Rows) {
    rows.add("kill -9 at 50 random moments", &SPANS[1..], |row| killed(row, 50));
    rows.add("kill -9 at 10 random moments", &SPANS[..1], |row| killed(row, 10));
    rows.add("kill -9 at 10 random moments", &OTHERS, |row| killed(row, 10));
}

struct Killed {
    ticks: Vec<Tick>,
    at: Duration,
}

impl Killed {
    fn recorded(&self) -> u64 {
        self.ticks.last().map(|tick| tick.recorded).unwrap_or_default()
    }

    /// How long before it was killed something may have been recorded and be lost.
    fn may_be_lost(&self, items: Items) -> Duration {
        let late = self.ticks.iter().map(|tick| tick.late).max().unwrap_or_default();
        let slack = WRITE + 4 * Duration::from_micros(late);
        match items {
            Items::Spans | Items::Logs => AT_MOST + slack,
            Items::CumulativeMetrics | Items::DeltaMetrics => INTERVAL + AT_MOST + slack,
        }
    }

    /// How many of its items had been recorded this long before.
    fn recorded_before(&self, lead: Duration) -> u64 {
        let before =
            self.ticks.iter().filter(|tick| Duration::from_micros(tick.at) + lead < self.at);
        before.map(|tick| tick.recorded).max().unwrap_or_default()
    }
}

fn killed(row: &mut Row, times: usize) {
    let _alone = alone();
    let mut runs = Vec::new();
    for run in 0..times {
        match run % 3 {
            2 => row.receiver.down(),
            _ => row.receiver.up(),
        }
        let setup = row.setup().set("OTEL_METRIC_EXPORT_INTERVAL", INTERVAL.as_millis());
        let mut sender = setup.start();
        sender.pace_with_ticks(1000);
        sleep(Duration::from_millis(fastrand::u64(20..450)));
        let (ticks, at) = sender.kill();
        runs.push(Killed { ticks, at: Duration::from_micros(at) });
    }
    row.receiver.up();
    let mut last = row.start();
    let end = last.record(10);
    // How much of the others' is to come is not known: enough that for a while nothing does.
    while row.grows_within(QUIET) {}
    let report = row.end(last, end);

    let is_metrics = matches!(row.shape.items, Items::CumulativeMetrics | Items::DeltaMetrics);
    let (mut sent, mut worst, mut broken) = (end, Duration::ZERO, Vec::new());
    for (number, killed) in runs.iter().enumerate() {
        let run = number as i64 + 1;
        // What was recorded after the last tick may have arrived as well.
        let arrived = row.tally.most(run);
        sent += arrived.max(killed.recorded());
        let first_lost = match is_metrics {
            true => row.tally.counted(run),
            false => row.tally.missing(run, killed.recorded()).first().copied().unwrap_or(u64::MAX),
        };
        let lead = killed.may_be_lost(row.shape.items);
        if first_lost < killed.recorded_before(lead) {
            broken.push(format!(
                "run {run}: item {first_lost} lost, {} had to stay",
                killed.recorded_before(lead)
            ));
        }
        let lost_at = killed.ticks.iter().find(|tick| tick.recorded > first_lost);
        let lost_for = lost_at.map(|tick| killed.at.saturating_sub(Duration::from_micros(tick.at)));
        worst = worst.max(lost_for.unwrap_or_default());
    }
    let note = format!("lost is what was recorded in the last {} ms at most", worst.as_millis());
    let line = row.note(sent, &[&report], note);
    assert_eq!((line.dropped, line.spooled), (0, 0), "{line:?}");
    assert!(broken.is_empty(), "{broken:?}");
}
