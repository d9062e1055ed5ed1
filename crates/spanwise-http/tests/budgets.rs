//! A budget that is used up: nothing is sent, the caller can match the error, and the span says why.

mod support;

use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use opentelemetry::trace::Status;
use reqwest_middleware::{ClientBuilder, Error};
use spanwise_core::{Budget, BudgetBy, BudgetExceeded, scope};
use spanwise_http::{BudgetError, BudgetLayer, GenAi, GenAiLayer, GenAiMiddleware};
use spanwise_testing::{Capture, Captured};
use support::{ANSWER, REQUEST, Script, http_client, serve_and_keep};
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};

/// An answer says that it took 17 tokens: the second call goes beyond this.
fn budget() -> Budget {
    Budget::tokens("daily", 20).hard_stop().build().unwrap()
}

fn record(budget: &Budget, work: impl Future<Output = ()>) -> Captured {
    let capture = Capture::builder().budget(budget.clone()).build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(capture.run_async(work));
    capture.finish()
}

/// The last call was refused, and those before it were not.
#[track_caller]
fn assert_refused(captured: &Captured) {
    let spans: Vec<_> = captured.spans().iter().filter(|it| it.name() == "chat gpt-4o").collect();
    let errors: Vec<_> = spans.iter().map(|span| span.text("error.type")).collect();
    assert_eq!(errors, ["", "", "budget_exceeded"]);
    assert_eq!(spans[2].text("spanwise.budget.name"), "daily");
    assert_eq!(spans[2].text("spanwise.outcome"), "failed");
    assert!(matches!(spans[2].status(), Status::Error { .. }));
    assert_eq!(captured.points("spanwise.budget.refusals").len(), 1);
}

#[track_caller]
fn assert_daily(exceeded: &BudgetExceeded) {
    assert_eq!((exceeded.budget(), exceeded.by()), ("daily", BudgetBy::Process));
    assert_eq!(exceeded.to_string(), "the budget `daily` of 20 tokens is used up");
}

#[test]
fn reqwest_middleware_gives_an_error_that_can_be_matched() {
    let captured = record(&budget(), async {
        let (base, sent) = serve_and_keep([Script::json(ANSWER), Script::json(ANSWER)]).await;
        let genai = GenAi::default().host("127.0.0.1", "openai");
        let client = ClientBuilder::new(http_client()).with(GenAiMiddleware::new(genai)).build();
        let call = || client.post(format!("{base}/chat/completions")).body(REQUEST).send();
        for _ in 0..2 {
            call().await.unwrap().text().await.unwrap();
        }
        match call().await.unwrap_err() {
            Error::Middleware(error) => assert_daily(error.downcast_ref().unwrap()),
            other => panic!("{other}"),
        }
        assert_eq!(sent.lock().unwrap().len(), 2, "nothing more was sent");
    });
    assert_refused(&captured);
}

type Answer = Result<Response<Full<Bytes>>, Infallible>;

#[test]
fn a_layer_gives_an_error_of_its_own_type() {
    let sent = AtomicU32::new(0);
    let captured = record(&budget(), async {
        let inner = service_fn(|request: Request<_>| {
            sent.fetch_add(1, Ordering::Relaxed);
            async move {
                let body: spanwise_http::PeekedBody<Full<Bytes>> = request.into_body();
                body.collect().await.unwrap();
                let mut answer = Response::new(Full::from(ANSWER));
                answer.headers_mut().insert("content-type", "application/json".parse().unwrap());
                Answer::Ok(answer)
            }
        });
        let mut client = GenAiLayer::default().layer(BudgetLayer::default().layer(inner));
        let mut call = async |path: &str| {
            let request = Request::post(format!("https://api.openai.com{path}"));
            let request = request.body(Full::from(REQUEST)).unwrap();
            let answer = client.ready().await.unwrap().call(request).await?;
            answer.into_body().collect().await.unwrap();
            Ok::<_, BudgetError<Infallible>>(())
        };
        for _ in 0..2 {
            call("/v1/chat/completions").await.unwrap();
        }
        match call("/v1/chat/completions").await.unwrap_err() {
            BudgetError::Exceeded(exceeded) => assert_daily(&exceeded),
            BudgetError::Client(never) => match never {},
        }
        // What is no model call costs nothing.
        call("/v1/files").await.unwrap();
    });
    assert_eq!(sent.into_inner(), 3);
    assert_refused(&captured);
}

#[test]
fn a_layer_hides_no_error_of_the_client() {
    let captured = record(&budget(), async {
        let inner = service_fn(|_: Request<_>| async {
            Err::<Response<Full<Bytes>>, _>(io::Error::from(io::ErrorKind::ConnectionRefused))
        });
        let mut client = GenAiLayer::default().layer(BudgetLayer::default().layer(inner));
        let request = Request::post("https://api.openai.com/v1/chat/completions");
        let request = request.body(Full::<Bytes>::from(REQUEST)).unwrap();
        match client.ready().await.unwrap().call(request).await.map(drop).unwrap_err() {
            BudgetError::Client(error) => {
                assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused)
            }
            BudgetError::Exceeded(exceeded) => panic!("{exceeded}"),
        }
    });
    assert_eq!(captured.span("chat gpt-4o").text("error.type"), "connection_refused");
}

#[test]
fn the_scope_of_a_client_says_whose_budget_it_is() {
    let budget = Budget::tokens("each", 10).per(BudgetBy::Tenant).hard_stop().build().unwrap();
    record(&budget, async {
        let scripts = [Script::json(ANSWER), Script::json(ANSWER)];
        let (base, _) = serve_and_keep(scripts).await;
        let client = |tenant: &str| {
            let genai = GenAi::default().host("127.0.0.1", "openai");
            let genai = genai.scope(scope().tenant(tenant.to_owned()));
            ClientBuilder::new(http_client()).with(GenAiMiddleware::new(genai)).build()
        };
        let call = async |tenant: &str| {
            let call = client(tenant).post(format!("{base}/chat/completions")).body(REQUEST);
            Ok::<_, Error>(call.send().await?.text().await?)
        };
        call("a").await.unwrap();
        let Err(Error::Middleware(error)) = call("a").await else { panic!("is used up") };
        assert_eq!(error.downcast_ref::<BudgetExceeded>().unwrap().subject(), "a");
        call("b").await.unwrap();
    });
}

#[test]
fn a_budget_that_is_no_hard_stop_refuses_nothing() {
    let budget = Budget::tokens("soft", 1).build().unwrap();
    let captured = record(&budget, async {
        let (base, _) = serve_and_keep([Script::json(ANSWER), Script::json(ANSWER)]).await;
        let genai = GenAi::default().host("127.0.0.1", "openai");
        let client = ClientBuilder::new(http_client()).with(GenAiMiddleware::new(genai)).build();
        for _ in 0..2 {
            let call = client.post(format!("{base}/chat/completions")).body(REQUEST).send();
            call.await.unwrap().text().await.unwrap();
        }
        assert!(budget.check().is_err());
    });
    assert!(captured.points("spanwise.budget.refusals").is_empty());
}
