//! Which spans are recorded, by what they are and whose.

use opentelemetry::trace::{Link, SpanKind, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};
use spanwise_core::semconv::attribute as key;
use spanwise_core::{ActiveScope, ScopeField};

use crate::error::{InitError, Source};
use crate::scope::decide;

/// Keeps a share of the spans that it is about, for [`SamplingStrategy::rules`](super::SamplingStrategy::rules).
///
/// Everything that it says must be so. What it looks at is there when a span starts: operation and model of
/// operations, user and tags of the [`scope`](spanwise_core::scope()) around any span. The share is chosen by
/// trace id, so that all spans of a trace that rules of one share are about are kept, or none.
///
/// ```
/// use spanwise::{SamplingRule, SamplingStrategy};
///
/// let sampling = SamplingStrategy::parent_based(SamplingStrategy::rules(
///     [
///         SamplingRule::keep(1.0).tag("beta"),
///         SamplingRule::keep(0.5).operation("chat").model("gpt-4o*"),
///         SamplingRule::keep(0.0).user("load-test"),
///     ],
///     SamplingStrategy::TraceIdRatio { ratio: 0.1 },
/// ));
/// # let _ = sampling;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingRule {
    share: f64,
    operation: Option<String>,
    model: Option<String>,
    user: Option<String>,
    tag: Option<String>,
}

impl SamplingRule {
    /// Keeps this share, from 0 to 1, of the spans that it is about; of all, until it says more.
    pub fn keep(share: f64) -> Self {
        Self { share, operation: None, model: None, user: None, tag: None }
    }

    /// About operations of this name: `gen_ai.operation.name`, such as `chat`.
    #[must_use]
    pub fn operation(self, name: impl Into<String>) -> Self {
        Self { operation: Some(name.into()), ..self }
    }

    /// About calls of this model: `gen_ai.request.model`; with a `*` at the end, of all that begin so.
    #[must_use]
    pub fn model(self, name: impl Into<String>) -> Self {
        Self { model: Some(name.into()), ..self }
    }

    /// About spans of this user: that of the scope.
    #[must_use]
    pub fn user(self, id: impl Into<String>) -> Self {
        Self { user: Some(id.into()), ..self }
    }

    /// About spans that have this tag of the scope.
    #[must_use]
    pub fn tag(self, tag: impl Into<String>) -> Self {
        Self { tag: Some(tag.into()), ..self }
    }

    pub(super) fn check(&self, source: &Source) -> Result<(), InitError> {
        match (0.0..=1.0).contains(&self.share) {
            true => Ok(()),
            false => Err(source.invalid(
                "has a rule whose share is not between 0 and 1",
                "give the share of spans to keep, such as 0.1",
            )),
        }
    }

    /// Whether it looks at attributes, which spans else do not start with.
    pub(super) fn reads_attributes(&self) -> bool {
        self.operation.is_some() || self.model.is_some()
    }

    fn is_about(&self, scope: Option<&ActiveScope>, attributes: &[KeyValue]) -> bool {
        let is = |key: &str, said: Option<&str>| {
            said.is_none_or(|said| {
                let attribute = attributes.iter().find(|attribute| attribute.key.as_str() == key);
                attribute.is_some_and(|attribute| matches(said, &attribute.value.as_str()))
            })
        };
        let user = scope.and_then(|scope| scope.get(ScopeField::User));
        let has_tag = |tag: &str| scope.is_some_and(|scope| scope.tags().any(|own| own == tag));
        is(key::GEN_AI_OPERATION_NAME.key(), self.operation.as_deref())
            && is(key::GEN_AI_REQUEST_MODEL.key(), self.model.as_deref())
            && (self.user.is_none() || self.user.as_deref() == user)
            && self.tag.as_deref().is_none_or(has_tag)
    }
}

fn matches(said: &str, value: &str) -> bool {
    match said.strip_suffix('*') {
        Some(begin) => value.starts_with(begin),
        None => value == said,
    }
}

/// The first rule that is about a span decides on it.
#[derive(Clone, Debug)]
pub(super) struct RuleSampler {
    pub(super) rules: Vec<SamplingRule>,
    pub(super) otherwise: Box<dyn ShouldSample>,
}

impl ShouldSample for RuleSampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let scope = parent.and_then(ActiveScope::of);
        let Some(rule) = self.rules.iter().find(|rule| rule.is_about(scope, attributes)) else {
            return self.otherwise.should_sample(parent, trace_id, name, kind, attributes, links);
        };
        let ratio = Sampler::TraceIdRatioBased(rule.share);
        let decided = ratio.should_sample(None, trace_id, name, kind, &[], &[]);
        decide(decided.decision == SamplingDecision::RecordAndSample, parent)
    }
}
