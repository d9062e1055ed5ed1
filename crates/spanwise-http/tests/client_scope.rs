//! What is recorded of one client's calls, said where the client is built.

mod support;

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use spanwise_core::{ContentCapture, Scope, scope};
use spanwise_http::{GenAi, GenAiLayer, PeekedBody};
use spanwise_testing::{Capture, Captured};
use support::{ANSWER, REQUEST};
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};

/// One call of a client that has this scope.
fn call(scope: Scope) -> Captured {
    let capture = Capture::builder().content(ContentCapture::SpanOnly).build();
    let calling = capture.run_async(async {
        let inner = service_fn(|request: Request<PeekedBody<Full<Bytes>>>| async {
            let sent = request.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(sent, REQUEST);
            let mut response = Response::new(Full::new(Bytes::from_static(ANSWER.as_bytes())));
            response.headers_mut().insert("content-type", "application/json".parse().unwrap());
            Ok::<_, Infallible>(response)
        });
        let mut client = GenAiLayer::new(GenAi::default().scope(scope)).layer(inner);
        let request = Request::post("https://api.openai.com/v1/chat/completions")
            .body(Full::new(Bytes::from_static(REQUEST.as_bytes())))
            .unwrap();
        let response = client.ready().await.unwrap().call(request).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), ANSWER);
    });
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(calling);
    capture.finish()
}

const INPUT: &str = "gen_ai.input.messages";
const OUTPUT: &str = "gen_ai.output.messages";

#[test]
fn a_client_says_whose_its_calls_are_and_what_is_recorded_of_them() {
    let all = call(scope().user("u-9"));
    let [span] = all.spans() else { panic!("{}", all.tree()) };
    assert_eq!(span.text("user.id"), "u-9");
    assert!(span.attribute(INPUT).is_some() && span.attribute(OUTPUT).is_some());

    let less = call(scope().record_inputs(false));
    let [span] = less.spans() else { panic!("{}", less.tree()) };
    assert!(span.attribute(INPUT).is_none() && span.attribute(OUTPUT).is_some());
}

#[test]
fn a_client_that_is_off_is_not_recorded_and_answers_all_the_same() {
    assert!(call(scope().enabled(false)).spans().is_empty());
}
