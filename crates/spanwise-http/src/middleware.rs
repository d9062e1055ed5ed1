//! For clients of `reqwest-middleware`.

use http::Extensions;
use opentelemetry::Context;
use opentelemetry::trace::FutureExt as _;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use crate::genai::GenAi;
use crate::reqwest_response;

/// Records the model calls of a client of `reqwest-middleware`.
///
/// ```
/// use spanwise_http::GenAiMiddleware;
///
/// # fn client(http: reqwest::Client) -> reqwest_middleware::ClientWithMiddleware {
/// reqwest_middleware::ClientBuilder::new(http).with(GenAiMiddleware::default()).build()
/// # }
/// ```
///
/// Given before a middleware that retries, it makes one span of all attempts; given after it, one of each.
#[derive(Clone, Debug, Default)]
pub struct GenAiMiddleware(GenAi);

impl GenAiMiddleware {
    /// With rules for hosts that are not known by themselves.
    pub fn new(genai: GenAi) -> Self {
        Self(genai)
    }
}

#[async_trait::async_trait]
impl Middleware for GenAiMiddleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let Some(mut recording) = reqwest_response::call(&self.0, &request) else {
            reqwest_response::propagate(&self.0, &Context::current(), &mut request);
            return next.run(request, extensions).await;
        };
        let context = recording.context();
        reqwest_response::propagate(&self.0, &context, &mut request);
        match next.run(request, extensions).with_context(context).await {
            Ok(response) => Ok(reqwest_response::record(response, recording)),
            Err(error) => {
                match &error {
                    Error::Reqwest(error) => recording.broke(error),
                    Error::Middleware(_) => recording.broke(&error),
                }
                Err(error)
            }
        }
    }
}
