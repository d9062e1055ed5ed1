//! The AWS SDK's client of Bedrock against a server on this machine.

mod support;

use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, ConverseStreamOutput, InferenceConfiguration, Message,
};
use aws_sdk_bedrockruntime::{Client, Config};
use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue};
use spanwise_core::{Budget, BudgetExceeded};
use spanwise_http::{GenAi, GenAiInterceptor};
use spanwise_testing::Capture;
use support::{Script, attributes, record, serve, serve_and_keep, shown};

const MODEL: &str = "amazon.nova-lite-v1:0";

const ANSWER: &str = r#"{"output":{"message":{"role":"assistant","content":[{"text":"Hello"}]}},
    "stopReason":"end_turn","usage":{"inputTokens":12,"outputTokens":5,"totalTokens":17},
    "metrics":{"latencyMs":1}}"#;

async fn client(scripts: impl IntoIterator<Item = Script>) -> Client {
    at(serve(scripts).await.trim_end_matches("/v1"))
}

fn at(url: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKIACANARY", "canary", None, None, "test"))
        .retry_config(
            RetryConfig::standard().with_initial_backoff(std::time::Duration::from_millis(1)),
        )
        .endpoint_url(url)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .interceptor(GenAiInterceptor::new(GenAi::default()));
    Client::from_conf(config.build())
}

fn question() -> Message {
    let said = ContentBlock::Text("Hi".to_owned());
    Message::builder().role(ConversationRole::User).content(said).build().unwrap()
}

fn sampling() -> InferenceConfiguration {
    InferenceConfiguration::builder().max_tokens(64).temperature(0.5).stop_sequences("END").build()
}

#[test]
fn a_call_is_recorded_by_an_interceptor() {
    let captured = record(async {
        let client = client([Script::json(ANSWER)]).await;
        let call = client.converse().model_id(MODEL).messages(question());
        let answer = call.inference_config(sampling()).send().await.unwrap();
        assert_eq!(answer.usage.unwrap().output_tokens, 5);
    });
    insta::assert_snapshot!(shown(&captured), @r#"
    chat amazon.nova-lite-v1:0
    gen_ai.input.messages=[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"role":"assistant","parts":[{"type":"text","content":"Hello"}]}]
    gen_ai.provider.name=aws.bedrock
    gen_ai.request.max_tokens=64
    gen_ai.request.model=amazon.nova-lite-v1:0
    gen_ai.request.stop_sequences=["END"]
    gen_ai.request.temperature=0.5
    gen_ai.response.finish_reasons=["end_turn"]
    gen_ai.usage.input_tokens=12
    gen_ai.usage.output_tokens=5
    server.address=127.0.0.1
    spanwise.outcome=completed
    "#);
}

/// Events of a stream, in the SDK's own framing.
fn events() -> Script {
    let event = |kind: &str, payload: &'static str| {
        let header = |name: &'static str, value: &str| {
            Header::new(name, HeaderValue::String(value.to_owned().into()))
        };
        let message = aws_smithy_types::event_stream::Message::new(payload)
            .add_header(header(":message-type", "event"))
            .add_header(header(":event-type", kind))
            .add_header(header(":content-type", "application/json"));
        let mut bytes = Vec::new();
        write_message_to(&message, &mut bytes).unwrap();
        bytes
    };
    let events = [
        event("messageStart", r#"{"role":"assistant"}"#),
        event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"Hel"}}"#),
        event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"lo"}}"#),
        event("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        event("messageStop", r#"{"stopReason":"end_turn"}"#),
        event(
            "metadata",
            r#"{"usage":{"inputTokens":12,"outputTokens":5,"totalTokens":17},"metrics":{"latencyMs":1}}"#,
        ),
    ];
    Script::of("application/vnd.amazon.eventstream", events)
}

#[test]
fn a_stream_is_read_as_ever_and_recorded() {
    let captured = record(async {
        let client = client([events()]).await;
        let call = client.converse_stream().model_id(MODEL).messages(question());
        let mut stream = call.send().await.unwrap().stream;
        let mut said = String::new();
        while let Some(event) = stream.recv().await.unwrap() {
            if let ConverseStreamOutput::ContentBlockDelta(delta) = event {
                said.push_str(delta.delta.unwrap().as_text().unwrap());
            }
        }
        assert_eq!(said, "Hello");
    });
    insta::assert_snapshot!(shown(&captured), @r#"
    chat amazon.nova-lite-v1:0
    gen_ai.input.messages=[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"role":"assistant","parts":[{"type":"text","content":"Hello"}]}]
    gen_ai.provider.name=aws.bedrock
    gen_ai.request.model=amazon.nova-lite-v1:0
    gen_ai.request.stream=true
    gen_ai.response.finish_reasons=["end_turn"]
    gen_ai.usage.input_tokens=12
    gen_ai.usage.output_tokens=5
    server.address=127.0.0.1
    spanwise.outcome=completed
    spanwise.stream.chunks=5
    "#);
}

#[test]
fn a_stream_that_is_dropped_half_way_is_cancelled_with_what_had_arrived() {
    let captured = record(async {
        let mut script = events();
        script.pieces.truncate(2);
        let client = client([script]).await;
        let call = client.converse_stream().model_id(MODEL).messages(question());
        let mut stream = call.send().await.unwrap().stream;
        stream.recv().await.unwrap().unwrap();
        stream.recv().await.unwrap().unwrap();
    });
    let span = captured.span(&format!("chat {MODEL}"));
    assert_eq!(span.text("spanwise.outcome"), "cancelled");
    assert!(span.text("gen_ai.output.messages").contains("Hel"));
}

#[test]
fn all_attempts_of_a_call_are_one_span() {
    let captured = record(async {
        let busy = Script::json(r#"{"message":"busy"}"#).status(503);
        let client = client([busy, Script::json(ANSWER)]).await;
        client.converse().model_id(MODEL).messages(question()).send().await.unwrap();
    });
    assert_eq!(captured.spans().len(), 1);
    let span = captured.span(&format!("chat {MODEL}"));
    assert_eq!(span.text("spanwise.outcome"), "completed");
    assert_eq!(span.text("http.request.resend_count"), "1");
}

#[test]
fn a_refusal_reaches_the_caller_and_the_span() {
    let captured = record(async {
        let refusal = Script::json(r#"{"message":"No such model"}"#)
            .header("x-amzn-errortype", "ValidationException:http://internal.amazon.com/")
            .status(400);
        let client = client([refusal]).await;
        let call = client.converse().model_id(MODEL).messages(question());
        let error = call.send().await.unwrap_err().into_service_error();
        assert!(error.is_validation_exception(), "{error:?}");
    });
    let span = captured.span(&format!("chat {MODEL}"));
    assert_eq!(span.text("error.type"), "ValidationException");
    assert_eq!(span.text("spanwise.outcome"), "failed");
    assert!(!attributes(span).to_lowercase().contains("canary"));
}

/// The first of an error and its sources that is one of a budget.
fn exceeded<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a BudgetExceeded> {
    std::iter::successors(Some(error), |error| error.source()).find_map(|it| it.downcast_ref())
}

#[test]
fn a_budget_that_is_used_up_is_among_the_sources_of_the_error() {
    let budget = Budget::tokens("daily", 1).hard_stop().build().unwrap();
    let capture = Capture::builder().budget(budget).build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(capture.run_async(async {
        let (base, sent) = serve_and_keep([Script::json(ANSWER)]).await;
        let client = at(base.trim_end_matches("/v1"));
        client.converse().model_id(MODEL).messages(question()).send().await.unwrap();
        let error = client.converse().model_id(MODEL).messages(question()).send().await;
        assert_eq!(exceeded(&error.unwrap_err()).unwrap().budget(), "daily");
        let error = client.converse_stream().model_id(MODEL).messages(question()).send().await;
        assert_eq!(exceeded(&error.unwrap_err()).unwrap().budget(), "daily");
        assert_eq!(sent.lock().unwrap().len(), 1, "nothing more was sent");
    }));
    let captured = capture.finish();
    let spans: Vec<_> =
        captured.spans().iter().filter(|it| it.name().starts_with("chat")).collect();
    assert_eq!(spans.len(), 3, "a refusal is not tried again");
    for refused in &spans[1..] {
        assert_eq!(refused.text("error.type"), "budget_exceeded");
        assert_eq!(refused.text("spanwise.budget.name"), "daily");
    }
    assert_eq!(captured.metric("spanwise.budget.refusals").sum, 2.0);
}

#[test]
fn a_server_that_is_not_there_is_a_failure() {
    let captured = record(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = at(&format!("http://{}", listener.local_addr().unwrap()));
        drop(listener);
        let call = client.converse().model_id(MODEL).messages(question());
        assert!(call.send().await.is_err());
    });
    assert_eq!(captured.spans().len(), 1);
    let span = captured.span(&format!("chat {MODEL}"));
    assert_eq!(span.text("error.type"), "connect");
    assert_eq!(span.text("http.request.resend_count"), "2");
    assert_eq!(span.text("spanwise.outcome"), "failed");
}

#[test]
fn a_call_that_is_dropped_is_cancelled() {
    let captured = record(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = at(&format!("http://{}", listener.local_addr().unwrap()));
        let call = client.converse().model_id(MODEL).messages(question()).send();
        // Somebody is there, and says nothing.
        tokio::select! {
            _ = call => panic!("nobody answered"),
            connection = listener.accept() => drop(connection.unwrap()),
        }
    });
    assert_eq!(captured.span(&format!("chat {MODEL}")).text("spanwise.outcome"), "cancelled");
}
