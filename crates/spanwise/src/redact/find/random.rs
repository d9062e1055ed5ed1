//! Secrets without a name: what looks drawn at random.

use super::{Finder, Pattern};

/// No token that is known is shorter.
const SHORTEST_RUN: usize = 20;
/// Shorter ones are too often names, longer ones data.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=512;

/// How ids begin that APIs give to what they make: not secret, and what telemetry is joined by.
const IDS: [&[u8]; 12] = [
    b"call_",
    b"toolu_",
    b"msg_",
    b"chatcmpl-",
    b"resp_",
    b"run_",
    b"run-",
    b"thread_",
    b"asst_",
    b"file-",
    b"file_",
    b"req_",
];

/// Whether a byte can be in a token.
const fn in_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=' | b'.' | b'~')
}

const IN_TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = in_token(byte as u8);
        byte += 1;
    }
    table
};

/// The next row of so many bytes that can be a token. Looks at every twentieth byte first, and so at few.
pub(super) fn next_run(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let is_in = |at: usize| IN_TOKEN[usize::from(bytes[at])];
    let mut start = from;
    loop {
        let last = start + SHORTEST_RUN - 1;
        if last >= bytes.len() {
            return None;
        }
        // From the end: the first byte that is none is the last that the row cannot contain.
        match (start..=last).rev().find(|at| !is_in(*at)) {
            Some(other) => start = other + 1,
            None => {
                let behind = (last + 1..bytes.len()).find(|at| !is_in(*at));
                return Some((start, behind.unwrap_or(bytes.len())));
            }
        }
    }
}

/// Looks for secrets in a row: in what stands between dots and equals signs, and there between slashes
/// before the whole of it, since base64 has slashes as well.
pub(super) fn find(finder: &mut Finder<'_>, start: usize, end: usize) {
    let bytes = finder.text.as_bytes();
    let mut from = start;
    for part in bytes[start..end].split(|byte| matches!(byte, b'.' | b'=')) {
        let to = from + part.len();
        if !find_between(finder, from, to, b'/') && is_random(part) {
            finder.hit(Pattern::HighEntropy, from, to);
        }
        from = to + 1;
    }
}

fn find_between(finder: &mut Finder<'_>, start: usize, end: usize, separator: u8) -> bool {
    let bytes = finder.text.as_bytes();
    let mut from = start;
    let mut found = false;
    for part in bytes[start..end].split(|byte| *byte == separator) {
        let to = from + part.len();
        if is_random(part) {
            finder.hit(Pattern::HighEntropy, from, to);
            found = true;
        }
        from = to + 1;
    }
    found
}

/// Capitals, small letters and digits that do not read like words.
fn is_random(part: &[u8]) -> bool {
    const BITS: f64 = 3.5;
    /// At random one pair of letters in four is of those that make up most words; of names nine in ten.
    const PERCENT: usize = 58;
    if !LENGTHS.contains(&part.len()) || IDS.iter().any(|id| part.starts_with(id)) {
        return false;
    }
    let has = |is: fn(&u8) -> bool| part.iter().any(is);
    if !has(u8::is_ascii_digit) || !has(u8::is_ascii_uppercase) || !has(u8::is_ascii_lowercase) {
        return false;
    }
    let letter = |byte: u8| byte.is_ascii_alphabetic().then(|| byte.to_ascii_lowercase());
    let pairs = part.windows(2).filter_map(|pair| Some((letter(pair[0])?, letter(pair[1])?)));
    let (mut all, mut usual) = (0, 0);
    for (first, second) in pairs {
        all += 1;
        usual += usize::from(FOLLOWERS[usize::from(first - b'a')].contains(&second));
    }
    usual * 100 <= all * PERCENT && entropy(part) >= BITS
}

/// The 160 pairs of letters that make up 85 % of those in words of source code and prose: what follows an
/// `a`, a `b` and so on.
#[rustfmt::skip]
const FOLLOWERS: [&[u8]; 26] = [
    b"bcdgilmnprst", b"ilou", b"aehklort", b"aeio", b"acdeflmnpqrstvx", b"aeior", b"e", b"aeio",
    b"acdeglmnostvz", b"", b"e", b"adefilotu", b"aeiopu", b"acdegiost", b"cdlmnprtuw", b"aeilortu",
    b"u", b"aeginorstuy", b"acehiopstuy", b"aehiorstuy", b"beilmnprst", b"ae", b"ai", b"t", b"ps",
    b"e",
];

/// Bits per character, by how often each of them is there.
fn entropy(part: &[u8]) -> f64 {
    let mut counts = [0_u16; 256];
    for byte in part {
        counts[usize::from(*byte)] += 1;
    }
    let length = part.len() as f64;
    let share = |count: &u16| f64::from(*count) / length;
    counts.iter().filter(|count| **count > 0).map(share).map(|share| -share * share.log2()).sum()
}

/// Whether it is nothing but base64: bytes that no pattern can read.
pub(in crate::redact) fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let is = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    text.len() - body.len() <= 2 && body.bytes().all(is)
}
