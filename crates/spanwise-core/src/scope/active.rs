//! The scope that is in force at some place.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use opentelemetry::{Context, KeyValue, StringValue, TraceId};

use super::field::ScopeField;
use super::values::Values;
use super::{Scope, ScopeSampling, Switches};
use crate::capture::ContentLevel;
use crate::semconv::attribute as key;

/// The scope that is in force in an OpenTelemetry [`Context`]: everything that the scopes around a place
/// say, for those who process spans, inject headers or decide on sampling.
///
/// ```
/// use spanwise_core::{ActiveScope, ScopeField, scope};
///
/// let context = scope().user("u-9").context();
/// let active = ActiveScope::of(&context).unwrap();
/// assert_eq!(active.get(ScopeField::User), Some("u-9"));
/// ```
#[derive(Clone)]
pub struct ActiveScope(Arc<Inner>);

struct Inner {
    values: Values,
    attributes: Box<[KeyValue]>,
    content: ContentLevel,
    switches: Switches,
    sampling: Option<ScopeSampling>,
    trace_id: Option<TraceId>,
}

impl ActiveScope {
    /// The scope of this context, if there is one.
    pub fn of(context: &Context) -> Option<&Self> {
        context.get::<Self>()
    }

    pub(super) fn inside(outer: Option<&Self>, scope: Scope, trace_id: Option<TraceId>) -> Self {
        let Scope { values, content, switches, sampling, .. } = scope;
        let outer = outer.map(|outer| &*outer.0);
        let values = match outer {
            Some(outer) => values.inside(&outer.values),
            None => values,
        };
        Self(Arc::new(Inner {
            attributes: values.attributes(),
            values,
            content: outer.map_or(content, |outer| content.min(outer.content)),
            switches: outer.map_or(switches, |outer| switches.and(outer.switches)),
            sampling: sampling.or_else(|| outer?.sampling),
            trace_id: trace_id.or_else(|| outer?.trace_id),
        }))
    }

    /// What it says of this.
    pub fn get(&self, field: ScopeField) -> Option<&str> {
        self.value(field).map(StringValue::as_str)
    }

    pub(crate) fn value(&self, field: ScopeField) -> Option<&StringValue> {
        self.0.values.get(field)
    }

    /// Its tags.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.0.values.tags().iter().map(StringValue::as_str)
    }

    /// Its metadata.
    pub fn metadata(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.values.metadata().iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The variables of its prompt: content.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.values.variables().iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The attributes of every span.
    pub fn attributes(&self) -> &[KeyValue] {
        &self.0.attributes
    }

    /// What it says about sampling.
    pub fn sampling(&self) -> Option<ScopeSampling> {
        self.0.sampling
    }

    /// The id of traces that begin inside, where it gives one.
    pub fn trace_id(&self) -> Option<TraceId> {
        self.0.trace_id
    }

    /// How much content may leave the process.
    pub(crate) fn content(&self) -> ContentLevel {
        self.0.content
    }

    /// What it leaves on.
    pub(crate) fn switches(&self) -> Switches {
        self.0.switches
    }

    /// The attributes for a span that starts now in this context, for span processors: empty for operations
    /// of this crate, which have them by themselves.
    ///
    /// ```
    /// use opentelemetry::Context;
    /// use spanwise_core::{ActiveScope, scope};
    ///
    /// let context = scope().user("u-9").context();
    /// let attributes: Vec<_> = ActiveScope::attributes_of_span(&context).collect();
    /// assert_eq!(attributes[0].key.as_str(), "user.id");
    /// ```
    pub fn attributes_of_span(context: &Context) -> impl Iterator<Item = KeyValue> + '_ {
        let scope = (!STARTING.get()).then(|| Self::of(context)).flatten();
        scope.into_iter().flat_map(|scope| {
            let conversation = scope.value(ScopeField::ConversationId);
            let conversation = conversation.map(|id| key::GEN_AI_CONVERSATION_ID.of(id.clone()));
            scope.attributes().iter().cloned().chain(conversation)
        })
    }
}

thread_local! {
    /// Whether the span that starts on this thread is an operation's.
    static STARTING: Cell<bool> = const { Cell::new(false) };
}

/// Starts the span of an operation, which processors leave alone.
pub(crate) fn operation_starts<T>(start: impl FnOnce() -> T) -> T {
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            STARTING.set(false);
        }
    }
    let _reset = Reset;
    STARTING.set(true);
    start()
}

/// What the scope of a context says of this.
pub(crate) fn scope_in(context: &Context, field: ScopeField) -> Option<StringValue> {
    ActiveScope::of(context)?.value(field).cloned()
}

/// What there is, but for the values, which may be private.
impl fmt::Debug for ActiveScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActiveScope")
            .field("values", &self.0.values)
            .field("content", &self.0.content)
            .field("sampling", &self.0.sampling)
            .finish_non_exhaustive()
    }
}
