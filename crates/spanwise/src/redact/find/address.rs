//! Addresses of IPv6; those of IPv4 are found among the numbers.

use std::net::Ipv6Addr;

/// The longest that an address can be written.
const LONGEST: usize = 45;

/// The address around a colon, and where to look on.
pub(super) fn v6(text: &str, colon: usize) -> (Option<(usize, usize)>, usize) {
    let bytes = text.as_bytes();
    let is_part = |byte: &&u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let before = bytes[..colon].iter().rev().take(LONGEST).take_while(is_part).count();
    let behind = bytes[colon..].iter().take_while(is_part).count();
    let (start, end) = (colon - before, colon + behind);
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let enclosed = bytes[..start].last().is_none_or(|byte| !is_word(byte))
        && bytes.get(end).is_none_or(|byte| !is_word(byte));
    // Nothing in a row of these is a name, but a short one may be the end of a word.
    let next = if behind > LONGEST { end } else { colon + 1 };
    if !enclosed || before >= LONGEST || behind > LONGEST {
        return (None, next);
    }
    let address = text[start..end].trim_end_matches(['.', ':']);
    // `a::b` is a path in some languages, and `::` nothing at all.
    let is_path = !address.bytes().any(|byte| byte.is_ascii_digit()) || address.len() < 6;
    match address.parse::<Ipv6Addr>() {
        Ok(_) if !is_path => (Some((start, start + address.len())), end),
        _ => (None, next),
    }
}
