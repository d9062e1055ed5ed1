//! Cohere's second API.

mod support;

use spanwise_core::Provider;
use spanwise_providers::{Codec, Cohere, Event};
use support::{streamed, survives_nonsense, whole};

const CHAT: &str = "/v2/chat";
const EMBED: &str = "/v2/embed";
const RERANK: &str = "/v2/rerank";

const REQUEST: &str = r#"{
    "model": "command-a-03-2025",
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [
            {"type": "text", "text": "When does it arrive?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}}
        ]},
        {"role": "assistant", "tool_plan": "I will look it up.", "tool_calls": [
            {"id": "lookup_1", "type": "function",
             "function": {"name": "lookup", "arguments": "{\"order\":\"A-17\"}"}}
        ]},
        {"role": "tool", "tool_call_id": "lookup_1", "content": [
            {"type": "document", "document": {"id": "1", "data": {"arrives": "tomorrow"}}}
        ]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm."},
                                          {"type": "text", "text": "Tomorrow."}]},
        {"role": "user", "content": "Thanks"}
    ],
    "documents": ["Orders arrive.", {"id": "doc_1", "data": {"title": "Returns"}}],
    "tools": [{"type": "function", "function": {"name": "lookup", "description": "Finds orders",
               "parameters": {"type": "object"}}}],
    "max_tokens": 256, "temperature": 0.5, "p": 0.25, "k": 40, "frequency_penalty": 0.5,
    "presence_penalty": 0.75, "seed": 7, "stop_sequences": ["END"], "safety_mode": "STRICT",
    "thinking": {"type": "enabled", "token_budget": 100}, "response_format": {"type": "json_object"},
    "a_field_of_tomorrow": {"deep": [1, 2, 3]}
}"#;

const ANSWER: &str = r#"{
    "id": "c14c80c3", "finish_reason": "TOOL_CALL",
    "message": {"role": "assistant", "tool_plan": "I will look again.",
        "content": [{"type": "thinking", "thinking": "Which one?"}, {"type": "text", "text": "Wait."}],
        "tool_calls": [
            {"id": "lookup_2", "type": "function", "function": {"name": "lookup", "arguments": "{}"}},
            {"id": "lookup_3", "type": "function", "function": {"name": "lookup", "arguments": "{\"a\":1}"}}
        ],
        "citations": [{"start": 0, "end": 4, "text": "Wait", "sources": []}]},
    "usage": {"billed_units": {"input_tokens": 100, "output_tokens": 48},
              "tokens": {"input_tokens": 596, "output_tokens": 62}, "cached_tokens": 64}
}"#;

#[test]
fn a_chat_and_its_answer_become_one_span() {
    insta::assert_snapshot!(whole(&Cohere, Provider::Cohere, CHAT, REQUEST, ANSWER), @r#"
    chat command-a-03-2025
    gen_ai.input.messages=[{"parts":[{"content":"Orders arrive.","type":"text"},{"data":{"title":"Returns"},"id":"doc_1","type":"document"}],"role":"document"},{"parts":[{"content":"Be kind.","type":"text"}],"role":"system"},{"parts":[{"content":"When does it arrive?","type":"text"},{"content":"iVBO","mime_type":"image/png","modality":"image","type":"blob"}],"role":"user"},{"parts":[{"content":"I will look it up.","type":"reasoning"},{"arguments":{"order":"A-17"},"id":"lookup_1","name":"lookup","type":"tool_call"}],"role":"assistant"},{"parts":[{"id":"lookup_1","response":[{"document":{"data":{"arrives":"tomorrow"},"id":"1"},"type":"document"}],"type":"tool_call_response"}],"role":"tool"},{"parts":[{"content":"Hm.","type":"reasoning"},{"content":"Tomorrow.","type":"text"}],"role":"assistant"},{"parts":[{"content":"Thanks","type":"text"}],"role":"user"}]
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"parts":[{"content":"I will look again.","type":"reasoning"},{"content":"Which one?","type":"reasoning"},{"content":"Wait.","type":"text"},{"arguments":{},"id":"lookup_2","name":"lookup","type":"tool_call"},{"arguments":{"a":1},"id":"lookup_3","name":"lookup","type":"tool_call"}],"role":"assistant"}]
    gen_ai.output.type=json
    gen_ai.provider.name=cohere
    gen_ai.request.frequency_penalty=0.5
    gen_ai.request.max_tokens=256
    gen_ai.request.model=command-a-03-2025
    gen_ai.request.presence_penalty=0.75
    gen_ai.request.reasoning.level=enabled
    gen_ai.request.seed=7
    gen_ai.request.stop_sequences=["END"]
    gen_ai.request.temperature=0.5
    gen_ai.request.top_k=40
    gen_ai.request.top_p=0.25
    gen_ai.response.finish_reasons=["TOOL_CALL"]
    gen_ai.response.id=c14c80c3
    gen_ai.tool.definitions=[{"name":"lookup","type":"function"}]
    gen_ai.usage.cache_read.input_tokens=64
    gen_ai.usage.input_tokens=100
    gen_ai.usage.output_tokens=48
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    "#);
}

#[test]
fn tokens_are_told_where_none_were_billed() {
    let answer = r#"{"id": "1", "usage": {"billed_units": {"output_tokens": 3},
                     "tokens": {"input_tokens": 596.0, "output_tokens": 62}}}"#;
    let told = whole(&Cohere, Provider::Cohere, CHAT, r#"{"model": "m"}"#, answer);
    assert!(told.contains("gen_ai.usage.input_tokens=596\n"), "{told}");
    assert!(told.contains("gen_ai.usage.output_tokens=3\n"), "{told}");
}

#[test]
fn events_tell_the_same_in_pieces() {
    let request = r#"{"model": "command-a-03-2025", "stream": true}"#;
    let events = [
        r#"{"type":"message-start","id":"c14c80c3","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}"#,
        r#"{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"I will "}}}"#,
        r#"{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"look."}}}"#,
        r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"thinking","thinking":""}}}}"#,
        r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"Hm."}}}}"#,
        r#"{"type":"content-end","index":0}"#,
        r#"{"type":"content-start","index":1,"delta":{"message":{"content":{"type":"text","text":""}}}}"#,
        r#"{"type":"content-delta","index":1,"delta":{"message":{"content":{"text":"A "}}}}"#,
        r#"{"type":"content-delta","index":1,"delta":{"message":{"content":{"text":"cat"}}}}"#,
        r#"{"type":"citation-start","index":0,"delta":{"message":{"citations":{"start":0,"end":1}}}}"#,
        r#"{"type":"content-end","index":1}"#,
        r#"{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"look_1","type":"function","function":{"name":"look","arguments":""}}}}}"#,
        r#"{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\"a\""}}}}}"#,
        r#"{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":":1}"}}}}}"#,
        r#"{"type":"tool-call-end","index":0}"#,
        r#"{"type":"tool-call-start","index":1,"delta":{"message":{"tool_calls":{"id":"look_2","type":"function","function":{"name":"look","arguments":"{}"}}}}}"#,
        r#"{"type":"message-end","id":"c14c80c3","delta":{"finish_reason":"TOOL_CALL","usage":{"billed_units":{"input_tokens":12,"output_tokens":5},"tokens":{"input_tokens":500,"output_tokens":9}}}}"#,
    ];
    let events: Vec<_> = events.into_iter().map(|event| ("", event)).collect();
    insta::assert_snapshot!(streamed(&Cohere, Provider::Cohere, CHAT, request, &events), @r#"
    chat command-a-03-2025
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"parts":[{"content":"I will look.","type":"reasoning"},{"content":"Hm.","type":"reasoning"},{"content":"A cat","type":"text"},{"arguments":{"a":1},"id":"look_1","name":"look","type":"tool_call"},{"arguments":{},"id":"look_2","name":"look","type":"tool_call"}],"role":"assistant"}]
    gen_ai.provider.name=cohere
    gen_ai.request.model=command-a-03-2025
    gen_ai.request.stream=true
    gen_ai.response.finish_reasons=["TOOL_CALL"]
    gen_ai.response.id=c14c80c3
    gen_ai.usage.input_tokens=12
    gen_ai.usage.output_tokens=5
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    spanwise.stream.chunks=16
    "#);
    let events: Vec<_> = events.into_iter().map(|(_, data)| data).collect();
    survives_nonsense(&Cohere, CHAT, &events);
}

#[test]
fn a_stream_that_breaks_off_has_told_what_had_arrived() {
    let mut decoder = Cohere.decoder(true);
    for data in [
        r#"{"type":"message-start","id":"1","delta":{"message":{"role":"assistant","content":[]}}}"#,
        r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"A c"}}}}"#,
        r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"te"#,
    ] {
        decoder.event(Event { name: "", data: data.as_bytes() });
    }
    assert!(!decoder.is_done());
    let told = format!("{:?}", decoder.take());
    assert!(told.contains("text(3 bytes)"), "{told}");
}

#[test]
fn an_answer_that_ends_in_an_error_fails_the_operation() {
    let request = r#"{"model": "m", "stream": true}"#;
    let end = r#"{"type":"message-end","delta":{"error":"out of memory","finish_reason":"ERROR"}}"#;
    let told = streamed(&Cohere, Provider::Cohere, CHAT, request, &[("message-end", end)]);
    assert!(told.contains("error.type=ERROR\n"), "{told}");
    let answer = Cohere.answer(br#"{"finish_reason": "TIMEOUT"}"#, false);
    assert_eq!(answer.error.unwrap().code, "TIMEOUT");
}

#[test]
fn an_embed_becomes_embeddings() {
    let request = r#"{"model": "embed-v4.0", "input_type": "search_query", "texts": ["secret"],
                      "embedding_types": ["float", "int8"], "output_dimension": 256}"#;
    let answer = r#"{"id": "da6e531f", "embeddings": {"float": [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]],
                     "int8": [[1, 2, 3], [4, 5, 6]]}, "texts": ["secret"],
                     "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 9}}}"#;
    insta::assert_snapshot!(whole(&Cohere, Provider::Cohere, EMBED, request, answer), @r#"
    embeddings embed-v4.0
    gen_ai.embeddings.dimension.count=3
    gen_ai.operation.name=embeddings
    gen_ai.provider.name=cohere
    gen_ai.request.encoding_formats=["float","int8"]
    gen_ai.request.model=embed-v4.0
    gen_ai.usage.input_tokens=9
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    "#);
    survives_nonsense(&Cohere, EMBED, &[request, answer]);
}

#[test]
fn vectors_are_as_long_as_their_numbers_in_every_type() {
    let count = |embeddings: &str| {
        let answer = format!(r#"{{"embeddings": {embeddings}}}"#);
        Cohere.answer(answer.as_bytes(), false).dimension_count
    };
    assert_eq!(count(r#"{"float": [[0.1, 0.2]]}"#), Some(2));
    assert_eq!(count(r#"{"float": null, "uint8": [[1, 2, 3]]}"#), Some(3));
    assert_eq!(count(r#"{"ubinary": [[1, 2, 3]]}"#), Some(24));
    assert_eq!(count(r#"{"base64": ["AAAAAAAAAAAAAAAA"]}"#), Some(3));
    assert_eq!(count("{}"), None);
}

#[test]
fn a_rerank_becomes_a_retrieval() {
    let request = r#"{"model": "rerank-v3.5", "query": "Where is Paris?", "top_n": 2,
                      "documents": ["In Texas.", "In France.", "On Mars."]}"#;
    let answer = r#"{"id": "07734bd2", "results": [{"index": 1, "relevance_score": 0.99},
                     {"index": 0, "relevance_score": 0.5, "document": {"text": "In Texas."}}],
                     "meta": {"billed_units": {"search_units": 1}}}"#;
    insta::assert_snapshot!(whole(&Cohere, Provider::Cohere, RERANK, request, answer), @r#"
    retrieval
    gen_ai.operation.name=retrieval
    gen_ai.provider.name=cohere
    gen_ai.request.model=rerank-v3.5
    gen_ai.retrieval.documents=[{"id":"1","score":0.99},{"id":"0","score":0.5,"text":"In Texas."}]
    gen_ai.retrieval.query.text=Where is Paris?
    gen_ai.retrieval.top_k=2
    server.address=api.example
    server.port=443
    spanwise.billed.searches=1
    spanwise.outcome=completed
    "#);
    assert!(Cohere.answer(answer.as_bytes(), false).documents.is_empty());
    survives_nonsense(&Cohere, RERANK, &[request, answer]);
}

#[test]
fn a_refusal_of_the_api_has_no_word_for_its_kind() {
    let error = Cohere.error(br#"{"id": "1", "message": "invalid api token"}"#).unwrap();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("", "invalid api token"));
    assert_eq!(Cohere.error(b"<html>"), None);
}

#[test]
fn nonsense_is_survived() {
    survives_nonsense(&Cohere, CHAT, &[REQUEST, ANSWER]);
}
