//! Where in a text something stands that must not leave.
//!
//! ```text
//! a digit ─► number: card, phone, SSN, IPv4, IBAN        `:` ─► url, IPv6, named
//! `@`, %40 ─► email                                      `=` ─► named
//! a run of 20 and more of the characters that secrets consist of ─► token, else random
//! ```

mod address;
mod email;
mod iban;
mod named;
mod number;
mod pem;
mod random;
mod token;
mod url;

use super::pattern::{Pattern, PatternSet};
pub(super) use named::secret_name;
pub(super) use random::is_base64;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Pattern(Pattern),
    Word,
    /// The pattern of the program's own with this number.
    Own(usize),
}

/// Bytes of the text, and what they are; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
}

/// One look through a text.
pub(super) struct Finder<'a> {
    pub(super) text: &'a str,
    pub(super) patterns: PatternSet,
    /// Whether secrets without a form or a name are looked for.
    pub(super) bare_secrets: bool,
    pub(super) hits: &'a mut Vec<Hit>,
}

impl Finder<'_> {
    pub(super) fn run(&mut self) {
        self.at_marks();
        self.in_runs();
        if self.patterns.has(Pattern::PrivateKey) {
            pem::find(self);
        }
    }

    fn hit(&mut self, pattern: Pattern, start: usize, end: usize) {
        if self.patterns.has(pattern) && start < end {
            self.hits.push(Hit { start, end, kind: Kind::Pattern(pattern) });
        }
    }

    /// Looks at each mark, and goes on behind what belongs to it.
    fn at_marks(&mut self) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while let Some(mark) = next_mark(bytes, at) {
            at = match bytes[mark] {
                b'0'..=b'9' => self.at_digit(mark),
                b':' => self.at_colon(mark),
                b'=' => self.at_name(mark),
                b'@' => self.at_sign(mark, mark + 1),
                _ => mark + 1,
            };
        }
    }

    fn at_digit(&mut self, mark: usize) -> usize {
        let bytes = self.text.as_bytes();
        let is_sign = bytes[mark..].starts_with(b"40") && mark > 0 && bytes[mark - 1] == b'%';
        if is_sign {
            return self.at_sign(mark - 1, mark + 2);
        }
        if self.patterns.has(Pattern::Iban)
            && let Some((start, end)) = iban::at(bytes, mark)
        {
            self.hit(Pattern::Iban, start, end);
            return end;
        }
        number::find(self, mark)
    }

    fn at_sign(&mut self, start: usize, end: usize) -> usize {
        if !self.patterns.has(Pattern::Email) {
            return end;
        }
        match email::around(self.text, start, end) {
            Some((start, end)) => {
                self.hit(Pattern::Email, start, end);
                end
            }
            None => end,
        }
    }

    fn at_colon(&mut self, mark: usize) -> usize {
        if self.patterns.has(Pattern::Credentials)
            && let Some((start, end)) = url::credentials(self.text.as_bytes(), mark)
        {
            self.hit(Pattern::Credentials, start, end);
            // Behind the `@`, which is no e-mail address's.
            return end + 1;
        }
        if !self.patterns.has(Pattern::IpAddress) {
            return self.at_name(mark);
        }
        let (range, next) = address::v6(self.text, mark);
        if let Some((start, end)) = range {
            self.hit(Pattern::IpAddress, start, end);
        }
        // An address is passed as a whole; nothing in it is a name.
        if next > mark + 1 { next } else { self.at_name(mark) }
    }

    fn at_name(&mut self, mark: usize) -> usize {
        if !self.patterns.has(Pattern::NamedSecret) {
            return mark + 1;
        }
        match named::value(self.text, mark) {
            Some((start, end)) => {
                self.hit(Pattern::NamedSecret, start, end);
                end
            }
            None => mark + 1,
        }
    }

    fn in_runs(&mut self) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while let Some((start, end)) = random::next_run(bytes, at) {
            at = end;
            let known = token::find(self, start, end);
            if !known && self.bare_secrets {
                random::find(self, start, end);
            }
        }
    }
}

/// The next byte that anything begins with: digits, `:`, `=`, `@`, and what stands between them in ASCII.
fn next_mark(bytes: &[u8], from: usize) -> Option<usize> {
    const WIDTH: usize = 32;
    let is_mark = |byte: &u8| byte.wrapping_sub(b'0') <= b'@' - b'0';
    let mut at = from;
    while let Some(block) = bytes.get(at..at + WIDTH) {
        // Without branches, so that it is compiled to a few instructions for the whole block.
        if block.iter().fold(false, |any, byte| any | is_mark(byte)) {
            break;
        }
        at += WIDTH;
    }
    bytes.get(at..)?.iter().position(is_mark).map(|place| at + place)
}

/// Whether no letter or digit goes on before or behind it.
pub(super) fn is_whole_word(text: &str, start: usize, end: usize) -> bool {
    let open = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    open(text[..start].chars().next_back()) && open(text[end..].chars().next())
}

/// Whether a token can begin here: behind anything but a letter or digit, or behind an escape of JSON, C
/// or a URL, whose last letter is none of the text.
fn begins_word(bytes: &[u8], at: usize) -> bool {
    let is_hex = |escape: &[u8]| escape.iter().all(u8::is_ascii_hexdigit);
    match &bytes[..at] {
        [] => true,
        [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f'] => true,
        [.., b'%', a, b] => is_hex(&[*a, *b]),
        [.., b'\\', b'u', a, b, c, d] => is_hex(&[*a, *b, *c, *d]),
        [.., last] => !last.is_ascii_alphanumeric(),
    }
}
