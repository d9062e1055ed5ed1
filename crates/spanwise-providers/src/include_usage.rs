//! `stream_options.include_usage` of OpenAI's Chat Completions: asking for it, and the chunk that it brings.

use serde_json::value::RawValue;

use crate::json::{Json, JsonBody};

const ASKED: &str = r#""include_usage":true"#;

/// The same request, asking for usage; `None` where it streams nothing, says itself whether usage shall come, or
/// is not what it should be. All other bytes stay as they are.
pub(crate) fn including_usage(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    // What is broken is not ours to mend.
    let whole: &RawValue = serde_json::from_str(text).ok()?;
    let (mut streams, mut options) = (false, None);
    let json_body = JsonBody::of(body);
    json_body.json().fields(|key, value| match key {
        "stream" => streams = value.is_true(),
        "stream_options" => options = Some(value),
        _ => {}
    });
    if !streams {
        return None;
    }
    let (at, replaced, with) = match options {
        // The object has fields: one of them is `stream`.
        None => (end_within(text, whole.get())? - 1, 0, format!(",\"stream_options\":{{{ASKED}}}")),
        Some(options) if options.is_null() => {
            let written = options.written()?;
            let end = end_within(text, written)?;
            (end - written.len(), written.len(), format!("{{{ASKED}}}"))
        }
        Some(options) if options.is_object() && options.field("include_usage").is_none() => {
            let written = options.written()?;
            let start = end_within(text, written)? - written.len();
            let mut has_fields = false;
            options.fields(|_, _| has_fields = true);
            let comma = if has_fields { "," } else { "" };
            (start + 1, 0, format!("{ASKED}{comma}"))
        }
        Some(_) => return None,
    };
    let mut asking = Vec::with_capacity(body.len() + with.len());
    asking.extend_from_slice(&body[..at]);
    asking.extend_from_slice(with.as_bytes());
    asking.extend_from_slice(&body[at + replaced..]);
    Some(asking)
}

/// Where a part of a text ends in it.
fn end_within(text: &str, part: &str) -> Option<usize> {
    let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    Some(start + part.len()).filter(|end| *end > 0 && *end <= text.len())
}

/// Whether a chunk has usage and nothing else to tell: choices, but none of them.
pub(crate) fn is_usage_alone(chunk: &[u8]) -> bool {
    // Most chunks are told apart without being read.
    if !chunk.windows(7).any(|word| word == b"\"usage\"") {
        return false;
    }
    let json_body = JsonBody::of(chunk);
    let chunk = json_body.json();
    let has_usage = chunk.field("usage").is_some_and(Json::is_object);
    let no_choice = chunk.field("choices").is_some_and(|all| all.is_array() && all.length() == 0);
    has_usage && no_choice && chunk.field("error").is_none_or(Json::is_null)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn asking(body: &str) -> Option<String> {
        including_usage(body.as_bytes()).map(|body| String::from_utf8(body).unwrap())
    }

    #[test]
    fn usage_is_asked_for_and_no_other_byte_changes() {
        for (asked, asking_too) in [
            (
                "{\"stream\": true}\n",
                "{\"stream\": true,\"stream_options\":{\"include_usage\":true}}\n",
            ),
            (
                "{\"stream_options\": null, \"stream\": true}",
                "{\"stream_options\": {\"include_usage\":true}, \"stream\": true}",
            ),
            (
                "{\"stream_options\": { }, \"stream\": true}",
                "{\"stream_options\": {\"include_usage\":true }, \"stream\": true}",
            ),
            (
                "{\"stream_options\": {\"include_obfuscation\": false}, \"stream\": true}",
                "{\"stream_options\": {\"include_usage\":true,\"include_obfuscation\": false}, \"stream\": true}",
            ),
        ] {
            assert_eq!(asking(asked).as_deref(), Some(asking_too));
        }
    }

    #[test]
    fn who_says_whether_usage_shall_come_is_heard() {
        for body in [
            "{\"stream\": true, \"stream_options\": {\"include_usage\": true}}",
            "{\"stream\": true, \"stream_options\": {\"include_usage\": false}}",
            "{\"stream\": true, \"stream_options\": 7}",
            "{\"stream\": false}",
            "{\"model\": \"m\"}",
            "{\"stream\": true",
            "[true]",
            "",
        ] {
            assert_eq!(asking(body), None, "{body}");
        }
        assert_eq!(including_usage(b"{\"stream\": true, \"user\": \"\xff\"}"), None);
    }

    #[test]
    fn a_chunk_that_tells_of_anything_else_is_not_alone() {
        assert!(is_usage_alone(br#"{"id": "c", "choices": [], "usage": {"prompt_tokens": 1}}"#));
        for chunk in [
            r#"{"choices": [], "usage": null}"#,
            r#"{"choices": [{"delta": {"content": "\"usage\""}}], "usage": {}}"#,
            r#"{"choices": null, "usage": {}}"#,
            r#"{"usage": {}}"#,
            r#"{"choices": [], "usage": {}, "error": {"message": "overloaded"}}"#,
            "[DONE]",
        ] {
            assert!(!is_usage_alone(chunk.as_bytes()), "{chunk}");
        }
    }

    proptest! {
        #[test]
        fn the_request_says_the_same_otherwise(
            model in ".{0,12}",
            user in ".{0,12}",
            place in 0usize..3,
            options in prop_oneof![
                Just(None),
                Just(Some(Value::Null)),
                Just(Some(json!({}))),
                Just(Some(json!({"include_obfuscation": true}))),
            ],
        ) {
            let mut fields = vec![("model", json!(model)), ("user", json!({"stream_options": user}))];
            fields.insert(place.min(2), ("stream", json!(true)));
            fields.extend(options.map(|options| ("stream_options", options)));
            let text: Vec<_> =
                fields.iter().map(|(key, value)| format!("{}: {value}", json!(key))).collect();
            let body = format!(" {{ {} }} ", text.join(" , "));
            let asking: Value = serde_json::from_str(&asking(&body).unwrap()).unwrap();
            let mut expected: Value = serde_json::from_str(&body).unwrap();
            let options = &mut expected["stream_options"];
            if options.is_null() {
                *options = json!({});
            }
            options["include_usage"] = json!(true);
            prop_assert_eq!(asking, expected);
        }
    }
}
