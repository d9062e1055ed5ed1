//! For clients of `reqwest-middleware`.

use http::Extensions;
use opentelemetry::Context;
use opentelemetry::trace::FutureExt as _;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use crate::genai::GenAi;
use crate::open_call::{Inside, OpenCall};
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
/// Where a budget is used up that is a [hard stop](spanwise_core::BudgetBuilder::hard_stop), nothing is sent, and the error is
/// `Error::Middleware` with a [`BudgetExceeded`](spanwise_core::BudgetExceeded), by `downcast_ref`.
///
/// Given before a middleware that retries, it makes one span of all attempts, and shows them where an
/// [`AttemptMiddleware`] is given after that; given after it, it makes one span of each.
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
        let Some(mut recording) = reqwest_response::call(&self.0, &mut request) else {
            reqwest_response::propagate(&self.0, &Context::current(), &mut request);
            return next.run(request, extensions).await;
        };
        recording.check_budget().map_err(Error::middleware)?;
        let context = recording.context();
        reqwest_response::propagate(&self.0, &context, &mut request);
        match next.run(request, extensions).with_context(context).await {
            Ok(response) => Ok(reqwest_response::record(response, recording)),
            Err(error) => {
                match cause(&error) {
                    Some(error) => recording.broke(error),
                    None => recording.broke(&error),
                }
                Err(error)
            }
        }
    }
}

/// Middleware that retries wraps the client's error in its own.
fn cause(error: &Error) -> Option<&reqwest::Error> {
    let mut cause: &(dyn std::error::Error + 'static) = match error {
        Error::Reqwest(error) => return Some(error),
        Error::Middleware(error) => error.as_ref(),
    };
    loop {
        match (cause.downcast_ref(), cause.downcast_ref()) {
            (Some(error), _) | (None, Some(Error::Reqwest(error))) => return Some(error),
            (None, Some(Error::Middleware(error))) => cause = error.as_ref(),
            (None, None) => cause = cause.source()?,
        }
    }
}

/// Tells of the attempts of a client of `reqwest-middleware` that retries.
///
/// Given after the middleware that retries, where a [`GenAiMiddleware`] is given before: the call is one span,
/// with an event `spanwise.attempt` for each attempt where there was more than one, and
/// `http.request.resend_count` (int). Elsewhere it does nothing.
///
/// ```
/// use reqwest_middleware::{ClientBuilder, Middleware};
/// use spanwise_http::{AttemptMiddleware, GenAiMiddleware};
///
/// # fn client(http: reqwest::Client, retries: impl Middleware) -> reqwest_middleware::ClientWithMiddleware {
/// ClientBuilder::new(http)
///     .with(GenAiMiddleware::default())
///     .with(retries)
///     .with(AttemptMiddleware::default())
///     .build()
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AttemptMiddleware {
    inside: Inside,
}

#[async_trait::async_trait]
impl Middleware for AttemptMiddleware {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let attempt = OpenCall::attempt(self.inside, Some(request.url().path()));
        let result = next.run(request, extensions).await;
        match &result {
            Ok(answer) => reqwest_response::tried::<Error>(attempt, Ok(answer)),
            Err(error) => match cause(error) {
                Some(cause) => reqwest_response::tried(attempt, Err(cause)),
                None => reqwest_response::tried(attempt, Err(error)),
            },
        }
        result
    }
}
