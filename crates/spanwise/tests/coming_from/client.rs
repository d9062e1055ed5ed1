//! What the rows of clients say, shown by a client with a layer, and a provider on this machine.

use std::net::Ipv4Addr;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use spanwise::{ContentCapture, scope};
use spanwise_http::{GenAi, GenAiMiddleware};
use spanwise_testing::{Capture, Captured};

use crate::support::block_on;

const QUESTION: &str =
    r#"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hello!"}]}"#;

/// Streams an answer as OpenAI does: with its usage only where that is asked for.
async fn answer(asked: String) -> ([(axum::http::HeaderName, &'static str); 1], String) {
    let mut chunks = vec![
        r#"{"id":"1","model":"gpt-4o","choices":[{"index":0,"delta":{"content":"Hi!"}}]}"#,
        r#"{"id":"1","model":"gpt-4o","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
    ];
    if asked.contains(r#""include_usage":true"#) {
        chunks.push(r#"{"id":"1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#);
    }
    chunks.push("[DONE]");
    let events = chunks.into_iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    ([(CONTENT_TYPE, "text/event-stream")], events)
}

/// One call of a client with this layer, with content captured.
fn called(genai: GenAi) -> Captured {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let capture = Capture::builder().content(ContentCapture::SpanOnly).build();
    block_on(capture.run_async(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/v1/chat/completions", listener.local_addr().unwrap());
        let provider = Router::new().route("/v1/chat/completions", post(answer));
        tokio::spawn(async move { axum::serve(listener, provider).await });
        let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
            .with(GenAiMiddleware::new(genai))
            .build();
        let answer = client.post(url).body(QUESTION).send().await.unwrap();
        assert!(answer.text().await.unwrap().contains("Hi!"));
    }));
    capture.finish()
}

/// What is recorded of one client's calls, said where the client is made.
pub(crate) fn of_one_client() {
    let all = called(GenAi::default());
    assert!(all.span("chat gpt-4o").text("gen_ai.input.messages").contains("Hello!"));
    let less = called(GenAi::default().scope(scope().record_inputs(false)));
    let span = less.span("chat gpt-4o");
    assert!(span.attribute("gen_ai.input.messages").is_none());
    assert!(span.text("gen_ai.output.messages").contains("Hi!"));
    let off = called(GenAi::default().scope(scope().enabled(false)));
    assert!(off.spans().is_empty(), "{}", off.tree());
}

/// Providers tell the usage of a stream only where they are asked to.
pub(crate) fn usage_of_streams() {
    let untold = called(GenAi::default());
    assert!(untold.span("chat gpt-4o").attribute("gen_ai.usage.output_tokens").is_none());
    let told = called(GenAi::default().include_usage());
    assert_eq!(told.span("chat gpt-4o").text("gen_ai.usage.input_tokens"), "9");
    assert_eq!(told.span("chat gpt-4o").text("gen_ai.usage.output_tokens"), "2");
}
