//! An answer that comes in chunks, put together.

use std::fmt;
use std::time::Duration;

use opentelemetry::{KeyValue, StringValue};

use super::outcome::Outcome;
use crate::cost::Cost;
use crate::message::{Message, Part, Role, json_or_text};
use crate::recorder::Measurement;
use crate::response::Response;
use crate::semconv::{Metric, attribute as key};
use crate::usage::Usage;

/// A finish reason that was expected and never came.
const ERROR: &str = "error";

/// What arrives in chunks, put together.
///
/// Given to the closure of [`Generation::stream`](crate::Generation::stream) with each chunk.
/// Choices are told apart by their index; the methods that take none mean the first. Text is kept
/// only where outputs are captured.
pub struct StreamedResponse<'a> {
    state: &'a mut StreamState,
    response: &'a mut Response,
    captures_content: bool,
}

impl<'a> StreamedResponse<'a> {
    pub(super) fn new(
        state: &'a mut StreamState,
        response: &'a mut Response,
        captures_content: bool,
    ) -> Self {
        Self { state, response, captures_content }
    }

    /// `gen_ai.response.id` (string).
    pub fn id(&mut self, id: impl Into<StringValue>) {
        self.response.id = Some(id.into());
    }

    /// The model that answers: `gen_ai.response.model` (string).
    pub fn model(&mut self, model: impl Into<StringValue>) {
        self.response.model = Some(model.into());
    }

    /// Usage as told so far; the last word counts.
    pub fn usage(&mut self, usage: Usage) {
        self.response.used(usage);
    }

    /// What the call cost, as the provider or a gateway says; the last word counts.
    pub fn cost(&mut self, cost: Cost) {
        self.response.cost = Some(cost);
    }

    /// More text of the first choice.
    pub fn text(&mut self, text: &str) {
        self.text_of(0, text);
    }

    /// More text of a choice.
    pub fn text_of(&mut self, choice: usize, text: &str) {
        let captures = self.captures_content;
        if let Some(choice) = self.state.choice(choice)
            && captures
        {
            choice.text.push_str(text);
        }
    }

    /// More reasoning of the first choice.
    pub fn reasoning(&mut self, text: &str) {
        self.reasoning_of(0, text);
    }

    /// More reasoning of a choice.
    pub fn reasoning_of(&mut self, choice: usize, text: &str) {
        let captures = self.captures_content;
        if let Some(choice) = self.state.choice(choice)
            && captures
        {
            choice.reasoning.push_str(text);
        }
    }

    /// More of a tool call of the first choice: calls are told apart by `index`; id and name come once,
    /// arguments piece by piece.
    pub fn tool_call(
        &mut self,
        index: usize,
        id: Option<&str>,
        name: Option<&str>,
        arguments: &str,
    ) {
        self.tool_call_of(0, index, id, name, arguments);
    }

    /// More of a tool call of a choice.
    pub fn tool_call_of(
        &mut self,
        choice: usize,
        index: usize,
        id: Option<&str>,
        name: Option<&str>,
        arguments: &str,
    ) {
        let captures = self.captures_content;
        let Some(choice) = self.state.choice(choice) else {
            return;
        };
        let Some(call) = grown(&mut choice.tool_calls, index).filter(|_| captures) else {
            return;
        };
        if let Some(id) = id {
            call.id = Some(id.to_owned());
        }
        if let Some(name) = name {
            name.clone_into(&mut call.name);
        }
        call.arguments.push_str(arguments);
    }

    /// A tool call of the first choice as `genai` tells it: all that is known of it so far, or, without a
    /// name, more arguments of the last one.
    #[cfg(feature = "genai")]
    pub(crate) fn genai_tool_call(&mut self, told: &genai::chat::ToolCall) {
        let captures = self.captures_content;
        let Some(choice) = self.state.choice(0).filter(|_| captures) else { return };
        let calls = &mut choice.tool_calls;
        let arguments = match &told.fn_arguments {
            serde_json::Value::String(text) => text.clone(),
            arguments => arguments.to_string(),
        };
        if let Some(last) = calls.last_mut().filter(|_| told.fn_name.is_empty()) {
            return last.arguments.push_str(&arguments);
        }
        let known = calls.iter().position(|call| call.id.as_ref() == Some(&told.call_id));
        if let Some(call) = grown(calls, known.unwrap_or(calls.len())) {
            let id = Some(told.call_id.clone());
            *call = ToolCall { id, name: told.fn_name.clone(), arguments };
        }
    }

    /// The provider shortened the conversation: `gen_ai.conversation.compacted = true`.
    pub fn compacted(&mut self) {
        self.response.compacted = true;
    }

    /// The tier that OpenAI served the call in: `openai.response.service_tier` (string).
    pub fn openai_service_tier(&mut self, tier: impl Into<StringValue>) {
        self.response.service_tier = Some(tier.into());
    }

    /// OpenAI's mark of the system that answers: `openai.response.system_fingerprint` (string).
    pub fn openai_system_fingerprint(&mut self, fingerprint: impl Into<StringValue>) {
        self.response.system_fingerprint = Some(fingerprint.into());
    }

    /// Why the first choice ended.
    pub fn finish_reason(&mut self, reason: impl Into<StringValue>) {
        self.finish_reason_of(0, reason);
    }

    /// Why a choice ended.
    pub fn finish_reason_of(&mut self, choice: usize, reason: impl Into<StringValue>) {
        if let Some(choice) = self.state.choice(choice) {
            choice.finish_reason = Some(reason.into());
        }
    }

    /// The chunk says that the answer failed: when the stream ends, the operation does as failed.
    pub fn fail_with(&mut self, kind: impl Into<StringValue>, message: impl Into<String>) {
        self.state.failed = Some((kind.into(), message.into()));
    }
}

impl fmt::Debug for StreamedResponse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamedResponse")
            .field("chunks", &self.state.chunks)
            .finish_non_exhaustive()
    }
}

/// What a stream has told so far.
#[derive(Default)]
pub(super) struct StreamState {
    chunks: u64,
    time_to_first_chunk: Option<Duration>,
    last_chunk: Duration,
    /// Seconds between chunks that have not been measured.
    waits: Vec<f64>,
    choices: Vec<Choice>,
    failed: Option<(StringValue, String)>,
}

#[derive(Default)]
struct Choice {
    text: String,
    reasoning: String,
    tool_calls: Vec<ToolCall>,
    finish_reason: Option<StringValue>,
}

#[derive(Default)]
struct ToolCall {
    id: Option<String>,
    name: String,
    arguments: String,
}

/// To find the series of a metric takes longer than to add to it.
const MEASURED_TOGETHER: usize = 64;

/// Beyond this an index is a mistake of the stream's, and what it says is left out.
const MOST_PARTS: usize = 1024;

fn grown<T: Default>(list: &mut Vec<T>, index: usize) -> Option<&mut T> {
    if index >= MOST_PARTS {
        return None;
    }
    if index >= list.len() {
        list.resize_with(index + 1, T::default);
    }
    list.get_mut(index)
}

impl StreamState {
    fn choice(&mut self, index: usize) -> Option<&mut Choice> {
        grown(&mut self.choices, index)
    }

    /// Notes that a chunk came; what there is to measure by now.
    pub(super) fn time(&mut self, now: Duration) -> Vec<Measurement> {
        self.chunks += 1;
        let since_last = now.saturating_sub(self.last_chunk);
        self.last_chunk = now;
        if self.time_to_first_chunk.is_none() {
            self.time_to_first_chunk = Some(now);
            let metric = Metric::GenAiClientInferenceTimeToFirstChunk;
            return vec![Measurement::seconds(metric, now.as_secs_f64())];
        }
        self.waits.push(since_last.as_secs_f64());
        if self.waits.len() < MEASURED_TOGETHER {
            return Vec::new();
        }
        let measured = self.rest();
        self.waits.clear();
        measured
    }

    /// What has not been measured.
    pub(super) fn rest(&self) -> Vec<Measurement> {
        let metric = Metric::GenAiClientInferenceTimePerOutputChunk;
        self.waits.iter().map(|wait| Measurement::seconds(metric, *wait)).collect()
    }

    /// What was said of a failure, once.
    pub(super) fn take_failure(&mut self) -> Option<(StringValue, String)> {
        self.failed.take()
    }

    /// Finish reasons of the choices; one that should have come and did not is `error`.
    pub(super) fn settle(&mut self, outcome: &Outcome, response: &mut Response) {
        let incomplete = !matches!(outcome, Outcome::Completed) && self.chunks > 0;
        let told = self.choices.iter().any(|choice| choice.finish_reason.is_some());
        if !told && !incomplete || !response.finish_reasons.is_empty() {
            return;
        }
        if self.choices.is_empty() {
            self.choices.push(Choice::default());
        }
        let reasons = self.choices.iter_mut().map(|choice| choice.finish_reason.take());
        response.finish_reasons =
            reasons.map(|reason| reason.unwrap_or(StringValue::from(ERROR))).collect();
    }

    pub(super) fn push_attributes(&self, attributes: &mut Vec<KeyValue>) {
        attributes.extend(
            self.time_to_first_chunk
                .map(|time| key::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK.of(time.as_secs_f64())),
        );
        let chunks = i64::try_from(self.chunks).unwrap_or(i64::MAX);
        attributes.push(key::SPANWISE_STREAM_CHUNKS.of(chunks));
    }

    /// One message for each choice that said something.
    pub(super) fn take_messages(&mut self) -> Vec<Message> {
        self.choices.iter_mut().map(Choice::take_message).filter(|m| !m.parts.is_empty()).collect()
    }
}

impl Choice {
    fn take_message(&mut self) -> Message {
        let mut parts = Vec::new();
        if !self.reasoning.is_empty() {
            parts.push(Part::Reasoning { content: std::mem::take(&mut self.reasoning) });
        }
        if !self.text.is_empty() {
            parts.push(Part::Text { content: std::mem::take(&mut self.text) });
        }
        parts.extend(self.tool_calls.drain(..).map(|call| Part::ToolCall {
            id: call.id,
            name: call.name,
            arguments: (!call.arguments.is_empty()).then(|| json_or_text(call.arguments)),
        }));
        Message::new(Role::Assistant, parts)
    }
}
