//! Attributes within their limits: one value for each key, and as many as allowed.
//!
//! How long they may be is looked at where content is: see [`content`](super::content).

use std::collections::HashSet;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;
use spanwise_core::semconv::attribute;

use super::content::carried::Carried;
use crate::config::Limits;
use crate::export::request::Group;

/// Applies the limits to spans, their events and links.
pub(crate) fn spans(groups: &mut [Group<Carried<Span>>], limits: &Limits) {
    for carried in groups.iter_mut().flat_map(|group| &mut group.items) {
        let most = limits.attributes.saturating_sub(carried.content_attributes());
        let span = &mut carried.item;
        span.dropped_attributes_count += apply(&mut span.attributes, most);
        for event in &mut span.events {
            event.dropped_attributes_count += apply(&mut event.attributes, usize::MAX);
        }
        for link in &mut span.links {
            link.dropped_attributes_count += apply(&mut link.attributes, usize::MAX);
        }
    }
}

/// Applies the limits to log records.
pub(crate) fn logs(groups: &mut [Group<Carried<LogRecord>>], limits: &Limits) {
    for carried in groups.iter_mut().flat_map(|group| &mut group.items) {
        let most = limits.log_attributes.saturating_sub(carried.content_attributes());
        let record = &mut carried.item;
        record.dropped_attributes_count += apply(&mut record.attributes, most);
    }
}

/// How many attributes were dropped. One that is replaced by a later one of its key is not.
fn apply(attributes: &mut Vec<KeyValue>, most: usize) -> u32 {
    keep_last_of_each_key(attributes);
    keep_what_matters_most(attributes, most)
}

fn keep_last_of_each_key(attributes: &mut Vec<KeyValue>) {
    let mut seen = HashSet::with_capacity(attributes.len());
    let repeated = attributes.iter().filter(|kv| !seen.insert(kv.key.as_str())).count();
    if repeated == 0 {
        return;
    }
    let mut seen = HashSet::with_capacity(attributes.len());
    let mut last: Vec<bool> =
        attributes.iter().rev().map(|kv| seen.insert(kv.key.clone())).collect();
    attributes.retain(|_| last.pop().unwrap_or(true));
}

/// Drops what is beyond the limit: attributes of programs first, from the end; those of the conventions
/// last of all.
fn keep_what_matters_most(attributes: &mut Vec<KeyValue>, most: usize) -> u32 {
    let Some(excess) = attributes.len().checked_sub(most).filter(|excess| *excess > 0) else {
        return 0;
    };
    let mut to_drop = excess;
    let mut keep = vec![true; attributes.len()];
    for conventional in [false, true] {
        for (place, attribute) in attributes.iter().enumerate().rev() {
            if to_drop > 0 && keep[place] && is_conventional(&attribute.key) == conventional {
                keep[place] = false;
                to_drop -= 1;
            }
        }
    }
    let mut keep = keep.into_iter();
    attributes.retain(|_| keep.next().unwrap_or(true));
    u32::try_from(excess).unwrap_or(u32::MAX)
}

fn is_conventional(key: &str) -> bool {
    attribute::ALL.binary_search(&key).is_ok()
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::AnyValue;
    use opentelemetry_proto::tonic::common::v1::any_value::Value;

    use super::*;

    fn text(key: &str, value: &str) -> KeyValue {
        let value = AnyValue { value: Some(Value::StringValue(value.to_owned())) };
        KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
    }

    fn shown(attributes: &[KeyValue]) -> Vec<String> {
        attributes
            .iter()
            .map(|kv| match kv.value.as_ref().and_then(|any| any.value.as_ref()) {
                Some(Value::StringValue(text)) => format!("{}={text}", kv.key),
                other => format!("{}={other:?}", kv.key),
            })
            .collect()
    }

    #[test]
    fn the_last_value_of_a_key_wins_and_is_not_counted_as_a_loss() {
        let mut attributes = vec![text("a", "1"), text("b", "1"), text("a", "2"), text("a", "3")];
        let dropped = apply(&mut attributes, 2);
        assert_eq!((shown(&attributes), dropped), (vec!["b=1".to_owned(), "a=3".to_owned()], 0));
    }

    #[test]
    fn usage_is_never_crowded_out() {
        let flattened = (0..200).map(|n| text(&format!("gen_ai.input.messages.{n}.content"), "x"));
        let mut attributes: Vec<_> = flattened.collect();
        attributes.push(text("gen_ai.usage.output_tokens", "5"));
        let dropped = apply(&mut attributes, 128);
        assert_eq!((attributes.len(), dropped), (128, 73));
        assert_eq!(attributes.last().unwrap().key, "gen_ai.usage.output_tokens");
        assert_eq!(attributes[0].key, "gen_ai.input.messages.0.content");
    }
}
