//! Reading attributes of decoded messages.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};

/// The value of an attribute of a decoded message.
///
/// # Panics
///
/// If there are two with this key.
#[track_caller]
pub fn attribute<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    let named: Vec<_> = attributes.iter().filter(|attribute| attribute.key == key).collect();
    assert!(named.len() <= 1, "{key} stands there {} times", named.len());
    named.first()?.value.as_ref()?.value.as_ref()
}

/// The value of an attribute as text; empty where there is none.
///
/// # Panics
///
/// If there are two with this key.
#[track_caller]
pub fn text(attributes: &[KeyValue], key: &str) -> String {
    match attribute(attributes, key) {
        None => String::new(),
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::BoolValue(flag)) => flag.to_string(),
        Some(Value::ArrayValue(array)) => {
            let texts = array.values.iter().map(|AnyValue { value }| match value {
                Some(Value::StringValue(text)) => text.clone(),
                other => format!("{other:?}"),
            });
            texts.collect::<Vec<_>>().join(",")
        }
        Some(other) => format!("{other:?}"),
    }
}
