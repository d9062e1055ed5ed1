//! Server-sent events.
//!
//! Follows [the interpretation of event streams], of which ids and reconnection are nobody's concern here.
//!
//! [the interpretation of event streams]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

use std::borrow::Cow;

use spanwise_providers::Event;

use super::MOST_OF_AN_EVENT;

#[derive(Default)]
pub(crate) struct ServerSentEvents {
    /// The beginning of a line whose end has not come.
    open: Vec<u8>,
    name: Vec<u8>,
    /// The lines of data so far.
    data: Vec<u8>,
    /// There has been one.
    has_data: bool,
    /// The line that is open, or the event, is too long: it is left out.
    skips_line: bool,
    skips_event: bool,
    /// The last line ended with a carriage return, to which a line feed may belong that is to come.
    behind_return: bool,
    /// The first line has come, before which a mark of byte order may stand.
    started: bool,
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl ServerSentEvents {
    pub(super) fn more(&mut self, bytes: &[u8], mut each: impl FnMut(Event<'_>)) {
        let mut rest = bytes;
        if let Some((first, after)) = rest.split_first()
            && std::mem::take(&mut self.behind_return)
            && *first == b'\n'
        {
            rest = after;
        }
        while let Some(end) = memchr::memchr2(b'\n', b'\r', rest) {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            rest = match (rest[end], after.split_first()) {
                (b'\r', Some((b'\n', after))) => after,
                (b'\r', None) => {
                    self.behind_return = true;
                    after
                }
                _ => after,
            };
            self.end_line(line, &mut each);
        }
        self.keep(rest);
    }

    /// How many bytes are kept for what is to come.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.open.len() + self.data.len()
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.skips_line || self.open.len() + bytes.len() > MOST_OF_AN_EVENT {
            self.skips_line = true;
            self.open = Vec::new();
        } else {
            self.open.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self, end: &[u8], each: &mut impl FnMut(Event<'_>)) {
        if self.open.is_empty() && !self.skips_line {
            return self.line(end, each);
        }
        self.keep(end);
        if std::mem::take(&mut self.skips_line) {
            self.skips_event = true;
        } else {
            let mut line = std::mem::take(&mut self.open);
            self.line(&line, each);
            line.clear();
            self.open = line;
        }
    }

    fn line(&mut self, line: &[u8], each: &mut impl FnMut(Event<'_>)) {
        let line = match line.strip_prefix(BYTE_ORDER_MARK) {
            Some(line) if !self.started => line,
            _ => line,
        };
        self.started = true;
        if line.is_empty() {
            return self.event(each);
        }
        let colon = memchr::memchr(b':', line);
        let (field, value) = match colon {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => self.add(value),
            b"event" => value.clone_into(&mut self.name),
            _ => {}
        }
    }

    fn add(&mut self, value: &[u8]) {
        if self.skips_event || self.data.len() + value.len() > MOST_OF_AN_EVENT {
            self.skips_event = true;
            self.data = Vec::new();
            return;
        }
        if std::mem::replace(&mut self.has_data, true) {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(value);
    }

    /// An event is complete; without data it is none.
    fn event(&mut self, each: &mut impl FnMut(Event<'_>)) {
        if self.has_data && !self.skips_event {
            // Bytes that are no text stand for characters that nobody knows.
            let (name, data) = (text(&self.name), text(&self.data));
            // What has no name is called so by browsers.
            let name = if name == "message" { "" } else { &*name };
            each(Event { name, data: data.as_bytes() });
        }
        // Most events are as long as the one before.
        self.data.clear();
        self.name.clear();
        (self.has_data, self.skips_event) = (false, false);
    }
}

/// Most bytes are text; to find that out `from_utf8` takes a tenth of what `from_utf8_lossy` takes.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}
