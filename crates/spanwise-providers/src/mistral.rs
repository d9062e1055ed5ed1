//! Mistral: what OpenAI speaks, with thinking among the content and errors of its own.

use crate::answer::{Answer, ErrorAnswer};
use crate::codec::{Codec, Decoder};
use crate::json::{Json, JsonBody};
use crate::openai_chat::{self, Flavour};
use crate::openai_embeddings::OpenAiEmbeddings;
use crate::request::Request;

/// Mistral's `/v1/chat/completions` and `/v1/embeddings`.
#[derive(Clone, Copy, Debug)]
pub struct Mistral;

impl Codec for Mistral {
    fn request(&self, path: &str, body: &[u8], content: bool) -> Request {
        let (bare, _) = path.split_once('?').unwrap_or((path, ""));
        if bare.trim_end_matches('/').ends_with("/embeddings") {
            return OpenAiEmbeddings.request(path, body, content);
        }
        Request { service_tier: None, ..openai_chat::request(body, content) }
    }

    fn answer(&self, body: &[u8], content: bool) -> Answer {
        // Vectors are long, chats are short: it is the short ones that are read twice.
        let embeddings = OpenAiEmbeddings.answer(body, content);
        match embeddings.dimension_count {
            Some(_) => embeddings,
            None => openai_chat::answer(body, content, Flavour::Other),
        }
    }

    fn error(&self, body: &[u8]) -> Option<ErrorAnswer> {
        let json_body = JsonBody::of(body);
        let body = json_body.json();
        if let Some(detail) = body.field("detail") {
            return invalid(detail);
        }
        openai_chat::error(body.field("error").unwrap_or(body))
    }

    fn decoder(&self, content: bool) -> Box<dyn Decoder> {
        openai_chat::decoder(content, Flavour::Other)
    }
}

/// What is wrong with a request that is not valid: the first of the faults found.
fn invalid(detail: Json<'_>) -> Option<ErrorAnswer> {
    let mut first = None;
    detail.items(|fault| {
        first = first.or(Some(fault));
    });
    let text = |name| first?.field(name).and_then(Json::text);
    Some(ErrorAnswer { code: text("type")?, message: text("msg").unwrap_or_default() })
}
