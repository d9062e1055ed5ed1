//! Text in headers.

/// Whether a header can hold this as it is: printable ASCII, with nothing but letters at its ends.
pub(super) fn is_legal(value: &str) -> bool {
    !value.is_empty()
        && value.bytes().all(|c| matches!(c, b' '..=b'~'))
        && !value.starts_with(' ')
        && !value.ends_with(' ')
}

/// The same text for a header: what it cannot hold is percent-encoded.
pub(super) fn legal(value: &str) -> String {
    let value = value.trim();
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// Whether it can be the last part of a header's name.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
}

/// Something like it that can.
pub(super) fn name(name: &str) -> String {
    let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    name.chars().map(|c| if known(c) { c } else { '-' }).collect()
}

/// Whether it is a UUID of a version from 1 to 5: Helicone replaces all others without a word.
pub(super) fn is_uuid(id: &str) -> bool {
    let id = id.as_bytes();
    let digit = |place: usize| match place {
        8 | 13 | 18 | 23 => id[place] == b'-',
        14 => matches!(id[place], b'1'..=b'5'),
        19 => matches!(id[place].to_ascii_lowercase(), b'8' | b'9' | b'a' | b'b'),
        _ => id[place].is_ascii_hexdigit(),
    };
    id.len() == 36 && (0..36).all(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_told_apart_by_version_and_variant() {
        for id in [
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "F47AC10B-58CC-4372-A567-0E02B2C3D479",
            "2ed6657d-e927-568b-95e1-2665a8aea6a2",
        ] {
            assert!(is_uuid(id), "{id}");
        }
        for id in [
            "01890a5d-ac96-774b-bcce-b302099a8057",
            "f47ac10b-58cc-4372-c567-0e02b2c3d479",
            "f47ac10b58cc4372a5670e02b2c3d479",
            "f47ac10b-58cc-4372-a567-0e02b2c3d47",
            "00000000-0000-0000-0000-000000000000",
            "",
        ] {
            assert!(!is_uuid(id), "{id}");
        }
    }

    #[test]
    fn what_a_header_cannot_hold_is_percent_encoded() {
        assert_eq!(legal(" Grüße\r\nx: y "), "Gr%C3%BC%C3%9Fe%0D%0Ax: y");
        assert_eq!(name("Team Größe"), "Team-Gr--e");
    }
}
