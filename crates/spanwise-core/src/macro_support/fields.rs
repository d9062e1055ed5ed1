//! What arguments say of an operation: attributes and the builder's settings.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::{KeyValue, StringValue, Value};

use crate::operation::Operation;

/// What can be a text, borrowed too; `None` sets nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no text",
    label = "expected a text",
    note = "a text is a `&str`, `String`, `Cow<str>`, `Arc<str>` or `StringValue`, or an `Option` of one"
)]
pub trait ToText {
    fn to_text(self) -> Option<StringValue>;
}

/// What can be a whole number; `None` sets nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no whole number",
    label = "expected a whole number, or an `Option` of one"
)]
pub trait ToInt {
    fn to_int(self) -> Option<i64>;
}

/// What can be a number; `None` sets nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number",
    label = "expected a number, or an `Option` of one"
)]
pub trait ToFloat {
    fn to_float(self) -> Option<f64>;
}

/// What can be the value of an attribute; `None` sets none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of an attribute",
    label = "expected a text, a number or a `bool`",
    note = "say how it looks: `\"app.order\" = order.to_string()`"
)]
pub trait ToAttribute {
    fn to_attribute(self) -> Option<Value>;
}

pub fn text(text: impl ToText) -> Option<StringValue> {
    text.to_text()
}

/// A name, where there may be none.
pub fn name(name: impl ToText) -> StringValue {
    name.to_text().unwrap_or_else(|| StringValue::from(""))
}

pub fn int(number: impl ToInt) -> Option<i64> {
    number.to_int()
}

pub fn float(number: impl ToFloat) -> Option<f64> {
    number.to_float()
}

/// The attributes of the program's own.
pub struct Attributes<'a>(&'a dyn crate::operation::sealed::Recording);

impl Attributes<'_> {
    pub fn set(&mut self, key: &'static str, value: impl ToAttribute) {
        if let Some(value) = value.to_attribute() {
            self.0.attribute(KeyValue::new(key, value));
        }
    }
}

/// Sets attributes, where they go anywhere.
pub fn attributes(operation: &impl Operation, gather: impl FnOnce(&mut Attributes<'_>)) {
    let recording = operation.recording().filter(|recording| recording.keeps_attributes());
    if let Some(recording) = recording {
        gather(&mut Attributes(recording));
    }
}

macro_rules! texts {
    ($($Text:ty => |$text:ident| $owned:expr;)*) => {
        $(impl ToText for $Text {
            fn to_text(self) -> Option<StringValue> {
                let $text = self;
                Some(StringValue::from($owned))
            }
        }

        impl ToAttribute for $Text {
            fn to_attribute(self) -> Option<Value> {
                self.to_text().map(Value::String)
            }
        })*
    };
}

texts! {
    &str => |text| text.to_owned();
    &String => |text| text.clone();
    String => |text| text;
    Cow<'_, str> => |text| text.into_owned();
    &Cow<'_, str> => |text| text.clone().into_owned();
    Arc<str> => |text| text;
    &Arc<str> => |text| text.clone();
    StringValue => |text| text;
    &StringValue => |text| text.clone();
}

macro_rules! numbers {
    ($($Number:ty)*) => {
        $(impl ToInt for $Number {
            #[allow(clippy::allow_attributes, trivial_numeric_casts, reason = "one of them is it")]
            fn to_int(self) -> Option<i64> {
                Some(i64::try_from(self).unwrap_or(i64::MAX))
            }
        }

        impl ToInt for &$Number {
            fn to_int(self) -> Option<i64> {
                (*self).to_int()
            }
        }

        impl ToAttribute for $Number {
            fn to_attribute(self) -> Option<Value> {
                self.to_int().map(Value::I64)
            }
        }

        impl ToAttribute for &$Number {
            fn to_attribute(self) -> Option<Value> {
                (*self).to_attribute()
            }
        }

        impl ToFloat for $Number {
            fn to_float(self) -> Option<f64> {
                Some(self as f64)
            }
        })*
    };
}

numbers!(i8 i16 i32 i64 u8 u16 u32 u64 usize isize);

macro_rules! floats {
    ($($Float:ty)*) => {
        $(impl ToFloat for $Float {
            fn to_float(self) -> Option<f64> {
                Some(self.into())
            }
        }

        impl ToFloat for &$Float {
            fn to_float(self) -> Option<f64> {
                (*self).to_float()
            }
        }

        impl ToAttribute for $Float {
            fn to_attribute(self) -> Option<Value> {
                self.to_float().map(Value::F64)
            }
        }

        impl ToAttribute for &$Float {
            fn to_attribute(self) -> Option<Value> {
                (*self).to_attribute()
            }
        })*
    };
}

floats!(f32 f64);

impl ToAttribute for bool {
    fn to_attribute(self) -> Option<Value> {
        Some(Value::Bool(self))
    }
}

impl ToAttribute for &bool {
    fn to_attribute(self) -> Option<Value> {
        (*self).to_attribute()
    }
}

impl ToAttribute for Value {
    fn to_attribute(self) -> Option<Value> {
        Some(self)
    }
}

macro_rules! options {
    ($($Trait:ident: $method:ident -> $To:ty;)*) => {
        $(impl<T: $Trait> $Trait for Option<T> {
            fn $method(self) -> Option<$To> {
                self.and_then(T::$method)
            }
        }

        impl<'a, T> $Trait for &'a Option<T>
        where
            &'a T: $Trait,
        {
            fn $method(self) -> Option<$To> {
                self.as_ref().and_then($Trait::$method)
            }
        })*
    };
}

options! {
    ToText: to_text -> StringValue;
    ToInt: to_int -> i64;
    ToFloat: to_float -> f64;
    ToAttribute: to_attribute -> Value;
}
