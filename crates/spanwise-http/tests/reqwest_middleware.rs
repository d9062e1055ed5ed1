//! A client of `reqwest-middleware` against a server on this machine.

mod support;

use futures_util::StreamExt as _;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use spanwise_http::{GenAi, GenAiMiddleware};
use support::{ANSWER, EVENTS, REQUEST, Script, http_client, record, serve, shown};

fn client() -> ClientWithMiddleware {
    let genai = GenAi::default().host("127.0.0.1", "vllm");
    ClientBuilder::new(http_client()).with(GenAiMiddleware::new(genai)).build()
}

#[test]
fn a_streamed_answer_is_passed_on_as_it_is_and_recorded() {
    let captured = record(async {
        let script = Script::events(&EVENTS);
        let base = serve([script.clone()]).await;
        let url = format!("{base}/chat/completions");
        let answer = client().post(&url).body(REQUEST).send().await.unwrap();
        assert_eq!(answer.url().as_str(), url, "the URL survives");
        let mut stream = answer.bytes_stream();
        let mut arrived = Vec::new();
        while let Some(bytes) = stream.next().await {
            arrived.extend_from_slice(&bytes.unwrap());
        }
        assert_eq!(arrived, script.bytes());
    });
    insta::assert_snapshot!(shown(&captured), @r#"
    chat gpt-4o
    gen_ai.input.messages=[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"role":"assistant","parts":[{"type":"text","content":"Hello ä"}]}]
    gen_ai.provider.name=vllm
    gen_ai.request.model=gpt-4o
    gen_ai.request.stream=true
    gen_ai.response.finish_reasons=["stop"]
    gen_ai.response.id=chatcmpl-1
    gen_ai.response.model=gpt-4o-1
    gen_ai.usage.input_tokens=12
    gen_ai.usage.output_tokens=5
    server.address=127.0.0.1
    spanwise.outcome=completed
    spanwise.stream.chunks=4
    "#);
}

#[test]
fn a_whole_answer_is_read_by_the_caller_as_ever() {
    let captured = record(async {
        let base = serve([Script::json(ANSWER)]).await;
        let answer = client().post(format!("{base}/chat/completions")).body(REQUEST).send().await;
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.text().await.unwrap(), ANSWER);
    });
    assert_eq!(captured.span("chat gpt-4o").text("gen_ai.response.id"), "chatcmpl-1");
}

#[test]
fn a_server_that_is_not_there_is_a_failure() {
    let captured = record(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let url = format!("http://{address}/v1/chat/completions");
        assert!(client().post(url).body(REQUEST).send().await.is_err());
    });
    let span = captured.span("chat gpt-4o");
    assert!(!span.text("error.type").is_empty());
    assert_eq!(span.text("spanwise.outcome"), "failed");
}

#[test]
fn other_requests_pass_without_a_span() {
    let captured = record(async {
        let base = serve([Script::json("{}")]).await;
        let answer = client().get(format!("{base}/models")).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "{}");
    });
    assert!(captured.spans().is_empty());
}
