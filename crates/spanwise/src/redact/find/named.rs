//! Secrets that are named: `password=…`, `"api_key": "…"`, `Authorization: Bearer …`.

/// What a name ends with, in small letters and without `_`, `-` and `.`, and how much the name alone says.
const NAMES: &[(&str, SecretName)] = &[
    ("password", SecretName::Sure),
    ("passwd", SecretName::Sure),
    ("passphrase", SecretName::Sure),
    ("pwd", SecretName::Sure),
    ("secret", SecretName::Sure),
    ("secretkey", SecretName::Sure),
    ("secretaccesskey", SecretName::Sure),
    ("apikey", SecretName::Sure),
    ("accesskey", SecretName::Sure),
    ("accountkey", SecretName::Sure),
    ("subscriptionkey", SecretName::Sure),
    ("privatekey", SecretName::Sure),
    ("signingkey", SecretName::Sure),
    ("encryptionkey", SecretName::Sure),
    ("masterkey", SecretName::Sure),
    ("authorization", SecretName::Sure),
    ("credential", SecretName::Sure),
    ("credentials", SecretName::Sure),
    ("connectionstring", SecretName::Sure),
    ("xamzsignature", SecretName::Sure),
    ("xgoogsignature", SecretName::Sure),
    ("cookie", SecretName::Maybe),
    ("token", SecretName::Maybe),
    ("sessionid", SecretName::Maybe),
];

/// A name that says that its value is secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::redact) enum SecretName {
    /// Whatever the value is.
    Sure,
    /// If it is long enough: a token may also be a piece of a word.
    Maybe,
}

impl SecretName {
    /// Whether a value of such a name is secret.
    pub(in crate::redact) fn is(self, value: &str) -> bool {
        let least = match self {
            Self::Sure => 1,
            Self::Maybe => 8,
        };
        value.len() >= least && !matches!(value, "true" | "false" | "null" | "None")
    }
}

/// What the name of a field, an attribute or a variable says of its value.
pub(in crate::redact) fn secret_name(name: &str) -> Option<SecretName> {
    const LONGEST: usize = 32;
    // From its end: what stands before does not matter.
    let mut end = [0; LONGEST];
    let mut from = LONGEST;
    for byte in name.bytes().rev().filter(u8::is_ascii_alphanumeric).take(LONGEST) {
        from -= 1;
        end[from] = byte.to_ascii_lowercase();
    }
    let name = &end[from..];
    // The signature in the URLs of Azure; as the end of a word it says nothing.
    if name == b"sig" {
        return Some(SecretName::Maybe);
    }
    let last = name.last()?;
    let known = NAMES.iter().filter(|(known, _)| known.as_bytes().last() == Some(last));
    known.into_iter().find(|(known, _)| name.ends_with(known.as_bytes())).map(|(_, says)| *says)
}

/// As much of a value is looked at to tell whether it is one.
const SOON: usize = 128;

/// The value behind a `:` or `=`, if it is a secret by its name and no code.
pub(super) fn value(text: &str, mark: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let name = name_before(bytes, mark)?;
    let says = secret_name(std::str::from_utf8(name).ok()?)?;
    let spaces = |from: usize| bytes[from..].iter().take(3).take_while(|b| **b == b' ').count();
    let arrow = usize::from(bytes.get(mark + 1) == Some(&b'>'));
    let tight = bytes[mark] == b'=' && arrow == 0 && spaces(mark + 1) == 0;
    let mut start = mark + 1 + arrow;
    start += spaces(start);
    let escaped = usize::from(bytes.get(start) == Some(&b'\\'));
    if let Some(quote @ (b'"' | b'\'' | b'`')) = bytes.get(start + escaped).copied() {
        start += escaped + 1;
        let end = closing(bytes, start, quote, escaped == 1)?;
        let value = text.get(start..end)?;
        let secret = value.len() >= 4 && says.is(value) && !is_placeholder(value);
        return secret.then_some((start, end));
    }
    start += scheme(bytes, start);
    let plain =
        |most: usize| bytes[start..].iter().take(most).take_while(|byte| is_plain(**byte)).count();
    // Whether it is one shows soon; only then is it worth while to find where it ends.
    let mut soon = start + plain(SOON);
    while !text.is_char_boundary(soon) {
        soon -= 1;
    }
    let soon = text.get(start..soon)?;
    let likely = if tight { soon.len() >= 4 } else { soon.len() >= 6 && is_mixed(soon) };
    if !likely || !says.is(soon) || is_placeholder(soon) || is_code(soon) {
        return None;
    }
    let value = text.get(start..start + plain(usize::MAX))?.trim_end_matches(['.', ':', '!', '?']);
    Some((start, start + value.len()))
}

/// The name that ends before the mark, without the spaces and quotes between them.
fn name_before(bytes: &[u8], mark: usize) -> Option<&[u8]> {
    const LONGEST: usize = 64;
    let mut end = mark;
    for between in [&b" "[..], b"\"'`", b"\\"] {
        if end > 0 && between.contains(&bytes[end - 1]) {
            end -= 1;
        }
    }
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let length = bytes[..end].iter().rev().take(LONGEST).take_while(is_name).count();
    (length >= 3).then(|| &bytes[end - length..end])
}

/// Where the quoted value ends: at the same quote, on the same line.
fn closing(bytes: &[u8], start: usize, quote: u8, escaped: bool) -> Option<usize> {
    let mut at = start;
    loop {
        match bytes.get(at)? {
            b'\n' => return None,
            b'\\' if escaped && bytes.get(at + 1) == Some(&quote) => return Some(at),
            b'\\' => at += 2,
            byte if *byte == quote => return Some(at),
            _ => at += 1,
        }
    }
}

/// How long the scheme is with which an authorization begins, and the space behind it.
fn scheme(bytes: &[u8], start: usize) -> usize {
    const SCHEMES: [&[u8]; 5] = [b"bearer ", b"basic ", b"token ", b"apikey ", b"digest "];
    let rest = &bytes[start..];
    let known = SCHEMES.iter().find(|scheme| {
        rest.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    });
    known.map_or(0, |scheme| scheme.len())
}

/// What an unquoted value can consist of.
fn is_plain(byte: u8) -> bool {
    !byte.is_ascii_whitespace()
        && !matches!(byte, b'"' | b'\'' | b'`' | b',' | b';' | b'&' | b'<' | b'>' | b'\\')
}

/// Letters with digits or signs between them, or capitals after the first: no plain word.
fn is_mixed(value: &str) -> bool {
    let capital = value.bytes().skip(1).any(|byte| byte.is_ascii_uppercase());
    let small = value.bytes().any(|byte| byte.is_ascii_lowercase());
    let other = value.bytes().any(|byte| byte.is_ascii_digit() || b"!@#$%^*+/~".contains(&byte));
    other || (capital && small)
}

/// What stands where a secret would: a variable, a slot to be filled, what is left of one.
fn is_placeholder(value: &str) -> bool {
    let name = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let enclosed = [("${", '}'), ("{", '}'), ("<", '>'), ("[", ']'), ("%(", 's')];
    enclosed.iter().any(|(open, close)| value.starts_with(open) && value.ends_with(*close))
        || value.strip_prefix('$').is_some_and(name)
        || value.bytes().all(|byte| matches!(byte, b'*' | b'.' | b'x' | b'X'))
        || matches!(value, "%s" | "None" | "null" | "true" | "false" | "undefined" | "string")
}

/// A call or a look-up: a name, and a bracket behind it.
fn is_code(value: &str) -> bool {
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':');
    let rest = value.trim_start_matches(name);
    rest.len() < value.len() && matches!(rest.as_bytes(), [b'(' | b'[', ..])
}
