//! Anthropic's Messages.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::answer::{ARGUMENTS, Kind, MISSING_MODEL, TOOL, WORDS, streamed, think};

const MODEL: &str = "claude-sonnet-4-5-20250929";

pub(crate) async fn messages(Json(request): Json<Value>) -> Response {
    if request["model"] == MISSING_MODEL {
        let error = json!({"type": "not_found_error", "message": "no"});
        let body = json!({"type": "error", "error": error});
        return (StatusCode::NOT_FOUND, Json(body)).into_response();
    }
    let messages = request["messages"].as_array().into_iter().flatten();
    let mut blocks =
        messages.flat_map(|message| message["content"].as_array().into_iter().flatten());
    let answered = blocks.any(|block| block["type"] == "tool_result");
    let kind = Kind::of(&request["tools"], answered, &request["output_config"]["format"]);
    if request["stream"] == true {
        let named = |event: Value| {
            format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default())
        };
        return streamed("text/event-stream", events(kind).into_iter().map(named));
    }
    think().await;
    let (content, reason) = if kind == Kind::Tool {
        let input: Value = ARGUMENTS.parse().unwrap_or_default();
        (json!({"type": "tool_use", "id": "toolu_1", "name": TOOL, "input": input}), "tool_use")
    } else {
        (json!({"type": "text", "text": kind.text()}), "end_turn")
    };
    let mut message = message();
    message["content"] = json!([content]);
    message["stop_reason"] = reason.into();
    message["usage"]["output_tokens"] = 17.into();
    Json(message).into_response()
}

/// As it begins.
fn message() -> Value {
    json!({
        "id": "msg_local_1",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
        "usage": {
            "input_tokens": 88,
            "cache_creation_input_tokens": 20,
            "cache_read_input_tokens": 128,
            "output_tokens": 1,
        },
    })
}

fn events(kind: Kind) -> Vec<Value> {
    let (block, deltas, reason) = if kind == Kind::Tool {
        let (begin, end) = ARGUMENTS.split_at(ARGUMENTS.len() / 2);
        let delta = |json| json!({"type": "input_json_delta", "partial_json": json});
        let block = json!({"type": "tool_use", "id": "toolu_1", "name": TOOL, "input": {}});
        (block, vec![delta(begin), delta(end)], "tool_use")
    } else {
        let deltas = WORDS.map(|word| json!({"type": "text_delta", "text": word}));
        (json!({"type": "text", "text": ""}), deltas.to_vec(), "end_turn")
    };
    let delta = |delta| json!({"type": "content_block_delta", "index": 0, "delta": delta});
    let end = json!({"stop_reason": reason, "stop_sequence": null});
    let mut events = vec![
        json!({"type": "message_start", "message": message()}),
        json!({"type": "content_block_start", "index": 0, "content_block": block}),
        json!({"type": "ping"}),
    ];
    events.extend(deltas.into_iter().map(delta));
    events.extend([
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": end, "usage": {"output_tokens": 8}}),
        json!({"type": "message_stop"}),
    ]);
    events
}
