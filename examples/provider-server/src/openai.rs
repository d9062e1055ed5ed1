//! OpenAI's API, as far as the examples use it.

mod chat;
mod stores;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::answer::vector;

const MODEL: &str = "gpt-4o-mini-2024-07-18";

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat::chat))
        .route("/v1/embeddings", post(embeddings))
        .route("/v1/responses", post(respond))
        .route("/v1/responses/{id}", get(response))
        .route("/v1/vector_stores", post(stores::create))
        .route("/v1/vector_stores/{store}", delete(stores::remove))
        .route("/v1/vector_stores/{store}/search", post(stores::search))
        .route("/v1/vector_stores/{store}/files", post(stores::add))
        .route("/v1/vector_stores/{store}/file_batches", post(stores::add_many))
        .route(
            "/v1/vector_stores/{store}/files/{file}",
            post(stores::change).delete(stores::remove_file),
        )
}

async fn embeddings(Json(request): Json<Value>) -> Json<Value> {
    let vector = vector().await;
    Json(json!({
        "object": "list",
        "model": request["model"],
        "data": [{"object": "embedding", "index": 0, "embedding": vector}],
        "usage": {"prompt_tokens": 9, "total_tokens": 9},
    }))
}

/// A response that can be fetched later.
async fn respond() -> Json<Value> {
    response(Path("resp_local_1".to_owned())).await
}

/// A response that was stored before.
async fn response(Path(id): Path<String>) -> Json<Value> {
    Json(json!({
        "id": id,
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "completed",
        "model": MODEL,
        "instructions": "You help customers of a small shop.",
        "tools": [{
            "type": "function",
            "name": "lookup_order",
            "parameters": {"type": "object"},
            "strict": true,
        }],
        "output": [{
            "type": "message",
            "id": "msg_local_1",
            "status": "completed",
            "role": "assistant",
            "content": [{
                "type": "output_text",
                "text": "Your order A-17 arrives tomorrow.",
                "annotations": [],
            }],
        }],
        "service_tier": "default",
        "usage": {
            "input_tokens": 236,
            "input_tokens_details": {"cached_tokens": 128},
            "output_tokens": 17,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 253,
        },
    }))
}

fn refused(status: StatusCode, code: &str) -> Response {
    let error = json!({"message": "no", "type": "invalid_request_error", "code": code});
    (status, Json(json!({"error": error}))).into_response()
}
