//! What the model answers, whoever's API is spoken.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

/// The one model that it does not have.
pub(crate) const MISSING_MODEL: &str = "no-such-model";

/// What the model says, whole.
pub(crate) const TEXT: &str = "Your order A-17 left our warehouse yesterday and arrives tomorrow.";

/// And where it comes word by word.
pub(crate) const WORDS: [&str; 3] = ["Your order ", "arrives ", "tomorrow."];

/// And where it shall follow a schema.
pub(crate) const STRUCTURED: &str = r#"{"order":"A-17","arrives":"tomorrow"}"#;

/// The tool that it asks for, and with what.
pub(crate) const TOOL: &str = "lookup_order";
pub(crate) const ARGUMENTS: &str = r#"{"order":"A-17"}"#;

/// What kind of answer a request gets.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Tool,
    Structured,
    Text,
}

impl Kind {
    /// A tool is asked for until there is a result of one.
    pub(crate) fn of(tools: &Value, has_result: bool, format: &Value) -> Self {
        let has_tools = tools.as_array().is_some_and(|tools| !tools.is_empty());
        match (has_tools && !has_result, format.is_null()) {
            (true, _) => Self::Tool,
            (false, true) => Self::Text,
            (false, false) => Self::Structured,
        }
    }

    /// The text of an answer that is one.
    pub(crate) fn text(self) -> &'static str {
        if self == Self::Structured { STRUCTURED } else { TEXT }
    }
}

/// As long as a whole answer takes.
pub(crate) async fn think() {
    tokio::time::sleep(Duration::from_millis(120)).await;
}

/// A vector of an embedding.
pub(crate) async fn vector() -> Vec<f32> {
    tokio::time::sleep(Duration::from_millis(15)).await;
    (0..256).map(|n| (n as f32 / 256.0).sin()).collect()
}

/// An answer that comes piece by piece.
pub(crate) fn streamed(
    content_type: &'static str,
    pieces: impl IntoIterator<Item = impl Into<Vec<u8>>>,
) -> Response {
    let pieces: Vec<Vec<u8>> = pieces.into_iter().map(Into::into).collect();
    let paced = stream::iter(pieces).then(|piece| async move {
        tokio::time::sleep(Duration::from_millis(40)).await;
        Ok::<_, Infallible>(piece)
    });
    ([(CONTENT_TYPE, content_type)], Body::from_stream(paced)).into_response()
}

/// The pieces as server-sent events without names.
pub(crate) fn events(events: impl IntoIterator<Item = Value>) -> Vec<String> {
    events.into_iter().map(|event| format!("data: {event}\n\n")).collect()
}
