//! Cohere's second API: chat, embed and rerank.
//!
//! Usage has billed and consumed tokens; the billed ones are told where both are known.

use serde_json::{Map, Value};
use spanwise_core::{BilledUnits, Document, Message, Part, Role, Usage};

use crate::answer::{Answer, ErrorAnswer, hear};
use crate::codec::{Codec, Decoder, Event};
use crate::indexed::Indexed;
use crate::json::{Json, JsonBody};
use crate::openai_chat::{self, Call, MOST};
use crate::openai_embeddings;
use crate::request::{Operation, Request};

/// Cohere's `/v2/chat`, `/v2/embed` and `/v2/rerank`.
#[derive(Clone, Copy, Debug)]
pub struct Cohere;

impl Codec for Cohere {
    fn request(&self, path: &str, body: &[u8], content: bool) -> Request {
        let mut request = Request { operation: operation(path), ..Request::default() };
        let mut history = Vec::new();
        let mut documents = Vec::new();
        JsonBody::of(body).json().fields(|key, value| match key {
            "model" => request.model = value.text(),
            "stream" => request.stream = value.is_true(),
            "max_tokens" => request.max_tokens = value.int(),
            "temperature" => request.temperature = value.number(),
            "p" => request.top_p = value.number(),
            "k" | "top_n" => request.top_k = value.int(),
            "frequency_penalty" => request.frequency_penalty = value.number(),
            "presence_penalty" => request.presence_penalty = value.number(),
            "seed" => request.seed = value.int(),
            "stop_sequences" => request.stop_sequences = value.texts(),
            "thinking" => request.reasoning_level = value.field("type").and_then(Json::text),
            "response_format" => request.output_type = openai_chat::output_type(value),
            "embedding_types" => request.encoding_formats = value.texts(),
            "output_dimension" => request.dimension_count = value.int(),
            "query" if content => request.content.query = value.text(),
            "messages" if content => value.items(|message| history.push(input_message(message))),
            // The documents of a rerank are not recorded: the conventions have no place for them.
            "documents" if content && request.operation == Operation::Chat => {
                value.items(|document| documents.extend(input_document(document)));
            }
            "tools" if content => {
                let tools = &mut request.content.tools;
                value.items(|tool| tools.extend(openai_chat::definition(tool)));
            }
            _ => {}
        });
        if !documents.is_empty() {
            let role = Role::Other("document".to_owned());
            request.content.messages.push(Message::new(role, documents));
        }
        request.content.messages.append(&mut history);
        request
    }

    fn answer(&self, body: &[u8], content: bool) -> Answer {
        let mut read = ReadAnswer::default();
        JsonBody::of(body).json().fields(|key, value| match key {
            "message" if content => read.message(value),
            "embeddings" => read.answer.dimension_count = dimensions(value),
            "results" if content => {
                value.items(|found| read.answer.documents.push(document(found)))
            }
            // Of embed and rerank; they have no output tokens.
            "meta" => {
                read.answer.response.usage = Some(usage(value));
                let searches = value.field("billed_units").and_then(|it| it.field("search_units"));
                let searches = searches.and_then(Json::count).unwrap_or(0);
                read.answer.response.billed_units = BilledUnits::default().searches(searches);
            }
            _ => read.head(key, value),
        });
        read.finish()
    }

    /// Refusals are texts for people to read; what kind they are of, only the status says.
    fn error(&self, body: &[u8]) -> Option<ErrorAnswer> {
        let message = JsonBody::of(body).json().field("message")?.text()?;
        Some(ErrorAnswer { code: String::new(), message })
    }

    fn decoder(&self, content: bool) -> Box<dyn Decoder> {
        Box::new(CohereDecoder { content, done: false, read: ReadAnswer::default() })
    }
}

fn operation(path: &str) -> Operation {
    let path = path.split('?').next().unwrap_or_default().trim_end_matches('/');
    match path.rsplit('/').next() {
        Some("embed") => Operation::Embeddings,
        Some("rerank") => Operation::Retrieval,
        _ => Operation::Chat,
    }
}

/// A message as OpenAI has it, with a plan before its tool calls, and documents as tools' answers.
fn input_message(message: Json<'_>) -> Message {
    let mut role = None;
    let mut call_id = None;
    let mut response = None;
    let (mut plan, mut parts, mut calls) = (None, Vec::new(), Vec::new());
    message.fields(|key, value| match key {
        "role" => role = value.text(),
        "tool_call_id" => call_id = value.text(),
        "tool_plan" => plan = value.text().map(Part::reasoning),
        "content" => {
            response = Some(value);
            value.items(|part| parts.extend(openai_chat::content_part(part)));
            parts.extend(value.text().map(Part::text));
        }
        "tool_calls" => value.items(|call| calls.extend(openai_chat::tool_call(call))),
        _ => {}
    });
    if let Some(id) = call_id {
        let response = response.map(openai_chat::written).unwrap_or_default();
        parts = vec![Part::tool_call_response(id, response)];
    }
    let parts = plan.into_iter().chain(parts).chain(calls).collect();
    Message::new(Role::from(role.unwrap_or_default()), parts)
}

/// A document that the answer shall be founded on.
fn input_document(document: Json<'_>) -> Option<Part> {
    match document.text() {
        Some(text) => Some(Part::text(text)),
        None => Some(Part::generic("document", document.read::<Map<String, Value>>()?)),
    }
}

/// A result of a ranking: it goes by its place among the documents that were sent.
fn document(found: Json<'_>) -> Document {
    let index = found.field("index").and_then(Json::int);
    let mut document =
        index.map_or_else(Document::default, |index| Document::new(index.to_string()));
    if let Some(score) = found.field("relevance_score").and_then(Json::number) {
        document = document.score(score);
    }
    if let Some(text) = found.field("document").and_then(|document| document.field("text")?.text())
    {
        document = document.field("text", text);
    }
    document
}

/// How long the vectors are, by the first one of the first type. In binary ones a byte holds eight bits.
fn dimensions(embeddings: Json<'_>) -> Option<i64> {
    let first_of = |vectors: Json<'_>, bits: i64| {
        let mut first = None;
        vectors.items(|vector| first = first.or_else(|| openai_embeddings::length(vector)));
        first.map(|length| length * bits)
    };
    let mut count = None;
    embeddings.fields(|embedding_type, vectors| {
        let bits = if matches!(embedding_type, "binary" | "ubinary") { 8 } else { 1 };
        count = count.or_else(|| first_of(vectors, bits));
    });
    count
}

fn usage(usage: Json<'_>) -> Usage {
    let count = |of: &str, name: &str| usage.field(of)?.field(name)?.count();
    let tokens = |name| count("billed_units", name).or_else(|| count("tokens", name));
    let mut told = Usage::unknown();
    if let Some(tokens) = tokens("input_tokens") {
        told = told.input(tokens);
    }
    if let Some(tokens) = tokens("output_tokens") {
        told = told.output(tokens);
    }
    if let Some(tokens) = usage.field("cached_tokens").and_then(Json::count) {
        told = told.cache_read(tokens);
    }
    told
}

/// What whole answers and events have told so far.
#[derive(Default)]
struct ReadAnswer {
    answer: Answer,
    plan: String,
    content: Indexed<Content>,
    calls: Indexed<Call>,
}

#[derive(Default)]
struct Content {
    thinking: String,
    text: String,
}

impl ReadAnswer {
    /// What stands beside the message. The word for how it ended says, too, whether it failed.
    fn head(&mut self, key: &str, value: Json<'_>) {
        let answer = &mut self.answer;
        match key {
            "id" => hear(&mut answer.response.id, value),
            "usage" if !value.is_null() => answer.response.usage = Some(usage(value)),
            "finish_reason" => {
                answer.ended(value.text());
                if let Some(reason @ ("ERROR" | "TIMEOUT")) = value.string().as_deref() {
                    let told = answer.error.take();
                    let message = told.map(|error| error.message).unwrap_or_default();
                    answer.error = Some(ErrorAnswer { code: reason.to_owned(), message });
                }
            }
            "error" => {
                if let Some(message) = value.text() {
                    let told = answer.error.take();
                    let code = told.map_or_else(|| "ERROR".to_owned(), |error| error.code);
                    answer.error = Some(ErrorAnswer { code, message });
                }
            }
            _ => {}
        }
    }

    fn message(&mut self, message: Json<'_>) {
        message.fields(|key, value| match key {
            "tool_plan" => self.plan.extend(value.text()),
            "content" => {
                let mut place = 0;
                value.items(|content| {
                    self.content.at(place).read(content);
                    place += 1;
                });
            }
            "tool_calls" => {
                let mut place = 0;
                value.items(|call| {
                    self.calls.at(place).read(call);
                    place += 1;
                });
            }
            _ => {}
        });
    }

    /// What an event adds to the message, at its place.
    fn piece(&mut self, index: u64, message: Json<'_>) {
        message.fields(|key, value| match key {
            "tool_plan" => self.plan.extend(value.text()),
            "content" => self.content.at(index).read(value),
            "tool_calls" => self.calls.at(index).read(value),
            _ => {}
        });
    }

    fn finish(self) -> Answer {
        let Self { mut answer, plan, content, calls } = self;
        let mut parts = Vec::new();
        if !plan.is_empty() {
            parts.push(Part::reasoning(plan));
        }
        for Content { thinking, text } in content.into_values() {
            if !thinking.is_empty() {
                parts.push(Part::reasoning(thinking));
            }
            if !text.is_empty() {
                parts.push(Part::text(text));
            }
        }
        // The event that begins a message has lists that are empty.
        let calls = calls.into_values().filter(|call| !call.is_empty());
        parts.extend(calls.map(Call::part));
        answer.said(parts);
        answer
    }
}

impl Content {
    fn read(&mut self, content: Json<'_>) {
        content.fields(|key, value| match key {
            "thinking" => self.thinking.extend(value.text()),
            "text" => self.text.extend(value.text()),
            _ => {}
        });
    }
}

struct CohereDecoder {
    content: bool,
    done: bool,
    read: ReadAnswer,
}

impl Decoder for CohereDecoder {
    fn event(&mut self, event: Event<'_>) {
        let mut told_type = None;
        let mut index = 0;
        let mut delta = None;
        let json_body = JsonBody::of(event.data);
        json_body.json().fields(|key, value| match key {
            "type" => told_type = value.string(),
            "index" => index = value.count().unwrap_or(0),
            "delta" => delta = Some(value),
            "id" => self.read.head("id", value),
            _ => {}
        });
        let ends = told_type.as_deref().unwrap_or(event.name) == "message-end";
        self.done |= ends || event.data.trim_ascii() == b"[DONE]";
        let Some(delta) = delta else { return };
        if ends {
            delta.fields(|key, value| self.read.head(key, value));
        } else if let Some(message) = delta.field("message")
            && self.content
            && index < MOST
        {
            self.read.piece(index, message);
        }
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn take(&mut self) -> Answer {
        std::mem::take(&mut self.read).finish()
    }
}
