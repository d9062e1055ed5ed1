//! Usage that is asked for on the caller's behalf, and kept from it.

mod support;

use std::convert::Infallible;
use std::sync::Mutex;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, StreamBody};
use proptest::prelude::*;
use spanwise_http::{GenAi, GenAiLayer, GenAiMiddleware, PeekedBody};
use spanwise_testing::Captured;
use support::{EVENTS, REQUEST, Script, http_client, record, serve_and_keep};
use tower::{Layer as _, Service as _, service_fn};

/// The request as it is sent: nothing else changes.
const ASKING: &str = r#"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hi"}],"stream_options":{"include_usage":true}}"#;

/// The events without the one that tells of usage.
fn without_usage() -> String {
    [EVENTS[0], EVENTS[1], EVENTS[2], EVENTS[4]].concat()
}

type Asked = Request<Full<Bytes>>;

fn request(body: &'static str) -> Asked {
    Request::post("https://api.openai.com/v1/chat/completions")
        .header("content-length", body.len())
        .body(Full::new(Bytes::from_static(body.as_bytes())))
        .unwrap()
}

struct Seen {
    /// The request, as the server has it.
    sent: Bytes,
    length: String,
    /// The answer, as the caller has it.
    arrived: Vec<u8>,
    headers: http::HeaderMap,
    captured: Captured,
}

/// Calls a server that answers with this script.
fn call(genai: GenAi, request: Asked, script: &Script) -> Seen {
    let asked = Mutex::new((Bytes::new(), String::new()));
    let (mut arrived, mut headers) = (Vec::new(), http::HeaderMap::new());
    let captured = record(async {
        let inner = service_fn(|request: Request<PeekedBody<Full<Bytes>>>| async {
            let (parts, body) = request.into_parts();
            let sent = body.collect().await.unwrap().to_bytes();
            let length = parts.headers["content-length"].to_str().unwrap().to_owned();
            *asked.lock().unwrap() = (sent, length);
            let pieces = script.pieces.clone().into_iter();
            let frames =
                pieces.map(|piece| Ok::<_, Infallible>(http_body::Frame::data(piece.into())));
            let mut answer = Response::builder().status(script.status);
            for (name, value) in &script.headers {
                answer = answer.header(*name, *value);
            }
            Ok::<_, Infallible>(answer.body(StreamBody::new(stream::iter(frames))).unwrap())
        });
        let mut client = GenAiLayer::new(genai).layer(inner);
        let answer = client.call(request).await.unwrap();
        headers = answer.headers().clone();
        let mut body = answer.into_body().into_data_stream();
        while let Some(data) = body.next().await {
            arrived.extend_from_slice(&data.unwrap());
        }
    });
    let (sent, length) = asked.into_inner().unwrap();
    Seen { sent, length, arrived, headers, captured }
}

#[test]
fn usage_is_asked_for_recorded_and_not_seen_by_the_caller() {
    let script = Script::events(&EVENTS).header("content-length", "999");
    let seen = call(GenAi::default().include_usage(), request(REQUEST), &script);
    assert_eq!(seen.sent, ASKING);
    assert_eq!(seen.length, ASKING.len().to_string());
    assert_eq!(String::from_utf8(seen.arrived).unwrap(), without_usage());
    assert!(!seen.headers.contains_key("content-length"), "it is shorter for the caller");
    let span = seen.captured.span("chat gpt-4o");
    assert_eq!(span.text("gen_ai.usage.output_tokens"), "5");
    assert_eq!(span.text("spanwise.stream.chunks"), "4");
}

#[track_caller]
fn unchanged(genai: GenAi, asked: Asked, body: &str, script: &Script) {
    let seen = call(genai, asked, script);
    assert_eq!(seen.sent, body);
    assert_eq!(seen.length, body.len().to_string());
    assert_eq!(seen.arrived, script.bytes());
}

#[test]
fn nothing_changes_unless_it_is_wanted() {
    unchanged(GenAi::default(), request(REQUEST), REQUEST, &Script::events(&EVENTS));
}

#[test]
fn who_asks_for_usage_gets_it() {
    let genai = GenAi::default().include_usage();
    unchanged(genai.clone(), request(ASKING), ASKING, &Script::events(&EVENTS));
    let refusing = r#"{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":false}}"#;
    unchanged(genai, request(refusing), refusing, &Script::events(&EVENTS));
}

#[test]
fn calls_that_stream_nothing_and_other_formats_stay_as_they_are() {
    let genai = GenAi::default().include_usage();
    let whole = r#"{"model":"gpt-4o"}"#;
    unchanged(genai.clone(), request(whole), whole, &Script::json(support::ANSWER));
    let mut other = request(REQUEST);
    *other.uri_mut() = "https://api.anthropic.com/v1/messages".parse().unwrap();
    unchanged(genai, other, REQUEST, &Script::events(&["data: {\"type\":\"message_stop\"}\n\n"]));
}

#[test]
fn what_may_come_compressed_is_not_asked_for() {
    let genai = GenAi::default().include_usage();
    let mut packed = request(REQUEST);
    packed.headers_mut().insert("accept-encoding", "gzip, br".parse().unwrap());
    unchanged(genai.clone(), packed, REQUEST, &Script::events(&EVENTS));
    let mut plain = request(REQUEST);
    plain.headers_mut().insert("accept-encoding", "identity".parse().unwrap());
    assert_eq!(call(genai, plain, &Script::events(&EVENTS)).sent, ASKING);
}

#[test]
fn a_refusal_and_a_whole_answer_are_passed_on_as_they_are() {
    let error = Script::json(r#"{"error":{"message":"no","type":"t"}}"#).status(400);
    for script in [error, Script::json(support::ANSWER)] {
        let seen = call(GenAi::default().include_usage(), request(REQUEST), &script);
        assert_eq!(seen.arrived, script.bytes());
    }
}

#[test]
fn what_is_held_when_the_stream_ends_is_passed_on() {
    let script = Script::events(&[EVENTS[0], "data: {\"choices\":[],\"usa"]);
    let seen = call(GenAi::default().include_usage(), request(REQUEST), &script);
    assert_eq!(seen.arrived, script.bytes());
}

#[test]
fn a_connection_that_breaks_gives_what_was_held_and_then_the_error() {
    let frames = [Ok(EVENTS[0]), Ok("data: half"), Err(std::io::ErrorKind::ConnectionReset)];
    let captured = record(async {
        let inner = service_fn(|_: Request<PeekedBody<Full<Bytes>>>| async {
            let frames = frames.into_iter().map(|frame| match frame {
                Ok(text) => Ok(http_body::Frame::data(Bytes::from_static(text.as_bytes()))),
                Err(kind) => Err(std::io::Error::from(kind)),
            });
            let answer = Response::builder().header("content-type", "text/event-stream");
            let body = StreamBody::new(stream::iter(frames));
            Ok::<_, Infallible>(answer.body(body).unwrap())
        });
        let mut client = GenAiLayer::new(GenAi::default().include_usage()).layer(inner);
        let answer = client.call(request(REQUEST)).await.unwrap();
        let read: Vec<_> = answer.into_body().into_data_stream().collect().await;
        let [Ok(first), Ok(half), Err(error)] = &*read else { panic!("{read:?}") };
        assert_eq!((&**first, &**half), (EVENTS[0].as_bytes(), &b"data: half"[..]));
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    });
    assert_eq!(captured.span("chat gpt-4o").text("error.type"), "connection_reset");
}

#[test]
fn real_clients_do_not_see_it_either() {
    let captured = record(async {
        let (base, kept) = serve_and_keep([Script::events(&EVENTS)]).await;
        let client = reqwest_middleware::ClientBuilder::new(http_client())
            .with(GenAiMiddleware::new(GenAi::default().include_usage()))
            .build();
        let url = format!("{base}/chat/completions");
        let answer = client.post(url).body(REQUEST).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), without_usage());
        assert_eq!(*kept.lock().unwrap(), [ASKING.as_bytes()]);
    });
    assert_eq!(captured.span("chat gpt-4o").text("gen_ai.usage.input_tokens"), "12");
}

proptest! {
    #[test]
    fn any_split_gives_the_caller_the_same(
        cuts in proptest::collection::vec(0usize..700, 0..20),
        ends in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
    ) {
        let bytes = EVENTS.concat().replace('\n', ends).into_bytes();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| bytes[cut[0]..cut[1]].to_vec());
        let script = Script::of("text/event-stream", pieces);
        let seen = call(GenAi::default().include_usage(), request(REQUEST), &script);
        let expected = without_usage().replace('\n', ends);
        prop_assert_eq!(String::from_utf8(seen.arrived).unwrap(), expected);
        prop_assert_eq!(seen.captured.span("chat gpt-4o").text("gen_ai.usage.input_tokens"), "12");
    }
}
