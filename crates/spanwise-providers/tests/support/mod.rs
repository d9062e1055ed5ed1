//! Requests and answers as the spans that they become.

#![allow(dead_code, unreachable_pub, reason = "each test uses its own part of it")]

use spanwise_core::{ContentCapture, Provider};
use spanwise_providers::{Codec, Event, Exchange};
use spanwise_testing::{Capture, Captured};

/// What a whole answer makes of a request: every attribute of the span, one a line, with content.
#[track_caller]
pub fn whole(
    codec: &dyn Codec,
    provider: Provider,
    path: &str,
    request: &str,
    answer: &str,
) -> String {
    shown(&recorded(codec, provider, path, request, |exchange| {
        exchange.finish(codec.answer(answer.as_bytes(), true));
    }))
}

/// The same for an answer that comes as events, each with its name and its data. What the clock says is left
/// out.
#[track_caller]
pub fn streamed(
    codec: &dyn Codec,
    provider: Provider,
    path: &str,
    request: &str,
    events: &[(&str, &str)],
) -> String {
    let captured = recorded(codec, provider, path, request, |exchange| {
        let mut decoder = codec.decoder(true);
        for (name, data) in events {
            assert!(!decoder.is_done(), "the last event is not the last: {name} {data}");
            decoder.event(Event { name, data: data.as_bytes() });
            if !decoder.is_done() || decoder.ends_with_a_chunk() {
                exchange.event();
            }
        }
        assert!(decoder.is_done(), "the last event is not noticed");
        exchange.finish(decoder.take());
    });
    shown(&captured)
}

/// The same for a stream whose reader stops before its end.
#[track_caller]
pub fn broken_off(
    codec: &dyn Codec,
    provider: Provider,
    path: &str,
    request: &str,
    events: &[(&str, &str)],
) -> String {
    shown(&recorded(codec, provider, path, request, |exchange| {
        let mut decoder = codec.decoder(true);
        for (name, data) in events {
            decoder.event(Event { name, data: data.as_bytes() });
            exchange.event();
        }
        assert!(!decoder.is_done(), "it came to its end");
        exchange.record(decoder.take());
    }))
}

#[track_caller]
fn recorded(
    codec: &dyn Codec,
    provider: Provider,
    path: &str,
    request: &str,
    end: impl FnOnce(Exchange),
) -> Captured {
    let capture = Capture::builder().content(ContentCapture::SpanOnly).build();
    capture.run(|| {
        let request = codec.request(path, request.as_bytes(), true);
        end(Exchange::start(request, provider, "api.example", 443));
    });
    let captured = capture.finish();
    captured.assert_conformant();
    without_content_nothing_is_told(codec, path, request);
    captured
}

/// Where content is not wanted, none of it is in what was read.
#[track_caller]
fn without_content_nothing_is_told(codec: &dyn Codec, path: &str, request: &str) {
    let read = codec.request(path, request.as_bytes(), false);
    assert_eq!(read.content, Default::default());
}

fn shown(captured: &Captured) -> String {
    let [span] = captured.spans() else { panic!("not one span:\n{}", captured.tree()) };
    let told = |key: &&str| !matches!(*key, "gen_ai.response.time_to_first_chunk");
    let keys = span.keys().into_iter().filter(told);
    let attributes = keys.map(|key| format!("{key}={}\n", sorted(&span.text(key))));
    format!("{}\n{}", span.name(), attributes.collect::<String>())
}

/// JSON with its keys in order: which they have of themselves depends on a feature of `serde_json` that any
/// crate may turn on.
pub fn sorted(text: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(mut json) if text.starts_with(['[', '{']) => {
            json.sort_all_objects();
            json.to_string()
        }
        _ => text.to_owned(),
    }
}

/// What a codec makes of nonsense: nothing panics, and nothing is recorded that is not there.
pub fn survives_nonsense(codec: &dyn Codec, path: &str, good: &[&str]) {
    let mut bodies: Vec<Vec<u8>> =
        ["", "null", "[]", "{}", "<html>no</html>", "{\"a\":", "[[[[", "\u{0}"]
            .map(|body| body.as_bytes().to_vec())
            .into();
    for body in good {
        let bytes = body.as_bytes();
        bodies.extend((0..bytes.len()).map(|end| bytes[..end].to_vec()));
        bodies.push([bytes, b"\xff\xfe"].concat());
        for swapped in ["null", "7", "\"x\"", "[]", "{}"] {
            bodies.push(body.replace("\":", &format!("\":{swapped},\"x\":")).into_bytes());
        }
    }
    for body in &bodies {
        let _ = codec.request(path, body, true);
        let _ = codec.answer(body, true);
        let _ = codec.error(body);
        let mut decoder = codec.decoder(true);
        decoder.event(Event { name: "", data: body });
        decoder.event(Event { name: "message_start", data: body });
        let _ = decoder.take();
    }
}
