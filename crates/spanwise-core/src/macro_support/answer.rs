//! What agents and workflows give back.

use serde_json::Value;

use super::input::{Recordable, text_of};
use crate::content::ContentItem;
use crate::message::Message;
use crate::response::Response;

/// What a function gave back whose output is messages.
#[derive(Debug)]
pub struct Answer<'a, T: ?Sized>(pub &'a T);

/// What is messages is taken for them …
pub trait AnswerAsMessages {
    fn messages(&self) -> Vec<Message>;
}

impl AnswerAsMessages for Answer<'_, Message> {
    fn messages(&self) -> Vec<Message> {
        vec![self.0.clone()]
    }
}

impl AnswerAsMessages for Answer<'_, Vec<Message>> {
    fn messages(&self) -> Vec<Message> {
        self.0.clone()
    }
}

impl AnswerAsMessages for Answer<'_, Response> {
    fn messages(&self) -> Vec<Message> {
        self.0.output.clone()
    }
}

/// … and anything else is one of the assistant's: text as it is, or JSON.
pub trait AnswerAsJson<T: ?Sized> {
    fn messages(&self) -> Vec<Message>
    where
        T: Recordable;
}

impl<T: ?Sized> AnswerAsJson<T> for &Answer<'_, T> {
    fn messages(&self) -> Vec<Message>
    where
        T: Recordable,
    {
        vec![Message::assistant(text_of(serde_json::to_value(self.0).unwrap_or_default()))]
    }
}

pub(super) fn said(result: Value) -> ContentItem {
    ContentItem::OutputMessages(vec![Message::assistant(text_of(result))])
}
