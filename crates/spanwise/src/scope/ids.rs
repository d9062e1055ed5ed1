//! The ids of traces that begin in a scope.

use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
use spanwise_core::{ActiveScope, GivenIds};

/// Ids for a tracer provider of the program's own, so that traces begin with the id that
/// [`Scope::trace_id`](spanwise_core::Scope::trace_id) gives, spans of [events](crate::emit) have theirs, and all
/// else has `G`'s.
///
/// ```
/// use opentelemetry_sdk::trace::SdkTracerProvider;
/// use spanwise::ScopeIds;
///
/// let tracers = SdkTracerProvider::builder().with_id_generator(ScopeIds::default()).build();
/// # drop(tracers);
/// ```
#[derive(Clone, Debug)]
pub struct ScopeIds<G = RandomIdGenerator>(G);

impl Default for ScopeIds {
    /// With random ids.
    fn default() -> Self {
        Self(RandomIdGenerator::default())
    }
}

impl<G> ScopeIds<G> {
    /// With the ids of another generator where no scope gives one.
    pub fn new(otherwise: G) -> Self {
        Self(otherwise)
    }
}

impl<G: IdGenerator> IdGenerator for ScopeIds<G> {
    fn new_trace_id(&self) -> TraceId {
        let of_event = || GivenIds::current()?.trace_id;
        let of_scope = || Context::map_current(|context| ActiveScope::of(context)?.trace_id());
        of_event().or_else(of_scope).unwrap_or_else(|| self.0.new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        let of_event = GivenIds::current().and_then(|given| given.span_id);
        of_event.unwrap_or_else(|| self.0.new_span_id())
    }
}
