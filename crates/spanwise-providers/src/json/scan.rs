//! Where values end, found without parsing them.
//!
//! Most of a body is content that nobody asked for. Looking for its end, eight bytes at once, takes a small part of
//! what checking every letter of it takes; what is asked for is checked when it is read.

/// Where the value ends that begins here. `None` where it is broken off: a number that ends with the text may go on.
pub(super) fn end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => Some(closing_quote(bytes, at + 1)?.at + 1),
        b'{' | b'[' => nested(bytes, at),
        _ => {
            let ends = |byte: &u8| is_space(*byte) || b",}]{[\"".contains(byte);
            let length = bytes[at..].iter().position(ends)?;
            // No number and no word goes on like this. Who looks for brackets alone would find another end.
            let broken = b"{[\"".contains(&bytes[at + length]);
            (length > 0 && !broken).then_some(at + length)
        }
    }
}

/// What follows this letter, where it stands here.
#[inline]
pub(super) fn after(bytes: &[u8], at: usize, letter: u8) -> Option<usize> {
    (*bytes.get(at)? == letter).then_some(at + 1)
}

/// What follows white space, where any stands here.
#[inline]
pub(super) fn after_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(|byte| is_space(*byte)) {
        at += 1;
    }
    at
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Where a string ends.
pub(super) struct ClosingQuote {
    pub(super) at: usize,
    /// Nothing before it is escaped.
    pub(super) plain: bool,
}

/// The end of the string whose text begins here, after the quote that opens it.
pub(super) fn closing_quote(bytes: &[u8], mut at: usize) -> Option<ClosingQuote> {
    let mut plain = true;
    loop {
        at += quote_or_escape(bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(ClosingQuote { at, plain });
        }
        plain = false;
        at += 2;
    }
}

fn nested(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut open = 0_usize;
    loop {
        match bytes.get(at)? {
            b'"' => at = closing_quote(bytes, at + 1)?.at + 1,
            b',' | b':' => at += 1,
            b'{' | b'[' => {
                open += 1;
                at += 1;
            }
            b'}' | b']' => {
                open -= 1;
                at += 1;
                if open == 0 {
                    return Some(at);
                }
            }
            _ => at += 1 + quote_or_bracket(&bytes[at + 1..])?,
        }
    }
}

/// After so many words a text is long, and is searched by wider registers.
const SHORT: usize = 6;

#[inline]
fn quote_or_escape(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().take(SHORT).enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = (zeros(word ^ QUOTES) | zeros(word ^ ESCAPES)) & HIGH_BITS;
        if found != 0 {
            return Some(place * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let (seen, rest) = match bytes.get(SHORT * 8..) {
        Some(long) => (SHORT * 8, long),
        None => (bytes.len() - rest.len(), rest),
    };
    Some(seen + memchr::memchr2(b'"', b'\\', rest)?)
}

/// The next of them, or, rarely, something else that is looked at once more.
#[inline]
fn quote_or_bracket(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        // Braces and brackets differ by one bit.
        let word = u64::from_le_bytes(*word) | CASE_BITS;
        let found = zeros(word ^ QUOTES) | zeros(word ^ OPENING) | zeros(word ^ CLOSING);
        let found = found & HIGH_BITS;
        if found != 0 {
            return Some(place * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let place = rest.iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))?;
    Some(bytes.len() - rest.len() + place)
}

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGH_BITS: u64 = u64::from_le_bytes([0x80; 8]);
const CASE_BITS: u64 = u64::from_le_bytes([0x20; 8]);
const QUOTES: u64 = u64::from_le_bytes([b'"'; 8]);
const ESCAPES: u64 = u64::from_le_bytes([b'\\'; 8]);
const OPENING: u64 = u64::from_le_bytes([b'{'; 8]);
const CLOSING: u64 = u64::from_le_bytes([b'}'; 8]);

/// The lowest of the high bits is that of the first byte which is zero; what other bits are says nothing.
#[inline]
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word
}
