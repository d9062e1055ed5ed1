//! What the attributes of `spanwise-macros` expand to. Not for use by hand: it changes without notice.
//!
//! ```text
//! start ──► arguments, attributes ──► the function's body, inside ──► Ended { result } ──► finish │ fail
//!                                                                └──► stream ─ item … item ─► end
//! ```
//!
//! What is not captured is not even looked at: everything here that makes content is a closure.

#![allow(missing_docs, reason = "what the macros generate is its only reader")]

mod answer;
mod ended;
mod fields;
mod input;
mod stream;

use std::fmt::Display;

pub use answer::{Answer, AnswerAsJson, AnswerAsMessages};
pub use ended::{AnyEnded, Ended, Failure};
pub use fields::{
    Attributes, ToAttribute, ToFloat, ToInt, ToText, attributes, float, int, name, text,
};
pub use input::{
    Arguments, Input, InputAsJson, InputAsMessages, Recordable, arguments, input_messages, query,
    system_instructions, tool_arguments, tool_definitions,
};
pub use stream::{AnyChunk, AnyItem, Chunk, Hearing, Item, OperationStream, TextChunk, stream};

pub use crate::recorder::is_recorded;

use serde_json::{Map, Value};

use crate::content::{ContentItem, as_object};
use crate::document::Document;
use crate::message::Message;
use crate::operation::sealed::Operation as _;
use crate::operation::{
    Agent, Entered, FutureExt as _, Generation, InOperation, Operation, Retrieval, Step, Tool,
    Workflow, end_of_stream,
};
use crate::response::ModelResponse;

/// An operation that a function can be.
pub trait Instrumented: Operation + Sized {
    fn finish(self);
    fn fail<E: Display + 'static>(self, error: &E);

    /// The stream that the function gave has come to its end.
    fn end_of_stream(self) {
        self.finish();
    }

    /// Records the items of the stream that the function gave.
    fn gathered(&self, _items: Vec<Value>) {}
}

/// One that shows the function's arguments.
pub trait TakesArguments: Instrumented {
    fn arguments(arguments: Map<String, Value>) -> ContentItem;
}

/// One that shows the function's result.
pub trait GivesResult: Instrumented {
    fn result(result: Value) -> ContentItem;

    /// Texts are one text.
    fn items(items: Vec<Value>) -> ContentItem {
        let text: Option<String> = items.iter().map(Value::as_str).collect();
        Self::result(text.map_or_else(|| Value::Array(items), Value::String))
    }
}

macro_rules! instrumented {
    ($($Guard:ident)*) => {
        $(impl Instrumented for $Guard {
            fn finish(self) {
                $Guard::finish(self);
            }

            fn fail<E: Display + 'static>(self, error: &E) {
                $Guard::fail(self, error);
            }

            fn gathered(&self, items: Vec<Value>) {
                let mut items = Some(items);
                if let Some(recording) = self.recording() {
                    recording.output(&mut || Self::items(items.take().unwrap_or_default()));
                }
            }
        })*
    };
}

instrumented!(Agent Retrieval Tool Workflow);

impl Instrumented for Step {
    fn finish(self) {
        Self::finish(self);
    }

    fn fail<E: Display + 'static>(self, error: &E) {
        Self::fail(self, error);
    }
}

impl Instrumented for Generation {
    fn finish(self) {
        Self::finish(self);
    }

    fn fail<E: Display + 'static>(self, error: &E) {
        Self::fail(self, error);
    }

    fn end_of_stream(self) {
        end_of_stream(self);
    }
}

impl TakesArguments for Tool {
    fn arguments(arguments: Map<String, Value>) -> ContentItem {
        ContentItem::ToolCallArguments(Value::Object(arguments))
    }
}

impl GivesResult for Tool {
    fn result(result: Value) -> ContentItem {
        ContentItem::ToolCallResult(as_object(result, "result"))
    }
}

impl TakesArguments for Retrieval {
    fn arguments(arguments: Map<String, Value>) -> ContentItem {
        ContentItem::RetrievalQuery(input::told(arguments))
    }
}

impl GivesResult for Retrieval {
    fn result(result: Value) -> ContentItem {
        let documents = match result {
            Value::Null => Vec::new(),
            Value::Array(items) => items.into_iter().map(Document::of).collect(),
            other => vec![Document::of(other)],
        };
        ContentItem::RetrievalDocuments(documents)
    }

    fn items(items: Vec<Value>) -> ContentItem {
        Self::result(Value::Array(items))
    }
}

macro_rules! speaks_in_messages {
    ($($Guard:ident)*) => {
        $(impl TakesArguments for $Guard {
            fn arguments(arguments: Map<String, Value>) -> ContentItem {
                ContentItem::InputMessages(vec![Message::user(input::told(arguments))])
            }
        })*
    };
}

speaks_in_messages!(Agent Generation Workflow);

impl GivesResult for Agent {
    fn result(result: Value) -> ContentItem {
        answer::said(result)
    }
}

impl GivesResult for Workflow {
    fn result(result: Value) -> ContentItem {
        answer::said(result)
    }
}

/// Runs a future inside an operation.
pub fn in_operation<F: Future>(future: F, operation: &impl Operation) -> InOperation<F> {
    future.in_operation(operation)
}

/// Runs synchronous work inside an operation.
pub fn inside<R>(operation: &impl Operation, work: impl FnOnce() -> R) -> R {
    let _entered = Entered::new(operation.active_context());
    work()
}

/// Records what a function gave back.
pub fn result<O: GivesResult>(operation: &O, result: &(impl Recordable + ?Sized)) {
    if let Some(recording) = operation.recording() {
        recording.output(&mut || O::result(serde_json::to_value(result).unwrap_or_default()));
    }
}

/// Records messages that a function gave back.
pub fn output_messages(operation: &impl Operation, messages: impl FnOnce() -> Vec<Message>) {
    let mut messages = Some(messages);
    if let Some(recording) = operation.recording() {
        recording.output(&mut || {
            let messages = messages.take().map(|messages| messages());
            ContentItem::OutputMessages(messages.unwrap_or_default())
        });
    }
}

/// Records what a model answered.
pub fn response(generation: &Generation, response: &(impl ModelResponse + ?Sized)) {
    generation.record(response);
}
