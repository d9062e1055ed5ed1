//! What a URL says before the `@` of its host: a user, and mostly a password.

/// The user and password of the URL whose scheme ends with this colon.
pub(super) fn credentials(bytes: &[u8], colon: usize) -> Option<(usize, usize)> {
    let scheme = bytes[..colon].last().is_some_and(u8::is_ascii_alphanumeric);
    let rest = bytes[colon + 1..].strip_prefix(b"//").filter(|_| scheme)?;
    let start = colon + 3;
    let ends = |byte: &u8| {
        byte.is_ascii_whitespace() || matches!(byte, b'/' | b'?' | b'#' | b'"' | b'<' | b'>' | b'`')
    };
    let authority = &rest[..rest.iter().position(ends).unwrap_or(rest.len())];
    let length = memchr::memrchr(b'@', authority)?;
    (length > 0).then_some((start, start + length))
}
