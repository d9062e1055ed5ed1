//! Attributes as JavaScript sees them.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use serde_json::Value;

/// Attributes by key.
pub(super) struct Attributes(BTreeMap<String, Value>);

impl Attributes {
    pub(super) fn of(attributes: &[KeyValue]) -> Self {
        let all = attributes.iter().filter(|it| !has_a_forbidden_segment(&it.key));
        Self(all.map(|it| (it.key.clone(), json(it.value.as_ref()))).collect())
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// The first of these that is a text with something in it.
    pub(super) fn text(&self, keys: &[&str]) -> Option<String> {
        let texts = keys.iter().filter_map(|key| self.get(key)?.as_str());
        texts.filter(|text| !text.is_empty()).map(str::to_owned).next()
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Those whose keys begin like this, by the rest of the key.
    pub(super) fn below<'a>(
        &'a self,
        begin: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Value)> + 'a {
        self.0.iter().filter_map(move |(key, value)| Some((key.strip_prefix(begin)?, value)))
    }
}

/// Names that would change every object: attributes with one of them in their key are dropped.
pub(super) fn has_a_forbidden_segment(key: &str) -> bool {
    key.split('.').any(|it| matches!(it, "__proto__" | "constructor" | "prototype"))
}

fn json(value: Option<&AnyValue>) -> Value {
    match value.and_then(|any| any.value.as_ref()) {
        Some(Any::StringValue(text)) => text.as_str().into(),
        Some(Any::BoolValue(flag)) => (*flag).into(),
        Some(Any::IntValue(number)) => (*number).into(),
        Some(Any::DoubleValue(number)) => (*number).into(),
        Some(Any::ArrayValue(array)) => array.values.iter().map(|any| json(Some(any))).collect(),
        Some(Any::KvlistValue(fields)) => {
            let fields = fields.values.iter();
            fields.map(|field| (field.key.clone(), json(field.value.as_ref()))).collect()
        }
        _ => Value::Null,
    }
}
