//! Answers that come in chunks.
//!
//! ```text
//! chunk ──► closure tells what is in it ──► StreamedResponse
//! end   ──► completed │ failed │ dropped half way: cancelled, with what had arrived
//! ```

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use futures_core::Stream;
use opentelemetry::{Context, StringValue};
use pin_project_lite::pin_project;

use super::generation::Generation;
use super::streamed::StreamedResponse;
use crate::recorder::MetricRecorder as _;

impl Generation {
    /// Records a stream of chunks while passing them on untouched.
    ///
    /// The closure is called with each chunk and tells the [`StreamedResponse`] what is in it. The
    /// operation ends exactly once: as completed where the stream ends, as failed where the closure says
    /// so, and as cancelled, with what had arrived, where the stream is dropped half way. Where nothing
    /// records, the closure is not called.
    ///
    /// Sets `gen_ai.request.stream`, `gen_ai.response.time_to_first_chunk` (double, s, from the start of
    /// the operation) and `spanwise.stream.chunks` (int, *extension*); records
    /// `gen_ai.client.inference.time_to_first_chunk` once and `….time_per_output_chunk` for each later
    /// chunk (histograms, s), 64 of them together and the rest at the end.
    ///
    /// For streams of results there is [`try_stream`](Self::try_stream), which notices errors by itself.
    ///
    /// ```
    /// # use futures_core::Stream;
    /// use spanwise_core::{Generation, Provider};
    ///
    /// # fn words() -> impl Stream<Item = &'static str> { futures_util::stream::iter(["Hel", "lo"]) }
    /// let generation = Generation::chat(Provider::Anthropic, "claude-sonnet-4-5").start();
    /// let words = generation.stream(words(), |word, response| response.text(word));
    /// # drop(words);
    /// ```
    pub fn stream<S, F>(self, stream: S, on_chunk: F) -> RecordedStream<S, F>
    where
        S: Stream,
        F: FnMut(&S::Item, &mut StreamedResponse<'_>),
    {
        let context = self.stream_context();
        RecordedStream { stream, context, operation: Some(self), on_chunk }
    }

    /// Records a stream of results, like [`stream`](Self::stream): the closure sees the chunks, and an
    /// error ends the operation as failed, with its `error.type`.
    pub fn try_stream<S, T, E, F>(self, stream: S, on_chunk: F) -> TryRecordedStream<S, F, T, E>
    where
        S: Stream<Item = Result<T, E>>,
        E: fmt::Display + 'static,
        F: FnMut(&T, &mut StreamedResponse<'_>),
    {
        let context = self.stream_context();
        TryRecordedStream { stream, context, operation: Some(self), on_chunk, item: PhantomData }
    }

    fn stream_context(&self) -> Option<Context> {
        let live = self.0.as_ref()?;
        live.with(|kind| kind.streams());
        Some(live.context().clone())
    }

    /// Records one chunk of an answer that is read in another way than as a [`Stream`]: times it, and lets
    /// the caller tell what is in it. What [`stream`](Self::stream) sets and records, this does.
    pub fn chunk(&self, tell: impl FnOnce(&mut StreamedResponse<'_>)) {
        self.streamed(true, tell);
    }

    /// Lets the caller tell what an event says that is no chunk of the answer, such as a last one with the
    /// usage: it is neither timed nor counted.
    pub fn tell(&self, tell: impl FnOnce(&mut StreamedResponse<'_>)) {
        self.streamed(false, tell);
    }

    fn streamed(&self, is_chunk: bool, tell: impl FnOnce(&mut StreamedResponse<'_>)) {
        let Some(live) = &self.0 else { return };
        let now = live.elapsed();
        let captures_content = live.captures_outputs();
        live.with(|kind| {
            kind.streams();
            let Some(state) = &mut kind.stream else { return };
            let mut response = StreamedResponse::new(state, &mut kind.response, captures_content);
            tell(&mut response);
            if is_chunk {
                let measured = state.time(now);
                if !measured.is_empty() {
                    live.metrics().record(&kind.chunk_series(), &measured);
                }
            }
        });
    }

    /// What the closure said of the stream's end.
    fn said_failed(&self) -> Option<(StringValue, String)> {
        self.0.as_ref()?.with(|kind| kind.stream.as_mut()?.take_failure())?
    }
}

pin_project! {
    /// A stream whose chunks are recorded; made by [`Generation::stream`].
    #[must_use = "streams do nothing unless polled"]
    pub struct RecordedStream<S, F> {
        #[pin]
        stream: S,
        context: Option<Context>,
        operation: Option<Generation>,
        on_chunk: F,
    }
}

impl<S, F> Stream for RecordedStream<S, F>
where
    S: Stream,
    F: FnMut(&S::Item, &mut StreamedResponse<'_>),
{
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let polled = poll_inside(this.stream, this.context.as_ref(), cx);
        match &polled {
            Poll::Ready(Some(chunk)) => {
                if let Some(operation) = this.operation {
                    operation.chunk(|response| (this.on_chunk)(chunk, response));
                }
            }
            Poll::Ready(None) => this.operation.take().into_iter().for_each(end_of_stream),
            Poll::Pending => {}
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

impl<S, F> fmt::Debug for RecordedStream<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordedStream")
    }
}

pin_project! {
    /// A stream of results whose chunks are recorded; made by [`Generation::try_stream`].
    #[must_use = "streams do nothing unless polled"]
    pub struct TryRecordedStream<S, F, T, E> {
        #[pin]
        stream: S,
        context: Option<Context>,
        operation: Option<Generation>,
        on_chunk: F,
        item: PhantomData<fn() -> Result<T, E>>,
    }
}

impl<S, T, E, F> Stream for TryRecordedStream<S, F, T, E>
where
    S: Stream<Item = Result<T, E>>,
    E: fmt::Display + 'static,
    F: FnMut(&T, &mut StreamedResponse<'_>),
{
    type Item = Result<T, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<T, E>>> {
        let this = self.project();
        let polled = poll_inside(this.stream, this.context.as_ref(), cx);
        match &polled {
            Poll::Ready(Some(Ok(chunk))) => {
                if let Some(operation) = this.operation {
                    operation.chunk(|response| (this.on_chunk)(chunk, response));
                }
            }
            Poll::Ready(Some(Err(error))) => {
                if let Some(operation) = this.operation.take() {
                    operation.fail(error);
                }
            }
            Poll::Ready(None) => this.operation.take().into_iter().for_each(end_of_stream),
            Poll::Pending => {}
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

impl<S, F, T, E> fmt::Debug for TryRecordedStream<S, F, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TryRecordedStream")
    }
}

pub(crate) fn poll_inside<S: Stream>(
    stream: Pin<&mut S>,
    context: Option<&Context>,
    cx: &mut TaskContext<'_>,
) -> Poll<Option<S::Item>> {
    let _guard = context.map(|context| context.clone().attach());
    stream.poll_next(cx)
}

pub(crate) fn end_of_stream(operation: Generation) {
    match operation.said_failed() {
        Some((kind, message)) => operation.fail_with(kind.as_str().to_owned(), message),
        None => operation.finish(),
    }
}
