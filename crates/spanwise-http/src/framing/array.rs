//! The elements of a JSON array, each as soon as it is complete.

use spanwise_providers::Event;

use super::MOST_OF_AN_EVENT;

#[derive(Default)]
pub(crate) struct Array {
    /// The element whose end has not come.
    open: Vec<u8>,
    /// How many brackets are open, that of the array included.
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl Array {
    pub(super) fn more(&mut self, bytes: &[u8], mut each: impl FnMut(Event<'_>)) {
        for byte in bytes {
            let in_element = self.depth > 1;
            if self.in_text {
                (self.in_text, self.escaped) = match byte {
                    _ if self.escaped => (true, false),
                    b'\\' => (true, true),
                    b'"' => (false, false),
                    _ => (true, false),
                };
            } else {
                match byte {
                    b'"' => self.in_text = true,
                    b'[' | b'{' => self.depth += 1,
                    b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
            }
            if (in_element || self.depth > 1) && self.open.len() < MOST_OF_AN_EVENT {
                self.open.push(*byte);
            }
            if in_element && self.depth == 1 {
                each(Event { name: "", data: &std::mem::take(&mut self.open) });
            }
        }
    }
}
