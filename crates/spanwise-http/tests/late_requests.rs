//! Request bodies that are not ready at once: sent as they come, and recorded all the same.

mod support;

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::{Request, Response};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full, StreamBody};
use proptest::prelude::*;
use spanwise_http::{GenAiLayer, GenAiMiddleware, PeekedBody};
use spanwise_testing::Captured;
use support::{ANSWER, EVENTS, REQUEST, Script, http_client, record, serve_and_keep, shown};
use tower::{Layer as _, Service as _, service_fn};

/// A body that is pending before each piece, and counts how often it was asked for one.
struct Slow {
    pieces: std::vec::IntoIter<io::Result<Bytes>>,
    waits: bool,
    given: Arc<AtomicUsize>,
}

impl Slow {
    fn new(pieces: impl IntoIterator<Item = io::Result<Bytes>>) -> Self {
        let pieces: Vec<_> = pieces.into_iter().collect();
        Self { pieces: pieces.into_iter(), waits: true, given: Arc::default() }
    }

    fn of(text: &str, size: usize) -> Self {
        Self::new(text.as_bytes().chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))))
    }
}

impl Stream for Slow {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.waits = !self.waits;
        if !self.waits {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.given.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(self.pieces.next())
    }
}

type Body = StreamBody<stream::BoxStream<'static, io::Result<Frame<Bytes>>>>;

fn body(slow: Slow) -> Body {
    StreamBody::new(slow.map(|piece| piece.map(Frame::data)).boxed())
}

fn request(body: Body) -> Request<Body> {
    Request::post("https://api.openai.com/v1/chat/completions").body(body).unwrap()
}

/// Sends a body through the layer; what arrived, and what was recorded.
fn sent(slow: Slow) -> (Result<Bytes, io::Error>, Captured) {
    let mut arrived = Ok(Bytes::new());
    let captured = record(async {
        let inner = service_fn(|request: Request<PeekedBody<Body>>| async {
            let sent = request.into_body().collect().await?.to_bytes();
            Ok::<_, io::Error>(Response::new(Full::new(sent)))
        });
        let mut client = GenAiLayer::default().layer(inner);
        arrived = match client.call(request(body(slow))).await {
            Ok(answer) => Ok(answer.into_body().collect().await.unwrap().to_bytes()),
            Err(error) => Err(error),
        };
    });
    (arrived, captured)
}

#[test]
fn a_body_that_comes_slowly_is_sent_as_it_is_and_tells_what_is_asked() {
    let (arrived, captured) = sent(Slow::of(REQUEST, 7));
    assert_eq!(arrived.unwrap(), REQUEST);
    let told = shown(&captured);
    for line in [
        "chat gpt-4o\n",
        "gen_ai.request.model=gpt-4o\n",
        "gen_ai.request.stream=true\n",
        "gen_ai.input.messages=[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"Hi\"}]}]\n",
    ] {
        assert!(told.contains(line), "{told}");
    }
    let duration = captured.metric("gen_ai.client.inference.duration");
    assert_eq!(duration.text("gen_ai.request.model"), "gpt-4o");
}

#[test]
fn it_is_not_read_faster_than_it_is_sent() {
    let captured = record(async {
        let slow = Slow::of(REQUEST, 7);
        let given = slow.given.clone();
        let inner = service_fn(move |request: Request<PeekedBody<Body>>| {
            let given = given.clone();
            async move {
                let mut body = request.into_body();
                for sent in 1..=4 {
                    body.frame().await.unwrap().unwrap();
                    assert_eq!(given.load(Ordering::Relaxed), sent, "one for each that was sent");
                }
                body.collect().await.unwrap();
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(ANSWER.as_bytes()))))
            }
        });
        let mut client = GenAiLayer::default().layer(inner);
        let answer = client.call(request(body(slow))).await.unwrap();
        answer.into_body().collect().await.unwrap();
    });
    assert_eq!(captured.span("chat gpt-4o").text("spanwise.outcome"), "completed");
}

#[test]
fn who_is_answered_before_it_has_sent_all_is_recorded_with_what_was_read() {
    let captured = record(async {
        let inner = service_fn(|request: Request<PeekedBody<Body>>| async {
            let mut body = request.into_body();
            for _ in 0..5 {
                body.frame().await.unwrap().unwrap();
            }
            drop(body);
            let answer = Full::new(Bytes::from_static(ANSWER.as_bytes()));
            Ok::<_, Infallible>(Response::new(answer))
        });
        let mut client = GenAiLayer::default().layer(inner);
        let answer = client.call(request(body(Slow::of(REQUEST, 7)))).await.unwrap();
        answer.into_body().collect().await.unwrap();
    });
    assert_eq!(captured.span("chat gpt-4o").text("gen_ai.request.stream"), "true");
}

#[test]
fn a_body_that_breaks_reaches_the_server_as_broken() {
    let broken = Slow::new([
        Ok(Bytes::from_static(br#"{"model":"gpt-4o","#)),
        Err(io::ErrorKind::BrokenPipe.into()),
    ]);
    let (arrived, captured) = sent(broken);
    assert_eq!(arrived.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("error.type"), "broken_pipe");
}

#[test]
fn what_is_known_of_its_length_stays_known() {
    let inner = service_fn(|request: Request<PeekedBody<Full<Bytes>>>| async move {
        let hint = request.body().size_hint();
        assert_eq!(hint.exact(), SizeHint::with_exact(REQUEST.len() as u64).exact());
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(ANSWER.as_bytes()))))
    });
    record(async {
        let request = Request::post("https://api.openai.com/v1/chat/completions")
            .body(Full::new(Bytes::from_static(REQUEST.as_bytes())))
            .unwrap();
        let answer = GenAiLayer::default().layer(inner).call(request).await.unwrap();
        answer.into_body().collect().await.unwrap();
    });
}

#[test]
fn a_stream_of_reqwest_is_sent_as_it_is_and_recorded() {
    let captured = record(async {
        let (base, kept) = serve_and_keep([Script::events(&EVENTS)]).await;
        let client = reqwest_middleware::ClientBuilder::new(http_client())
            .with(GenAiMiddleware::default())
            .build();
        let body = reqwest::Body::wrap_stream(Slow::of(REQUEST, 7));
        let url = format!("{base}/chat/completions");
        let answer = client.post(url).body(body).send().await.unwrap();
        answer.bytes().await.unwrap();
        assert_eq!(*kept.lock().unwrap(), [REQUEST.as_bytes()]);
    });
    let told = shown(&captured);
    assert!(told.starts_with("chat gpt-4o\n"), "{told}");
    assert!(told.contains("\"content\":\"Hi\""), "{told}");
}

proptest! {
    #[test]
    fn any_split_of_a_request_arrives_the_same_and_is_recorded_the_same(
        cuts in proptest::collection::vec(0usize..100, 0..8),
    ) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(REQUEST.len())).collect();
        cuts.extend([0, REQUEST.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| REQUEST.as_bytes()[cut[0]..cut[1]].to_vec());
        let (arrived, captured) = sent(Slow::new(pieces.map(|piece| Ok(piece.into()))));
        prop_assert_eq!(arrived.unwrap(), REQUEST);
        let (_, whole) = sent(Slow::of(REQUEST, REQUEST.len()));
        prop_assert_eq!(shown(&captured), shown(&whole));
    }
}
