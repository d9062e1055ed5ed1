//! `async-openai`'s answers, recorded by themselves.

use async_openai::types::chat::CreateChatCompletionResponse;
use spanwise_core::{ContentCapture, Generation, Provider};
use spanwise_testing::Capture;

const ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-4o-1",
    "service_tier":"flex","system_fingerprint":"fp_1",
    "choices":[
        {"index":0,"message":{"role":"assistant","content":"A cat.","tool_calls":[
            {"id":"call_1","type":"function","function":{"name":"lookup","arguments":"{\"a\":1}"}}]},
         "finish_reason":"tool_calls"},
        {"index":1,"message":{"role":"assistant","content":null,"refusal":"I will not."},"finish_reason":null}],
    "usage":{"prompt_tokens":300,"completion_tokens":48,"total_tokens":348,
        "prompt_tokens_details":{"cached_tokens":40,"audio_tokens":50},
        "completion_tokens_details":{"reasoning_tokens":16}}}"#;

#[test]
fn an_answer_is_recorded_by_returning_it() {
    let capture = Capture::builder().content(ContentCapture::SpanOnly).build();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(capture.run_async(async {
        let answer = Generation::chat(Provider::OpenAi, "gpt-4o")
            .run(async { serde_json::from_str::<CreateChatCompletionResponse>(ANSWER) })
            .await;
        assert_eq!(answer.unwrap().id, "chatcmpl-1");
    }));
    let captured = capture.finish();
    captured.assert_conformant();
    let span = captured.span("chat gpt-4o");
    let told: String =
        span.keys().iter().map(|key| format!("{key}={}\n", span.text(key))).collect();
    insta::assert_snapshot!(told, @r#"
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"role":"assistant","parts":[{"type":"text","content":"A cat."},{"type":"tool_call","id":"call_1","name":"lookup","arguments":{"a":1}}]},{"role":"assistant","parts":[{"type":"text","content":"I will not."}]}]
    gen_ai.provider.name=openai
    gen_ai.request.model=gpt-4o
    gen_ai.response.finish_reasons=["tool_calls","error"]
    gen_ai.response.id=chatcmpl-1
    gen_ai.response.model=gpt-4o-1
    gen_ai.usage.audio.input_tokens=50
    gen_ai.usage.cache_read.input_tokens=40
    gen_ai.usage.input_tokens=300
    gen_ai.usage.output_tokens=48
    gen_ai.usage.reasoning.output_tokens=16
    openai.response.service_tier=flex
    openai.response.system_fingerprint=fp_1
    spanwise.outcome=completed
    "#);
}
