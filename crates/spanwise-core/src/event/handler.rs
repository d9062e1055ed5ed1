//! Functions that are called when something happens.
//!
//! ```text
//! operation ─┬─ starts ──► chat.start      ─┐
//!            ├─ ends   ──► chat.stop        ├─► every handler whose pattern matches, at once, on its task
//!            └─ fails  ──► chat.exception  ─┘
//! execute(name, …) ──────────────────────────┘
//! ```

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use opentelemetry::Context;

use super::hub::{EventHub, anyone_listens, count};
use super::measured::{EventDetails, Measurements};
use super::pattern::Pattern;
use crate::recorder;

type Function = dyn Fn(&str, &Measurements, &EventDetails<'_>) + Send + Sync;

struct Handler {
    id: Box<str>,
    patterns: Vec<Pattern>,
    function: Box<Function>,
}

/// Who is called.
#[derive(Default)]
pub(super) struct Handlers(RwLock<Arc<[Arc<Handler>]>>);

/// A handler that is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttachedHandler {
    /// Its id.
    pub id: String,
    /// Which events it hears.
    pub patterns: Vec<String>,
}

/// A handler of this id is attached already, and stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyAttached;

impl fmt::Display for AlreadyAttached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a handler of this id is attached already, and stays: detach it first")
    }
}

impl std::error::Error for AlreadyAttached {}

thread_local! {
    static CALLING: Cell<bool> = const { Cell::new(false) };
}

static WARN: OnceLock<fn(&str)> = OnceLock::new();

/// Says where it is told that a handler panicked. Defaults to stderr; the first one stays.
pub fn warn_by(warn: fn(&str)) {
    let _ = WARN.set(warn);
}

impl Handlers {
    fn all(&self) -> Arc<[Arc<Handler>]> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn change<R>(&self, change: impl FnOnce(&mut Vec<Arc<Handler>>) -> R) -> R {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut list = all.to_vec();
        let result = change(&mut list);
        count(all.len(), list.len());
        *all = list.into();
        result
    }

    /// Who hears this, if anyone does.
    pub(super) fn hearing(&self, name: &str) -> Option<Hearing> {
        let all = self.all();
        let first = all.iter().position(|handler| handler.hears(name))?;
        Some(Hearing { all, first })
    }

    /// Calls those who hear it. What they do themselves they do not hear.
    pub(super) fn call(
        &self,
        hearing: &Hearing,
        name: &str,
        measured: &Measurements,
        details: &EventDetails<'_>,
    ) {
        if CALLING.try_with(|calling| calling.replace(true)).unwrap_or(true) {
            return;
        }
        for handler in hearing.handlers(name) {
            let call = || (handler.function)(name, measured, details);
            if catch_unwind(AssertUnwindSafe(call)).is_err() {
                self.change(|all| all.retain(|known| !Arc::ptr_eq(known, handler)));
                warn(&format!(
                    "the handler `{}` panicked at `{name}`, and is detached",
                    handler.id
                ));
            }
        }
        CALLING.set(false);
    }
}

/// Handlers of which at least one hears something that happens.
pub(super) struct Hearing {
    all: Arc<[Arc<Handler>]>,
    /// The first of those who hear it.
    first: usize,
}

impl Hearing {
    fn handlers(&self, name: &str) -> impl Iterator<Item = &Arc<Handler>> {
        let all = self.all[self.first..].iter().enumerate();
        all.filter(move |(place, handler)| *place == 0 || handler.hears(name)).map(|(_, it)| it)
    }
}

impl Handler {
    fn hears(&self, name: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(name))
    }
}

fn warn(message: &str) {
    match WARN.get() {
        Some(warn) => warn(message),
        None => eprintln!("spanwise: {message}"),
    }
}

impl EventHub {
    /// Calls a function at every event whose name matches one of the patterns; see [`attach`].
    ///
    /// # Errors
    ///
    /// [`AlreadyAttached`], where there is one of this id.
    pub fn attach<P: AsRef<str>>(
        &self,
        id: &str,
        patterns: impl IntoIterator<Item = P>,
        handler: impl Fn(&str, &Measurements, &EventDetails<'_>) + Send + Sync + 'static,
    ) -> Result<(), AlreadyAttached> {
        let patterns = patterns.into_iter().map(|it| Pattern::new(it.as_ref())).collect();
        let new = Arc::new(Handler { id: id.into(), patterns, function: Box::new(handler) });
        self.handlers.change(|all| {
            if all.iter().any(|known| *known.id == *id) {
                return Err(AlreadyAttached);
            }
            all.push(new);
            Ok(())
        })
    }

    /// Detaches the handler of this id; says whether there was one.
    pub fn detach(&self, id: &str) -> bool {
        self.handlers.change(|all| {
            let before = all.len();
            all.retain(|known| *known.id != *id);
            all.len() < before
        })
    }

    /// The handlers that hear anything whose name begins so.
    pub fn list_handlers(&self, prefix: &str) -> Vec<AttachedHandler> {
        let all = self.handlers.all();
        let hears = |handler: &&Arc<Handler>| {
            handler.patterns.iter().any(|pattern| pattern.hears_below(prefix))
        };
        let shown = |handler: &Arc<Handler>| AttachedHandler {
            id: handler.id.to_string(),
            patterns: handler.patterns.iter().map(|it| it.as_str().to_owned()).collect(),
        };
        all.iter().filter(hears).map(shown).collect()
    }

    /// Tells handlers of an event.
    pub fn execute(&self, name: &str, measured: &Measurements, details: &EventDetails<'_>) {
        if anyone_listens() {
            self.happens(name, |tell| tell(measured, details));
        }
    }
}

/// The hub of the recorder in this context, else that of the process.
pub(super) fn hub() -> Cow<'static, Arc<EventHub>> {
    match recorder::of(&Context::current()) {
        Some(recorder) => Cow::Owned(recorder.hub.clone()),
        None => Cow::Borrowed(EventHub::of_process()),
    }
}

/// Calls a function at every event whose name matches: with its name, what was measured, and what it was.
///
/// Names are `component.phase` or `component.operation.phase`; in a pattern `*` stands for anything. The
/// function is called at once, on the task of what happened, and must not block: microseconds are fine. One that
/// panics is detached, and a warning says so. What it records itself it does not hear. It hears every operation,
/// sampled or not.
///
/// | Events | Of |
/// |---|---|
/// | `chat.start`, `chat.stop`, `chat.exception` | model calls |
/// | `embeddings.*`, `tool.*`, `agent.*`, `workflow.*`, `step.*`, `retrieval.*`, `memory.*`, `plan.*`, `agent.create.*`, `response.fetch.*` | the other operations |
/// | `{name}.start`, … | [`span`](crate::span), [`OwnSpan`](crate::OwnSpan) |
/// | `provider.request.start`, `.stop`, `.exception` | attempts of a call |
/// | `provider.auth.refresh`, `provider.rate_limit`, `retry`, `fallback`, `context.truncated` | what happens around calls |
/// | `cache.hit`, `cache.miss`, `cache.put`, `cache.evicted` | caches |
/// | `cost.calculated`, `cost.threshold_exceeded`, `budget.threshold` | costs and [budgets](crate::Budget) |
/// | `guard.check`, `workflow.route`, `validation`, `validation.checklist`, `evaluation` | what was judged and chosen |
/// | whatever it is called | [`execute`] |
///
/// It is attached to the recorder in the current context, or to the process; telemetry may be started before or
/// after.
///
/// # Errors
///
/// [`AlreadyAttached`], where there is one of this id.
///
/// ```
/// use spanwise_core::{attach, detach};
///
/// attach("my-handler", "chat.stop", |_name, measured, details| {
///     println!("{:?} took {:?}", details.model(), measured.duration);
/// })?;
/// assert!(detach("my-handler"));
/// # Ok::<_, spanwise_core::AlreadyAttached>(())
/// ```
pub fn attach(
    id: &str,
    pattern: &str,
    handler: impl Fn(&str, &Measurements, &EventDetails<'_>) + Send + Sync + 'static,
) -> Result<(), AlreadyAttached> {
    hub().attach(id, [pattern], handler)
}

/// The same, at events that match one of several patterns.
///
/// # Errors
///
/// [`AlreadyAttached`], where there is one of this id.
pub fn attach_many<P: AsRef<str>>(
    id: &str,
    patterns: impl IntoIterator<Item = P>,
    handler: impl Fn(&str, &Measurements, &EventDetails<'_>) + Send + Sync + 'static,
) -> Result<(), AlreadyAttached> {
    hub().attach(id, patterns, handler)
}

/// Detaches the handler of this id; says whether there was one.
pub fn detach(id: &str) -> bool {
    hub().detach(id)
}

/// The handlers that hear anything whose name begins so; all of them for an empty one.
pub fn list_handlers(prefix: &str) -> Vec<AttachedHandler> {
    hub().list_handlers(prefix)
}

/// Tells handlers of an event of the program's own, or tests them. Nothing is recorded.
///
/// ```
/// use std::time::Duration;
/// use spanwise_core::{EventDetails, Measurements, execute};
///
/// let measured = Measurements { duration: Some(Duration::from_secs(1)), ..Measurements::default() };
/// execute("chat.stop", &measured, &EventDetails::new().with("model", "gpt-4"));
/// ```
pub fn execute(name: &str, measured: &Measurements, details: &EventDetails<'_>) {
    if anyone_listens() {
        hub().execute(name, measured, details);
    }
}

/// Tells handlers that a cost was calculated: `cost.calculated`, with `amount`, of this provider and model.
pub fn cost_calculated(provider: &str, model: &str, amount: f64) {
    let of = EventDetails::new().with("provider", provider.to_owned());
    let of = of.with("model", model.to_owned());
    execute("cost.calculated", &Measurements::default().with("amount", amount), &of);
}

/// Tells handlers that a cost is above a threshold: `cost.threshold_exceeded`, with `amount` and `threshold`.
pub fn cost_threshold_exceeded(amount: f64, threshold: f64) {
    let measured = Measurements::default().with("amount", amount).with("threshold", threshold);
    execute("cost.threshold_exceeded", &measured, &EventDetails::new());
}
