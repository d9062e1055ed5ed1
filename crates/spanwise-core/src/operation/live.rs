//! The life that all operations share.
//!
//! ```text
//! Draft ──start──► Live ──end(outcome)──► metrics, span, event
//!  (what is asked)  │ (what came back)
//!                   └─ dropped: cancelled;  task panicked: failed;  shutdown: cancelled and marked
//! ```

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry::{Context, KeyValue};

use super::active::sealed::Recording;
use super::charge;
use super::draft::Draft;
use super::gateway::GatewayAnswer;
use super::heard::Heard;
use super::kind::{Asks, Kind, Phase};
use crate::capture::CapturePolicy;
use crate::clock::Started;
use crate::content::{Content, ContentItem};
use crate::error_kind::OwnKind;
use crate::event::{EventDetails, EventStatus, Measurements};
use crate::recorder::{MetricRecorder, OpenOperation, OpenSlot, RecorderRef};
use crate::scope::{ActiveScope, Switches};
use crate::semconv::attribute::SPANWISE_GATEWAY_REQUEST_ID;
use crate::trace_ref::TraceRef;

/// An operation between start and end.
pub(crate) struct Live<K: Kind> {
    pub(super) recorder: RecorderRef,
    pub(super) context: Context,
    pub(super) started: Started,
    pub(super) recording: bool,
    pub(super) details: Option<&'static str>,
    pub(super) on_span: bool,
    pub(super) on_event: bool,
    /// Whether those who listen get content.
    pub(super) to_listeners: bool,
    /// Where anyone listens.
    pub(super) heard: Option<Heard>,
    /// Whether all content is kept, for the completion hook or to estimate tokens from.
    pub(super) completes: bool,
    /// What the scope around it leaves on.
    pub(super) switches: Switches,
    pub(super) tells_errors: bool,
    /// `None` once it has ended.
    pub(super) state: Mutex<Option<State<K>>>,
}

pub(crate) struct State<K> {
    pub(super) kind: Box<K>,
    pub(super) own: Vec<KeyValue>,
    pub(super) error_kind: Option<OwnKind>,
    pub(super) content: Content,
    /// The same for those who get more than is shown: the completion hook, and who estimates tokens.
    pub(super) completed: Content,
    /// The start's attributes, for the event.
    pub(super) repeated: Vec<KeyValue>,
    pub(super) slot: Option<OpenSlot>,
    /// Of the scores that were given while it is open.
    pub(super) lowest_score: Option<f64>,
}

impl<K: Kind> Live<K> {
    pub(super) fn enlist(self: &Arc<Self>) {
        let operation: Arc<dyn OpenOperation> = self.clone();
        let span = self.context.span().span_context().span_id();
        let slot = self.recorder.open.insert(span, Arc::downgrade(&operation));
        if self.with_state(|state| state.slot = Some(slot)).is_none() {
            self.recorder.open.remove(slot);
        }
    }

    /// Tells handlers that it starts.
    pub(super) fn tell_started(&self) {
        if self.heard.as_ref().is_none_or(|heard| !heard.by_handlers) {
            return;
        }
        let Some(name) = self.with(|kind| kind.phase(Phase::Start)) else { return };
        self.recorder.hub.happens(&name, |tell| {
            let scope = ActiveScope::of(&self.context);
            let attributes = self.with_state(|state| {
                let mut attributes = state.kind.all_start_attributes(scope);
                attributes.extend(state.own.iter().cloned());
                attributes
            });
            let attributes = attributes.unwrap_or_default();
            let (status, span) = (EventStatus::Completed, self.span_context());
            let details = EventDetails::of(&[], &attributes, None, status, span);
            tell(&Measurements::default(), &details);
        });
    }

    /// The context in which this is the active operation.
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) fn span_context(&self) -> SpanContext {
        self.context.span().span_context().clone()
    }

    pub(crate) fn trace_ref(&self) -> TraceRef {
        const ID: &str = SPANWISE_GATEWAY_REQUEST_ID.key();
        let reference = TraceRef::of(self.context.span().span_context());
        let response = self.with(|kind| kind.response_id().map(|id| id.as_str().to_owned()));
        let reference = match response.flatten() {
            Some(id) => reference.with_response_id(id),
            None => reference,
        };
        let request = self.with_state(|state| {
            let own = state.own.iter().find(|own| own.key.as_str() == ID);
            own.map(|own| own.value.as_str().into_owned())
        });
        match request.flatten() {
            Some(id) => reference.with_gateway_request_id(id),
            None => reference,
        }
    }

    /// What is let through, by the recorder and by the scope around it.
    pub(crate) fn policy(&self) -> CapturePolicy {
        self.switches.narrow(self.recorder.policy)
    }

    pub(crate) fn is_recording(&self) -> bool {
        self.recording
    }

    /// Whether there is anything that shows attributes: a span, an event that repeats them, or someone who
    /// listens.
    pub(crate) fn keeps_attributes(&self) -> bool {
        self.recording || self.details.is_some() || self.heard.is_some()
    }

    /// Changes what will be recorded; `None` once it has ended.
    pub(crate) fn with<R>(&self, change: impl FnOnce(&mut K) -> R) -> Option<R> {
        self.with_state(|state| change(&mut state.kind))
    }

    pub(super) fn with_state<R>(&self, change: impl FnOnce(&mut State<K>) -> R) -> Option<R> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.as_mut().map(change)
    }

    pub(crate) fn captures_outputs(&self) -> bool {
        !cfg!(spanwise_no_content) && (self.completes_outputs() || self.shows_outputs())
    }

    /// Input content that is told after the start.
    fn capture_input(&self, capture: impl FnOnce(&CapturePolicy) -> ContentItem) {
        let policy = self.policy();
        let shown = policy.inputs && self.shows_content();
        let completes = self.completes && self.switches.inputs;
        if cfg!(spanwise_no_content) || !(shown || completes) {
            return;
        }
        let item = capture(&policy);
        self.with_state(|state| {
            if completes {
                state.completed.set(item.clone());
            }
            if shown {
                state.content.set(item);
            }
        });
    }

    pub(crate) fn capture_output(&self, capture: impl FnOnce() -> ContentItem) {
        if self.captures_outputs() {
            let item = capture();
            self.with_state(|state| self.keep_output(state, item));
        }
    }

    fn shows_content(&self) -> bool {
        self.on_span || self.on_event || self.to_listeners
    }

    pub(super) fn keep_output(&self, state: &mut State<K>, item: ContentItem) {
        if self.completes_outputs() {
            state.completed.set(item.clone());
        }
        if self.shows_outputs() {
            state.content.set(item);
        }
    }

    fn completes_outputs(&self) -> bool {
        self.completes && self.switches.outputs
    }

    fn shows_outputs(&self) -> bool {
        self.policy().outputs && self.shows_content()
    }

    pub(crate) fn own_attribute(&self, attribute: impl FnOnce() -> KeyValue) {
        if self.policy().metadata && self.keeps_attributes() {
            let attribute = attribute();
            self.with_state(|state| state.own.push(attribute));
        }
    }

    pub(crate) fn own_event(
        &self,
        name: impl FnOnce() -> Cow<'static, str>,
        attributes: Vec<KeyValue>,
    ) {
        if self.policy().metadata && self.recording {
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

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed(self.recorder.clock())
    }

    pub(crate) fn metrics(&self) -> impl MetricRecorder + '_ {
        self.recorder.scope_labels.around(&self.context, &*self.recorder.metrics)
    }
}

impl<K: Asks> Live<K> {
    /// Learns what is asked, where that was not known at the start. The sampler has decided without it.
    pub(crate) fn ask(&self, draft: Draft<'_, K>) {
        let Draft { kind: mut asked, captures, own, .. } = draft;
        asked.learn_from_scope(&self.context);
        let policy = self.policy();
        let wanted = policy.inputs && self.shows_content();
        let captures = captures.into_iter().filter(|_| wanted);
        let content: Vec<_> = captures.map(|capture| capture(&policy)).collect();
        let learned = self.with_state(|state| {
            let mut known = Vec::new();
            state.kind.start_attributes(&mut known);
            state.kind.asks(*asked);
            charge::prepare(&*state.kind, &self.recorder, self.started.at);
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

impl<K: Kind> Recording for Live<K> {
    fn keeps_attributes(&self) -> bool {
        self.policy().metadata && Live::keeps_attributes(self)
    }

    fn captures_outputs(&self) -> bool {
        Live::captures_outputs(self)
    }

    fn attribute(&self, attribute: KeyValue) {
        self.own_attribute(|| attribute);
    }

    fn input(&self, capture: &mut dyn FnMut(&CapturePolicy) -> ContentItem) {
        self.capture_input(capture);
    }

    fn output(&self, capture: &mut dyn FnMut() -> ContentItem) {
        self.capture_output(capture);
    }
}
