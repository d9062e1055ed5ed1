//! What every wire format can do.

use std::fmt;

use crate::answer::{Answer, ErrorAnswer};
use crate::request::Request;

/// A wire format: how a provider's API is spoken.
///
/// `content` says whether messages, instructions and tools are wanted; where it is off they are not parsed.
pub trait Codec: fmt::Debug + Send + Sync {
    /// What a request asks. The path is that of the URL, with its query, since some formats say there which
    /// model is meant.
    fn request(&self, path: &str, body: &[u8], content: bool) -> Request;

    /// A whole answer.
    fn answer(&self, body: &[u8], content: bool) -> Answer;

    /// Why a request was refused, by the body of the refusal; `None` where it does not say.
    fn error(&self, body: &[u8]) -> Option<ErrorAnswer>;

    /// Whether a stream comes as the elements of one JSON array, where its content type is JSON.
    fn streams_an_array(&self) -> bool {
        false
    }

    /// The same request, asking that its stream tell of usage, where the format has a word for it and the request
    /// does not say itself whether it shall.
    fn including_usage(&self, _body: &[u8]) -> Option<Vec<u8>> {
        None
    }

    /// Whether an event of a stream is the one that comes of [`including_usage`](Self::including_usage), and tells
    /// of nothing else.
    fn is_usage_alone(&self, _event: &[u8]) -> bool {
        false
    }

    /// What reads an answer that comes as a stream of events.
    fn decoder(&self, content: bool) -> Box<dyn Decoder>;
}

/// One event of a stream: a server-sent event, a line of JSON, an element of an array, or a message of a
/// binary event stream. `Debug` shows its name and length.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    /// Its name, where the framing has names; else empty.
    pub name: &'a str,
    /// What it carries.
    pub data: &'a [u8],
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({:?}, {} bytes)", self.name, self.data.len())
    }
}

/// Reads the events of one answer, in their order.
pub trait Decoder: Send + Sync {
    /// Takes an event.
    fn event(&mut self, event: Event<'_>);

    /// Whether the protocol's last event has come: who stops reading here has read it all.
    fn is_done(&self) -> bool;

    /// Whether the last event says more than that it is the last one, and counts as a chunk.
    fn ends_with_a_chunk(&self) -> bool {
        false
    }

    /// The model that answers, as soon as an event has told it.
    fn model(&self) -> Option<&str> {
        None
    }

    /// What has been told so far. Called once, when there is nothing more to come.
    fn take(&mut self) -> Answer;
}
