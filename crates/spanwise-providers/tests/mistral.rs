//! Mistral.

mod support;

use spanwise_core::Provider;
use spanwise_providers::{Codec, ErrorAnswer, Mistral};
use support::{streamed, survives_nonsense, whole};

const PATH: &str = "/v1/chat/completions";
const EMBEDDINGS: &str = "/v1/embeddings";

const REQUEST: &str = r#"{
    "model": "magistral-medium-latest",
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [
            {"type": "text", "text": "What is on the picture?"},
            {"type": "image_url", "image_url": "data:image/png;base64,iVBO"},
            {"type": "image_url", "image_url": {"url": "https://pictures.example/1.png"}},
            {"type": "document_url", "document_url": "https://files.example/1.pdf"},
            {"type": "input_audio", "input_audio": "UklG"},
            {"type": "input_audio", "input_audio": "https://sounds.example/1.wav"},
            {"type": "file", "file_id": "file_1"}
        ]},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "Hm. "}, {"type": "text", "text": "Ears."}]},
            {"type": "text", "text": "Let me look."}
        ], "tool_calls": [
            {"id": "call_1", "function": {"name": "lookup", "arguments": {"order": "A-17"}}}
        ], "prefix": false},
        {"role": "tool", "tool_call_id": "call_1", "name": "lookup", "content": "{\"arrives\":\"tomorrow\"}"}
    ],
    "tools": [{"type": "function", "function": {"name": "lookup", "description": "Finds orders",
               "parameters": {"type": "object"}}}],
    "max_tokens": 256, "temperature": 0.5, "top_p": 0.25, "frequency_penalty": 0.5,
    "presence_penalty": 0.75, "random_seed": 7, "n": 2, "stop": ["END"], "safe_prompt": true,
    "prompt_mode": "reasoning", "reasoning_effort": "high", "service_tier": "flex",
    "response_format": {"type": "json_object"}, "a_field_of_tomorrow": {"deep": [1, 2, 3]}
}"#;

const ANSWER: &str = r#"{
    "id": "cmpl-1", "object": "chat.completion", "model": "magistral-medium-2509",
    "service_tier": "default", "system_fingerprint": "fp_1",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "Whiskers."}], "closed": true},
            {"type": "text", "text": "A cat."},
            {"type": "reference", "reference_ids": [1]}
         ], "tool_calls": [{"id": "call_2", "function": {"name": "lookup", "arguments": {"a": 1}}}]},
         "finish_reason": "tool_calls"},
        {"index": 1, "message": {"role": "assistant", "content": "A dog.", "tool_calls": null},
         "finish_reason": "model_length"}
    ],
    "usage": {"prompt_tokens": 300, "completion_tokens": 48, "total_tokens": 348, "num_cached_tokens": 40}
}"#;

#[test]
fn a_chat_and_its_answer_become_one_span() {
    insta::assert_snapshot!(whole(&Mistral, Provider::MistralAi, PATH, REQUEST, ANSWER), @r#"
    chat magistral-medium-latest
    gen_ai.input.messages=[{"parts":[{"content":"Be kind.","type":"text"}],"role":"system"},{"parts":[{"content":"What is on the picture?","type":"text"},{"content":"iVBO","mime_type":"image/png","modality":"image","type":"blob"},{"modality":"image","type":"uri","uri":"https://pictures.example/1.png"},{"modality":"document","type":"uri","uri":"https://files.example/1.pdf"},{"content":"UklG","modality":"audio","type":"blob"},{"modality":"audio","type":"uri","uri":"https://sounds.example/1.wav"},{"file_id":"file_1","modality":"document","type":"file"}],"role":"user"},{"parts":[{"content":"Hm. Ears.","type":"reasoning"},{"content":"Let me look.","type":"text"},{"arguments":{"order":"A-17"},"id":"call_1","name":"lookup","type":"tool_call"}],"role":"assistant"},{"name":"lookup","parts":[{"id":"call_1","response":{"arrives":"tomorrow"},"type":"tool_call_response"}],"role":"tool"}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"parts":[{"content":"Whiskers.","type":"reasoning"},{"content":"A cat.","type":"text"},{"reference_ids":[1],"type":"reference"},{"arguments":{"a":1},"id":"call_2","name":"lookup","type":"tool_call"}],"role":"assistant"},{"parts":[{"content":"A dog.","type":"text"}],"role":"assistant"}]
    gen_ai.output.type=json
    gen_ai.provider.name=mistral_ai
    gen_ai.request.choice.count=2
    gen_ai.request.frequency_penalty=0.5
    gen_ai.request.max_tokens=256
    gen_ai.request.model=magistral-medium-latest
    gen_ai.request.presence_penalty=0.75
    gen_ai.request.reasoning.level=high
    gen_ai.request.seed=7
    gen_ai.request.stop_sequences=["END"]
    gen_ai.request.temperature=0.5
    gen_ai.request.top_p=0.25
    gen_ai.response.finish_reasons=["tool_calls","model_length"]
    gen_ai.response.id=cmpl-1
    gen_ai.response.model=magistral-medium-2509
    gen_ai.tool.definitions=[{"name":"lookup","type":"function"}]
    gen_ai.usage.cache_read.input_tokens=40
    gen_ai.usage.input_tokens=300
    gen_ai.usage.output_tokens=48
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    "#);
}

#[test]
fn chunks_tell_the_same_in_pieces() {
    let request = r#"{"model": "magistral-medium-latest", "stream": true}"#;
    let chunk = |choice: &str| {
        format!(
            r#"{{"id":"cmpl-1","object":"chat.completion.chunk","model":"magistral-medium-2509","choices":[{{"index":0,{choice}}}]}}"#
        )
    };
    let chunks = [
        chunk(r#""delta":{"role":"assistant","content":""},"finish_reason":null"#),
        chunk(
            r#""delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"H"}]}]}"#,
        ),
        chunk(
            r#""delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"m."}]}]}"#,
        ),
        chunk(r#""delta":{"content":[{"type":"text","text":"A "}]}"#),
        chunk(r#""delta":{"content":"cat"}"#),
        r#"{"id":"cmpl-1","model":"magistral-medium-2509","choices":[{"index":0,"delta":{"content":"",
            "tool_calls":[{"index":0,"id":"call_1","function":{"name":"look","arguments":"{\"a\":1}"}}]},
            "finish_reason":"tool_calls"}],"usage":{"prompt_tokens":12,"completion_tokens":5,
            "prompt_tokens_details":{"cached_tokens":4}}}"#
            .to_owned(),
        "[DONE]".to_owned(),
    ];
    let events: Vec<_> = chunks.iter().map(|chunk| ("", chunk.as_str())).collect();
    insta::assert_snapshot!(streamed(&Mistral, Provider::MistralAi, PATH, request, &events), @r#"
    chat magistral-medium-latest
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"parts":[{"content":"Hm.","type":"reasoning"},{"content":"A cat","type":"text"},{"arguments":{"a":1},"id":"call_1","name":"look","type":"tool_call"}],"role":"assistant"}]
    gen_ai.provider.name=mistral_ai
    gen_ai.request.model=magistral-medium-latest
    gen_ai.request.stream=true
    gen_ai.response.finish_reasons=["tool_calls"]
    gen_ai.response.id=cmpl-1
    gen_ai.response.model=magistral-medium-2509
    gen_ai.usage.cache_read.input_tokens=4
    gen_ai.usage.input_tokens=12
    gen_ai.usage.output_tokens=5
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    spanwise.stream.chunks=6
    "#);
}

#[test]
fn embeddings_become_embeddings() {
    let request = r#"{"model": "codestral-embed", "inputs": ["secret"], "output_dimension": 256,
                      "output_dtype": "int8", "encoding_format": "float"}"#;
    let answer = r#"{"id": "emb-1", "object": "list", "model": "codestral-embed-2505",
                     "data": [{"object": "embedding", "index": 0, "embedding": [1, 2, 3]}],
                     "usage": {"prompt_tokens": 9, "total_tokens": 9, "completion_tokens": 0}}"#;
    insta::assert_snapshot!(whole(&Mistral, Provider::MistralAi, EMBEDDINGS, request, answer), @r#"
    embeddings codestral-embed
    gen_ai.embeddings.dimension.count=3
    gen_ai.operation.name=embeddings
    gen_ai.provider.name=mistral_ai
    gen_ai.request.encoding_formats=["int8","float"]
    gen_ai.request.model=codestral-embed
    gen_ai.response.model=codestral-embed-2505
    gen_ai.usage.input_tokens=9
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    "#);
    survives_nonsense(&Mistral, EMBEDDINGS, &[request, answer]);
}

#[test]
fn a_refusal_of_the_api_says_why() {
    let told = |body: &str| Mistral.error(body.as_bytes());
    let error = r#"{"object": "error", "message": "Not in your tier", "type": "tier_not_allowed",
                    "param": null, "code": "1910", "raw_status_code": 403}"#;
    let expected =
        ErrorAnswer { code: "tier_not_allowed".into(), message: "Not in your tier".into() };
    assert_eq!(told(error), Some(expected));
    let error = r#"{"detail": [{"type": "missing", "loc": ["body", "model"], "msg": "Field required"},
                               {"type": "string_type", "loc": ["body", "stop"], "msg": "No"}]}"#;
    let expected = ErrorAnswer { code: "missing".into(), message: "Field required".into() };
    assert_eq!(told(error), Some(expected));
    assert_eq!(told(r#"{"message": "Unauthorized", "request_id": "1"}"#), None);
    assert_eq!(told(r#"{"detail": "Unauthorized"}"#), None);
    assert_eq!(told("<html>"), None);
}

#[test]
fn an_answer_that_is_an_error_fails_the_operation() {
    let answer = r#"{"object": "error", "message": "Overloaded", "type": "service_tier_capacity_exceeded", "code": "3505"}"#;
    let told = whole(&Mistral, Provider::MistralAi, PATH, r#"{"model": "m"}"#, answer);
    assert!(told.contains("error.type=service_tier_capacity_exceeded\n"), "{told}");
}

#[test]
fn nonsense_is_survived() {
    survives_nonsense(&Mistral, PATH, &[REQUEST, ANSWER]);
}
