//! Server-sent events.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use eventsource_stream::EventStream;
use futures_core::Stream;
use spanwise_providers::Event;

/// Parses as the bytes come: the parser pulls, so what was pushed waits for it here.
pub(crate) struct ServerSentEvents {
    pushed: Pushed,
    parser: EventStream<Pushed>,
}

#[derive(Clone, Default)]
struct Pushed(Arc<Mutex<VecDeque<Bytes>>>);

impl Default for ServerSentEvents {
    fn default() -> Self {
        let pushed = Pushed::default();
        Self { parser: EventStream::new(pushed.clone()), pushed }
    }
}

impl ServerSentEvents {
    pub(super) fn more(&mut self, bytes: &[u8], mut each: impl FnMut(Event<'_>)) {
        if bytes.is_empty() {
            return;
        }
        self.pushed.queue().push_back(Bytes::copy_from_slice(bytes));
        let mut task = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(event)) = Pin::new(&mut self.parser).poll_next(&mut task) {
            // What is no event is left out, and what follows it is read.
            if let Ok(event) = event {
                // The parser calls events without a name by the name that browsers give them.
                let name = if event.event == "message" { "" } else { &event.event };
                each(Event { name, data: event.data.as_bytes() });
            }
        }
    }
}

impl Pushed {
    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream for Pushed {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.queue().pop_front();
        next.map_or(Poll::Pending, |bytes| Poll::Ready(Some(Ok(bytes))))
    }
}
