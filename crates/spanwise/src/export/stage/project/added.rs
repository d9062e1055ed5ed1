//! What a projection adds to a span.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};

/// Attributes to be added to others: what is there already stays.
pub(super) struct Added<'a> {
    /// The keys that are there of those that the projection makes.
    there: Vec<&'a str>,
    new: Vec<KeyValue>,
}

impl<'a> Added<'a> {
    /// To these, by a projection whose keys begin like this.
    pub(super) fn to(attributes: &'a [KeyValue], beginnings: &[&str]) -> Self {
        let keys = attributes.iter().map(|attribute| attribute.key.as_str());
        let own = |key: &&str| beginnings.iter().any(|beginning| key.starts_with(beginning));
        Self { there: keys.filter(own).collect(), new: Vec::new() }
    }

    pub(super) fn value(&mut self, key: impl AsRef<str> + Into<String>, value: Value) {
        if !self.has(key.as_ref()) {
            self.new.push(attribute(key.into(), value));
        }
    }

    pub(super) fn text(&mut self, key: impl AsRef<str> + Into<String>, text: impl Into<String>) {
        if !self.has(key.as_ref()) {
            self.new.push(attribute(key.into(), Value::StringValue(text.into())));
        }
    }

    /// A text that the program gave under this key elsewhere: what the projection makes of it comes after.
    pub(super) fn given(&mut self, key: &'a str, text: String) {
        if !self.has(key) {
            self.there.push(key);
            self.new.push(attribute(key.to_owned(), Value::StringValue(text)));
        }
    }

    /// A text under a key that the program chose, unless the projection has made one like it.
    pub(super) fn chosen(&mut self, key: String, text: String) {
        if !self.made(&key) {
            self.text(key, text);
        }
    }

    /// Nothing where there is no text.
    pub(super) fn some(&mut self, key: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    /// Nothing where there is no number.
    pub(super) fn number(&mut self, key: &'static str, number: Option<i64>) {
        if let Some(number) = number {
            self.value(key, Value::IntValue(number));
        }
    }

    pub(super) fn texts<'t>(&mut self, key: &'static str, texts: impl Iterator<Item = &'t str>) {
        let any = |text: &str| AnyValue { value: Some(Value::StringValue(text.to_owned())) };
        self.value(key, Value::ArrayValue(ArrayValue { values: texts.map(any).collect() }));
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.there.contains(&key)
    }

    /// Whether the projection has made one.
    pub(super) fn made(&self, key: &str) -> bool {
        self.new.iter().any(|attribute| attribute.key == key)
    }

    pub(super) fn into_attributes(self) -> Vec<KeyValue> {
        self.new
    }
}

fn attribute(key: String, value: Value) -> KeyValue {
    KeyValue { key, value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}
