//! A receiver misbehaves as it is told, as seen by a client of plain sockets.
#![cfg(feature = "receiver")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use spanwise_testing::{Answer, Connections, Receiver};

fn connect(receiver: &Receiver) -> TcpStream {
    let stream = TcpStream::connect(receiver.http).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn body(names: &[&str]) -> Vec<u8> {
    let span = |name: &&str| Span { name: (*name).to_owned(), ..Span::default() };
    let spans = names.iter().map(span).collect();
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

fn ask(stream: &mut TcpStream, body: &[u8]) {
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: here\r\ncontent-type: application/x-protobuf\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
}

/// The status, and the body.
fn send(receiver: &Receiver, names: &[&str]) -> (String, Vec<u8>) {
    let mut stream = connect(receiver);
    ask(&mut stream, &body(names));
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let status = String::from_utf8(answer[9..12].to_vec()).unwrap();
    (status, answer[end + 4..].to_vec())
}

#[test]
fn down_it_refuses_connections_and_up_again_it_is_where_it_was() {
    let receiver = Receiver::start();
    let mut open = connect(&receiver);
    receiver.down();
    receiver.down();
    assert_eq!(TcpStream::connect(receiver.http).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert_eq!(TcpStream::connect(receiver.grpc).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert!(!matches!(open.read(&mut [0]), Ok(1..)), "what was open is gone");
    receiver.up();
    receiver.up();
    assert_eq!(send(&receiver, &["a"]).0, "200");
    assert_eq!(receiver.span_names(), ["a"]);
}

#[test]
fn it_resets_connections_in_the_middle_of_a_body() {
    let receiver = Receiver::start();
    receiver.treat_connections(Connections::Reset { after: 300 });
    let mut stream = connect(&receiver);
    ask(&mut stream, &body(&["x".repeat(400).as_str()]));
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    receiver.treat_connections(Connections::Serve);
    assert_eq!(send(&receiver, &["a"]).0, "200");
    assert_eq!(receiver.requests().len(), 1, "what was reset has not arrived");
}

#[test]
fn it_fails_handshakes_with_an_alert() {
    let receiver = Receiver::start();
    receiver.treat_connections(Connections::FailHandshake);
    let mut stream = connect(&receiver);
    stream.write_all(b"hello").unwrap();
    let mut alert = Vec::new();
    stream.read_to_end(&mut alert).unwrap();
    assert_eq!(alert, [0x15, 3, 3, 0, 2, 2, 40]);
}

#[test]
fn it_takes_connections_and_is_silent() {
    let receiver = Receiver::start();
    receiver.treat_connections(Connections::Ignore);
    let mut stream = connect(&receiver);
    ask(&mut stream, &body(&["a"]));
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let waited = stream.read(&mut [0]).unwrap_err().kind();
    assert!(matches!(waited, ErrorKind::WouldBlock | ErrorKind::TimedOut));
    assert!(receiver.requests().is_empty());
}

#[test]
fn of_a_partial_success_it_keeps_what_it_says() {
    let receiver = Receiver::start();
    receiver.answer_next([Answer::Partial(2)]);
    let (status, answer) = send(&receiver, &["a", "b", "c"]);
    let answer = ExportTraceServiceResponse::decode(answer.as_slice()).unwrap();
    assert_eq!((status.as_str(), answer.partial_success.unwrap().rejected_spans), ("200", 2));
    assert_eq!(receiver.span_names(), ["a"]);
}

#[test]
fn it_answers_by_rule_and_late() {
    let receiver = Receiver::start();
    receiver.answer_after(Duration::from_millis(60));
    receiver.answer_by(|message, arrived| match message.spans().any(|span| span.name == "b") {
        true => Answer::Http(413, None, "no"),
        false => {
            assert!(arrived.bytes > 0);
            Answer::Accept
        }
    });
    let started = Instant::now();
    assert_eq!(send(&receiver, &["a"]).0, "200");
    assert!(started.elapsed() >= Duration::from_millis(60));
    assert_eq!(send(&receiver, &["a", "b"]), ("413".to_owned(), b"no".to_vec()));
    assert_eq!(receiver.span_names(), ["a"]);
    assert_eq!(receiver.take_messages().len(), 1);
    assert!(receiver.spans().is_empty());
}
