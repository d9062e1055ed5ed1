//! A long time at 2,000 spans a second with a receiver that flaps: everything is accounted for, and memory
//! stays flat.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::row::{Items, Over, Row, Rows, Shape, Spool};

const SHAPES: [Shape; 2] = [
    Shape::new(Over::Grpc, Items::Spans, Spool::Spill),
    Shape::new(Over::Http, Items::Spans, Spool::None),
];

/// How long, in seconds; a minute where it is not set.
const SECONDS: &str = "SPANWISE_SOAK_SECONDS";

const RATE: u64 = 2000;
/// What memory may grow by, from the second fifth of the time to the last.
const GROWTH_KIB: u64 = 12 << 10;

pub fn rows(rows: &mut Rows) {
    let seconds = std::env::var(SECONDS).ok().and_then(|value| value.parse().ok()).unwrap_or(60);
    if seconds > 0 {
        let name = format!("{seconds} s of soak at {RATE} spans/s, receiver flapping");
        rows.add(&name, &SHAPES, move |row| soak(row, Duration::from_secs(seconds)));
    }
}

fn soak(row: &mut Row, duration: Duration) {
    let mut sender = row.start();
    sender.pace(RATE);
    let (started, mut resident, mut is_up) = (Instant::now(), Vec::new(), true);
    while started.elapsed() < duration {
        // Away for a third of the time, in pieces of a second or two.
        sleep(Duration::from_millis(if is_up { 2000 } else { 1000 }));
        is_up = !is_up;
        if is_up {
            row.receiver.up();
        } else {
            row.receiver.down();
        }
        resident.push((started.elapsed(), sender.resident_kib()));
        row.count();
    }
    row.receiver.up();
    let sent = sender.stop();
    sender.drain(Duration::from_secs(120));
    let report = row.end(sender, sent);
    let most = |from: Duration, to: Duration| {
        let within = resident.iter().filter(|(at, _)| (from..to).contains(at));
        within.map(|(_, kib)| *kib).max().unwrap_or_default()
    };
    let early = most(duration / 5, duration * 2 / 5);
    let late = most(duration * 4 / 5, duration * 2);
    let line = row.note(sent, &[&report], format!("resident {early} KiB early, {late} KiB late"));
    assert!(sent >= RATE * duration.as_secs() * 9 / 10, "it kept the pace: {line:?}");
    row.accounted(&line);
    if row.is_spooled() {
        assert_eq!((line.received, line.dropped, line.spooled), (sent, 0, 0), "{line:?}");
    }
    assert!(early > 0 && late < early + GROWTH_KIB, "memory grows: {line:?}");
}
