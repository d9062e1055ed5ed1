//! The Gemini API: content, whole and streamed, and embeddings.

use axum::Json;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::answer::{ARGUMENTS, Kind, MISSING_MODEL, TOOL, WORDS, events, streamed, think, vector};

const MODEL: &str = "gemini-2.5-flash-001";

/// What is called stands behind the model's name.
pub(crate) async fn call(
    Path(call): Path<String>,
    RawQuery(query): RawQuery,
    Json(request): Json<Value>,
) -> Response {
    let (model, verb) = call.rsplit_once(':').unwrap_or((&call, ""));
    if model == MISSING_MODEL {
        let error = json!({"code": 404, "message": "no", "status": "NOT_FOUND"});
        return (StatusCode::NOT_FOUND, Json(json!({"error": error}))).into_response();
    }
    let contents = request["contents"].as_array().into_iter().flatten();
    let mut parts = contents.flat_map(|content| content["parts"].as_array().into_iter().flatten());
    let answered = parts.any(|part| part["functionResponse"].is_object());
    let config = &request["generationConfig"];
    let format = &config["responseMimeType"];
    let kind = Kind::of(&request["tools"], answered, format);
    let choices = config["candidateCount"].as_u64().unwrap_or(1);
    match verb {
        "embedContent" => {
            let usage = json!({"promptTokenCount": 9});
            let embedding = json!({"values": vector().await});
            Json(json!({"embedding": embedding, "usageMetadata": usage})).into_response()
        }
        "streamGenerateContent" if query.is_some_and(|query| query.contains("alt=sse")) => {
            streamed("text/event-stream", events(chunks(kind, choices)))
        }
        // One array, of which each element is a chunk.
        "streamGenerateContent" => {
            let chunks = chunks(kind, choices).into_iter().enumerate();
            let pieces =
                chunks.map(|(n, chunk)| format!("{}{chunk}", if n == 0 { '[' } else { ',' }));
            streamed("application/json", pieces.chain(["]".to_owned()]))
        }
        _ => {
            think().await;
            let part = if kind == Kind::Tool { tool() } else { json!({"text": kind.text()}) };
            Json(answer(choices, &part, Some("STOP"), usage(17))).into_response()
        }
    }
}

fn tool() -> Value {
    let arguments: Value = ARGUMENTS.parse().unwrap_or_default();
    json!({"functionCall": {"id": "call_1", "name": TOOL, "args": arguments}})
}

fn usage(candidates: u64) -> Value {
    json!({
        "promptTokenCount": 236,
        "cachedContentTokenCount": 128,
        "candidatesTokenCount": candidates,
        "thoughtsTokenCount": 4,
        "totalTokenCount": 240 + candidates,
    })
}

fn answer(choices: u64, part: &Value, reason: Option<&str>, usage: Value) -> Value {
    let candidate = |index| {
        let content = json!({"role": "model", "parts": [part]});
        json!({"index": index, "content": content, "finishReason": reason})
    };
    json!({
        "candidates": (0..choices).map(candidate).collect::<Vec<_>>(),
        "usageMetadata": usage,
        "modelVersion": MODEL,
        "responseId": "resp_local_1",
    })
}

fn chunks(kind: Kind, choices: u64) -> Vec<Value> {
    if kind == Kind::Tool {
        return vec![answer(choices, &tool(), Some("STOP"), usage(15))];
    }
    let last = WORDS.len() - 1;
    let chunk = |(n, word): (usize, &&str)| {
        let reason = (n == last).then_some("STOP");
        answer(choices, &json!({"text": word}), reason, usage(if n == last { 8 } else { 2 }))
    };
    WORDS.iter().enumerate().map(chunk).collect()
}
