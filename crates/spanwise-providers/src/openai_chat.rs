//! OpenAI Chat Completions, and whoever speaks it.
//!
//! Totals contain cached and reasoning tokens already.

use serde_json::{Map, Value};
use spanwise_core::{
    Cost, CostSource, Currency, Message, Modality, OpenAiApiType, OutputType, Part, Role,
    ToolDefinition, Usage,
};

use crate::answer::{Answer, ErrorAnswer, hear};
use crate::codec::{Codec, Decoder, Event};
use crate::include_usage::{including_usage, is_usage_alone};
use crate::indexed::Indexed;
use crate::json::{Json, JsonBody};
use crate::request::Request;

/// OpenAI's `/v1/chat/completions`.
#[derive(Clone, Copy, Debug)]
pub struct OpenAiChat;

impl Codec for OpenAiChat {
    fn request(&self, _: &str, body: &[u8], content: bool) -> Request {
        Request { openai_api_type: Some(OpenAiApiType::ChatCompletions), ..request(body, content) }
    }

    fn answer(&self, body: &[u8], content: bool) -> Answer {
        answer(body, content, Flavour::OpenAi)
    }

    fn error(&self, body: &[u8]) -> Option<ErrorAnswer> {
        error(JsonBody::of(body).json().field("error")?)
    }

    fn including_usage(&self, body: &[u8]) -> Option<Vec<u8>> {
        including_usage(body)
    }

    fn is_usage_alone(&self, event: &[u8]) -> bool {
        is_usage_alone(event)
    }

    fn decoder(&self, content: bool) -> Box<dyn Decoder> {
        decoder(content, Flavour::OpenAi)
    }
}

/// Whose dialect it is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Flavour {
    #[default]
    OpenAi,
    /// What the conventions have for OpenAI alone is left out.
    Other,
}

pub(crate) fn request(body: &[u8], content: bool) -> Request {
    let mut request = Request::default();
    JsonBody::of(body).json().fields(|key, value| match key {
        "model" => request.model = value.text(),
        "stream" => request.stream = value.is_true(),
        "max_completion_tokens" => request.max_tokens = value.int().or(request.max_tokens),
        "max_tokens" => request.max_tokens = request.max_tokens.or(value.int()),
        "temperature" => request.temperature = value.number(),
        "top_p" => request.top_p = value.number(),
        "frequency_penalty" => request.frequency_penalty = value.number(),
        "presence_penalty" => request.presence_penalty = value.number(),
        "seed" | "random_seed" => request.seed = value.int(),
        "n" => request.choice_count = value.int(),
        "stop" => request.stop_sequences = value.texts(),
        "reasoning_effort" => request.reasoning_level = value.text(),
        "service_tier" => request.service_tier = value.text(),
        "response_format" => {
            request.output_type = request.output_type.take().or(output_type(value));
        }
        "modalities" if value.texts().iter().any(|modality| modality == "audio") => {
            request.output_type = Some(OutputType::Speech);
        }
        "messages" if content => {
            value.items(|message| request.content.messages.push(input_message(message)));
        }
        "tools" if content => value.items(|tool| request.content.tools.extend(definition(tool))),
        _ => {}
    });
    request
}

pub(crate) fn answer(body: &[u8], content: bool, flavour: Flavour) -> Answer {
    let mut read = ReadAnswer { flavour, ..ReadAnswer::default() };
    read.object(JsonBody::of(body).json(), content);
    read.finish()
}

pub(crate) fn decoder(content: bool, flavour: Flavour) -> Box<dyn Decoder> {
    let read = ReadAnswer { flavour, ..ReadAnswer::default() };
    Box::new(ChatDecoder { content, done: false, read })
}

/// OpenAI's error object; its `code` is finer than its `type`, and may be missing, or a mere number.
pub(crate) fn error(error: Json<'_>) -> Option<ErrorAnswer> {
    let text = |name| error.field(name).and_then(Json::text);
    let is_word = |code: &String| !code.bytes().all(|byte| byte.is_ascii_digit());
    let code = text("code").filter(is_word).or_else(|| text("type")).or_else(|| text("code"))?;
    Some(ErrorAnswer { code, message: text("message").unwrap_or_default() })
}

pub(crate) fn output_type(format: Json<'_>) -> Option<OutputType> {
    match format.field("type")?.text()?.as_str() {
        "json_object" | "json_schema" => Some(OutputType::Json),
        "text" => Some(OutputType::Text),
        _ => None,
    }
}

fn input_message(message: Json<'_>) -> Message {
    let mut role = None;
    let mut name = None;
    let mut call_id = None;
    let mut parts = Vec::new();
    let mut calls = Vec::new();
    message.fields(|key, value| match key {
        "role" => role = value.text(),
        "name" => name = value.text(),
        "tool_call_id" => call_id = value.text(),
        "content" => parts = content_parts(value),
        "refusal" => parts.extend(value.text().map(Part::text)),
        "tool_calls" => value.items(|call| calls.extend(tool_call(call))),
        _ => {}
    });
    if let Some(id) = call_id {
        let said: Vec<_> = parts
            .drain(..)
            .filter_map(|part| match part {
                Part::Text { content } => Some(content),
                _ => None,
            })
            .collect();
        parts.push(Part::tool_call_response(id, said.concat()));
    }
    parts.append(&mut calls);
    let message = Message::new(Role::from(role.unwrap_or_default()), parts);
    match name {
        Some(name) => message.name(name),
        None => message,
    }
}

fn content_parts(content: Json<'_>) -> Vec<Part> {
    if let Some(text) = content.text() {
        return vec![Part::text(text)];
    }
    let mut parts = Vec::new();
    content.items(|part| parts.extend(content_part(part)));
    parts
}

pub(crate) fn content_part(part: Json<'_>) -> Option<Part> {
    let of = |outer: &str, inner: &str| part.field(outer)?.field(inner)?.text();
    match part.field("type")?.text()?.as_str() {
        "text" => Some(Part::text(part.field("text")?.text()?)),
        "refusal" => Some(Part::text(part.field("refusal")?.text()?)),
        "thinking" => Some(Part::reasoning(thinking(part)?)),
        "image_url" => {
            let url = of("image_url", "url").or_else(|| part.field("image_url")?.text())?;
            Some(media("image", &url))
        }
        "document_url" => Some(media("document", &part.field("document_url")?.text()?)),
        "input_audio" => {
            let mime_type = of("input_audio", "format").map(|format| format!("audio/{format}"));
            let content =
                of("input_audio", "data").or_else(|| part.field("input_audio")?.text())?;
            if content.contains(':') {
                return Some(media("audio", &content));
            }
            Some(Part::Blob { modality: "audio".to_owned(), mime_type, content })
        }
        "file" => match of("file", "file_id").or_else(|| part.field("file_id")?.text()) {
            Some(id) => Some(Part::file("document", id)),
            None => Some(media("document", &of("file", "file_data")?)),
        },
        other => Some(Part::generic(other, part.read::<Map<String, Value>>()?)),
    }
}

/// Thinking is a text, or a list of them.
fn thinking(part: Json<'_>) -> Option<String> {
    let told = part.field("thinking")?;
    let mut text = told.text().unwrap_or_default();
    told.items(|piece| text.extend(piece.field("text").and_then(Json::text)));
    (!text.is_empty()).then_some(text)
}

/// A data URL is media sent inline; any other one says where it stands.
pub(crate) fn media(modality: &str, url: &str) -> Part {
    match url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
        Some((mime_type, data)) => Part::blob(modality, mime_type, data),
        None => Part::uri(modality, url),
    }
}

pub(crate) fn tool_call(call: Json<'_>) -> Option<Part> {
    let function = call.field("function").or_else(|| call.field("custom"))?;
    let name = function.field("name")?.text()?;
    let arguments = function.field("arguments").or_else(|| function.field("input"));
    let arguments = arguments.map(written).unwrap_or_default();
    let id = call.field("id").and_then(Json::text).unwrap_or_default();
    Some(Part::tool_call(id, name, arguments))
}

/// Text as it is meant, or any other JSON as it is written: some send arguments as objects.
pub(crate) fn written(value: Json<'_>) -> String {
    match value.string() {
        Some(text) => text.into_owned(),
        None if value.is_null() => String::new(),
        None => value.written().unwrap_or_default().to_owned(),
    }
}

/// A tool that the model may call; others word theirs the same way.
pub(crate) fn definition(tool: Json<'_>) -> Option<ToolDefinition> {
    let kind = tool.field("type")?.text()?;
    let function = tool.field(&kind).unwrap_or(tool);
    let name = function.field("name").and_then(Json::text).unwrap_or_else(|| kind.clone());
    let mut definition = ToolDefinition::of_type(kind, name);
    if let Some(description) = function.field("description").and_then(Json::text) {
        definition = definition.description(description);
    }
    if let Some(parameters) = function.field("parameters").and_then(Json::value) {
        definition = definition.parameters(parameters);
    }
    Some(definition)
}

/// Tokens as OpenAI counts them: everything is inside the totals. Gateways tell what the call cost as well.
fn usage(usage: Json<'_>) -> (Usage, Option<Cost>) {
    let mut told = Usage::unknown();
    let mut charged = None;
    let add = |told: Usage, key: &str, value: Json<'_>| match (key, value.count()) {
        ("prompt_tokens", Some(tokens)) => told.input(tokens),
        ("completion_tokens", Some(tokens)) => told.output(tokens),
        ("num_cached_tokens", Some(tokens)) => told.cache_read(tokens),
        _ => told,
    };
    usage.fields(|key, value| match key {
        "prompt_tokens_details" | "prompt_token_details" => value.fields(|key, value| {
            let Some(tokens) = value.count() else { return };
            told = match key {
                "cached_tokens" => told.cache_read(tokens),
                "text_tokens" => told.input_of(Modality::Text, tokens),
                "image_tokens" => told.input_of(Modality::Image, tokens),
                "audio_tokens" => told.input_of(Modality::Audio, tokens),
                _ => told,
            };
        }),
        "completion_tokens_details" => value.fields(|key, value| {
            let Some(tokens) = value.count() else { return };
            told = match key {
                "reasoning_tokens" => told.reasoning(tokens),
                "text_tokens" => told.output_of(Modality::Text, tokens),
                "image_tokens" => told.output_of(Modality::Image, tokens),
                "audio_tokens" => told.output_of(Modality::Audio, tokens),
                _ => told,
            };
        }),
        "cost" => charged = cost(value),
        key => told = add(told, key, value),
    });
    (told, charged)
}

/// What a call cost in dollars: a number, or an object with a total.
fn cost(told: Json<'_>) -> Option<Cost> {
    let amount = told.number().or_else(|| told.field("total_cost")?.number())?;
    Cost::from_f64(amount, Currency::USD, CostSource::Provider).filter(|_| amount >= 0.0)
}

/// What whole answers and chunks have told so far: chunks only tell the same in pieces.
#[derive(Default)]
struct ReadAnswer {
    flavour: Flavour,
    answer: Answer,
    choices: Indexed<Choice>,
}

#[derive(Default)]
struct Choice {
    text: String,
    reasoning: String,
    audio: Option<String>,
    others: Vec<Part>,
    calls: Indexed<Call>,
    finish_reason: Option<String>,
}

/// A tool call, whole or in pieces.
#[derive(Default)]
pub(crate) struct Call {
    id: String,
    name: String,
    arguments: String,
}

/// Beyond this an index is a mistake of the answer's, and what it says is left out.
pub(crate) const MOST: u64 = 1024;

impl ReadAnswer {
    fn object(&mut self, object: Json<'_>, content: bool) {
        let Self { flavour, answer, choices } = self;
        let is_openai = *flavour == Flavour::OpenAi;
        let mut error_told = None;
        object.fields(|key, value| match key {
            "id" => hear(&mut answer.response.id, value),
            "model" => hear(&mut answer.response.model, value),
            "service_tier" if is_openai => hear(&mut answer.response.service_tier, value),
            "system_fingerprint" if is_openai => {
                hear(&mut answer.response.system_fingerprint, value)
            }
            "usage" if !value.is_null() => {
                let (usage, cost) = usage(value);
                answer.response.usage = Some(usage);
                answer.response.cost = cost.or(answer.response.cost.take());
            }
            "error" => error_told = error(value),
            "object" if value.is("error") => error_told = error(object),
            "choices" => {
                let mut place = 0;
                value.items(|choice| {
                    let told = ToldChoice::of(choice);
                    let index = told.index.and_then(Json::count).unwrap_or(place);
                    place += 1;
                    if index < MOST {
                        choices.at(index).read(told, content);
                    }
                });
            }
            _ => {}
        });
        answer.error = error_told.or(answer.error.take());
    }

    fn finish(self) -> Answer {
        let Self { mut answer, choices, .. } = self;
        for mut choice in choices.into_values() {
            answer.ended(choice.finish_reason.take());
            answer.said(choice.parts());
        }
        answer
    }
}

/// A choice, or a piece of one.
#[derive(Default)]
struct ToldChoice<'a> {
    index: Option<Json<'a>>,
    finish_reason: Option<Json<'a>>,
    message: Option<Json<'a>>,
}

impl<'a> ToldChoice<'a> {
    fn of(choice: Json<'a>) -> Self {
        let mut told = Self::default();
        choice.fields(|key, value| match key {
            "index" => told.index = Some(value),
            "finish_reason" => told.finish_reason = Some(value),
            "message" | "delta" => told.message = Some(value),
            _ => {}
        });
        told
    }
}

impl Choice {
    fn read(&mut self, told: ToldChoice<'_>, content: bool) {
        if let Some(reason) = told.finish_reason.and_then(Json::text) {
            self.finish_reason = Some(reason);
        }
        if let Some(message) = told.message.filter(|_| content) {
            self.read_message(message);
        }
    }

    fn read_message(&mut self, message: Json<'_>) {
        message.fields(|key, value| match key {
            "content" | "refusal" => {
                self.text.extend(value.text());
                value.items(|part| match content_part(part) {
                    Some(Part::Text { content }) => self.text.push_str(&content),
                    Some(Part::Reasoning { content }) => self.reasoning.push_str(&content),
                    other => self.others.extend(other),
                });
            }
            "reasoning_content" | "reasoning" => self.reasoning.extend(value.text()),
            "audio" => {
                self.text.extend(value.field("transcript").and_then(Json::text));
                let data = value.field("data").and_then(Json::text);
                if let Some(data) = data {
                    self.audio.get_or_insert_default().push_str(&data);
                }
            }
            "tool_calls" => {
                let mut place = 0;
                value.items(|call| {
                    let index = call.field("index").and_then(Json::count).unwrap_or(place);
                    place += 1;
                    if index < MOST {
                        self.calls.at(index).read(call);
                    }
                });
            }
            _ => {}
        });
    }

    fn parts(self) -> Vec<Part> {
        let mut parts = Vec::new();
        if !self.reasoning.is_empty() {
            parts.push(Part::reasoning(self.reasoning));
        }
        if !self.text.is_empty() {
            parts.push(Part::text(self.text));
        }
        let audio = self.audio.map(|content| Part::Blob {
            modality: "audio".to_owned(),
            mime_type: None,
            content,
        });
        parts.extend(audio);
        parts.extend(self.others);
        parts.extend(self.calls.into_values().map(Call::part));
        parts
    }
}

impl Call {
    pub(crate) fn read(&mut self, call: Json<'_>) {
        call.fields(|key, value| match key {
            "id" => self.id.extend(value.text()),
            "function" | "custom" => value.fields(|key, value| match key {
                "name" => self.name.extend(value.text()),
                "arguments" | "input" => self.arguments.push_str(&written(value)),
                _ => {}
            }),
            _ => {}
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.id.is_empty() && self.name.is_empty() && self.arguments.is_empty()
    }

    pub(crate) fn part(self) -> Part {
        Part::tool_call(self.id, self.name, self.arguments)
    }
}

struct ChatDecoder {
    content: bool,
    done: bool,
    read: ReadAnswer,
}

impl Decoder for ChatDecoder {
    fn event(&mut self, event: Event<'_>) {
        if event.data.trim_ascii() == b"[DONE]" {
            self.done = true;
        } else {
            self.read.object(JsonBody::of(event.data).json(), self.content);
        }
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn model(&self) -> Option<&str> {
        self.read.answer.model()
    }

    fn take(&mut self) -> Answer {
        std::mem::take(&mut self.read).finish()
    }
}
