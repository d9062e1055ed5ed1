//! Chat completions, whole and in chunks.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::{MODEL, refused};

/// The one model that it does not have.
const MISSING_MODEL: &str = "no-such-model";

pub(super) async fn chat(Json(request): Json<Value>) -> Response {
    if request["model"] == MISSING_MODEL {
        return refused(StatusCode::NOT_FOUND, "model_not_found");
    }
    let has = |list: &Value| list.as_array().is_some_and(|list| !list.is_empty());
    let messages = request["messages"].as_array();
    let answered = messages.is_some_and(|all| all.iter().any(|m| m["role"] == "tool"));
    let wants_tool = has(&request["tools"]) && !answered;
    let choices = request["n"].as_u64().unwrap_or(1);
    if request["stream"] == true {
        return streamed(if wants_tool { tool_chunks() } else { text_chunks(choices) });
    }
    tokio::time::sleep(Duration::from_millis(120)).await;
    let (message, finish_reason) = if wants_tool {
        let function = json!({"name": "lookup_order", "arguments": r#"{"order":"A-17"}"#});
        let call = json!({"id": "call_1", "type": "function", "function": function});
        (json!({"role": "assistant", "content": null, "tool_calls": [call]}), "tool_calls")
    } else if request["response_format"].is_object() {
        (
            json!({"role": "assistant", "content": r#"{"order":"A-17","arrives":"tomorrow"}"#}),
            "stop",
        )
    } else {
        let text = "Your order A-17 left our warehouse yesterday and arrives tomorrow.";
        (json!({"role": "assistant", "content": text}), "stop")
    };
    let choice =
        |index| json!({"index": index, "message": message, "finish_reason": finish_reason});
    Json(json!({
        "id": "chatcmpl-local-2",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": MODEL,
        "choices": (0..choices).map(choice).collect::<Vec<_>>(),
        "usage": usage(17),
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    }))
    .into_response()
}

const FINGERPRINT: &str = "fp_local";

fn usage(completion_tokens: u64) -> Value {
    json!({
        "prompt_tokens": 236,
        "completion_tokens": completion_tokens,
        "total_tokens": 236 + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 128, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    })
}

fn tool_chunks() -> Vec<Value> {
    let call = |function: Value, id: Value| json!({"tool_calls": [{"index": 0, "id": id, "type": "function", "function": function}]});
    vec![
        choice(call(json!({"name": "lookup_order", "arguments": ""}), "call_1".into())),
        choice(call(json!({"arguments": "{\"order\":"}), Value::Null)),
        choice(call(json!({"arguments": "\"A-17\"}"}), Value::Null)),
        chunk(json!([{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]), Value::Null),
        chunk(
            json!([]),
            json!({"prompt_tokens": 148, "completion_tokens": 15, "total_tokens": 163}),
        ),
    ]
}

fn text_chunks(choices: u64) -> Vec<Value> {
    let of_each = |delta: Value, finish_reason: Value| {
        let delta = |n| json!([{"index": n, "delta": delta, "finish_reason": finish_reason}]);
        (0..choices).map(|n| chunk(delta(n), Value::Null)).collect::<Vec<_>>()
    };
    let words = ["Your order ", "arrives ", "tomorrow."];
    let words = words.iter().map(|word| json!({"content": word}));
    let mut chunks: Vec<_> = words.flat_map(|delta| of_each(delta, Value::Null)).collect();
    chunks.extend(of_each(json!({}), "stop".into()));
    chunks.push(chunk(json!([]), usage(8)));
    chunks
}

fn choice(delta: Value) -> Value {
    chunk(json!([{"index": 0, "delta": delta, "finish_reason": null}]), Value::Null)
}

fn chunk(choices: Value, usage: Value) -> Value {
    json!({
        "id": "chatcmpl-local-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": MODEL,
        "choices": choices,
        "usage": usage,
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    })
}

fn streamed(chunks: Vec<Value>) -> Response {
    let events = chunks.into_iter().map(|chunk| format!("data: {chunk}\n\n"));
    let events = events.chain(["data: [DONE]\n\n".to_owned()]);
    let paced = stream::iter(events).then(|event| async move {
        tokio::time::sleep(Duration::from_millis(40)).await;
        Ok::<_, Infallible>(event)
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(paced)).into_response()
}
