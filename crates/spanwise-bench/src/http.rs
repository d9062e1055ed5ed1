//! A model call as it goes over HTTP: its request, and its answer whole or in events.

use std::convert::Infallible;
use std::fmt;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body::{Body, Frame};
use spanwise::ContentCapture;
use spanwise_http::GenAi;

/// What of content is captured, by the program's first argument.
pub fn asked_content() -> ContentCapture {
    match std::env::args().nth(1).as_deref() {
        Some("content") => ContentCapture::SpanOnly,
        _ => ContentCapture::NoContent,
    }
}

/// The headers of an answer that comes whole, but for its length.
pub const ANSWER_HEADERS: [(&str, &str); 4] = [
    ("content-type", "application/json"),
    ("x-ratelimit-limit-requests", "10000"),
    ("x-ratelimit-remaining-requests", "9999"),
    ("x-ratelimit-reset-requests", "8.64s"),
];

/// The body of a request.
pub fn request(stream: bool) -> String {
    let text = "What is the weather like? ".repeat(32);
    let message = format!(r#"{{"role":"user","content":"{text}"}}"#);
    format!(
        r#"{{"model":"gpt-4o-mini","max_tokens":256,"stream":{stream},"messages":[{message}]}}"#
    )
}

/// The body of an answer that comes whole.
pub fn whole_answer() -> String {
    let text = "It is sunny, and warmer than yesterday. ".repeat(20);
    format!(
        r#"{{"id":"chatcmpl-9f2c41d7b6e84a0d93c5e1aa","object":"chat.completion","created":1,"model":"gpt-4o-mini-2024-07-18","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":200,"completion_tokens":180,"total_tokens":380,"prompt_tokens_details":{{"cached_tokens":0}},"completion_tokens_details":{{"reasoning_tokens":0}}}},"system_fingerprint":"fp_1"}}"#
    )
}

/// An answer in so many events, and the one that ends it.
pub fn streamed_answer(chunks: usize) -> impl Iterator<Item = String> {
    let event = |choice: &str| {
        let data = format!(
            r#"{{"id":"chatcmpl-9f2c41d7b6e84a0d93c5e1aa","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini-2024-07-18","system_fingerprint":"fp_1","choices":[{choice}]}}"#
        );
        format!("data: {data}\n\n")
    };
    let said = event(r#"{"index":0,"delta":{"content":" weather"},"finish_reason":null}"#);
    let end = event(r#"{"index":0,"delta":{},"finish_reason":"stop"}"#);
    std::iter::repeat_n(said, chunks - 1).chain([end, "data: [DONE]\n\n".to_owned()])
}

/// A call with its answers, as a client has them: no client and no network.
pub struct HttpCall {
    genai: Option<GenAi>,
    requests: [Bytes; 2],
    whole: Bytes,
    events: Vec<Bytes>,
}

impl HttpCall {
    /// One whose answer may be a stream of so many events. Without `genai` nobody records it.
    pub fn new(genai: Option<GenAi>, events: u32) -> Self {
        Self {
            genai,
            requests: [false, true].map(|stream| request(stream).into()),
            whole: whole_answer().into(),
            events: streamed_answer(events as usize).map(Bytes::from).collect(),
        }
    }

    /// Asks, and reads an answer of 2 KB that comes whole.
    pub fn exchange(&self) {
        let mut response = Response::new(Pieces([self.whole.clone()].into_iter()));
        for (name, value) in ANSWER_HEADERS {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        self.answer(&self.requests[0], response);
    }

    /// Asks, and reads an answer that comes in events.
    pub fn stream(&self) {
        let mut response = Response::new(Pieces(self.events.iter().cloned()));
        let kind = HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert("content-type", kind);
        self.answer(&self.requests[1], response);
    }

    fn answer<I: Iterator<Item = Bytes> + Unpin>(
        &self,
        body: &Bytes,
        response: Response<Pieces<I>>,
    ) {
        let request = Request::post("http://127.0.0.1:8080/v1/chat/completions").body(body.clone());
        let mut request = request.expect("it is one");
        match self.genai.as_ref().and_then(|genai| genai.start(&mut request)) {
            Some(call) => read(call.answered(response).into_body()),
            None => read(response.into_body()),
        }
    }
}

fn read(body: impl Body) {
    let mut body = pin!(body);
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut context) {
        drop(black_box(frame));
    }
}

/// A body that is there.
struct Pieces<I>(I);

impl<I: Iterator<Item = Bytes> + Unpin> Body for Pieces<I> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|piece| Ok(Frame::data(piece))))
    }
}

impl fmt::Debug for HttpCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCall").field("recorded", &self.genai.is_some()).finish_non_exhaustive()
    }
}
