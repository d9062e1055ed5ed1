//! The disk under the spool: full, not ours to write, damaged, shared.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::process::Report;
use crate::row::{GRPC, HTTP, Items, Over, Row, Rows, Shape, Spool};

const SPILL: [Shape; 2] = [GRPC[1], HTTP[1]];
const WRITTEN: [Shape; 2] = [GRPC[1], Shape::new(Over::Http, Items::Spans, Spool::WriteAhead)];

/// How long a sender is given to end while its receiver is away.
const SHORT: Duration = Duration::from_secs(2);

pub fn rows(rows: &mut Rows) {
    rows.add("disk full while spooling", &WRITTEN, disk_full);
    rows.add("disk full for a while", &SPILL[1..], disk_full_for_a_while);
    rows.add("unwritable directory", &WRITTEN, unwritable);
    rows.add("spool of 256 KiB in an outage", &WRITTEN, small_spool);
    rows.add("corrupt segments", &SPILL, |row| damaged(row, corrupt));
    rows.add("truncated segments", &SPILL, |row| damaged(row, truncate));
    rows.add("two processes share a directory", &WRITTEN, shared);
}

/// Files of at most 4 KiB: less than one request.
fn disk_full(row: &mut Row) {
    row.receiver.down();
    let mut first = row.setup().file_limit(8).start();
    first.record(1000);
    sleep(Duration::from_millis(500));
    let recorded = first.record(1000);
    let first = first.shutdown(SHORT);
    assert!(first.dropped() > 0, "there was room for none of them: {first:?}");
    ends_accounted(row, recorded, first);
}

fn disk_full_for_a_while(row: &mut Row) {
    row.receiver.down();
    let mut first = row.setup().file_limit(8).start();
    first.record(3000);
    sleep(Duration::from_millis(500));
    let unlimited = Command::new("prlimit")
        .args(["--pid", &first.id().to_string(), "--fsize=unlimited:unlimited"])
        .status()
        .expect("util-linux is there");
    assert!(unlimited.success());
    let deadline = Instant::now() + SHORT * 5;
    let before = loop {
        let report = first.report();
        if report.spooled() > 0 {
            break report.dropped();
        }
        assert!(Instant::now() < deadline, "with space it goes to disk: {report:?}");
        sleep(Duration::from_millis(50));
    };
    let recorded = first.record(1500);
    let first = first.shutdown(SHORT);
    assert_eq!(first.dropped(), before, "with space there is no loss: {first:?}");
    ends_accounted(row, recorded, first);
}

/// The receiver is back, and so is the program: what is on the disk arrives, and the rest is counted.
fn ends_accounted(row: &mut Row, recorded: u64, first: Report) {
    row.receiver.up();
    let mut second = row.start();
    let sent = recorded + second.record(10);
    let second = row.end(second, sent - first.dropped());
    let line = row.note(sent, &[&first, &second], "");
    row.accounted(&line);
    assert_eq!(line.spooled, 0);
}

/// The oldest are dropped, and counted; the newest arrive.
fn small_spool(row: &mut Row) {
    row.receiver.down();
    let mut first = row.setup().set("SPANWISE_SPOOL_MAX_BYTES", 256 << 10).start();
    let mut recorded = 0;
    for _ in 0..40 {
        recorded = first.record(100);
        sleep(Duration::from_millis(50));
    }
    let first = first.shutdown(SHORT);
    assert!(first.dropped() > 0 && first.spooled() > 0, "{first:?}");
    let dropped = &first.counts("otlp/traces").reasons;
    assert_eq!(dropped.keys().collect::<Vec<_>>(), ["spool_full"], "{first:?}");
    ends_accounted(row, recorded, first);
    assert!(!row.tally.missing(1, recorded).contains(&(recorded - 1)), "the newest arrives");
}

/// A path below a regular file: nobody can write there, root included.
fn unwritable(row: &mut Row) {
    let file = row.spool_directory();
    fs::write(&file, "a file").expect("the folder is writable");
    let mut sender = row.setup().set("SPANWISE_SPOOL_DIR", file.join("spool").display()).start();
    let recorded = sender.record(700);
    row.wait_for(recorded, Duration::from_secs(20));
    row.receiver.down();
    let sent = sender.record(100);
    let report = sender.shutdown(SHORT);
    let line = row.note(sent, &[&report], "");
    row.accounted(&line);
    assert_eq!((line.received, line.dropped), (700, 100), "{line:?}");
}

fn damaged(row: &mut Row, damage: fn(&Path)) {
    row.receiver.down();
    let mut first = row.start();
    let recorded = first.record(1500);
    let first = first.shutdown(SHORT);
    assert_eq!(first.spooled(), recorded);
    let segments = segments(&row.spool_directory());
    assert!(!segments.is_empty(), "there are segments");
    segments.iter().for_each(|segment| damage(segment));
    row.receiver.up();
    let mut second = row.start();
    let sent = recorded + second.record(10);
    let second = row.end(second, sent - first.dropped());
    let line = row.note(sent, &[&first, &second], "");
    row.accounted(&line);
    let lost = sent - line.received;
    assert!(0 < lost && lost < recorded, "a record is lost, and the rest survives: {line:?}");
}

/// The files that hold records: whatever has the size of one.
fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(segments(&path));
        } else if entry.metadata().is_ok_and(|metadata| metadata.len() > 1000) {
            found.push(path);
        }
    }
    found
}

fn corrupt(segment: &Path) {
    let mut bytes = fs::read(segment).expect("a segment");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(segment, bytes).expect("a segment");
}

fn truncate(segment: &Path) {
    let bytes = fs::read(segment).expect("a segment");
    fs::write(segment, &bytes[..bytes.len() - 100]).expect("a segment");
}

fn shared(row: &mut Row) {
    row.receiver.down();
    let (mut left, mut right) = (row.start(), row.start());
    left.pace(500);
    right.pace(500);
    sleep(Duration::from_secs(1));
    let recorded = left.stop() + right.stop();
    let (left, right) = (left.shutdown(SHORT), right.shutdown(SHORT));
    assert_eq!(left.spooled() + right.spooled(), recorded);
    row.receiver.up();
    let (mut left, mut right) = (row.start(), row.start());
    let sent = recorded + left.record(100) + right.record(100);
    let (left, right) = (row.end(left, sent), row.end(right, sent));
    let line = row.settle(sent, &[&left, &right]);
    assert_eq!(line.duplicated, 0, "each record was adopted by one of them");
}
