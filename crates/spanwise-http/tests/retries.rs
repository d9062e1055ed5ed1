//! Clients that retry: one span outside with its attempts, one span of each attempt inside.

mod support;

use std::convert::Infallible;
use std::future::Ready;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use reqwest_middleware::ClientBuilder;
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use spanwise_core::{EventDetails, EventHub, Measurements, attach};
use spanwise_http::{AttemptLayer, AttemptMiddleware, GenAiLayer, GenAiMiddleware, PeekedBody};
use spanwise_testing::{Capture, Captured};
use support::{ANSWER, DELAY, REQUEST, Script, events, http_client, record, serve};
use tower::retry::Policy;
use tower::{Service, ServiceBuilder, ServiceExt as _, service_fn};

const BUSY: &str = r#"{"error":{"message":"busy","type":"server_error","code":null}}"#;

fn busy(status: u16) -> Script {
    Script::json(BUSY).status(status)
}

type Sent = Request<PeekedBody<Full<Bytes>>>;

/// Tries three times in all, whatever happens, and at once.
#[derive(Clone)]
struct ThreeTimes(usize);

impl<Res, E> Policy<Sent, Response<Res>, E> for ThreeTimes {
    type Future = Ready<()>;

    fn retry(
        &mut self,
        _: &mut Sent,
        result: &mut Result<Response<Res>, E>,
    ) -> Option<Self::Future> {
        let failed = result.as_ref().map_or(true, |answer| !answer.status().is_success());
        self.0 += 1;
        (failed && self.0 < 3).then(|| std::future::ready(()))
    }

    fn clone_request(&mut self, request: &Sent) -> Option<Sent> {
        Some(request.clone())
    }
}

async fn call<S, B>(mut client: S)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>>,
    S::Error: std::fmt::Debug,
    B: http_body::Body,
    B::Error: std::fmt::Debug,
{
    let request = Request::post("https://api.openai.com/v1/chat/completions")
        .body(Full::new(Bytes::from_static(REQUEST.as_bytes())))
        .unwrap();
    let answer = client.ready().await.unwrap().call(request).await.unwrap();
    answer.into_body().collect().await.unwrap();
}

/// Answers 503, then 429, then well.
async fn moody(sent: Sent, tried: Arc<AtomicUsize>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = sent.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, REQUEST, "the same is sent each time");
    let answer = Response::builder();
    let answer = match tried.fetch_add(1, Ordering::Relaxed) {
        0 => answer.status(503),
        1 => {
            answer.status(429).header("retry-after", "7").header("x-ratelimit-limit-requests", "60")
        }
        _ => answer.header("x-ratelimit-remaining-requests", "59"),
    };
    Ok(answer.body(Full::new(Bytes::from_static(ANSWER.as_bytes()))).unwrap())
}

#[test]
fn a_tower_client_that_retries_is_one_span_with_its_attempts() {
    let captured = record(async {
        let tried = Arc::new(AtomicUsize::new(0));
        let client = ServiceBuilder::new()
            .layer(GenAiLayer::default())
            .retry(ThreeTimes(0))
            .layer(AttemptLayer::default())
            .service(service_fn(move |sent| moody(sent, tried.clone())));
        call(client).await;
    });
    let span = captured.span("chat gpt-4o");
    insta::assert_snapshot!(events(span), @"
    spanwise.attempt http.response.status_code=503 error.type=503
    spanwise.rate_limit spanwise.rate_limit.requests.limit=60 spanwise.retry_after=7
    spanwise.attempt http.request.resend_count=1 http.response.status_code=429 error.type=429 spanwise.retry_after=7
    spanwise.rate_limit spanwise.rate_limit.requests.remaining=59
    spanwise.attempt http.request.resend_count=2 http.response.status_code=200
    ");
    assert_eq!(span.text("http.request.resend_count"), "2");
    assert_eq!(span.text("spanwise.outcome"), "completed");
    let delays = span.data().events.iter().flat_map(|event| &event.attributes);
    assert_eq!(delays.filter(|kv| kv.key.as_str() == DELAY).count(), 2);
    assert_eq!(captured.metric("spanwise.rate_limits").sum, 1.0);
}

#[test]
fn handlers_hear_each_attempt_begin_and_end() {
    let capture = Capture::builder().event_hub(EventHub::new()).build();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let told = heard.clone();
    capture.run(|| {
        let hear = move |name: &str, measured: &Measurements, _: &EventDetails<'_>| {
            let timed = if measured.duration.is_some() { " timed" } else { "" };
            told.lock().unwrap().push(format!("{name}{timed}"));
        };
        attach("requests", "provider.request.*", hear).unwrap();
        let tried = Arc::new(AtomicUsize::new(0));
        let client = ServiceBuilder::new()
            .layer(GenAiLayer::default())
            .retry(ThreeTimes(0))
            .layer(AttemptLayer::default())
            .service(service_fn(move |sent| moody(sent, tried.clone())));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(call(client));
    });
    let [start, exception, stop] =
        ["start", "exception timed", "stop timed"].map(|phase| format!("provider.request.{phase}"));
    assert_eq!(
        *heard.lock().unwrap(),
        [start.clone(), exception.clone(), start.clone(), exception, start, stop]
    );
}

#[test]
fn outside_alone_it_is_one_span_that_knows_of_the_last_answer() {
    let captured = record(async {
        let tried = Arc::new(AtomicUsize::new(0));
        let client = ServiceBuilder::new()
            .layer(GenAiLayer::default())
            .retry(ThreeTimes(0))
            .service(service_fn(move |sent| moody(sent, tried.clone())));
        call(client).await;
    });
    let span = captured.span("chat gpt-4o");
    insta::assert_snapshot!(events(span), @"spanwise.rate_limit spanwise.rate_limit.requests.remaining=59");
    assert_eq!(span.text("http.request.resend_count"), "");
}

#[test]
fn attempts_that_belong_to_no_recorded_call_are_passed_on() {
    let captured = record(async {
        let client = service_fn(|_: Request<Full<Bytes>>| async {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"{}"))))
        });
        call(ServiceBuilder::new().layer(AttemptLayer::default()).service(client)).await;
    });
    assert!(captured.spans().is_empty());
}

#[test]
fn what_goes_elsewhere_meanwhile_is_no_attempt() {
    let captured = record(async {
        let inner = ServiceBuilder::new().layer(AttemptLayer::default()).service(service_fn(
            |_: Request<PeekedBody<Full<Bytes>>>| async {
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(ANSWER.as_bytes()))))
            },
        ));
        let client = service_fn(move |sent: Sent| {
            let mut inner = inner.clone();
            async move {
                let mut other = sent.clone();
                *other.uri_mut() = "https://login.example/token".parse().unwrap();
                inner.ready().await?.call(other).await?;
                inner.ready().await?.call(sent).await
            }
        });
        call(ServiceBuilder::new().layer(GenAiLayer::default()).service(client)).await;
    });
    assert_eq!(captured.span("chat gpt-4o").text("http.request.resend_count"), "");
}

#[test]
fn an_attempt_that_is_given_up_is_one_all_the_same() {
    let captured = record(async {
        let tried = Arc::new(AtomicUsize::new(0));
        let inner = service_fn(move |_: Sent| {
            let first = tried.fetch_add(1, Ordering::Relaxed) == 0;
            async move {
                if first {
                    std::future::pending::<()>().await;
                }
                Ok::<_, tower::BoxError>(Response::new(Full::new(Bytes::from_static(
                    ANSWER.as_bytes(),
                ))))
            }
        });
        let client = ServiceBuilder::new()
            .layer(GenAiLayer::default())
            .map_err(|error: tower::BoxError| error.to_string())
            .retry(ThreeTimes(0))
            .timeout(Duration::from_millis(20))
            .layer(AttemptLayer::default())
            .service(inner);
        call(client).await;
    });
    insta::assert_snapshot!(events(captured.span("chat gpt-4o")), @"
    spanwise.attempt
    spanwise.attempt http.request.resend_count=1 http.response.status_code=200
    ");
}

/// Calls once by a client of `reqwest-middleware` that retries, recorded outside or inside of that.
fn by_reqwest(scripts: Vec<Script>, outside: bool) -> (Captured, Option<u16>) {
    let mut status = None;
    let captured = record(async {
        let bounds = Duration::from_millis(1);
        let policy = ExponentialBackoff::builder().retry_bounds(bounds, bounds);
        let retries = RetryTransientMiddleware::new_with_policy(policy.build_with_max_retries(2));
        let client = ClientBuilder::new(http_client());
        let client = match outside {
            true => client
                .with(GenAiMiddleware::default())
                .with(retries)
                .with(AttemptMiddleware::default()),
            false => client.with(retries).with(GenAiMiddleware::default()),
        };
        let gone = scripts.is_empty();
        let base = serve(scripts).await;
        let url = match gone {
            false => format!("{base}/chat/completions"),
            true => "http://127.0.0.1:1/v1/chat/completions".to_owned(),
        };
        let answer = client.build().post(url).body(REQUEST).send().await;
        if let Ok(answer) = answer {
            status = Some(answer.status().as_u16());
            answer.bytes().await.unwrap();
        }
    });
    (captured, status)
}

#[test]
fn reqwest_retry_is_one_span_with_its_attempts() {
    let scripts = vec![busy(503), busy(429).header("retry-after", "1"), Script::json(ANSWER)];
    let (captured, status) = by_reqwest(scripts, true);
    assert_eq!(status, Some(200));
    let span = captured.span("chat gpt-4o");
    insta::assert_snapshot!(events(span), @"
    spanwise.attempt http.response.status_code=503 error.type=503
    spanwise.attempt http.request.resend_count=1 http.response.status_code=429 error.type=429 spanwise.retry_after=1
    spanwise.attempt http.request.resend_count=2 http.response.status_code=200
    ");
    assert_eq!(span.text("spanwise.outcome"), "completed");
}

#[test]
fn a_call_that_fails_for_good_says_why_and_how_often_it_was_tried() {
    let (captured, status) = by_reqwest(vec![busy(503), busy(503), busy(503)], true);
    assert_eq!(status, Some(503));
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("error.type"), "server_error");
    assert_eq!(span.text("http.request.resend_count"), "2");
    assert_eq!(captured.metric("spanwise.retries").sum, 2.0);
}

#[test]
fn a_server_that_is_not_there_is_tried_again() {
    let (captured, status) = by_reqwest(Vec::new(), true);
    assert_eq!(status, None);
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("error.type"), "reqwest::error::Error");
    assert_eq!(span.text("http.request.resend_count"), "2");
    let why = captured.metric("spanwise.retries").text("error.type");
    assert_eq!(why, "reqwest::error::Error");
}

#[test]
fn inside_each_attempt_is_a_span() {
    let (captured, status) = by_reqwest(vec![busy(503), Script::json(ANSWER)], false);
    assert_eq!(status, Some(200));
    insta::assert_snapshot!(captured.tree(), @"
    chat gpt-4o error.type=503
    chat gpt-4o usage.input_tokens=12 usage.output_tokens=5
    ");
}
