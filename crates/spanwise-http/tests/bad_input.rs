//! Whatever a server does: the caller sees what it would have seen without us, and the span says what happened.

mod support;

use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest_middleware::ClientWithMiddleware;
use spanwise_http::GenAiMiddleware;
use spanwise_testing::Captured;
use support::{ANSWER, EVENTS, REQUEST, Script, http_client, record, serve_raw, shown};

/// What a caller can see of an answer.
#[derive(PartialEq)]
struct Seen {
    status: Option<u16>,
    headers: Vec<(String, String)>,
    bytes: Vec<u8>,
    /// What went wrong in the end: its text and kind.
    error: Option<String>,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { status, headers, bytes, error } = self;
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
        write!(f, "{status:?} {headers:?} {} bytes {text:?} {error:?}", bytes.len())
    }
}

fn error(error: &reqwest::Error) -> String {
    let kinds = [
        ("timeout", error.is_timeout()),
        ("connect", error.is_connect()),
        ("body", error.is_body()),
        ("decode", error.is_decode()),
        ("request", error.is_request()),
    ];
    let kinds: Vec<_> = kinds.iter().filter(|(_, is)| *is).map(|(kind, _)| *kind).collect();
    format!("{kinds:?}")
}

async fn see(client: ClientWithMiddleware, url: &str, then: Then, pieces: usize) -> Seen {
    let mut seen = Seen { status: None, headers: Vec::new(), bytes: Vec::new(), error: None };
    let patience = if then == Then::Hangs { 300 } else { 60_000 };
    let request = client.post(url).body(REQUEST).timeout(Duration::from_millis(patience));
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(reqwest_middleware::Error::Reqwest(broke)) => {
            seen.error = Some(error(&broke));
            return seen;
        }
        Err(other) => panic!("{other}"),
    };
    seen.status = Some(answer.status().as_u16());
    let headers = answer.headers().iter().filter(|(name, _)| name.as_str() != "date");
    seen.headers = headers.map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    let mut stream = answer.bytes_stream().take(pieces);
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(bytes) => seen.bytes.extend_from_slice(&bytes),
            Err(broke) => {
                // It would go on failing for ever.
                seen.error = Some(error(&broke));
                break;
            }
        }
    }
    seen
}

/// Has an answer read without us and with us, from a server that writes these bytes and then does what it is told.
#[track_caller]
fn told(wire: &[u8], then: Then, pieces: usize) -> (Seen, Captured) {
    let mut seen = None;
    let captured = record(async {
        let url =
            format!("{}/chat/completions", serve_raw(wire.to_vec(), then == Then::Hangs).await);
        let plain = reqwest_middleware::ClientBuilder::new(http_client()).build();
        let without = see(plain, &url, then, pieces).await;
        let client = reqwest_middleware::ClientBuilder::new(http_client())
            .with(GenAiMiddleware::default())
            .build();
        let with = see(client, &url, then, pieces).await;
        assert_eq!(with, without, "the caller sees the same");
        seen = Some(with);
    });
    (seen.unwrap(), captured)
}

#[derive(Clone, Copy, PartialEq)]
enum Then {
    Closes,
    Hangs,
}

/// An answer that is complete, as HTTP has it.
fn http(status: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

const ALL: usize = usize::MAX;

#[track_caller]
fn says(captured: &Captured, lines: &[&str]) {
    let told = shown(captured);
    for line in lines {
        assert!(told.contains(&format!("{line}\n")), "no {line} in\n{told}");
    }
}

#[test]
fn json_that_is_truncated_tells_what_came_before() {
    let body = &ANSWER.as_bytes()[..60];
    let (seen, captured) = told(&http("200 OK", "application/json", body), Then::Closes, ALL);
    assert_eq!(seen.bytes, body);
    says(&captured, &["spanwise.outcome=completed", "gen_ai.response.id=chatcmpl-1"]);
}

#[test]
fn a_wrong_content_type_does_not_matter() {
    for wrong in ["text/plain", "application/octet-stream", "", "no/such;;=", "text/event-stream x"]
    {
        let wire = http("200 OK", wrong, ANSWER.as_bytes());
        let (_, captured) = told(&wire, Then::Closes, ALL);
        says(&captured, &["spanwise.outcome=completed"]);
    }
    // Events that call themselves something else are read as what they say they are: one answer, with no JSON.
    let wire = http("200 OK", "application/json", EVENTS.concat().as_bytes());
    says(&told(&wire, Then::Closes, ALL).1, &["spanwise.outcome=completed"]);
}

#[test]
fn a_page_of_html_has_the_status_for_a_word_and_none_where_all_is_well() {
    let page = b"<html><body>Bad Gateway</body></html>";
    let (_, captured) = told(&http("502 Bad Gateway", "text/html", page), Then::Closes, ALL);
    says(&captured, &["error.type=502", "spanwise.outcome=failed"]);
    let (_, captured) = told(&http("200 OK", "text/html", page), Then::Closes, ALL);
    says(&captured, &["spanwise.outcome=completed"]);
}

#[test]
fn an_error_that_comes_as_an_answer_is_a_failure() {
    let body = br#"{"error":{"message":"Overloaded","type":"server_error"}}"#;
    let (_, captured) = told(&http("200 OK", "application/json", body), Then::Closes, ALL);
    says(&captured, &["error.type=server_error", "spanwise.outcome=failed"]);
}

#[test]
fn events_without_the_last_one_are_completed() {
    let events = EVENTS[..4].concat();
    let wire = http("200 OK", "text/event-stream", events.as_bytes());
    let (seen, captured) = told(&wire, Then::Closes, ALL);
    assert_eq!(seen.bytes, events.as_bytes());
    says(&captured, &["spanwise.outcome=completed", "gen_ai.usage.output_tokens=5"]);
}

#[test]
fn half_an_event_at_the_end_is_left_out() {
    let events = EVENTS[..2].concat() + "data: {\"choices\":[{\"index\":0,\"delta\":{\"con";
    let wire = http("200 OK", "text/event-stream", events.as_bytes());
    let (seen, captured) = told(&wire, Then::Closes, ALL);
    assert_eq!(seen.bytes, events.as_bytes());
    says(&captured, &["spanwise.stream.chunks=2", "spanwise.outcome=completed"]);
    assert!(shown(&captured).contains("\"content\":\"Hello ä\""));
}

#[test]
fn choices_that_come_interleaved_are_put_together() {
    let piece = |index: usize, text: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":{index},\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n"
        )
    };
    let end = |index: usize, why: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":{index},\"delta\":{{}},\"finish_reason\":\"{why}\"}}]}}\n\n"
        )
    };
    let events = [
        piece(1, "B"),
        piece(0, "A"),
        piece(1, "b"),
        end(1, "length"),
        piece(0, "a"),
        end(0, "stop"),
        "data: [DONE]\n\n".to_owned(),
    ];
    let wire = http("200 OK", "text/event-stream", events.concat().as_bytes());
    let (_, captured) = told(&wire, Then::Closes, ALL);
    says(
        &captured,
        &[
            "gen_ai.response.finish_reasons=[\"stop\",\"length\"]",
            "gen_ai.output.messages=[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"Aa\"}]},{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"Bb\"}]}]",
        ],
    );
}

#[test]
fn a_line_of_megabytes_is_passed_on_and_read() {
    let text = "x".repeat(3 << 20);
    let line =
        format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n");
    let events = line + EVENTS[3] + EVENTS[4];
    let wire = http("200 OK", "text/event-stream", events.as_bytes());
    let (seen, captured) = told(&wire, Then::Closes, ALL);
    assert_eq!(seen.bytes.len(), events.len());
    says(&captured, &["spanwise.stream.chunks=2", "gen_ai.usage.output_tokens=5"]);
}

#[test]
fn a_line_without_an_end_is_passed_on_and_left_out() {
    let mut events = EVENTS[0].as_bytes().to_vec();
    events.extend(vec![b'x'; 20 << 20]);
    events.extend_from_slice(EVENTS[3].as_bytes());
    let (seen, captured) = told(&http("200 OK", "text/event-stream", &events), Then::Closes, ALL);
    assert_eq!(seen.bytes.len(), events.len());
    says(&captured, &["spanwise.stream.chunks=1", "spanwise.outcome=completed"]);
}

#[test]
fn text_that_is_none_is_passed_on_wherever_it_is_split() {
    // The two bytes of an ä in two chunks, and half of one where it ends.
    let event = EVENTS[1].as_bytes();
    let within = event.iter().position(|byte| !byte.is_ascii()).unwrap() + 1;
    let broken = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\xc3\"}}]}\n\n";
    let chunks =
        [EVENTS[0].as_bytes(), &event[..within], &event[within..], broken, EVENTS[3].as_bytes()];
    let mut wire = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n".to_vec();
    for chunk in chunks {
        wire.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        wire.extend_from_slice(chunk);
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b"0\r\n\r\n");
    let (seen, captured) = told(&wire, Then::Closes, ALL);
    assert_eq!(seen.bytes, chunks.concat());
    let told = shown(&captured);
    assert!(told.contains("Hello ä"), "{told}");
    says(&captured, &["gen_ai.usage.output_tokens=5", "spanwise.outcome=completed"]);
}

#[test]
fn a_bomb_that_the_client_leaves_packed_is_passed_on_and_not_read_to_its_end() {
    use std::io::Write as _;

    let mut pack = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    pack.write_all(EVENTS[0].as_bytes()).unwrap();
    for _ in 0..66 {
        pack.write_all(&vec![b'x'; 1 << 20]).unwrap();
    }
    pack.write_all(EVENTS[3].as_bytes()).unwrap();
    let bomb = pack.finish().unwrap();
    let script = Script::of("text/event-stream", bomb.chunks(4096).map(<[u8]>::to_vec))
        .header("content-encoding", "gzip");
    let captured = support::through_the_layer(&script, |arrived| assert_eq!(arrived, bomb));
    says(&captured, &["spanwise.stream.chunks=1", "spanwise.outcome=completed"]);
}

#[test]
fn a_server_that_never_answers_is_what_the_client_makes_of_it() {
    let (seen, captured) = told(b"", Then::Hangs, ALL);
    assert_eq!(seen.error.as_deref(), Some("[\"timeout\", \"request\"]"));
    says(&captured, &["spanwise.outcome=failed", "error.type=reqwest::error::Error"]);
}

#[test]
fn a_server_that_stops_in_the_middle_of_its_answer_is_a_failure_with_what_had_come() {
    let wire = http("200 OK", "text/event-stream", EVENTS.concat().as_bytes());
    let wire = &wire[..wire.len() - 10];
    for then in [Then::Closes, Then::Hangs] {
        let (seen, captured) = told(wire, then, ALL);
        assert!(seen.error.is_some());
        says(&captured, &["spanwise.outcome=failed", "gen_ai.usage.output_tokens=5"]);
    }
}

#[test]
fn a_server_that_goes_away_without_a_word_is_a_failure() {
    let (seen, captured) = told(b"", Then::Closes, ALL);
    assert!(seen.error.is_some());
    says(&captured, &["spanwise.outcome=failed"]);
}

#[test]
fn a_body_dropped_after_its_first_piece_is_cancelled() {
    let mut wire = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nd".to_vec();
    let (seen, captured) = told(&wire, Then::Hangs, 1);
    assert_eq!(seen.bytes, b"d");
    says(&captured, &["spanwise.outcome=cancelled"]);
    wire.extend_from_slice(&EVENTS.concat().as_bytes()[1..]);
    let (_, captured) = told(&wire, Then::Hangs, 1);
    says(&captured, &["gen_ai.usage.output_tokens=5", "spanwise.outcome=completed"]);
}

#[test]
fn a_refusal_whose_body_nobody_reads_is_a_failure_all_the_same() {
    let wire = http("503 Service Unavailable", "application/json", &[b' '; 64 << 10]);
    let (_, captured) = told(&wire, Then::Hangs, 0);
    says(&captured, &["error.type=503", "spanwise.outcome=failed"]);
}
