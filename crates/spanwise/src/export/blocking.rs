//! Waiting without a runtime: a thread parks until there is an answer, or no more time.
//!
//! `block_on` of a runtime panics inside another; parking works everywhere, and is bounded.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use tokio::sync::oneshot;

use super::command::{Command, Request};
use super::intake::Intake;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The future's output, unless time is over before.
pub(crate) fn wait<F: Future>(future: F, timeout: Duration) -> Option<F::Output> {
    let deadline = Instant::now() + timeout;
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        let left = deadline.checked_duration_since(Instant::now())?;
        std::thread::park_timeout(left);
    }
}

/// A flush for the SDK's providers: spans and logs, and a truthful answer.
pub(crate) fn flush(intake: &Intake, timeout: Duration) -> OTelSdkResult {
    let before = intake.report().dropped();
    let (reply, answer) = oneshot::channel();
    let deadline = tokio::time::Instant::now() + timeout;
    intake.command(Command::Flush(Request { metrics: None, deadline, reply }));
    match wait(answer, timeout + Duration::from_millis(100)) {
        None => Err(OTelSdkError::Timeout(timeout)),
        Some(Err(_)) => Err(OTelSdkError::AlreadyShutdown),
        Some(Ok(report)) if !report.complete => Err(OTelSdkError::Timeout(timeout)),
        Some(Ok(report)) => match report.dropped() - before {
            0 => Ok(()),
            dropped => {
                Err(OTelSdkError::InternalFailure(format!("{dropped} items did not arrive")))
            }
        },
    }
}
