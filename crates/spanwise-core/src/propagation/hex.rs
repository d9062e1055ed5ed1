//! Lower-case hexadecimal digits, exactly so many.

use opentelemetry::trace::{SpanId, TraceId};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Writes bytes as digits.
pub(super) fn push(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// Reads so many bytes from twice as many lower-case digits.
pub(super) fn read<const BYTES: usize>(digits: &[u8]) -> Option<[u8; BYTES]> {
    if digits.len() != 2 * BYTES {
        return None;
    }
    let mut bytes = [0; BYTES];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
    }
    Some(bytes)
}

fn digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Thirty-two digits that are not all zero.
pub(super) fn trace_id(digits: &[u8]) -> Option<TraceId> {
    read(digits).map(TraceId::from_bytes).filter(|id| *id != TraceId::INVALID)
}

/// Sixteen digits that are not all zero.
pub(super) fn span_id(digits: &[u8]) -> Option<SpanId> {
    read(digits).map(SpanId::from_bytes).filter(|id| *id != SpanId::INVALID)
}
