//! A small client for OpenAI's API, as far as the examples use it.

use eventsource_stream::Eventsource as _;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use provider_server::{Api, Provider, SetupError};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::chat::{ChatCompletion, ChatRequest, Delta};

/// Where the model is, and how to ask it.
#[derive(Debug)]
pub struct Client {
    http: ClientWithMiddleware,
    api: Api,
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
    /// There is no server to talk to.
    #[error(transparent)]
    Setup(#[from] SetupError),
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
            Self::Setup(_) => "setup".to_owned(),
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
    /// A client of the API that `OPENAI_BASE_URL` and `OPENAI_API_KEY` name, or of the local server.
    ///
    /// # Errors
    ///
    /// Where the URL is none, or the server could not be started.
    pub async fn from_env() -> Result<Self, Error> {
        // First the API: it brings the provider of cryptography that clients want.
        let api = Api::from_env(Provider::OPENAI).await?;
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
        self.api.is_local()
    }

    /// Host and port, for `server.address` and `server.port`.
    pub fn server(&self) -> (String, u16) {
        self.api.server()
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
        let url = format!("{}/{path}", self.api.base_url());
        let mut request = self.http.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        if !self.api.key().is_empty() {
            request = request.bearer_auth(self.api.key());
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
