//! A provider's server that answers what it is told to, and the spans that come of it.

#![allow(dead_code, unreachable_pub, reason = "each test uses its own part of it")]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use futures_util::stream;
use spanwise_core::ContentCapture;
use spanwise_testing::{Capture, Captured, CapturedSpan};

/// An answer, in the pieces in which it is sent.
#[derive(Clone)]
pub struct Script {
    pub status: u16,
    pub headers: Vec<(&'static str, &'static str)>,
    pub pieces: Vec<Vec<u8>>,
}

impl Script {
    pub fn json(body: &str) -> Self {
        Self::of("application/json", [body.as_bytes().to_vec()])
    }

    pub fn events(pieces: &[&str]) -> Self {
        Self::of("text/event-stream", pieces.iter().map(|piece| piece.as_bytes().to_vec()))
    }

    pub fn of(content_type: &'static str, pieces: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let headers = vec![("content-type", content_type)];
        Self { status: 200, headers, pieces: pieces.into_iter().collect() }
    }

    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.pieces.concat()
    }

    fn response(self) -> Response<Body> {
        let mut response = Response::builder().status(StatusCode::from_u16(self.status).unwrap());
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        let pieces = self.pieces.into_iter().map(Ok::<_, Infallible>);
        response.body(Body::from_stream(stream::iter(pieces))).unwrap()
    }
}

/// Serves the scripts one after the other, whatever is asked; gives back its base URL.
pub async fn serve(scripts: impl IntoIterator<Item = Script>) -> String {
    let scripts: Arc<Mutex<VecDeque<Script>>> = Arc::new(Mutex::new(scripts.into_iter().collect()));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback(move || {
        let script = scripts.lock().unwrap().pop_front().unwrap();
        async move { script.response() }
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}/v1")
}

/// A client, with the one provider of cryptography that there shall be.
pub fn http_client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// What a future records, with content on spans; held to the conventions.
#[track_caller]
pub fn record<F: Future>(work: F) -> Captured {
    let capture = Capture::builder().content(ContentCapture::SpanOnly).build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(capture.run_async(work));
    let captured = capture.finish();
    captured.assert_conformant();
    captured
}

/// Every attribute of the one span, one a line; but for what the clock and the free port say.
#[track_caller]
pub fn shown(captured: &Captured) -> String {
    let [span] = captured.spans() else { panic!("not one span:\n{}", captured.tree()) };
    attributes(span)
}

pub fn attributes(span: &CapturedSpan) -> String {
    const VARY: [&str; 2] = ["gen_ai.response.time_to_first_chunk", "server.port"];
    let keys = span.keys().into_iter().filter(|key| !VARY.contains(key));
    let attributes = keys.map(|key| format!("{key}={}\n", span.text(key)));
    format!("{}\n{}", span.name(), attributes.collect::<String>())
}

pub const REQUEST: &str =
    r#"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;

pub const ANSWER: &str = r#"{"id":"chatcmpl-1","model":"gpt-4o-1","choices":[{"index":0,
    "message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],
    "usage":{"prompt_tokens":12,"completion_tokens":5}}"#;

/// A streamed answer, an event each.
pub const EVENTS: [&str; 5] = [
    "data: {\"id\":\"chatcmpl-1\",\"model\":\"gpt-4o-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo ä\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5,\"total_tokens\":17}}\n\n",
    "data: [DONE]\n\n",
];
