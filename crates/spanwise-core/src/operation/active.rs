//! Making an operation the active one: for a stretch of code, or for a future.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task;

use opentelemetry::{Context, ContextGuard};
use pin_project_lite::pin_project;

use crate::scope::{InScope, Scope};

/// An operation that others can run inside.
///
/// Implemented by every operation here, and by nothing else.
pub trait Operation: sealed::Operation {}

pub(crate) mod sealed {
    use crate::capture::CapturePolicy;
    use crate::content::ContentItem;

    pub trait Operation {
        fn active_context(&self) -> Option<&opentelemetry::Context>;

        /// `None` where nothing records.
        fn recording(&self) -> Option<&dyn Recording>;
    }

    /// What an operation takes while it runs, whatever its kind. What is not captured is not asked for.
    pub trait Recording {
        fn keeps_attributes(&self) -> bool;
        fn captures_outputs(&self) -> bool;
        fn attribute(&self, attribute: opentelemetry::KeyValue);
        fn input(&self, capture: &mut dyn FnMut(&CapturePolicy) -> ContentItem);
        fn output(&self, capture: &mut dyn FnMut() -> ContentItem);
    }
}

/// While it lives, the operation is the active one on this thread. Dropping it makes the one before
/// active again; the operation goes on.
///
/// It must not be held across an `.await`, and cannot be in a future that moves between threads: use
/// [`FutureExt::in_operation`] there.
#[must_use = "the operation is active only while this lives"]
pub struct Entered<'a> {
    _guard: Option<ContextGuard>,
    _operation: PhantomData<&'a ()>,
}

impl Entered<'_> {
    pub(crate) fn new(context: Option<&Context>) -> Self {
        Self { _guard: context.map(|context| context.clone().attach()), _operation: PhantomData }
    }
}

impl fmt::Debug for Entered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entered")
    }
}

/// Running futures inside operations.
pub trait FutureExt: Future + Sized {
    /// Runs the future with `operation` as the active one, also where it is spawned.
    ///
    /// The operation is not ended by it.
    ///
    /// ```
    /// use spanwise_core::{Agent, FutureExt, Tool};
    ///
    /// # async fn lookup() -> Result<u32, std::io::Error> { Ok(1) }
    /// # fn main() {
    /// let agent = Agent::new("triage").start();
    /// let child = Tool::new("lookup").run(lookup()).in_operation(&agent);
    /// # drop(child);
    /// agent.finish();
    /// # }
    /// ```
    fn in_operation(self, operation: &impl Operation) -> InOperation<Self> {
        InOperation::new(self, operation.active_context().cloned())
    }

    /// Runs the future inside a scope; the same as [`Scope::run`](crate::Scope::run).
    fn in_scope(self, scope: Scope) -> InScope<Self> {
        scope.run(self)
    }
}

impl<F: Future> FutureExt for F {}

pin_project! {
    /// A future inside an operation; made by [`FutureExt::in_operation`].
    #[must_use = "futures do nothing unless polled"]
    pub struct InOperation<F> {
        #[pin]
        future: F,
        context: Option<Context>,
    }
}

impl<F> InOperation<F> {
    pub(crate) fn new(future: F, context: Option<Context>) -> Self {
        Self { future, context }
    }
}

impl<F: Future> Future for InOperation<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> task::Poll<F::Output> {
        let this = self.project();
        let _guard = this.context.as_ref().map(|context| context.clone().attach());
        this.future.poll(cx)
    }
}

impl<F> fmt::Debug for InOperation<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InOperation")
    }
}
