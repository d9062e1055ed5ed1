//! Errors on spans of the program's own.

use std::fmt::Display;

use opentelemetry::trace::{Span, Status};

use crate::error_kind::{error_kind, type_of};
use crate::recorder::tells_error_messages;
use crate::semconv::attribute as key;

/// Records an error on a span of the program's own: an event `exception`, `error.type`, and the status `ERROR`.
/// Operations do so by themselves, when they end with an error.
///
/// | On | Attribute | Type |
/// |---|---|---|
/// | the event | `exception.type`: the path of the error's type | string |
/// | the event | `exception.message`, and the status description: its text, where errors' texts are told | string |
/// | the span | `error.type`: see [`register_error_kind`](crate::register_error_kind) | string |
///
/// An error's text may quote a prompt or a key. It is told where
/// [`CapturePolicy::error_messages`](crate::CapturePolicy::error_messages) has it so, and nowhere else.
///
/// Source: [exceptions](https://github.com/open-telemetry/semantic-conventions/blob/main/docs/exceptions/exceptions-spans.md)
///
/// ```
/// use spanwise_core::{SpanBuilder, record_exception};
///
/// let mut span = SpanBuilder::new("parse").start();
/// if let Err(error) = "x".parse::<u8>() {
///     record_exception(&mut span, &error);
/// }
/// ```
pub fn record_exception<E: Display + 'static>(span: &mut impl Span, error: &E) {
    if !span.is_recording() {
        return;
    }
    let message = tells_error_messages().then(|| error.to_string());
    let mut attributes = vec![key::EXCEPTION_TYPE.of(type_of::<E>())];
    attributes.extend(message.clone().map(|message| key::EXCEPTION_MESSAGE.of(message)));
    span.add_event("exception", attributes);
    span.set_attribute(key::ERROR_TYPE.of(error_kind(error, None)));
    span.set_status(Status::error(message.unwrap_or_default()));
}
