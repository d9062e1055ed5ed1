//! JSON over `reqwest-middleware`, for providers without a client crate that could be hooked.

use eventsource_stream::Eventsource as _;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use openai_client::Error;
use provider_server::{Api, Provider};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use serde_json::Value;
use spanwise_http::{GenAi, GenAiMiddleware};

pub(super) struct Http {
    client: ClientWithMiddleware,
    pub(super) api: Api,
    headers: Vec<(&'static str, String)>,
    /// Where a refusal says what it is.
    code: &'static str,
}

pub(super) type Events = BoxStream<'static, Result<Value, Error>>;

impl Http {
    /// Connects to a provider, which records call `name`, and whose refusals say at `code` what they are.
    pub(super) async fn connect(
        provider: Provider,
        name: &'static str,
        code: &'static str,
        hook: bool,
    ) -> Result<Self, Error> {
        // First the API: it brings the provider of cryptography that clients want.
        let api = Api::from_env(provider).await?;
        let genai = GenAi::default().host(api.server().0, name);
        let mut client = ClientBuilder::new(reqwest::Client::new());
        if hook {
            client = client.with(GenAiMiddleware::new(genai));
        }
        Ok(Self { client: client.build(), api, headers: Vec::new(), code })
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn bearer(self) -> Self {
        let key = format!("Bearer {}", self.api.key());
        self.header("authorization", key)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<reqwest::Response, Error> {
        let mut request = self.client.post(format!("{}{path}", self.api.base_url())).json(body);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let body: Value = answer.json().await.unwrap_or_default();
        let code = body.pointer(self.code).and_then(Value::as_str).map(str::to_owned);
        Err(Error::Api { status: status.as_u16(), code })
    }

    /// A whole answer.
    pub(super) async fn json(&self, path: &str, body: &Value) -> Result<Value, Error> {
        Ok(self.post(path, body).await?.json().await?)
    }

    /// An answer in server-sent events.
    pub(super) async fn events(&self, path: &str, body: &Value) -> Result<Events, Error> {
        let bytes = self.post(path, body).await?.bytes_stream();
        let events = bytes.eventsource().map_err(|_| Error::Stream);
        Ok(events.map(|event| Ok(serde_json::from_str(&event?.data)?)).boxed())
    }

    /// An answer in lines of JSON.
    pub(super) async fn lines(&self, path: &str, body: &Value) -> Result<Events, Error> {
        let bytes = Box::pin(self.post(path, body).await?.bytes_stream());
        let lines =
            futures_util::stream::try_unfold((bytes, Vec::new()), |(mut bytes, mut rest)| async {
                loop {
                    if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                        let line: Vec<u8> = rest.drain(..=end).collect();
                        return Ok(Some((serde_json::from_slice(&line)?, (bytes, rest))));
                    }
                    match bytes.next().await {
                        Some(more) => rest.extend_from_slice(&more?),
                        None => return Ok::<_, Error>(None),
                    }
                }
            });
        Ok(lines.boxed())
    }
}
