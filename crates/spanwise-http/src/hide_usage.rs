//! The one chunk that was not asked for by the caller but by us, kept from it.

use bytes::Bytes;
use spanwise_providers::Codec;

/// No chunk that tells of usage alone is longer than this: what is, is passed on.
const MOST_HELD: usize = 64 << 10;

/// Passes on server-sent events byte for byte, but for the chunk that tells of usage and of nothing else. Of an
/// event whose end has not come the beginning is held back.
pub(crate) struct HideUsage {
    codec: &'static dyn Codec,
    /// The event whose end has not come.
    held: Vec<u8>,
    /// It is too long to be the one: its bytes are not held.
    passes: bool,
    at: Place,
    /// The event before was hidden, and with it goes the second half of its last line break.
    hidden: bool,
}

/// Where in a line it stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Start,
    Within,
    /// Behind a carriage return, to which a line feed may belong that is to come.
    BehindReturn {
        /// It ended an empty line, and with it the event.
        ended: bool,
    },
}

impl HideUsage {
    pub(crate) fn new(codec: &'static dyn Codec) -> Self {
        Self { codec, held: Vec::new(), passes: false, at: Place::Start, hidden: false }
    }

    /// What of these bytes, and of those held, is passed on now.
    pub(crate) fn more(&mut self, bytes: &[u8]) -> Bytes {
        let mut out = Vec::with_capacity(self.held.len() + bytes.len());
        for byte in bytes {
            self.byte(*byte, &mut out);
        }
        out.into()
    }

    /// What was held, where nothing more comes.
    pub(crate) fn rest(&mut self) -> Bytes {
        std::mem::take(&mut self.held).into()
    }

    /// Whether anything is held.
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        if let (b'\n', Place::BehindReturn { ended }) = (byte, self.at) {
            self.at = Place::Start;
            match ended {
                true if self.hidden => {}
                true => out.push(byte),
                false => self.keep(byte, out),
            }
            return;
        }
        let starts = self.at != Place::Within;
        self.keep(byte, out);
        self.at = match byte {
            b'\n' => Place::Start,
            b'\r' => Place::BehindReturn { ended: starts },
            _ => Place::Within,
        };
        if starts && matches!(byte, b'\n' | b'\r') {
            self.event(out);
        }
    }

    fn keep(&mut self, byte: u8, out: &mut Vec<u8>) {
        if self.passes {
            return out.push(byte);
        }
        self.held.push(byte);
        if self.held.len() > MOST_HELD {
            out.append(&mut self.held);
            self.passes = true;
        }
    }

    /// An event is complete.
    fn event(&mut self, out: &mut Vec<u8>) {
        self.hidden = !self.passes && self.codec.is_usage_alone(&data(&self.held));
        self.passes = false;
        if self.hidden {
            self.held.clear();
        } else {
            out.append(&mut self.held);
        }
    }
}

/// What an event carries.
fn data(event: &[u8]) -> Vec<u8> {
    let lines = event.split(|byte| matches!(byte, b'\n' | b'\r'));
    let data = lines.filter_map(|line| line.strip_prefix(b"data:"));
    let data: Vec<_> = data.map(|line| line.strip_prefix(b" ").unwrap_or(line)).collect();
    data.join(&b'\n')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use spanwise_providers::OpenAiChat;

    use super::*;

    const USAGE: &str = r#"data: {"id":"c","choices":[],"usage":{"prompt_tokens":1}}"#;

    /// What is passed on of these pieces.
    fn passed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut hide = HideUsage::new(&OpenAiChat);
        let mut passed = Vec::new();
        for piece in pieces {
            passed.extend_from_slice(&hide.more(piece));
        }
        passed.extend_from_slice(&hide.rest());
        passed
    }

    #[test]
    fn the_chunk_that_tells_of_usage_alone_is_hidden_with_all_its_bytes() {
        for end in ["\n", "\r\n", "\r"] {
            let event = |data: &str| format!("{data}{end}{end}");
            let before =
                event(": ping") + &event("data: {\"choices\":[{\"index\":0}],\"usage\":null}");
            let after = event("data: [DONE]");
            let stream = before.clone() + &event(USAGE) + &after;
            assert_eq!(passed([stream.as_bytes()]), (before + &after).into_bytes(), "{end:?}");
        }
    }

    #[test]
    fn whatever_else_there_is_passes() {
        for stream in [
            "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n",
            "data: {\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":1}}\n\n",
            "data: {\"error\":{\"message\":\"no\"},\"choices\":[],\"usage\":{}}\n\n",
            "\n\n\r\r\n",
            "no event at all",
            "data: half",
        ] {
            assert_eq!(passed([stream.as_bytes()]), stream.as_bytes(), "{stream:?}");
        }
    }

    #[test]
    fn an_event_is_passed_on_with_its_last_byte() {
        for end in ["\n", "\r\n", "\r"] {
            let event = format!("data: {{}}{end}{end}");
            let mut hide = HideUsage::new(&OpenAiChat);
            assert_eq!(hide.more(event.as_bytes()), event.as_bytes(), "{end:?}");
            assert!(hide.is_empty());
        }
    }

    #[test]
    fn a_long_event_is_not_held() {
        let mut hide = HideUsage::new(&OpenAiChat);
        let piece = [b'x'; 1 << 10];
        let passed: usize = (0..1000).map(|_| hide.more(&piece).len()).sum();
        assert!(passed >= 1000 * piece.len() - MOST_HELD);
        assert_eq!(hide.more(b"y\n\n").last(), Some(&b'\n'));
        assert_eq!(hide.more(format!("{USAGE}\n\n").as_bytes()), "");
    }

    proptest! {
        #[test]
        fn any_split_passes_the_same(
            lines in proptest::collection::vec(
                prop_oneof![Just(USAGE.to_owned()), Just(String::new()), "data: .{0,9}", ".{0,9}"],
                0..12,
            ),
            ends in proptest::collection::vec(prop_oneof![Just("\n"), Just("\r\n"), Just("\r")], 12),
            cuts in proptest::collection::vec(0usize..400, 0..20),
        ) {
            let stream: String = lines.iter().zip(&ends).flat_map(|(line, end)| [&**line, end]).collect();
            let bytes = stream.as_bytes();
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
            let whole = passed([bytes]);
            prop_assert_eq!(passed(pieces), whole.clone());
            if !stream.contains("usage") {
                prop_assert_eq!(whole, bytes);
            }
        }
    }
}
