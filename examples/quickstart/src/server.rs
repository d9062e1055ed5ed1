//! A server that speaks enough of OpenAI's API for the example: it asks for a tool first, and answers when
//! it has the tool's result.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

const MODEL: &str = "gpt-4o-mini-2024-07-18";

/// Starts it on a free port of this machine.
pub(crate) async fn start() -> Result<url::Url, std::io::Error> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let app = Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/v1/embeddings", post(embeddings));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url::Url::parse(&format!("http://{address}/v1/")).map_err(std::io::Error::other)
}

async fn chat(Json(request): Json<Value>) -> Response {
    let messages = request["messages"].as_array();
    let answered = messages.is_some_and(|all| all.iter().any(|m| m["role"] == "tool"));
    if request["stream"] == true {
        return streamed(if answered { text_chunks() } else { tool_chunks() });
    }
    tokio::time::sleep(Duration::from_millis(120)).await;
    Json(json!({
        "id": "chatcmpl-local-2",
        "object": "chat.completion",
        "model": MODEL,
        "choices": [{
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Your order A-17 left our warehouse yesterday and arrives tomorrow.",
            },
            "finish_reason": "stop",
        }],
        "usage": {
            "prompt_tokens": 236,
            "completion_tokens": 17,
            "total_tokens": 253,
            "prompt_tokens_details": {"cached_tokens": 128},
        },
    }))
    .into_response()
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

fn text_chunks() -> Vec<Value> {
    let words = ["Your order ", "arrives ", "tomorrow."];
    let mut chunks: Vec<_> = words.iter().map(|word| choice(json!({"content": word}))).collect();
    chunks.push(chunk(json!([{"index": 0, "delta": {}, "finish_reason": "stop"}]), Value::Null));
    let usage = json!({"prompt_tokens": 236, "completion_tokens": 8, "total_tokens": 244});
    chunks.push(chunk(json!([]), usage));
    chunks
}

fn choice(delta: Value) -> Value {
    chunk(json!([{"index": 0, "delta": delta, "finish_reason": null}]), Value::Null)
}

fn chunk(choices: Value, usage: Value) -> Value {
    json!({
        "id": "chatcmpl-local-1",
        "object": "chat.completion.chunk",
        "model": MODEL,
        "choices": choices,
        "usage": usage,
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

async fn embeddings(Json(request): Json<Value>) -> Json<Value> {
    tokio::time::sleep(Duration::from_millis(15)).await;
    let vector: Vec<f32> = (0..256).map(|n| (n as f32 / 256.0).sin()).collect();
    Json(json!({
        "object": "list",
        "model": request["model"],
        "data": [{"object": "embedding", "index": 0, "embedding": vector}],
        "usage": {"prompt_tokens": 9, "total_tokens": 9},
    }))
}
