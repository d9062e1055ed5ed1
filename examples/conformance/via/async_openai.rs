//! OpenAI's API, by `async-openai`.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use openai_client::{Error, Method};
use provider_server::{Api as Server, Provider};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use spanwise_http::{AsyncOpenAi as Recorded, GenAi};

use super::{About, Answer, Api, Chunk, Vector, openai};
use crate::turn::{Options, Turn};

pub(super) struct AsyncOpenAi {
    client: Client<OpenAIConfig>,
    about: About,
}

impl AsyncOpenAi {
    pub(super) async fn connect(hook: bool) -> Result<Self, Error> {
        let api = Server::from_env(Provider::OPENAI).await?;
        let config = OpenAIConfig::new().with_api_base(api.base_url()).with_api_key(api.key());
        let mut client = Client::with_config(config);
        if hook {
            let genai = GenAi::default().host(api.server().0, "openai");
            client = client.with_http_service(Recorded::new(genai, reqwest::Client::new()));
        }
        Ok(Self { client, about: openai::about(api.server()) })
    }
}

#[async_trait]
impl Api for AsyncOpenAi {
    fn about(&self) -> &About {
        &self.about
    }

    fn every_option(&self) -> Options {
        openai::every_option()
    }

    async fn chat(&self, turn: &Turn) -> Result<Answer, Error> {
        let request = typed(&openai::request(&self.about, turn))?;
        let answer = self.client.chat().create(request).await.map_err(refused)?;
        Ok(openai::answer(typed(&answer)?))
    }

    async fn stream(&self, turn: &Turn) -> Result<BoxStream<'static, Result<Chunk, Error>>, Error> {
        let mut request = json!(openai::request(&self.about, turn));
        request["stream_options"] = json!({"include_usage": true});
        let stream = self.client.chat().create_stream(typed(&request)?).await.map_err(refused)?;
        let chunk = |delta: Result<_, _>| Ok(openai::chunk(typed(&delta.map_err(refused)?)?));
        Ok(stream.map(chunk).boxed())
    }

    async fn embed(&self, text: &str) -> Result<Vector, Error> {
        let model = self.about.embedding_model;
        let request = json!({"model": model, "input": text, "encoding_format": "float"});
        let answer = self.client.embeddings().create(typed(&request)?).await.map_err(refused)?;
        Ok(Vector {
            model: Some(answer.model),
            length: answer.data.first().map_or(0, |first| first.embedding.len()),
            input_tokens: answer.usage.prompt_tokens.into(),
        })
    }

    async fn call(
        &self,
        _method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Error> {
        let responses = self.client.responses();
        let answer = match (body, path.strip_prefix("responses/")) {
            (Some(body), None) => responses.create(typed(body)?).await,
            (None, Some(id)) => responses.retrieve(id).await,
            _ => return Err(Error::Unexpected),
        };
        typed(&answer.map_err(refused)?)
    }
}

/// The same in another type.
fn typed<T: DeserializeOwned>(value: &impl Serialize) -> Result<T, Error> {
    Ok(serde_json::from_value(serde_json::to_value(value)?)?)
}

fn refused(error: OpenAIError) -> Error {
    match error {
        OpenAIError::ApiError(refusal) => {
            let status = refusal.status_code.as_u16();
            Error::Api { status, code: refusal.api_error.code }
        }
        OpenAIError::Reqwest(error) => Error::Http(error),
        OpenAIError::JSONDeserialize(error, _) => Error::Json(error),
        _ => Error::Stream,
    }
}
