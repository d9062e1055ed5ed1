//! Context within the process: tasks and threads begin without one, and take it along by these.

use std::fmt;
use std::pin::Pin;
use std::task::{self, Poll};

use futures_core::Stream;
use opentelemetry::Context;
use pin_project_lite::pin_project;

/// Takes the context that is current now along to where the future, or the stream, is polled: the active
/// operation, the scope, the baggage, the recorder.
///
/// ```
/// use spanwise_core::{Agent, Tool, propagate_context};
///
/// # async fn lookup() -> Result<u32, std::io::Error> { Ok(1) }
/// # async fn example() -> Result<(), std::io::Error> {
/// Agent::new("triage")
///     .run_with(async |_| {
///         let task = tokio::spawn(propagate_context(Tool::new("lookup").run(lookup())));
///         task.await.map_err(std::io::Error::other)?
///     })
///     .await?;
/// # Ok(()) }
/// ```
pub fn propagate_context<F>(inner: F) -> InContext<F> {
    InContext { inner, context: Context::current() }
}

/// The same for a closure: for `spawn_blocking`, `std::thread::spawn` and thread pools.
///
/// ```
/// use spanwise_core::{Tool, propagate_closure};
///
/// let thread = std::thread::spawn(propagate_closure(|| Tool::new("parse").start().finish()));
/// # thread.join().unwrap();
/// ```
pub fn propagate_closure<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let context = Context::current();
    move || with_context(&context, work)
}

/// Runs a closure in a context, such as one from [`extract_from_headers`](super::extract_from_headers).
pub fn with_context<T>(context: &Context, work: impl FnOnce() -> T) -> T {
    let _guard = context.clone().attach();
    work()
}

pin_project! {
    /// A future or a stream in a context; made by [`propagate_context`].
    #[must_use = "futures and streams do nothing unless polled"]
    pub struct InContext<F> {
        #[pin]
        inner: F,
        context: Context,
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _guard = this.context.clone().attach();
        this.inner.poll(cx)
    }
}

impl<S: Stream> Stream for InContext<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let _guard = this.context.clone().attach();
        this.inner.poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

impl<F> fmt::Debug for InContext<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InContext")
    }
}
