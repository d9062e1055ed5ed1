//! `async-openai` against a server on this machine.

mod support;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessageArgs, CreateChatCompletionRequest,
    CreateChatCompletionRequestArgs,
};
use futures_util::StreamExt as _;
use spanwise_http::{AsyncOpenAi, GenAi};
use support::{EVENTS, Script, attributes, events, http_client, record, serve, serve_and_keep};

const ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-4o-1",
    "choices":[{"index":0,"message":{"role":"assistant","content":"Hello","refusal":null},
    "finish_reason":"stop","logprobs":null}],
    "usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17}}"#;

fn client(base: String) -> Client<OpenAIConfig> {
    let http = http_client();
    let config = OpenAIConfig::new().with_api_base(base).with_api_key("sk-canary");
    Client::with_config(config).with_http_service(spanwise_http::async_openai(http))
}

fn request() -> CreateChatCompletionRequest {
    let message = ChatCompletionRequestUserMessageArgs::default().content("Hi").build().unwrap();
    CreateChatCompletionRequestArgs::default()
        .model("gpt-4o")
        .max_completion_tokens(64u32)
        .messages([message.into()])
        .build()
        .unwrap()
}

#[test]
fn a_chat_is_recorded_by_building_the_client_so() {
    let captured = record(async {
        let client = client(serve([Script::json(ANSWER)]).await);
        let answer = client.chat().create(request()).await.unwrap();
        assert_eq!(answer.choices[0].message.content.as_deref(), Some("Hello"));
    });
    insta::assert_snapshot!(attributes(captured.span("chat gpt-4o")), @r#"
    chat gpt-4o
    gen_ai.input.messages=[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"role":"assistant","parts":[{"type":"text","content":"Hello"}]}]
    gen_ai.provider.name=openai
    gen_ai.request.max_tokens=64
    gen_ai.request.model=gpt-4o
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
fn a_stream_whose_reader_leaves_at_its_end_is_completed() {
    let captured = record(async {
        let events = EVENTS.map(|event| {
            event
                .replace(
                    "\"choices\":",
                    "\"object\":\"chat.completion.chunk\",\"created\":1,\"choices\":",
                )
                .replace("{\"object\"", "{\"id\":\"chatcmpl-1\",\"model\":\"gpt-4o-1\",\"object\"")
        });
        let events: Vec<_> = events.iter().map(String::as_str).collect();
        let client = client(serve([Script::events(&events)]).await);
        let mut stream = client.chat().create_stream(request()).await.unwrap();
        let mut said = String::new();
        while let Some(chunk) = stream.next().await {
            for choice in chunk.unwrap().choices {
                said.extend(choice.delta.content);
            }
        }
        assert_eq!(said, "Hello ä");
        drop(stream);
        // The crate reads on a task of its own, which ends when it is next polled.
        tokio::task::yield_now().await;
    });
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("spanwise.outcome"), "completed");
    assert_eq!(span.text("gen_ai.request.stream"), "true");
    assert_eq!(span.text("spanwise.stream.chunks"), "4");
}

#[test]
fn all_attempts_of_a_call_are_one_span() {
    let captured = record(async {
        let busy = r#"{"error":{"message":"busy","type":"server_error","param":null,"code":null}}"#;
        let busy = Script::json(busy).status(500).header("retry-after-ms", "1");
        let client = client(serve([busy, Script::json(ANSWER)]).await);
        client.chat().create(request()).await.unwrap();
    });
    assert_eq!(captured.spans().len(), 1);
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("spanwise.outcome"), "completed");
    assert_eq!(span.text("http.request.resend_count"), "1");
    insta::assert_snapshot!(events(span), @"
    spanwise.attempt http.response.status_code=500 error.type=500 spanwise.retry_after=0.001
    spanwise.attempt http.request.resend_count=1 http.response.status_code=200
    ");
}

#[test]
fn a_limit_that_lasts_is_told_by_the_providers_word() {
    let captured = record(async {
        let limited = r#"{"error":{"message":"Slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#;
        let limited = Script::json(limited)
            .status(429)
            .header("retry-after-ms", "1")
            .header("x-ratelimit-remaining-tokens", "0");
        let client = client(serve(vec![limited; 4]).await);
        client.chat().create(request()).await.unwrap_err();
    });
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("error.type"), "rate_limit_exceeded");
    assert_eq!(span.status(), &opentelemetry::trace::Status::error("Slow down"));
    assert_eq!(span.text("http.request.resend_count"), "3");
    assert_eq!(captured.metric("spanwise.rate_limits").sum, 4.0);
    assert_eq!(captured.metric("spanwise.retries").text("error.type"), "429");
    assert_eq!(captured.metric("spanwise.rate_limit.remaining_tokens").sum, 0.0);
}

#[test]
fn usage_can_be_asked_for_without_the_callers_knowledge() {
    let captured = record(async {
        let chunk = |rest: &str| {
            format!(
                "data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",{rest}}}\n\n"
            )
        };
        let events = [
            chunk(r#""choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]"#),
            chunk(
                r#""choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17}"#,
            ),
            "data: [DONE]\n\n".to_owned(),
        ];
        let script = Script::events(&events.iter().map(String::as_str).collect::<Vec<_>>());
        let (base, kept) = serve_and_keep([script]).await;
        let genai = GenAi::default().include_usage();
        let config = OpenAIConfig::new().with_api_base(base).with_api_key("sk-canary");
        let client =
            Client::with_config(config).with_http_service(AsyncOpenAi::new(genai, http_client()));
        let chunks: Vec<_> = client.chat().create_stream(request()).await.unwrap().collect().await;
        assert_eq!(chunks.len(), 1);
        tokio::task::yield_now().await;
        let sent = String::from_utf8(kept.lock().unwrap()[0].to_vec()).unwrap();
        assert!(sent.ends_with(r#","stream_options":{"include_usage":true}}"#), "{sent}");
    });
    assert_eq!(captured.span("chat gpt-4o").text("gen_ai.usage.input_tokens"), "12");
}

#[test]
fn a_refusal_reaches_the_caller_and_the_span() {
    let captured = record(async {
        let error = r#"{"error":{"message":"No such model","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#;
        let client = client(serve([Script::json(error).status(404)]).await);
        let error = client.chat().create(request()).await.unwrap_err();
        assert!(error.to_string().contains("No such model"), "{error}");
    });
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("error.type"), "model_not_found");
    assert!(!attributes(span).contains("canary"));
}

#[test]
fn a_call_whose_budget_is_used_up_is_not_made_and_not_tried_again() {
    let budget = spanwise_core::Budget::tokens("daily", 1).hard_stop().build().unwrap();
    let capture = spanwise_testing::Capture::builder().budget(budget).build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(capture.run_async(async {
        let (base, sent) = serve_and_keep([Script::json(ANSWER)]).await;
        let client = client(base);
        client.chat().create(request()).await.unwrap();
        match client.chat().create(request()).await.unwrap_err() {
            async_openai::error::OpenAIError::Boxed(error) => {
                let exceeded: &spanwise_core::BudgetExceeded = error.downcast_ref().unwrap();
                assert_eq!(exceeded.budget(), "daily");
            }
            other => panic!("{other}"),
        }
        assert_eq!(sent.lock().unwrap().len(), 1);
    }));
    let captured = capture.finish();
    let last = captured.spans().iter().rfind(|span| span.name() == "chat gpt-4o").unwrap();
    assert_eq!(last.text("error.type"), "budget_exceeded");
}
