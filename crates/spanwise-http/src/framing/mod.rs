//! The bytes of an answer as events.

mod array;
mod event_stream;
mod lines;
mod sse;

use spanwise_providers::Event;

use self::array::Array;
use self::event_stream::EventStream;
use self::lines::Lines;
use self::sse::ServerSentEvents;

/// More of one event is not kept: what is longer is left out.
const MOST_OF_AN_EVENT: usize = 16 << 20;

/// How events are told apart.
pub(crate) enum Framing {
    ServerSentEvents(Box<ServerSentEvents>),
    /// A JSON value in each line.
    Lines(Lines),
    /// A JSON array, an event in each element. Gemini's streams are so unless asked otherwise.
    Array(Array),
    /// Binary messages, each with its checksums.
    EventStream(Box<EventStream>),
}

impl Framing {
    /// The framing of a content type, where JSON may be an array of events; `None` for what comes whole.
    pub(crate) fn of(content_type: &str, array: bool) -> Option<Self> {
        let kind = content_type.split_once(';').map_or(content_type, |(kind, _)| kind).trim();
        let is = |known: &str| kind.eq_ignore_ascii_case(known);
        if is("text/event-stream") {
            Some(Self::ServerSentEvents(Box::default()))
        } else if is("application/x-ndjson")
            || is("application/jsonl")
            || is("application/x-jsonlines")
        {
            Some(Self::Lines(Lines::default()))
        } else if is("application/vnd.amazon.eventstream") {
            Some(Self::EventStream(Box::default()))
        } else if is("application/json") && array {
            Some(Self::Array(Array::default()))
        } else {
            None
        }
    }

    /// Takes more bytes, and calls `each` with every event that is complete with them.
    pub(crate) fn more(&mut self, bytes: &[u8], each: impl FnMut(Event<'_>)) {
        match self {
            Self::ServerSentEvents(events) => events.more(bytes, each),
            Self::Lines(lines) => lines.more(bytes, each),
            Self::Array(array) => array.more(bytes, each),
            Self::EventStream(events) => events.more(bytes, each),
        }
    }

    /// There is nothing more to come: calls `each` with what was not complete before.
    pub(crate) fn end(&mut self, each: impl FnMut(Event<'_>)) {
        match self {
            Self::Lines(lines) => lines.end(each),
            // Half an event is none.
            Self::ServerSentEvents(_) | Self::Array(_) | Self::EventStream(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
