//! Content that stands in attributes, and back again.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use serde_json::{Number, Value};
use spanwise_core::ForeignContent;

use super::keys;

/// How content is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// JSON text, or text.
    Text,
    /// Lists and maps of OpenTelemetry's.
    Structured,
}

/// Takes the attributes out that hold content.
pub(crate) fn take(attributes: &mut Vec<KeyValue>) -> Vec<(ForeignContent, Form)> {
    if attributes.iter().all(|attribute| keys::side(&attribute.key).is_none()) {
        return Vec::new();
    }
    let mut taken = Vec::new();
    attributes.retain_mut(|attribute| {
        if keys::side(&attribute.key).is_none() {
            return true;
        }
        let key = std::mem::take(&mut attribute.key);
        let (value, form) = read(attribute.value.take());
        taken.push((ForeignContent::new(key, value), form));
        false
    });
    taken
}

/// Content as JSON, and the form that it had.
pub(crate) fn read(value: Option<AnyValue>) -> (Value, Form) {
    match value.and_then(|any| any.value) {
        Some(Any::StringValue(text)) => {
            let structured = text.trim_start().starts_with(['[', '{']);
            let parsed = structured.then(|| serde_json::from_str(&text).ok()).flatten();
            (parsed.unwrap_or(Value::String(text)), Form::Text)
        }
        other => (json(other), Form::Structured),
    }
}

/// A value as JSON, text as it is.
pub(crate) fn json(value: Option<Any>) -> Value {
    match value {
        None => Value::Null,
        Some(Any::StringValue(text)) => Value::String(text),
        Some(Any::BoolValue(flag)) => Value::Bool(flag),
        Some(Any::IntValue(number)) => Value::from(number),
        Some(Any::DoubleValue(number)) => {
            Number::from_f64(number).map_or(Value::Null, Value::Number)
        }
        Some(Any::BytesValue(bytes)) => {
            use base64::Engine;
            Value::String(base64::engine::general_purpose::STANDARD.encode(bytes))
        }
        Some(Any::ArrayValue(array)) => {
            array.values.into_iter().map(|any| json(any.value)).collect()
        }
        Some(Any::KvlistValue(fields)) => {
            let field = |field: KeyValue| (field.key, json(field.value.and_then(|any| any.value)));
            fields.values.into_iter().map(field).collect()
        }
        // References into a table of strings, which nothing here makes.
        Some(_) => Value::Null,
    }
}

/// Content as an attribute has it.
pub(crate) fn written(value: Value, form: Form) -> AnyValue {
    match (form, value) {
        (Form::Structured, value) => structured(value),
        (Form::Text, Value::String(text)) => AnyValue { value: Some(Any::StringValue(text)) },
        (Form::Text, value) => AnyValue { value: Some(Any::StringValue(value.to_string())) },
    }
}

/// JSON as OTLP's structured values; `null` is a value that is not set.
pub(crate) fn structured(value: Value) -> AnyValue {
    let value = match value {
        Value::Null => None,
        Value::Bool(flag) => Some(Any::BoolValue(flag)),
        Value::Number(number) => Some(match number.as_i64() {
            Some(number) => Any::IntValue(number),
            None => Any::DoubleValue(number.as_f64().unwrap_or(f64::NAN)),
        }),
        Value::String(text) => Some(Any::StringValue(text)),
        Value::Array(values) => Some(Any::ArrayValue(ArrayValue {
            values: values.into_iter().map(structured).collect(),
        })),
        Value::Object(fields) => Some(Any::KvlistValue(KeyValueList {
            values: fields
                .into_iter()
                .map(|(key, value)| KeyValue {
                    key,
                    value: Some(structured(value)),
                    ..KeyValue::default()
                })
                .collect(),
        })),
    };
    AnyValue { value }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn text(key: &str, value: &str) -> KeyValue {
        let value = AnyValue { value: Some(Any::StringValue(value.to_owned())) };
        KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
    }

    #[test]
    fn content_is_taken_out_and_the_rest_stays() {
        let mut attributes = vec![
            text("gen_ai.request.model", "m"),
            text("gen_ai.input.messages", r#"[{"role":"user"}]"#),
            text("gen_ai.prompt.0.content", "{not JSON"),
            text("http.route", "/"),
        ];
        let taken = take(&mut attributes);
        let left: Vec<_> = attributes.iter().map(|attribute| attribute.key.as_str()).collect();
        assert_eq!(left, ["gen_ai.request.model", "http.route"]);
        assert_eq!(
            taken,
            [
                (
                    ForeignContent::new("gen_ai.input.messages", json!([{"role": "user"}])),
                    Form::Text
                ),
                (ForeignContent::new("gen_ai.prompt.0.content", json!("{not JSON")), Form::Text),
            ]
        );
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_as_it_was(text in "\\PC{0,60}|\\[\\{\"a\":[0-9]{1,9}\\}\\]") {
            let any = AnyValue { value: Some(Any::StringValue(text)) };
            let (value, form) = read(Some(any.clone()));
            prop_assert_eq!(written(value, form), any);
        }
    }
}
