//! The tower layer: the caller sees what it would have seen without it, and the span says what happened.

mod support;

use std::convert::Infallible;
use std::io;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, BodyStream, Full, StreamBody};
use opentelemetry::trace::{Status, TraceContextExt as _};
use proptest::prelude::*;
use spanwise_core::Tool;
use spanwise_http::{GenAi, GenAiLayer, PeekedBody};
use spanwise_testing::Captured;
use support::{ANSWER, EVENTS, REQUEST, Script, record, shown};
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};

/// How the answer ends, as its caller has it.
#[derive(Clone, Copy, PartialEq)]
enum Read {
    All,
    /// Drops it after so many pieces.
    Pieces(usize),
}

/// Makes one call through the layer. A script's piece that says `!` breaks the connection.
fn call(script: &Script, read: Read) -> (Vec<u8>, Captured) {
    let mut arrived = Vec::new();
    let captured = record(async {
        let inner = service_fn(|request: Request<PeekedBody<Full<Bytes>>>| async {
            let sent = request.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(sent, REQUEST, "what is sent is what was given");
            Ok::<_, Infallible>(answer(script))
        });
        let mut client = GenAiLayer::default().layer(inner);
        let request = Request::post("https://api.openai.com/v1/chat/completions")
            .body(Full::new(Bytes::from_static(REQUEST.as_bytes())))
            .unwrap();
        let response = client.ready().await.unwrap().call(request).await.unwrap();
        assert_eq!(response.status().as_u16(), script.status);
        let pieces = if let Read::Pieces(pieces) = read { pieces } else { usize::MAX };
        let mut body = BodyStream::new(response.into_body()).take(pieces);
        while let Some(Ok(frame)) = body.next().await {
            arrived.extend_from_slice(frame.data_ref().unwrap());
        }
    });
    (arrived, captured)
}

fn answer(
    script: &Script,
) -> Response<
    StreamBody<impl futures_util::Stream<Item = io::Result<http_body::Frame<Bytes>>> + use<>>,
> {
    let frames = stream::iter(script.pieces.clone()).map(|piece| match &*piece {
        b"!" => Err(io::ErrorKind::ConnectionReset.into()),
        _ => Ok(http_body::Frame::data(Bytes::from(piece))),
    });
    let mut response = Response::new(StreamBody::new(frames));
    *response.status_mut() = StatusCode::from_u16(script.status).unwrap();
    for (name, value) in &script.headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

#[track_caller]
fn told(script: &Script, read: Read) -> String {
    let (arrived, captured) = call(script, read);
    if read == Read::All && !script.pieces.contains(&b"!".to_vec()) {
        assert_eq!(arrived, script.bytes(), "the caller reads what was sent");
    }
    shown(&captured)
}

#[test]
fn a_streamed_answer_becomes_a_span() {
    insta::assert_snapshot!(told(&Script::events(&EVENTS), Read::All), @r#"
    chat gpt-4o
    gen_ai.input.messages=[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"role":"assistant","parts":[{"type":"text","content":"Hello ä"}]}]
    gen_ai.provider.name=openai
    gen_ai.request.model=gpt-4o
    gen_ai.request.stream=true
    gen_ai.response.finish_reasons=["stop"]
    gen_ai.response.id=chatcmpl-1
    gen_ai.response.model=gpt-4o-1
    gen_ai.usage.input_tokens=12
    gen_ai.usage.output_tokens=5
    openai.api.type=chat_completions
    server.address=api.openai.com
    spanwise.outcome=completed
    spanwise.stream.chunks=4
    "#);
}

#[test]
fn chunks_are_timed() {
    let (_, captured) = call(&Script::events(&EVENTS), Read::All);
    let count = |name: &str| captured.metric(&format!("gen_ai.client.inference.{name}")).count;
    assert_eq!(count("time_to_first_chunk"), Some(1));
    assert_eq!(count("time_per_output_chunk"), Some(3));
    assert_eq!(count("duration"), Some(1));
    for name in ["time_to_first_chunk", "time_per_output_chunk"] {
        let timed = captured.metric(&format!("gen_ai.client.inference.{name}"));
        assert_eq!(timed.text("gen_ai.response.model"), "gpt-4o-1");
    }
}

#[test]
fn a_whole_answer_becomes_a_span() {
    let told = told(&Script::json(ANSWER), Read::All);
    for line in [
        "gen_ai.response.id=chatcmpl-1\n",
        "gen_ai.usage.output_tokens=5\n",
        "gen_ai.output.messages=[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"Hello\"}]}]\n",
        "spanwise.outcome=completed\n",
    ] {
        assert!(told.contains(line), "{told}");
    }
}

#[test]
fn who_stops_at_the_protocols_end_has_read_it_all() {
    let mut script = Script::events(&EVENTS);
    script.pieces.push(b": and a comment\n\n".to_vec());
    let told = told(&script, Read::Pieces(5));
    assert!(told.contains("spanwise.outcome=completed\n"), "{told}");
}

#[test]
fn who_stops_before_has_cancelled_and_keeps_what_had_arrived() {
    let told = told(&Script::events(&EVENTS), Read::Pieces(2));
    assert!(told.contains("spanwise.outcome=cancelled\n"), "{told}");
    assert!(told.contains(r#"{"type":"text","content":"Hello ä"}"#), "{told}");
    assert!(told.contains("gen_ai.response.id=chatcmpl-1\n"), "{told}");
    assert!(!told.contains("error.type"), "{told}");
}

#[test]
fn a_body_dropped_after_its_first_byte_is_cancelled() {
    let script = Script::of("application/json", [b"{".to_vec(), ANSWER.as_bytes()[1..].to_vec()]);
    let told = told(&script, Read::Pieces(1));
    assert!(told.contains("spanwise.outcome=cancelled\n"), "{told}");
}

#[test]
fn a_connection_that_breaks_is_a_failure_with_what_had_arrived() {
    let told = told(&Script::events(&[EVENTS[0], "!"]), Read::All);
    assert!(told.contains("error.type=connection_reset\n"), "{told}");
    assert!(told.contains(r#"{"type":"text","content":"Hel"}"#), "{told}");
}

#[test]
fn a_stream_that_ends_without_its_last_event_is_completed_with_what_it_said() {
    let told = told(&Script::events(&[&EVENTS[..4].concat(), "data: {\"half"]), Read::All);
    assert!(told.contains("spanwise.outcome=completed\n"), "{told}");
    assert!(told.contains("gen_ai.usage.output_tokens=5\n"), "{told}");
}

#[test]
fn a_refusal_has_the_providers_word_for_it() {
    let error =
        r#"{"error":{"message":"Slow down","type":"requests","code":"rate_limit_exceeded"}}"#;
    let (_, captured) = call(&Script::json(error).status(429), Read::All);
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("error.type"), "rate_limit_exceeded");
    assert_eq!(span.status(), &Status::error("Slow down"));
}

#[test]
fn a_page_of_a_proxy_has_the_status_for_a_word() {
    let script = Script::of("text/html", [b"<html>Bad Gateway</html>".to_vec()]).status(502);
    let told = told(&script, Read::All);
    assert!(told.contains("error.type=502\n"), "{told}");
}

#[test]
fn an_error_in_an_answer_that_is_none_is_a_failure() {
    let error = r#"{"error":{"message":"Overloaded","type":"server_error"}}"#;
    assert!(told(&Script::json(error), Read::All).contains("error.type=server_error\n"));
    let error = format!("data: {error}\n\n");
    assert!(
        told(&Script::events(&[EVENTS[0], &error]), Read::All)
            .contains("error.type=server_error\n")
    );
}

#[test]
fn a_body_that_breaks_off_or_lies_about_its_type_yields_what_can_be_read() {
    let broken = Script::json(&ANSWER[..60]);
    let told_of = told(&broken, Read::All);
    assert!(told_of.contains("gen_ai.response.id=chatcmpl-1\n"), "{told_of}");
    let lying = Script::of("text/plain", [ANSWER.as_bytes().to_vec()]);
    assert!(told(&lying, Read::All).contains("gen_ai.usage.input_tokens=12\n"));
    let empty = Script::of("application/json", []);
    assert!(told(&empty, Read::All).contains("spanwise.outcome=completed\n"));
}

#[test]
fn an_answer_that_the_client_leaves_compressed_is_read_all_the_same() {
    use std::io::Write as _;

    let mut pack = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    pack.write_all(EVENTS.concat().as_bytes()).unwrap();
    let packed = pack.finish().unwrap();
    let pieces = packed.chunks(7).map(<[u8]>::to_vec);
    let script = Script::of("text/event-stream", pieces).header("content-encoding", "gzip");
    let told = told(&script, Read::All);
    assert!(told.contains("gen_ai.usage.output_tokens=5\n"), "{told}");
    assert!(told.contains("spanwise.stream.chunks=4\n"), "{told}");
}

#[test]
fn a_client_that_fails_is_a_failure() {
    let captured = record(async {
        let inner = service_fn(|_: Request<PeekedBody<Full<Bytes>>>| async {
            Err::<Response<Full<Bytes>>, _>(io::Error::from(io::ErrorKind::TimedOut))
        });
        let mut client = GenAiLayer::default().layer(inner);
        let request = Request::post("http://localhost:8000/v1/chat/completions");
        let answer = client
            .call(request.body(Full::new(Bytes::from_static(REQUEST.as_bytes()))).unwrap())
            .await;
        assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::TimedOut);
    });
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("error.type"), "timed_out");
    assert_eq!(
        (span.text("server.address"), span.text("server.port")),
        ("localhost".into(), "8000".into())
    );
}

#[test]
fn a_call_that_nobody_waits_for_any_more_is_cancelled() {
    let captured = record(async {
        let inner = service_fn(|_: Request<PeekedBody<Full<Bytes>>>| {
            std::future::pending::<io::Result<Response<Full<Bytes>>>>()
        });
        let mut client = GenAiLayer::default().layer(inner);
        let request = Request::post("http://localhost:8000/v1/chat/completions");
        drop(client.call(request.body(Full::new(Bytes::from_static(REQUEST.as_bytes()))).unwrap()));
    });
    assert_eq!(captured.span("chat gpt-4o").text("spanwise.outcome"), "cancelled");
}

#[test]
fn what_happens_while_the_request_is_sent_nests_under_the_call() {
    let captured = record(async {
        let inner = service_fn(|_: Request<PeekedBody<Full<Bytes>>>| async {
            Tool::new("connect").start().finish();
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(ANSWER.as_bytes()))))
        });
        let mut client = GenAiLayer::default().layer(inner);
        let request = Request::post("http://localhost/v1/chat/completions");
        let answer = client
            .call(request.body(Full::new(Bytes::from_static(REQUEST.as_bytes()))).unwrap())
            .await
            .unwrap();
        assert!(!opentelemetry::Context::current().span().span_context().is_valid());
        answer.into_body().collect().await.unwrap();
    });
    insta::assert_snapshot!(captured.tree(), @"
    chat gpt-4o usage.input_tokens=12 usage.output_tokens=5
      execute_tool connect
    ");
}

#[test]
fn other_requests_pass_without_a_span() {
    let captured = record(async {
        let inner = service_fn(|request: Request<PeekedBody<Full<Bytes>>>| async {
            Ok::<_, Infallible>(Response::new(request.into_body()))
        });
        let mut client = GenAiLayer::default().layer(inner);
        let request = Request::post("https://api.openai.com/v1/files");
        let request = request.body(Full::new(Bytes::from_static(b"as it is"))).unwrap();
        let answer = client.call(request).await.unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "as it is");
    });
    assert!(captured.spans().is_empty());
}

#[test]
fn without_a_recorder_nothing_is_looked_at() {
    let inner = service_fn(|request: Request<PeekedBody<Full<Bytes>>>| async {
        Ok::<_, Infallible>(Response::new(request.into_body()))
    });
    let mut client = GenAiLayer::new(GenAi::default().host("localhost", "vllm")).layer(inner);
    let request = Request::post("http://localhost/v1/chat/completions");
    let request = request.body(Full::new(Bytes::from_static(b"{}"))).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let body = runtime.block_on(client.call(request)).unwrap().into_body();
    assert_eq!(runtime.block_on(body.collect()).unwrap().to_bytes(), "{}");
}

#[test]
fn the_context_goes_to_those_hosts_alone_that_shall_have_it() {
    use opentelemetry_sdk::propagation::TraceContextPropagator;

    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let genai = GenAi::default().propagate_to("Gateway.internal");
    let captured = record(async {
        let inner = service_fn(|request: Request<PeekedBody<Full<Bytes>>>| async move {
            let told = request.headers().get("traceparent").cloned();
            let mut answer = Response::new(Full::new(Bytes::from_static(ANSWER.as_bytes())));
            answer.headers_mut().extend(told.map(|told| (http::header::ETAG, told)));
            Ok::<_, Infallible>(answer)
        });
        let mut client = GenAiLayer::new(genai).layer(inner);
        for (host, told) in [
            ("gateway.internal", true),
            ("api.openai.com", false),
            ("evil.gateway.internal", false),
        ] {
            let request = Request::post(format!("https://{host}/v1/chat/completions"));
            let body = Full::new(Bytes::from_static(REQUEST.as_bytes()));
            let answer = client.call(request.body(body).unwrap()).await.unwrap();
            assert_eq!(answer.headers().contains_key(http::header::ETAG), told, "{host}");
            answer.into_body().collect().await.unwrap();
        }
    });
    assert_eq!(captured.spans().len(), 3);
}

proptest! {
    #[test]
    fn any_split_of_the_same_bytes_gives_the_same_span(
        cuts in proptest::collection::vec(0usize..700, 0..20),
    ) {
        let bytes = EVENTS.concat().into_bytes();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| bytes[cut[0]..cut[1]].to_vec());
        let (arrived, captured) = call(&Script::of("text/event-stream", pieces), Read::All);
        prop_assert_eq!(arrived, bytes.clone());
        let (_, whole) = call(&Script::of("text/event-stream", [bytes]), Read::All);
        prop_assert_eq!(shown(&captured), shown(&whole));
    }
}

#[test]
fn what_litellm_says_of_the_cost_in_a_header_is_recorded() {
    for (told, amount) in [("0.000125", "0.000125"), ("1.5e-05", "0.000015"), ("much", "")] {
        let script = Script::json(ANSWER).header("x-litellm-response-cost", told);
        let (_, captured) = call(&script, Read::All);
        let span = &captured.spans()[0];
        let amount_told = span.attribute("spanwise.cost.amount").map(|it| it.to_string());
        assert_eq!(amount_told.unwrap_or_default(), amount, "{told}");
    }
}
