//! The Gemini API, and Gemini on Vertex AI.
//!
//! The path says which model is meant and what it shall do:
//!
//! | Path ends in | Operation |
//! |---|---|
//! | `{model}:generateContent` | `generate_content` |
//! | `{model}:streamGenerateContent` | `generate_content`, streamed |
//! | `{model}:embedContent`, `{model}:batchEmbedContents` | `embeddings` |
//! | `{model}:predict` | `embeddings`; `generate_content` where it carries a prompt |
//!
//! The API reads `camelCase` and `snake_case` alike, and a lone object where a list is due; so does this.

use spanwise_core::{OutputType, Part};
use std::borrow::Cow;

use crate::answer::{Answer, ErrorAnswer, hear};
use crate::codec::{Codec, Decoder, Event};
use crate::indexed::Indexed;
use crate::json::{Json, JsonBody};
use crate::request::{Operation, Request};

mod content;
mod usage;

/// Google's `…/models/{model}:generateContent` and its kin.
///
/// Streams have no last event: each is a part of the answer, and the connection ends with it. What a decoder
/// calls the end is that every candidate which has come so far told why it finished, that the prompt was
/// blocked, or that an error came. What follows nevertheless, such as a candidate that is late or counts of
/// tokens on their own, is read as well.
#[derive(Clone, Copy, Debug)]
pub struct Gemini;

impl Codec for Gemini {
    fn streams_an_array(&self) -> bool {
        true
    }

    fn request(&self, path: &str, body: &[u8], content: bool) -> Request {
        let (model, method) = called(path);
        let mut request = Request {
            operation: match method {
                "embedContent" | "batchEmbedContents" | "predict" => Operation::Embeddings,
                _ => Operation::GenerateContent,
            },
            stream: method == "streamGenerateContent",
            ..Request::default()
        };
        let embeds = request.operation == Operation::Embeddings;
        fields(JsonBody::of(body).json(), |key, value| match key {
            "model" => request.model = value.text().map(|name| bare(&name).to_owned()),
            "generationConfig" => generation_config(value, &mut request),
            "outputDimensionality" => request.dimension_count = value.int(),
            "embedContentConfig" | "parameters" if embeds => {
                request.dimension_count = value_of(value, "outputDimensionality")
                    .and_then(Json::int)
                    .or(request.dimension_count);
            }
            "requests" if embeds => value.items(|item| {
                let asked = value_of(item, "outputDimensionality").and_then(Json::int);
                request.dimension_count = request.dimension_count.or(asked);
            }),
            // Texts to embed are no prompts: these ask for an image or a film.
            "instances" => each(value, |instance| {
                if instance.field("prompt").is_some() {
                    request.operation = Operation::GenerateContent;
                }
            }),
            _ if !content || embeds => {}
            "systemInstruction" => request.content.system = content::parts(value),
            "contents" => each(value, |said| {
                request.content.messages.push(content::message(said));
            }),
            "tools" => each(value, |tool| {
                content::definitions(tool, &mut request.content.tools);
            }),
            _ => {}
        });
        request.model = model.or(request.model);
        request
    }

    fn answer(&self, body: &[u8], content: bool) -> Answer {
        let mut read = ReadAnswer::default();
        read.chunks(JsonBody::of(body).json(), content);
        read.finish()
    }

    fn error(&self, body: &[u8]) -> Option<ErrorAnswer> {
        let mut told = None;
        each(JsonBody::of(body).json(), |answer| {
            told = told.take().or_else(|| error(answer.field("error")?));
        });
        told
    }

    fn decoder(&self, content: bool) -> Box<dyn Decoder> {
        Box::new(ChunkDecoder { content, read: ReadAnswer::default() })
    }
}

/// The model and the method that a path calls.
fn called(path: &str) -> (Option<String>, &str) {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    match path.rsplit_once(':') {
        Some((name, method)) => (Some(bare(name).to_owned()).filter(|m| !m.is_empty()), method),
        None => (None, ""),
    }
}

/// A model's name as callers know it: without where it stands, unless it is one of their own.
fn bare(name: &str) -> &str {
    let (place, model) = name.rsplit_once('/').unwrap_or(("", name));
    match place.rsplit('/').next() {
        Some(kind @ ("tunedModels" | "endpoints")) => &name[place.len() - kind.len()..],
        _ => model,
    }
}

/// Every field under its name in `camelCase`.
fn fields<'a>(object: Json<'a>, mut each: impl FnMut(&str, Json<'a>)) {
    object.fields(|key, value| each(&camel(key), value));
}

fn camel(key: &str) -> Cow<'_, str> {
    if !key.contains('_') {
        return Cow::Borrowed(key);
    }
    let mut words = key.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    Cow::Owned(camel)
}

fn value_of<'a>(object: Json<'a>, name: &str) -> Option<Json<'a>> {
    let mut found = None;
    fields(object, |key, value| {
        if key == name {
            found = Some(value);
        }
    });
    found
}

/// Every item of a list, or the one object that stands in its place.
fn each<'a>(list: Json<'a>, mut take: impl FnMut(Json<'a>)) {
    if list.is_object() { take(list) } else { list.items(take) }
}

fn generation_config(config: Json<'_>, request: &mut Request) {
    fields(config, |key, value| match key {
        "maxOutputTokens" => request.max_tokens = value.int(),
        "temperature" => request.temperature = value.number(),
        "topP" => request.top_p = value.number(),
        "topK" => request.top_k = value.int(),
        "candidateCount" => request.choice_count = value.int(),
        "stopSequences" => request.stop_sequences = value.texts(),
        "seed" => request.seed = value.int(),
        "presencePenalty" => request.presence_penalty = value.number(),
        "frequencyPenalty" => request.frequency_penalty = value.number(),
        "responseMimeType" => {
            request.output_type = request.output_type.take().or(match value.text().as_deref() {
                Some("application/json") => Some(OutputType::Json),
                Some("text/plain") => Some(OutputType::Text),
                _ => None,
            });
        }
        "responseModalities" => {
            let asked = value.texts();
            let asks =
                |name: &str| asked.iter().any(|modality| modality.eq_ignore_ascii_case(name));
            if asks("IMAGE") {
                request.output_type = Some(OutputType::Image);
            } else if asks("AUDIO") {
                request.output_type = Some(OutputType::Speech);
            }
        }
        "thinkingConfig" => {
            request.reasoning_level = value_of(value, "thinkingLevel").and_then(Json::text);
        }
        _ => {}
    });
}

/// Google's error object: the status names what its number stands for.
fn error(error: Json<'_>) -> Option<ErrorAnswer> {
    let text = |name| error.field(name).and_then(Json::text);
    let number = || error.field("code")?.int().map(|code| code.to_string());
    let code = text("status").or_else(number)?;
    Some(ErrorAnswer { code, message: text("message").unwrap_or_default() })
}

/// What chunks have told so far; a whole answer is one chunk.
#[derive(Default)]
struct ReadAnswer {
    answer: Answer,
    candidates: Indexed<Candidate>,
    block_reason: Option<String>,
}

#[derive(Default)]
struct Candidate {
    parts: Vec<Part>,
    finish_reason: Option<String>,
}

impl ReadAnswer {
    fn chunks(&mut self, chunks: Json<'_>, content: bool) {
        each(chunks, |chunk| self.chunk(chunk, content));
    }

    fn chunk(&mut self, chunk: Json<'_>, content: bool) {
        let Self { answer, candidates, block_reason } = self;
        fields(chunk, |key, value| match key {
            "responseId" => hear(&mut answer.response.id, value),
            "modelVersion" => hear(&mut answer.response.model, value),
            "promptFeedback" => {
                let reason = value_of(value, "blockReason").and_then(Json::text);
                *block_reason = reason.or(block_reason.take());
            }
            // In a stream the counts grow: the last ones count.
            "usageMetadata" => answer.response.usage = usage::of(value).or(answer.response.usage),
            "error" => answer.error = error(value).or(answer.error.take()),
            "embedding" => answer.dimension_count = dimensions(value),
            "embeddings" | "predictions" => {
                let mut first = None;
                each(value, |item| first = first.or(Some(item)));
                answer.dimension_count = first.and_then(dimensions);
                answer.response.usage = usage::of_embeddings(value).or(answer.response.usage);
            }
            "candidates" => {
                let mut place = 0;
                each(value, |candidate| {
                    let index = candidate.field("index").and_then(Json::count).unwrap_or(place);
                    place += 1;
                    candidates.at(index).read(candidate, content);
                });
            }
            _ => {}
        });
    }

    fn is_done(&self) -> bool {
        let finished = |candidate: &Candidate| candidate.finish_reason.is_some();
        let all = !self.candidates.is_empty() && self.candidates.values().all(finished);
        let blocked = self.candidates.is_empty() && self.block_reason.is_some();
        all || blocked || self.answer.error.is_some()
    }

    fn finish(self) -> Answer {
        let Self { mut answer, candidates, block_reason } = self;
        answer.ended(block_reason.filter(|_| candidates.is_empty()));
        for candidate in candidates.into_values() {
            answer.ended(candidate.finish_reason);
            answer.said(candidate.parts);
        }
        answer
    }
}

impl Candidate {
    fn read(&mut self, candidate: Json<'_>, content: bool) {
        fields(candidate, |key, value| match key {
            "finishReason" => self.finish_reason = value.text().or(self.finish_reason.take()),
            "content" if content => self.go_on(content::parts(value)),
            _ => {}
        });
    }

    /// Text that a chunk begins with belongs to the text that the one before it ended with.
    fn go_on(&mut self, parts: Vec<Part>) {
        let mut parts = parts.into_iter();
        match (self.parts.last_mut(), parts.next()) {
            (Some(Part::Text { content }), Some(Part::Text { content: more }))
            | (Some(Part::Reasoning { content }), Some(Part::Reasoning { content: more })) => {
                content.push_str(&more);
            }
            (_, first) => self.parts.extend(first),
        }
        self.parts.extend(parts);
    }
}

/// How long the vector of an embedding or a prediction is.
fn dimensions(embedding: Json<'_>) -> Option<i64> {
    let mut vector = None;
    fields(embedding, |key, value| match key {
        "values" | "textEmbedding" | "imageEmbedding" => vector = Some(value),
        "embeddings" => vector = value.field("values").or(vector),
        _ => {}
    });
    vector.map(Json::length).filter(|length| *length > 0)
}

struct ChunkDecoder {
    content: bool,
    read: ReadAnswer,
}

impl Decoder for ChunkDecoder {
    fn event(&mut self, event: Event<'_>) {
        self.read.chunks(JsonBody::of(event.data).json(), self.content);
    }

    fn is_done(&self) -> bool {
        self.read.is_done()
    }

    fn ends_with_a_chunk(&self) -> bool {
        true
    }

    fn model(&self) -> Option<&str> {
        self.read.answer.model()
    }

    fn take(&mut self) -> Answer {
        std::mem::take(&mut self.read).finish()
    }
}
