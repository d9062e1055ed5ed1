//! Server-sent events.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use eventsource_stream::EventStream;
use futures_core::Stream;
use spanwise_providers::Event;

use super::MOST_OF_AN_EVENT;

/// Parses as the bytes come: the parser pulls, so what was pushed waits for it here.
pub(crate) struct ServerSentEvents {
    /// The beginning of a line whose end has not come. The parser is given whole lines: it looks at a line
    /// from its beginning each time that more of it comes.
    open: Vec<u8>,
    /// How much has come since the last event.
    since_last: usize,
    pushed: Pushed,
    parser: EventStream<Pushed>,
}

#[derive(Clone, Default)]
struct Pushed(Arc<Mutex<VecDeque<Bytes>>>);

impl Default for ServerSentEvents {
    fn default() -> Self {
        let pushed = Pushed::default();
        let parser = EventStream::new(pushed.clone());
        Self { open: Vec::new(), since_last: 0, pushed, parser }
    }
}

impl ServerSentEvents {
    pub(super) fn more(&mut self, bytes: &[u8], mut each: impl FnMut(Event<'_>)) {
        if self.since_last > MOST_OF_AN_EVENT {
            return;
        }
        self.since_last += bytes.len();
        let lines = bytes.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).map(|end| end + 1);
        let (lines, rest) = bytes.split_at(lines.unwrap_or(0));
        if !lines.is_empty() {
            self.open.extend_from_slice(lines);
            self.pushed.queue().push_back(std::mem::take(&mut self.open).into());
            self.parse(rest.len(), &mut each);
        }
        self.open.extend_from_slice(rest);
        if self.since_last > MOST_OF_AN_EVENT {
            // No event is as long as this: nothing is read any more, and nothing is kept.
            *self = Self { since_last: self.since_last, ..Self::default() };
        }
    }

    /// How many bytes wait for the end of their line.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.open.len()
    }

    fn parse(&mut self, rest: usize, each: &mut impl FnMut(Event<'_>)) {
        let mut task = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(event)) = Pin::new(&mut self.parser).poll_next(&mut task) {
            self.since_last = rest;
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
