//! What goes into a function.

use std::fmt::Debug;

use serde::Serialize;
use serde_json::{Map, Value};

use super::TakesArguments;
use crate::capture::CapturePolicy;
use crate::content::{ContentItem, as_object};
use crate::message::{Message, Part, ToMessages, ToolDefinition};
use crate::operation::{Operation, Retrieval, Tool};

/// What can be recorded as content.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded: it is not `Serialize`",
    label = "is not `Serialize`",
    note = "leave an argument out with `skip(…)`, or record what `Debug` shows of it with `debug(…)`",
    note = "leave a result out with `skip_result`"
)]
pub trait Recordable: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> Recordable for T {}

/// The arguments of a function, by their names.
#[derive(Debug, Default)]
pub struct Arguments(Map<String, Value>);

impl Arguments {
    pub fn add(&mut self, name: &str, value: &(impl Recordable + ?Sized)) {
        self.0.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
    }

    pub fn debug(&mut self, name: &str, value: &(impl Debug + ?Sized)) {
        self.0.insert(name.to_owned(), format!("{value:?}").into());
    }
}

/// Records the arguments of a function.
pub fn arguments<O: TakesArguments>(operation: &O, gather: impl FnOnce(&mut Arguments)) {
    capture(operation, |_| {
        let mut arguments = Arguments::default();
        gather(&mut arguments);
        O::arguments(arguments.0)
    });
}

/// An only argument as it is said, several as JSON.
pub(super) fn told(arguments: Map<String, Value>) -> String {
    let mut arguments = arguments;
    match arguments.len() {
        1 => arguments.values_mut().next().map(Value::take).map(text_of).unwrap_or_default(),
        _ => Value::Object(arguments).to_string(),
    }
}

/// Text as it is, anything else as JSON.
pub(super) fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// The only argument of a function whose input is messages.
#[derive(Debug)]
pub struct Input<'a, T: ?Sized>(pub &'a T);

/// What is messages is taken for them …
pub trait InputAsMessages {
    fn messages(&self) -> Vec<Message>;
}

impl<T: ToMessages + ?Sized> InputAsMessages for Input<'_, T> {
    fn messages(&self) -> Vec<Message> {
        self.0.to_messages()
    }
}

/// … and anything else is a message of the user, in JSON.
pub trait InputAsJson<T: ?Sized> {
    fn messages(&self) -> Vec<Message>
    where
        T: Recordable;
}

impl<T: ?Sized> InputAsJson<T> for &Input<'_, T> {
    fn messages(&self) -> Vec<Message>
    where
        T: Recordable,
    {
        vec![Message::user(text_of(serde_json::to_value(self.0).unwrap_or_default()))]
    }
}

/// Records the messages that a function sends.
pub fn input_messages(operation: &impl Operation, messages: impl FnOnce() -> Vec<Message>) {
    capture(operation, |_| ContentItem::InputMessages(messages()));
}

/// Records the instructions that a function sends.
pub fn system_instructions<T: Into<String>>(
    operation: &impl Operation,
    instructions: impl FnOnce() -> T,
) {
    capture(operation, |_| ContentItem::SystemInstructions(vec![Part::text(instructions())]));
}

/// Records the tools that a function offers.
pub fn tool_definitions<T: AsRef<[ToolDefinition]>>(
    operation: &impl Operation,
    tools: impl FnOnce() -> T,
) {
    capture(operation, |policy| ContentItem::tool_definitions(tools().as_ref(), policy));
}

/// Records what a tool is called with.
pub fn tool_arguments<T: Recordable>(operation: &Tool, arguments: impl FnOnce() -> T) {
    capture(operation, |_| {
        let arguments = serde_json::to_value(arguments()).unwrap_or_default();
        ContentItem::ToolCallArguments(as_object(arguments, "arguments"))
    });
}

/// Records what a retrieval looks for.
pub fn query<T: Into<String>>(operation: &Retrieval, query: impl FnOnce() -> T) {
    capture(operation, |_| ContentItem::RetrievalQuery(query().into()));
}

fn capture(operation: &impl Operation, make: impl FnOnce(&CapturePolicy) -> ContentItem) {
    let mut make = Some(make);
    if let Some(recording) = operation.recording() {
        recording.input(&mut |policy| match make.take() {
            Some(make) => make(policy),
            None => ContentItem::InputMessages(Vec::new()),
        });
    }
}
