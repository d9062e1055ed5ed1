//! The life that all operations share.
//!
//! ```text
//! Draft ──start──► Live ──end(outcome)──► metrics, span, event
//!  (what is asked)  │ (what came back)
//!                   └─ dropped: cancelled;  task panicked: failed;  shutdown: cancelled and marked
//! ```

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use opentelemetry::logs::Severity;
use opentelemetry::trace::{Link, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue, StringValue};

use super::attempt::Attempt;
use super::call::Call;
use super::gateway::GatewayAnswer;
use super::outcome::{End, Failure, Outcome};
use super::path::OperationPath;
use crate::capture::{CapturePolicy, ContentLevel};
use crate::clock::Started;
use crate::content::{Content, ContentItem};
use crate::error_kind::{self, OwnKind};
use crate::recorder::{
    self, Event, MetricRecorder, OpenOperation, OpenSlot, RecorderRef, completion,
};
use crate::scope::{self, ActiveScope};
use crate::semconv::{attribute as key, event};
use crate::trace_ref::TraceRef;

/// What sets one kind of operation apart from the others.
pub(crate) trait Kind: Send + 'static {
    /// The event that repeats the span's attributes, for the kinds that have one.
    const DETAILS_EVENT: Option<&'static str> = None;

    /// Whether it is a call to a service, whose failure is an event.
    const CALLS_A_SERVICE: bool = false;

    /// How many attributes it mostly has at most.
    const ATTRIBUTES: usize = 12;

    /// The span's name.
    fn span_name(&self) -> Cow<'static, str>;

    /// The span's kind.
    fn span_kind(&self) -> SpanKind;

    /// Attributes that samplers may read.
    fn start_attributes(&self, attributes: &mut Vec<KeyValue>);

    /// The same, after those of the scope around it, and with room for all others.
    fn all_start_attributes(&self, scope: Option<&ActiveScope>) -> Vec<KeyValue> {
        let of_scope = scope.map(ActiveScope::attributes).unwrap_or_default();
        let mut attributes = Vec::with_capacity(of_scope.len() + Self::ATTRIBUTES);
        attributes.extend_from_slice(of_scope);
        self.start_attributes(&mut attributes);
        attributes
    }

    /// All other attributes.
    fn end_attributes(&mut self, outcome: &Outcome, attributes: &mut Vec<KeyValue>);

    /// Metrics; recorded whatever the sampler said.
    fn measure(&self, end: &End<'_>, metrics: &dyn MetricRecorder);

    /// Takes from the scope around it what is not said, as soon as that is known.
    fn learn_from_scope(&mut self, _around: &Context) {}

    /// Looks at the operations around it, once, before it starts.
    fn start_under(&mut self, _parent: &Context) {}

    /// Adds what operations inside it look for.
    fn context(&self, context: Context) -> Context {
        context
    }

    /// The response that it made or fetched, where that is known.
    fn response_id(&self) -> Option<&StringValue> {
        None
    }

    /// Content that the scopes around it give.
    fn content_of_scope(&self, _parent: &Context) -> impl Iterator<Item = ContentItem> {
        std::iter::empty()
    }

    /// Content that was gathered piece by piece.
    fn gathered(&mut self) -> Option<ContentItem> {
        None
    }

    /// The call that it is, for the kinds whose attempts are told.
    fn call(&mut self) -> Option<&mut Call> {
        None
    }
}

/// A kind whose request may become known when the operation runs already.
pub(crate) trait Asks: Kind {
    /// Takes over what is asked.
    fn asks(&mut self, asked: Self);
}

/// Something that happened during an operation.
pub(crate) struct SpanEvent {
    pub(crate) name: &'static str,
    /// When, since the operation began.
    pub(crate) at: Duration,
    pub(crate) attributes: Vec<KeyValue>,
}

type Capture<'a> = Box<dyn FnOnce(&CapturePolicy) -> ContentItem + Send + 'a>;

/// An operation that has not started.
///
/// Who records it is settled at the start, not before: a builder may be made outside the context in
/// which its future runs.
pub(crate) struct Draft<'a, K> {
    /// Boxed for the whole life of the operation: it is large, and moved often.
    pub(crate) kind: Box<K>,
    captures: Vec<Capture<'a>>,
    own: Vec<KeyValue>,
    links: Vec<Link>,
    error_kind: Option<OwnKind>,
    level: ContentLevel,
}

impl<'a, K: Kind> Draft<'a, K> {
    /// `None` where nothing can record; the kind is not even made then.
    #[inline]
    pub(crate) fn new(kind: impl FnOnce() -> K) -> Option<Box<Self>> {
        if !recorder::any() {
            return None;
        }
        Some(Box::new(Self {
            kind: Box::new(kind()),
            captures: Vec::new(),
            own: Vec::new(),
            links: Vec::new(),
            error_kind: None,
            level: ContentLevel::Full,
        }))
    }

    /// Notes how to get at input content, which is converted at the start, if it is captured at all.
    pub(crate) fn capture_input(
        &mut self,
        capture: impl FnOnce(&CapturePolicy) -> ContentItem + Send + 'a,
    ) {
        // As far as can be told by now: it may start in another context.
        if !cfg!(spanwise_no_content) && recorder::keeps_inputs().unwrap_or(true) {
            // Mostly the only one; a vector alone would make room for four.
            self.captures.reserve_exact(1);
            self.captures.push(Box::new(capture));
        }
    }

    pub(crate) fn own_attribute(&mut self, attribute: KeyValue) {
        self.own.push(attribute);
    }

    /// A reference to nothing, and one that is there already, adds nothing.
    pub(crate) fn link(&mut self, to: &TraceRef) {
        let to = to.span_context();
        let known = self.links.iter().any(|link| {
            (link.span_context.trace_id(), link.span_context.span_id())
                == (to.trace_id(), to.span_id())
        });
        if to.is_valid() && !known {
            self.links.push(Link::with_context(to));
        }
    }

    /// The strictest level that was said is in force.
    pub(crate) fn content_level(&mut self, level: ContentLevel) {
        self.level = self.level.min(level);
    }

    pub(crate) fn own_error_kind(&mut self, kind: OwnKind) {
        self.error_kind = Some(kind);
    }

    /// `None` where nothing records.
    pub(crate) fn start(self) -> Option<Arc<Live<K>>> {
        let Self { mut kind, captures, mut own, links, error_kind, level } = self;
        let parent = Context::current();
        let recorder = recorder::of(&parent)?;
        let scope = ActiveScope::of(&parent);
        let level = level.min(scope.map_or(ContentLevel::Full, ActiveScope::content));
        let policy = recorder.policy;
        if !policy.metadata {
            own.clear();
        }
        kind.learn_from_scope(&parent);
        kind.start_under(&parent);
        let started = Started::now(recorder.clock());

        let attributes = match recorder.gives_start_attributes() {
            true => kind.all_start_attributes(scope),
            false => Vec::new(),
        };
        let details =
            K::DETAILS_EVENT.filter(|_| policy.details_event && recorder.events.is_some());
        let repeated = if details.is_some() { attributes.clone() } else { Vec::new() };
        let name = kind.span_name();
        let path = OperationPath::are_kept().then(|| name.clone());
        let builder = SpanBuilder::from_name(name)
            .with_kind(kind.span_kind())
            .with_start_time(started.at)
            .with_attributes(attributes);
        let builder = if links.is_empty() { builder } else { builder.with_links(links) };
        let (context, recording) =
            scope::operation_starts(|| recorder.spans.start(builder, &parent));
        let context = match path {
            Some(name) => OperationPath::inside(&context, name),
            None => context,
        };
        let context = kind.context(context);

        let mut content = Content::at_level(level);
        let captured =
            level == ContentLevel::Full || level != ContentLevel::Off && recorder.reduces_content();
        let on_span = captured && recording && policy.content.on_spans();
        let on_event = captured && details.is_some() && policy.content.on_events();
        let completes = !cfg!(spanwise_no_content)
            && level == ContentLevel::Full
            && recorder.completion.is_some();
        let shown = policy.inputs && (on_span || on_event);
        let mut completed = Content::default();
        if shown || completes {
            let of_scope = kind.content_of_scope(&parent);
            let said = captures.into_iter().map(|capture| capture(&policy));
            for item in of_scope.chain(said) {
                if completes {
                    completed.set(item.clone());
                }
                if shown {
                    content.set(item);
                }
            }
        }
        let state = State { kind, own, error_kind, content, completed, repeated, slot: None };
        let live = Arc::new(Live {
            recorder,
            context,
            started,
            recording,
            details,
            on_span,
            on_event,
            completes,
            tells_errors: policy.error_messages && level == ContentLevel::Full,
            state: Mutex::new(Some(state)),
        });
        live.enlist();
        Some(live)
    }
}

/// An operation between start and end.
pub(crate) struct Live<K: Kind> {
    recorder: RecorderRef,
    context: Context,
    started: Started,
    recording: bool,
    details: Option<&'static str>,
    on_span: bool,
    on_event: bool,
    /// Whether the completion hook gets everything.
    completes: bool,
    tells_errors: bool,
    /// `None` once it has ended.
    state: Mutex<Option<State<K>>>,
}

pub(crate) struct State<K> {
    pub(crate) kind: Box<K>,
    own: Vec<KeyValue>,
    error_kind: Option<OwnKind>,
    content: Content,
    /// The same for the completion hook, which gets more than is shown.
    completed: Content,
    /// The start's attributes, for the event.
    repeated: Vec<KeyValue>,
    slot: Option<OpenSlot>,
}

impl<K: Kind> Live<K> {
    fn enlist(self: &Arc<Self>) {
        let operation: Arc<dyn OpenOperation> = self.clone();
        let slot = self.recorder.open.insert(Arc::downgrade(&operation));
        if self.with_state(|state| state.slot = Some(slot)).is_none() {
            self.recorder.open.remove(slot);
        }
    }

    /// The context in which this is the active operation.
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) fn span_context(&self) -> SpanContext {
        self.context.span().span_context().clone()
    }

    pub(crate) fn trace_ref(&self) -> TraceRef {
        let reference = TraceRef::of(self.context.span().span_context());
        let response = self.with(|kind| kind.response_id().map(|id| id.as_str().to_owned()));
        match response.flatten() {
            Some(id) => reference.with_response_id(id),
            None => reference,
        }
    }

    pub(crate) fn policy(&self) -> &CapturePolicy {
        &self.recorder.policy
    }

    pub(crate) fn is_recording(&self) -> bool {
        self.recording
    }

    /// Whether there is anything that shows attributes: a span, or an event that repeats them.
    pub(crate) fn keeps_attributes(&self) -> bool {
        self.recording || self.details.is_some()
    }

    /// Changes what will be recorded; `None` once it has ended.
    pub(crate) fn with<R>(&self, change: impl FnOnce(&mut K) -> R) -> Option<R> {
        self.with_state(|state| change(&mut state.kind))
    }

    fn with_state<R>(&self, change: impl FnOnce(&mut State<K>) -> R) -> Option<R> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.as_mut().map(change)
    }

    pub(crate) fn captures_outputs(&self) -> bool {
        !cfg!(spanwise_no_content) && (self.completes || self.shows_outputs())
    }

    pub(crate) fn capture_output(&self, capture: impl FnOnce() -> ContentItem) {
        if self.captures_outputs() {
            let item = capture();
            self.with_state(|state| self.keep_output(state, item));
        }
    }

    fn keep_output(&self, state: &mut State<K>, item: ContentItem) {
        if self.completes {
            state.completed.set(item.clone());
        }
        if self.shows_outputs() {
            state.content.set(item);
        }
    }

    fn shows_outputs(&self) -> bool {
        self.recorder.policy.outputs && (self.on_span || self.on_event)
    }

    pub(crate) fn own_attribute(&self, attribute: impl FnOnce() -> KeyValue) {
        if self.recorder.policy.metadata && self.keeps_attributes() {
            let attribute = attribute();
            self.with_state(|state| state.own.push(attribute));
        }
    }

    pub(crate) fn own_event(
        &self,
        name: impl FnOnce() -> Cow<'static, str>,
        attributes: Vec<KeyValue>,
    ) {
        if self.recorder.policy.metadata && self.recording {
            self.context.span().add_event(name(), attributes);
        }
    }

    pub(crate) fn gateway(&self, answer: GatewayAnswer) {
        self.with(|kind| {
            if let Some(call) = kind.call() {
                answer.measure(&call.attempt_series(), &self.metrics());
            }
        });
        if !self.keeps_attributes() {
            return;
        }
        let (attributes, events) = answer.into_parts();
        // A call that is tried again is answered again: the last answer counts.
        self.with_state(|state| {
            state.own.retain(|own| attributes.iter().all(|attribute| attribute.key != own.key));
            state.own.splice(0..0, attributes);
        });
        for (name, attributes) in events {
            self.context.span().add_event(name, attributes);
        }
    }

    /// Notes that the request was sent once more, and what became of it.
    pub(crate) fn attempt(&self, attempt: Attempt) {
        let at = self.elapsed();
        self.with(|kind| {
            if let Some(call) = kind.call() {
                call.attempted(at, attempt, &self.metrics());
            }
        });
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed(self.recorder.clock())
    }

    pub(crate) fn metrics(&self) -> impl MetricRecorder + '_ {
        self.recorder.scope_labels.around(&self.context, &*self.recorder.metrics)
    }

    /// How an operation ends whose work gave this error.
    pub(crate) fn failure<E>(&self, error: &E) -> Outcome
    where
        E: std::fmt::Display + 'static,
    {
        let kind = self
            .with_state(|state| error_kind::error_kind(error, state.error_kind.as_ref()))
            .unwrap_or(Cow::Borrowed(error_kind::OTHER));
        let heard = self.recording || self.emits_exceptions();
        let told = self.tells_errors && heard;
        let exception = Some(error_kind::type_of::<E>());
        Outcome::Failed(Failure { kind, exception, message: told.then(|| error.to_string()) })
    }

    fn emits_exceptions(&self) -> bool {
        K::CALLS_A_SERVICE && self.recorder.events.is_some()
    }

    fn emit_exception(&self, failure: &Failure, at: SystemTime) {
        let Some(events) = self.recorder.events.as_ref().filter(|_| K::CALLS_A_SERVICE) else {
            return;
        };
        let kind = failure.exception.map_or_else(|| failure.kind.clone(), Cow::Borrowed);
        let mut attributes = vec![key::EXCEPTION_TYPE.of(kind)];
        let message = failure.message.clone().filter(|message| !message.is_empty());
        attributes.extend(message.map(|message| key::EXCEPTION_MESSAGE.of(message)));
        events.record(Event {
            name: event::GEN_AI_CLIENT_OPERATION_EXCEPTION,
            timestamp: at,
            severity: Severity::Warn,
            attributes,
            content: None,
            span: self.span_context(),
        });
    }

    /// Ends it, unless it has ended.
    pub(crate) fn end(&self, outcome: Outcome) -> bool {
        self.end_marked(outcome, false)
    }

    fn end_marked(&self, outcome: Outcome, open_at_shutdown: bool) -> bool {
        let taken = self.state.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut state) = taken else { return false };
        if let Some(slot) = state.slot {
            self.recorder.open.remove(slot);
        }
        let end = End { outcome: &outcome, duration: self.elapsed() };
        state.kind.measure(&end, &self.metrics());
        let ended_at = self.started.at.checked_add(end.duration).unwrap_or(self.started.at);

        if let Outcome::Failed(failure) = &outcome {
            self.emit_exception(failure, ended_at);
        }
        if self.captures_outputs()
            && let Some(item) = state.kind.gathered()
        {
            self.keep_output(&mut state, item);
        }
        let completed = std::mem::take(&mut state.completed);
        let said = match &self.recorder.completion {
            Some(hook) if !completed.is_empty() => {
                completion::complete(&**hook, completed, self.span_context())
            }
            _ => Vec::new(),
        };
        if !self.keeps_attributes() {
            return true;
        }
        let mut attributes = match self.recorder.gives_start_attributes() {
            true => Vec::with_capacity(K::ATTRIBUTES),
            false => state.kind.all_start_attributes(ActiveScope::of(&self.context)),
        };
        let early = attributes.len();
        state.kind.end_attributes(&outcome, &mut attributes);
        if let Outcome::Failed(failure) = &outcome {
            attributes.push(key::ERROR_TYPE.of(failure.kind.clone()));
        }
        attributes.push(key::SPANWISE_OUTCOME.of(outcome.name()));
        let happened = match state.kind.call() {
            Some(call) => call.settle(&mut attributes),
            None => Vec::new(),
        };
        if open_at_shutdown {
            attributes.push(key::SPANWISE_OPEN_AT_SHUTDOWN.of(true));
        }
        attributes.extend(said);
        // The program's own come last: a limit on their number cuts none of the conventions'.
        attributes.append(&mut state.own);

        // A level of its own goes along without content as well: attributes may hold some.
        let reduced = state.content.level() < ContentLevel::Full;
        let content = (!state.content.is_empty() || reduced).then(|| Arc::new(state.content));
        if let (Some(name), Some(events)) = (self.details, &self.recorder.events) {
            let mut repeated = state.repeated;
            repeated.extend(attributes.iter().cloned());
            events.record(Event {
                name,
                timestamp: ended_at,
                severity: Severity::Debug,
                attributes: repeated,
                content: content.clone().filter(|_| self.on_event || reduced),
                span: self.span_context(),
            });
        }
        if self.recording {
            let span = self.context.span();
            let content = content.filter(|_| self.on_span || reduced);
            match &self.recorder.content {
                Some(recorder) => {
                    if recorder.takes_attributes() {
                        recorder.record_attributes(span.span_context(), &mut attributes, early);
                    }
                    content.into_iter().for_each(|it| recorder.record(span.span_context(), it));
                }
                None => attributes.extend(
                    content
                        .iter()
                        .flat_map(|content| content.items())
                        .map(|item| KeyValue::new(item.key().into_owned(), item.to_text())),
                ),
            }
            if !attributes.is_empty() {
                span.set_attributes(attributes);
            }
            for SpanEvent { name, at, attributes } in happened {
                let at = self.started.at.checked_add(at).unwrap_or(self.started.at);
                span.add_event_with_timestamp(name, at, attributes);
            }
            if let Outcome::Failed(failure) = outcome {
                span.set_status(Status::error(failure.message.unwrap_or_default()));
            }
            span.end_with_timestamp(ended_at);
        }
        true
    }
}

impl<K: Asks> Live<K> {
    /// Learns what is asked, where that was not known at the start. The sampler has decided without it.
    pub(crate) fn ask(&self, draft: Draft<'_, K>) {
        let Draft { kind: mut asked, captures, own, .. } = draft;
        asked.learn_from_scope(&self.context);
        let policy = self.recorder.policy;
        let wanted = policy.inputs && (self.on_span || self.on_event);
        let captures = captures.into_iter().filter(|_| wanted);
        let content: Vec<_> = captures.map(|capture| capture(&policy)).collect();
        let learned = self.with_state(|state| {
            let mut known = Vec::new();
            state.kind.start_attributes(&mut known);
            state.kind.asks(*asked);
            content.into_iter().for_each(|item| state.content.set(item));
            if policy.metadata && self.keeps_attributes() {
                state.own.extend(own);
            }
            let mut new = state.kind.all_start_attributes(None);
            new.retain(|attribute| known.iter().all(|known| known.key != attribute.key));
            if self.details.is_some() {
                state.repeated.extend(new.iter().cloned());
            }
            (state.kind.span_name(), new)
        });
        if let Some((name, new)) = learned.filter(|_| self.recording) {
            let span = self.context.span();
            span.update_name(name);
            if self.recorder.gives_start_attributes() {
                span.set_attributes(new);
            }
        }
    }
}

impl<K: Kind> OpenOperation for Live<K> {
    fn end_at_shutdown(&self) -> bool {
        self.end_marked(Outcome::Cancelled, true)
    }
}
