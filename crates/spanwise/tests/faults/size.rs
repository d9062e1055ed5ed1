//! What is sent is too much: for the receiver, for the time, or for the queue.

use std::time::Duration;

use spanwise_testing::{Answer, Receiver, text};
use tonic::Status;

use crate::row::{BOTH, ENDING, GRPC, HTTP, Over, Row, Rows, alone};
use crate::sender;
use crate::tally::Tally;

const MIB: usize = 1 << 20;

pub fn rows(rows: &mut Rows) {
    rows.add("413 above 1 MiB, 50 spans of 100 KB", &BOTH, |row| {
        refuse_above(row, MIB);
        large(row, &[(50, 100_000)]);
    });
    rows.add("413 above 1 MiB, one span of 2 MiB among 20", &BOTH, too_large_by_itself);
    rows.add("4 MiB cap, 50 spans of 100 KB and 20 of 1 MiB", &GRPC, |row| {
        large(row, &[(50, 100_000), (20, MIB)]);
    });
    rows.add("250 ms latency at 3,000 spans/s", &BOTH, latency);
    rows.add("100,000 spans by 8 threads, queue of 8 MiB", &BOTH, |row| {
        hundred_thousand(row, 8 * MIB);
    });
    rows.add("100,000 spans by 8 threads, queue of 256 MiB", &BOTH, |row| {
        let dropped = hundred_thousand(row, 256 * MIB);
        assert_eq!(dropped, 0, "there is room for all of them");
    });
    rows.add("a slow destination beside a fast one", &HTTP, slow_beside_fast);
}

/// As servers say it that a request is too large: with 413, or as servers in Go do over gRPC.
fn refuse_above(row: &Row, most: usize) {
    let over = row.shape.over;
    row.receiver.answer_by(move |_, arrived| match (arrived.bytes > most, over) {
        (false, _) => Answer::Accept,
        (true, Over::Http) => Answer::Http(413, None, ""),
        (true, Over::Grpc) => Answer::Grpc(Status::resource_exhausted(format!(
            "grpc: received message larger than max ({} vs. {most})",
            arrived.bytes
        ))),
    });
}

fn large(row: &mut Row, spans: &[(u64, usize)]) {
    let mut sender = row.start();
    let mut sent = 0;
    for (count, bytes) in spans {
        sent = sender.record_large(*count, *bytes);
    }
    let report = row.end(sender, sent);
    let line = row.settle(sent, &[&report]);
    assert_eq!((line.received, line.dropped), (sent, 0), "there is a way for all of them");
}

fn too_large_by_itself(row: &mut Row) {
    refuse_above(row, MIB);
    let mut sender = row.start();
    sender.record(10);
    sender.record_large(1, 2 * MIB);
    let sent = sender.record(10);
    sender.drain(ENDING);
    let spans = row.receiver.spans();
    let report = row.end(sender, sent);
    let prompts = spans.iter().map(|span| text(&span.attributes, "prompt"));
    let shrunk: Vec<String> = prompts.filter(|prompt| !prompt.is_empty()).collect();
    let line = row.settle(sent, &[&report]);
    assert_eq!(line.received, sent, "it arrives without its content");
    assert!(shrunk.len() == 1 && shrunk[0].len() < 1000, "{} bytes", shrunk[0].len());
    assert!(shrunk[0].contains("2097152"), "the marker has the length: {}", shrunk[0]);
}

/// One request at a time carries 2,048 spans a second.
fn latency(row: &mut Row) {
    let _alone = alone();
    let latency = Duration::from_millis(250);
    row.receiver.answer_after(latency);
    // There is room for what a machine that is busy with something else leaves for later.
    let mut sender = row.setup().set("OTEL_BSP_MAX_QUEUE_SIZE", 20_000).start();
    sender.pace(3000);
    std::thread::sleep(Duration::from_secs(6));
    let sent = sender.stop();
    let report = row.end(sender, sent);
    let line = row.settle(sent, &[&report]);
    assert_eq!((line.received, line.dropped), (sent, 0), "{line:?}");
    let requests = row.receiver.requests();
    let beside = requests.windows(2).filter(|two| two[1].at - two[0].at < latency).count();
    assert!(beside > 5, "requests go side by side: {beside} of {}", requests.len());
}

/// How many were dropped.
fn hundred_thousand(row: &mut Row, queue_bytes: usize) -> u64 {
    let _alone = alone();
    let mut sender = row.setup().set(sender::QUEUE_BYTES, queue_bytes).start();
    let sent = sender.record_by_threads(8, 12_500);
    sender.drain(Duration::from_secs(60));
    let report = row.end(sender, sent);
    let line = row.settle(sent, &[&report]);
    assert_eq!(sent, 100_000);
    line.dropped
}

fn slow_beside_fast(row: &mut Row) {
    let slow = Receiver::start();
    slow.answer_all(Answer::Hang);
    let destinations = format!("slow={},fast={}", slow.http_url(), row.receiver.http_url());
    let setup = row.setup().set(sender::DESTINATIONS, destinations);
    let mut sender = setup.start();
    sender.pace(1000);
    std::thread::sleep(Duration::from_secs(5));
    let sent = sender.stop();
    row.wait_for(sent, ENDING);
    let fast = sender.report().counts("fast/traces").clone();
    assert_eq!(fast.dropped, 0);
    slow.answer_all(Answer::Accept);
    // What hangs is tried again after the time for one attempt.
    sender.drain(Duration::from_secs(60));
    let report = sender.shutdown(ENDING);
    let counts = report.counts("slow/traces");
    let mut tally = Tally::default();
    tally.add(&slow.take_messages());
    let note =
        format!("of {sent} the slow one got {}, dropped {}", tally.received(), counts.dropped);
    let line = row.note(sent, &[], note);
    assert_eq!((line.received, line.duplicated), (sent, 0));
    assert_eq!(report.counts("fast/traces").exported, sent);
    assert_eq!(sent - tally.received(), counts.dropped);
    if row.is_spooled() {
        assert_eq!(counts.dropped, 0);
    }
}
