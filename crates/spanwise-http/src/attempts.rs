//! Inside a client that retries: each attempt of a call that is recorded outside of it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::open_call::{Inside, OpenAttempt, OpenCall};

/// Tells of the attempts of a tower client that retries.
///
/// Stands inside of what retries, where a [`GenAiLayer`](crate::GenAiLayer) stands outside: the call is one
/// span, with an event `spanwise.attempt` for each attempt where there was more than one, and
/// `http.request.resend_count` (int). Elsewhere it does nothing. Requests and answers are passed on untouched.
///
/// ```
/// use spanwise_http::{AttemptLayer, GenAiLayer};
/// use tower::ServiceBuilder;
///
/// # #[derive(Clone)] struct Policy;
/// # #[derive(Clone)] struct Client;
/// # let (policy, client) = (Policy, Client);
/// let client = ServiceBuilder::new()
///     .layer(GenAiLayer::default())
///     .retry(policy)
///     .layer(AttemptLayer::default())
///     .service(client);
/// # let _ = client;
/// ```
///
/// The call is found by the OpenTelemetry context, which a `tower::buffer` between them does not carry.
#[derive(Clone, Copy, Debug, Default)]
pub struct AttemptLayer {
    inside: Inside,
}

impl<S> Layer<S> for AttemptLayer {
    type Service = AttemptService<S>;

    fn layer(&self, inner: S) -> AttemptService<S> {
        AttemptService { inner, inside: self.inside }
    }
}

/// A client whose attempts are told; made by [`AttemptLayer`].
#[derive(Clone, Debug)]
pub struct AttemptService<S> {
    inner: S,
    inside: Inside,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for AttemptService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    S::Error: 'static,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = Attempted<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let attempt = OpenCall::attempt(self.inside, Some(request.uri().path()));
        Attempted { attempt, future: self.inner.call(request) }
    }
}

pin_project! {
    /// The future of an [`AttemptService`].
    pub struct Attempted<F> {
        attempt: Option<OpenAttempt>,
        #[pin]
        future: F,
    }
}

impl<F, B, E> Future for Attempted<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: 'static,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let polled = this.future.poll(cx);
        if let Poll::Ready(result) = &polled
            && let Some(attempt) = this.attempt.take()
        {
            match result {
                Ok(answer) => attempt.answered(answer.status(), answer.headers()),
                Err(error) => attempt.failed(error),
            }
        }
        polled
    }
}

impl<F> fmt::Debug for Attempted<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempted").field("told", &self.attempt.is_some()).finish_non_exhaustive()
    }
}
