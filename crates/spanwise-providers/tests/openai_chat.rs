//! OpenAI Chat Completions.

mod support;

use spanwise_core::Provider;
use spanwise_providers::{Codec, ErrorAnswer, OpenAiChat};
use support::{streamed, survives_nonsense, whole};

const PATH: &str = "/v1/chat/completions";

const REQUEST: &str = r#"{
    "model": "gpt-4o",
    "messages": [
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "name": "ann", "content": [
            {"type": "text", "text": "What is on the picture?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}},
            {"type": "image_url", "image_url": {"url": "https://pictures.example/1.png"}},
            {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
            {"type": "file", "file": {"file_id": "file_1"}}
        ]},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "call_1", "type": "function",
             "function": {"name": "lookup", "arguments": "{\"order\":\"A-17\"}"}}
        ]},
        {"role": "tool", "tool_call_id": "call_1", "content": "{\"arrives\":\"tomorrow\"}"}
    ],
    "tools": [{"type": "function", "function": {"name": "lookup", "description": "Finds orders",
               "parameters": {"type": "object"}}}],
    "max_completion_tokens": 256, "temperature": 0.5, "top_p": 0.25, "frequency_penalty": 0.5,
    "presence_penalty": 0.75, "seed": 7, "n": 2, "stop": "END", "reasoning_effort": "low",
    "service_tier": "flex", "response_format": {"type": "json_schema", "json_schema": {}},
    "a_field_of_tomorrow": {"deep": [1, 2, 3]}
}"#;

const ANSWER: &str = r#"{
    "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-2024-08-06",
    "service_tier": "default", "system_fingerprint": "fp_1",
    "choices": [
        {"index": 1, "message": {"role": "assistant", "content": null, "refusal": "I will not."},
         "finish_reason": "content_filter"},
        {"index": 0, "message": {"role": "assistant", "content": "A cat.",
         "tool_calls": [{"id": "call_2", "type": "function",
                         "function": {"name": "lookup", "arguments": "{}"}}]},
         "finish_reason": "tool_calls"}
    ],
    "usage": {"prompt_tokens": 300, "completion_tokens": 48,
              "prompt_tokens_details": {"cached_tokens": 40, "audio_tokens": 50},
              "completion_tokens_details": {"reasoning_tokens": 16, "audio_tokens": 0}}
}"#;

#[test]
fn a_request_and_its_answer_become_one_span() {
    insta::assert_snapshot!(whole(&OpenAiChat, Provider::OpenAi, PATH, REQUEST, ANSWER), @r#"
    chat gpt-4o
    gen_ai.input.messages=[{"parts":[{"content":"Be kind.","type":"text"}],"role":"developer"},{"name":"ann","parts":[{"content":"What is on the picture?","type":"text"},{"content":"iVBO","mime_type":"image/png","modality":"image","type":"blob"},{"modality":"image","type":"uri","uri":"https://pictures.example/1.png"},{"content":"UklG","mime_type":"audio/wav","modality":"audio","type":"blob"},{"file_id":"file_1","modality":"document","type":"file"}],"role":"user"},{"parts":[{"arguments":{"order":"A-17"},"id":"call_1","name":"lookup","type":"tool_call"}],"role":"assistant"},{"parts":[{"id":"call_1","response":{"arrives":"tomorrow"},"type":"tool_call_response"}],"role":"tool"}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"parts":[{"content":"A cat.","type":"text"},{"arguments":{},"id":"call_2","name":"lookup","type":"tool_call"}],"role":"assistant"},{"parts":[{"content":"I will not.","type":"text"}],"role":"assistant"}]
    gen_ai.output.type=json
    gen_ai.provider.name=openai
    gen_ai.request.choice.count=2
    gen_ai.request.frequency_penalty=0.5
    gen_ai.request.max_tokens=256
    gen_ai.request.model=gpt-4o
    gen_ai.request.presence_penalty=0.75
    gen_ai.request.reasoning.level=low
    gen_ai.request.seed=7
    gen_ai.request.stop_sequences=["END"]
    gen_ai.request.temperature=0.5
    gen_ai.request.top_p=0.25
    gen_ai.response.finish_reasons=["tool_calls","content_filter"]
    gen_ai.response.id=chatcmpl-1
    gen_ai.response.model=gpt-4o-2024-08-06
    gen_ai.tool.definitions=[{"name":"lookup","type":"function"}]
    gen_ai.usage.audio.input_tokens=50
    gen_ai.usage.audio.output_tokens=0
    gen_ai.usage.cache_read.input_tokens=40
    gen_ai.usage.input_tokens=300
    gen_ai.usage.output_tokens=48
    gen_ai.usage.reasoning.output_tokens=16
    openai.api.type=chat_completions
    openai.request.service_tier=flex
    openai.response.service_tier=default
    openai.response.system_fingerprint=fp_1
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    "#);
}

#[test]
fn chunks_tell_the_same_in_pieces() {
    let request = r#"{"model": "gpt-4o", "stream": true, "n": 2}"#;
    let chunk = |choices: &str| {
        format!(
            r#"{{"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","choices":{choices},"usage":null}}"#
        )
    };
    let chunks = [
        chunk(r#"[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]"#),
        chunk(r#"[{"index":1,"delta":{"content":"No"},"finish_reason":null}]"#),
        chunk(r#"[{"index":0,"delta":{"reasoning_content":"Hm. "}}]"#),
        chunk(r#"[{"index":0,"delta":{"content":"A "}}]"#),
        chunk(
            r#"[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"look","arguments":""}}]}}]"#,
        ),
        chunk(r#"[{"index":0,"delta":{"content":"cat"}}]"#),
        chunk(
            r#"[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}}]"#,
        ),
        chunk(
            r#"[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}}]"#,
        ),
        chunk(r#"[{"index":0,"delta":{},"finish_reason":"tool_calls"}]"#),
        chunk(r#"[{"index":1,"delta":{},"finish_reason":"stop"}]"#),
        r#"{"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5}}"#
            .to_owned(),
        "[DONE]".to_owned(),
    ];
    let events: Vec<_> = chunks.iter().map(|chunk| ("", chunk.as_str())).collect();
    insta::assert_snapshot!(streamed(&OpenAiChat, Provider::OpenAi, PATH, request, &events), @r#"
    chat gpt-4o
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"parts":[{"content":"Hm. ","type":"reasoning"},{"content":"A cat","type":"text"},{"arguments":{"a":1},"id":"call_1","name":"look","type":"tool_call"}],"role":"assistant"},{"parts":[{"content":"No","type":"text"}],"role":"assistant"}]
    gen_ai.provider.name=openai
    gen_ai.request.choice.count=2
    gen_ai.request.model=gpt-4o
    gen_ai.request.stream=true
    gen_ai.response.finish_reasons=["tool_calls","stop"]
    gen_ai.response.id=chatcmpl-1
    gen_ai.response.model=gpt-4o-2024-08-06
    gen_ai.usage.input_tokens=12
    gen_ai.usage.output_tokens=5
    openai.api.type=chat_completions
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    spanwise.stream.chunks=11
    "#);
}

#[test]
fn a_refusal_of_the_api_says_why() {
    let told = |body: &str| OpenAiChat.error(body.as_bytes());
    let error = r#"{"error": {"message": "No such model", "type": "invalid_request_error",
                    "param": null, "code": "model_not_found"}}"#;
    let expected = ErrorAnswer { code: "model_not_found".into(), message: "No such model".into() };
    assert_eq!(told(error), Some(expected));
    let error = r#"{"error": {"message": "Slow down", "type": "tokens", "code": null}}"#;
    assert_eq!(told(error).unwrap().code, "tokens");
    assert_eq!(told("<html>"), None);
}

#[test]
fn an_answer_that_is_an_error_fails_the_operation() {
    let answer = r#"{"error": {"message": "Overloaded", "type": "server_error"}}"#;
    let told = whole(&OpenAiChat, Provider::OpenAi, PATH, r#"{"model": "m"}"#, answer);
    assert!(told.contains("error.type=server_error"), "{told}");
}

#[test]
fn nonsense_is_survived() {
    survives_nonsense(&OpenAiChat, PATH, &[REQUEST, ANSWER]);
}

#[test]
fn the_cost_that_an_answer_tells_is_recorded_as_the_providers() {
    for (usage, amount) in [
        // OpenRouter, then Perplexity.
        (r#"{"prompt_tokens": 5, "cost": 0.00014}"#, "0.00014"),
        (
            r#"{"prompt_tokens": 5, "cost": {"input_tokens_cost": 0.1, "total_cost": 0.006}}"#,
            "0.006",
        ),
        (r#"{"prompt_tokens": 5, "cost": null}"#, ""),
        (r#"{"prompt_tokens": 5, "cost": -1}"#, ""),
    ] {
        let answer = format!(r#"{{"id": "c", "choices": [], "usage": {usage}}}"#);
        let provider = || Provider::from("openrouter");
        let told = whole(&OpenAiChat, provider(), PATH, REQUEST, &answer);
        let line = |key: &str| {
            told.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().to_owned()
        };
        assert_eq!(line("spanwise.cost.amount="), amount, "{usage}");
        let source = if amount.is_empty() { "" } else { "provider" };
        assert_eq!(line("spanwise.cost.source="), source);
    }
}

#[test]
fn an_answer_that_breaks_off_tells_the_choices_that_it_reached() {
    let request = r#"{"model":"gpt-4o","n":2,"messages":[]}"#;
    let answer = r#"{"id":"chatcmpl-1","choices":[
        {"index":0,"message":{"role":"assistant","content":"A cat."},"finish_reason":"length"},
        {"index":1,"message":{"role":"assistant","content":"A do"#;
    let told = whole(&OpenAiChat, Provider::OpenAi, PATH, request, answer);
    assert!(told.contains(r#"[{"content":"A cat.","type":"text"}]"#), "{told}");
    assert!(told.contains("length") && !told.contains("A do"), "{told}");
}
