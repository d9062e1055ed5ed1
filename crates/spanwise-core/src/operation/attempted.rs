//! What an operation does with the attempts that it is told of.
//!
//! ```text
//! attempt_begins() ──► handlers: `provider.request.start`
//! attempt(..) ───────► handlers: `provider.request.stop` or `….exception`, `provider.rate_limit`, `retry`
//!       └────────────► its `Call`: metrics at once, events of the span at the end
//! ```

use std::time::Duration;

use opentelemetry::KeyValue;

use super::attempt::Attempt;
use super::kind::Kind;
use super::live::Live;
use crate::event::{EventDetails, EventStatus, Measurements};
use crate::semconv::attribute as key;

impl<K: Kind> Live<K> {
    /// Notes that the request is sent, once more or for the first time.
    pub(crate) fn attempt_begins(&self) {
        let at = self.elapsed();
        self.with(|kind| {
            if let Some(call) = kind.call() {
                call.attempt_begins(at);
            }
        });
        self.tell_request(["provider.request.start"], Measurements::default(), None);
    }

    /// Notes what became of a request.
    pub(crate) fn attempt(&self, attempt: Attempt) {
        let at = self.elapsed();
        let begun = self.with(|kind| kind.call()?.attempt_ends()).flatten();
        if self.is_listened_to() {
            self.tell_attempt(&attempt, at, begun);
        }
        self.with(|kind| {
            if let Some(call) = kind.call() {
                call.attempted(at, attempt, &self.metrics());
            }
        });
    }

    fn tell_attempt(&self, attempt: &Attempt, at: Duration, begun: Option<Duration>) {
        // Whoever counts both sees as many begin as end.
        if begun.is_none() {
            self.tell_request(["provider.request.start"], Measurements::default(), None);
        }
        let ended = match attempt.failure() {
            Some(_) => "provider.request.exception",
            None => "provider.request.stop",
        };
        let limited = if attempt.is_rate_limited() { "provider.rate_limit" } else { "" };
        let retry = if self.attempts_so_far() > 0 { "retry" } else { "" };
        let measured = Measurements {
            duration: begun.map(|begun| at.saturating_sub(begun)),
            ..Measurements::default()
        };
        let failure = attempt.failure().map(|kind| key::ERROR_TYPE.of(kind.clone()));
        self.tell_request([ended, limited, retry], measured, failure);
    }

    fn is_listened_to(&self) -> bool {
        self.heard.as_ref().is_some_and(|heard| heard.by_handlers)
    }

    fn attempts_so_far(&self) -> usize {
        self.with(|kind| kind.call().map(|call| call.attempts_so_far())).flatten().unwrap_or(0)
    }

    /// Tells handlers of a request, with how many were over before it.
    fn tell_request<const N: usize>(
        &self,
        names: [&str; N],
        measured: Measurements,
        failure: Option<KeyValue>,
    ) {
        if !self.is_listened_to() {
            return;
        }
        let known = self.with(|kind| {
            let mut attributes = Vec::new();
            kind.start_attributes(&mut attributes);
            attributes
        });
        let Some(mut attributes) = known else { return };
        attributes.extend(failure);
        let measured = measured.with("attempt", self.attempts_so_far() as f64);
        let (status, span) = (EventStatus::Completed, self.span_context());
        let details = EventDetails::of(&[], &attributes, None, status, span);
        for name in names {
            self.recorder.hub.happens(name, |tell| tell(&measured, &details));
        }
    }
}
