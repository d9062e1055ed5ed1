//! `genai` against a server on this machine.

mod support;

use futures_util::StreamExt as _;
use genai::Client;
use genai::adapter::AdapterKind;
use genai::chat::{ChatMessage, ChatOptions, ChatRequest, ChatStreamEvent, ReasoningEffort, Tool};
use genai::embed::EmbedRequest;
use genai::resolver::{AuthData, Endpoint};
use spanwise_core::{Budget, BudgetExceeded};
use spanwise_http::ExecTraced as _;
use spanwise_testing::Capture;
use support::{ANSWER, EVENTS, Script, attributes, http_client, record, serve, shown};

async fn client(kind: AdapterKind, scripts: impl IntoIterator<Item = Script>) -> Client {
    let endpoint = Endpoint::from_owned(format!("{}/", serve(scripts).await));
    Client::builder()
        .with_reqwest(http_client())
        .with_adapter_kind(kind)
        .append_provider_config(kind, (endpoint, AuthData::from_single("sk-canary")))
        .build()
        .unwrap()
}

fn request() -> ChatRequest {
    ChatRequest::from_user("Hi").with_system("Be brief.").append_tool(Tool::new("lookup"))
}

fn options() -> ChatOptions {
    ChatOptions::default()
        .with_temperature(0.5)
        .with_max_tokens(64)
        .with_top_p(0.9)
        .with_seed(7)
        .with_stop_sequences(vec!["END".to_owned()])
        .with_reasoning_effort(ReasoningEffort::Low)
        .with_capture_usage(true)
}

#[test]
fn a_chat_is_recorded_by_one_word_more() {
    let captured = record(async {
        let client = client(AdapterKind::OpenAI, [Script::json(ANSWER)]).await;
        let answer = client.exec_chat_traced("gpt-4o", request(), Some(&options())).await.unwrap();
        assert_eq!(answer.first_text(), Some("Hello"));
    });
    insta::assert_snapshot!(shown(&captured), @r#"
    chat gpt-4o
    gen_ai.input.messages=[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"role":"assistant","parts":[{"type":"text","content":"Hello"}]}]
    gen_ai.provider.name=openai
    gen_ai.request.max_tokens=64
    gen_ai.request.model=gpt-4o
    gen_ai.request.reasoning.level=low
    gen_ai.request.seed=7
    gen_ai.request.stop_sequences=["END"]
    gen_ai.request.temperature=0.5
    gen_ai.request.top_p=0.9
    gen_ai.response.finish_reasons=["stop"]
    gen_ai.response.model=gpt-4o-1
    gen_ai.system_instructions=[{"type":"text","content":"Be brief."}]
    gen_ai.tool.definitions=[{"type":"function","name":"lookup"}]
    gen_ai.usage.input_tokens=12
    gen_ai.usage.output_tokens=5
    openai.api.type=chat_completions
    server.address=127.0.0.1
    spanwise.outcome=completed
    "#);
}

#[test]
fn where_the_bytes_are_kept_all_is_recorded_that_they_say() {
    let captured = record(async {
        let client = client(AdapterKind::OpenAI, [Script::json(ANSWER)]).await;
        let options = ChatOptions::default().with_capture_raw_body(true);
        client.exec_chat_traced("gpt-4o", request(), Some(&options)).await.unwrap();
    });
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("gen_ai.response.id"), "chatcmpl-1");
    assert_eq!(span.text("gen_ai.response.model"), "gpt-4o-1");
}

async fn read(client: &Client, options: ChatOptions) -> String {
    let answer = client.exec_chat_stream_traced("gpt-4o", request(), Some(&options)).await.unwrap();
    let mut stream = answer.stream;
    let mut said = String::new();
    while let Some(event) = stream.next().await {
        match event.unwrap() {
            ChatStreamEvent::Chunk(chunk) => said.push_str(&chunk.content),
            // Nothing comes after it.
            ChatStreamEvent::End(_) => break,
            _ => {}
        }
    }
    said
}

#[test]
fn a_stream_ends_its_span_with_its_last_event() {
    let captured = record(async {
        let client = client(AdapterKind::OpenAI, [Script::events(&EVENTS)]).await;
        assert_eq!(read(&client, options()).await, "Hello ä");
    });
    insta::assert_snapshot!(shown(&captured), @r#"
    chat gpt-4o
    gen_ai.input.messages=[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"role":"assistant","parts":[{"type":"text","content":"Hello ä"}]}]
    gen_ai.provider.name=openai
    gen_ai.request.max_tokens=64
    gen_ai.request.model=gpt-4o
    gen_ai.request.reasoning.level=low
    gen_ai.request.seed=7
    gen_ai.request.stop_sequences=["END"]
    gen_ai.request.stream=true
    gen_ai.request.temperature=0.5
    gen_ai.request.top_p=0.9
    gen_ai.response.finish_reasons=["stop"]
    gen_ai.system_instructions=[{"type":"text","content":"Be brief."}]
    gen_ai.tool.definitions=[{"type":"function","name":"lookup"}]
    gen_ai.usage.input_tokens=12
    gen_ai.usage.output_tokens=5
    openai.api.type=chat_completions
    server.address=127.0.0.1
    spanwise.outcome=completed
    spanwise.stream.chunks=2
    "#);
}

const TOOL_CALL: [&str; 5] = [
    r#"{"id":"1","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"lookup","arguments":""}}]}}]}"#,
    r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"order\":"}}]}}]}"#,
    r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"A-17\"}"}}]}}]}"#,
    r#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
    "[DONE]",
];

#[test]
fn a_streamed_tool_call_is_put_together_however_genai_tells_it() {
    for captures in [false, true] {
        let captured = record(async {
            let events = TOOL_CALL.map(|event| format!("data: {event}\n\n"));
            let script = Script::events(&events.each_ref().map(String::as_str));
            let client = client(AdapterKind::OpenAI, [script]).await;
            read(&client, options().with_capture_tool_calls(captures)).await;
        });
        let span = captured.span("chat gpt-4o");
        assert_eq!(
            span.text("gen_ai.output.messages"),
            r#"[{"role":"assistant","parts":[{"type":"tool_call","id":"call_1","name":"lookup","arguments":{"order":"A-17"}}]}]"#,
            "capture_tool_calls: {captures}"
        );
        assert_eq!(span.text("gen_ai.response.finish_reasons"), r#"["tool_calls"]"#);
    }
}

#[test]
fn a_stream_that_is_dropped_half_way_is_cancelled_with_what_had_arrived() {
    let captured = record(async {
        let client = client(AdapterKind::OpenAI, [Script::events(&EVENTS)]).await;
        let answer = client.exec_chat_stream_traced("gpt-4o", request(), None).await.unwrap();
        let mut stream = answer.stream;
        while !matches!(stream.next().await, Some(Ok(ChatStreamEvent::Chunk(_)))) {}
    });
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("spanwise.outcome"), "cancelled");
    assert!(span.text("gen_ai.output.messages").contains("Hel"));
}

#[test]
fn a_refusal_reaches_the_caller_and_the_span() {
    let error = r#"{"error":{"message":"No such model","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#;
    for streamed in [false, true] {
        let captured = record(async {
            let script = Script::json(error).status(404);
            let client = client(AdapterKind::OpenAI, [script]).await;
            let error = if streamed {
                let answer = client.exec_chat_stream_traced("gpt-4o", request(), None).await;
                let mut stream = answer.unwrap().stream;
                loop {
                    match stream.next().await.unwrap() {
                        Ok(_) => {}
                        Err(error) => break error,
                    }
                }
            } else {
                client.exec_chat_traced("gpt-4o", request(), None).await.unwrap_err()
            };
            assert!(error.to_string().contains("No such model"), "{error}");
        });
        let span = captured.span("chat gpt-4o");
        assert_eq!(span.text("error.type"), "model_not_found", "streamed: {streamed}");
        assert_eq!(span.text("spanwise.outcome"), "failed");
        assert!(!attributes(span).contains("canary"));
    }
}

#[test]
fn a_server_that_is_not_there_is_a_failure() {
    let captured = record(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}/v1/", listener.local_addr().unwrap());
        drop(listener);
        let client = Client::builder()
            .with_reqwest(http_client())
            .append_provider_config(
                AdapterKind::OpenAI,
                (Endpoint::from_owned(endpoint), AuthData::from_single("k")),
            )
            .build()
            .unwrap();
        assert!(client.exec_chat_traced("gpt-4o", request(), None).await.is_err());
    });
    assert_eq!(captured.span("chat gpt-4o").text("error.type"), "connect");
}

#[test]
fn other_providers_are_recorded_in_the_same_way() {
    let captured = record(async {
        let answer = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-1",
            "content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn",
            "usage":{"input_tokens":2,"cache_read_input_tokens":10,"output_tokens":5}}"#;
        let client = client(AdapterKind::Anthropic, [Script::json(answer)]).await;
        let request = ChatRequest::from_messages(vec![ChatMessage::user("Hi")]);
        let answer = client.exec_chat_traced("claude-sonnet-4-5", request, None).await.unwrap();
        assert_eq!(answer.first_text(), Some("Hello"));
    });
    let span = captured.span("chat claude-sonnet-4-5");
    assert_eq!(span.text("gen_ai.provider.name"), "anthropic");
    assert_eq!(span.text("gen_ai.usage.input_tokens"), "12");
    assert_eq!(span.text("gen_ai.usage.cache_read.input_tokens"), "10");
    assert_eq!(span.text("gen_ai.response.finish_reasons"), r#"["end_turn"]"#);
}

#[test]
fn embeddings_are_recorded_too() {
    let captured = record(async {
        let answer = r#"{"object":"list","model":"text-embedding-3-small-1",
            "data":[{"object":"embedding","index":0,"embedding":[0.1,0.2,0.3]}],
            "usage":{"prompt_tokens":9,"total_tokens":9}}"#;
        let client = client(AdapterKind::OpenAI, [Script::json(answer)]).await;
        let request = EmbedRequest::new("Hi");
        client.exec_embed_traced("text-embedding-3-small", request, None).await.unwrap();
    });
    insta::assert_snapshot!(shown(&captured), @"
    embeddings text-embedding-3-small
    gen_ai.embeddings.dimension.count=3
    gen_ai.operation.name=embeddings
    gen_ai.provider.name=openai
    gen_ai.request.model=text-embedding-3-small
    gen_ai.response.model=text-embedding-3-small-1
    gen_ai.usage.input_tokens=9
    server.address=127.0.0.1
    spanwise.outcome=completed
    ");
}

#[test]
fn a_budget_that_is_used_up_refuses_it_before_it_is_sent() {
    let budget = Budget::tokens("daily", 20).hard_stop().build().unwrap();
    let capture = Capture::builder().budget(budget).build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(capture.run_async(async {
        // There is no third answer: a request that leaves would fail by itself.
        let answers = [Script::json(ANSWER), Script::json(ANSWER)];
        let client = client(AdapterKind::OpenAI, answers).await;
        for _ in 0..2 {
            client.exec_chat_traced("gpt-4o", request(), None).await.unwrap();
        }
        let chat = client.exec_chat_traced("gpt-4o", request(), None).await.map(drop);
        let stream = client.exec_chat_stream_traced("gpt-4o", request(), None).await.map(drop);
        let embed = EmbedRequest::new("a text");
        let embed = client.exec_embed_traced("text-embedding-3-small", embed, None).await;
        for refused in [chat, stream, embed.map(drop)] {
            let Err(genai::Error::WebStream { error, .. }) = refused else { panic!("{refused:?}") };
            let exceeded = error.downcast_ref::<BudgetExceeded>().unwrap();
            assert_eq!(exceeded.budget(), "daily");
        }
    }));
    let captured = capture.finish();
    let calls = captured.spans().iter().filter(|span| span.name() != "budget.threshold");
    let calls: Vec<_> = calls.collect();
    let kinds: Vec<_> = calls.iter().map(|span| span.text("error.type")).collect();
    let refused = "budget_exceeded";
    assert_eq!(kinds, ["", "", refused, refused, refused]);
    assert!(calls[2..].iter().all(|span| span.text("spanwise.budget.name") == "daily"));
}
