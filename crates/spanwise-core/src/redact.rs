//! What of a text may leave the process.
//!
//! ```text
//! text ──► Redactor::redact(text, where it stands) ──► the same text, or another in its place
//! ```
//! Redactors run where telemetry is exported, never on the caller's task.

use std::borrow::Cow;

use serde_json::Value;

/// Decides what of a text may leave the process.
///
/// It is asked for every text that would: the parts of messages, the strings inside tools' payloads and
/// documents, attributes, the texts of errors, the bodies of log records. It is asked on one thread, and
/// everything else waits there for it meanwhile.
///
/// ```
/// use std::borrow::Cow;
/// use spanwise_core::{Redactor, TextPlace};
///
/// /// Reasoning stays here; everything else may go.
/// struct NoReasoning;
///
/// impl Redactor for NoReasoning {
///     fn redact<'t>(&self, text: &'t str, place: &TextPlace<'_>) -> Cow<'t, str> {
///         match place.part() {
///             Some("reasoning") => Cow::Borrowed("[REASONING]"),
///             _ => Cow::Borrowed(text),
///         }
///     }
/// }
///
/// let place = TextPlace::attribute("gen_ai.output.messages").in_part("reasoning");
/// assert_eq!(NoReasoning.redact("It is Ada who asks.", &place), "[REASONING]");
/// ```
pub trait Redactor: Send + Sync {
    /// The text as it may leave: borrowed as it is, or another in its place.
    ///
    /// What it gives for its own result should be that result: a text may be asked about twice.
    fn redact<'t>(&self, text: &'t str, place: &TextPlace<'_>) -> Cow<'t, str>;
}

impl<R: Redactor + ?Sized> Redactor for std::sync::Arc<R> {
    fn redact<'t>(&self, text: &'t str, place: &TextPlace<'_>) -> Cow<'t, str> {
        (**self).redact(text, place)
    }
}

/// Where a text stands that a [`Redactor`] looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextPlace<'a> {
    key: &'a str,
    operation: Option<&'a str>,
    role: Option<&'a str>,
    part: Option<&'a str>,
    field: Option<&'a str>,
}

impl<'a> TextPlace<'a> {
    /// The name of a span.
    pub const SPAN_NAME: TextPlace<'static> = TextPlace::attribute("span.name");
    /// What a failed span says of its failure.
    pub const STATUS_DESCRIPTION: TextPlace<'static> = TextPlace::attribute("status.description");
    /// The body of a log record.
    pub const LOG_BODY: TextPlace<'static> = TextPlace::attribute("log.body");

    /// The value of the attribute with this key.
    pub const fn attribute(key: &'a str) -> Self {
        Self { key, operation: None, role: None, part: None, field: None }
    }

    /// The same place, in an operation of this kind: a value of `gen_ai.operation.name`.
    #[must_use]
    pub const fn in_operation(mut self, operation: &'a str) -> Self {
        self.operation = Some(operation);
        self
    }

    /// The same place, in a message of this role.
    #[must_use]
    pub const fn in_message(mut self, role: &'a str) -> Self {
        self.role = Some(role);
        self
    }

    /// The same place, in a part of this type.
    #[must_use]
    pub const fn in_part(mut self, part: &'a str) -> Self {
        self.part = Some(part);
        self
    }

    /// The same place, in the JSON field of this name.
    #[must_use]
    pub const fn in_field(mut self, field: &'a str) -> Self {
        self.field = Some(field);
        self
    }

    /// The attribute's key, such as `gen_ai.input.messages` or `exception.message`; for what is no
    /// attribute `span.name`, `status.description` or `log.body`.
    pub const fn key(&self) -> &'a str {
        self.key
    }

    /// The kind of operation, such as `chat`, where it is known.
    pub const fn operation(&self) -> Option<&'a str> {
        self.operation
    }

    /// The role of the message, such as `user`, where it stands in one.
    pub const fn role(&self) -> Option<&'a str> {
        self.role
    }

    /// The type of the message's part, such as `text` or `tool_call`, where it stands in one.
    pub const fn part(&self) -> Option<&'a str> {
        self.part
    }

    /// The name of the innermost JSON field that it stands in.
    pub const fn field(&self) -> Option<&'a str> {
        self.field
    }
}

/// Redacts the strings inside a JSON value, however deep it is. Names of fields stay, and a number
/// stays unless its digits are redacted: then it is text.
///
/// ```
/// use spanwise_core::{Redactor, TextPlace, redact_value};
/// # use std::borrow::Cow;
/// # struct Upper;
/// # impl Redactor for Upper {
/// #     fn redact<'t>(&self, text: &'t str, _: &TextPlace<'_>) -> Cow<'t, str> {
/// #         Cow::Owned(text.to_uppercase())
/// #     }
/// # }
/// let mut value = serde_json::json!({"city": ["paris", 7]});
/// redact_value(&mut value, &Upper, TextPlace::attribute("gen_ai.tool.call.arguments"));
/// assert_eq!(value, serde_json::json!({"city": ["PARIS", 7]}));
/// ```
pub fn redact_value(value: &mut Value, redactor: &dyn Redactor, place: TextPlace<'_>) {
    let mut left = vec![(place, value)];
    while let Some((place, value)) = left.pop() {
        match value {
            Value::String(text) => redact_text(text, redactor, place),
            Value::Number(number) => {
                let digits = number.to_string();
                let redacted = redactor.redact(&digits, &place);
                if redacted != digits {
                    *value = Value::String(redacted.into_owned());
                }
            }
            Value::Array(values) => left.extend(values.iter_mut().map(|value| (place, value))),
            Value::Object(fields) => left.extend(
                fields.iter_mut().map(|(name, value)| (place.in_field(name.as_str()), value)),
            ),
            Value::Null | Value::Bool(_) => {}
        }
    }
}

pub(crate) fn redact_text(text: &mut String, redactor: &dyn Redactor, place: TextPlace<'_>) {
    let other = match redactor.redact(text, &place) {
        Cow::Borrowed(same) if std::ptr::eq(same, text.as_str()) => return,
        other => other.into_owned(),
    };
    *text = other;
}

/// A redactor, and where it looks now.
#[derive(Clone, Copy)]
pub(crate) struct Redacting<'a> {
    pub(crate) redactor: &'a dyn Redactor,
    pub(crate) place: TextPlace<'a>,
}

impl<'a> Redacting<'a> {
    pub(crate) fn at(self, change: impl FnOnce(TextPlace<'a>) -> TextPlace<'a>) -> Self {
        Self { place: change(self.place), ..self }
    }

    pub(crate) fn text(self, text: &mut String) {
        redact_text(text, self.redactor, self.place);
    }

    pub(crate) fn field(self, name: &str, text: Option<&mut String>) {
        if let Some(text) = text {
            redact_text(text, self.redactor, self.place.in_field(name));
        }
    }

    pub(crate) fn value(self, value: &mut Value) {
        redact_value(value, self.redactor, self.place);
    }

    pub(crate) fn values(self, fields: &mut serde_json::Map<String, Value>) {
        for (name, value) in fields {
            redact_value(value, self.redactor, self.place.in_field(name));
        }
    }
}

#[cfg(test)]
mod tests;
