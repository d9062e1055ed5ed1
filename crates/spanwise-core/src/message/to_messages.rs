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
}

/// A user's message.
impl ToMessages for str {
    fn to_messages(&self) -> Vec<Message> {
        vec![Message::user(self)]
    }
}

/// A user's message.
impl ToMessages for String {
    fn to_messages(&self) -> Vec<Message> {
        self.as_str().to_messages()
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
}
