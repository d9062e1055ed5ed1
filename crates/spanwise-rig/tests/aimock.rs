//! Real clients against a provider's server that nobody here wrote: the npm package `@copilotkit/aimock`.
//!
//! `SPANWISE_TEST_AIMOCK` names its program `llmock`, which needs Node. Without it these tests pass, and say
//! that they were skipped.

#[path = "../../spanwise-http/tests/support/mod.rs"]
mod support;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessageArgs, CreateChatCompletionRequest,
    CreateChatCompletionRequestArgs,
};
use futures_util::StreamExt as _;
use genai::adapter::AdapterKind;
use genai::chat::{ChatOptions, ChatRequest, ChatStreamEvent};
use genai::resolver::{AuthData, Endpoint};
use reqwest_middleware::ClientWithMiddleware;
use rig_core::completion::CompletionRequest;
use rig_core::providers::anthropic::AnthropicConfig;
use rig_core::providers::openai;
use rig_core::streaming::{Item, StreamEvent};
use rig_reqwest::ReqwestClient;
use serde_json::{Value, json};
use spanwise_http::{ExecTraced as _, GenAi, GenAiMiddleware};
use spanwise_rig::GenAiHttp;
use spanwise_testing::{Captured, CapturedSpan};
use support::{http_client, record};

const FIXTURES: &str = r#"{"fixtures": [
    {"match": {"userMessage": "hello"},
     "response": {"content": "Hi there, how are you?", "finishReason": "stop",
                  "usage": {"prompt_tokens": 11, "completion_tokens": 5,
                            "input_tokens": 11, "output_tokens": 5}}},
    {"match": {"userMessage": "order"},
     "response": {"toolCalls": [{"name": "lookup_order", "arguments": "{\"order\":\"A-17\"}"}]}},
    {"match": {"userMessage": "busy"},
     "response": {"error": {"message": "slow down", "type": "rate_limit_error"}, "status": 429}}
]}"#;

const SAID: &str = "Hi there, how are you?";

/// The server; it stops with this.
struct AiMock {
    program: Child,
    url: String,
}

impl AiMock {
    /// Starts it for one test, or says that it is skipped.
    fn start(test: &str) -> Option<Self> {
        let Some(program) = std::env::var_os("SPANWISE_TEST_AIMOCK").filter(|it| !it.is_empty())
        else {
            eprintln!("skipped: SPANWISE_TEST_AIMOCK names no llmock, of the npm package aimock");
            return None;
        };
        let fixtures = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("aimock-{test}.json"));
        std::fs::write(&fixtures, FIXTURES).unwrap();
        let mut program = Command::new(program)
            .args(["--port", "0", "--latency", "2", "--strict", "--fixtures"])
            .arg(&fixtures)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let url =
            lines.find_map(|line| Some(line.unwrap().split_once("listening on ")?.1.to_owned()));
        // It goes on telling of every request, and must be heard.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { program, url: url.unwrap().trim().to_owned() })
    }
}

impl Drop for AiMock {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// One call, recorded whole.
#[track_caller]
fn assert_whole<'a>(captured: &'a Captured, name: &str) -> &'a CapturedSpan {
    let span = captured.span(name);
    assert_eq!(span.text("spanwise.outcome"), "completed");
    assert!(span.text("gen_ai.input.messages").contains("hello"));
    assert!(span.text("gen_ai.output.messages").contains(SAID));
    assert_eq!(span.text("server.address"), "127.0.0.1");
    span
}

#[track_caller]
fn assert_counted(span: &CapturedSpan) {
    assert_eq!(span.text("gen_ai.usage.input_tokens"), "11");
    assert_eq!(span.text("gen_ai.usage.output_tokens"), "5");
}

fn async_openai(url: &str) -> async_openai::Client<OpenAIConfig> {
    let config = OpenAIConfig::new().with_api_base(format!("{url}/v1")).with_api_key("sk-canary");
    let service = spanwise_http::async_openai(http_client());
    async_openai::Client::with_config(config).with_http_service(service)
}

fn asking(words: &str) -> CreateChatCompletionRequest {
    let message = ChatCompletionRequestUserMessageArgs::default().content(words).build().unwrap();
    CreateChatCompletionRequestArgs::default()
        .model("gpt-4o")
        .messages([message.into()])
        .build()
        .unwrap()
}

#[test]
fn async_openai_whole() {
    let Some(server) = AiMock::start("async_openai_whole") else { return };
    let captured = record(async {
        let answer = async_openai(&server.url).chat().create(asking("hello")).await.unwrap();
        assert_eq!(answer.choices[0].message.content.as_deref(), Some(SAID));
    });
    let span = assert_whole(&captured, "chat gpt-4o");
    assert_counted(span);
    assert!(span.text("gen_ai.response.id").starts_with("chatcmpl-"));
}

#[test]
fn async_openai_streamed() {
    let Some(server) = AiMock::start("async_openai_streamed") else { return };
    let captured = record(async {
        let mut stream =
            async_openai(&server.url).chat().create_stream(asking("hello")).await.unwrap();
        let mut said = String::new();
        while let Some(chunk) = stream.next().await {
            said.extend(
                chunk.unwrap().choices.into_iter().filter_map(|choice| choice.delta.content),
            );
        }
        assert_eq!(said, SAID);
        // The crate reads on a task of its own, which ends when it is next polled.
        drop(stream);
        tokio::task::yield_now().await;
    });
    let span = assert_whole(&captured, "chat gpt-4o");
    assert_eq!(span.text("gen_ai.request.stream"), "true");
    assert_eq!(span.text("gen_ai.response.finish_reasons"), r#"["stop"]"#);
}

#[test]
fn a_refusal() {
    let Some(server) = AiMock::start("refused") else { return };
    let captured = record(async {
        let client = middleware();
        let body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "busy"}]});
        let url = format!("{}/v1/chat/completions", server.url);
        let answer = client.post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 429);
        answer.bytes().await.unwrap();
    });
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("error.type"), "rate_limit_error");
    assert_eq!(span.text("spanwise.outcome"), "failed");
}

fn middleware() -> ClientWithMiddleware {
    let middleware = GenAiMiddleware::new(GenAi::default());
    reqwest_middleware::ClientBuilder::new(http_client()).with(middleware).build()
}

/// Sends JSON, and reads whatever comes.
async fn post(client: &ClientWithMiddleware, url: String, body: Value) -> String {
    let answer = client.post(url).header("x-api-key", "k").json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}

#[test]
fn reqwest_middleware_speaks_anthropics() {
    let Some(server) = AiMock::start("anthropic") else { return };
    for stream in [false, true] {
        let captured = record(async {
            let messages = json!([{"role": "user", "content": "hello"}]);
            let body = json!({"model": "claude-sonnet-4-5", "max_tokens": 64, "stream": stream, "messages": messages});
            post(&middleware(), format!("{}/v1/messages", server.url), body).await;
        });
        let span = assert_whole(&captured, "chat claude-sonnet-4-5");
        assert_eq!(span.text("gen_ai.provider.name"), "anthropic");
        assert!(span.text("gen_ai.response.id").starts_with("msg_"));
        assert_counted(span);
    }
}

#[test]
fn reqwest_middleware_speaks_geminis() {
    let Some(server) = AiMock::start("gemini") else { return };
    for verb in ["generateContent", "streamGenerateContent?alt=sse"] {
        let captured = record(async {
            let url = format!("{}/v1beta/models/gemini-2.5-flash:{verb}", server.url);
            let contents = json!([{"role": "user", "parts": [{"text": "hello"}]}]);
            post(&middleware(), url, json!({"contents": contents})).await;
        });
        let span = assert_whole(&captured, "generate_content gemini-2.5-flash");
        assert_eq!(span.text("gen_ai.provider.name"), "gcp.gemini");
    }
}

#[test]
fn reqwest_middleware_speaks_ollamas() {
    let Some(server) = AiMock::start("ollama") else { return };
    for stream in [false, true] {
        let captured = record(async {
            let genai = GenAiMiddleware::new(GenAi::default().host("127.0.0.1", "ollama"));
            let client = reqwest_middleware::ClientBuilder::new(http_client()).with(genai).build();
            let messages = json!([{"role": "user", "content": "hello"}]);
            let body = json!({"model": "qwen3", "stream": stream, "messages": messages});
            post(&client, format!("{}/api/chat", server.url), body).await;
        });
        let span = assert_whole(&captured, "chat qwen3");
        assert_eq!(span.text("gen_ai.provider.name"), "ollama");
    }
}

fn rig() -> GenAiHttp<ReqwestClient> {
    GenAiHttp::new(ReqwestClient::from(http_client()))
}

#[test]
fn rig_whole_and_streamed() {
    let Some(server) = AiMock::start("rig") else { return };
    let base = format!("{}/v1", server.url);
    let model = move || {
        let config = openai::OpenAIConfig::new("sk-canary").with_base_url(base.clone());
        config.connect(rig()).chat("gpt-4o")
    };
    let captured = record(async {
        let answer = model().call(CompletionRequest::new("hello")).await.unwrap();
        assert_eq!(answer.text(), SAID);
    });
    assert_counted(assert_whole(&captured, "chat gpt-4o"));
    let captured = record(async {
        let mut stream = model().stream(CompletionRequest::new("hello")).unwrap();
        let mut said = String::new();
        while let Some(item) = stream.next().await {
            if let Item::Event(StreamEvent::Text { text, .. }) = item.unwrap() {
                said.push_str(&text);
            }
        }
        assert_eq!(said, SAID);
    });
    assert_eq!(assert_whole(&captured, "chat gpt-4o").text("gen_ai.request.stream"), "true");
}

#[test]
fn rig_speaks_anthropics() {
    let Some(server) = AiMock::start("rig_anthropic") else { return };
    let captured = record(async {
        let client = AnthropicConfig::new("k").with_base_url(&server.url).connect(rig());
        let request = CompletionRequest::new("hello").max_tokens(64);
        let answer = client.completion("claude-sonnet-4-5").call(request).await.unwrap();
        assert_eq!(answer.text(), SAID);
    });
    assert_counted(assert_whole(&captured, "chat claude-sonnet-4-5"));
}

#[test]
fn genai_whole_and_streamed() {
    let Some(server) = AiMock::start("genai") else { return };
    let endpoint = Endpoint::from_owned(format!("{}/v1/", server.url));
    let target = (endpoint, AuthData::from_single("sk-canary"));
    let client = move || {
        let client = genai::Client::builder().with_reqwest(http_client());
        client.append_provider_config(AdapterKind::OpenAI, target.clone()).build().unwrap()
    };
    let options = ChatOptions::default().with_capture_usage(true);
    let captured = record(async {
        let request = ChatRequest::from_user("hello");
        let answer = client().exec_chat_traced("gpt-4o", request, Some(&options)).await.unwrap();
        assert_eq!(answer.first_text(), Some(SAID));
    });
    assert_counted(assert_whole(&captured, "chat gpt-4o"));
    let captured = record(async {
        let request = ChatRequest::from_user("hello");
        let client = client();
        let answer = client.exec_chat_stream_traced("gpt-4o", request, Some(&options)).await;
        let mut stream = answer.unwrap().stream;
        let mut said = String::new();
        while let Some(event) = stream.next().await {
            if let ChatStreamEvent::Chunk(chunk) = event.unwrap() {
                said.push_str(&chunk.content);
            }
        }
        assert_eq!(said, SAID);
    });
    assert_counted(assert_whole(&captured, "chat gpt-4o"));
}

#[test]
fn tools_are_asked_for() {
    let Some(server) = AiMock::start("tools") else { return };
    let captured = record(async {
        let answer = async_openai(&server.url).chat().create(asking("order")).await.unwrap();
        assert!(answer.choices[0].message.tool_calls.is_some());
    });
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("gen_ai.response.finish_reasons"), r#"["tool_calls"]"#);
    assert!(span.text("gen_ai.output.messages").contains(r#""arguments":{"order":"A-17"}"#));
}
