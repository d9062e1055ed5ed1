//! What was recorded by the conventions of today, in the words of 1.41.
//!
//! Only what operations recorded is translated; what others recorded is in their own words.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use spanwise_core::SCOPE_NAME;
use spanwise_core::semconv::{SemconvProfile, attribute, v1_41};

use super::Project;
use crate::export::request::Group;

/// Translates what operations recorded.
pub(super) fn translate<T: Project>(groups: &mut [Group<T>], profile: SemconvProfile) {
    if !profile.has_v1_41() {
        return;
    }
    let with_latest = profile.has_latest();
    for group in groups.iter_mut().filter(|group| group.scope.name == SCOPE_NAME) {
        if !with_latest {
            v1_41::SCHEMA_URL.clone_into(&mut group.schema_url);
        }
        for attributes in group.items.iter_mut().filter_map(Project::attributes) {
            rename(attributes, with_latest);
            if v1_41::FINISH_REASON_IN_MESSAGES && !cfg!(spanwise_no_content) {
                say_why_messages_ended(attributes);
            }
        }
    }
}

fn rename(attributes: &mut Vec<KeyValue>, with_latest: bool) {
    let mut added = Vec::new();
    for attribute in attributes.iter_mut() {
        let Some(known) = v1_41::ATTRIBUTES.iter().find(|known| known.key == attribute.key) else {
            continue;
        };
        let value =
            attribute.value.clone().map(|value| if known.double { double(value) } else { value });
        if !with_latest {
            known.earlier.clone_into(&mut attribute.key);
            attribute.value = value;
        } else if known.key != known.earlier {
            added.push(KeyValue { key: known.earlier.to_owned(), value, ..KeyValue::default() });
        }
    }
    attributes.append(&mut added);
}

fn double(value: AnyValue) -> AnyValue {
    match value.value {
        Some(Value::IntValue(number)) => {
            AnyValue { value: Some(Value::DoubleValue(number as f64)) }
        }
        _ => value,
    }
}

/// What a message says of its end when nothing is known.
const UNKNOWN: &str = "unknown";

/// Gives each output message the finish reason of its choice.
fn say_why_messages_ended(attributes: &mut [KeyValue]) {
    let find = |key: &str| attributes.iter().position(|attribute| attribute.key == key);
    let Some(messages) = find(attribute::GEN_AI_OUTPUT_MESSAGES.key()) else { return };
    let reasons = find(attribute::GEN_AI_RESPONSE_FINISH_REASONS.key());
    let reasons = reasons.map(|place| texts(&attributes[place])).unwrap_or_default();
    let reason = |choice: usize| reasons.get(choice).map_or(UNKNOWN, String::as_str);
    match attributes[messages].value.as_mut().and_then(|value| value.value.as_mut()) {
        Some(Value::StringValue(json)) => finish_in_text(json, reason),
        Some(Value::ArrayValue(messages)) => {
            for (choice, message) in messages.values.iter_mut().enumerate() {
                finish_in_structure(message, reason(choice));
            }
        }
        _ => {}
    }
}

const FINISH_REASON: &str = "finish_reason";

fn finish_in_text<'a>(json: &mut String, reason: impl Fn(usize) -> &'a str) {
    use serde_json::Value;

    // What cannot be read is left as it is.
    let Ok(Value::Array(mut messages)) = serde_json::from_str(json) else { return };
    for (choice, message) in messages.iter_mut().enumerate() {
        if let Value::Object(fields) = message {
            fields.entry(FINISH_REASON).or_insert_with(|| reason(choice).into());
        }
    }
    *json = Value::Array(messages).to_string();
}

fn finish_in_structure(message: &mut AnyValue, reason: &str) {
    let Some(Value::KvlistValue(fields)) = &mut message.value else { return };
    if fields.values.iter().all(|field| field.key != FINISH_REASON) {
        let value = AnyValue { value: Some(Value::StringValue(reason.to_owned())) };
        let key = FINISH_REASON.to_owned();
        fields.values.push(KeyValue { key, value: Some(value), ..KeyValue::default() });
    }
}

fn texts(attribute: &KeyValue) -> Vec<String> {
    let value = attribute.value.as_ref().and_then(|value| value.value.as_ref());
    let Some(Value::ArrayValue(array)) = value else { return Vec::new() };
    let text = |value: &AnyValue| match &value.value {
        Some(Value::StringValue(text)) => text.clone(),
        _ => UNKNOWN.to_owned(),
    };
    array.values.iter().map(text).collect()
}

#[cfg(test)]
mod tests;
