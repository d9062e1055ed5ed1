//! Amazon Bedrock: Converse, whole and as a binary event stream.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::answer::{ARGUMENTS, Kind, MISSING_MODEL, TOOL, WORDS, streamed, think};

pub(crate) async fn converse(Path(model): Path<String>, Json(request): Json<Value>) -> Response {
    if model == MISSING_MODEL {
        return refused();
    }
    think().await;
    let kind = kind(&request);
    let (block, reason) = if kind == Kind::Tool {
        let input: Value = ARGUMENTS.parse().unwrap_or_default();
        (json!({"toolUse": {"toolUseId": "tooluse_1", "name": TOOL, "input": input}}), "tool_use")
    } else {
        (json!({"text": kind.text()}), "end_turn")
    };
    let message = json!({"role": "assistant", "content": [block]});
    Json(json!({
        "output": {"message": message},
        "stopReason": reason,
        "usage": usage(17),
        "metrics": {"latencyMs": 120},
    }))
    .into_response()
}

pub(crate) async fn converse_stream(
    Path(model): Path<String>,
    Json(request): Json<Value>,
) -> Response {
    if model == MISSING_MODEL {
        return refused();
    }
    let delta =
        |delta: Value| event("contentBlockDelta", &json!({"contentBlockIndex": 0, "delta": delta}));
    let mut events = vec![event("messageStart", &json!({"role": "assistant"}))];
    let reason = if kind(&request) == Kind::Tool {
        let start = json!({"toolUse": {"toolUseId": "tooluse_1", "name": TOOL}});
        let begin = json!({"contentBlockIndex": 0, "start": start});
        events.push(event("contentBlockStart", &begin));
        events.push(delta(json!({"toolUse": {"input": ARGUMENTS}})));
        "tool_use"
    } else {
        events.extend(WORDS.map(|word| delta(json!({"text": word}))));
        "end_turn"
    };
    let metrics = json!({"usage": usage(8), "metrics": {"latencyMs": 120}});
    events.extend([
        event("contentBlockStop", &json!({"contentBlockIndex": 0})),
        event("messageStop", &json!({"stopReason": reason})),
        event("metadata", &metrics),
    ]);
    streamed("application/vnd.amazon.eventstream", events)
}

fn kind(request: &Value) -> Kind {
    let messages = request["messages"].as_array().into_iter().flatten();
    let mut blocks =
        messages.flat_map(|message| message["content"].as_array().into_iter().flatten());
    let answered = blocks.any(|block| block["toolResult"].is_object());
    Kind::of(&request["toolConfig"]["tools"], answered, &request["outputConfig"]["textFormat"])
}

fn usage(output: u64) -> Value {
    json!({
        "inputTokens": 88,
        "outputTokens": output,
        "totalTokens": 236 + output,
        "cacheReadInputTokens": 128,
        "cacheWriteInputTokens": 20,
    })
}

/// A message of the stream, with its checksums.
fn event(kind: &'static str, payload: &Value) -> Vec<u8> {
    let header = |name: &'static str, value: &'static str| {
        Header::new(name, HeaderValue::String(value.into()))
    };
    let message = Message::new(payload.to_string())
        .add_header(header(":message-type", "event"))
        .add_header(header(":event-type", kind))
        .add_header(header(":content-type", "application/json"));
    let mut bytes = Vec::new();
    // Only what is too long for its length field cannot be written.
    let _ = write_message_to(&message, &mut bytes);
    bytes
}

fn refused() -> Response {
    let header = [("x-amzn-errortype", "ResourceNotFoundException:http://internal.amazon.com/")];
    (StatusCode::NOT_FOUND, header, Json(json!({"message": "no"}))).into_response()
}
