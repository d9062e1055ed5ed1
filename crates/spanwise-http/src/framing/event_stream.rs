//! Amazon's binary event streams.

use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use aws_smithy_types::event_stream::Message;
use bytes::BytesMut;
use spanwise_providers::Event;

use super::MOST_OF_AN_EVENT;

#[derive(Default)]
pub(crate) struct EventStream {
    decoder: MessageFrameDecoder,
    open: BytesMut,
    /// A message was broken: where the next one begins cannot be told.
    lost: bool,
}

impl EventStream {
    pub(super) fn more(&mut self, bytes: &[u8], mut each: impl FnMut(Event<'_>)) {
        if self.lost {
            return;
        }
        self.open.extend_from_slice(bytes);
        loop {
            match self.decoder.decode_frame(&mut self.open) {
                Ok(DecodedFrame::Complete(message)) => {
                    each(Event { name: name(&message), data: message.payload() });
                }
                Ok(_) if self.open.len() <= MOST_OF_AN_EVENT => return,
                Ok(_) | Err(_) => {
                    self.lost = true;
                    self.open.clear();
                    return;
                }
            }
        }
    }
}

/// What kind of event it is; or of exception, where it is one.
fn name(message: &Message) -> &str {
    let header = |name: &str| {
        let header = message.headers().iter().find(|header| header.name().as_str() == name);
        header.and_then(|header| header.value().as_string().ok()).map(|text| text.as_str())
    };
    header(":event-type").or_else(|| header(":exception-type")).unwrap_or_default()
}
