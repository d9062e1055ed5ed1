//! For `async-openai`.

use std::pin::Pin;
use std::task::{Context, Poll};

use async_openai::error::OpenAIError;
use async_openai::middleware::retry::{OpenAIRetry, OpenAIRetryLayer};
use async_openai::middleware::{HttpRequestFactory, ReqwestService};
use opentelemetry::trace::FutureExt as _;
use tower_layer::Layer as _;
use tower_service::Service;

use crate::genai::GenAi;
use crate::reqwest_response;

/// Records the model calls of an `async-openai` client.
///
/// ```
/// use async_openai::Client;
/// use async_openai::config::OpenAIConfig;
///
/// # fn client(http: reqwest::Client) -> Client<OpenAIConfig> {
/// Client::with_config(OpenAIConfig::new())
///     .with_http_service(spanwise_http::async_openai(http))
/// # }
/// ```
///
/// A service of one's own stands in place of the crate's, and with it of its retries; so this one retries as
/// the crate does by default. All attempts of a call are one span.
pub fn async_openai(http: reqwest::Client) -> AsyncOpenAi {
    AsyncOpenAi::new(GenAi::default(), http)
}

/// The service that [`async_openai`](async_openai()) makes.
#[derive(Clone, Debug)]
pub struct AsyncOpenAi {
    genai: GenAi,
    http: OpenAIRetry<ReqwestService>,
}

impl AsyncOpenAi {
    /// With rules for hosts that are not known by themselves.
    pub fn new(genai: GenAi, http: reqwest::Client) -> Self {
        Self { genai, http: OpenAIRetryLayer::default().layer(ReqwestService::new(http)) }
    }
}

impl Service<HttpRequestFactory> for AsyncOpenAi {
    type Response = reqwest::Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<reqwest::Response, OpenAIError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        self.http.poll_ready(cx)
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        let clone = self.http.clone();
        let mut http = std::mem::replace(&mut self.http, clone);
        let genai = self.genai.clone();
        Box::pin(async move {
            if !spanwise_core::is_recorded() {
                let factory = propagating(factory, genai, opentelemetry::Context::current());
                return http.call(factory).await;
            }
            // Made once more than it is sent: to be looked at.
            let request = factory.build().await?;
            let Some(mut recording) = reqwest_response::call(&genai, &request) else {
                let factory = propagating(factory, genai, opentelemetry::Context::current());
                return http.call(factory).await;
            };
            let context = recording.context();
            let factory = propagating(factory, genai, context.clone());
            match http.call(factory).with_context(context).await {
                Ok(response) => Ok(reqwest_response::record(response, recording)),
                Err(error) => {
                    match &error {
                        OpenAIError::Reqwest(error) => recording.broke(error),
                        error => recording.broke(error),
                    }
                    Err(error)
                }
            }
        })
    }
}

/// Makes the same requests, with the context for those hosts that shall have it.
fn propagating(
    factory: HttpRequestFactory,
    genai: GenAi,
    context: opentelemetry::Context,
) -> HttpRequestFactory {
    HttpRequestFactory::new(move || {
        let (factory, genai, context) = (factory.clone(), genai.clone(), context.clone());
        async move {
            let mut request = factory.build().await?;
            reqwest_response::propagate(&genai, &context, &mut request);
            Ok(request)
        }
    })
}
