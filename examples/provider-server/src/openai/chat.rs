//! Chat completions, whole and in chunks.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::{MODEL, refused};
use crate::answer::{ARGUMENTS, Kind, MISSING_MODEL, TOOL, WORDS, events, streamed, think};

pub(super) async fn chat(Json(request): Json<Value>) -> Response {
    if request["model"] == MISSING_MODEL {
        return refused(StatusCode::NOT_FOUND, "model_not_found");
    }
    let messages = request["messages"].as_array();
    let answered = messages.is_some_and(|all| all.iter().any(|m| m["role"] == "tool"));
    let kind = Kind::of(&request["tools"], answered, &request["response_format"]);
    let choices = request["n"].as_u64().unwrap_or(1);
    if request["stream"] == true {
        let chunks = if kind == Kind::Tool { tool_chunks() } else { text_chunks(choices) };
        let done = ["data: [DONE]\n\n".to_owned()];
        return streamed("text/event-stream", events(chunks).into_iter().chain(done));
    }
    think().await;
    let (message, finish_reason) = if kind == Kind::Tool {
        let function = json!({"name": TOOL, "arguments": ARGUMENTS});
        let call = json!({"id": "call_1", "type": "function", "function": function});
        (json!({"role": "assistant", "content": null, "tool_calls": [call]}), "tool_calls")
    } else {
        (json!({"role": "assistant", "content": kind.text()}), "stop")
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
    let words = WORDS.iter().map(|word| json!({"content": word}));
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
