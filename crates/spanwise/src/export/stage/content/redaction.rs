//! Redactors, asked for every text of a message that leaves.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use spanwise_core::{Redactor, TextPlace};

/// Redactors one after the other. What one of them panics at does not leave.
pub(crate) struct Redactors<'a>(pub(crate) &'a [Arc<dyn Redactor>]);

/// In place of a text that a redactor panicked at.
const PANICKED: &str = "[REDACTOR PANICKED]";

impl Redactor for Redactors<'_> {
    fn redact<'t>(&self, text: &'t str, place: &TextPlace<'_>) -> Cow<'t, str> {
        self.0.iter().fold(Cow::Borrowed(text), |text, redactor| {
            let redact = || match text {
                Cow::Borrowed(text) => redactor.redact(text, place),
                Cow::Owned(text) => Cow::Owned(redactor.redact(&text, place).into_owned()),
            };
            catch_unwind(AssertUnwindSafe(redact)).unwrap_or(Cow::Borrowed(PANICKED))
        })
    }
}

impl Redactors<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn text(&self, text: &mut String, place: &TextPlace<'_>) {
        match self.redact(text, place) {
            Cow::Owned(other) => *text = other,
            Cow::Borrowed(same) if same.len() == text.len() => {}
            Cow::Borrowed(other) => *text = other.to_owned(),
        }
    }

    pub(crate) fn attributes(&self, attributes: &mut [KeyValue], operation: Option<&str>) {
        for KeyValue { key, value, .. } in attributes {
            let place = TextPlace::attribute(key);
            let place = operation.map_or(place, |operation| place.in_operation(operation));
            self.any(value.as_mut(), &place);
        }
    }

    /// Strings, numbers whose digits are redacted, and bytes that are text.
    pub(crate) fn any(&self, value: Option<&mut AnyValue>, place: &TextPlace<'_>) {
        let Some(value) = value.and_then(|any| any.value.as_mut()) else { return };
        match value {
            Value::StringValue(text) => self.text(text, place),
            Value::IntValue(number) => {
                let digits = number.to_string();
                let redacted = self.redact(&digits, place);
                if redacted != digits {
                    *value = Value::StringValue(redacted.into_owned());
                }
            }
            Value::BytesValue(bytes) => {
                let Ok(text) = std::str::from_utf8(bytes) else { return };
                let redacted = self.redact(text, place);
                if redacted != text {
                    *bytes = redacted.into_owned().into_bytes();
                }
            }
            Value::ArrayValue(array) => {
                array.values.iter_mut().for_each(|value| self.any(Some(value), place));
            }
            Value::KvlistValue(fields) => {
                for KeyValue { key, value, .. } in &mut fields.values {
                    self.any(value.as_mut(), &place.in_field(key));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Panicking;

    impl Redactor for Panicking {
        fn redact<'t>(&self, text: &'t str, _: &TextPlace<'_>) -> Cow<'t, str> {
            if text.contains("secret") { panic!("on purpose") } else { Cow::Borrowed(text) }
        }
    }

    #[test]
    fn what_a_redactor_panics_at_does_not_leave() {
        let redactors: [Arc<dyn Redactor>; 1] = [Arc::new(Panicking)];
        let mut text = "a secret".to_owned();
        Redactors(&redactors).text(&mut text, &TextPlace::LOG_BODY);
        assert_eq!(text, PANICKED);
        let mut text = "nothing".to_owned();
        Redactors(&redactors).text(&mut text, &TextPlace::LOG_BODY);
        assert_eq!(text, "nothing");
    }
}
