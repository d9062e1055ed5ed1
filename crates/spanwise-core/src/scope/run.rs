//! Running inside a scope: a future, a stream, a closure, a stretch of code.

use std::fmt;
use std::pin::Pin;
use std::task::{self, Poll};

use futures_core::Stream;
use opentelemetry::{Context, ContextGuard};
use pin_project_lite::pin_project;

use super::Scope;

impl Scope {
    /// Runs a future inside the scope, which begins with the first poll, under what is active there. It
    /// holds wherever the future is polled; tasks that are spawned inside take it along by
    /// [`propagate_context`](crate::propagation::propagate_context).
    pub fn run<F: Future>(self, future: F) -> InScope<F> {
        InScope::new(future, self)
    }

    /// Runs a closure inside the scope.
    pub fn run_sync<T>(self, work: impl FnOnce() -> T) -> T {
        let _entered = self.enter();
        work()
    }

    /// Makes the scope the one in force on this thread, until the result is dropped.
    ///
    /// It must not be held across an `.await`, and cannot leave its thread: use [`run`](Self::run) there.
    ///
    /// ```compile_fail,E0277
    /// let entered = spanwise_core::scope().session("s-1").enter();
    /// std::thread::spawn(move || drop(entered));
    /// ```
    pub fn enter(self) -> EnteredScope {
        EnteredScope { _guard: self.context().attach() }
    }
}

/// While it lives, a scope is in force on this thread. Dropping it brings back the one before.
#[must_use = "the scope is in force only while this lives"]
pub struct EnteredScope {
    _guard: ContextGuard,
}

impl fmt::Debug for EnteredScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnteredScope")
    }
}

pin_project! {
    /// A future or a stream inside a scope; made by [`Scope::run`] and
    /// [`FutureExt::in_scope`](crate::FutureExt::in_scope).
    #[must_use = "futures and streams do nothing unless polled"]
    pub struct InScope<F> {
        #[pin]
        inner: F,
        place: Place,
    }
}

/// Where it runs; settled with the first poll.
enum Place {
    Of(Box<Scope>),
    In(Context),
}

impl Place {
    fn enter(&mut self) -> ContextGuard {
        let context = match self {
            Self::In(context) => context.clone(),
            Self::Of(scope) => {
                let context = std::mem::take(&mut **scope).context();
                *self = Self::In(context.clone());
                context
            }
        };
        context.attach()
    }
}

impl<F> InScope<F> {
    /// A stream inside a scope; for futures there is [`Scope::run`].
    pub fn new(inner: F, scope: Scope) -> Self {
        Self { inner, place: Place::Of(Box::new(scope)) }
    }
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _guard = this.place.enter();
        this.inner.poll(cx)
    }
}

impl<S: Stream> Stream for InScope<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let _guard = this.place.enter();
        this.inner.poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

impl<F> fmt::Debug for InScope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InScope")
    }
}
