//! Content that goes to a store: found in its JSON, and replaced there by where it is.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value, json};
use spanwise_core::semconv::attribute;

use crate::offload::{Offload, Placed};

/// Sends media, and messages where that is asked for.
pub(super) fn offload(key: &str, value: &mut Value, to: &Offload) {
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
