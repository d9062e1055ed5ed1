//! Streams of `genai`'s, recorded as they are read.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use genai::chat::{ChatStream, ChatStreamEvent, ChatStreamResponse};
use genai::{ModelIden, Result};
use opentelemetry::Context as TraceContext;
use spanwise_core::Generation;

/// A streamed answer; what [`ChatStreamResponse`] is, recorded.
#[derive(Debug)]
pub struct RecordedChatStreamResponse {
    /// The events.
    pub stream: RecordedChatStream,
    /// The model that was asked.
    pub model_iden: ModelIden,
}

/// The events of an answer. The operation ends with the last one, with the first error, or, as cancelled,
/// where this is dropped before.
#[must_use = "streams do nothing unless polled"]
pub struct RecordedChatStream {
    stream: ChatStream,
    context: Option<TraceContext>,
    generation: Option<Generation>,
}

impl RecordedChatStreamResponse {
    pub(super) fn new(answer: ChatStreamResponse, generation: Option<Generation>) -> Self {
        let context = generation.as_ref().map(|generation| generation.context());
        let stream = RecordedChatStream { stream: answer.stream, context, generation };
        Self { stream, model_iden: answer.model_iden }
    }
}

impl Stream for RecordedChatStream {
    type Item = Result<ChatStreamEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = {
            let _active = self.context.clone().map(TraceContext::attach);
            Pin::new(&mut self.stream).poll_next(cx)
        };
        if let Poll::Ready(next) = &polled {
            self.note(next.as_ref());
        }
        polled
    }
}

impl RecordedChatStream {
    fn note(&mut self, next: Option<&Result<ChatStreamEvent>>) {
        let Some(generation) = self.generation.take() else { return };
        match next {
            // Nothing of the answer: the connection stands.
            Some(Ok(ChatStreamEvent::Start | ChatStreamEvent::Heartbeat)) => {}
            Some(Ok(event @ ChatStreamEvent::End(_))) => {
                generation.tell(|response| response.record_genai(event));
                return generation.finish();
            }
            Some(Ok(event)) => generation.chunk(|response| response.record_genai(event)),
            Some(Err(error)) => return generation.fail(error),
            None => return generation.finish(),
        }
        self.generation = Some(generation);
    }
}

impl fmt::Debug for RecordedChatStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordedChatStream")
    }
}
