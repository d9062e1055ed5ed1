//! Cohere's second API: chat, embeddings, rankings.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::answer::{ARGUMENTS, Kind, MISSING_MODEL, TOOL, WORDS, streamed, think, vector};

const ID: &str = "c14c80c3-local";

pub(crate) async fn chat(Json(request): Json<Value>) -> Response {
    if request["model"] == MISSING_MODEL {
        let body = json!({"id": ID, "message": "no"});
        return (StatusCode::NOT_FOUND, Json(body)).into_response();
    }
    let messages = request["messages"].as_array();
    let answered = messages.is_some_and(|all| all.iter().any(|m| m["role"] == "tool"));
    let kind = Kind::of(&request["tools"], answered, &request["response_format"]);
    if request["stream"] == true {
        let named = |event: Value| {
            format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default())
        };
        return streamed("text/event-stream", events(kind).into_iter().map(named));
    }
    think().await;
    let (message, reason) = if kind == Kind::Tool {
        let call = call(ARGUMENTS);
        (json!({"role": "assistant", "tool_plan": PLAN, "tool_calls": [call]}), "TOOL_CALL")
    } else {
        let said = json!({"type": "text", "text": kind.text()});
        (json!({"role": "assistant", "content": [said]}), "COMPLETE")
    };
    let usage = usage(17);
    let answer = json!({"id": ID, "finish_reason": reason, "message": message, "usage": usage});
    Json(answer).into_response()
}

const PLAN: &str = "I will look the order up.";

fn call(arguments: &str) -> Value {
    let function = json!({"name": TOOL, "arguments": arguments});
    json!({"id": "lookup_order_1", "type": "function", "function": function})
}

fn usage(output: u64) -> Value {
    json!({
        "billed_units": {"input_tokens": 236, "output_tokens": output},
        "tokens": {"input_tokens": 680, "output_tokens": output + 14},
        "cached_tokens": 128,
    })
}

fn events(kind: Kind) -> Vec<Value> {
    let delta = |kind: &str, message: Value| json!({"type": kind, "index": 0, "delta": {"message": message}});
    let start = json!({"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []});
    let mut events = vec![json!({"type": "message-start", "id": ID, "delta": {"message": start}})];
    let reason = if kind == Kind::Tool {
        let more = json!({"tool_calls": {"function": {"arguments": ARGUMENTS}}});
        events.extend([
            delta("tool-plan-delta", json!({"tool_plan": PLAN})),
            delta("tool-call-start", json!({"tool_calls": call("")})),
            delta("tool-call-delta", more),
            json!({"type": "tool-call-end", "index": 0}),
        ]);
        "TOOL_CALL"
    } else {
        let begin = json!({"content": {"type": "text", "text": ""}});
        events.push(delta("content-start", begin));
        let word = |word| delta("content-delta", json!({"content": {"text": word}}));
        events.extend(WORDS.map(word));
        events.push(json!({"type": "content-end", "index": 0}));
        "COMPLETE"
    };
    let end = json!({"finish_reason": reason, "usage": usage(8)});
    events.push(json!({"type": "message-end", "id": ID, "delta": end}));
    events
}

pub(crate) async fn embed() -> Json<Value> {
    Json(json!({
        "id": ID,
        "texts": [],
        "embeddings": {"float": [vector().await]},
        "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 9}},
    }))
}

pub(crate) async fn rerank(Json(request): Json<Value>) -> Json<Value> {
    let count = request["documents"].as_array().map_or(0, Vec::len);
    let top = request["top_n"].as_u64().map_or(count, |top| count.min(top as usize));
    let found = |index| json!({"index": index, "relevance_score": 0.9 / (index as f64 + 1.0)});
    Json(json!({
        "id": ID,
        "results": (0..top).map(found).collect::<Vec<_>>(),
        "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
    }))
}
