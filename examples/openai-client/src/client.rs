//! A small client for OpenAI's API, as far as the examples use it.

use std::fmt;

use eventsource_stream::Eventsource as _;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::chat::{ChatCompletion, ChatRequest, Delta};
use crate::server;

/// Where the model is, and how to ask it.
#[derive(Debug)]
pub struct Client {
    http: ClientWithMiddleware,
    api: Api,
}

/// Where OpenAI's API is, and the key to it.
#[derive(Debug)]
pub struct Api {
    base_url: url::Url,
    key: Option<Key>,
    is_local: bool,
}

impl Api {
    /// The API that `OPENAI_BASE_URL` and `OPENAI_API_KEY` name; without either a server of the examples'
    /// own, on a free port of this machine.
    ///
    /// # Errors
    ///
    /// Where the URL is none, or the server could not be started.
    pub async fn from_env() -> Result<Self, Error> {
        // One provider of cryptography for the whole program, and the same as spanwise's.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let set = |variable| std::env::var(variable).ok().filter(|value| !value.is_empty());
        let (url, key) = (set("OPENAI_BASE_URL"), set("OPENAI_API_KEY"));
        let is_local = url.is_none() && key.is_none();
        let base_url = if is_local {
            server::start().await?
        } else {
            let url = url.unwrap_or("https://api.openai.com/v1".to_owned());
            let url = format!("{}/", url.trim_end_matches('/'));
            url::Url::parse(&url).map_err(|_| Error::BaseUrl)?
        };
        Ok(Self { base_url, key: key.map(Key), is_local })
    }

    /// The base of its paths, without a slash at the end.
    pub fn base_url(&self) -> &str {
        self.base_url.as_str().trim_end_matches('/')
    }

    /// The key; empty where there is none.
    pub fn key(&self) -> &str {
        self.key.as_ref().map_or("", |Key(key)| key)
    }
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
    /// A middleware.
    #[error(transparent)]
    Middleware(#[from] reqwest_middleware::Error),
    /// The API said no, with this status and code.
    #[error("the API answered {status}")]
    Api {
        /// The HTTP status.
        status: u16,
        /// OpenAI's word for it, if it gave one.
        code: Option<String>,
    },
    /// An answer where there should be none.
    #[error("the API answered, though it should not have")]
    Unexpected,
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
            Self::Http(_) | Self::Middleware(_) => "connection".to_owned(),
            Self::Api { code: Some(code), .. } => code.clone(),
            Self::Api { status, code: None } => status.to_string(),
            Self::Unexpected => "unexpected".to_owned(),
            Self::Stream => "stream".to_owned(),
            Self::Json(_) => "json".to_owned(),
            Self::BaseUrl | Self::Io(_) => "setup".to_owned(),
        }
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
    /// A client of [`Api::from_env`].
    ///
    /// # Errors
    ///
    /// Where the URL is none, or the server could not be started.
    pub async fn from_env() -> Result<Self, Error> {
        // First the API: it brings the provider of cryptography that clients want.
        let api = Api::from_env().await?;
        Ok(Self { http: plain().build(), api })
    }

    /// The same, with something that stands between it and the network.
    ///
    /// # Errors
    ///
    /// Where the URL is none, or the server could not be started.
    pub async fn with_middleware(middleware: Option<impl Middleware>) -> Result<Self, Error> {
        let client = Self::from_env().await?;
        let http = match middleware {
            Some(middleware) => plain().with(middleware).build(),
            None => client.http,
        };
        Ok(Self { http, api: client.api })
    }

    /// Whether the model is the examples' own.
    pub fn is_local(&self) -> bool {
        self.api.is_local
    }

    /// Host and port, for `server.address` and `server.port`.
    pub fn server(&self) -> (String, u16) {
        let host = self.api.base_url.host_str().unwrap_or_default().to_owned();
        (host, self.api.base_url.port_or_known_default().unwrap_or_default())
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
        let body = json!({"model": model, "input": text, "encoding_format": "float"});
        let answer: Answer = self.post("embeddings", &body).await?.json().await?;
        Ok(Embedding {
            model: answer.model,
            vector: answer.data.into_iter().next().map(|v| v.embedding).unwrap_or_default(),
            input_tokens: answer.usage.prompt_tokens,
        })
    }

    /// Calls any other part of the API, and gives back its JSON.
    ///
    /// # Errors
    ///
    /// Where the API cannot be reached, says no, or answers something that is no JSON.
    pub async fn call(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Error> {
        Ok(self.send(method, path, body).await?.json().await?)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<reqwest::Response, Error> {
        self.send(reqwest::Method::POST, path, Some(body)).await
    }

    async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<reqwest::Response, Error> {
        let url = self.api.base_url.join(path).map_err(|_| Error::BaseUrl)?;
        let mut request = self.http.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(Key(key)) = &self.api.key {
            request = request.bearer_auth(key);
        }
        let response = request.send().await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body: Value = response.json().await.unwrap_or_default();
        let code = body["error"]["code"].as_str().map(str::to_owned);
        Err(Error::Api { status: status.as_u16(), code })
    }
}

fn plain() -> ClientBuilder {
    ClientBuilder::new(reqwest::Client::new())
}
