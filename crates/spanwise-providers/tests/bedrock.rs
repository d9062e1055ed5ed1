//! Amazon Bedrock.

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use spanwise_core::Provider;
use spanwise_providers::{Bedrock, Codec, ErrorAnswer};
use support::{broken_off, streamed, survives_nonsense, whole};

const CONVERSE: &str = "/model/amazon.nova-pro-v1%3A0/converse";
const CONVERSE_STREAM: &str = "/model/amazon.nova-pro-v1%3A0/converse-stream";
const INVOKE: &str = "/model/anthropic.claude-opus-4-6-v1/invoke";
const INVOKE_STREAM: &str = "/model/anthropic.claude-opus-4-6-v1/invoke-with-response-stream";

const REQUEST: &str = r#"{
    "system": [{"text": "Be kind."}, {"cachePoint": {"type": "default"}}],
    "messages": [
        {"role": "user", "content": [
            {"text": "What is on the pictures?"},
            {"image": {"format": "png", "source": {"bytes": "iVBO"}}},
            {"document": {"format": "pdf", "name": "order", "source": {"bytes": "JVBE"}}},
            {"document": {"format": "txt", "name": "note", "source": {"text": "A note"}}},
            {"video": {"format": "mov", "source": {"s3Location": {"uri": "s3://films/1.mov"}}}},
            {"guardContent": {"text": {"text": "Really?", "qualifiers": ["query"]}}},
            {"cachePoint": {"type": "default"}}
        ]},
        {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "Let me look.", "signature": "c2ln"}}},
            {"reasoningContent": {"redactedContent": "ZW5jcnlwdGVk"}},
            {"toolUse": {"toolUseId": "tooluse_1", "name": "lookup", "input": {"order": "A-17"}}},
            {"something_of_tomorrow": {"deep": [1]}}
        ]},
        {"role": "user", "content": [
            {"toolResult": {"toolUseId": "tooluse_1", "content": [{"json": {"arrives": "tomorrow"}}]}},
            {"toolResult": {"toolUseId": "tooluse_2", "content": [{"text": "in "}, {"text": "time"}], "status": "success"}},
            {"toolResult": {"toolUseId": "tooluse_3", "content": [
                {"text": "See:"}, {"image": {"format": "png", "source": {"bytes": "iVBO"}}}]}}
        ]}
    ],
    "inferenceConfig": {"maxTokens": 256, "temperature": 0.5, "topP": 0.25, "stopSequences": ["END"]},
    "additionalModelRequestFields": {"top_k": 40, "output_config": {"effort": "low"}},
    "outputConfig": {"textFormat": {"type": "json_schema", "structure": {}}},
    "toolConfig": {"tools": [
        {"toolSpec": {"name": "lookup", "description": "Finds orders", "inputSchema": {"json": {"type": "object"}}}},
        {"systemTool": {"name": "nova_grounding"}},
        {"cachePoint": {"type": "default"}}
    ], "toolChoice": {"auto": {}}},
    "guardrailConfig": {"guardrailIdentifier": "gr-1", "guardrailVersion": "DRAFT"},
    "performanceConfig": {"latency": "optimized"}, "serviceTier": {"type": "priority"}
}"#;

const ANSWER: &str = r#"{
    "output": {"message": {"role": "assistant", "content": [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
        {"text": "A cat."},
        {"citationsContent": {"content": [{"text": "It says "}, {"text": "so."}], "citations": []}},
        {"toolUse": {"toolUseId": "tooluse_4", "name": "nova_grounding", "input": {}, "type": "server_tool_use"}},
        {"toolResult": {"toolUseId": "tooluse_4", "type": "nova_grounding_result", "content": [{"text": "cats"}]}},
        {"toolUse": {"toolUseId": "tooluse_5", "name": "lookup", "input": {"order": "B-4"}}}
    ]}},
    "stopReason": "tool_use",
    "usage": {"inputTokens": 10, "outputTokens": 48, "totalTokens": 168,
              "cacheReadInputTokens": 90, "cacheWriteInputTokens": 20},
    "metrics": {"latencyMs": 571},
    "trace": {"promptRouter": {"invokedModelId": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"}},
    "serviceTier": {"type": "priority"}
}"#;

const INVOKED: &str = r#"{
    "anthropic_version": "bedrock-2023-05-31", "max_tokens": 256, "top_k": 40, "system": "Be kind.",
    "messages": [{"role": "user", "content": "What is on the picture?"}]
}"#;

const INVOKED_ANSWER: &str = r#"{
    "id": "msg_bdrk_1", "type": "message", "role": "assistant", "model": "claude-opus-4-6",
    "content": [{"type": "text", "text": "A cat."}], "stop_reason": "end_turn", "stop_sequence": null,
    "usage": {"input_tokens": 10, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 20, "output_tokens": 5}
}"#;

#[test]
fn a_conversation_becomes_one_span() {
    insta::assert_snapshot!(whole(&Bedrock, Provider::AwsBedrock, CONVERSE, REQUEST, ANSWER), @r#"
    chat amazon.nova-pro-v1:0
    aws.bedrock.guardrail.id=gr-1
    gen_ai.input.messages=[{"parts":[{"content":"What is on the pictures?","type":"text"},{"content":"iVBO","mime_type":"image/png","modality":"image","type":"blob"},{"content":"JVBE","mime_type":"application/pdf","modality":"document","type":"blob"},{"format":"txt","name":"note","source":{"text":"A note"},"type":"document"},{"mime_type":"video/quicktime","modality":"video","type":"uri","uri":"s3://films/1.mov"},{"content":"Really?","type":"text"}],"role":"user"},{"parts":[{"content":"Let me look.","type":"reasoning"},{"type":"reasoningContent"},{"arguments":{"order":"A-17"},"id":"tooluse_1","name":"lookup","type":"tool_call"},{"deep":[1],"type":"something_of_tomorrow"}],"role":"assistant"},{"parts":[{"id":"tooluse_1","response":{"arrives":"tomorrow"},"type":"tool_call_response"},{"id":"tooluse_2","response":"in time","type":"tool_call_response"},{"id":"tooluse_3","response":[{"text":"See:"},{"image":{"format":"png","source":{"bytes":"iVBO"}}}],"type":"tool_call_response"}],"role":"user"}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"parts":[{"content":"Hm.","type":"reasoning"},{"content":"A cat.","type":"text"},{"content":"It says so.","type":"text"},{"id":"tooluse_4","name":"nova_grounding","server_tool_call":{"input":{},"name":"nova_grounding","toolUseId":"tooluse_4","type":"server_tool_use"},"type":"server_tool_call"},{"id":"tooluse_4","server_tool_call_response":{"content":[{"text":"cats"}],"toolUseId":"tooluse_4","type":"nova_grounding_result"},"type":"server_tool_call_response"},{"arguments":{"order":"B-4"},"id":"tooluse_5","name":"lookup","type":"tool_call"}],"role":"assistant"}]
    gen_ai.output.type=json
    gen_ai.provider.name=aws.bedrock
    gen_ai.request.max_tokens=256
    gen_ai.request.model=amazon.nova-pro-v1:0
    gen_ai.request.reasoning.level=low
    gen_ai.request.stop_sequences=["END"]
    gen_ai.request.temperature=0.5
    gen_ai.request.top_k=40
    gen_ai.request.top_p=0.25
    gen_ai.response.finish_reasons=["tool_use"]
    gen_ai.response.model=arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0
    gen_ai.system_instructions=[{"content":"Be kind.","type":"text"}]
    gen_ai.tool.definitions=[{"name":"lookup","type":"function"},{"name":"nova_grounding","type":"systemTool"}]
    gen_ai.usage.cache_read.input_tokens=90
    gen_ai.usage.cache_write.input_tokens=20
    gen_ai.usage.input_tokens=120
    gen_ai.usage.output_tokens=48
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    "#);
}

#[test]
fn events_tell_the_same_in_pieces() {
    let request = r#"{"messages": [{"role": "user", "content": [{"text": "Look!"}]}]}"#;
    let events = [
        ("messageStart", r#"{"role":"assistant","p":"abc"}"#),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Hm"}}}"#,
        ),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"."}}}"#,
        ),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"c2ln"}}}"#,
        ),
        ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"text":"A "}}"#),
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"tooluse_1","name":"lookup"}}}"#,
        ),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\"order\":"}}}"#,
        ),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"text":"cat."}}"#),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":2,"delta":{"toolUse":{"input":"\"A-17\"}"}}}"#,
        ),
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":3,"start":{"toolResult":{"toolUseId":"tooluse_2","type":"nova_grounding_result"}}}"#,
        ),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":3,"delta":{"toolResult":[{"text":"cats"}]}}"#,
        ),
        ("contentBlockStart", r#"{"contentBlockIndex":4,"start":{"image":{"format":"png"}}}"#),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":4,"delta":{"image":{"source":{"bytes":"iVBO"}}}}"#,
        ),
        ("messageStop", r#"{"stopReason":"tool_use"}"#),
        (
            "metadata",
            r#"{"usage":{"inputTokens":12,"outputTokens":5,"totalTokens":17},"metrics":{"latencyMs":1}}"#,
        ),
    ];
    insta::assert_snapshot!(streamed(&Bedrock, Provider::AwsBedrock, CONVERSE_STREAM, request, &events), @r#"
    chat amazon.nova-pro-v1:0
    gen_ai.input.messages=[{"parts":[{"content":"Look!","type":"text"}],"role":"user"}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"parts":[{"content":"Hm.","type":"reasoning"},{"content":"A cat.","type":"text"},{"arguments":{"order":"A-17"},"id":"tooluse_1","name":"lookup","type":"tool_call"},{"id":"tooluse_2","server_tool_call_response":{"content":[{"text":"cats"}],"type":"nova_grounding_result"},"type":"server_tool_call_response"},{"content":"iVBO","mime_type":"image/png","modality":"image","type":"blob"}],"role":"assistant"}]
    gen_ai.provider.name=aws.bedrock
    gen_ai.request.model=amazon.nova-pro-v1:0
    gen_ai.request.stream=true
    gen_ai.response.finish_reasons=["tool_use"]
    gen_ai.usage.input_tokens=12
    gen_ai.usage.output_tokens=5
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    spanwise.stream.chunks=15
    "#);
}

#[test]
fn an_anthropic_model_invoked_directly_speaks_its_own_format() {
    insta::assert_snapshot!(whole(&Bedrock, Provider::AwsBedrock, INVOKE, INVOKED, INVOKED_ANSWER), @r#"
    chat anthropic.claude-opus-4-6-v1
    gen_ai.input.messages=[{"parts":[{"content":"What is on the picture?","type":"text"}],"role":"user"}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"parts":[{"content":"A cat.","type":"text"}],"role":"assistant"}]
    gen_ai.provider.name=aws.bedrock
    gen_ai.request.max_tokens=256
    gen_ai.request.model=anthropic.claude-opus-4-6-v1
    gen_ai.request.top_k=40
    gen_ai.response.finish_reasons=["end_turn"]
    gen_ai.response.id=msg_bdrk_1
    gen_ai.response.model=claude-opus-4-6
    gen_ai.system_instructions=[{"content":"Be kind.","type":"text"}]
    gen_ai.usage.cache_read.input_tokens=90
    gen_ai.usage.cache_write.input_tokens=20
    gen_ai.usage.input_tokens=120
    gen_ai.usage.output_tokens=5
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    "#);
}

#[test]
fn chunks_hold_events_of_anthropic() {
    let chunks = [
        r#"{"type":"message_start","message":{"id":"msg_bdrk_1","model":"claude-opus-4-6","content":[],"usage":{"input_tokens":10,"cache_read_input_tokens":90,"cache_creation_input_tokens":20,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"A cat."}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#,
        r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":10,"outputTokenCount":5}}"#,
    ]
    .map(|event| format!(r#"{{"bytes":"{}","p":"abcdef"}}"#, STANDARD.encode(event)));
    let events: Vec<_> = chunks.iter().map(|chunk| ("chunk", chunk.as_str())).collect();
    insta::assert_snapshot!(streamed(&Bedrock, Provider::AwsBedrock, INVOKE_STREAM, INVOKED, &events), @r#"
    chat anthropic.claude-opus-4-6-v1
    gen_ai.input.messages=[{"parts":[{"content":"What is on the picture?","type":"text"}],"role":"user"}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"parts":[{"content":"A cat.","type":"text"}],"role":"assistant"}]
    gen_ai.provider.name=aws.bedrock
    gen_ai.request.max_tokens=256
    gen_ai.request.model=anthropic.claude-opus-4-6-v1
    gen_ai.request.stream=true
    gen_ai.request.top_k=40
    gen_ai.response.finish_reasons=["end_turn"]
    gen_ai.response.id=msg_bdrk_1
    gen_ai.response.model=claude-opus-4-6
    gen_ai.system_instructions=[{"content":"Be kind.","type":"text"}]
    gen_ai.usage.cache_read.input_tokens=90
    gen_ai.usage.cache_write.input_tokens=20
    gen_ai.usage.input_tokens=120
    gen_ai.usage.output_tokens=5
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    spanwise.stream.chunks=5
    "#);
}

#[test]
fn the_path_names_the_model() {
    let model = |path: &str| Bedrock.request(path, b"{}", false).model;
    let arn = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-pro-v1:0";
    let encoded = arn.replace(':', "%3A").replace('/', "%2F");
    assert_eq!(model(&format!("/model/{encoded}/converse")).as_deref(), Some(arn));
    assert_eq!(model(&format!("/model/{arn}/converse-stream?x=/1")).as_deref(), Some(arn));
    assert_eq!(model("/proxy/model/m/invoke").as_deref(), Some("m"));
    assert_eq!(model("/model//converse"), None);
    assert_eq!(model("/guardrail/gr-1/version/1/apply"), None);
}

#[test]
fn models_have_words_of_their_own() {
    let request = |own: &str| {
        let body = format!(r#"{{"additionalModelRequestFields": {own}}}"#);
        let request = Bedrock.request(CONVERSE, body.as_bytes(), false);
        (request.top_k, request.reasoning_level)
    };
    assert_eq!(request(r#"{"inferenceConfig": {"topK": 20}}"#), (Some(20), None));
    assert_eq!(request(r#"{"reasoning_effort": "high"}"#), (None, Some("high".into())));
}

#[test]
fn a_stream_that_fails_says_why_and_keeps_what_came() {
    let events = [
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"A c"}}"#),
        ("throttlingException", r#"{"message":"Slow down"}"#),
    ];
    let told = streamed(&Bedrock, Provider::AwsBedrock, CONVERSE_STREAM, "{}", &events);
    assert!(told.contains("error.type=throttlingException"), "{told}");
    assert!(told.contains(r#"[{"content":"A c","type":"text"}]"#), "{told}");
}

#[test]
fn a_tool_input_that_breaks_off_is_told_as_far_as_it_came() {
    let events = [
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"tooluse_1","name":"lookup"}}}"#,
        ),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{\"order\":"}}}"#,
        ),
    ];
    let told = broken_off(&Bedrock, Provider::AwsBedrock, CONVERSE_STREAM, "{}", &events);
    assert!(
        told.contains(r#""arguments":"{\"order\":","id":"tooluse_1","name":"lookup""#),
        "{told}"
    );
}

#[test]
fn a_refusal_of_the_api_says_why_where_its_body_does() {
    let told = |body: &str| Bedrock.error(body.as_bytes());
    let error = r#"{"__type": "com.amazon.coral.service#AccessDeniedException:http://x",
                    "Message": "Not yours"}"#;
    let expected =
        ErrorAnswer { code: "AccessDeniedException".into(), message: "Not yours".into() };
    assert_eq!(told(error), Some(expected));
    let message = "The code stands in a header.";
    let expected = ErrorAnswer { message: message.into(), ..ErrorAnswer::default() };
    assert_eq!(told(&format!(r#"{{"message": "{message}"}}"#)), Some(expected));
    assert_eq!(told("<html>"), None);
}

#[test]
fn nonsense_is_survived() {
    survives_nonsense(&Bedrock, CONVERSE, &[REQUEST, ANSWER]);
    survives_nonsense(&Bedrock, INVOKE, &[INVOKED, INVOKED_ANSWER]);
    let mut decoder = Bedrock.decoder(true);
    let names = ["chunk", "contentBlockStart", "contentBlockDelta", "messageStop", "metadata"];
    for name in names.into_iter().chain(["validationException", ""]) {
        for data in ["", "null", "[]", r#"{"bytes":"?"}"#, r#"{"bytes":"AAAA"}"#, ANSWER] {
            decoder.event(spanwise_providers::Event { name, data: data.as_bytes() });
        }
    }
    let _ = decoder.take();
}
