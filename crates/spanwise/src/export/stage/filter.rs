//! Leaves out what a destination does not want, and keeps the tree whole.

use std::collections::HashMap;

use opentelemetry::SpanId;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{Span, SpanFlags};
use spanwise_core::SCOPE_NAME;
use spanwise_core::semconv::attribute;
use spanwise_core::semconv::value::gen_ai_operation_name as operation;

use super::project::Project;
use crate::config::{SpanFilter, SpanView};
use crate::export::lineage::{Above, Kin};
use crate::export::request::Group;

/// What is known of the spans of a batch and those above them.
pub(crate) type Kinship = HashMap<SpanId, Kin>;

/// Leaves out what the destination does not want; says how many.
pub(crate) fn filter<T: Project>(
    groups: &mut Vec<Group<T>>,
    view: &SpanView,
    kinship: &Kinship,
) -> u64 {
    let wants: fn(&mut Span, &str, &Kinship) -> bool = match view.filter {
        SpanFilter::All if view.share.is_none() => return 0,
        SpanFilter::All => |_, _, _| true,
        SpanFilter::LlmOnly => llm_only,
        SpanFilter::ModelCallsOnly => model_calls_only,
    };
    let share = view.share.unwrap_or(1.0);
    let mut left_out = 0;
    for Group { scope, items, .. } in groups.iter_mut() {
        items.retain_mut(|item| {
            let keep = item
                .span()
                .is_none_or(|span| is_within(span, share) && wants(span, &scope.name, kinship));
            left_out += u64::from(!keep);
            keep
        });
    }
    groups.retain(|group| !group.items.is_empty());
    left_out
}

/// Whether its trace is among this share of all, as the SDK's sampler would say.
fn is_within(span: &Span, share: f64) -> bool {
    const MOST: f64 = (1_u64 << 63) as f64;
    let [.., _, _, _, _, _, _, _, _] = span.trace_id.as_slice() else { return share > 0.0 };
    let low = &span.trace_id[span.trace_id.len() - 8..];
    let number = low.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    share >= 1.0 || ((number >> 1) as f64) < share * MOST
}

fn llm_only(span: &mut Span, scope: &str, kinship: &Kinship) -> bool {
    let id = id(span);
    let Some(Kin { of_models, above, .. }) = kinship.get(&id) else { return scope == SCOPE_NAME };
    if *of_models {
        put_below(span, *above);
    }
    *of_models
}

fn model_calls_only(span: &mut Span, _: &str, _: &Kinship) -> bool {
    let calls = is_model_call(span);
    if calls {
        put_below(span, Above::Nothing);
    }
    calls
}

pub(super) fn id(span: &Span) -> SpanId {
    span.span_id.as_slice().try_into().map_or(SpanId::INVALID, SpanId::from_bytes)
}

fn put_below(span: &mut Span, above: Above) {
    const IS_REMOTE: u32 = SpanFlags::ContextIsRemoteMask as u32;
    const KNOWN: u32 = SpanFlags::ContextHasIsRemoteMask as u32;
    let (parent, remote) = match above {
        Above::Nothing => (Vec::new(), 0),
        Above::Here(parent) => (parent.to_bytes().to_vec(), 0),
        Above::Elsewhere(parent) => (parent.to_bytes().to_vec(), IS_REMOTE),
    };
    span.parent_span_id = parent;
    span.flags = (span.flags & !IS_REMOTE) | KNOWN | remote;
}

/// By the conventions, and by those of OpenInference and OpenLLMetry.
fn is_model_call(span: &Span) -> bool {
    const CALLS: [&str; 4] = [
        operation::CHAT,
        operation::TEXT_COMPLETION,
        operation::GENERATE_CONTENT,
        operation::EMBEDDINGS,
    ];
    let text = |key: &str| {
        let known = span.attributes.iter().find(|attribute| attribute.key == key)?;
        match known.value.as_ref()?.value.as_ref()? {
            Value::StringValue(text) => Some(text.as_str()),
            _ => None,
        }
    };
    match text(attribute::GEN_AI_OPERATION_NAME.key()) {
        Some(operation) => CALLS.contains(&operation),
        None => {
            let kind = text("openinference.span.kind");
            kind.map_or(text("llm.request.type").is_some(), |kind| {
                matches!(kind, "LLM" | "EMBEDDING")
            })
        }
    }
}

#[cfg(test)]
mod tests;
