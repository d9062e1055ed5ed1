//! Threads of ours: each with a runtime of its own, whatever the program has or has not.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;

use opentelemetry::Context;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::error::InitError;

thread_local! {
    static IS_OWN: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is a thread of ours.
pub(crate) fn is_own() -> bool {
    IS_OWN.get()
}

/// Says that this is a thread of ours, from now on.
pub(crate) fn is_own_from_now_on() {
    IS_OWN.set(true);
}

/// Starts a thread with a runtime of its own, on which nothing is recorded: no `tracing` subscriber sees
/// what happens there, and OpenTelemetry is suppressed.
pub(crate) fn own_thread<F>(name: &str, run: F) -> Result<(), InitError>
where
    F: FnOnce(&Runtime) + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| InitError::Thread { kind: error.kind() })?;
    let body = move || {
        is_own_from_now_on();
        let _nobody = tracing::dispatcher::set_default(&tracing::Dispatch::none());
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        run(&runtime);
        // Looking up a name may still block a helper thread; nobody waits for that.
        runtime.shutdown_background();
    };
    let thread = std::thread::Builder::new().name(name.into()).spawn(body);
    thread.map(drop).map_err(|error| InitError::Thread { kind: error.kind() })
}

/// The far end of a lane, while it runs.
pub(crate) struct FarEnd {
    /// Resolves when it has delivered everything and is done.
    pub(crate) done: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// Stops it where it is, if it can be stopped.
    pub(crate) abort: Option<AbortHandle>,
}

impl FarEnd {
    /// Runs the far end of a lane on a thread of its own, which cannot be stopped.
    pub(crate) fn on_own_thread<F>(name: &str, run: F) -> Result<Self, InitError>
    where
        F: FnOnce(&Runtime) + Send + 'static,
    {
        let (done, is_done) = oneshot::channel();
        own_thread(name, move |runtime| {
            run(runtime);
            // Nobody may be waiting.
            let _ = done.send(());
        })?;
        let done = async move {
            let _ = is_done.await;
        };
        Ok(Self { done: Box::pin(done), abort: None })
    }
}
