//! Ollama's own API: chat, whole and line by line, and embeddings.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::answer::{ARGUMENTS, Kind, MISSING_MODEL, TOOL, WORDS, streamed, think, vector};

pub(crate) async fn chat(Json(request): Json<Value>) -> Response {
    let model = &request["model"];
    if model == MISSING_MODEL {
        let body = json!({"error": "model 'no-such-model' not found"});
        return (StatusCode::NOT_FOUND, Json(body)).into_response();
    }
    let messages = request["messages"].as_array();
    let answered = messages.is_some_and(|all| all.iter().any(|m| m["role"] == "tool"));
    let kind = Kind::of(&request["tools"], answered, &request["format"]);
    let arguments: Value = ARGUMENTS.parse().unwrap_or_default();
    let function = json!({"index": 0, "name": TOOL, "arguments": arguments});
    let call = json!([{"id": "call_1", "function": function}]);
    let line = |content: &str| {
        json!({
            "model": model,
            "created_at": "2026-10-01T12:00:00Z",
            "message": {"role": "assistant", "content": content},
            "done": false,
        })
    };
    let ended = |mut line: Value, tokens: u64| {
        line["done"] = true.into();
        line["done_reason"] = "stop".into();
        line["prompt_eval_count"] = 236.into();
        line["eval_count"] = tokens.into();
        line
    };
    // A stream, unless it is told not to be one.
    if request["stream"] != false {
        let mut lines: Vec<Value> = if kind == Kind::Tool {
            let mut asking = line("");
            asking["message"]["tool_calls"] = call;
            vec![asking]
        } else {
            WORDS.map(line).to_vec()
        };
        lines.push(ended(line(""), 8));
        return streamed("application/x-ndjson", lines.iter().map(|line| format!("{line}\n")));
    }
    think().await;
    let mut answer = line(if kind == Kind::Tool { "" } else { kind.text() });
    if kind == Kind::Tool {
        answer["message"]["tool_calls"] = call;
    }
    Json(ended(answer, 17)).into_response()
}

pub(crate) async fn embed(Json(request): Json<Value>) -> Json<Value> {
    Json(json!({
        "model": request["model"],
        "embeddings": [vector().await],
        "prompt_eval_count": 9,
    }))
}
