//! Content that goes to a store: found in its JSON, and replaced there by where it is.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value, json};
use spanwise_core::semconv::attribute;

use crate::offload::{Offload, Placed};

/// Sends media, and messages where that is asked for.
pub(super) fn offload(key: &str, value: &mut Value, to: &Offload) {
    if cfg!(spanwise_no_content) {
        return;
    }
    media(value, to);
    if !to.takes_messages() {
        return;
    }
    if key == attribute::GEN_AI_SYSTEM_INSTRUCTIONS.key() {
        parts(value, to);
    }
    for message in value.as_array_mut().into_iter().flatten() {
        if message.get("role").is_some()
            && let Some(message_parts) = message.get_mut("parts")
        {
            parts(message_parts, to);
        }
    }
}

/// All parts of a message, or of the instructions, become one that says where they are.
fn parts(parts: &mut Value, to: &Offload) {
    const MEDIA_TYPE: &str = "application/json";
    if parts.as_array().is_none_or(Vec::is_empty) {
        return;
    }
    let placed = to.place(parts.to_string().into_bytes(), MEDIA_TYPE);
    *parts = Value::Array(vec![Value::Object(uri_part("document", Some(MEDIA_TYPE), placed))]);
}

/// Every part that holds media, and every string that is media.
fn media(value: &mut Value, to: &Offload) {
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        if let Value::Object(fields) = &*value
            && let Some(part) = media_part(fields, to)
        {
            *value = Value::Object(part);
            continue;
        }
        match value {
            Value::String(text) => {
                if let Some((bytes, media_type)) = in_text(text, to.least_base64()) {
                    *text = to.place(bytes, media_type.as_deref().unwrap_or(UNKNOWN)).uri;
                }
            }
            Value::Array(values) => left.extend(values),
            Value::Object(fields) => left.extend(fields.values_mut()),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

const UNKNOWN: &str = "application/octet-stream";

/// A `blob` part, or a `uri` part with a `data:` URL, as a `uri` part.
fn media_part(fields: &Map<String, Value>, to: &Offload) -> Option<Map<String, Value>> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let (bytes, said) = match text("type")? {
        "blob" => (decoded(text("content")?)?, None),
        "uri" => data_url(text("uri")?)?,
        _ => return None,
    };
    let media_type = text("mime_type").map(str::to_owned).or(said);
    let placed = to.place(bytes, media_type.as_deref().unwrap_or(UNKNOWN));
    Some(uri_part(text("modality").unwrap_or("document"), media_type.as_deref(), placed))
}

fn uri_part(modality: &str, media_type: Option<&str>, placed: Placed) -> Map<String, Value> {
    let Placed { uri, size, sha256 } = placed;
    let mut part = Map::new();
    let mut set = |name: &str, value: Value| drop(part.insert(name.to_owned(), value));
    set("type", "uri".into());
    set("modality", modality.into());
    if let Some(media_type) = media_type {
        set("mime_type", media_type.into());
    }
    set("uri", uri.into());
    set("size", json!(size));
    set("sha256", sha256.into());
    part
}

/// The bytes of a text that is a `data:` URL, or base64 of this length.
fn in_text(text: &str, least: usize) -> Option<(Vec<u8>, Option<String>)> {
    if let Some(found) = data_url(text) {
        return Some(found);
    }
    (text.len() >= least).then(|| decoded(text)).flatten().map(|bytes| (bytes, None))
}

fn data_url(text: &str) -> Option<(Vec<u8>, Option<String>)> {
    let (kind, data) = text.strip_prefix("data:")?.split_once(',')?;
    let media_type = kind.strip_suffix(";base64")?;
    let media_type = media_type.split(';').next().filter(|media_type| !media_type.is_empty());
    Some((decoded(data)?, media_type.map(str::to_owned)))
}

/// Base64 of either alphabet, with padding or without.
fn decoded(text: &str) -> Option<Vec<u8>> {
    const CONFIG: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;

    use super::*;
    use crate::offload::{ContentStore, StoreError, StoredObject};

    struct Nowhere;

    impl ContentStore for Nowhere {
        fn uri(&self, name: &str) -> String {
            format!("x:{}", &name[..11])
        }

        fn put(
            &self,
            _: StoredObject,
        ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
            Box::pin(async { Ok(()) })
        }
    }

    fn offloaded(mut value: Value, to: &Offload) -> Value {
        offload(attribute::GEN_AI_INPUT_MESSAGES.key(), &mut value, to);
        value
    }

    #[test]
    fn media_is_found_wherever_it_stands() {
        let to = Offload::to(Nowhere).min_base64(8);
        // SHA-256 of `abc` begins with ba78.
        let value = json!([
            {"type": "blob", "modality": "audio", "mime_type": "audio/wav", "content": "YWJj"},
            {"type": "uri", "modality": "image", "uri": "data:image/png;charset=x;base64,YWJj"},
            {"image_url": {"url": "data:;base64,YWJj"}, "list": ["YWJjYWJjYWJj", "YWJj", "words, no"]},
            {"type": "uri", "modality": "image", "uri": "https://example.com/a.png"},
        ]);
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(
            offloaded(value, &to),
            json!([
                {"type": "uri", "modality": "audio", "mime_type": "audio/wav",
                 "uri": "x:sha256/ba78", "size": 3, "sha256": abc},
                {"type": "uri", "modality": "image", "mime_type": "image/png",
                 "uri": "x:sha256/ba78", "size": 3, "sha256": abc},
                {"image_url": {"url": "x:sha256/ba78"}, "list": ["x:sha256/76b9", "YWJj", "words, no"]},
                {"type": "uri", "modality": "image", "uri": "https://example.com/a.png"},
            ])
        );
    }

    #[test]
    fn of_a_whole_message_only_what_names_it_stays() {
        let message =
            json!({"role": "user", "name": "ada", "parts": [{"type": "text", "content": "hi"}]});
        let empty = json!({"role": "assistant", "parts": []});
        let to = Offload::to(Nowhere).messages(true);
        let left = offloaded(json!([message, empty]), &to);
        assert_eq!((&left[0]["role"], &left[0]["name"]), (&json!("user"), &json!("ada")));
        assert_eq!(left[0]["parts"].as_array().map(Vec::len), Some(1));
        assert_eq!(left[0]["parts"][0]["mime_type"], "application/json");
        assert_eq!(left[1], empty);
        assert!(!left.to_string().contains("hi"));
    }
}
