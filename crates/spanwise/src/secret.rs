//! Values that must never be seen: headers, keys.

use std::fmt;

use http::{HeaderName, HeaderValue};

use crate::error::{InitError, Source};

/// The headers of one destination. `Debug` shows their names.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(Vec<(HeaderName, HeaderValue)>);

impl Headers {
    /// Adds a header, in place of one of the same name.
    pub(crate) fn set(
        &mut self,
        name: &str,
        value: &str,
        source: &Source,
    ) -> Result<(), InitError> {
        let name = HeaderName::try_from(name.to_ascii_lowercase()).map_err(|_| {
            source.invalid("holds a header whose name is not legal", "use letters, digits and `-`")
        })?;
        let mut value = HeaderValue::try_from(value).map_err(|_| {
            source.invalid(
                format!("holds a value for the header `{name}` that is not legal"),
                "use visible ASCII characters, on one line",
            )
        })?;
        value.set_sensitive(true);
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, value));
        Ok(())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, _)| (name.as_str(), "***"))).finish()
    }
}

/// A PEM file's bytes. `Debug` shows how many.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Pem(pub(crate) Vec<u8>);

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pem({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_header_replaces_an_earlier_one_and_debug_shows_no_value() {
        let mut headers = Headers::default();
        let source = Source::code("header");
        headers.set("Authorization", "canary 1", &source).unwrap();
        headers.set("authorization", "canary 2", &source).unwrap();
        assert_eq!(headers.iter().count(), 1);
        assert_eq!(format!("{headers:?}"), r#"{"authorization": "***"}"#);
    }

    #[test]
    fn an_illegal_value_is_named_by_its_header_and_not_shown() {
        let source = Source::env("OTEL_EXPORTER_OTLP_HEADERS");
        let error = Headers::default().set("x-key", "canary\n", &source).unwrap_err();
        assert_eq!(
            error.to_string(),
            "OTEL_EXPORTER_OTLP_HEADERS holds a value for the header `x-key` that is not legal: \
             use visible ASCII characters, on one line"
        );
    }
}
