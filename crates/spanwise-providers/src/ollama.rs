//! Ollama's own API, beside which it also speaks OpenAI's.
//!
//! | Path | Operation |
//! |---|---|
//! | `/api/chat` | `chat` |
//! | `/api/generate` | `text_completion` |
//! | `/api/embed`, `/api/embeddings` | `embeddings` |
//!
//! Chats and completions are streamed unless the request says otherwise: a line of JSON for each piece, the
//! last of which is `done` and counts the tokens.

use serde_json::{Map, Value};
use spanwise_core::{Message, OutputType, Part, Role, Usage};

use crate::answer::{Answer, ErrorAnswer, hear};
use crate::codec::{Codec, Decoder, Event};
use crate::json::{Json, JsonBody};
use crate::openai_chat;
use crate::request::{Operation, Request};

/// Ollama's `/api/chat`, `/api/generate`, `/api/embed` and `/api/embeddings`.
///
/// A refusal is a text without a code, so that [`error`](Codec::error) tells nothing: the status of the
/// response is what there is. An error within an answer has no status of its own and gets the code `error`.
#[derive(Clone, Copy, Debug)]
pub struct Ollama;

impl Codec for Ollama {
    fn request(&self, path: &str, body: &[u8], content: bool) -> Request {
        let operation = operation(path);
        let mut request =
            Request { operation, stream: operation != Operation::Embeddings, ..Request::default() };
        let mut prompt = Prompt::default();
        JsonBody::of(body).json().fields(|key, value| match key {
            "model" => request.model = value.text(),
            "stream" if operation != Operation::Embeddings => {
                request.stream = value.read().unwrap_or(true);
            }
            "options" => options(value, &mut request),
            "think" => request.reasoning_level = value.text(),
            "format" => request.output_type = output_type(value),
            "dimensions" => request.dimension_count = value.int(),
            _ if !content || operation == Operation::Embeddings => {}
            "messages" => value.items(|message| request.content.messages.push(read(message))),
            "tools" => value.items(|tool| {
                request.content.tools.extend(openai_chat::definition(tool));
            }),
            "system" => request.content.system.extend(value.text().map(Part::text)),
            "prompt" => prompt.text = value.text(),
            "suffix" => prompt.suffix = value.text(),
            "images" => prompt.images = images(value),
            _ => {}
        });
        request.content.messages.extend(prompt.message());
        request
    }

    fn answer(&self, body: &[u8], content: bool) -> Answer {
        let mut read = ReadAnswer::default();
        read.line(JsonBody::of(body).json(), content);
        read.finish()
    }

    fn error(&self, body: &[u8]) -> Option<ErrorAnswer> {
        let message = JsonBody::of(body).json().field("error")?.text()?;
        Some(ErrorAnswer { code: String::new(), message })
    }

    fn decoder(&self, content: bool) -> Box<dyn Decoder> {
        Box::new(LineDecoder { content, read: ReadAnswer::default() })
    }
}

fn operation(path: &str) -> Operation {
    let path = path.split('?').next().unwrap_or_default().trim_end_matches('/');
    match path.rsplit('/').next() {
        Some("generate") => Operation::TextCompletion,
        Some("embed" | "embeddings") => Operation::Embeddings,
        _ => Operation::Chat,
    }
}

fn options(options: Json<'_>, request: &mut Request) {
    options.fields(|key, value| match key {
        // Below zero it is a word for "without end" or "as far as the context goes".
        "num_predict" => request.max_tokens = value.int().filter(|tokens| *tokens >= 0),
        "temperature" => request.temperature = value.number(),
        "top_p" => request.top_p = value.number(),
        "top_k" => request.top_k = value.int(),
        "seed" => request.seed = value.int(),
        "stop" => request.stop_sequences = value.texts(),
        "frequency_penalty" => request.frequency_penalty = value.number(),
        "presence_penalty" => request.presence_penalty = value.number(),
        _ => {}
    });
}

/// `json`, or the schema that it shall follow.
fn output_type(format: Json<'_>) -> Option<OutputType> {
    (format.is_object() || format.text().as_deref() == Some("json")).then_some(OutputType::Json)
}

/// What a completion starts from.
#[derive(Default)]
struct Prompt {
    text: Option<String>,
    suffix: Option<String>,
    images: Vec<Part>,
}

impl Prompt {
    fn message(self) -> Option<Message> {
        let mut parts: Vec<_> = self.text.map(Part::text).into_iter().collect();
        // What shall come after the answer is no text of the prompt's.
        parts.extend(self.suffix.map(|suffix| {
            let fields = Map::from_iter([("content".to_owned(), Value::String(suffix))]);
            Part::generic("suffix", fields)
        }));
        parts.extend(self.images);
        (!parts.is_empty()).then(|| Message::new(Role::User, parts))
    }
}

fn read(message: Json<'_>) -> Message {
    let mut role = None;
    let mut tool = None;
    let mut call_id = None;
    let mut said = Said::default();
    let mut pictures = Vec::new();
    message.fields(|key, value| match key {
        "role" => role = value.text(),
        "tool_name" => tool = value.text(),
        "tool_call_id" => call_id = value.text(),
        "images" => pictures = images(value),
        key => said.read(key, value),
    });
    let role = Role::from(role.unwrap_or_default());
    let mut parts = Vec::new();
    if role == Role::Tool {
        let response = json_or_text(std::mem::take(&mut said.text));
        parts.push(Part::ToolCallResponse { id: call_id, response });
    }
    parts.extend(said.parts(pictures));
    let message = Message::new(role, parts);
    match tool {
        Some(tool) => message.name(tool),
        None => message,
    }
}

/// In base64, of a type that is not said.
fn images(images: Json<'_>) -> Vec<Part> {
    let blob = |content| Part::Blob { modality: "image".to_owned(), mime_type: None, content };
    images.texts().into_iter().map(blob).collect()
}

/// How long a vector is; an empty one stands for an empty text.
fn length(vector: Json<'_>) -> Option<i64> {
    Some(vector.length()).filter(|length| *length > 0)
}

fn json_or_text(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

fn tool_call(call: Json<'_>) -> Option<Part> {
    let function = call.field("function")?;
    let name = function.field("name")?.text()?;
    let arguments = function.field("arguments").and_then(Json::value);
    let arguments = arguments.map(|arguments| match arguments {
        Value::String(text) => json_or_text(text),
        arguments => arguments,
    });
    Some(Part::ToolCall { id: call.field("id").and_then(Json::text), name, arguments })
}

/// What a message says, whole or in pieces.
#[derive(Default)]
struct Said {
    reasoning: String,
    text: String,
    calls: Vec<Part>,
}

impl Said {
    fn read(&mut self, key: &str, value: Json<'_>) {
        match key {
            "content" | "response" => self.text.extend(value.text()),
            "thinking" => self.reasoning.extend(value.text()),
            "tool_calls" => value.items(|call| self.calls.extend(tool_call(call))),
            _ => {}
        }
    }

    fn parts(self, pictures: Vec<Part>) -> Vec<Part> {
        let mut parts = Vec::new();
        if !self.reasoning.is_empty() {
            parts.push(Part::reasoning(self.reasoning));
        }
        if !self.text.is_empty() {
            parts.push(Part::text(self.text));
        }
        parts.extend(pictures);
        parts.extend(self.calls);
        parts
    }
}

/// What lines have told so far; a whole answer is one line.
#[derive(Default)]
struct ReadAnswer {
    answer: Answer,
    finish_reason: Option<String>,
    usage: Usage,
    said: Said,
    done: bool,
}

impl ReadAnswer {
    fn line(&mut self, line: Json<'_>, content: bool) {
        let Self { answer, finish_reason, usage, said, done } = self;
        line.fields(|key, value| match key {
            "model" => hear(&mut answer.response.model, value),
            "done" => *done |= value.is_true(),
            "done_reason" => *finish_reason = value.text().or(finish_reason.take()),
            "prompt_eval_count" => *usage = value.count().map_or(*usage, |n| usage.input(n)),
            "eval_count" => *usage = value.count().map_or(*usage, |n| usage.output(n)),
            "embedding" => answer.dimension_count = length(value),
            "embeddings" => {
                let mut first = None;
                value.items(|vector| first = first.or(Some(vector)));
                answer.dimension_count = first.and_then(length);
            }
            "error" if !value.is_null() => {
                *done = true;
                let message = value.text().unwrap_or_default();
                answer.error = Some(ErrorAnswer { code: "error".to_owned(), message });
            }
            "message" if content => value.fields(|key, value| said.read(key, value)),
            key if content => said.read(key, value),
            _ => {}
        });
    }

    fn finish(self) -> Answer {
        let Self { mut answer, finish_reason, usage, said, .. } = self;
        answer.ended(finish_reason);
        answer.response.usage = Some(usage).filter(|usage| *usage != Usage::unknown());
        answer.said(said.parts(Vec::new()));
        answer
    }
}

struct LineDecoder {
    content: bool,
    read: ReadAnswer,
}

impl Decoder for LineDecoder {
    fn event(&mut self, event: Event<'_>) {
        self.read.line(JsonBody::of(event.data).json(), self.content);
    }

    fn is_done(&self) -> bool {
        self.read.done
    }

    fn model(&self) -> Option<&str> {
        self.read.answer.model()
    }

    fn take(&mut self) -> Answer {
        std::mem::take(&mut self.read).finish()
    }
}
