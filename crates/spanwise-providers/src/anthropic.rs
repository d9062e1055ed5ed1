//! Anthropic Messages.
//!
//! The input count leaves cached tokens out, and all totals leave out what a compaction on the way used; both
//! are billed, and added here.

use serde_json::{Map, Value};
use spanwise_core::{BilledUnits, Message, OutputType, Part, Role, ToolDefinition, Usage};

use crate::answer::{Answer, ErrorAnswer, hear};
use crate::codec::{Codec, Decoder, Event};
use crate::indexed::Indexed;
use crate::json::{Json, JsonBody};
use crate::request::Request;

/// Anthropic's `/v1/messages`.
#[derive(Clone, Copy, Debug)]
pub struct AnthropicMessages;

impl Codec for AnthropicMessages {
    fn request(&self, _: &str, body: &[u8], content: bool) -> Request {
        let mut request = Request::default();
        JsonBody::of(body).json().fields(|key, value| match key {
            "model" => request.model = value.text(),
            "stream" => request.stream = value.is_true(),
            "max_tokens" => request.max_tokens = value.int(),
            "temperature" => request.temperature = value.number(),
            "top_p" => request.top_p = value.number(),
            "top_k" => request.top_k = value.int(),
            "stop_sequences" => request.stop_sequences = value.texts(),
            "output_format" => {
                request.output_type = output_type(value).or(request.output_type.take())
            }
            "output_config" => value.fields(|key, value| match key {
                "effort" => request.reasoning_level = value.text(),
                "format" => request.output_type = output_type(value).or(request.output_type.take()),
                _ => {}
            }),
            "system" if content => request.content.system = parts(value),
            "messages" if content => {
                value.items(|message| request.content.messages.push(input_message(message)));
            }
            "tools" if content => {
                value.items(|tool| request.content.tools.extend(definition(tool)));
            }
            _ => {}
        });
        request
    }

    fn answer(&self, body: &[u8], content: bool) -> Answer {
        let mut read = ReadMessage::default();
        JsonBody::of(body).json().fields(|key, value| read.field(key, value, content));
        read.finish()
    }

    fn error(&self, body: &[u8]) -> Option<ErrorAnswer> {
        error(JsonBody::of(body).json().field("error")?)
    }

    fn decoder(&self, content: bool) -> Box<dyn Decoder> {
        Box::new(MessageDecoder { content, done: false, read: ReadMessage::default() })
    }
}

fn error(error: Json<'_>) -> Option<ErrorAnswer> {
    let text = |name| error.field(name).and_then(Json::text);
    Some(ErrorAnswer { code: text("type")?, message: text("message").unwrap_or_default() })
}

fn output_type(format: Json<'_>) -> Option<OutputType> {
    (format.field("type")?.text()? == "json_schema").then_some(OutputType::Json)
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
    if let Some(text) = content.text() {
        return vec![Part::text(text)];
    }
    let mut parts = Vec::new();
    content.items(|block| parts.extend(part(block).filter(says_something)));
    parts
}

/// Whether a part is more than the beginning of one that never went on.
fn says_something(part: &Part) -> bool {
    match part {
        Part::Text { content } | Part::Reasoning { content } | Part::Blob { content, .. } => {
            !content.is_empty()
        }
        _ => true,
    }
}

/// What a content block says, in requests and in answers. The beginnings of streamed blocks are still empty.
///
/// Signatures and encrypted thoughts are for the provider only, and are left out.
fn part(block: Json<'_>) -> Option<Part> {
    let text = |name| block.field(name).and_then(Json::text);
    match text("type")?.as_str() {
        "text" => Some(Part::text(text("text").unwrap_or_default())),
        "thinking" => Some(Part::reasoning(text("thinking").unwrap_or_default())),
        "redacted_thinking" => Some(Part::generic("redacted_thinking", Map::new())),
        "compaction" => Some(Part::Compaction { id: None, content: text("content") }),
        kind @ ("image" | "document") => media(kind, block),
        "tool_use" => Some(Part::ToolCall {
            id: text("id"),
            name: text("name")?,
            arguments: block.field("input").and_then(Json::value),
        }),
        "tool_result" => {
            let content = block.field("content");
            Some(tool_result(text("tool_use_id"), content, |block| {
                (block.field("type")?.text()? == "text").then(|| block.field("text")?.text())?
            }))
        }
        kind if kind.ends_with("_tool_use") => Some(Part::ServerToolCall {
            id: text("id"),
            name: text("name")?,
            server_tool_call: block.value()?,
        }),
        kind if kind.ends_with("_tool_result") => Some(Part::ServerToolCallResponse {
            id: text("tool_use_id"),
            server_tool_call_response: block.value()?,
        }),
        other => Some(Part::generic(other, block.read::<Map<String, Value>>()?)),
    }
}

fn media(kind: &str, block: Json<'_>) -> Option<Part> {
    let source = block.field("source")?;
    let text = |name| source.field(name).and_then(Json::text);
    match text("type")?.as_str() {
        "base64" => Some(Part::Blob {
            modality: kind.to_owned(),
            mime_type: text("media_type"),
            content: text("data")?,
        }),
        "url" => Some(Part::uri(kind, text("url")?)),
        "file" => Some(Part::file(kind, text("file_id")?)),
        _ => Some(Part::generic(kind, block.read::<Map<String, Value>>()?)),
    }
}

/// What a tool answered: text where there is nothing but text, else the blocks in the provider's words.
pub(crate) fn tool_result(
    id: Option<String>,
    content: Option<Json<'_>>,
    text_of: impl Fn(Json<'_>) -> Option<String>,
) -> Part {
    let mut text = content.and_then(Json::text);
    if let (None, Some(blocks)) = (&text, content) {
        let mut said = Some(String::new());
        blocks.items(|block| {
            said = said.take().zip(text_of(block)).map(|(said, text)| said + &text);
        });
        text = said;
    }
    match text {
        Some(text) => Part::tool_call_response(id.unwrap_or_default(), text),
        None => {
            let response = content.and_then(Json::value).unwrap_or_default();
            Part::ToolCallResponse { id, response }
        }
    }
}

fn definition(tool: Json<'_>) -> Option<ToolDefinition> {
    let text = |name| tool.field(name).and_then(Json::text);
    let kind = text("type").filter(|kind| kind != "custom");
    let name = text("name").or_else(|| text("mcp_server_name")).or_else(|| kind.clone())?;
    let mut definition = ToolDefinition::of_type(kind.as_deref().unwrap_or("function"), name);
    if let Some(description) = text("description") {
        definition = definition.description(description);
    }
    if let Some(schema) = tool.field("input_schema").and_then(Json::value) {
        definition = definition.parameters(schema);
    }
    Some(definition)
}

/// Tokens where cached ones stand beside the input count.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tokens {
    pub(crate) input: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) cache_read: Option<u64>,
    pub(crate) cache_write: Option<u64>,
    reasoning: Option<u64>,
}

impl Tokens {
    /// Takes over what is told; later counts stand in the place of earlier ones.
    fn read(&mut self, usage: Json<'_>) {
        usage.fields(|key, value| match key {
            "input_tokens" => self.input = value.count().or(self.input),
            "output_tokens" => self.output = value.count().or(self.output),
            "cache_read_input_tokens" => self.cache_read = value.count().or(self.cache_read),
            "cache_creation_input_tokens" => self.cache_write = value.count().or(self.cache_write),
            "output_tokens_details" => {
                let thinking = value.field("thinking_tokens").and_then(Json::count);
                self.reasoning = thinking.or(self.reasoning);
            }
            _ => {}
        });
    }

    fn and(self, other: Self) -> Self {
        Self {
            input: sum([self.input, other.input]),
            output: sum([self.output, other.output]),
            cache_read: sum([self.cache_read, other.cache_read]),
            cache_write: sum([self.cache_write, other.cache_write]),
            reasoning: sum([self.reasoning, other.reasoning]),
        }
    }

    /// The same with cached tokens inside the input; `None` where nothing was told.
    pub(crate) fn usage(self) -> Option<Usage> {
        let told = [self.input, self.output, self.cache_read, self.cache_write, self.reasoning];
        told.iter().flatten().next()?;
        let known = |usage: Usage, tokens: Option<u64>, add: fn(Usage, u64) -> Usage| match tokens {
            Some(tokens) => add(usage, tokens),
            None => usage,
        };
        let input = sum([self.input, self.cache_read, self.cache_write]);
        let usage = known(Usage::unknown(), input, Usage::input);
        let usage = known(usage, self.output, Usage::output);
        let usage = known(usage, self.cache_read, Usage::cache_read);
        let usage = known(usage, self.cache_write, Usage::cache_write);
        Some(known(usage, self.reasoning, Usage::reasoning))
    }
}

fn count_of(value: Json<'_>, name: &str) -> Option<u64> {
    value.field(name).and_then(Json::count)
}

/// What is known of it, together.
fn sum<const N: usize>(counts: [Option<u64>; N]) -> Option<u64> {
    counts.into_iter().flatten().reduce(u64::saturating_add)
}

/// What a compaction on the way used, which the totals do not hold. A model that gave advice is another one,
/// and its tokens are not this one's.
fn compactions(usage: Json<'_>) -> Option<Tokens> {
    let mut compactions: Option<Tokens> = None;
    usage.field("iterations")?.items(|iteration| {
        if iteration.field("type").and_then(Json::text).as_deref() == Some("compaction") {
            let mut tokens = Tokens::default();
            tokens.read(iteration);
            compactions = Some(compactions.unwrap_or_default().and(tokens));
        }
    });
    compactions
}

/// What whole answers and events have told so far: events only tell the same in pieces.
#[derive(Default)]
pub(crate) struct ReadMessage {
    pub(crate) answer: Answer,
    pub(crate) tokens: Tokens,
    pub(crate) stop_reason: Option<String>,
    billed: BilledUnits,
    compactions: Option<Tokens>,
    compacted: bool,
    blocks: Indexed<Block>,
}

/// Beyond this an index is a mistake of the answer's, and what it says is left out.
const MOST: u64 = 4096;

impl ReadMessage {
    /// A field of a whole answer, or of the one that a stream begins with.
    pub(crate) fn field(&mut self, key: &str, value: Json<'_>, content: bool) {
        match key {
            "id" => hear(&mut self.answer.response.id, value),
            "model" => hear(&mut self.answer.response.model, value),
            "stop_reason" => self.stop_reason = value.text().or(self.stop_reason.take()),
            "usage" => self.usage(value),
            "error" => self.answer.error = error(value).or(self.answer.error.take()),
            "content" => {
                let mut index = 0;
                value.items(|block| {
                    self.begin(index, block, content);
                    index += 1;
                });
            }
            _ => {}
        }
    }

    /// An event of a stream; what it is stands in the data too.
    pub(crate) fn event(&mut self, event: Event<'_>, content: bool) -> Progress {
        let (mut kind, mut index) = (None, 0);
        let (mut message, mut block, mut delta) = (None, None, None);
        let (mut usage, mut failure) = (None, None);
        let json_body = JsonBody::of(event.data);
        json_body.json().fields(|key, value| match key {
            "type" => kind = value.text(),
            "index" => index = value.count().unwrap_or(MOST),
            "message" => message = Some(value),
            "content_block" => block = Some(value),
            "delta" => delta = Some(value),
            "usage" => usage = Some(value),
            "error" => failure = Some(value),
            _ => {}
        });
        match kind.as_deref().unwrap_or(event.name) {
            "message_start" => {
                if let Some(message) = message {
                    message.fields(|key, value| self.field(key, value, content));
                }
            }
            "content_block_start" => {
                if let Some(block) = block {
                    self.begin(index, block, content);
                }
            }
            "content_block_delta" => {
                if let Some(delta) = delta {
                    self.go_on(index, delta, content);
                }
            }
            "message_delta" => {
                let reason = delta.and_then(|delta| delta.field("stop_reason")?.text());
                self.stop_reason = reason.or(self.stop_reason.take());
                if let Some(usage) = usage {
                    self.usage(usage);
                }
            }
            "message_stop" => return Progress::Done,
            "error" => {
                self.answer.error = failure.and_then(error).or(self.answer.error.take());
                return Progress::Done;
            }
            _ => {}
        }
        Progress::Open
    }

    fn usage(&mut self, usage: Json<'_>) {
        self.tokens.read(usage);
        self.billed(usage);
        self.compactions = compactions(usage).or(self.compactions);
    }

    /// What is charged beside plain tokens, and in which tier.
    fn billed(&mut self, usage: Json<'_>) {
        usage.fields(|key, value| match key {
            "service_tier" => hear(&mut self.answer.response.billed_tier, value),
            "cache_creation" => {
                if let Some(tokens) = count_of(value, "ephemeral_1h_input_tokens") {
                    self.billed = self.billed.cache_write_1h(tokens);
                }
            }
            "server_tool_use" => {
                if let Some(searches) = count_of(value, "web_search_requests") {
                    self.billed = self.billed.searches(searches);
                }
            }
            _ => {}
        });
    }

    /// A content block, or the beginning of one.
    fn begin(&mut self, index: u64, block: Json<'_>, content: bool) {
        match block.field("type").and_then(Json::text).as_deref() {
            // One without a summary is of no effect.
            Some("compaction") => {
                self.compacted |= block.field("content").and_then(Json::text).is_some();
            }
            // Another model goes on from here.
            Some("fallback") => {
                let model = block.field("to").and_then(|to| to.field("model"));
                if let Some(model) = model {
                    hear(&mut self.answer.response.model, model);
                }
            }
            _ => {}
        }
        if content && let Some(part) = part(block) {
            self.block(index, |block| block.begin(part));
        }
    }

    fn go_on(&mut self, index: u64, delta: Json<'_>, content: bool) {
        let kind = delta.field("type").and_then(Json::text).unwrap_or_default();
        let said = |name| delta.field(name).and_then(Json::text).unwrap_or_default();
        match kind.as_str() {
            "compaction_delta" => {
                let summary = said("content");
                self.compacted |= !summary.is_empty();
                if content {
                    self.block(index, |block| block.compaction(summary));
                }
            }
            "text_delta" if content => self.block(index, |block| block.text(&said("text"))),
            "thinking_delta" if content => {
                self.block(index, |block| block.reasoning(&said("thinking")));
            }
            "input_json_delta" if content => {
                self.block(index, |block| block.input(&said("partial_json")));
            }
            _ => {}
        }
    }

    /// Changes the block of this index.
    pub(crate) fn block(&mut self, index: u64, change: impl FnOnce(&mut Block)) {
        if index < MOST {
            change(self.blocks.at(index));
        }
    }

    pub(crate) fn finish(self) -> Answer {
        let Self { mut answer, tokens, stop_reason, billed, compactions, compacted, blocks } = self;
        answer.ended(stop_reason);
        answer.response.usage = tokens.and(compactions.unwrap_or_default()).usage();
        (answer.response.billed_units, answer.response.compacted) = (billed, compacted);
        answer.said(blocks.into_values().filter_map(Block::part).collect());
        answer
    }
}

/// Whether more events are to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Open,
    Done,
}

/// A content block, as far as it has come.
#[derive(Default)]
pub(crate) struct Block {
    part: Option<Part>,
    input: String,
}

impl Block {
    pub(crate) fn begin(&mut self, part: Part) {
        self.part.get_or_insert(part);
    }

    pub(crate) fn text(&mut self, text: &str) {
        if let Part::Text { content } = self.part.get_or_insert_with(|| Part::text("")) {
            content.push_str(text);
        }
    }

    pub(crate) fn reasoning(&mut self, text: &str) {
        if let Part::Reasoning { content } = self.part.get_or_insert_with(|| Part::reasoning("")) {
            content.push_str(text);
        }
    }

    /// A piece of the JSON that a tool is called with.
    pub(crate) fn input(&mut self, json: &str) {
        self.input.push_str(json);
    }

    /// A piece of what the provider's tool answered.
    pub(crate) fn result(&mut self, piece: Option<Value>) {
        if let Some(Part::ServerToolCallResponse { server_tool_call_response, .. }) = &mut self.part
            && let Some(Value::Array(pieces)) = server_tool_call_response.get_mut("content")
        {
            pieces.extend(piece);
        }
    }

    /// A piece of media, in base64.
    pub(crate) fn bytes(&mut self, base64: &str) {
        if let Some(Part::Blob { content, .. }) = &mut self.part {
            content.push_str(base64);
        }
    }

    fn compaction(&mut self, summary: String) {
        let part = self.part.get_or_insert(Part::Compaction { id: None, content: None });
        if let Part::Compaction { content, .. } = part
            && !summary.is_empty()
        {
            content.get_or_insert_default().push_str(&summary);
        }
    }

    /// What has become of it. A tool's input that broke off is recorded as far as it came.
    fn part(self) -> Option<Part> {
        let Self { part, input } = self;
        let part = part.filter(says_something)?;
        if input.is_empty() {
            return Some(part);
        }
        Some(match part {
            Part::ToolCall { id, name, .. } => Part::tool_call(id.unwrap_or_default(), name, input),
            Part::ServerToolCall { id, name, mut server_tool_call } => {
                if let Value::Object(call) = &mut server_tool_call {
                    let input = serde_json::from_str(&input).unwrap_or(Value::String(input));
                    call.insert("input".to_owned(), input);
                }
                Part::ServerToolCall { id, name, server_tool_call }
            }
            other => other,
        })
    }
}

struct MessageDecoder {
    content: bool,
    done: bool,
    read: ReadMessage,
}

impl Decoder for MessageDecoder {
    fn event(&mut self, event: Event<'_>) {
        self.done |= self.read.event(event, self.content) == Progress::Done;
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
