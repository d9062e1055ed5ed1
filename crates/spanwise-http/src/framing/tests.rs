use super::*;

fn events(mut framing: Framing, pieces: &[&[u8]]) -> Vec<(String, String)> {
    let mut events = Vec::new();
    let mut each = |event: Event<'_>| {
        let data = String::from_utf8_lossy(event.data).into_owned();
        events.push((event.name.to_owned(), data));
    };
    for piece in pieces {
        framing.more(piece, &mut each);
    }
    framing.end(&mut each);
    events
}

fn same_however_split(make: impl Fn() -> Framing, bytes: &[u8], expected: &[(&str, &str)]) {
    let expected: Vec<_> =
        expected.iter().map(|(name, data)| ((*name).to_owned(), (*data).to_owned())).collect();
    assert_eq!(events(make(), &[bytes]), expected);
    for at in 0..bytes.len() {
        let (before, after) = bytes.split_at(at);
        assert_eq!(events(make(), &[before, after]), expected, "split at {at}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(events(make(), &single), expected, "byte by byte");
}

#[test]
fn server_sent_events_are_the_same_however_they_are_split() {
    let make = || Framing::of("text/event-stream; charset=utf-8", false).unwrap();
    let stream = "event: message_start\ndata: {\"a\":\ndata: 1}\n\n: ping\n\ndata: ä\r\n\r\ndata: [DONE]\n\ndata: half";
    let expected = [("message_start", "{\"a\":\n1}"), ("", "ä"), ("", "[DONE]")];
    same_however_split(make, stream.as_bytes(), &expected);
}

#[test]
fn lines_are_the_same_however_they_are_split_and_the_last_needs_no_end() {
    let make = || Framing::of("application/x-ndjson", false).unwrap();
    let stream = "{\"a\":1}\r\n\n{\"b\":\"ä\"}\n{\"c\":3}";
    let expected = [("", "{\"a\":1}"), ("", "{\"b\":\"ä\"}"), ("", "{\"c\":3}")];
    same_however_split(make, stream.as_bytes(), &expected);
}

#[test]
fn elements_of_an_array_are_the_same_however_they_are_split() {
    let make = || Framing::of("application/json", true).unwrap();
    let stream = "[{\"a\": \"]}\\\"[\", \"b\": [1, {}]}\n,\n{\"c\": \"ä\\\\\"}]\n";
    let expected = [("", "{\"a\": \"]}\\\"[\", \"b\": [1, {}]}"), ("", "{\"c\": \"ä\\\\\"}")];
    same_however_split(make, stream.as_bytes(), &expected);
}

#[test]
fn bytes_that_are_no_text_stop_nothing() {
    let broken: &[u8] = b"data: \xff\xc3\n\ndata: after\n\n";
    let told = events(Framing::of("text/event-stream", false).unwrap(), &[broken]);
    assert_eq!(told[1..], [(String::new(), "after".to_owned())]);
    let told = events(Framing::of("application/x-ndjson", false).unwrap(), &[b"\xff\n{}\n"]);
    assert_eq!(told.len(), 2);
    assert!(Framing::of("application/json", false).is_none());
}

fn message(header: &'static str, name: &'static str, data: &'static str) -> Vec<u8> {
    use aws_smithy_types::event_stream::{Header, HeaderValue, Message};

    let message = Message::new(data.as_bytes())
        .add_header(Header::new(header, HeaderValue::String(name.into())))
        .add_header(Header::new(":message-type", HeaderValue::String("event".into())));
    let mut bytes = Vec::new();
    aws_smithy_eventstream::frame::write_message_to(&message, &mut bytes).unwrap();
    bytes
}

#[test]
fn binary_events_are_the_same_however_they_are_split() {
    let make = || Framing::of("application/vnd.amazon.eventstream", false).unwrap();
    let stream = [
        message(":event-type", "messageStart", "{\"role\":\"assistant\"}"),
        message(":exception-type", "throttlingException", "{\"message\":\"ä\"}"),
    ]
    .concat();
    let expected = [
        ("messageStart", "{\"role\":\"assistant\"}"),
        ("throttlingException", "{\"message\":\"ä\"}"),
    ];
    same_however_split(make, &stream, &expected);
}

#[test]
fn a_binary_event_that_is_broken_ends_the_reading() {
    let mut stream = message(":event-type", "messageStart", "{}");
    let last = stream.len() - 1;
    stream[last] ^= 1;
    stream.extend(message(":event-type", "messageStop", "{}"));
    let make = || Framing::of("application/vnd.amazon.eventstream", false).unwrap();
    assert_eq!(events(make(), &[&stream]), []);
    assert_eq!(events(make(), &[&[0xff; 64]]), []);
}

#[test]
fn a_line_of_megabytes_is_read_in_pieces_as_well_as_whole() {
    let text = "x".repeat(4 << 20);
    let stream = format!("data: {text}\n\n");
    let pieces: Vec<&[u8]> = stream.as_bytes().chunks(16 << 10).collect();
    let told = events(Framing::of("text/event-stream", false).unwrap(), &pieces);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].1.len(), text.len());
}

#[test]
fn an_event_without_an_end_is_not_kept_for_ever() {
    let piece = [b'x'; 64 << 10];
    let mut stream = ServerSentEvents::default();
    for _ in 0..2 * MOST_OF_AN_EVENT / piece.len() {
        stream.more(&piece, |_| panic!("an event"));
    }
    assert_eq!(stream.kept(), 0);
    let mut told = Vec::new();
    stream.more(b"\n\ndata: after\n\n", |event| told.push(event.data.to_vec()));
    assert_eq!(told, [b"after"], "what follows it is read");
}

#[test]
fn an_event_of_many_lines_is_not_kept_for_ever_either() {
    let mut stream = ServerSentEvents::default();
    let line = [b"data: ".as_slice(), &[b'x'; 64 << 10], b"\n"].concat();
    for _ in 0..2 * MOST_OF_AN_EVENT / line.len() {
        stream.more(&line, |_| panic!("an event"));
        assert!(stream.kept() <= MOST_OF_AN_EVENT + line.len());
    }
    stream.more(b"\n", |_| panic!("an event"));
    let mut told = 0;
    stream.more(b"data: after\n\n", |_| told += 1);
    assert_eq!(told, 1);
}

#[test]
fn events_are_read_as_the_standard_has_it() {
    let make = || Framing::of("text/event-stream", false).unwrap();
    let stream = "\u{feff}data:no space\r\rdata\ndata:  two\n\n: comment\nevent: named\nid: 7\nretry: 1\n\nevent: message\r\ndata:\r\ndata: x:y\r\n\r\n\n\n";
    let expected = [("", "no space"), ("", "\n two"), ("", "\nx:y")];
    same_however_split(make, stream.as_bytes(), &expected);
}
