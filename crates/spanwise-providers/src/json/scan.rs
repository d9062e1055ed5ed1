//! Where values end, found without parsing them.
//!
//! Most of a body is content that nobody asked for. Looking for its end takes a small part of what checking
//! every letter of it takes; what is asked for is checked when it is read.

/// The value at the beginning, and what follows it. `None` where it is broken off: a number that ends with the
/// text may go on.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let end = match bytes.first()? {
        b'"' => string(bytes)?,
        b'{' | b'[' => nested(bytes)?,
        _ => bytes.iter().position(|byte| is_space(*byte) || matches!(byte, b',' | b'}' | b']'))?,
    };
    (end > 0).then(|| text.split_at(end))
}

/// Without the white space that it begins with.
pub(super) fn trimmed(text: &str) -> &str {
    let mut rest = text;
    while rest.bytes().next().is_some_and(is_space) {
        rest = &rest[1..];
    }
    rest
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Up to here looking at each byte is faster than to begin with many at once.
const SHORT: usize = 24;

fn string(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ if at < SHORT => at += 1,
            _ => at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?,
        }
    }
}

/// Whether what stands between two quotes is written as it is meant.
pub(super) fn is_plain(inner: &str) -> bool {
    let inner = inner.as_bytes();
    if inner.len() < SHORT {
        return !inner.iter().any(|byte| matches!(byte, b'"' | b'\\'));
    }
    memchr::memchr2(b'"', b'\\', inner).is_none()
}

fn nested(bytes: &[u8]) -> Option<usize> {
    let mut open = 0_usize;
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at += string(&bytes[at..])?;
                continue;
            }
            b'{' | b'[' => open += 1,
            b'}' | b']' => open -= 1,
            _ => {}
        }
        at += 1;
        if open == 0 {
            return Some(at);
        }
    }
}
