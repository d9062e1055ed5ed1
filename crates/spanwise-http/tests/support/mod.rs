//! A provider's server that answers what it is told to, and the spans that come of it.

#![allow(dead_code, unreachable_pub, reason = "each test uses its own part of it")]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response, StatusCode};
use futures_util::stream;
use http_body_util::{BodyExt as _, Full};
use spanwise_core::ContentCapture;
use spanwise_http::{GenAiLayer, PeekedBody};
use spanwise_testing::{Capture, Captured, CapturedSpan};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::{Layer as _, Service as _, service_fn};

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
    serve_and_keep(scripts).await.0
}

/// The bodies of the requests that came.
pub type Kept = Arc<Mutex<Vec<Bytes>>>;

/// The same, keeping what is asked.
pub async fn serve_and_keep(scripts: impl IntoIterator<Item = Script>) -> (String, Kept) {
    let scripts: Arc<Mutex<VecDeque<Script>>> = Arc::new(Mutex::new(scripts.into_iter().collect()));
    let kept = Kept::default();
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let keep = kept.clone();
    let app = Router::new().fallback(move |body: Bytes| {
        keep.lock().unwrap().push(body);
        let script = scripts.lock().unwrap().pop_front().unwrap();
        async move { script.response() }
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://{address}/v1"), kept)
}

/// Writes these bytes to whoever has asked something, and then closes, or leaves the connection as it is; gives
/// back its base URL.
pub async fn serve_raw(wire: Vec<u8>, hangs: bool) -> String {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let wire = Arc::new(wire);
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let wire = wire.clone();
            tokio::spawn(async move {
                let mut asked = Vec::new();
                while !asked.ends_with(REQUEST.as_bytes()) {
                    if connection.read_buf(&mut asked).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                // A caller may go away first.
                let _ = connection.write_all(&wire).await;
                if hangs {
                    let _ = connection.read_buf(&mut asked).await;
                }
            });
        }
    });
    format!("http://{address}/v1")
}

/// Calls a server that answers so through the tower layer; `arrived` is what the caller has.
pub fn through_the_layer(script: &Script, arrived: impl FnOnce(&[u8])) -> Captured {
    record(async {
        let inner = service_fn(|_: Request<PeekedBody<Full<Bytes>>>| async {
            Ok::<_, Infallible>(script.clone().response())
        });
        let mut client = GenAiLayer::default().layer(inner);
        let request = Request::post("https://api.openai.com/v1/chat/completions");
        let request = request.body(Full::new(Bytes::from_static(REQUEST.as_bytes()))).unwrap();
        let answer = client.call(request).await.unwrap();
        arrived(&answer.into_body().collect().await.unwrap().to_bytes());
    })
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

/// The events of a span, one a line, but for what the clock says.
pub fn events(span: &CapturedSpan) -> String {
    let events = span.data().events.iter().map(|event| {
        let attributes = event.attributes.iter().filter(|kv| kv.key.as_str() != DELAY);
        let attributes: String = attributes.map(|kv| format!(" {}={}", kv.key, kv.value)).collect();
        format!("{}{attributes}\n", event.name)
    });
    events.collect()
}

pub const DELAY: &str = "spanwise.attempt.delay";

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
