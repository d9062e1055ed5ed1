//! An operation that has not started.

use std::sync::{Arc, Mutex};

use opentelemetry::KeyValue;
use opentelemetry::trace::{Link, SpanBuilder};

use super::charge;
use super::heard::Heard;
use super::kind::Kind;
use super::live::{Live, State};
use super::path::OperationPath;
use crate::capture::{CapturePolicy, ContentCapture, ContentLevel};
use crate::clock::Started;
use crate::content::{Content, ContentItem};
use crate::error_kind::OwnKind;
use crate::event::{EventKind, GivenIds, InsideContext, Placement};
use crate::recorder;
use crate::scope::{self, ActiveScope, Switches};
use crate::trace_ref::TraceRef;

type Capture<'a> = Box<dyn FnOnce(&CapturePolicy) -> ContentItem + Send + 'a>;

/// An operation that has not started.
///
/// Who records it is settled at the start, not before: a builder may be made outside the context in
/// which its future runs.
pub(crate) struct Draft<'a, K> {
    /// Boxed for the whole life of the operation: it is large, and moved often.
    pub(crate) kind: Box<K>,
    pub(super) captures: Vec<Capture<'a>>,
    pub(super) own: Vec<KeyValue>,
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
        self.start_in(Placement::here())
    }

    /// The same, where and when it happened.
    pub(crate) fn start_in(self, placement: Placement) -> Option<Arc<Live<K>>> {
        let Self { mut kind, captures, mut own, links, error_kind, level } = self;
        let Placement { parent, ids, started_at } = placement;
        let recorder = recorder::of(&parent)?;
        let scope = ActiveScope::of(&parent);
        let level = level.min(scope.map_or(ContentLevel::Full, ActiveScope::content));
        let switches = scope.map_or_else(Switches::default, ActiveScope::switches);
        let policy = switches.narrow(recorder.policy);
        if !policy.metadata {
            own.clear();
        }
        kind.learn_from_scope(&parent);
        kind.start_under(&parent);
        let heard = Heard::of(&recorder, &parent);
        let mut started = Started::now(recorder.clock());
        started.at = started_at.unwrap_or(started.at);
        charge::prepare(&*kind, &recorder, started.at);

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
        let (context, recording) = scope::operation_starts(|| {
            let _given = ids.map(GivenIds::attach);
            recorder.spans.start(builder, &parent)
        });
        let context = match path {
            Some(name) => OperationPath::inside(&context, name),
            None => context,
        };
        let context = kind.context(context);
        let context = match (&heard, K::EVENT) {
            (Some(_), EventKind::Orchestrator) => InsideContext::within(&context),
            _ => context,
        };

        let mut content = Content::at_level(level);
        let captured =
            level == ContentLevel::Full || level != ContentLevel::Off && recorder.reduces_content();
        let on_span = captured && recording && policy.content.on_spans();
        let on_event = captured && details.is_some() && policy.content.on_events();
        let completes = !cfg!(spanwise_no_content)
            && level == ContentLevel::Full
            && (recorder.completion.is_some()
                || K::CALLS_A_SERVICE && recorder.estimator.is_some());
        let tells_content = policy.content != ContentCapture::NoContent;
        let to_listeners = level != ContentLevel::Off
            && tells_content
            && heard.as_ref().is_some_and(|heard| heard.wants_content);
        let shown = policy.inputs && (on_span || on_event || to_listeners);
        let mut completed = Content::default();
        let completes_inputs = completes && switches.inputs;
        if shown || completes_inputs {
            let of_scope = kind.content_of_scope(&parent);
            let said = captures.into_iter().map(|capture| capture(&policy));
            for item in of_scope.chain(said) {
                if completes_inputs {
                    completed.set(item.clone());
                }
                if shown {
                    content.set(item);
                }
            }
        }
        let (slot, lowest_score) = (None, None);
        let state =
            State { kind, own, error_kind, content, completed, repeated, slot, lowest_score };
        let live = Arc::new(Live {
            recorder,
            context,
            started,
            recording,
            details,
            on_span,
            on_event,
            to_listeners,
            heard,
            completes,
            switches,
            tells_errors: policy.error_messages && level == ContentLevel::Full,
            state: Mutex::new(Some(state)),
        });
        live.enlist();
        live.tell_started();
        Some(live)
    }
}
