//! Ollama's own API.

mod support;

use spanwise_core::Provider;
use spanwise_providers::{Codec, Ollama, Operation};
use support::{streamed, survives_nonsense, whole};

const CHAT: &str = "/api/chat";
const GENERATE: &str = "/api/generate";
const EMBED: &str = "/api/embed";

const REQUEST: &str = r#"{
    "model": "qwen3", "stream": false, "think": "low", "keep_alive": "5m",
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "What is on the picture?", "images": ["iVBO"]},
        {"role": "assistant", "content": "", "thinking": "I look it up.", "tool_calls": [
            {"function": {"name": "lookup", "arguments": {"order": "A-17"}}}
        ]},
        {"role": "tool", "tool_name": "lookup", "content": "{\"arrives\":\"tomorrow\"}"},
        {"role": "tool", "tool_call_id": "call_1", "content": "nothing found"}
    ],
    "tools": [{"type": "function", "function": {"name": "lookup", "description": "Finds orders",
               "parameters": {"type": "object"}}}],
    "format": {"type": "object", "properties": {}},
    "options": {"num_predict": 256, "temperature": 0.5, "top_p": 0.25, "top_k": 40, "seed": 7,
                "stop": ["END"], "frequency_penalty": 0.5, "presence_penalty": 0.75, "num_ctx": 4096},
    "a_field_of_tomorrow": {"deep": [1, 2, 3]}
}"#;

const ANSWER: &str = r#"{
    "model": "qwen3:8b", "created_at": "2026-10-01T12:00:00Z",
    "message": {"role": "assistant", "content": "A cat.", "thinking": "Hm.", "tool_calls": [
        {"id": "call_2", "function": {"index": 0, "name": "lookup", "arguments": {"a": 1}}}
    ]},
    "done": true, "done_reason": "stop", "total_duration": 12, "load_duration": 3,
    "prompt_eval_count": 300, "prompt_eval_duration": 4, "eval_count": 48, "eval_duration": 5
}"#;

fn provider() -> Provider {
    Provider::from("ollama")
}

#[test]
fn a_request_and_its_answer_become_one_span() {
    insta::assert_snapshot!(whole(&Ollama, provider(), CHAT, REQUEST, ANSWER), @r#"
    chat qwen3
    gen_ai.input.messages=[{"parts":[{"content":"Be kind.","type":"text"}],"role":"system"},{"parts":[{"content":"What is on the picture?","type":"text"},{"content":"iVBO","modality":"image","type":"blob"}],"role":"user"},{"parts":[{"content":"I look it up.","type":"reasoning"},{"arguments":{"order":"A-17"},"name":"lookup","type":"tool_call"}],"role":"assistant"},{"name":"lookup","parts":[{"response":{"arrives":"tomorrow"},"type":"tool_call_response"}],"role":"tool"},{"parts":[{"id":"call_1","response":"nothing found","type":"tool_call_response"}],"role":"tool"}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"parts":[{"content":"Hm.","type":"reasoning"},{"content":"A cat.","type":"text"},{"arguments":{"a":1},"id":"call_2","name":"lookup","type":"tool_call"}],"role":"assistant"}]
    gen_ai.output.type=json
    gen_ai.provider.name=ollama
    gen_ai.request.frequency_penalty=0.5
    gen_ai.request.max_tokens=256
    gen_ai.request.model=qwen3
    gen_ai.request.presence_penalty=0.75
    gen_ai.request.reasoning.level=low
    gen_ai.request.seed=7
    gen_ai.request.stop_sequences=["END"]
    gen_ai.request.temperature=0.5
    gen_ai.request.top_k=40
    gen_ai.request.top_p=0.25
    gen_ai.response.finish_reasons=["stop"]
    gen_ai.response.model=qwen3:8b
    gen_ai.tool.definitions=[{"name":"lookup","type":"function"}]
    gen_ai.usage.input_tokens=300
    gen_ai.usage.output_tokens=48
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    "#);
}

#[test]
fn lines_tell_the_same_in_pieces() {
    let request =
        r#"{"model": "qwen3", "messages": [{"role": "user", "content": "Hi"}], "think": true}"#;
    let line =
        |message: &str| format!(r#"{{"model":"qwen3:8b","message":{message},"done":false}}"#);
    let lines = [
        line(r#"{"role":"assistant","content":"","thinking":"Hm"}"#),
        line(r#"{"role":"assistant","content":"","thinking":". "}"#),
        line(r#"{"role":"assistant","content":"A "}"#),
        line(r#"{"role":"assistant","content":"cat"}"#),
        line(
            r#"{"role":"assistant","content":"","tool_calls":[{"function":{"name":"look","arguments":{"a":1}}}]}"#,
        ),
        r#"{"model":"qwen3:8b","message":{"role":"assistant","content":""},"done":true,
            "done_reason":"stop","prompt_eval_count":12,"eval_count":5}"#
            .to_owned(),
    ];
    let events: Vec<_> = lines.iter().map(|line| ("", line.as_str())).collect();
    insta::assert_snapshot!(streamed(&Ollama, provider(), CHAT, request, &events), @r#"
    chat qwen3
    gen_ai.input.messages=[{"parts":[{"content":"Hi","type":"text"}],"role":"user"}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"parts":[{"content":"Hm. ","type":"reasoning"},{"content":"A cat","type":"text"},{"arguments":{"a":1},"name":"look","type":"tool_call"}],"role":"assistant"}]
    gen_ai.provider.name=ollama
    gen_ai.request.model=qwen3
    gen_ai.request.stream=true
    gen_ai.response.finish_reasons=["stop"]
    gen_ai.response.model=qwen3:8b
    gen_ai.usage.input_tokens=12
    gen_ai.usage.output_tokens=5
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    spanwise.stream.chunks=5
    "#);
}

#[test]
fn a_completion_is_streamed_as_well() {
    let request = r#"{"model": "codellama", "prompt": "def add(", "suffix": "return c", "system": "Write code.",
                      "images": ["iVBO"], "format": "json", "options": {"num_predict": -1}}"#;
    let events = [
        ("", r#"{"model":"codellama","response":"a, ","thinking":"Two.","done":false}"#),
        ("", r#"{"model":"codellama","response":"b):","done":false}"#),
        (
            "",
            r#"{"model":"codellama","response":"","done":true,"done_reason":"length","context":[1,2],
                "prompt_eval_count":8,"eval_count":4}"#,
        ),
    ];
    insta::assert_snapshot!(streamed(&Ollama, provider(), GENERATE, request, &events), @r#"
    text_completion codellama
    gen_ai.input.messages=[{"parts":[{"content":"def add(","type":"text"},{"content":"return c","type":"suffix"},{"content":"iVBO","modality":"image","type":"blob"}],"role":"user"}]
    gen_ai.operation.name=text_completion
    gen_ai.output.messages=[{"parts":[{"content":"Two.","type":"reasoning"},{"content":"a, b):","type":"text"}],"role":"assistant"}]
    gen_ai.output.type=json
    gen_ai.provider.name=ollama
    gen_ai.request.model=codellama
    gen_ai.request.stream=true
    gen_ai.response.finish_reasons=["length"]
    gen_ai.response.model=codellama
    gen_ai.system_instructions=[{"content":"Write code.","type":"text"}]
    gen_ai.usage.input_tokens=8
    gen_ai.usage.output_tokens=4
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    spanwise.stream.chunks=2
    "#);
}

#[test]
fn embeddings_tell_their_length() {
    let request = r#"{"model": "all-minilm", "input": ["secret", "more"], "dimensions": 512}"#;
    let answer = r#"{"model": "all-minilm", "embeddings": [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]],
                     "prompt_eval_count": 9}"#;
    insta::assert_snapshot!(whole(&Ollama, provider(), EMBED, request, answer), @r#"
    embeddings all-minilm
    gen_ai.embeddings.dimension.count=3
    gen_ai.operation.name=embeddings
    gen_ai.provider.name=ollama
    gen_ai.request.model=all-minilm
    gen_ai.response.model=all-minilm
    gen_ai.usage.input_tokens=9
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    "#);
    let request = r#"{"model": "all-minilm", "prompt": "secret"}"#;
    let answer = r#"{"embedding": [0.1, 0.2]}"#;
    let told = whole(&Ollama, provider(), "/api/embeddings", request, answer);
    assert!(told.contains("gen_ai.embeddings.dimension.count=2"), "{told}");
}

#[test]
fn answers_are_streamed_unless_the_request_says_otherwise() {
    let request = |path, body: &str| Ollama.request(path, body.as_bytes(), false);
    assert!(request(CHAT, "{}").stream);
    assert!(request(CHAT, r#"{"stream": null}"#).stream);
    assert!(request("/ollama/api/generate?x=1", "{}").stream);
    assert!(!request(GENERATE, r#"{"stream": false}"#).stream);
    assert!(!request(EMBED, "{}").stream);
    assert_eq!(request("/api/embeddings", "{}").operation, Operation::Embeddings);
}

#[test]
fn a_refusal_has_no_code() {
    let error = Ollama.error(br#"{"error": "model 'secret' not found"}"#).unwrap();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("", "model 'secret' not found"));
    assert_eq!(Ollama.error(b"<html>"), None);
}

#[test]
fn an_error_ends_a_stream() {
    let events = [
        ("", r#"{"model":"m","message":{"role":"assistant","content":"A"},"done":false}"#),
        ("", r#"{"error": "an error was encountered while running the model"}"#),
    ];
    let told = streamed(&Ollama, provider(), CHAT, r#"{"model": "m"}"#, &events);
    assert!(told.contains("error.type=error\n"), "{told}");
    assert!(told.contains(r#"{"content":"A","type":"text"}"#), "{told}");
}

#[test]
fn nonsense_is_survived() {
    survives_nonsense(&Ollama, CHAT, &[REQUEST, ANSWER]);
    let generate =
        r#"{"model": "m", "prompt": "a", "suffix": "b", "images": ["c"], "system": "d"}"#;
    survives_nonsense(&Ollama, GENERATE, &[generate]);
    survives_nonsense(&Ollama, EMBED, &[r#"{"model": "m", "embeddings": [[0.1]], "error": "x"}"#]);
}
