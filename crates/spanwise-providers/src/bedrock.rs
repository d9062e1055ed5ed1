//! Amazon Bedrock: Converse, and Anthropic's models by InvokeModel.
//!
//! ```text
//! /model/{modelId}/converse    /model/{modelId}/converse-stream               one format for all models
//! /model/{modelId}/invoke      /model/{modelId}/invoke-with-response-stream   Anthropic Messages
//! ```
//!
//! The input count leaves cached tokens out, in both. Answers do not say which operation they belong to; the two
//! formats have no field in common that means different things.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use spanwise_core::{Message, OutputType, Part, Role, ToolDefinition};

use crate::answer::{Answer, ErrorAnswer};
use crate::anthropic::{AnthropicMessages, Block, Progress, ReadMessage, tool_result};
use crate::codec::{Codec, Decoder, Event};
use crate::json::{Json, JsonBody};
use crate::request::Request;

/// Amazon Bedrock's `/model/{modelId}/converse` and `/model/{modelId}/invoke`, and their streams.
#[derive(Clone, Copy, Debug)]
pub struct Bedrock;

impl Codec for Bedrock {
    fn request(&self, path: &str, body: &[u8], content: bool) -> Request {
        let (model, operation) = asked(path);
        let request = match operation {
            "converse" | "converse-stream" => converse(body, content),
            _ => AnthropicMessages.request(path, body, content),
        };
        Request { model, stream: operation.ends_with("-stream"), ..request }
    }

    fn answer(&self, body: &[u8], content: bool) -> Answer {
        let mut read = ReadMessage::default();
        JsonBody::of(body).json().fields(|key, value| match key {
            "output" if content => {
                if let Some(said) = value.field("message").and_then(|said| said.field("content")) {
                    let mut index = 0;
                    said.items(|block| {
                        if let Some(part) = part(block) {
                            read.block(index, |block| block.begin(part));
                        }
                        index += 1;
                    });
                }
            }
            _ => field(&mut read, key, value, content),
        });
        read.finish()
    }

    /// The code stands in a header, and only sometimes in the body too.
    fn error(&self, body: &[u8]) -> Option<ErrorAnswer> {
        let json_body = JsonBody::of(body);
        let body = json_body.json();
        let kind = body.field("__type").and_then(Json::text).unwrap_or_default();
        // As in `com.amazon.coral.validate#ValidationException:http://…`.
        let kind = kind.rsplit_once('#').map_or(kind.as_str(), |(_, kind)| kind);
        let code = kind.split(':').next().unwrap_or_default().to_owned();
        let message = message(body);
        (!code.is_empty() || !message.is_empty()).then_some(ErrorAnswer { code, message })
    }

    fn decoder(&self, content: bool) -> Box<dyn Decoder> {
        Box::new(EventDecoder { content, done: false, read: ReadMessage::default() })
    }
}

fn message(error: Json<'_>) -> String {
    let text = |name| error.field(name).and_then(Json::text);
    text("message").or_else(|| text("Message")).unwrap_or_default()
}

/// The model that a path names, which may be an ARN with slashes of its own, and the operation.
fn asked(path: &str) -> (Option<String>, &str) {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let Some((_, asked)) = path.split_once("/model/") else { return (None, "") };
    let (model, operation) = asked.rsplit_once('/').unwrap_or((asked, ""));
    let model = percent_decode_str(model).decode_utf8_lossy().into_owned();
    (Some(model).filter(|model| !model.is_empty()), operation)
}

fn converse(body: &[u8], content: bool) -> Request {
    let mut request = Request::default();
    JsonBody::of(body).json().fields(|key, value| match key {
        "inferenceConfig" => value.fields(|key, value| match key {
            "maxTokens" => request.max_tokens = value.int(),
            "temperature" => request.temperature = value.number(),
            "topP" => request.top_p = value.number(),
            "stopSequences" => request.stop_sequences = value.texts(),
            _ => {}
        }),
        "outputConfig" => value.fields(|key, value| match key {
            "effort" => request.reasoning_level = value.text().or(request.reasoning_level.take()),
            "textFormat" => {
                let kind = value.field("type").and_then(Json::text);
                request.output_type =
                    (kind.as_deref() == Some("json_schema")).then_some(OutputType::Json);
            }
            _ => {}
        }),
        "additionalModelRequestFields" => own_fields(value, &mut request),
        "guardrailConfig" => {
            request.guardrail_id = value.field("guardrailIdentifier").and_then(Json::text);
        }
        "system" if content => request.content.system = parts(value),
        "messages" if content => {
            value.items(|message| request.content.messages.push(input_message(message)));
        }
        "toolConfig" if content => {
            if let Some(tools) = value.field("tools") {
                tools.items(|tool| request.content.tools.extend(definition(tool)));
            }
        }
        _ => {}
    });
    request
}

/// What models take beyond Converse, in their own words: Anthropic's, Amazon's, OpenAI's.
fn own_fields(fields: Json<'_>, request: &mut Request) {
    fields.fields(|key, value| match key {
        "top_k" | "topK" => request.top_k = value.int().or(request.top_k),
        "inferenceConfig" => {
            request.top_k = value.field("topK").and_then(Json::int).or(request.top_k);
        }
        "output_config" => {
            let effort = value.field("effort").and_then(Json::text);
            request.reasoning_level = request.reasoning_level.take().or(effort);
        }
        "reasoning_effort" => {
            request.reasoning_level = request.reasoning_level.take().or(value.text());
        }
        _ => {}
    });
}

fn input_message(message: Json<'_>) -> Message {
    let mut role = None;
    let mut said = Vec::new();
    message.fields(|key, value| match key {
        "role" => role = value.text(),
        "content" => said = parts(value),
        _ => {}
    });
    Message::new(Role::from(role.unwrap_or_default()), said)
}

fn parts(content: Json<'_>) -> Vec<Part> {
    let mut parts = Vec::new();
    content.items(|block| parts.extend(part(block)));
    parts
}

/// What a content block says: an object with one field, named for what it is.
///
/// Marks of the cache, signatures and encrypted thoughts are for the provider only, and are left out.
fn part(block: Json<'_>) -> Option<Part> {
    let mut said = None;
    block.fields(|key, value| {
        if said.is_none() && !value.is_null() {
            said = named_part(key, value);
        }
    });
    said
}

fn named_part(name: &str, value: Json<'_>) -> Option<Part> {
    let text = |name| value.field(name).and_then(Json::text);
    match name {
        "text" => value.text().map(Part::text),
        "image" | "document" | "video" | "audio" => media(name, value),
        "toolUse" => tool_use(value),
        "toolResult" => match text("type") {
            Some(_) => Some(Part::ServerToolCallResponse {
                id: text("toolUseId"),
                server_tool_call_response: value.value()?,
            }),
            None => Some(client_tool_result(text("toolUseId"), value.field("content"))),
        },
        "reasoningContent" => match value.field("reasoningText") {
            Some(thought) => Some(Part::reasoning(thought.field("text")?.text()?)),
            None => Some(Part::generic("reasoningContent", Map::new())),
        },
        "guardContent" => match value.field("text") {
            Some(guarded) => Some(Part::text(guarded.field("text")?.text()?)),
            None => Some(Part::generic(name, value.read::<Map<String, Value>>()?)),
        },
        "citationsContent" => {
            let mut said = String::new();
            value.field("content")?.items(|piece| {
                said.extend(piece.field("text").and_then(Json::text));
            });
            (!said.is_empty()).then(|| Part::text(said))
        }
        "cachePoint" => None,
        other => Some(Part::generic(other, value.read::<Map<String, Value>>()?)),
    }
}

/// A call, or its beginning where the input is still to come.
fn tool_use(call: Json<'_>) -> Option<Part> {
    let text = |name| call.field(name).and_then(Json::text);
    let (id, name) = (text("toolUseId"), text("name")?);
    Some(match text("type") {
        Some(_) => Part::ServerToolCall { id, name, server_tool_call: call.value()? },
        None => {
            let arguments = call.field("input").and_then(Json::value);
            Part::ToolCall { id, name, arguments }
        }
    })
}

/// What a tool answered. The one JSON value that most answers consist of stands for itself.
fn client_tool_result(id: Option<String>, content: Option<Json<'_>>) -> Part {
    let (mut count, mut only) = (0, None);
    if let Some(content) = content {
        content.items(|block| {
            count += 1;
            only = block.field("json").and_then(Json::value);
        });
    }
    match only {
        Some(response) if count == 1 => Part::ToolCallResponse { id, response },
        _ => tool_result(id, content, |block| block.field("text")?.text()),
    }
}

fn media(modality: &str, media: Json<'_>) -> Option<Part> {
    let source = media.field("source")?;
    let mime_type = media.field("format").and_then(Json::text);
    let mime_type = mime_type.map(|format| mime_type_of(modality, &format));
    let modality = modality.to_owned();
    if let Some(content) = source.field("bytes").and_then(Json::text) {
        return Some(Part::Blob { modality, mime_type, content });
    }
    if let Some(place) = source.field("s3Location") {
        return Some(Part::Uri { modality, mime_type, uri: place.field("uri")?.text()? });
    }
    Some(Part::generic(modality, media.read::<Map<String, Value>>()?))
}

fn mime_type_of(modality: &str, format: &str) -> String {
    let known = match (modality, format) {
        ("document", "pdf") => "application/pdf",
        ("document", "doc") => "application/msword",
        ("document", "docx") => {
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        }
        ("document", "xls") => "application/vnd.ms-excel",
        ("document", "xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ("document", "txt") => "text/plain",
        ("document", "md") => "text/markdown",
        ("document", other) => return format!("text/{other}"),
        ("video", "mov") => "video/quicktime",
        ("video", "mkv") => "video/x-matroska",
        ("video", "flv") => "video/x-flv",
        ("video", "wmv") => "video/x-ms-wmv",
        ("video", "mpg") => "video/mpeg",
        ("video", "three_gp") => "video/3gpp",
        ("audio", "mp3" | "mpga") => "audio/mpeg",
        ("audio", "mka" | "mkv") => "audio/x-matroska",
        (modality, format) => return format!("{modality}/{format}"),
    };
    known.to_owned()
}

fn definition(tool: Json<'_>) -> Option<ToolDefinition> {
    if let Some(system) = tool.field("systemTool") {
        return Some(ToolDefinition::of_type("systemTool", system.field("name")?.text()?));
    }
    let spec = tool.field("toolSpec")?;
    let mut definition = ToolDefinition::function(spec.field("name")?.text()?);
    if let Some(description) = spec.field("description").and_then(Json::text) {
        definition = definition.description(description);
    }
    let schema = spec.field("inputSchema").and_then(|schema| schema.field("json"));
    if let Some(schema) = schema.and_then(Json::value) {
        definition = definition.parameters(schema);
    }
    Some(definition)
}

/// What stands beside the content, in whole answers and in the events that end streams. What Converse does not
/// have is Anthropic's.
fn field(read: &mut ReadMessage, key: &str, value: Json<'_>, content: bool) {
    match key {
        "stopReason" => read.stop_reason = value.text().or(read.stop_reason.take()),
        "usage" => {
            value.fields(|key, value| {
                let tokens = &mut read.tokens;
                let count = match key {
                    "inputTokens" => &mut tokens.input,
                    "outputTokens" => &mut tokens.output,
                    "cacheReadInputTokens" => &mut tokens.cache_read,
                    "cacheWriteInputTokens" => &mut tokens.cache_write,
                    _ => return,
                };
                *count = value.count().or(*count);
            });
            read.field(key, value, content);
        }
        // A router chose the model.
        "trace" => {
            let chosen = value.field("promptRouter").and_then(|it| it.field("invokedModelId"));
            if let Some(model) = chosen {
                read.field("model", model, content);
            }
        }
        _ => read.field(key, value, content),
    }
}

struct EventDecoder {
    content: bool,
    done: bool,
    read: ReadMessage,
}

impl EventDecoder {
    /// An event of Anthropic's, in base64.
    fn chunk(&mut self, data: Json<'_>) {
        let bytes = data.field("bytes").and_then(Json::text);
        if let Some(data) = bytes.and_then(|bytes| STANDARD.decode(bytes).ok()) {
            let event = Event { name: "", data: &data };
            self.done |= self.read.event(event, self.content) == Progress::Done;
        }
    }

    /// A block of Converse, at its beginning or further on.
    fn block(&mut self, data: Json<'_>, name: &str, change: fn(&mut Block, &str, Json<'_>)) {
        let index = data.field("contentBlockIndex").map_or(Some(0), Json::count);
        if let (true, Some(index), Some(told)) = (self.content, index, data.field(name)) {
            told.fields(|key, value| self.read.block(index, |block| change(block, key, value)));
        }
    }
}

impl Decoder for EventDecoder {
    fn event(&mut self, event: Event<'_>) {
        let json_body = JsonBody::of(event.data);
        let data = json_body.json();
        match event.name {
            "chunk" => self.chunk(data),
            "contentBlockStart" => self.block(data, "start", begin),
            "contentBlockDelta" => self.block(data, "delta", go_on),
            "messageStop" => data.fields(|key, value| {
                if key == "stopReason" {
                    field(&mut self.read, key, value, self.content);
                }
            }),
            "metadata" => {
                data.fields(|key, value| {
                    if let "usage" | "trace" = key {
                        field(&mut self.read, key, value, self.content);
                    }
                });
                self.done = true;
            }
            name if name.ends_with("Exception") => {
                let error = ErrorAnswer { code: name.to_owned(), message: message(data) };
                self.read.answer.error = Some(error);
                self.done = true;
            }
            _ => {}
        }
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn take(&mut self) -> Answer {
        std::mem::take(&mut self.read).finish()
    }
}

fn begin(block: &mut Block, key: &str, value: Json<'_>) {
    let text = |name| value.field(name).and_then(Json::text);
    let part = match key {
        "toolUse" => tool_use(value),
        "toolResult" => text("type").map(|kind| Part::ServerToolCallResponse {
            id: text("toolUseId"),
            server_tool_call_response: json!({"type": kind, "content": []}),
        }),
        "image" => Some(Part::Blob {
            modality: key.to_owned(),
            mime_type: text("format").map(|format| mime_type_of(key, &format)),
            content: String::new(),
        }),
        _ => None,
    };
    if let Some(part) = part {
        block.begin(part);
    }
}

fn go_on(block: &mut Block, key: &str, value: Json<'_>) {
    let text = |name| value.field(name).and_then(Json::text).unwrap_or_default();
    match key {
        "text" => block.text(&value.text().unwrap_or_default()),
        "toolUse" => block.input(&text("input")),
        "reasoningContent" => block.reasoning(&text("text")),
        "toolResult" => value.items(|piece| block.result(piece.value())),
        "image" => {
            let bytes = value.field("source").and_then(|source| source.field("bytes")?.text());
            block.bytes(&bytes.unwrap_or_default());
        }
        _ => {}
    }
}
