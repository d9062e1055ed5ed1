//! Functions that give a stream: their operation ends with it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use futures_core::Stream;
use opentelemetry::Context;
use pin_project_lite::pin_project;
use serde_json::Value;

use super::Instrumented;
use super::ended::Failure;
use super::input::Recordable;
use crate::operation::{Generation, StreamedResponse, poll_inside};

/// What is known of a stream while it flows.
pub struct Hearing<O: Instrumented> {
    operation: Option<O>,
    items: Vec<Value>,
}

impl<O: Instrumented> Hearing<O> {
    /// Keeps an item of the result, where results are captured.
    pub fn gather(&mut self, item: &impl Recordable) {
        let recording = self.operation.as_ref().and_then(|operation| operation.recording());
        if recording.is_some_and(|recording| recording.captures_outputs()) {
            self.items.push(serde_json::to_value(item).unwrap_or_default());
        }
    }

    fn end(&mut self, end: impl FnOnce(O)) {
        if let Some(operation) = self.operation.take() {
            if !self.items.is_empty() {
                operation.gathered(std::mem::take(&mut self.items));
            }
            end(operation);
        }
    }
}

impl Hearing<Generation> {
    /// Lets the caller tell what is in a chunk.
    pub fn chunk(&self, tell: impl FnOnce(&mut StreamedResponse<'_>)) {
        if let Some(operation) = &self.operation {
            operation.chunk(tell);
        }
    }
}

impl<O: Instrumented> Drop for Hearing<O> {
    fn drop(&mut self) {
        self.end(drop);
    }
}

impl<O: Instrumented> fmt::Debug for Hearing<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hearing")
    }
}

/// Wraps the stream that a function gave; `hear` is told of each item while the operation is open.
pub fn stream<S, O, F>(operation: O, stream: S, hear: F) -> OperationStream<S, O, F>
where
    S: Stream,
    O: Instrumented,
    F: FnMut(&mut Hearing<O>, &S::Item),
{
    let context = operation.active_context().cloned();
    let hearing = Hearing { operation: Some(operation), items: Vec::new() };
    OperationStream { stream, context, hearing, hear }
}

pin_project! {
    /// A stream whose operation ends with it.
    #[must_use = "streams do nothing unless polled"]
    pub struct OperationStream<S, O: Instrumented, F> {
        #[pin]
        stream: S,
        context: Option<Context>,
        hearing: Hearing<O>,
        hear: F,
    }
}

impl<S, O, F> Stream for OperationStream<S, O, F>
where
    S: Stream,
    O: Instrumented,
    F: FnMut(&mut Hearing<O>, &S::Item),
{
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let polled = poll_inside(this.stream, this.context.as_ref(), cx);
        match &polled {
            Poll::Ready(Some(item)) if this.hearing.operation.is_some() => {
                (this.hear)(this.hearing, item);
            }
            Poll::Ready(None) => this.hearing.end(O::end_of_stream),
            Poll::Ready(Some(_)) | Poll::Pending => {}
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

impl<S, O: Instrumented, F> fmt::Debug for OperationStream<S, O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperationStream")
    }
}

/// An item of a stream: an `Err` fails the operation.
#[derive(Debug)]
pub struct Item<'a, T: ?Sized>(pub &'a T);

impl<T, E: Failure> Item<'_, Result<T, E>> {
    pub fn heard<O: Instrumented>(
        &self,
        hearing: &mut Hearing<O>,
        tell: impl FnOnce(&mut Hearing<O>, &T),
    ) {
        match self.0 {
            Ok(item) => tell(hearing, item),
            Err(error) => hearing.end(|operation| operation.fail(error)),
        }
    }
}

/// Whatever is no `Result`.
pub trait AnyItem<T: ?Sized> {
    fn heard<O: Instrumented>(
        &self,
        hearing: &mut Hearing<O>,
        tell: impl FnOnce(&mut Hearing<O>, &T),
    );
}

impl<T: ?Sized> AnyItem<T> for Item<'_, T> {
    fn heard<O: Instrumented>(
        &self,
        hearing: &mut Hearing<O>,
        tell: impl FnOnce(&mut Hearing<O>, &T),
    ) {
        tell(hearing, self.0);
    }
}

/// A chunk of a model's answer of which nobody says what is in it.
#[derive(Debug)]
pub struct Chunk<'a, T: ?Sized>(pub &'a T);

/// Text is the answer's …
pub trait TextChunk {
    fn tell(&self, hearing: &mut Hearing<Generation>);
}

impl<T: AsRef<str> + ?Sized> TextChunk for Chunk<'_, T> {
    fn tell(&self, hearing: &mut Hearing<Generation>) {
        hearing.chunk(|response| response.text(self.0.as_ref()));
    }
}

/// … and anything else is timed and counted.
pub trait AnyChunk {
    fn tell(&self, hearing: &mut Hearing<Generation>);
}

impl<T: ?Sized> AnyChunk for &Chunk<'_, T> {
    fn tell(&self, hearing: &mut Hearing<Generation>) {
        hearing.chunk(|_| {});
    }
}
