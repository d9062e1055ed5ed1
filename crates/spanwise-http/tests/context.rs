//! A trace goes on from one service to the next, and to those alone that shall have it.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, Response};
use opentelemetry::trace::FutureExt as _;
use spanwise_core::propagation::{BaggageKeys, Propagation};
use spanwise_core::{Agent, Tool, propagate_context, scope};
use spanwise_http::{ExtractContextLayer, InjectContextLayer};
use spanwise_testing::Capture;
use tower::{Layer as _, ServiceExt as _, service_fn};

async fn handle() -> &'static str {
    Tool::new("serve").run(async { Ok::<_, Infallible>("served") }).await.unwrap()
}

fn keys() -> BaggageKeys {
    BaggageKeys::of(["session.id"])
}

#[tokio::test]
async fn a_request_is_served_in_the_context_of_its_caller() {
    let capture = Capture::builder().build();
    let bare = Propagation::default().baggage(keys()).in_context(&capture.context());
    let server = Router::new().route("/", get(handle)).layer(ExtractContextLayer::new());
    // On a task of its own, to which nothing comes but headers.
    let process = bare.clone();
    let far = service_fn(move |request: Request<Body>| {
        let served = server.clone().oneshot(request).with_context(process.clone());
        async { tokio::spawn(served).await.unwrap() }
    });
    let client = InjectContextLayer::to(["orders.internal"]).layer(far);
    let call = Agent::new("caller").run_with(async |_| {
        client.oneshot(Request::get("http://orders.internal/").body(Body::empty()).unwrap()).await
    });
    let around = scope().session("s-1").user("u-9");
    around.run(call).with_context(bare).await.unwrap();

    let captured = capture.finish();
    let (caller, served) =
        (captured.span("invoke_agent caller"), captured.span("execute_tool serve"));
    assert_eq!(served.parent_span_id(), caller.span_context().span_id());
    assert!(served.data().parent_span_is_remote);
    assert_eq!(served.text("session.id"), "s-1");
    assert!(served.attribute("user.id").is_none(), "that was not allowed to leave");
}

#[tokio::test]
async fn hosts_that_are_not_named_are_told_nothing() {
    let seen = |layer: InjectContextLayer, url: &'static str| async move {
        let client = layer.layer(service_fn(|request: Request<()>| async move {
            let names: Vec<_> = request.headers().keys().map(ToString::to_string).collect();
            Ok::<_, Infallible>(Response::new(names))
        }));
        let capture = Capture::builder().build();
        let context = Propagation::default().baggage(keys()).in_context(&capture.context());
        let call = Agent::new("caller")
            .run_with(async |_| client.oneshot(Request::get(url).body(()).unwrap()).await);
        let call = scope().session("s-1").run(call).with_context(context);
        let mut names = call.await.unwrap().into_body();
        names.sort_unstable();
        names
    };
    let both = ["baggage", "traceparent"];
    let named = || InjectContextLayer::to(["orders.internal"]);
    assert_eq!(seen(named(), "http://Orders.internal:8080/x").await, both);
    for other in ["http://evil.example/orders.internal", "http://a.orders.internal/", "/path"] {
        assert!(seen(named(), other).await.is_empty(), "{other}");
    }
    assert!(seen(InjectContextLayer::default(), "http://orders.internal/").await.is_empty());
    assert_eq!(seen(InjectContextLayer::to_its_peer(), "/path").await, both);
}

#[tokio::test]
async fn a_request_without_context_is_served_all_the_same() {
    let capture = Capture::builder().build();
    let server = ExtractContextLayer::new().layer(service_fn(|_: Request<()>| async {
        handle().await;
        tokio::spawn(propagate_context(handle())).await.unwrap();
        Ok::<_, Infallible>(())
    }));
    let request = Request::get("/").header("traceparent", "00-nonsense").header("baggage", "=,;");
    capture.run_async(server.oneshot(request.body(()).unwrap())).await.unwrap();
    let captured = capture.finish();
    assert_eq!(captured.spans().len(), 2);
    assert!(captured.spans().iter().all(|span| !span.data().parent_span_is_remote));
}
