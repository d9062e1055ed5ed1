//! rig's clients against a server on this machine.

#[path = "../../spanwise-http/tests/support/mod.rs"]
mod support;

use futures_util::StreamExt as _;
use rig_core::completion::CompletionRequest;
use rig_core::error::ProviderError;
use rig_core::http_client::{self, HttpClientExt as _};
use rig_core::providers::anthropic::AnthropicConfig;
use rig_core::providers::openai::{OpenAI, OpenAIConfig};
use rig_core::streaming::{Item, StreamEvent};
use rig_reqwest::ReqwestClient;
use spanwise_core::{Budget, BudgetExceeded};
use spanwise_rig::GenAiHttp;
use spanwise_testing::Capture;
use support::{
    ANSWER, EVENTS, Script, attributes, http_client, record, serve, serve_and_keep, shown,
};

fn http() -> GenAiHttp<ReqwestClient> {
    GenAiHttp::new(ReqwestClient::from(http_client()))
}

async fn openai(scripts: impl IntoIterator<Item = Script>) -> OpenAI {
    OpenAIConfig::new("sk-canary").with_base_url(serve(scripts).await).connect(http())
}

fn request() -> CompletionRequest {
    CompletionRequest::new("Hi").max_tokens(64).temperature(0.5)
}

#[test]
fn a_chat_is_recorded_by_building_the_client_so() {
    let captured = record(async {
        let model = openai([Script::json(ANSWER)]).await.chat("gpt-4o");
        let answer = model.call(request()).await.unwrap();
        assert_eq!(answer.text(), "Hello");
    });
    insta::assert_snapshot!(shown(&captured), @r#"
    chat gpt-4o
    gen_ai.input.messages=[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"role":"assistant","parts":[{"type":"text","content":"Hello"}]}]
    gen_ai.provider.name=openai
    gen_ai.request.max_tokens=64
    gen_ai.request.model=gpt-4o
    gen_ai.request.temperature=0.5
    gen_ai.response.finish_reasons=["stop"]
    gen_ai.response.id=chatcmpl-1
    gen_ai.response.model=gpt-4o-1
    gen_ai.usage.input_tokens=12
    gen_ai.usage.output_tokens=5
    openai.api.type=chat_completions
    server.address=127.0.0.1
    spanwise.outcome=completed
    "#);
}

#[test]
fn a_stream_is_read_as_ever_and_recorded() {
    let captured = record(async {
        let model = openai([Script::events(&EVENTS)]).await.chat("gpt-4o");
        let mut stream = model.stream(request()).unwrap();
        let mut said = String::new();
        while let Some(item) = stream.next().await {
            if let Item::Event(StreamEvent::Text { text, .. }) = item.unwrap() {
                said.push_str(&text);
            }
        }
        assert_eq!(said, "Hello ä");
    });
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("spanwise.outcome"), "completed");
    assert_eq!(span.text("gen_ai.request.stream"), "true");
    assert_eq!(span.text("gen_ai.usage.output_tokens"), "5");
    assert_eq!(span.text("spanwise.stream.chunks"), "4");
    assert!(span.text("gen_ai.output.messages").contains("Hello ä"));
}

#[test]
fn a_stream_that_is_dropped_half_way_is_cancelled_with_what_had_arrived() {
    let captured = record(async {
        let model = openai([Script::events(&EVENTS[..1])]).await.chat("gpt-4o");
        let mut stream = model.stream(request()).unwrap();
        stream.next().await.unwrap().unwrap();
    });
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("spanwise.outcome"), "cancelled");
    assert!(span.text("gen_ai.output.messages").contains("Hel"));
}

#[test]
fn every_provider_of_rigs_goes_the_same_way() {
    let captured = record(async {
        let answer = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-1",
            "content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn",
            "usage":{"input_tokens":2,"cache_read_input_tokens":10,"output_tokens":5}}"#;
        let base = serve([Script::json(answer)]).await;
        let model = AnthropicConfig::new("sk-canary")
            .with_base_url(base.trim_end_matches("/v1"))
            .connect(http())
            .completion("claude-sonnet-4-5");
        assert_eq!(model.call(request()).await.unwrap().text(), "Hello");
    });
    let span = captured.span("chat claude-sonnet-4-5");
    assert_eq!(span.text("gen_ai.provider.name"), "anthropic");
    assert_eq!(span.text("gen_ai.usage.input_tokens"), "12");
    assert_eq!(span.text("gen_ai.request.max_tokens"), "64");
    assert!(!attributes(span).contains("canary"));
}

#[test]
fn a_refusal_reaches_the_caller_and_the_span() {
    let error = r#"{"error":{"message":"No such model","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#;
    for streamed in [false, true] {
        let captured = record(async {
            let model = openai([Script::json(error).status(404)]).await.chat("gpt-4o");
            let error = if streamed {
                let mut stream = model.stream(request()).unwrap();
                stream.next().await.unwrap().unwrap_err()
            } else {
                model.call(request()).await.unwrap_err()
            };
            assert!(error.to_string().contains("No such model"), "{error}");
        });
        let span = captured.span("chat gpt-4o");
        assert_eq!(span.text("error.type"), "model_not_found", "streamed: {streamed}");
        assert_eq!(span.text("spanwise.outcome"), "failed");
    }
}

#[test]
fn a_budget_that_is_used_up_is_an_error_that_the_caller_can_match() {
    for streamed in [false, true] {
        let budget = Budget::tokens("daily", 1).hard_stop().build().unwrap();
        let capture = Capture::builder().budget(budget).build();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(capture.run_async(async {
            let (base, sent) = serve_and_keep([Script::json(ANSWER)]).await;
            let client = OpenAIConfig::new("sk-canary").with_base_url(base).connect(http());
            let model = client.chat("gpt-4o");
            model.call(request()).await.unwrap();
            let error = if streamed {
                model.stream(request()).unwrap().next().await.unwrap().unwrap_err()
            } else {
                model.call(request()).await.unwrap_err()
            };
            let ProviderError::Http(refused) = &error else { panic!("{error}") };
            let http_client::Error::Instance(refused) = &**refused else { panic!("{error}") };
            assert_eq!(refused.downcast_ref::<BudgetExceeded>().unwrap().budget(), "daily");
            assert_eq!(sent.lock().unwrap().len(), 1, "nothing more was sent");
        }));
        let captured = capture.finish();
        let spans: Vec<_> =
            captured.spans().iter().filter(|it| it.name() == "chat gpt-4o").collect();
        assert_eq!(spans.len(), 2, "streamed: {streamed}");
        assert_eq!(spans[1].text("error.type"), "budget_exceeded");
        assert_eq!(spans[1].text("spanwise.budget.name"), "daily");
        assert_eq!(captured.metric("spanwise.budget.refusals").sum, 1.0);
    }
}

#[test]
fn a_server_that_is_not_there_is_a_failure() {
    let captured = record(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/v1", listener.local_addr().unwrap());
        drop(listener);
        let client = OpenAIConfig::new("k").with_base_url(base).connect(http());
        assert!(client.chat("gpt-4o").call(request()).await.is_err());
    });
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("error.type"), "rig_http::http_client::Error");
    assert_eq!(span.text("spanwise.outcome"), "failed");
}

#[test]
fn other_requests_pass_as_they_are_and_without_a_span() {
    let captured = record(async {
        let base = serve([Script::json(r#"{"data":[]}"#)]).await;
        let request = http::Request::get(format!("{base}/models")).body(bytes::Bytes::new());
        let answer = http().send::<_, bytes::Bytes>(request.unwrap()).await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert_eq!(&*answer.into_body().await.unwrap(), br#"{"data":[]}"#);
    });
    assert!(captured.spans().is_empty());
}
