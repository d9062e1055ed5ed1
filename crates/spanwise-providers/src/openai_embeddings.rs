//! OpenAI Embeddings, and whoever speaks it.

use spanwise_core::Usage;

use crate::answer::{Answer, ErrorAnswer, hear};
use crate::codec::{Codec, Decoder, Event};
use crate::json::{Json, JsonBody};
use crate::openai_chat;
use crate::request::{Operation, Request};

/// OpenAI's `/v1/embeddings`.
#[derive(Clone, Copy, Debug)]
pub struct OpenAiEmbeddings;

impl Codec for OpenAiEmbeddings {
    fn request(&self, _: &str, body: &[u8], _: bool) -> Request {
        let mut request = Request { operation: Operation::Embeddings, ..Request::default() };
        JsonBody::of(body).json().fields(|key, value| match key {
            "model" => request.model = value.text(),
            // Some know types of numbers besides, and other words.
            "encoding_format" | "output_dtype" => request.encoding_formats.extend(value.texts()),
            "dimensions" | "output_dimension" => request.dimension_count = value.int(),
            _ => {}
        });
        request
    }

    fn answer(&self, body: &[u8], _: bool) -> Answer {
        let mut answer = Answer::default();
        JsonBody::of(body).json().fields(|key, value| match key {
            "model" => hear(&mut answer.response.model, value),
            "data" => answer.dimension_count = dimensions(value),
            "usage" => {
                let tokens = value.field("prompt_tokens").and_then(Json::count);
                answer.response.usage = tokens.map(|tokens| Usage::unknown().input(tokens));
            }
            "error" => answer.error = openai_chat::error(value),
            _ => {}
        });
        answer
    }

    fn error(&self, body: &[u8]) -> Option<ErrorAnswer> {
        openai_chat::error(JsonBody::of(body).json().field("error")?)
    }

    fn decoder(&self, _: bool) -> Box<dyn Decoder> {
        Box::new(NoStream)
    }
}

/// How long the first vector is.
fn dimensions(data: Json<'_>) -> Option<i64> {
    let mut first = None;
    data.items(|item| {
        first = first.or_else(|| item.field("embedding"));
    });
    length(first?)
}

/// How long a vector is. One in base64 holds four bytes for each number.
pub(crate) fn length(vector: Json<'_>) -> Option<i64> {
    if let Some(base64) = vector.text() {
        let padding = base64.bytes().rev().take_while(|byte| *byte == b'=').count();
        let bytes = (base64.len() / 4 * 3).saturating_sub(padding);
        return i64::try_from(bytes / 4).ok();
    }
    Some(vector.length()).filter(|count| *count > 0)
}

/// Embeddings come whole.
struct NoStream;

impl Decoder for NoStream {
    fn event(&mut self, _: Event<'_>) {}

    fn is_done(&self) -> bool {
        false
    }

    fn take(&mut self) -> Answer {
        Answer::default()
    }
}
