//! Scopes that decide on sampling themselves.

use opentelemetry::trace::{Link, SpanKind, TraceContextExt as _, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};
use spanwise_core::{ActiveScope, ScopeSampling};

/// A sampler for a tracer provider of the program's own: does what
/// [`Scope::force_keep`](spanwise_core::Scope::force_keep) and
/// [`Scope::force_drop`](spanwise_core::Scope::force_drop) say, and else what the sampler inside does.
///
/// ```
/// use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
/// use spanwise::ScopeSampler;
///
/// let sampler = ScopeSampler::new(Sampler::TraceIdRatioBased(0.1));
/// let tracers = SdkTracerProvider::builder().with_sampler(sampler).build();
/// # drop(tracers);
/// ```
#[derive(Clone, Debug)]
pub struct ScopeSampler(Box<dyn ShouldSample>);

impl ScopeSampler {
    /// With this sampler where the scope says nothing.
    pub fn new(otherwise: impl Into<Box<dyn ShouldSample>>) -> Self {
        Self(otherwise.into())
    }
}

impl ShouldSample for ScopeSampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        match parent.and_then(|context| ActiveScope::of(context)?.sampling()) {
            Some(ScopeSampling::Keep) => decide(true, parent),
            Some(ScopeSampling::Drop) => decide(false, parent),
            Some(ScopeSampling::Share(share)) if !is_in(share, trace_id) => decide(false, parent),
            Some(ScopeSampling::Share(_)) | None => {
                let root = parent.and_then(begins_here);
                let parent = root.as_ref().or(parent);
                self.0.should_sample(parent, trace_id, name, kind, attributes, links)
            }
        }
    }
}

/// Whether a trace is among this share of all.
fn is_in(share: f64, trace_id: TraceId) -> bool {
    let sampler = Sampler::TraceIdRatioBased(share);
    let sampled = sampler.should_sample(None, trace_id, "", &SpanKind::Internal, &[], &[]);
    sampled.decision == SamplingDecision::RecordAndSample
}

/// The context of a trace that a scope or an event begins. Samplers take any active span for a parent, also the one that is
/// none, and a context cannot be without one again.
fn begins_here(context: &Context) -> Option<Context> {
    let begins = context.has_active_span() && !context.span().span_context().is_valid();
    let alone = Context::new();
    begins.then(|| match ActiveScope::of(context) {
        Some(scope) => alone.with_value(scope.clone()),
        None => alone,
    })
}

/// A decision that leaves the trace's state as it was.
pub(crate) fn decide(keep: bool, parent: Option<&Context>) -> SamplingResult {
    let state = parent.map(|context| context.span().span_context().trace_state().clone());
    SamplingResult {
        decision: if keep { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop },
        attributes: Vec::new(),
        trace_state: state.unwrap_or(TraceState::NONE),
    }
}
