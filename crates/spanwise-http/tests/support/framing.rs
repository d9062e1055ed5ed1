//! An answer that is anything, through the tower layer: what the fuzz target `framing` does, and the test of its
//! corpus.

#![allow(unreachable_pub, reason = "it is shared")]

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::trace::noop::NoopTracerProvider;
use spanwise_core::{CapturePolicy, ContentCapture, Event, EventRecorder, Recorder};
use spanwise_http::{GenAi, GenAiLayer};
use tower_layer::Layer as _;
use tower_service::Service;

/// Whose answer it is.
pub const URLS: [&str; 9] = [
    "https://api.openai.com/v1/chat/completions",
    "https://api.openai.com/v1/responses",
    "https://api.openai.com/v1/embeddings",
    "https://api.anthropic.com/v1/messages",
    "https://generativelanguage.googleapis.com/v1beta/models/m:streamGenerateContent",
    "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse-stream",
    "https://api.cohere.com/v2/chat",
    "https://api.mistral.ai/v1/chat/completions",
    "http://localhost:11434/api/chat",
];

/// How its events are told apart.
pub const CONTENT_TYPES: [&str; 5] = [
    "text/event-stream",
    "application/x-ndjson",
    "application/json",
    "application/vnd.amazon.eventstream",
    "text/html",
];

/// How it is packed.
pub const ENCODINGS: [&str; 5] = ["", "gzip", "deflate", "br", "zstd"];

/// Reads an answer: three bytes say whose it is, of which type and how it is packed, the fourth how it is split, and
/// what follows is the answer.
///
/// # Panics
///
/// Where the caller gets anything else than that, or what is recorded depends on how it is split.
pub fn drive(input: &[u8]) {
    let [url, content_type, encoding, split, answer @ ..] = input else { return };
    let url = URLS[usize::from(*url) % URLS.len()];
    let content_type = CONTENT_TYPES[usize::from(*content_type) % CONTENT_TYPES.len()];
    let encoding = ENCODINGS[usize::from(*encoding) % ENCODINGS.len()];
    let call = |pieces: Vec<Bytes>, genai: GenAi| call(url, content_type, encoding, pieces, genai);

    let (arrived, whole) = call(vec![Bytes::copy_from_slice(answer)], GenAi::default());
    assert_eq!(arrived, answer, "the caller gets what was sent");
    let size = usize::from(*split) + 1;
    let pieces = || answer.chunks(size).map(Bytes::copy_from_slice).collect();
    let (arrived, in_pieces) = call(pieces(), GenAi::default());
    assert_eq!(arrived, answer, "the caller gets what was sent, in pieces of {size}");
    // What is packed and broken tells more or less, by where it is split.
    if encoding.is_empty() {
        assert_eq!(in_pieces, whole, "in pieces of {size}");
    }
    let (hidden, _) = call(vec![Bytes::copy_from_slice(answer)], GenAi::default().include_usage());
    let (hidden_in_pieces, _) = call(pieces(), GenAi::default().include_usage());
    assert_eq!(hidden, hidden_in_pieces, "in pieces of {size}");
}

const REQUEST: &str = r#"{"model": "m", "stream": true}"#;

/// What the caller gets, and what is recorded, but for what the clock says.
fn call(
    url: &str,
    content_type: &str,
    encoding: &str,
    pieces: Vec<Bytes>,
    genai: GenAi,
) -> (Vec<u8>, String) {
    let told = Told::default();
    let recorder = Recorder::builder(NoopTracerProvider::new().tracer("none"))
        .events(told.clone())
        .policy(CapturePolicy::new(ContentCapture::EventOnly))
        .build();
    let context = recorder.in_context(&opentelemetry::Context::new());
    let _active = context.attach();

    let answer = Response::builder()
        .header("content-type", content_type)
        .header("content-encoding", encoding)
        .body(Pieces(pieces.into_iter().collect()));
    let server = Server(Some(answer.expect("its parts are in order")));
    let request = Request::post(url).body(Pieces([Bytes::from_static(REQUEST.as_bytes())].into()));
    let answer =
        GenAiLayer::new(genai).layer(server).call(request.expect("its parts are in order"));
    let Ok(answer) = ready(answer);
    let mut body = pin!(answer.into_body());
    let mut arrived = Vec::new();
    while let Some(Ok(frame)) = ready(std::future::poll_fn(|cx| body.as_mut().poll_frame(cx))) {
        arrived.extend_from_slice(&frame.into_data().unwrap_or_default());
    }
    (arrived, told.take())
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

/// A server that has its answer ready.
struct Server(Option<Response<Pieces>>);

impl<B> Service<Request<B>> for Server {
    type Response = Response<Pieces>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Pieces>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        std::future::ready(Ok(self.0.take().expect("it is asked once")))
    }
}

/// A body that is there at once, in pieces.
struct Pieces(std::collections::VecDeque<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

/// The events that are recorded, as text.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<String>>);

impl Told {
    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl EventRecorder for Told {
    fn record(&self, event: Event) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.push_str(event.name);
        for attribute in event.attributes {
            if attribute.key.as_str() != "gen_ai.response.time_to_first_chunk" {
                told.push_str(&format!("\n{}={}", attribute.key, attribute.value));
            }
        }
        for item in event.content.iter().flat_map(|content| content.items()) {
            told.push_str(&format!("\n{}={}", item.key(), item.to_text()));
        }
        told.push('\n');
    }
}
