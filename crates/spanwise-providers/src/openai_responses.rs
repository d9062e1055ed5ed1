//! OpenAI Responses, and whoever speaks it.
//!
//! An answer is a list of items, and becomes one message. A stream tells every item twice, in pieces and then
//! whole, and ends with the whole response; the pieces matter where it breaks off.
//!
//! Totals contain cached and reasoning tokens already.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use spanwise_core::{
    BilledUnits, Message, OpenAiApiType, Part, ResponseStatus, Role, ToolDefinition, Usage,
};

use crate::answer::{Answer, ErrorAnswer, hear};
use crate::codec::{Codec, Decoder, Event};
use crate::indexed::Indexed;
use crate::json::{Json, JsonBody};
use crate::openai_chat::{self, MOST};
use crate::request::{Operation, Request};

/// OpenAI's `/v1/responses`, and `/v1/responses/{id}`, which fetches a stored one.
///
/// A fetch is told by a path that ends in an id, and by a body that is empty.
#[derive(Clone, Copy, Debug)]
pub struct OpenAiResponses;

impl Codec for OpenAiResponses {
    fn request(&self, path: &str, body: &[u8], content: bool) -> Request {
        let mut request = Request {
            openai_api_type: Some(OpenAiApiType::Responses),
            ..fetch(path).filter(|_| body.trim_ascii().is_empty()).unwrap_or_default()
        };
        JsonBody::of(body).json().fields(|key, value| match key {
            "model" => request.model = value.text(),
            "stream" => request.stream = value.is_true(),
            "max_output_tokens" => request.max_tokens = value.int(),
            "temperature" => request.temperature = value.number(),
            "top_p" => request.top_p = value.number(),
            "reasoning" => request.reasoning_level = value.field("effort").and_then(Json::text),
            "service_tier" => request.service_tier = value.text(),
            "previous_response_id" => request.previous_response_id = value.text(),
            "conversation" => {
                request.conversation_id = value.text().or_else(|| value.field("id")?.text());
            }
            "prompt" => {
                request.prompt_name = value.field("id").and_then(Json::text);
                request.prompt_version = value.field("version").and_then(Json::text);
            }
            "text" => {
                request.output_type = value.field("format").and_then(openai_chat::output_type);
            }
            "instructions" if content => request.content.system = instructions(value),
            "input" if content => request.content.messages = input(value),
            "tools" if content => request.content.tools = definitions(value),
            _ => {}
        });
        request
    }

    fn answer(&self, body: &[u8], content: bool) -> Answer {
        let mut read = ReadResponse::default();
        read.response(JsonBody::of(body).json(), content, true);
        read.finish()
    }

    fn error(&self, body: &[u8]) -> Option<ErrorAnswer> {
        openai_chat::error(JsonBody::of(body).json().field("error")?)
    }

    fn decoder(&self, content: bool) -> Box<dyn Decoder> {
        Box::new(ResponsesDecoder { content, done: false, read: ReadResponse::default() })
    }
}

/// The response that a path names, as `…/responses/{id}?stream=true&starting_after=7`.
fn fetch(path: &str) -> Option<Request> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let (before, id) = path.trim_end_matches('/').rsplit_once('/')?;
    if id.is_empty() || before.rsplit('/').next() != Some("responses") {
        return None;
    }
    let of = |name| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value)
    };
    Some(Request {
        operation: Operation::FetchResponse,
        response_id: Some(id.to_owned()),
        stream: of("stream") == Some("true"),
        stream_cursor: of("starting_after").map(str::to_owned),
        ..Request::default()
    })
}

/// Instructions are a text; a fetched response may tell them as the items that a prompt was made of.
fn instructions(told: Json<'_>) -> Vec<Part> {
    if let Some(text) = told.text() {
        return vec![Part::text(text)];
    }
    let mut parts = Vec::new();
    told.items(|item| {
        let said = item.field("content").map(content_parts).unwrap_or_default();
        parts.extend(said.into_iter().filter(|part| matches!(part, Part::Text { .. })));
    });
    parts
}

fn definitions(tools: Json<'_>) -> Vec<ToolDefinition> {
    let mut definitions = Vec::new();
    tools.items(|tool| definitions.extend(definition(tool)));
    definitions
}

/// Servers of tools go by their label.
fn definition(tool: Json<'_>) -> Option<ToolDefinition> {
    match tool.field("server_label").and_then(Json::text) {
        Some(label) => Some(ToolDefinition::of_type(tool.field("type")?.text()?, label)),
        None => openai_chat::definition(tool),
    }
}

fn input(input: Json<'_>) -> Vec<Message> {
    if let Some(text) = input.text() {
        return vec![Message::user(text)];
    }
    let mut messages = Vec::new();
    input.items(|item| messages.extend(input_item(item)));
    messages
}

fn input_item(item: Json<'_>) -> Option<Message> {
    let role = match item.field("role").and_then(Json::text) {
        Some(role) => Role::from(role),
        None if is_output(&item.field("type")?.text()?) => Role::Tool,
        None => Role::Assistant,
    };
    let parts = item_parts(item);
    (!parts.is_empty()).then(|| Message::new(role, parts))
}

/// Whether an item says what a tool of the program's answered.
fn is_output(item_type: &str) -> bool {
    item_type.ends_with("_call_output")
}

/// Whether an item asks the program to run something.
fn is_call(item_type: &str) -> bool {
    matches!(
        item_type,
        "function_call"
            | "custom_tool_call"
            | "computer_call"
            | "local_shell_call"
            | "shell_call"
            | "apply_patch_call"
    )
}

fn item_parts(item: Json<'_>) -> Vec<Part> {
    let told = |name: &str| item.field(name).and_then(Json::text);
    let item_type = told("type").unwrap_or_else(|| "message".to_owned());
    match item_type.as_str() {
        "message" => item.field("content").map(content_parts).unwrap_or_default(),
        "reasoning" => reasoning(item),
        "compaction" => vec![Part::Compaction { id: told("id"), content: None }],
        "image_generation_call" => {
            let Some(Value::Object(mut call)) = item.value() else { return Vec::new() };
            let image = call.remove("result");
            let format = call.get("output_format").and_then(Value::as_str).unwrap_or("png");
            let mime_type = format!("image/{format}");
            let mut parts = vec![server_call(told("id"), "image_generation", call)];
            if let Some(Value::String(image)) = image {
                parts.push(Part::blob("image", mime_type, image));
            }
            parts
        }
        call if is_call(call) => {
            let name = told("name").unwrap_or_else(|| without_call(call).to_owned());
            let arguments = ["arguments", "input", "action", "actions", "operation"]
                .iter()
                .find_map(|name| item.field(name).filter(|value| !value.is_null()));
            let id = told("call_id").unwrap_or_default();
            vec![Part::tool_call(id, name, arguments.map(openai_chat::written).unwrap_or_default())]
        }
        output if is_output(output) => {
            let response = item.field("output").map(openai_chat::written).unwrap_or_default();
            vec![Part::tool_call_response(told("call_id").unwrap_or_default(), response)]
        }
        other => {
            let Some(fields) = item.read::<Map<String, Value>>() else { return Vec::new() };
            if other.ends_with("_call") {
                let name = told("name").unwrap_or_else(|| without_call(other).to_owned());
                vec![server_call(told("id"), name, fields)]
            } else {
                vec![Part::generic(other, fields)]
            }
        }
    }
}

/// Pages that are opened or looked through after a search are not charged.
fn is_web_search(item: Json<'_>) -> bool {
    let action = item.field("action").and_then(|action| action.field("type"));
    item.field("type").is_some_and(|kind| kind.is("web_search_call"))
        && action.is_none_or(|action| action.is("search"))
}

fn without_call(item_type: &str) -> &str {
    item_type.strip_suffix("_call").unwrap_or(item_type)
}

fn server_call(id: Option<String>, name: impl Into<String>, call: Map<String, Value>) -> Part {
    Part::ServerToolCall { id, name: name.into(), server_tool_call: Value::Object(call) }
}

/// Summaries first, then what is told of the thinking itself.
fn reasoning(item: Json<'_>) -> Vec<Part> {
    let mut parts = Vec::new();
    for list in ["summary", "content"] {
        let Some(list) = item.field(list) else { continue };
        list.items(|piece| {
            let text = piece.field("text").and_then(Json::text);
            parts.extend(text.map(Part::reasoning));
        });
    }
    parts
}

fn content_parts(content: Json<'_>) -> Vec<Part> {
    if let Some(text) = content.text() {
        return vec![Part::text(text)];
    }
    let mut parts = Vec::new();
    content.items(|part| parts.extend(content_part(part)));
    parts
}

fn content_part(part: Json<'_>) -> Option<Part> {
    let told = |name: &str| part.field(name).and_then(Json::text);
    let file = |modality: &str| Some(Part::file(modality, told("file_id")?));
    match told("type")?.as_str() {
        "input_text" | "output_text" => Some(Part::text(told("text")?)),
        "input_image" => match told("image_url") {
            Some(url) => Some(openai_chat::media("image", &url)),
            None => file("image"),
        },
        "input_file" => match told("file_url").or_else(|| told("file_data")) {
            Some(url) => Some(openai_chat::media("document", &url)),
            None => file("document"),
        },
        _ => openai_chat::content_part(part),
    }
}

fn usage(usage: Json<'_>) -> Usage {
    let mut told = Usage::unknown();
    usage.fields(|key, value| match (key, value.count()) {
        ("input_tokens", Some(tokens)) => told = told.input(tokens),
        ("output_tokens", Some(tokens)) => told = told.output(tokens),
        ("input_tokens_details", _) => value.fields(|key, value| match (key, value.count()) {
            ("cached_tokens", Some(tokens)) => told = told.cache_read(tokens),
            ("cache_write_tokens", Some(tokens)) => told = told.cache_write(tokens),
            _ => {}
        }),
        ("output_tokens_details", _) => {
            let tokens = value.field("reasoning_tokens").and_then(Json::count);
            told = tokens.map_or(told, |tokens| told.reasoning(tokens));
        }
        _ => {}
    });
    told
}

fn status(told: String) -> ResponseStatus {
    match told.as_str() {
        "queued" => ResponseStatus::Queued,
        "in_progress" => ResponseStatus::InProgress,
        "completed" => ResponseStatus::Completed,
        "incomplete" => ResponseStatus::Incomplete,
        "failed" => ResponseStatus::Failed,
        "cancelled" => ResponseStatus::Cancelled,
        _ => ResponseStatus::Other(told.into()),
    }
}

/// What a whole response, or the events of a stream, have told so far.
#[derive(Default)]
struct ReadResponse {
    answer: Answer,
    items: Indexed<Item>,
    incomplete_reason: Option<String>,
}

/// An item of the output.
#[derive(Default)]
struct Item {
    /// It asks the program to run something.
    is_call: bool,
    is_compaction: bool,
    told: Told,
}

/// What is known of an item's content.
enum Told {
    Whole(Vec<Part>),
    InPieces(Pieces),
}

impl Default for Told {
    fn default() -> Self {
        Self::InPieces(Pieces::default())
    }
}

/// An item as it began, and what came after, each piece at its place.
#[derive(Default)]
struct Pieces {
    begun: String,
    pieces: BTreeMap<(Place, u64), String>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Summary,
    Reasoning,
    Text,
    Refusal,
    Arguments,
    Input,
    Code,
    McpArguments,
}

impl Place {
    fn of(event_type: &str) -> Option<Self> {
        match event_type {
            "response.reasoning_summary_text.delta" => Some(Self::Summary),
            "response.reasoning_text.delta" => Some(Self::Reasoning),
            "response.output_text.delta" => Some(Self::Text),
            "response.refusal.delta" => Some(Self::Refusal),
            "response.function_call_arguments.delta" => Some(Self::Arguments),
            "response.custom_tool_call_input.delta" => Some(Self::Input),
            "response.code_interpreter_call_code.delta" => Some(Self::Code),
            "response.mcp_call_arguments.delta" => Some(Self::McpArguments),
            _ => None,
        }
    }

    /// Adds a piece to the item that it belongs to.
    fn put(self, text: String, item: &mut Map<String, Value>) {
        let (item_type, field, piece) = match self {
            Self::Summary => ("reasoning", "summary", Some("summary_text")),
            Self::Reasoning => ("reasoning", "content", Some("reasoning_text")),
            Self::Text => ("message", "content", Some("output_text")),
            Self::Refusal => ("message", "content", Some("refusal")),
            Self::Arguments => ("function_call", "arguments", None),
            Self::Input => ("custom_tool_call", "input", None),
            Self::Code => ("code_interpreter_call", "code", None),
            Self::McpArguments => ("mcp_call", "arguments", None),
        };
        item.entry("type").or_insert_with(|| json!(item_type));
        let Some(piece) = piece else {
            item.insert(field.to_owned(), json!(text));
            return;
        };
        let name = if piece == "refusal" { "refusal" } else { "text" };
        let piece = json!({"type": piece, name: text});
        match item.entry(field).or_insert_with(|| json!([])) {
            Value::Array(pieces) => pieces.push(piece),
            other => *other = json!([piece]),
        }
    }
}

impl Item {
    /// An item that is whole, or has only begun.
    fn read(item: Json<'_>, content: bool, whole: bool) -> Self {
        let item_type = item.field("type").and_then(Json::text).unwrap_or_default();
        let told = match (content, whole) {
            (false, _) => Told::Whole(Vec::new()),
            (true, true) => Told::Whole(item_parts(item)),
            (true, false) => Told::InPieces(Pieces {
                begun: item.written().unwrap_or_default().to_owned(),
                pieces: BTreeMap::new(),
            }),
        };
        Self { is_call: is_call(&item_type), is_compaction: item_type == "compaction", told }
    }

    fn parts(self) -> Vec<Part> {
        match self.told {
            Told::Whole(parts) => parts,
            Told::InPieces(Pieces { begun, pieces }) => {
                let mut item = JsonBody::of(begun.as_bytes()).json().read().unwrap_or_default();
                for ((place, _), text) in pieces {
                    place.put(text, &mut item);
                }
                let item = Value::Object(item).to_string();
                item_parts(JsonBody::of(item.as_bytes()).json())
            }
        }
    }
}

impl ReadResponse {
    /// A response object; the events that begin a stream carry one of which only the head counts.
    fn response(&mut self, response: Json<'_>, content: bool, whole: bool) {
        let Self { answer, items, incomplete_reason } = self;
        let mut error_told = None;
        response.fields(|key, value| match key {
            "id" => hear(&mut answer.response.id, value),
            "model" => hear(&mut answer.response.model, value),
            "service_tier" => hear(&mut answer.response.service_tier, value),
            "usage" if !value.is_null() => answer.response.usage = Some(usage(value)),
            "status" => {
                if let Some(told) = value.text() {
                    answer.status = Some(status(told));
                }
            }
            "error" => error_told = openai_chat::error(value),
            "incomplete_details" => {
                *incomplete_reason = value.field("reason").and_then(Json::text);
            }
            "output" if whole => {
                let mut place = 0;
                let mut searches = 0;
                value.items(|item| {
                    searches += u64::from(is_web_search(item));
                    // Some servers leave out at the end what they have told in pieces.
                    if place == 0 {
                        items.clear();
                    }
                    *items.at(place) = Item::read(item, content, true);
                    place += 1;
                });
                if searches > 0 {
                    answer.response.billed_units = BilledUnits::default().searches(searches);
                }
            }
            "instructions" if whole && content => answer.system = instructions(value),
            "tools" if whole && content => answer.tools = definitions(value),
            _ => {}
        });
        answer.error = error_told.or(answer.error.take());
    }

    fn finish_reason(&self) -> Option<String> {
        match self.answer.status.as_ref()? {
            ResponseStatus::Completed => {
                let asks = self.items.values().next_back().is_some_and(|item| item.is_call);
                Some(if asks { "tool_call" } else { "stop" }.to_owned())
            }
            ResponseStatus::Incomplete => match self.incomplete_reason.as_deref() {
                Some("max_output_tokens") => Some("length".to_owned()),
                Some(reason) => Some(reason.to_owned()),
                None => Some("error".to_owned()),
            },
            _ => None,
        }
    }

    fn finish(self) -> Answer {
        let reason = self.finish_reason();
        let Self { mut answer, items, .. } = self;
        answer.ended(reason);
        answer.response.compacted = items.values().any(|item| item.is_compaction);
        answer.said(items.into_values().flat_map(Item::parts).collect());
        if answer.status == Some(ResponseStatus::Failed) && answer.error.is_none() {
            answer.error = Some(ErrorAnswer { code: "failed".into(), message: String::new() });
        }
        answer
    }
}

struct ResponsesDecoder {
    content: bool,
    done: bool,
    read: ReadResponse,
}

impl Decoder for ResponsesDecoder {
    fn event(&mut self, event: Event<'_>) {
        if event.data.trim_ascii() == b"[DONE]" {
            self.done = true;
            return;
        }
        let json_body = JsonBody::of(event.data);
        let data = json_body.json();
        let mut told_type = None;
        let mut index = 0;
        let mut place = 0;
        let (mut delta, mut item, mut response) = (None, None, None);
        data.fields(|key, value| match key {
            "type" => told_type = value.string(),
            "output_index" => index = value.count().unwrap_or(0),
            "content_index" | "summary_index" => place = value.count().unwrap_or(0),
            "delta" => delta = Some(value),
            "item" => item = Some(value),
            "response" => response = Some(value),
            _ => {}
        });
        let event_type = told_type.as_deref().unwrap_or(event.name);
        let items = &mut self.read.items;
        let delta = delta.filter(|_| self.content && index < MOST && place < MOST);
        match event_type {
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.done = true;
                if let Some(response) = response {
                    self.read.response(response, self.content, true);
                }
            }
            "error" => {
                self.done = true;
                let nested = data.field("error").and_then(openai_chat::error);
                self.read.answer.error = nested.or_else(|| openai_chat::error(data));
            }
            "response.output_item.added" | "response.output_item.done" if index < MOST => {
                let whole = event_type.ends_with("done");
                if let Some(item) = item {
                    *items.at(index) = Item::read(item, self.content, whole);
                }
            }
            event_type => {
                if let (Some(at), Some(text)) = (Place::of(event_type), delta.and_then(Json::text))
                {
                    if let Told::InPieces(Pieces { pieces, .. }) = &mut items.at(index).told {
                        pieces.entry((at, place)).or_default().push_str(&text);
                    }
                } else if let Some(response) = response {
                    self.read.response(response, self.content, false);
                }
            }
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
