//! Whom Helicone asks when a provider fails.

use std::fmt;
use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use super::error::HeliconeError;

pub(super) const HEADER: &str = "Helicone-Fallbacks";

/// A provider that is asked when the one before answers with one of some statuses: an entry of
/// `Helicone-Fallbacks`. It holds keys of that provider, and `Debug` shows no more than where it is.
///
/// ```
/// use spanwise_http::helicone::HeliconeFallback;
///
/// let fallback = HeliconeFallback::new("https://api.anthropic.com")
///     .header("x-api-key", "sk-ant-…")
///     .on_code(429)
///     .on_codes(500..=599);
/// ```
#[derive(Clone)]
pub struct HeliconeFallback {
    url: String,
    headers: Map<String, Value>,
    on_codes: Vec<Value>,
    body: Map<String, Value>,
    legal: bool,
}

impl HeliconeFallback {
    /// At this URL.
    pub fn new(url: impl Into<String>) -> Self {
        let (headers, body) = Default::default();
        Self { url: url.into(), headers, on_codes: Vec::new(), body, legal: true }
    }

    /// With this header, such as the provider's key.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), Value::String(value.into()));
        self
    }

    /// After this status.
    #[must_use]
    pub fn on_code(mut self, code: u16) -> Self {
        self.legal &= (100..=599).contains(&code);
        self.on_codes.push(json!(code));
        self
    }

    /// After any of these statuses.
    #[must_use]
    pub fn on_codes(mut self, codes: RangeInclusive<u16>) -> Self {
        let (from, to) = codes.into_inner();
        self.legal &= 100 <= from && from <= to && to <= 599;
        self.on_codes.push(json!({"from": from, "to": to}));
        self
    }

    /// With this in place of what the request's body has under this key, such as another model.
    #[must_use]
    pub fn body_key(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.body.insert(key.into(), value.into());
        self
    }

    fn check(&self) -> Result<(), HeliconeError> {
        let wrong = |problem| Err(HeliconeError::new(HEADER, problem));
        let url: Option<http::Uri> = self.url.parse().ok();
        if url.is_none_or(|url| url.host().is_none() || url.scheme().is_none()) {
            return wrong("has a target that is no URL: give one such as https://api.openai.com");
        }
        if self.on_codes.is_empty() || !self.legal {
            return wrong("has no legal status: give some from 100 to 599");
        }
        Ok(())
    }

    fn to_value(&self) -> Value {
        let mut entry = json!({
            "target-url": self.url, "headers": self.headers, "onCodes": self.on_codes,
        });
        if let (Some(entry), false) = (entry.as_object_mut(), self.body.is_empty()) {
            entry.insert("bodyKeyOverride".to_owned(), self.body.clone().into());
        }
        entry
    }
}

/// All of them as the header's value, in ASCII.
pub(super) fn header_value(fallbacks: &[HeliconeFallback]) -> Result<String, HeliconeError> {
    fallbacks.iter().try_for_each(HeliconeFallback::check)?;
    let all = Value::Array(fallbacks.iter().map(HeliconeFallback::to_value).collect());
    let mut text = String::new();
    for c in all.to_string().chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            c.encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
        }
    }
    Ok(text)
}

impl fmt::Debug for HeliconeFallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeliconeFallback").field("url", &self.url).finish_non_exhaustive()
    }
}
