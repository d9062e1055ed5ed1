//! The names of the conventions, as types.
//!
//! Attribute keys carry the type of their value, so that a wrong one does not compile; metrics carry
//! instrument, unit and boundaries. Everything but this file and `profile.rs` is written by
//! `cargo xtask semconv generate` from `semconv/genai.yaml` (the OpenTelemetry GenAI conventions),
//! `semconv/spanwise.yaml` (the few names of our own) and `semconv/v1_41.yaml` (earlier names).
//!
//! Source: [GenAI semantic conventions](https://github.com/open-telemetry/semantic-conventions-genai)

#[rustfmt::skip]
pub mod attribute;
#[rustfmt::skip]
pub mod entity;
#[rustfmt::skip]
pub mod event;
#[rustfmt::skip]
mod metric;
mod profile;
#[rustfmt::skip]
mod schema;
#[rustfmt::skip]
pub mod v1_41;
#[rustfmt::skip]
pub mod value;

use std::marker::PhantomData;

use opentelemetry::{Array, KeyValue, StringValue, Value};

pub use metric::{
    Metric, SPANWISE_EXPORT_EVENTS, SPANWISE_EXPORT_FILTERED, SPANWISE_EXPORT_OVERFLOWING,
    SPANWISE_EXPORT_SHRUNK, SPANWISE_EXPORT_SPOOLED,
};
pub use profile::{Earlier, SemconvProfile, UnknownProfile};
pub use schema::SCHEMA_URL;

/// An attribute key whose value is a `T`.
#[derive(Debug)]
pub struct Attribute<T> {
    key: &'static str,
    value: PhantomData<fn(T)>,
}

impl<T> Clone for Attribute<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Attribute<T> {}

impl<T> Attribute<T> {
    const fn new(key: &'static str) -> Self {
        Self { key, value: PhantomData }
    }

    /// The key as it is sent.
    pub const fn key(self) -> &'static str {
        self.key
    }
}

impl<T: AttributeValue> Attribute<T> {
    /// The attribute with this value.
    ///
    /// ```
    /// use spanwise_core::semconv::attribute::GEN_AI_REQUEST_MODEL;
    ///
    /// let attribute = GEN_AI_REQUEST_MODEL.of("gpt-4o-mini");
    /// assert_eq!(attribute.key.as_str(), "gen_ai.request.model");
    /// ```
    pub fn of(self, value: impl Into<T>) -> KeyValue {
        KeyValue::new(self.key, value.into().into_value())
    }
}

/// A family of string attributes that share a prefix, such as `gen_ai.prompt.variable.<key>`.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    prefix: &'static str,
}

impl Template {
    const fn new(prefix: &'static str) -> Self {
        Self { prefix }
    }

    /// What stands before the dot and the name.
    pub const fn prefix(self) -> &'static str {
        self.prefix
    }

    /// The key of the member called `name`.
    pub fn key(self, name: &str) -> String {
        format!("{}.{name}", self.prefix)
    }
}

/// Structured content, serialised: spans of OpenTelemetry's Rust SDK hold no maps.
#[derive(Clone, Debug)]
pub struct Json(String);

impl From<String> for Json {
    fn from(json: String) -> Self {
        Self(json)
    }
}

/// A type that attributes have.
pub trait AttributeValue: sealed::Sealed {
    /// The value as OpenTelemetry's API takes it.
    fn into_value(self) -> Value;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! attribute_values {
    ($($name:ty: $value:ident => $into:expr;)*) => {$(
        impl sealed::Sealed for $name {}
        impl AttributeValue for $name {
            fn into_value(self) -> Value {
                let $value = self;
                $into
            }
        }
    )*};
}

attribute_values! {
    StringValue: value => Value::String(value);
    i64: value => Value::I64(value);
    f64: value => Value::F64(value);
    bool: value => Value::Bool(value);
    Vec<StringValue>: value => Value::Array(Array::String(value));
    Json: value => Value::String(value.0.into());
}

/// Something that telemetry comes from, as part of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entity {
    /// Its type.
    pub name: &'static str,
    /// The resource's attributes that identify it.
    pub identity: &'static [&'static str],
    /// The resource's attributes that describe it.
    pub description: &'static [&'static str],
}

/// What an instrument is made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Descriptor {
    /// The metric's name.
    pub name: &'static str,
    /// Its unit, as UCUM writes it: `s`, `{token}`.
    pub unit: &'static str,
    /// What kind of instrument records it.
    pub instrument: Instrument,
    /// Histogram boundaries, in the unit; empty for counters and gauges.
    pub boundaries: &'static [f64],
}

/// A kind of instrument, with the type of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instrument {
    /// A counter of whole numbers.
    Counter,
    /// A counter of fractions, such as money.
    DoubleCounter,
    /// The last of whole numbers.
    Gauge,
    /// The last of fractions.
    DoubleGauge,
    /// A histogram of whole numbers.
    IntHistogram,
    /// A histogram of fractions, such as seconds.
    DoubleHistogram,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_stand_in_the_order_of_their_discriminants() {
        for (index, metric) in Metric::ALL.into_iter().enumerate() {
            assert_eq!(metric as usize, index);
        }
    }

    #[test]
    fn a_template_makes_one_key_per_name() {
        let key = attribute::GEN_AI_PROMPT_VARIABLE.key("city");
        assert_eq!(key, "gen_ai.prompt.variable.city");
    }
}
