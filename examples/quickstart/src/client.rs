//! A small client for OpenAI's API, as far as the example uses it.

use std::fmt;

use eventsource_stream::Eventsource as _;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spanwise::{Generation, Message, ModelResponse, Part, Usage};

use crate::server;

/// Where the model is, and how to ask it.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    base_url: url::Url,
    key: Option<Key>,
}

struct Key(String);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The network, or an answer that is no answer.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    /// A stream that broke.
    #[error("the stream broke")]
    Stream,
    /// A chunk that is no JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// `OPENAI_BASE_URL` is no URL.
    #[error("OPENAI_BASE_URL is no URL")]
    BaseUrl,
    /// The local server could not be started.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Error {
    /// A word of low cardinality, for `error.type`.
    pub fn kind(&self) -> String {
        match self {
            Self::Http(error) => match error.status() {
                Some(status) => status.as_u16().to_string(),
                None => "connection".to_owned(),
            },
            Self::Stream => "stream".to_owned(),
            Self::Json(_) => "json".to_owned(),
            Self::BaseUrl | Self::Io(_) => "setup".to_owned(),
        }
    }
}

/// What is asked of the model.
#[derive(Debug, Serialize)]
pub struct ChatRequest {
    /// The model.
    pub model: String,
    /// The history, in OpenAI's words.
    pub messages: Vec<Value>,
    /// The tools that it may call.
    pub tools: Vec<Value>,
    /// The most tokens it may write.
    pub max_tokens: u32,
}

/// A whole answer.
#[derive(Debug, Deserialize)]
pub struct ChatCompletion {
    id: String,
    model: String,
    choices: Vec<Choice>,
    usage: TokenUsage,
}

#[derive(Debug, Deserialize)]
struct Choice {
    message: ChoiceMessage,
    finish_reason: String,
}

#[derive(Debug, Deserialize)]
struct ChoiceMessage {
    content: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct TokenUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    prompt_tokens_details: Option<PromptDetails>,
}

#[derive(Clone, Debug, Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
}

impl From<&TokenUsage> for Usage {
    fn from(tokens: &TokenUsage) -> Self {
        let usage = Self::new(tokens.prompt_tokens, tokens.completion_tokens);
        let details = tokens.prompt_tokens_details.as_ref();
        match details.and_then(|details| details.cached_tokens) {
            Some(cached) => usage.cache_read(cached),
            None => usage,
        }
    }
}

impl ChatCompletion {
    /// The first choice's text.
    pub fn text(&self) -> &str {
        let first = self.choices.first();
        first.and_then(|choice| choice.message.content.as_deref()).unwrap_or_default()
    }
}

/// With this, `generation.run(client.chat(…))` records the answer by itself.
impl ModelResponse for ChatCompletion {
    fn record_on(&self, generation: &Generation) {
        generation.response_id(self.id.clone());
        generation.response_model(self.model.clone());
        generation.finish_reasons(self.choices.iter().map(|c| c.finish_reason.clone()));
        generation.usage((&self.usage).into());
        let texts = self.choices.iter().filter_map(|choice| choice.message.content.as_ref());
        generation.output(&texts.map(Message::assistant).collect::<Vec<_>>());
    }
}

/// One chunk of a streamed answer.
#[derive(Debug, Deserialize)]
pub struct Delta {
    /// The answer's id.
    pub id: String,
    /// The model that answers.
    pub model: String,
    choices: Vec<DeltaChoice>,
    usage: Option<TokenUsage>,
}

#[derive(Debug, Deserialize)]
struct DeltaChoice {
    delta: DeltaMessage,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct DeltaMessage {
    content: Option<String>,
    #[serde(default)]
    tool_calls: Vec<DeltaToolCall>,
}

#[derive(Debug, Deserialize)]
struct DeltaToolCall {
    index: usize,
    id: Option<String>,
    function: DeltaFunction,
}

#[derive(Debug, Deserialize)]
struct DeltaFunction {
    name: Option<String>,
    #[serde(default)]
    arguments: String,
}

/// A tool that the model wants to be run.
#[derive(Clone, Debug, Default)]
pub struct ToolCall {
    /// The call's id.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments, as JSON text.
    pub arguments: String,
}

impl ToolCall {
    /// As a part of the history.
    pub fn part(&self) -> Part {
        Part::tool_call(&self.id, &self.name, &self.arguments)
    }
}

impl Delta {
    /// More of the text.
    pub fn text(&self) -> &str {
        let first = self.choices.first();
        first.and_then(|choice| choice.delta.content.as_deref()).unwrap_or_default()
    }

    /// More of tool calls: index, id, name, arguments.
    pub fn tool_calls(&self) -> impl Iterator<Item = (usize, Option<&str>, Option<&str>, &str)> {
        self.choices.iter().flat_map(|choice| &choice.delta.tool_calls).map(|call| {
            let DeltaFunction { name, arguments } = &call.function;
            (call.index, call.id.as_deref(), name.as_deref(), arguments.as_str())
        })
    }

    /// Why the answer ended, in its last chunk.
    pub fn finish_reason(&self) -> Option<&str> {
        self.choices.first()?.finish_reason.as_deref()
    }

    /// What it used, in a chunk of its own.
    pub fn usage(&self) -> Option<Usage> {
        self.usage.as_ref().map(Usage::from)
    }
}

/// A vector, and what it cost.
#[derive(Debug)]
pub struct Embedding {
    /// The model that made it.
    pub model: String,
    /// The vector.
    pub vector: Vec<f32>,
    /// Tokens that went in.
    pub input_tokens: u64,
}

impl Client {
    /// The API that `OPENAI_BASE_URL` and `OPENAI_API_KEY` name; without a key a server of the example's
    /// own, on a free port of this machine.
    ///
    /// # Errors
    ///
    /// Where the URL is none, or the server could not be started.
    pub async fn from_env() -> Result<Self, Error> {
        // One provider of cryptography for the whole program, and the same as spanwise's.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::new();
        let set = |variable| std::env::var(variable).ok().filter(|value| !value.is_empty());
        let Some(key) = set("OPENAI_API_KEY") else {
            let base_url = server::start().await?;
            return Ok(Self { http, base_url, key: None });
        };
        let url = set("OPENAI_BASE_URL").unwrap_or("https://api.openai.com/v1".to_owned());
        let url = format!("{}/", url.trim_end_matches('/'));
        let base_url = url::Url::parse(&url).map_err(|_| Error::BaseUrl)?;
        Ok(Self { http, base_url, key: Some(Key(key)) })
    }

    /// Whether the model is the example's own.
    pub fn is_local(&self) -> bool {
        self.key.is_none()
    }

    /// Host and port, for `server.address` and `server.port`.
    pub fn server(&self) -> (String, u16) {
        let host = self.base_url.host_str().unwrap_or_default().to_owned();
        (host, self.base_url.port_or_known_default().unwrap_or_default())
    }

    /// Asks for a whole answer.
    ///
    /// # Errors
    ///
    /// Where the API cannot be reached, or says no.
    pub async fn chat(&self, request: &ChatRequest) -> Result<ChatCompletion, Error> {
        Ok(self.post("chat/completions", &json!(request)).await?.json().await?)
    }

    /// Asks for an answer in chunks.
    ///
    /// # Errors
    ///
    /// Where the API cannot be reached, or says no.
    pub async fn chat_stream(
        &self,
        request: &ChatRequest,
    ) -> Result<impl Stream<Item = Result<Delta, Error>> + use<>, Error> {
        let mut body = json!(request);
        body["stream"] = true.into();
        body["stream_options"] = json!({"include_usage": true});
        let response = self.post("chat/completions", &body).await?;
        let events = response.bytes_stream().eventsource().map_err(|_| Error::Stream);
        Ok(events
            .take_while(|event| {
                let done = event.as_ref().is_ok_and(|event| event.data == "[DONE]");
                std::future::ready(!done)
            })
            .map(|event| Ok(serde_json::from_str(&event?.data)?)))
    }

    /// Asks for the embedding of a text.
    ///
    /// # Errors
    ///
    /// Where the API cannot be reached, or says no.
    pub async fn embed(&self, model: &str, text: &str) -> Result<Embedding, Error> {
        #[derive(Deserialize)]
        struct Answer {
            model: String,
            data: Vec<Vector>,
            usage: InputUsage,
        }
        #[derive(Deserialize)]
        struct Vector {
            embedding: Vec<f32>,
        }
        #[derive(Deserialize)]
        struct InputUsage {
            prompt_tokens: u64,
        }
        let answer: Answer =
            self.post("embeddings", &json!({"model": model, "input": text})).await?.json().await?;
        Ok(Embedding {
            model: answer.model,
            vector: answer.data.into_iter().next().map(|v| v.embedding).unwrap_or_default(),
            input_tokens: answer.usage.prompt_tokens,
        })
    }

    async fn post(&self, path: &str, body: &Value) -> Result<reqwest::Response, Error> {
        let url = self.base_url.join(path).map_err(|_| Error::BaseUrl)?;
        let mut request = self.http.post(url).json(body);
        if let Some(Key(key)) = &self.key {
            request = request.bearer_auth(key);
        }
        Ok(request.send().await?.error_for_status()?)
    }
}
