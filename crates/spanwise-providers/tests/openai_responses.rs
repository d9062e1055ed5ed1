//! OpenAI Responses.

mod support;

use spanwise_core::Provider;
use spanwise_providers::{
    Codec, ErrorAnswer, Event, Exchange, OpenAiResponses, Operation, Request,
};
use spanwise_testing::Capture;
use support::{streamed, survives_nonsense, whole};

const PATH: &str = "/v1/responses";

const REQUEST: &str = r#"{
    "model": "gpt-5",
    "instructions": "Be kind.",
    "input": [
        {"role": "developer", "content": "Be brief."},
        {"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "What is on the picture?"},
            {"type": "input_image", "image_url": "data:image/png;base64,iVBO", "detail": "auto"},
            {"type": "input_image", "file_id": "file_1"},
            {"type": "input_file", "file_url": "https://files.example/1.pdf"},
            {"type": "input_file", "filename": "2.pdf", "file_data": "data:application/pdf;base64,JVBE"},
            {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}
        ]},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}],
         "encrypted_content": "gAAA"},
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "gAAA"},
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "lookup",
         "arguments": "{\"order\":\"A-17\"}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "{\"arrives\":\"tomorrow\"}"},
        {"type": "custom_tool_call", "call_id": "call_2", "name": "run", "input": "1 + 1"},
        {"type": "custom_tool_call_output", "call_id": "call_2",
         "output": [{"type": "input_text", "text": "2"}]},
        {"type": "local_shell_call", "id": "lsh_1", "call_id": "call_3", "status": "completed",
         "action": {"type": "exec", "command": ["ls"], "env": {}}},
        {"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAA"},
        {"type": "item_reference", "id": "msg_1"}
    ],
    "tools": [
        {"type": "function", "name": "lookup", "description": "Finds orders",
         "parameters": {"type": "object"}, "strict": true},
        {"type": "custom", "name": "run", "format": {"type": "text"}},
        {"type": "web_search"},
        {"type": "file_search", "vector_store_ids": ["vs_1"]},
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "mcp", "server_label": "orders", "server_url": "https://mcp.example/"}
    ],
    "max_output_tokens": 256, "temperature": 0.5, "top_p": 0.25,
    "reasoning": {"effort": "low", "summary": "auto"}, "service_tier": "flex",
    "previous_response_id": "resp_0", "conversation": {"id": "conv_1"},
    "prompt": {"id": "pmpt_1", "version": "3", "variables": {"name": "Ann"}},
    "text": {"format": {"type": "json_schema", "name": "picture", "schema": {}}},
    "background": false, "a_field_of_tomorrow": {"deep": [1, 2, 3]}
}"#;

const ANSWER: &str = r#"{
    "id": "resp_1", "object": "response", "status": "completed", "error": null,
    "incomplete_details": null, "instructions": "Be kind.", "model": "gpt-5-2025-08-07",
    "service_tier": "default", "tools": [{"type": "web_search"}],
    "output": [
        {"type": "compaction", "id": "cmp_2", "encrypted_content": "gAAA"},
        {"type": "reasoning", "id": "rs_3", "summary": [{"type": "summary_text", "text": "Ears."},
         {"type": "summary_text", "text": "Whiskers."}]},
        {"type": "web_search_call", "id": "ws_1", "status": "completed",
         "action": {"type": "search", "query": "cats"}},
        {"type": "mcp_call", "id": "mcp_1", "name": "lookup", "server_label": "orders",
         "arguments": "{}", "output": "none"},
        {"type": "image_generation_call", "id": "ig_1", "status": "completed",
         "output_format": "webp", "result": "UklG"},
        {"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "orders", "tools": []},
        {"type": "message", "id": "msg_2", "role": "assistant", "status": "completed", "content": [
            {"type": "output_text", "text": "A cat.", "annotations": [], "logprobs": []},
            {"type": "refusal", "refusal": "I will not say more."}]},
        {"type": "function_call", "id": "fc_2", "call_id": "call_4", "name": "lookup",
         "arguments": "{}", "status": "completed"}
    ],
    "usage": {"input_tokens": 300, "output_tokens": 48, "total_tokens": 348,
              "input_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 20},
              "output_tokens_details": {"reasoning_tokens": 16}}
}"#;

#[test]
fn a_request_and_its_answer_become_one_span() {
    insta::assert_snapshot!(whole(&OpenAiResponses, Provider::OpenAi, PATH, REQUEST, ANSWER), @r#"
    chat gpt-5
    gen_ai.conversation.compacted=true
    gen_ai.conversation.id=conv_1
    gen_ai.input.messages=[{"parts":[{"content":"Be brief.","type":"text"}],"role":"developer"},{"parts":[{"content":"What is on the picture?","type":"text"},{"content":"iVBO","mime_type":"image/png","modality":"image","type":"blob"},{"file_id":"file_1","modality":"image","type":"file"},{"modality":"document","type":"uri","uri":"https://files.example/1.pdf"},{"content":"JVBE","mime_type":"application/pdf","modality":"document","type":"blob"},{"content":"UklG","mime_type":"audio/wav","modality":"audio","type":"blob"}],"role":"user"},{"parts":[{"content":"Hm.","type":"reasoning"}],"role":"assistant"},{"parts":[{"arguments":{"order":"A-17"},"id":"call_1","name":"lookup","type":"tool_call"}],"role":"assistant"},{"parts":[{"id":"call_1","response":{"arrives":"tomorrow"},"type":"tool_call_response"}],"role":"tool"},{"parts":[{"arguments":"1 + 1","id":"call_2","name":"run","type":"tool_call"}],"role":"assistant"},{"parts":[{"id":"call_2","response":[{"text":"2","type":"input_text"}],"type":"tool_call_response"}],"role":"tool"},{"parts":[{"arguments":{"command":["ls"],"env":{},"type":"exec"},"id":"call_3","name":"local_shell","type":"tool_call"}],"role":"assistant"},{"parts":[{"id":"cmp_1","type":"compaction"}],"role":"assistant"},{"parts":[{"id":"msg_1","type":"item_reference"}],"role":"assistant"}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"parts":[{"id":"cmp_2","type":"compaction"},{"content":"Ears.","type":"reasoning"},{"content":"Whiskers.","type":"reasoning"},{"id":"ws_1","name":"web_search","server_tool_call":{"action":{"query":"cats","type":"search"},"id":"ws_1","status":"completed","type":"web_search_call"},"type":"server_tool_call"},{"id":"mcp_1","name":"lookup","server_tool_call":{"arguments":"{}","id":"mcp_1","name":"lookup","output":"none","server_label":"orders","type":"mcp_call"},"type":"server_tool_call"},{"id":"ig_1","name":"image_generation","server_tool_call":{"id":"ig_1","output_format":"webp","status":"completed","type":"image_generation_call"},"type":"server_tool_call"},{"content":"UklG","mime_type":"image/webp","modality":"image","type":"blob"},{"id":"mcpl_1","server_label":"orders","tools":[],"type":"mcp_list_tools"},{"content":"A cat.","type":"text"},{"content":"I will not say more.","type":"text"},{"arguments":{},"id":"call_4","name":"lookup","type":"tool_call"}],"role":"assistant"}]
    gen_ai.output.type=json
    gen_ai.prompt.name=pmpt_1
    gen_ai.prompt.version=3
    gen_ai.provider.name=openai
    gen_ai.request.max_tokens=256
    gen_ai.request.model=gpt-5
    gen_ai.request.previous_response.id=resp_0
    gen_ai.request.reasoning.level=low
    gen_ai.request.temperature=0.5
    gen_ai.request.top_p=0.25
    gen_ai.response.finish_reasons=["tool_call"]
    gen_ai.response.id=resp_1
    gen_ai.response.model=gpt-5-2025-08-07
    gen_ai.system_instructions=[{"content":"Be kind.","type":"text"}]
    gen_ai.tool.definitions=[{"name":"lookup","type":"function"},{"name":"run","type":"custom"},{"name":"web_search","type":"web_search"},{"name":"file_search","type":"file_search"},{"name":"code_interpreter","type":"code_interpreter"},{"name":"orders","type":"mcp"}]
    gen_ai.usage.cache_read.input_tokens=40
    gen_ai.usage.cache_write.input_tokens=20
    gen_ai.usage.input_tokens=300
    gen_ai.usage.output_tokens=48
    gen_ai.usage.reasoning.output_tokens=16
    openai.api.type=responses
    openai.request.service_tier=flex
    openai.response.service_tier=default
    server.address=api.example
    server.port=443
    spanwise.billed.searches=1
    spanwise.outcome=completed
    "#);
}

#[test]
fn a_question_may_be_a_mere_text() {
    let request = r#"{"model": "m", "input": "Hello", "conversation": "conv_1", "stream": true}"#;
    let read = OpenAiResponses.request(PATH, request.as_bytes(), true);
    assert_eq!(read.content.messages, [spanwise_core::Message::user("Hello")]);
    assert_eq!(read.conversation_id.as_deref(), Some("conv_1"));
    assert!(read.stream);
}

/// The events of an answer that thinks, speaks, searches and asks for a tool.
fn events() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "response.created",
            r#"{"type":"response.created","response":{"id":"resp_1","status":"in_progress","model":"gpt-5-1","service_tier":"auto","output":[],"usage":null}}"#,
        ),
        (
            "response.output_item.added",
            r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[]}}"#,
        ),
        (
            "response.reasoning_summary_text.delta",
            r#"{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"H"}"#,
        ),
        (
            "response.reasoning_summary_text.delta",
            r#"{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"m."}"#,
        ),
        (
            "response.output_item.done",
            r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"Hm."}]}}"#,
        ),
        (
            "response.output_item.added",
            r#"{"type":"response.output_item.added","output_index":1,"item":{"type":"code_interpreter_call","id":"ci_1","code":"","status":"in_progress"}}"#,
        ),
        (
            "response.code_interpreter_call_code.delta",
            r#"{"type":"response.code_interpreter_call_code.delta","output_index":1,"delta":"1+1"}"#,
        ),
        (
            "response.output_item.added",
            r#"{"type":"response.output_item.added","output_index":2,"item":{"type":"message","id":"msg_1","role":"assistant","content":[],"status":"in_progress"}}"#,
        ),
        (
            "response.content_part.added",
            r#"{"type":"response.content_part.added","output_index":2,"content_index":0,"part":{"type":"output_text","text":""}}"#,
        ),
        (
            "response.output_text.delta",
            r#"{"type":"response.output_text.delta","output_index":2,"content_index":0,"delta":"A "}"#,
        ),
        (
            "response.output_text.delta",
            r#"{"type":"response.output_text.delta","output_index":2,"content_index":0,"delta":"cat"}"#,
        ),
        (
            "response.refusal.delta",
            r#"{"type":"response.refusal.delta","output_index":2,"content_index":1,"delta":"No."}"#,
        ),
        (
            "response.output_item.added",
            r#"{"type":"response.output_item.added","output_index":3,"item":{"type":"function_call","id":"fc_1","call_id":"call_1","name":"look","arguments":""}}"#,
        ),
        (
            "response.function_call_arguments.delta",
            r#"{"type":"response.function_call_arguments.delta","output_index":3,"delta":"{\"a\""}"#,
        ),
        (
            "response.function_call_arguments.delta",
            r#"{"type":"response.function_call_arguments.delta","output_index":3,"delta":":1}"}"#,
        ),
    ]
}

const STREAM_REQUEST: &str = r#"{"model": "gpt-5", "stream": true}"#;

#[test]
fn the_last_event_tells_the_whole() {
    let mut events = events();
    events.push((
        "response.completed",
        r#"{"type":"response.completed","response":{"id":"resp_1","status":"completed","model":"gpt-5-1","service_tier":"default","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"A cat."}]}],"usage":{"input_tokens":12,"output_tokens":5}}}"#,
    ));
    insta::assert_snapshot!(streamed(&OpenAiResponses, Provider::OpenAi, PATH, STREAM_REQUEST, &events), @r#"
    chat gpt-5
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"parts":[{"content":"A cat.","type":"text"}],"role":"assistant"}]
    gen_ai.provider.name=openai
    gen_ai.request.model=gpt-5
    gen_ai.request.stream=true
    gen_ai.response.finish_reasons=["stop"]
    gen_ai.response.id=resp_1
    gen_ai.response.model=gpt-5-1
    gen_ai.usage.input_tokens=12
    gen_ai.usage.output_tokens=5
    openai.api.type=responses
    openai.response.service_tier=default
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    spanwise.stream.chunks=15
    "#);
}

#[test]
fn a_last_event_without_output_leaves_what_the_others_told() {
    let mut events = events();
    events.push((
        "",
        r#"{"type":"response.incomplete","response":{"id":"resp_1","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[],"usage":{"input_tokens":12,"output_tokens":5}}}"#,
    ));
    let told = streamed(&OpenAiResponses, Provider::OpenAi, PATH, STREAM_REQUEST, &events);
    assert!(told.contains(r#""content":"A cat""#), "{told}");
    assert!(told.contains(r#"gen_ai.response.finish_reasons=["length"]"#), "{told}");
}

#[test]
fn a_stream_that_breaks_off_has_told_what_had_arrived() {
    let mut decoder = OpenAiResponses.decoder(true);
    for (name, data) in events() {
        decoder.event(Event { name, data: data.as_bytes() });
    }
    assert!(!decoder.is_done());
    let answer = decoder.take();
    let capture = Capture::builder().content(spanwise_core::ContentCapture::SpanOnly).build();
    capture.run(|| {
        let request = OpenAiResponses.request(PATH, STREAM_REQUEST.as_bytes(), true);
        let exchange = Exchange::start(request, Provider::OpenAi, "api.example", 443);
        exchange.record(answer);
    });
    let captured = capture.finish();
    captured.assert_conformant();
    let [span] = captured.spans() else { panic!("not one span") };
    assert_eq!(span.text("spanwise.outcome"), "cancelled");
    assert_eq!(span.text("gen_ai.response.model"), "gpt-5-1");
    insta::assert_snapshot!(support::sorted(&span.text("gen_ai.output.messages")), @r#"[{"parts":[{"content":"Hm.","type":"reasoning"},{"id":"ci_1","name":"code_interpreter","server_tool_call":{"code":"1+1","id":"ci_1","status":"in_progress","type":"code_interpreter_call"},"type":"server_tool_call"},{"content":"A cat","type":"text"},{"content":"No.","type":"text"},{"arguments":{"a":1},"id":"call_1","name":"look","type":"tool_call"}],"role":"assistant"}]"#);
}

#[test]
fn pieces_without_a_beginning_are_told_by_their_kind() {
    let mut decoder = OpenAiResponses.decoder(true);
    let delta =
        r#"{"type":"response.output_text.delta","output_index":4,"content_index":1,"delta":"at."}"#;
    decoder.event(Event { name: "", data: delta.as_bytes() });
    let answer = decoder.take();
    assert!(format!("{answer:?}").contains("text(3 bytes)"), "{answer:?}");
}

#[test]
fn a_stream_that_fails_fails_the_operation() {
    let failed = r#"{"type":"response.failed","response":{"id":"resp_1","status":"failed","error":{"code":"server_error","message":"Oh"}}}"#;
    let error = r#"{"type":"error","code":"rate_limit_exceeded","message":"Slow","param":null}"#;
    let nested = r#"{"type":"error","error":{"type":"tokens","code":null,"message":"Slow"}}"#;
    let wordless = r#"{"type":"response.failed","response":{"status":"failed","error":null}}"#;
    for (event, code) in [
        (failed, "server_error"),
        (error, "rate_limit_exceeded"),
        (nested, "tokens"),
        (wordless, "failed"),
    ] {
        let events = [("", event)];
        let told = streamed(&OpenAiResponses, Provider::OpenAi, PATH, STREAM_REQUEST, &events);
        assert!(told.contains(&format!("error.type={code}\n")), "{told}");
    }
}

#[test]
fn a_stored_response_is_fetched() {
    let path = "/v1/responses/resp_1?include=x&stream=true&starting_after=7";
    insta::assert_snapshot!(whole(&OpenAiResponses, Provider::OpenAi, path, "", ANSWER), @r#"
    fetch_response
    gen_ai.operation.name=fetch_response
    gen_ai.output.messages=[{"parts":[{"id":"cmp_2","type":"compaction"},{"content":"Ears.","type":"reasoning"},{"content":"Whiskers.","type":"reasoning"},{"id":"ws_1","name":"web_search","server_tool_call":{"action":{"query":"cats","type":"search"},"id":"ws_1","status":"completed","type":"web_search_call"},"type":"server_tool_call"},{"id":"mcp_1","name":"lookup","server_tool_call":{"arguments":"{}","id":"mcp_1","name":"lookup","output":"none","server_label":"orders","type":"mcp_call"},"type":"server_tool_call"},{"id":"ig_1","name":"image_generation","server_tool_call":{"id":"ig_1","output_format":"webp","status":"completed","type":"image_generation_call"},"type":"server_tool_call"},{"content":"UklG","mime_type":"image/webp","modality":"image","type":"blob"},{"id":"mcpl_1","server_label":"orders","tools":[],"type":"mcp_list_tools"},{"content":"A cat.","type":"text"},{"content":"I will not say more.","type":"text"},{"arguments":{},"id":"call_4","name":"lookup","type":"tool_call"}],"role":"assistant"}]
    gen_ai.provider.name=openai
    gen_ai.request.stream_cursor=7
    gen_ai.response.finish_reasons=["tool_call"]
    gen_ai.response.id=resp_1
    gen_ai.response.model=gpt-5-2025-08-07
    gen_ai.response.status=completed
    gen_ai.system_instructions=[{"content":"Be kind.","type":"text"}]
    gen_ai.tool.definitions=[{"name":"web_search","type":"web_search"}]
    openai.api.type=responses
    openai.response.service_tier=default
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    "#);
}

#[test]
fn a_stored_response_that_failed_has_been_fetched_all_the_same() {
    let answer = r#"{"id": "resp_1", "status": "failed", "output": [], "instructions": [
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be kind."}]}],
        "error": {"code": "server_error", "message": "Oh"}}"#;
    let path = "/openai/v1/responses/resp_1?api-version=preview";
    insta::assert_snapshot!(whole(&OpenAiResponses, Provider::OpenAi, path, "", answer), @r#"
    fetch_response
    gen_ai.operation.name=fetch_response
    gen_ai.provider.name=openai
    gen_ai.response.finish_reasons=["error"]
    gen_ai.response.id=resp_1
    gen_ai.response.status=failed
    gen_ai.system_instructions=[{"content":"Be kind.","type":"text"}]
    openai.api.type=responses
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    "#);
}

#[test]
fn a_fetched_stream_that_fails_fails_the_operation() {
    let begun = r#"{"type":"response.created","response":{"id":"resp_1","status":"in_progress"}}"#;
    let error = r#"{"type":"error","code":"server_error","message":"Oh"}"#;
    let path = "/v1/responses/resp_1?stream=true";
    let events = [("", begun), ("", error)];
    let told = streamed(&OpenAiResponses, Provider::OpenAi, path, "", &events);
    assert!(told.contains("error.type=server_error\n"), "{told}");
}

#[test]
fn what_else_has_an_empty_body_is_no_fetch() {
    let operation = |path, body: &str| {
        let Request { operation, .. } = OpenAiResponses.request(path, body.as_bytes(), false);
        operation
    };
    assert_eq!(operation("/v1/responses/resp_1", " "), Operation::FetchResponse);
    assert_eq!(operation("/v1/responses/resp_1", "{}"), Operation::Chat);
    assert_eq!(operation("/v1/responses", ""), Operation::Chat);
    assert_eq!(operation("/v1/responses/", ""), Operation::Chat);
    assert_eq!(operation("/v1/responses/resp_1/cancel", ""), Operation::Chat);
    assert_eq!(operation("", ""), Operation::Chat);
}

#[test]
fn how_it_ended_becomes_the_finish_reason() {
    let ended = |status: &str| {
        let answer = format!(r#"{{"id": "resp_1", {status}}}"#);
        let request = r#"{"model": "m"}"#;
        let told = whole(&OpenAiResponses, Provider::OpenAi, PATH, request, &answer);
        let reasons = told.lines().find_map(|line| line.split_once("finish_reasons="));
        reasons.map(|(_, reasons)| reasons.to_owned())
    };
    let of = |reason: &str| Some(format!(r#"["{reason}"]"#));
    assert_eq!(ended(r#""status": "completed""#), of("stop"));
    let filtered = r#""status": "incomplete", "incomplete_details": {"reason": "content_filter"}"#;
    assert_eq!(ended(filtered), of("content_filter"));
    assert_eq!(ended(r#""status": "incomplete""#), of("error"));
    assert_eq!(ended(r#""status": "queued""#), None);
}

#[test]
fn a_page_that_is_opened_is_no_search() {
    let call = |action: &str| format!(r#"{{"type":"web_search_call","id":"ws"{action}}}"#);
    let actions = [
        r#","action":{"type":"search","query":"cats"}"#,
        r#","action":{"type":"open_page","url":"https://cats.example"}"#,
        r#","action":{"type":"find_in_page","pattern":"paws"}"#,
        "",
    ];
    let answer = format!(r#"{{"id":"resp_1","output":[{}]}}"#, actions.map(call).join(","));
    let request = r#"{"model":"gpt-5","input":"Hi"}"#;
    let told = whole(&OpenAiResponses, Provider::OpenAi, PATH, request, &answer);
    assert!(told.contains("spanwise.billed.searches=2"), "{told}");
}

#[test]
fn a_refusal_of_the_api_says_why() {
    let told = |body: &str| OpenAiResponses.error(body.as_bytes());
    let error = r#"{"error": {"message": "No such model", "type": "invalid_request_error",
                    "param": null, "code": "model_not_found"}}"#;
    let expected = ErrorAnswer { code: "model_not_found".into(), message: "No such model".into() };
    assert_eq!(told(error), Some(expected));
    assert_eq!(told("<html>"), None);
}

#[test]
fn nothing_of_the_content_is_kept_where_it_is_not_wanted() {
    let answer = OpenAiResponses.answer(ANSWER.as_bytes(), false);
    assert!(answer.system.is_empty() && answer.tools.is_empty());
    assert!(!format!("{answer:?}").contains("text("), "{answer:?}");
    let mut decoder = OpenAiResponses.decoder(false);
    for (name, data) in events() {
        decoder.event(Event { name, data: data.as_bytes() });
    }
    assert!(format!("{:?}", decoder.take()).contains("output: []"));
}

#[test]
fn nonsense_is_survived() {
    survives_nonsense(&OpenAiResponses, PATH, &[REQUEST, ANSWER]);
    let events: Vec<_> = events().into_iter().map(|(_, data)| data).collect();
    survives_nonsense(&OpenAiResponses, "/v1/responses/resp_1?x", &events);
}
