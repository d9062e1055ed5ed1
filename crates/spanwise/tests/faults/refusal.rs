//! The receiver is there, and does not take what it is sent: not now, not this, or not at all.

use std::thread::sleep;
use std::time::{Duration, Instant};

use spanwise_testing::{Answer, Connections, Receiver};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::row::{BOTH, ENDING, GRPC, HTTP, Over, Row, Rows};

/// How long a fault lasts.
const WHILE: Duration = Duration::from_secs(3);
/// How long a request without an answer is waited for.
const TIMEOUT_MS: u64 = 1000;

pub fn rows(rows: &mut Rows) {
    rows.add("503 with Retry-After: 30", &HTTP, |row| {
        row.receiver.answer_next([Answer::Http(503, Some("30"), "")]);
        waits(row, Duration::from_secs(30));
    });
    rows.add("UNAVAILABLE with RetryInfo of 10 s", &GRPC, |row| {
        row.receiver.answer_next([later(Code::Unavailable, Duration::from_secs(10))]);
        waits(row, Duration::from_secs(10));
    });
    rows.add("accepts and never answers", &BOTH, |row| for_a_while(row, hang, serve));
    rows.add("takes connections and never reads", &BOTH, |row| {
        for_a_while(row, |to| to.treat_connections(Connections::Ignore), serve);
    });
    rows.add("resets connections mid-body", &BOTH, |row| {
        for_a_while(row, |to| to.treat_connections(Connections::Reset { after: 3000 }), serve);
    });
    rows.add("TLS handshake fails", &BOTH, |row| {
        row.with_tls();
        for_a_while(row, |to| to.treat_connections(Connections::FailHandshake), serve);
    });
    rows.add("429", &BOTH, |row| {
        let over = row.shape.over;
        for_a_while(row, |to| to.answer_all(too_many(over)), serve);
    });
    rows.add("partial success", &BOTH, partial_success);
    rows.add("400 for one poison span in a batch of 512", &BOTH, poison);
}

fn hang(receiver: &Receiver) {
    receiver.answer_all(Answer::Hang);
}

fn serve(receiver: &Receiver) {
    receiver.answer_all(Answer::Accept);
    receiver.treat_connections(Connections::Serve);
}

fn later(code: Code, delay: Duration) -> Answer {
    let details = ErrorDetails::with_retry_info(Some(delay));
    Answer::Grpc(Status::with_error_details(code, "later", details))
}

fn too_many(over: Over) -> Answer {
    match over {
        Over::Grpc => later(Code::ResourceExhausted, Duration::from_millis(200)),
        Over::Http => Answer::Http(429, None, ""),
    }
}

/// The first request is put off by so much, and nothing comes before that is over: a wait outlives the time
/// for one export.
fn waits(row: &mut Row, delay: Duration) {
    let export_timeout = (delay / 2).as_millis();
    let mut sender = row.setup().set("OTEL_BSP_EXPORT_TIMEOUT", export_timeout).start();
    sender.record(100);
    row.receiver.wait_until("a request", |receiver| !receiver.requests().is_empty());
    let refused = Instant::now();
    sender.record(100);
    row.wait_for(1, delay + ENDING);
    // It was refused a moment before it was seen here.
    let (waited, slack) = (refused.elapsed(), Duration::from_millis(100));
    assert!(waited + slack >= delay, "it waited {waited:?}, not {delay:?}");
    let report = row.end(sender, 200);
    let line = row.settle(200, &[&report]);
    assert_eq!((line.received, line.duplicated), (200, 0));
}

/// For a while nothing gets through, then everything.
fn for_a_while(row: &mut Row, begins: impl FnOnce(&Receiver), ends: impl FnOnce(&Receiver)) {
    let mut sender = row.setup().set("OTEL_EXPORTER_OTLP_TIMEOUT", TIMEOUT_MS).start();
    sender.pace(300);
    sleep(Duration::from_millis(500));
    begins(&row.receiver);
    sleep(WHILE);
    ends(&row.receiver);
    sleep(Duration::from_millis(500));
    let sent = sender.stop();
    // A connection over gRPC whose other end is silent is given up after 40 s.
    sender.drain(Duration::from_secs(60));
    let report = row.end(sender, sent);
    row.settle(sent, &[&report]);
}

fn partial_success(row: &mut Row) {
    row.receiver.answer_next([Answer::Partial(3)]);
    let mut sender = row.start();
    let sent = sender.record(100);
    let report = row.end(sender, sent);
    let line = row.note(sent, &[&report], "");
    row.accounted(&line);
    assert_eq!(report.counts("otlp/traces").reasons, [("rejected".to_owned(), 3)].into());
    assert_eq!((line.received, line.duplicated), (97, 0), "what was taken is not sent again");
    assert_eq!(row.receiver.requests().len(), 1);
}

fn poison(row: &mut Row) {
    let no = match row.shape.over {
        Over::Grpc => Answer::Grpc(Status::invalid_argument("no")),
        Over::Http => Answer::Http(400, None, "no"),
    };
    row.receiver.answer_by(move |message, _| {
        let is_poisoned = message.spans().any(|span| span.name == "execute_tool poison");
        if is_poisoned { no.clone() } else { Answer::Accept }
    });
    // Long enough for all of them to go in one batch.
    let mut sender = row.setup().set("OTEL_BSP_SCHEDULE_DELAY", 5000).start();
    sender.record(300);
    sender.poison();
    let sent = sender.record(211);
    let report = row.end(sender, sent);
    let line = row.note(sent, &[&report], "");
    row.accounted(&line);
    assert_eq!((sent, line.received, line.dropped), (512, 511, 1), "{line:?}");
    let requests = row.receiver.requests();
    assert_eq!(requests[0].spans, 512, "they were one batch");
    assert!(requests.len() <= 24, "{} requests for one poison span", requests.len());
}
