//! How each provider is spoken to, and by which client.

mod anthropic;
mod async_openai;
mod bedrock;
mod cohere;
mod gemini;
mod http;
mod ollama;
mod openai;

use async_trait::async_trait;
use clap::ValueEnum;
use futures_util::stream::BoxStream;
use openai_client::{Client, Error, Method};
use serde_json::Value;
use spanwise::{Generation, ModelResponse, OpenAiApiType, Provider, StreamedResponse, Usage};

use crate::turn::{Options, ToolCall, Turn};

/// Which API is called, and by which client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Via {
    /// OpenAI's, by `reqwest-middleware`, recorded by hand: the same as `reqwest --by-hand`.
    Hand,
    /// OpenAI's, by `reqwest-middleware`.
    Reqwest,
    /// OpenAI's, by `async-openai`.
    AsyncOpenai,
    /// Anthropic's, by `reqwest-middleware`.
    Anthropic,
    /// The Gemini API, by `reqwest-middleware`.
    Gemini,
    /// Bedrock's Converse, by the AWS SDK.
    Bedrock,
    /// Cohere's, by `reqwest-middleware`.
    Cohere,
    /// Ollama's own, by `reqwest-middleware`.
    Ollama,
}

impl Via {
    /// The client; with `hook` its calls are recorded by how it is built.
    pub(crate) async fn connect(self, hook: bool) -> Result<Box<dyn Api>, Error> {
        Ok(match self {
            Self::Hand | Self::Reqwest => Box::new(openai::OpenAi::connect(hook).await?),
            Self::AsyncOpenai => Box::new(async_openai::AsyncOpenAi::connect(hook).await?),
            Self::Anthropic => Box::new(anthropic::Anthropic::connect(hook).await?),
            Self::Gemini => Box::new(gemini::Gemini::connect(hook).await?),
            Self::Bedrock => Box::new(bedrock::Bedrock::connect(hook).await?),
            Self::Cohere => Box::new(cohere::Cohere::connect(hook).await?),
            Self::Ollama => Box::new(ollama::Ollama::connect(hook).await?),
        })
    }
}

/// What is known of an API, for those who record it by hand.
pub(crate) struct About {
    pub(crate) provider: Provider,
    pub(crate) server: (String, u16),
    pub(crate) model: &'static str,
    pub(crate) embedding_model: &'static str,
    pub(crate) embedding_formats: &'static [&'static str],
    pub(crate) ranker: &'static str,
    pub(crate) openai_api: Option<OpenAiApiType>,
    /// It generates content, as Google's APIs call it.
    pub(crate) generates_content: bool,
    /// Instructions stand apart from the history.
    pub(crate) instructed_apart: bool,
    /// Whose messages bring what tools answered.
    pub(crate) tool_role: &'static str,
    /// Pictures come with their media type.
    pub(crate) tells_mime_types: bool,
}

impl About {
    fn new(provider: Provider, server: (String, u16), model: &'static str) -> Self {
        Self {
            provider,
            server,
            model,
            embedding_model: "",
            embedding_formats: &[],
            ranker: "",
            openai_api: None,
            generates_content: false,
            instructed_apart: false,
            tool_role: "tool",
            tells_mime_types: true,
        }
    }
}

/// Documents by how well they answer.
pub(crate) struct Ranking {
    /// Their places and scores.
    pub(crate) found: Vec<(usize, f64)>,
    /// How many searches are charged for it.
    pub(crate) searches: u64,
}

/// An API, and the client that speaks it.
#[async_trait]
pub(crate) trait Api: Send + Sync {
    fn about(&self) -> &About;

    /// What it can be told about sampling.
    fn every_option(&self) -> Options;

    /// Asks for a whole answer.
    async fn chat(&self, turn: &Turn) -> Result<Answer, Error>;

    /// Asks for an answer in chunks.
    async fn stream(&self, turn: &Turn) -> Result<BoxStream<'static, Result<Chunk, Error>>, Error>;

    /// Asks for the embedding of a text.
    async fn embed(&self, _text: &str) -> Result<Vector, Error> {
        Err(Error::Unexpected)
    }

    /// Ranks documents.
    async fn rank(&self, _query: &str, _documents: &[&str]) -> Result<Ranking, Error> {
        Err(Error::Unexpected)
    }

    /// Calls any other part of OpenAI's API, and gives back its JSON.
    async fn call(
        &self,
        _method: Method,
        _path: &str,
        _body: Option<&Value>,
    ) -> Result<Value, Error> {
        Err(Error::Unexpected)
    }

    /// OpenAI's vector stores, which are nobody else's.
    fn openai(&self) -> Option<&Client> {
        None
    }
}

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) tool_calls: Vec<ToolCall>,
    pub(crate) usage: Usage,
    /// What records it by hand.
    response: Box<dyn ModelResponse + Send>,
}

impl ModelResponse for Answer {
    fn record_on(&self, generation: &Generation) {
        self.response.record_on(generation);
    }
}

/// JSON, and what records it by hand.
struct Recorded {
    json: Value,
    record: fn(&Generation, &Value),
}

impl ModelResponse for Recorded {
    fn record_on(&self, generation: &Generation) {
        (self.record)(generation, &self.json);
    }
}

/// A chunk of an answer.
pub(crate) struct Chunk {
    pub(crate) text: String,
    /// What records it by hand.
    tell: Box<dyn Fn(&mut StreamedResponse<'_>) + Send>,
}

impl Chunk {
    /// A chunk of JSON.
    fn of(json: Value, text: &str, tell: fn(&Value, &mut StreamedResponse<'_>)) -> Self {
        let text = json.pointer(text).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { text, tell: Box::new(move |response| tell(&json, response)) }
    }

    pub(crate) fn record_on(&self, response: &mut StreamedResponse<'_>) {
        (self.tell)(response);
    }
}

/// A vector, and what it cost.
pub(crate) struct Vector {
    pub(crate) model: Option<String>,
    pub(crate) length: usize,
    pub(crate) input_tokens: u64,
}

/// The text at a place of an answer, empty where there is none.
fn text(json: &Value, place: &str) -> String {
    json.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The count at a place of an answer, nothing where there is none.
fn count(json: &Value, place: &str) -> u64 {
    json.pointer(place).and_then(Value::as_u64).unwrap_or_default()
}

/// The elements at a place of an answer.
fn items<'a>(json: &'a Value, place: &str) -> impl Iterator<Item = &'a Value> {
    json.pointer(place).and_then(Value::as_array).into_iter().flatten()
}

/// Adds what is there to be said of these options.
fn add(body: &mut Value, options: Value) {
    let (Value::Object(body), Value::Object(options)) = (body, options) else { return };
    let said =
        |value: &Value| !value.is_null() && value.as_array().is_none_or(|all| !all.is_empty());
    body.extend(options.into_iter().filter(|(_, value)| said(value)));
}
