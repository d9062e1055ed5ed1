//! What holds for one signal at one destination.

use std::sync::Arc;

use spanwise_core::{CapturePolicy, ContentLevel, Redactor};

use super::keys::Side;
use super::truncate::Length;
use crate::config::{ContentHook, ContentPolicy, Limits};
use crate::offload::Offload;
use crate::redact::HashKey;
use crate::signal::Signal;

/// The strictest of what is captured, what the destination may have, and its limits.
#[derive(Clone)]
pub(crate) struct PolicyInForce {
    pub(crate) level: ContentLevel,
    /// Whether evaluations tell why: no content of the conventions, but words that someone wrote.
    pub(crate) comments: bool,
    inputs: bool,
    outputs: bool,
    /// Whether errors of operations tell their texts; what they did not record they do not tell.
    pub(crate) own_errors: bool,
    /// Whether errors of model calls that others recorded do.
    pub(crate) foreign_errors: bool,
    pub(crate) hooks: Vec<ContentHook>,
    pub(crate) redactors: Vec<Arc<dyn Redactor>>,
    /// Of every attribute.
    pub(crate) lengths: Vec<Length>,
    pub(crate) message: Option<Length>,
    pub(crate) item: Option<Length>,
    pub(crate) new_messages_only: bool,
    pub(crate) schemas_once: bool,
    pub(crate) hash_key: HashKey,
    pub(crate) offload: Option<Offload>,
}

impl PolicyInForce {
    pub(crate) fn new(
        signal: Signal,
        content: &ContentPolicy,
        capture: &CapturePolicy,
        limits: &Limits,
        hash_key: &HashKey,
    ) -> Self {
        let (captured, characters) = match signal {
            Signal::Logs | Signal::Feedback => {
                (capture.content().on_events(), limits.log_value_length)
            }
            Signal::Traces | Signal::Metrics => (capture.content().on_spans(), limits.value_length),
        };
        Self::of_captured(captured, characters, content, capture, hash_key)
    }

    /// The same where it is known whether content is captured, and how long values may be.
    pub(crate) fn of_captured(
        captured: bool,
        characters: Option<usize>,
        content: &ContentPolicy,
        capture: &CapturePolicy,
        hash_key: &HashKey,
    ) -> Self {
        let captured = captured && !cfg!(spanwise_no_content);
        let level = if captured { content.level } else { ContentLevel::Off };
        let own_errors = content.error_messages.unwrap_or(content.level == ContentLevel::Full);
        let characters = characters.into_iter().chain(content.most_attribute_characters).min();
        let bytes = content.most_attribute_bytes.map(Length::bytes);
        Self {
            level,
            comments: content.level == ContentLevel::Full,
            inputs: capture.has_inputs(),
            outputs: capture.has_outputs(),
            own_errors,
            foreign_errors: own_errors && capture.has_error_messages(),
            hooks: content.hooks.clone(),
            redactors: content.redactors.clone(),
            lengths: bytes.into_iter().chain(characters.map(Length::characters)).collect(),
            message: content.most_message_bytes.map(Length::bytes),
            item: content.most_span_bytes.map(Length::bytes),
            new_messages_only: content.new_messages_only,
            schemas_once: capture.has_tool_schemas(),
            hash_key: content.hash_key.clone().unwrap_or_else(|| hash_key.clone()),
            offload: content.offload.clone(),
        }
    }

    /// Whether content of this side may leave at all.
    pub(crate) fn lets_through(&self, side: Side) -> bool {
        match side {
            Side::Input => self.inputs,
            Side::Output => self.outputs,
            Side::Both => self.inputs && self.outputs,
        }
    }

    /// Whether content leaves as it is.
    pub(crate) fn changes_nothing(&self) -> bool {
        self.level == ContentLevel::Full
            && self.inputs
            && self.outputs
            && self.own_errors
            && self.foreign_errors
            && self.hooks.is_empty()
            && self.redactors.is_empty()
            && self.lengths.is_empty()
            && self.message.is_none()
            && self.item.is_none()
            && !self.new_messages_only
            && !self.schemas_once
            && self.offload.is_none()
    }

    /// Whether both give the same result.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        let plain = |policy: &Self| {
            (
                (policy.level, policy.comments, policy.inputs, policy.outputs),
                (policy.own_errors, policy.foreign_errors),
                (policy.lengths.clone(), policy.message, policy.item),
                (policy.new_messages_only, policy.schemas_once),
            )
        };
        plain(self) == plain(other)
            && same(&self.hooks, &other.hooks, Arc::ptr_eq)
            && same(&self.redactors, &other.redactors, Arc::ptr_eq)
            && self.hash_key.is_same_as(&other.hash_key)
            && match (&self.offload, &other.offload) {
                (Some(one), Some(other)) => one.is_same_as(other),
                (one, other) => one.is_none() && other.is_none(),
            }
    }
}

fn same<T>(one: &[T], other: &[T], equal: impl Fn(&T, &T) -> bool) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| equal(a, b))
}
