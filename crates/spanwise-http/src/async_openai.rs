//! For `async-openai`.

use std::pin::Pin;
use std::task::{Context, Poll};

use async_openai::error::OpenAIError;
use async_openai::middleware::retry::{OpenAIRetry, OpenAIRetryLayer};
use async_openai::middleware::{HttpRequestFactory, ReqwestService};
use bytes::Bytes;
use opentelemetry::trace::FutureExt as _;
use tower_layer::Layer as _;
use tower_service::Service;

use crate::genai::GenAi;
use crate::open_call::{Inside, OpenCall};
use crate::recording::Recording;
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
/// Where a budget is used up that is a [hard stop](spanwise_core::BudgetBuilder::hard_stop), nothing is sent, and the error is
/// `OpenAIError::Boxed` with a [`BudgetExceeded`](spanwise_core::BudgetExceeded), by `downcast_ref`.
///
/// A service of one's own stands in place of the crate's, and with it of its retries; so this one retries as
/// the crate does by default. All attempts of a call are one span, which shows them where there were several.
pub fn async_openai(http: reqwest::Client) -> AsyncOpenAi {
    AsyncOpenAi::new(GenAi::default(), http)
}

/// The service that [`async_openai`](async_openai()) makes.
#[derive(Clone, Debug)]
pub struct AsyncOpenAi {
    genai: GenAi,
    http: OpenAIRetry<Attempts>,
}

impl AsyncOpenAi {
    /// With rules for hosts that are not known by themselves.
    pub fn new(genai: GenAi, http: reqwest::Client) -> Self {
        let attempts = Attempts(ReqwestService::new(http), Inside::default());
        Self { genai, http: OpenAIRetryLayer::default().layer(attempts) }
    }
}

type Answered = Pin<Box<dyn Future<Output = Result<reqwest::Response, OpenAIError>> + Send>>;

impl Service<HttpRequestFactory> for AsyncOpenAi {
    type Response = reqwest::Response;
    type Error = OpenAIError;
    type Future = Answered;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        self.http.poll_ready(cx)
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Answered {
        let clone = self.http.clone();
        let mut http = std::mem::replace(&mut self.http, clone);
        let genai = self.genai.clone();
        Box::pin(async move {
            if !spanwise_core::is_recorded() {
                let factory = prepared(factory, genai, opentelemetry::Context::current(), None);
                return http.call(factory).await;
            }
            // Made once more than it is sent: to be looked at.
            let request = factory.build().await?;
            let Some((mut recording, instead)) = reqwest_response::look_at(&genai, &request) else {
                let factory = prepared(factory, genai, opentelemetry::Context::current(), None);
                return http.call(factory).await;
            };
            if let Err(exceeded) = recording.check_budget() {
                return Err(OpenAIError::Boxed(exceeded.into()));
            }
            let context = recording.context();
            let factory = prepared(factory, genai, context.clone(), instead);
            // The first attempt begins with the call, the others while it is awaited.
            let answered = {
                let _active = context.clone().attach();
                http.call(factory)
            };
            match answered.with_context(context).await {
                Ok(response) => Ok(reqwest_response::record(response, recording)),
                Err(error) => {
                    fail(&mut recording, &error);
                    Err(error)
                }
            }
        })
    }
}

/// Makes the same requests, with the context for those hosts that shall have it, and with usage asked for where
/// that is wanted.
fn prepared(
    factory: HttpRequestFactory,
    genai: GenAi,
    context: opentelemetry::Context,
    instead: Option<Bytes>,
) -> HttpRequestFactory {
    HttpRequestFactory::new(move || {
        let (factory, genai) = (factory.clone(), genai.clone());
        let (context, instead) = (context.clone(), instead.clone());
        async move {
            let mut request = factory.build().await?;
            reqwest_response::propagate(&genai, &context, &mut request);
            if let Some(bytes) = instead {
                reqwest_response::send_instead(&mut request, bytes);
            }
            Ok(request)
        }
    })
}

/// The crate's retries read refusals, and give errors in their place.
fn fail(recording: &mut Recording, error: &OpenAIError) {
    match error {
        OpenAIError::Reqwest(error) => recording.broke(error),
        OpenAIError::JSONDeserialize(error, _) => recording.broke(error),
        OpenAIError::ApiError(refusal) => {
            let said = &refusal.api_error;
            let code = said.code.as_ref().or(said.r#type.as_ref());
            let code = code.cloned().unwrap_or_else(|| refusal.status_code.as_str().to_owned());
            recording.refused(code, &said.message);
        }
        error => recording.broke(error),
    }
}

/// Inside of the retries: tells of each attempt.
#[derive(Clone, Debug)]
struct Attempts(ReqwestService, Inside);

impl Service<HttpRequestFactory> for Attempts {
    type Response = reqwest::Response;
    type Error = OpenAIError;
    type Future = Answered;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Answered {
        // Nothing but attempts of that call comes here.
        let attempt = OpenCall::attempt(self.1, None);
        let answered = self.0.call(factory);
        Box::pin(async move {
            let result = answered.await;
            match &result {
                Ok(answer) => reqwest_response::tried::<OpenAIError>(attempt, Ok(answer)),
                Err(OpenAIError::Reqwest(error)) => reqwest_response::tried(attempt, Err(error)),
                Err(error) => reqwest_response::tried(attempt, Err(error)),
            }
            result
        })
    }
}
