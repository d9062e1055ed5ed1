//! Anthropic Messages.

mod support;

use spanwise_core::Provider;
use spanwise_providers::{AnthropicMessages, Codec, ErrorAnswer, Event};
use support::{broken_off, streamed, survives_nonsense, whole};

const PATH: &str = "/v1/messages";

const REQUEST: &str = r#"{
    "model": "claude-opus-4-6",
    "system": [{"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {"role": "user", "content": "Hello!"},
        {"role": "user", "content": [
            {"type": "text", "text": "What is on the pictures?"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}},
            {"type": "image", "source": {"type": "url", "url": "https://pictures.example/1.png"}},
            {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}},
            {"type": "document", "title": "Notes",
             "source": {"type": "text", "media_type": "text/plain", "data": "A note"}}
        ]},
        {"role": "assistant", "content": [
            {"type": "compaction", "content": "They talked."},
            {"type": "thinking", "thinking": "Let me look.", "signature": "c2lnbmF0dXJl"},
            {"type": "redacted_thinking", "data": "ZW5jcnlwdGVk"},
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "cats"}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1",
             "content": [{"type": "web_search_result", "url": "https://cats.example"}]},
            {"type": "tool_use", "id": "toolu_1", "name": "lookup", "input": {"order": "A-17"}}
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": "{\"arrives\":\"tomorrow\"}"},
            {"type": "tool_result", "tool_use_id": "toolu_2",
             "content": [{"type": "text", "text": "in "}, {"type": "text", "text": "time"}]},
            {"type": "tool_result", "tool_use_id": "toolu_3", "is_error": true,
             "content": [{"type": "text", "text": "See:"}, {"type": "image", "source": {"type": "url", "url": "u"}}]}
        ]}
    ],
    "tools": [
        {"name": "lookup", "description": "Finds orders", "input_schema": {"type": "object"}},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 5},
        {"type": "mcp_toolset", "mcp_server_name": "orders"}
    ],
    "max_tokens": 256, "temperature": 0.5, "top_p": 0.25, "top_k": 40, "stop_sequences": ["END"],
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}},
    "service_tier": "auto", "metadata": {"user_id": "someone"}, "a_field_of_tomorrow": {"deep": [1, 2, 3]}
}"#;

const ANSWER: &str = r#"{
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-4-6-20260205",
    "content": [
        {"type": "compaction", "content": "They talked of cats."},
        {"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmF0dXJl"},
        {"type": "text", "text": "A cat.", "citations": null},
        {"type": "server_tool_use", "id": "srvtoolu_2", "name": "code_execution", "input": {"code": "1+1"}},
        {"type": "code_execution_tool_result", "tool_use_id": "srvtoolu_2",
         "content": {"type": "code_execution_result", "stdout": "2"}},
        {"type": "tool_use", "id": "toolu_4", "name": "lookup", "input": {}}
    ],
    "stop_reason": "tool_use", "stop_sequence": null,
    "usage": {"input_tokens": 10, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 20,
              "output_tokens": 48, "output_tokens_details": {"thinking_tokens": 16}, "service_tier": "standard",
              "cache_creation": {"ephemeral_5m_input_tokens": 8, "ephemeral_1h_input_tokens": 12},
              "server_tool_use": {"web_search_requests": 1},
              "iterations": [
                  {"type": "compaction", "input_tokens": 180, "output_tokens": 2,
                   "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0},
                  {"type": "message", "input_tokens": 10, "output_tokens": 48,
                   "cache_read_input_tokens": 90, "cache_creation_input_tokens": 20}]}
}"#;

#[test]
fn a_request_and_its_answer_become_one_span() {
    insta::assert_snapshot!(whole(&AnthropicMessages, Provider::Anthropic, PATH, REQUEST, ANSWER), @r#"
    chat claude-opus-4-6
    gen_ai.conversation.compacted=true
    gen_ai.input.messages=[{"parts":[{"content":"Hello!","type":"text"}],"role":"user"},{"parts":[{"content":"What is on the pictures?","type":"text"},{"content":"iVBO","mime_type":"image/png","modality":"image","type":"blob"},{"modality":"image","type":"uri","uri":"https://pictures.example/1.png"},{"file_id":"file_1","modality":"image","type":"file"},{"content":"JVBE","mime_type":"application/pdf","modality":"document","type":"blob"},{"source":{"data":"A note","media_type":"text/plain","type":"text"},"title":"Notes","type":"document"}],"role":"user"},{"parts":[{"content":"They talked.","type":"compaction"},{"content":"Let me look.","type":"reasoning"},{"type":"redacted_thinking"},{"id":"srvtoolu_1","name":"web_search","server_tool_call":{"id":"srvtoolu_1","input":{"query":"cats"},"name":"web_search","type":"server_tool_use"},"type":"server_tool_call"},{"id":"srvtoolu_1","server_tool_call_response":{"content":[{"type":"web_search_result","url":"https://cats.example"}],"tool_use_id":"srvtoolu_1","type":"web_search_tool_result"},"type":"server_tool_call_response"},{"arguments":{"order":"A-17"},"id":"toolu_1","name":"lookup","type":"tool_call"}],"role":"assistant"},{"parts":[{"id":"toolu_1","response":{"arrives":"tomorrow"},"type":"tool_call_response"},{"id":"toolu_2","response":"in time","type":"tool_call_response"},{"id":"toolu_3","response":[{"text":"See:","type":"text"},{"source":{"type":"url","url":"u"},"type":"image"}],"type":"tool_call_response"}],"role":"user"}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"parts":[{"content":"They talked of cats.","type":"compaction"},{"content":"Hm.","type":"reasoning"},{"content":"A cat.","type":"text"},{"id":"srvtoolu_2","name":"code_execution","server_tool_call":{"id":"srvtoolu_2","input":{"code":"1+1"},"name":"code_execution","type":"server_tool_use"},"type":"server_tool_call"},{"id":"srvtoolu_2","server_tool_call_response":{"content":{"stdout":"2","type":"code_execution_result"},"tool_use_id":"srvtoolu_2","type":"code_execution_tool_result"},"type":"server_tool_call_response"},{"arguments":{},"id":"toolu_4","name":"lookup","type":"tool_call"}],"role":"assistant"}]
    gen_ai.output.type=json
    gen_ai.provider.name=anthropic
    gen_ai.request.max_tokens=256
    gen_ai.request.model=claude-opus-4-6
    gen_ai.request.reasoning.level=low
    gen_ai.request.stop_sequences=["END"]
    gen_ai.request.temperature=0.5
    gen_ai.request.top_k=40
    gen_ai.request.top_p=0.25
    gen_ai.response.finish_reasons=["tool_use"]
    gen_ai.response.id=msg_1
    gen_ai.response.model=claude-opus-4-6-20260205
    gen_ai.system_instructions=[{"content":"Be kind.","type":"text"}]
    gen_ai.tool.definitions=[{"name":"lookup","type":"function"},{"name":"web_search","type":"web_search_20250305"},{"name":"orders","type":"mcp_toolset"}]
    gen_ai.usage.cache_read.input_tokens=90
    gen_ai.usage.cache_write.input_tokens=20
    gen_ai.usage.input_tokens=300
    gen_ai.usage.output_tokens=50
    gen_ai.usage.reasoning.output_tokens=16
    server.address=api.example
    server.port=443
    spanwise.billed.cache_write_1h_tokens=12
    spanwise.billed.searches=1
    spanwise.billed.service_tier=standard
    spanwise.outcome=completed
    "#);
}

#[test]
fn events_tell_the_same_in_pieces() {
    let request = r#"{"model": "claude-opus-4-6", "stream": true, "system": "Be kind."}"#;
    let events = [
        (
            "message_start",
            r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-4-6-20260205","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":10,"cache_read_input_tokens":90,"cache_creation_input_tokens":20,"output_tokens":1}}}"#,
        ),
        (
            "content_block_start",
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        ),
        ("ping", r#"{"type":"ping"}"#),
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}}"#,
        ),
        (
            "content_block_start",
            r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"lookup","input":{}}}"#,
        ),
        (
            "content_block_start",
            r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
        ),
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"order\""}}"#,
        ),
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"A "}}"#,
        ),
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"."}}"#,
        ),
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}"#,
        ),
        ("content_block_stop", r#"{"type":"content_block_stop","index":0}"#),
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"cat."}}"#,
        ),
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"char_location"}}}"#,
        ),
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":":\"A-17\"}"}}"#,
        ),
        (
            "content_block_start",
            r#"{"type":"content_block_start","index":3,"content_block":{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}}"#,
        ),
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"query\":\"cats\"}"}}"#,
        ),
        (
            "content_block_start",
            r#"{"type":"content_block_start","index":4,"content_block":{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]}}"#,
        ),
        (
            "content_block_start",
            r#"{"type":"content_block_start","index":5,"content_block":{"type":"text","text":""}}"#,
        ),
        (
            "message_delta",
            r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":12,"cache_read_input_tokens":90,"cache_creation_input_tokens":null,"output_tokens":48}}"#,
        ),
        ("message_stop", r#"{"type":"message_stop"}"#),
    ];
    insta::assert_snapshot!(streamed(&AnthropicMessages, Provider::Anthropic, PATH, request, &events), @r#"
    chat claude-opus-4-6
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"parts":[{"content":"Hm.","type":"reasoning"},{"content":"A cat.","type":"text"},{"arguments":{"order":"A-17"},"id":"toolu_1","name":"lookup","type":"tool_call"},{"id":"srvtoolu_1","name":"web_search","server_tool_call":{"id":"srvtoolu_1","input":{"query":"cats"},"name":"web_search","type":"server_tool_use"},"type":"server_tool_call"},{"id":"srvtoolu_1","server_tool_call_response":{"content":[],"tool_use_id":"srvtoolu_1","type":"web_search_tool_result"},"type":"server_tool_call_response"}],"role":"assistant"}]
    gen_ai.provider.name=anthropic
    gen_ai.request.model=claude-opus-4-6
    gen_ai.request.stream=true
    gen_ai.response.finish_reasons=["tool_use"]
    gen_ai.response.id=msg_1
    gen_ai.response.model=claude-opus-4-6-20260205
    gen_ai.system_instructions=[{"content":"Be kind.","type":"text"}]
    gen_ai.usage.cache_read.input_tokens=90
    gen_ai.usage.cache_write.input_tokens=20
    gen_ai.usage.input_tokens=122
    gen_ai.usage.output_tokens=48
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    spanwise.stream.chunks=19
    "#);
}

#[test]
fn a_compaction_comes_in_a_stream_too() {
    let request = r#"{"model": "claude-opus-4-6", "stream": true}"#;
    let events = [
        (
            "content_block_start",
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"compaction","content":null}}"#,
        ),
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"compaction_delta","content":"They talked."}}"#,
        ),
        (
            "message_delta",
            r#"{"type":"message_delta","delta":{"stop_reason":"compaction"},"usage":{"output_tokens":0}}"#,
        ),
        ("message_stop", r#"{"type":"message_stop"}"#),
    ];
    let told = streamed(&AnthropicMessages, Provider::Anthropic, PATH, request, &events);
    assert!(told.contains("gen_ai.conversation.compacted=true"), "{told}");
    assert!(told.contains(r#"[{"content":"They talked.","type":"compaction"}]"#), "{told}");
    assert!(told.contains(r#"gen_ai.response.finish_reasons=["compaction"]"#), "{told}");
}

#[test]
fn a_stream_that_fails_says_why_and_keeps_what_came() {
    let events = [
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"A c"}}"#,
        ),
        ("error", r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#),
    ];
    let told =
        streamed(&AnthropicMessages, Provider::Anthropic, PATH, r#"{"stream":true}"#, &events);
    assert!(told.contains("error.type=overloaded_error"), "{told}");
    assert!(told.contains(r#"[{"content":"A c","type":"text"}]"#), "{told}");
}

#[test]
fn what_a_stream_is_charged_by_is_told_with_its_usage() {
    let events = [
        (
            "message_start",
            r#"{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":10,"cache_creation_input_tokens":30,
                "cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":10},"service_tier":"priority"}}}"#,
        ),
        (
            "message_delta",
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5,
                "server_tool_use":{"web_search_requests":3}}}"#,
        ),
        ("message_stop", r#"{"type":"message_stop"}"#),
    ];
    let request = r#"{"model":"claude-opus-4-6","stream":true}"#;
    let told = streamed(&AnthropicMessages, Provider::Anthropic, PATH, request, &events);
    for said in ["cache_write_1h_tokens=10", "searches=3", "service_tier=priority"] {
        assert!(told.contains(&format!("spanwise.billed.{said}")), "{told}");
    }
}

#[test]
fn a_tool_input_that_breaks_off_is_told_as_far_as_it_came() {
    let request = r#"{"model": "m", "stream": true}"#;
    let events = [
        (
            "content_block_start",
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"lookup","input":{}}}"#,
        ),
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"order\":\"A-"}}"#,
        ),
    ];
    let told = broken_off(&AnthropicMessages, Provider::Anthropic, PATH, request, &events);
    assert!(
        told.contains(r#""arguments":"{\"order\":\"A-","id":"toolu_1","name":"lookup""#),
        "{told}"
    );
}

#[test]
fn the_model_that_took_over_is_the_one_that_answered() {
    let mut decoder = AnthropicMessages.decoder(false);
    let events = [
        r#"{"type":"message_start","message":{"id":"msg_1","model":"one","usage":{"input_tokens":1,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"fallback","from":{"model":"one"},"to":{"model":"two"}}}"#,
    ];
    for data in events {
        decoder.event(Event { name: "", data: data.as_bytes() });
    }
    assert_eq!(decoder.take().response.model.unwrap().as_str(), "two");
}

#[test]
fn a_refusal_of_the_api_says_why() {
    let told = |body: &str| AnthropicMessages.error(body.as_bytes());
    let error = r#"{"type": "error", "request_id": "req_1",
                    "error": {"type": "not_found_error", "message": "model: claude-9"}}"#;
    let expected =
        ErrorAnswer { code: "not_found_error".into(), message: "model: claude-9".into() };
    assert_eq!(told(error), Some(expected));
    assert_eq!(told(r#"{"type": "error"}"#), None);
    assert_eq!(told("<html>"), None);
}

#[test]
fn an_answer_that_is_an_error_fails_the_operation() {
    let answer = r#"{"type": "error", "error": {"type": "api_error", "message": "Oh"}}"#;
    let told = whole(&AnthropicMessages, Provider::Anthropic, PATH, r#"{"model": "m"}"#, answer);
    assert!(told.contains("error.type=api_error"), "{told}");
}

#[test]
fn nonsense_is_survived() {
    survives_nonsense(&AnthropicMessages, PATH, &[REQUEST, ANSWER]);
}
