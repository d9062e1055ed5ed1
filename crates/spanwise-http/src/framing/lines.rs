//! A JSON value in each line.

use spanwise_providers::Event;

use super::MOST_OF_AN_EVENT;

#[derive(Default)]
pub(crate) struct Lines {
    /// The beginning of a line whose end has not come.
    open: Vec<u8>,
}

impl Lines {
    pub(super) fn more(&mut self, bytes: &[u8], mut each: impl FnMut(Event<'_>)) {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            if self.open.is_empty() {
                told(line, &mut each);
            } else {
                self.keep(line);
                told(&std::mem::take(&mut self.open), &mut each);
            }
            rest = after;
        }
        self.keep(rest);
    }

    pub(super) fn end(&mut self, mut each: impl FnMut(Event<'_>)) {
        told(&std::mem::take(&mut self.open), &mut each);
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = MOST_OF_AN_EVENT.saturating_sub(self.open.len());
        self.open.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

fn told(line: &[u8], each: &mut impl FnMut(Event<'_>)) {
    let data = line.trim_ascii();
    if !data.is_empty() {
        each(Event { name: "", data });
    }
}
