//! What operations record into.
//!
//! ```text
//! operation ──► Recorder ─┬─► tracer            spans
//!                         ├─► MetricRecorder    histograms and counters
//!                         ├─► EventRecorder     log records        (only if asked for)
//!                         ├─► FeedbackRecorder  evaluations        (only if someone takes them)
//!                         ├─► ContentRecorder   typed content      (only if someone takes it)
//!                         ├─► CompletionHook    all of it          (only if there is one)
//!                         ├─► Budget            what is left          (only if there is one)
//!                         ├─► Pricing           what it cost       (only if there is one)
//!                         └─► EventHub          what happened      (only if someone listens)
//! ```
//!
//! One recorder can be installed for the process; one in the OpenTelemetry [`Context`] wins over it.
//! Without either, every call is a no-op after one look at a flag.

pub(crate) mod completion;
mod events;
mod fast_hash;
mod metric_set;
mod metrics;
mod model_names;
mod open;
mod per_series;
mod profiled;
mod recorded_attributes;
mod scoped;
mod spans;

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use opentelemetry::logs::Logger;
use opentelemetry::metrics::Meter;
use opentelemetry::trace::{SpanContext, Tracer};
use opentelemetry::{Context, InstrumentationScope};

pub use completion::{Completion, CompletionHook};
pub use events::{Event, EventRecorder};
pub use metric_set::{MetricSet, UnknownMetricSet};
pub use metrics::{
    Label, Measurement, MetricRecorder, MetricValue, PlainInstrument, PlainMetrics, Series,
    TokenLabel,
};
pub use model_names::ModelNames;
pub(crate) use open::{OpenOperation, OpenSlot};
pub use per_series::{Kept, PerSeries};
pub use recorded_attributes::RecordedAttributes;

use crate::budget::Budget;
use crate::capture::{CapturePolicy, ContentLevel};
use crate::clock::Clock;
use crate::content::Content;
use crate::cost::{Pricing, TokenEstimator};
use crate::event::{Emitted, EventHub};
use crate::feedback::FeedbackRecorder;
use crate::scope::{ActiveScope, ScopeField};
use crate::semconv::SemconvProfile;

/// The name of the instrumentation scope that everything recorded here carries.
pub const SCOPE_NAME: &str = "spanwise";

/// The instrumentation scope of everything recorded here: name, version, schema URL.
pub fn instrumentation_scope() -> InstrumentationScope {
    InstrumentationScope::builder(SCOPE_NAME)
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(crate::semconv::SCHEMA_URL)
        .build()
}

/// Takes what a span ends with in one piece, and content typed, so that it is serialised elsewhere than on
/// the caller's task.
pub trait ContentRecorder: Send + Sync {
    /// Content of the span that ends next on this thread.
    fn record(&self, span: &SpanContext, content: Arc<Content>);

    /// Whether attributes are taken as well, all of them and in one piece: then the span gets none, neither
    /// at its start (unless [`RecorderBuilder::start_attributes`] has it so) nor at its end. For tracers whose
    /// processors look at none. Defaults to no.
    fn takes_attributes(&self) -> bool {
        false
    }

    /// Whether whoever takes content, of spans and events alike, keeps to its
    /// [`level`](Content::level). Else content below `Full` is not captured at all. Defaults to no.
    fn reduces_content(&self) -> bool {
        false
    }

    /// Attributes of the span that ends next on this thread; called only where they are taken. The first `early` of
    /// them come before what others have set on the span while it was open.
    fn record_attributes(
        &self,
        _span: &SpanContext,
        _attributes: RecordedAttributes,
        _early: usize,
    ) {
    }
}

/// What operations record into: a tracer, metrics, events, and what content they may take.
///
/// Made by `spanwise::init_telemetry`; by hand for providers that exist already, and in tests.
///
/// ```
/// use opentelemetry::trace::{TracerProvider, noop::NoopTracerProvider};
/// use spanwise_core::Recorder;
///
/// let tracer = NoopTracerProvider::new().tracer("any");
/// let recorder = Recorder::builder(tracer).build();
/// let context = recorder.in_context(&opentelemetry::Context::new());
/// # drop(context);
/// ```
pub struct Recorder {
    pub(crate) spans: Box<dyn spans::SpanRecorder>,
    pub(crate) metrics: Box<dyn MetricRecorder>,
    pub(crate) events: Option<Box<dyn EventRecorder>>,
    pub(crate) feedback: Option<Box<dyn FeedbackRecorder>>,
    pub(crate) content: Option<Box<dyn ContentRecorder>>,
    pub(crate) completion: Option<Box<dyn CompletionHook>>,
    pub(crate) pricing: Option<Box<dyn Pricing>>,
    pub(crate) estimator: Option<Box<dyn TokenEstimator>>,
    pub(crate) budgets: Vec<Budget>,
    pub(crate) hub: Arc<EventHub>,
    pub(crate) policy: CapturePolicy,
    pub(crate) scope_labels: scoped::ScopeLabels,
    start_attributes: bool,
    clock: Option<Box<dyn Clock>>,
    pub(crate) open: open::OpenOperations,
    pub(crate) emitted: Emitted,
}

impl Recorder {
    /// Starts from a tracer; metrics and events go nowhere until they are given.
    pub fn builder<T>(tracer: T) -> RecorderBuilder
    where
        T: Tracer + Send + Sync + 'static,
        T::Span: Send + Sync + 'static,
    {
        RecorderBuilder {
            profile: SemconvProfile::Latest,
            metric_set: MetricSet::All,
            model_names: ModelNames::exact(),
            recorder: Self {
                spans: Box::new(tracer),
                metrics: Box::new(metrics::NoMetrics),
                events: None,
                feedback: None,
                content: None,
                completion: None,
                pricing: None,
                estimator: None,
                budgets: Vec::new(),
                hub: EventHub::of_process().clone(),
                policy: CapturePolicy::default(),
                scope_labels: scoped::ScopeLabels::default(),
                start_attributes: false,
                clock: None,
                open: open::OpenOperations::default(),
                emitted: Emitted::default(),
            },
        }
    }

    /// The context with this recorder in it; inside, it wins over an installed one.
    pub fn in_context(self, context: &Context) -> Context {
        Arc::new(self).shared_in_context(context)
    }

    /// The same for a recorder that others hold as well.
    pub fn shared_in_context(self: Arc<Self>, context: &Context) -> Context {
        ANY.store(true, Ordering::Release);
        context.with_value(InContext(self))
    }

    /// Ends the operations that are still open, as cancelled and marked with
    /// `spanwise.open_at_shutdown`, and says how many there were. What their owners do with them
    /// afterwards has no effect.
    pub fn end_open_operations(&self) -> usize {
        let ended = self.open.end_all();
        self.emitted.clear();
        ended
    }

    /// Whether attributes that a span ends with are taken in one piece.
    pub(crate) fn takes_attributes(&self) -> bool {
        self.content.as_ref().is_some_and(|recorder| recorder.takes_attributes())
    }

    /// Whether spans start with attributes; else they end with all of them.
    pub(crate) fn gives_start_attributes(&self) -> bool {
        self.start_attributes || !self.takes_attributes()
    }

    /// Whether content is looked at that is not captured.
    pub(crate) fn keeps_content(&self) -> bool {
        self.completion.is_some() || self.estimator.is_some()
    }

    /// Whether content goes to someone who keeps to its level.
    pub(crate) fn reduces_content(&self) -> bool {
        self.content.as_ref().is_some_and(|recorder| recorder.reduces_content())
    }

    /// The time of day.
    pub(crate) fn now(&self) -> SystemTime {
        self.clock().map_or_else(SystemTime::now, Clock::now)
    }

    pub(crate) fn clock(&self) -> Option<&dyn Clock> {
        self.clock.as_deref()
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// Makes a [`Recorder`].
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct RecorderBuilder {
    recorder: Recorder,
    profile: SemconvProfile,
    metric_set: MetricSet,
    model_names: ModelNames,
}

impl RecorderBuilder {
    /// Records metrics with plain instruments of this meter. Instruments are made once, here.
    pub fn meter(self, meter: &Meter) -> Self {
        self.metrics(PlainMetrics::new(meter))
    }

    /// Records metrics elsewhere.
    pub fn metrics(mut self, metrics: impl MetricRecorder + 'static) -> Self {
        self.recorder.metrics = Box::new(metrics);
        self
    }

    /// Emits events as log records of this logger.
    pub fn logger<L>(self, logger: L) -> Self
    where
        L: Logger + Send + Sync + 'static,
    {
        self.events(events::LoggerEvents(logger))
    }

    /// Emits events elsewhere.
    pub fn events(mut self, events: impl EventRecorder + 'static) -> Self {
        self.recorder.events = Some(Box::new(events));
        self
    }

    /// Hands evaluations over, beside the events that they are.
    pub fn feedback(mut self, feedback: impl FeedbackRecorder + 'static) -> Self {
        self.recorder.feedback = Some(Box::new(feedback));
        self
    }

    /// Hands spans' content over typed. Without it content becomes JSON text on the caller's task.
    pub fn content(mut self, content: impl ContentRecorder + 'static) -> Self {
        self.recorder.content = Some(Box::new(content));
        self
    }

    /// Hands the whole content of operations to this hook when they end. Without one, content that is not
    /// captured is not even converted.
    pub fn completion_hook(mut self, hook: impl CompletionHook + 'static) -> Self {
        self.recorder.completion = Some(Box::new(hook));
        self
    }

    /// Asks this for what calls cost. Without it costs are recorded that providers, gateways or the program itself
    /// tell.
    pub fn pricing(mut self, pricing: impl Pricing + 'static) -> Self {
        self.recorder.pricing = Some(Box::new(pricing));
        self
    }

    /// Asks this how many tokens a call used that does not tell, so that it can be priced. Content of calls is then kept
    /// until they end, whether it is captured or not; it goes nowhere else.
    pub fn token_estimator(mut self, estimator: impl TokenEstimator + 'static) -> Self {
        self.recorder.estimator = Some(Box::new(estimator));
        self
    }

    /// Charges calls to this budget as well.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.recorder.budgets.push(budget);
        self
    }

    /// Tells those who listen to this hub of operations. Defaults to
    /// [that of the process](EventHub::of_process).
    pub fn event_hub(mut self, hub: Arc<EventHub>) -> Self {
        self.recorder.hub = hub;
        self
    }

    /// What content may be captured. Defaults to none.
    pub fn policy(mut self, policy: CapturePolicy) -> Self {
        self.recorder.policy = policy;
        self
    }

    /// What metrics say of the [`scope`](crate::scope()) around an operation: four values of it at most.
    /// Defaults to environment and release.
    ///
    /// Of each, 100 values are told apart; all others are `_OTHER`.
    pub fn scope_on_metrics(mut self, fields: impl IntoIterator<Item = ScopeField>) -> Self {
        self.recorder.scope_labels = scoped::ScopeLabels::new(fields);
        self
    }

    /// Whether spans start with the attributes that samplers may read, even where a [`ContentRecorder`] takes
    /// attributes in one piece. Defaults to no: it costs a little, and is for samplers that look at them.
    pub fn start_attributes(mut self, start_attributes: bool) -> Self {
        self.recorder.start_attributes = start_attributes;
        self
    }

    /// By which version of the conventions metrics are recorded. Defaults to today's. Spans and events are
    /// always recorded by today's; who sends them translates them.
    pub fn profile(mut self, profile: SemconvProfile) -> Self {
        self.profile = profile;
        self
    }

    /// Which metrics are recorded. Defaults to all of them.
    pub fn metric_set(mut self, set: MetricSet) -> Self {
        self.metric_set = set;
        self
    }

    /// By which names metrics tell models apart. Defaults to the models' own.
    pub fn model_names_on_metrics(mut self, names: ModelNames) -> Self {
        self.model_names = names;
        self
    }

    /// Reads the time elsewhere.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.recorder.clock = Some(Box::new(clock));
        self
    }

    /// The recorder.
    pub fn build(self) -> Recorder {
        let metrics = metric_set::SelectedMetrics::wrap(self.recorder.metrics, self.metric_set);
        let metrics = profiled::ProfiledMetrics::wrap(metrics, self.profile);
        let metrics = model_names::NamedMetrics::wrap(metrics, self.model_names);
        Recorder { metrics, ..self.recorder }
    }
}

/// Set as soon as there was any recorder, so that programs without one pay for one load.
static ANY: AtomicBool = AtomicBool::new(false);
static INSTALLED: OnceLock<Arc<Recorder>> = OnceLock::new();

struct InContext(Arc<Recorder>);

/// A recorder is installed already, and stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyInstalled;

impl fmt::Display for AlreadyInstalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a recorder is installed already, and stays for the life of the process")
    }
}

impl std::error::Error for AlreadyInstalled {}

/// Makes this the process's recorder.
///
/// # Errors
///
/// [`AlreadyInstalled`] the second time; the first one stays.
pub fn install(recorder: Arc<Recorder>) -> Result<(), AlreadyInstalled> {
    INSTALLED.set(recorder).map_err(|_| AlreadyInstalled)?;
    ANY.store(true, Ordering::Release);
    Ok(())
}

/// Whether an operation that starts here and now would be recorded at all.
pub fn is_recorded() -> bool {
    any() && Context::map_current(|context| of(context).is_some())
}

/// Whether the recorder in force here captures content at all: what need not be parsed where it does not.
pub fn captures_content() -> bool {
    !cfg!(spanwise_no_content)
        && any()
        && current(|recorder| recorder.keeps_content() || recorder.policy.captures_content())
            .unwrap_or(false)
        && current_level() != ContentLevel::Off
}

/// Whether the recorder in force here lets errors' own texts through.
pub fn tells_error_messages() -> bool {
    any()
        && current(|recorder| recorder.policy.error_messages).unwrap_or(false)
        && current_level() == ContentLevel::Full
}

/// A recorder, without counting references where it lives for ever.
#[derive(Clone)]
pub(crate) enum RecorderRef {
    Installed(&'static Recorder),
    InContext(Arc<Recorder>),
}

impl Deref for RecorderRef {
    type Target = Recorder;

    fn deref(&self) -> &Recorder {
        match self {
            Self::Installed(recorder) => recorder,
            Self::InContext(recorder) => recorder,
        }
    }
}

/// Whether there ever was a recorder: without one, operations are not even drafted.
#[inline]
pub(crate) fn any() -> bool {
    ANY.load(Ordering::Acquire)
}

/// The recorder in force: the context's, else the installed one, and none where telemetry is suppressed.
#[inline]
pub(crate) fn of(context: &Context) -> Option<RecorderRef> {
    if context.is_telemetry_suppressed() {
        return None;
    }
    match context.get::<InContext>() {
        Some(recorder) => Some(RecorderRef::InContext(recorder.0.clone())),
        None => INSTALLED.get().map(|recorder| RecorderRef::Installed(recorder)),
    }
}

/// Whether the recorder in force here keeps what goes in; `None` where there is none, yet.
#[inline]
pub(crate) fn keeps_inputs() -> Option<bool> {
    current(|recorder| recorder.keeps_content() || recorder.policy.captures_inputs())
}

/// Asks the recorder in force here.
#[inline]
fn current<R>(ask: impl FnOnce(&Recorder) -> R) -> Option<R> {
    Context::map_current(|context| match context.get::<InContext>() {
        Some(recorder) => Some(ask(&recorder.0)),
        None => INSTALLED.get().map(|recorder| ask(recorder)),
    })
}

/// How much content the scope in force here leaves.
pub(crate) fn current_level() -> ContentLevel {
    Context::map_current(|context| {
        ActiveScope::of(context).map_or(ContentLevel::Full, ActiveScope::content)
    })
}
