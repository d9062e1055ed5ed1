//! A model call that is under way, for all who have something to say of it.
//!
//! ```text
//! a request body that is still being sent ─► request ─┐
//! what stands inside a client that retries ► attempts ┼─► Exchange
//! the answer ──────────────────────────────► the rest ┘
//! ```

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, StatusCode};
use opentelemetry::Context;
use spanwise_core::{Attempt, BudgetExceeded};
use spanwise_providers::{Exchange, Request};

/// What stands inside of calls and looks for the one that it is in. While the program has none, calls do not go to the
/// trouble of being found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inside(());

static ANYTHING_INSIDE: AtomicBool = AtomicBool::new(false);

impl Default for Inside {
    fn default() -> Self {
        ANYTHING_INSIDE.store(true, Ordering::Relaxed);
        Self(())
    }
}

/// Shared by its holders until the answer closes it.
#[derive(Clone)]
pub(crate) struct OpenCall(Arc<Mutex<State>>);

struct State {
    /// `None` once it is over.
    exchange: Option<Exchange>,
    /// Where the request goes, without its query: what goes elsewhere is none of its attempts.
    path: String,
    /// How much of the request is known.
    known: usize,
    /// The answer is asked for as a stream.
    stream: bool,
    /// When the last attempt that was told was over.
    last_attempt: Option<Instant>,
}

impl OpenCall {
    /// With so many bytes of its request known.
    pub(crate) fn new(exchange: Exchange, mut path: String, known: usize, stream: bool) -> Self {
        path.truncate(path.bytes().position(|byte| byte == b'?').unwrap_or(path.len()));
        let state = State { exchange: Some(exchange), path, known, stream, last_attempt: None };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says something of it, unless it is over.
    pub(crate) fn with(&self, say: impl FnOnce(&Exchange)) {
        if let Some(exchange) = &self.state().exchange {
            say(exchange);
        }
    }

    /// Takes what ends it. Nothing can be said of it afterwards.
    pub(crate) fn close(&self) -> Option<Exchange> {
        self.state().exchange.take()
    }

    /// So many bytes of the request have been read: what they ask, if that is news.
    pub(crate) fn request(&self, known: usize, ask: impl FnOnce() -> Request) {
        let mut state = self.state();
        if known <= state.known || state.exchange.is_none() {
            return;
        }
        let request = ask();
        (state.known, state.stream) = (known, request.stream);
        if let Some(exchange) = &state.exchange {
            // A body may be sent on a task of the client's.
            let _context = exchange.context().attach();
            exchange.request(request);
        }
    }

    pub(crate) fn streams(&self) -> bool {
        self.state().stream
    }

    /// An answer has come that nothing inside has told of as an attempt.
    pub(crate) fn answered(&self, status: StatusCode, headers: &HeaderMap) {
        let state = self.state();
        if state.last_attempt.is_none()
            && let Some(exchange) = &state.exchange
        {
            exchange.attempt(attempt(status, headers));
        }
    }

    /// The context in which what is inside finds it.
    pub(crate) fn in_context(&self, context: Context) -> Context {
        match ANYTHING_INSIDE.load(Ordering::Relaxed) {
            true => context.with_value(self.clone()),
            false => context,
        }
    }

    /// The call that is under way here, if one is.
    pub(crate) fn current(_: Inside) -> Option<Self> {
        Context::map_current(|context| context.get::<Self>().cloned())
    }

    /// Asks the budgets that are a hard stop. Where one is used up the call is over, and is not to be made.
    pub(crate) fn within_budget(&self) -> Result<(), BudgetExceeded> {
        let context = match &self.state().exchange {
            Some(exchange) => exchange.context(),
            None => return Ok(()),
        };
        spanwise_core::check_budgets(&context).inspect_err(|exceeded| {
            if let Some(exchange) = self.close() {
                let _context = context.attach();
                exchange.over_budget(exceeded);
            }
        })
    }

    /// An attempt begins of the call that is under way here, if one is; `path` where it is known.
    pub(crate) fn attempt(inside: Inside, path: Option<&str>) -> Option<OpenAttempt> {
        let call = Self::current(inside)?;
        let delay = {
            let state = call.state();
            if path.is_some_and(|path| path != state.path) {
                return None;
            }
            state.exchange.iter().for_each(Exchange::attempt_begins);
            state.last_attempt.map(|last| last.elapsed())
        };
        Some(OpenAttempt { call, delay, told: false })
    }
}

/// An attempt that has begun. Dropping it says that it was given up.
pub(crate) struct OpenAttempt {
    call: OpenCall,
    delay: Option<Duration>,
    told: bool,
}

impl OpenAttempt {
    pub(crate) fn answered(mut self, status: StatusCode, headers: &HeaderMap) {
        self.tell(attempt(status, headers));
    }

    pub(crate) fn failed<E: 'static>(mut self, error: &E) {
        self.tell(Attempt::failed(error));
    }

    fn tell(&mut self, attempt: Attempt) {
        self.told = true;
        let attempt = match self.delay {
            Some(delay) => attempt.delay(delay),
            None => attempt,
        };
        let mut state = self.call.state();
        state.last_attempt = Some(Instant::now());
        state.exchange.iter().for_each(|exchange| exchange.attempt(attempt.clone()));
    }
}

impl Drop for OpenAttempt {
    fn drop(&mut self) {
        if !self.told {
            self.tell(Attempt::abandoned());
        }
    }
}

fn attempt(status: StatusCode, headers: &HeaderMap) -> Attempt {
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value));
    spanwise_providers::answered(status.as_u16(), headers, SystemTime::now())
}
