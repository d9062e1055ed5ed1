//! Mistakes that show in the value of a header, without showing it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::case::HeaderMistake;
use crate::secret::Headers;

/// The headers by which receivers know who sends.
const KEYS: [&str; 5] =
    ["authorization", "api-key", "token", "x-honeycomb-team", "signoz-ingestion-key"];

/// Whether any of them could be a key.
pub(super) fn has_key(headers: &Headers) -> bool {
    let names = headers.iter().map(|(name, _)| name.as_str());
    names.into_iter().any(|name| KEYS.iter().any(|key| name.contains(key)) || name.ends_with("key"))
}

/// The first mistake that shows.
pub(super) fn mistake(headers: &Headers) -> Option<HeaderMistake> {
    headers.iter().find_map(|(name, value)| mistake_in(name.as_str(), value.to_str().ok()?))
}

fn mistake_in(name: &str, value: &str) -> Option<HeaderMistake> {
    let value = value.trim();
    if value.starts_with(['"', '\'']) {
        return Some(HeaderMistake::Quotes);
    }
    let unfilled = |begin: &str| value.split_whitespace().any(|word| word.starts_with(begin));
    if unfilled("${") || unfilled("$(") || unfilled("<") || unfilled("{{") {
        return Some(HeaderMistake::Unfilled);
    }
    if ["%20", "%3D", "%3d", "%2B"].iter().any(|code| value.contains(code)) {
        return Some(HeaderMistake::TwiceEncoded);
    }
    let basic = (name == "authorization").then(|| value.split_once(' ')).flatten();
    let basic = basic.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let is_pair =
        |text: &str| STANDARD.decode(text.trim()).is_ok_and(|decoded| decoded.contains(&b':'));
    basic.is_some_and(|(_, pair)| !is_pair(pair)).then_some(HeaderMistake::NoBase64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_shows_and_keys_do_not() {
        let cases = [
            ("authorization", "Bearer abc", None),
            ("authorization", "Basic dXNlcjpwYXNz", None),
            ("x-note", "100%", None),
            ("authorization", "\"Bearer abc\"", Some(HeaderMistake::Quotes)),
            ("x-key", "${KEY}", Some(HeaderMistake::Unfilled)),
            ("authorization", "Bearer <token>", Some(HeaderMistake::Unfilled)),
            ("authorization", "Basic%20dXNlcjpwYXNz", Some(HeaderMistake::TwiceEncoded)),
            ("authorization", "Basic user:pass", Some(HeaderMistake::NoBase64)),
            ("authorization", "Basic dXNlcg==", Some(HeaderMistake::NoBase64)),
        ];
        for (name, value, expected) in cases {
            assert_eq!(mistake_in(name, value), expected, "{name}");
        }
    }
}
