//! Answers that programs have as JSON, recorded by hand.

use serde_json::{Value, json};
use spanwise_core::{ContentCapture, Generation, Provider};
use spanwise_providers::{AnswerBody, RecordAnswer as _};
use spanwise_testing::Capture;

/// Id, tokens and what was said, of an answer recorded by hand.
fn told(provider: Provider, record: impl FnOnce(&Generation)) -> [String; 4] {
    let capture = Capture::builder().content(ContentCapture::SpanOnly).build();
    capture.run(|| {
        let generation = Generation::chat(provider, "m").start();
        record(&generation);
        generation.finish();
    });
    let captured = capture.finish();
    captured.assert_conformant();
    let span = captured.span("chat m");
    let output: Value = span
        .attribute("gen_ai.output.messages")
        .map(|messages| serde_json::from_str(&messages.to_string()).unwrap())
        .unwrap_or_default();
    [
        span.text("gen_ai.response.id"),
        span.text("gen_ai.usage.input_tokens"),
        span.text("gen_ai.usage.output_tokens"),
        output[0]["parts"][0]["content"].as_str().unwrap_or_default().to_owned(),
    ]
}

#[test]
fn every_provider_is_read_by_its_own_codec() {
    let openai = json!({"id": "1", "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}],
                        "usage": {"prompt_tokens": 12, "completion_tokens": 5}});
    let responses = json!({"id": "1", "status": "completed", "output": [{"type": "message", "role": "assistant",
                           "content": [{"type": "output_text", "text": "Hi"}]}],
                           "usage": {"input_tokens": 12, "output_tokens": 5}});
    let anthropic = json!({"id": "1", "content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn",
                           "usage": {"input_tokens": 2, "cache_read_input_tokens": 10, "output_tokens": 5}});
    let gemini = json!({"responseId": "1", "candidates": [{"content": {"parts": [{"text": "Hi"}]},
                        "finishReason": "STOP"}],
                        "usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": 5}});
    let cohere = json!({"id": "1", "message": {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]},
                        "finish_reason": "COMPLETE",
                        "usage": {"billed_units": {"input_tokens": 12, "output_tokens": 5}}});
    let whole = ["1", "12", "5", "Hi"];
    assert_eq!(told(Provider::OpenAi, |g| g.record_openai(&openai)), whole);
    assert_eq!(told(Provider::OpenAi, |g| g.record_openai_responses(&responses)), whole);
    assert_eq!(told(Provider::Anthropic, |g| g.record_anthropic(&anthropic)), whole);
    assert_eq!(told(Provider::GcpGemini, |g| g.record_gemini(&gemini)), whole);
    assert_eq!(told(Provider::Cohere, |g| g.record_cohere(&cohere)), whole);
    assert_eq!(told(Provider::MistralAi, |g| g.record_mistral(&openai)), whole);

    let bedrock = json!({"output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
                         "stopReason": "end_turn", "usage": {"inputTokens": 12, "outputTokens": 5}});
    let ollama = json!({"model": "m", "message": {"role": "assistant", "content": "Hi"}, "done": true,
                        "prompt_eval_count": 12, "eval_count": 5});
    let without_id = ["", "12", "5", "Hi"];
    assert_eq!(told(Provider::AwsBedrock, |g| g.record_bedrock(&bedrock)), without_id);
    assert_eq!(told(Provider::from("ollama"), |g| g.record_ollama(&ollama)), without_id);
}

#[test]
fn json_may_be_written_or_parsed() {
    let text = r#"{"id":"1"}"#;
    let parsed: Value = serde_json::from_str(text).unwrap();
    fn bytes<A: AnswerBody + ?Sized>(answer: &A) -> Vec<u8> {
        answer.bytes().into_owned()
    }
    let all = [
        bytes(text),
        bytes(&text.to_owned()),
        bytes(text.as_bytes()),
        bytes(&text.as_bytes().to_vec()),
        bytes(&parsed),
    ];
    assert!(all.iter().all(|bytes| bytes == text.as_bytes()));
}

#[test]
fn what_cannot_be_read_is_left_out() {
    assert_eq!(told(Provider::OpenAi, |g| g.record_openai("<html>")), ["", "", "", ""]);
}
