//! For tower clients: no model call leaves whose budget is used up.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Request;
use pin_project_lite::pin_project;
use spanwise_core::BudgetExceeded;
use tower_layer::Layer;
use tower_service::Service;

use crate::open_call::{Inside, OpenCall};

/// Refuses model calls of a tower client whose budget is used up, where that is a
/// [hard stop](spanwise_core::BudgetBuilder::hard_stop): before the request leaves.
///
/// It stands inside a [`GenAiLayer`](crate::GenAiLayer), which says which requests are model calls; all others pass. The
/// call's span says `error.type` = `budget_exceeded` and `spanwise.budget.name`. Errors become [`BudgetError`].
///
/// ```
/// use spanwise_http::{BudgetLayer, GenAiLayer};
/// use tower_layer::Layer as _;
///
/// # #[derive(Clone)] struct Client;
/// let client = GenAiLayer::default().layer(BudgetLayer::default().layer(Client));
/// # let _ = client;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct BudgetLayer {
    inside: Inside,
}

impl<S> Layer<S> for BudgetLayer {
    type Service = BudgetService<S>;

    fn layer(&self, inner: S) -> BudgetService<S> {
        BudgetService { inner, inside: self.inside }
    }
}

/// A client whose calls are made while their budgets last; made by [`BudgetLayer`].
#[derive(Clone, Debug)]
pub struct BudgetService<S> {
    inner: S,
    inside: Inside,
}

/// Why a call of a [`BudgetService`] has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BudgetError<E> {
    /// Nothing was sent: the budget is used up.
    Exceeded(BudgetExceeded),
    /// The client's own.
    Client(E),
}

impl<E: fmt::Display> fmt::Display for BudgetError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exceeded(exceeded) => exceeded.fmt(f),
            Self::Client(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for BudgetError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Exceeded(exceeded) => Some(exceeded),
            Self::Client(error) => Some(error),
        }
    }
}

impl<S, B> Service<Request<B>> for BudgetService<S>
where
    S: Service<Request<B>>,
    S::Error: fmt::Display + 'static,
{
    type Response = S::Response;
    type Error = BudgetError<S::Error>;
    type Future = WithinBudget<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(BudgetError::Client)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let call = OpenCall::current(self.inside);
        match call.as_ref().map_or(Ok(()), OpenCall::within_budget) {
            Ok(()) => {
                let future = Some(self.inner.call(request));
                WithinBudget { future, call, exceeded: None }
            }
            Err(exceeded) => WithinBudget { future: None, call, exceeded: Some(exceeded) },
        }
    }
}

pin_project! {
    /// The future of a [`BudgetService`].
    pub struct WithinBudget<F> {
        // There is none where nothing is sent.
        #[pin]
        future: Option<F>,
        call: Option<OpenCall>,
        exceeded: Option<BudgetExceeded>,
    }
}

impl<F, T, E> Future for WithinBudget<F>
where
    F: Future<Output = Result<T, E>>,
    E: fmt::Display + 'static,
{
    type Output = Result<T, BudgetError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(exceeded) = this.exceeded.take() {
            return Poll::Ready(Err(BudgetError::Exceeded(exceeded)));
        }
        // Whoever polls again after a refusal gets no other.
        let Some(future) = this.future.as_pin_mut() else { return Poll::Pending };
        future.poll(cx).map_err(|error| {
            // Its type is known here, and hidden from those outside.
            if let Some(exchange) = this.call.take().and_then(|call| call.close()) {
                let _context = exchange.context().attach();
                exchange.fail(&error);
            }
            BudgetError::Client(error)
        })
    }
}

impl<F> fmt::Debug for WithinBudget<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithinBudget").finish_non_exhaustive()
    }
}
