//! What can be recorded as messages.

use super::Message;

/// What can be recorded as messages.
///
/// Conversion happens only where content is captured; with capture off nothing is copied. Implement it
/// for a client's own request type to hand that to `input` as it is.
///
/// ```
/// use spanwise_core::{Message, ToMessages};
///
/// struct Turn { question: String }
///
/// impl ToMessages for Turn {
///     fn to_messages(&self) -> Vec<Message> {
///         vec![Message::user(&self.question)]
///     }
/// }
/// ```
pub trait ToMessages {
    /// The messages, in the order in which they were sent.
    fn to_messages(&self) -> Vec<Message>;

    /// The messages, where they are what came back: one for each choice. Defaults to the same.
    fn to_output_messages(&self) -> Vec<Message> {
        self.to_messages()
    }
}

/// A message of the user's where it goes in, of the assistant's where it comes out.
impl ToMessages for str {
    fn to_messages(&self) -> Vec<Message> {
        vec![Message::user(self)]
    }

    fn to_output_messages(&self) -> Vec<Message> {
        vec![Message::assistant(self)]
    }
}

/// A message of the user's where it goes in, of the assistant's where it comes out.
impl ToMessages for String {
    fn to_messages(&self) -> Vec<Message> {
        self.as_str().to_messages()
    }

    fn to_output_messages(&self) -> Vec<Message> {
        self.as_str().to_output_messages()
    }
}

impl ToMessages for Message {
    fn to_messages(&self) -> Vec<Message> {
        vec![self.clone()]
    }
}

impl ToMessages for [Message] {
    fn to_messages(&self) -> Vec<Message> {
        self.to_vec()
    }
}

impl<const N: usize> ToMessages for [Message; N] {
    fn to_messages(&self) -> Vec<Message> {
        self.to_vec()
    }
}

impl ToMessages for Vec<Message> {
    fn to_messages(&self) -> Vec<Message> {
        self.clone()
    }
}

impl<T: ToMessages + ?Sized> ToMessages for &T {
    fn to_messages(&self) -> Vec<Message> {
        (**self).to_messages()
    }

    fn to_output_messages(&self) -> Vec<Message> {
        (**self).to_output_messages()
    }
}
