//! How an operation ends: metrics, events, and its span.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::logs::Severity;
use opentelemetry::trace::{SpanContext, Status, TraceContextExt};

use super::heard::Heard;
use super::kind::{Kind, SpanEvent};
use super::live::Live;
use super::outcome::{End, Failure, Outcome};
use super::surroundings::Surroundings;
use crate::budget;
use crate::capture::ContentLevel;
use crate::error_kind;
use crate::event::{EventDetails, Measurements, RecordedOperation};
use crate::recorder::{Event, OpenOperation, RecordedAttributes, completion};
use crate::scope::ActiveScope;
use crate::semconv::{attribute as key, event};

/// How something ended that happened elsewhere, or before.
pub(crate) enum EmittedEnd {
    Completed,
    Cancelled,
    /// `error.type`, and the text of the error.
    Failed(String, Option<String>),
}

impl<K: Kind> Live<K> {
    /// How an operation ends whose work gave this error.
    pub(crate) fn failure<E>(&self, error: &E) -> Outcome
    where
        E: std::fmt::Display + 'static,
    {
        let kind = self
            .with_state(|state| error_kind::error_kind(error, state.error_kind.as_ref()))
            .unwrap_or(Cow::Borrowed(error_kind::OTHER));
        let heard = self.recording || self.emits_exceptions() || self.heard.is_some();
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
        self.end_marked(outcome, false, None)
    }

    /// Ends what happened elsewhere, or before.
    pub(crate) fn end_emitted(&self, end: EmittedEnd, at: SystemTime) {
        let outcome = match end {
            EmittedEnd::Completed => Outcome::Completed,
            EmittedEnd::Cancelled => Outcome::Cancelled,
            EmittedEnd::Failed(kind, message) => {
                Outcome::Failed(Failure::told(kind, message.filter(|_| self.tells_errors)))
            }
        };
        self.end_marked(outcome, false, Some(at));
    }

    fn end_marked(&self, outcome: Outcome, open_at_shutdown: bool, at: Option<SystemTime>) -> bool {
        let taken = self.state.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut state) = taken else { return false };
        if let Some(slot) = state.slot {
            self.recorder.open.remove(slot);
        }
        let duration = match at {
            Some(at) => at.duration_since(self.started.at).unwrap_or_default(),
            None => self.elapsed(),
        };
        let end = End { outcome: &outcome, duration };
        state.kind.measure(&end, &self.metrics());
        if self.captures_outputs()
            && let Some(item) = state.kind.gathered()
        {
            self.keep_output(&mut state, item);
        }
        let completed = std::mem::take(&mut state.completed);
        let cost = self.charge(&*state.kind, &outcome, &completed);
        let ended_at = self.started.at.checked_add(end.duration).unwrap_or(self.started.at);
        if !self.recorder.budgets.is_empty() {
            let (context, usage) = (&self.context, state.kind.usage());
            let call = budget::Call { context, usage, cost: cost.as_ref(), ended_at };
            budget::charge(&self.recorder, &call);
        }

        if let Outcome::Failed(failure) = &outcome {
            self.emit_exception(failure, ended_at);
        }
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
        let heard = self.heard.as_ref();
        let usage = heard.and_then(|_| state.kind.usage());
        let started_with = match heard.filter(|_| self.recorder.gives_start_attributes()) {
            Some(_) => state.kind.all_start_attributes(ActiveScope::of(&self.context)),
            None => Vec::new(),
        };
        state.kind.end_attributes(&outcome, &mut attributes);
        if let Some(cost) = &cost {
            cost.push_attributes(&mut attributes);
        }
        if let Outcome::Failed(failure) = &outcome {
            attributes.push(key::ERROR_TYPE.of(failure.kind.clone()));
        }
        attributes.push(key::SPANWISE_OUTCOME.of(outcome.name()));
        let lowest = state.lowest_score;
        attributes.extend(lowest.map(|score| key::SPANWISE_EVALUATION_LOWEST_SCORE.of(score)));
        let attempts = state.kind.call().and_then(|call| call.settle(&mut attributes));
        if open_at_shutdown {
            attributes.push(key::SPANWISE_OPEN_AT_SHUTDOWN.of(true));
        }
        attributes.extend(said);
        // The program's own come last: a limit on their number cuts none of the conventions'.
        attributes.append(&mut state.own);

        // A level of its own goes along without content as well: attributes may hold some.
        let reduced = state.content.level() < ContentLevel::Full;
        let content = (!state.content.is_empty() || reduced).then(|| Arc::new(state.content));
        if let Some(phase) = heard.filter(|heard| heard.by_handlers).map(|_| outcome.phase()) {
            self.recorder.hub.happens(&state.kind.phase(phase), |tell| {
                let named = state.kind.measured().iter();
                let named = named.map(|(name, value)| ((*name).into(), *value)).collect();
                let duration = Some(end.duration);
                let measured = Measurements { duration, usage, cost: cost.clone(), named };
                let content = content
                    .as_deref()
                    .filter(|content| self.to_listeners && content.level() == ContentLevel::Full);
                let (status, span) = (outcome.status(), self.span_context());
                let details = EventDetails::of(&started_with, &attributes, content, status, span);
                match state.kind.told() {
                    Some(told) => {
                        tell(&measured, &details.with(told.key.clone(), told.value.clone()))
                    }
                    None => tell(&measured, &details),
                }
            });
        }
        if let Some(cost) = cost.as_ref().filter(|_| heard.is_some_and(|heard| heard.by_handlers)) {
            self.recorder.hub.happens("cost.calculated", |tell| {
                let measured = Measurements { cost: Some(cost.clone()), ..Measurements::default() };
                let (status, span) = (outcome.status(), self.span_context());
                tell(&measured, &EventDetails::of(&started_with, &attributes, None, status, span));
            });
        }
        let mut attributes = RecordedAttributes::from(attributes);
        if let Some(heard) = heard.filter(|heard| heard.taken) {
            let all = match started_with.is_empty() {
                true => attributes.share(),
                false => [&started_with, &*attributes].concat().into(),
            };
            let content = content.clone().filter(|_| self.to_listeners || reduced);
            let kind = state.kind.event();
            let name = state.kind.span_name();
            heard.tell_around(&name, usage, cost.as_ref());
            self.recorder.hub.ended(&Arc::new(RecordedOperation {
                kind,
                name,
                span: self.span_context(),
                parent: heard.parent,
                started_at: self.started.at,
                ended_at,
                status: outcome.status(),
                error_message: outcome.message().map(str::to_owned),
                size: RecordedOperation::size_with(&all, content.as_deref()),
                attributes: all,
                content,
                usage,
                cost,
                inside: Heard::inside(kind, &self.context),
                around: Surroundings::of(&self.context),
                policy: self.recorder.policy,
            }));
        }
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
            if let (Some(recorder), Some(content)) = (&self.recorder.content, &content) {
                recorder.record(span.span_context(), content.clone());
            }
            match self.recorder.content.as_ref().filter(|recorder| recorder.takes_attributes()) {
                Some(recorder) => {
                    recorder.record_attributes(span.span_context(), attributes, early);
                }
                None => {
                    let items = content.iter().filter(|_| self.recorder.content.is_none());
                    let items = items.flat_map(|content| content.items());
                    let items =
                        items.map(|item| KeyValue::new(item.key().into_owned(), item.to_text()));
                    let mut attributes = attributes.into_vec();
                    attributes.extend(items);
                    if !attributes.is_empty() {
                        span.set_attributes(attributes);
                    }
                }
            }
            if let Some(attempts) = attempts {
                attempts.tell_events(|SpanEvent { name, at, attributes }| {
                    let at = self.started.at.checked_add(at).unwrap_or(self.started.at);
                    span.add_event_with_timestamp(name, at, attributes);
                });
            }
            if let Outcome::Failed(failure) = outcome {
                span.set_status(Status::error(failure.message.unwrap_or_default()));
            }
            span.end_with_timestamp(ended_at);
        }
        true
    }
}

impl<K: Kind> OpenOperation for Live<K> {
    fn end_at_shutdown(&self) -> bool {
        self.end_marked(Outcome::Cancelled, true, None)
    }

    fn scored(&self, span: &SpanContext, score: f64) -> bool {
        let own = self.context.span();
        let own = own.span_context();
        if (own.trace_id(), own.span_id()) != (span.trace_id(), span.span_id()) {
            return false;
        }
        let noted = self.with_state(|state| {
            let lowest = state.lowest_score.map_or(score, |lowest| lowest.min(score));
            state.lowest_score = Some(lowest);
        });
        noted.is_some()
    }
}
