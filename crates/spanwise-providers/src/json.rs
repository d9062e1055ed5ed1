//! JSON that is read as far as it goes.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer as _, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// A JSON value that has not been parsed yet.
#[derive(Clone, Copy)]
pub(crate) struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// The value in a body; bytes that are no text, and what follows them, are left out.
    pub(crate) fn of(body: &'a [u8]) -> Self {
        Self(match std::str::from_utf8(body) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&body[..error.valid_up_to()]).unwrap_or_default(),
        })
    }

    /// Calls `each` with every field of an object. A body that breaks off yields the fields before.
    pub(crate) fn fields(self, each: impl FnMut(&str, Json<'a>)) {
        if self.is_object() {
            let mut reader = serde_json::Deserializer::from_str(self.0);
            let _ = reader.deserialize_any(Fields(each));
        }
    }

    /// Calls `each` with every item of an array. A body that breaks off yields the items before.
    pub(crate) fn items(self, each: impl FnMut(Json<'a>)) {
        if self.starts_with(|first| first == b'[') {
            let mut reader = serde_json::Deserializer::from_str(self.0);
            let _ = reader.deserialize_any(Items(each));
        }
    }

    /// The value, if it is of this type.
    ///
    /// To be told that it is not costs more than to look: serde words an error.
    pub(crate) fn read<T: Deserialize<'a>>(self) -> Option<T> {
        serde_json::from_str(self.0).ok()
    }

    /// A string, borrowed where nothing in it is escaped.
    pub(crate) fn string(self) -> Option<Cow<'a, str>> {
        let inner = self.raw().strip_prefix('"')?;
        let is_plain =
            |text: &str| text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
        match inner.strip_suffix('"') {
            Some(text) if is_plain(text) => Some(Cow::Borrowed(text)),
            _ => self.read().map(Cow::Owned),
        }
    }

    /// A string that is not empty.
    pub(crate) fn text(self) -> Option<String> {
        self.string().filter(|text| !text.is_empty()).map(Cow::into_owned)
    }

    /// A whole number; a fraction of zero is let pass.
    pub(crate) fn int(self) -> Option<i64> {
        let whole =
            |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
        if !self.is_number() {
            return None;
        }
        self.raw().parse().ok().or_else(|| self.read::<f64>().and_then(whole))
    }

    /// A number of tokens or the like.
    pub(crate) fn count(self) -> Option<u64> {
        self.int().and_then(|number| u64::try_from(number).ok())
    }

    /// Any number.
    pub(crate) fn number(self) -> Option<f64> {
        let number = if self.is_number() { self.read::<f64>() } else { None };
        number.filter(|number| number.is_finite())
    }

    /// A boolean that is true.
    pub(crate) fn is_true(self) -> bool {
        self.raw() == "true"
    }

    /// The value as it is written.
    pub(crate) fn raw(self) -> &'a str {
        self.0.trim()
    }

    pub(crate) fn is_null(self) -> bool {
        self.0.trim() == "null"
    }

    pub(crate) fn is_object(self) -> bool {
        self.starts_with(|first| first == b'{')
    }

    fn is_number(self) -> bool {
        self.starts_with(|first| first == b'-' || first.is_ascii_digit())
    }

    fn starts_with(self, is: impl Fn(u8) -> bool) -> bool {
        self.0.bytes().find(|byte| !byte.is_ascii_whitespace()).is_some_and(is)
    }

    /// How many items an array has.
    pub(crate) fn length(self) -> i64 {
        let mut length = 0;
        self.items(|_| length += 1);
        length
    }

    /// The strings of an array, or the one string that stands in its place.
    pub(crate) fn texts(self) -> Vec<String> {
        if let Some(text) = self.text() {
            return vec![text];
        }
        let mut texts = Vec::new();
        self.items(|item| texts.extend(item.text()));
        texts
    }

    /// The value, parsed.
    pub(crate) fn value(self) -> Option<Value> {
        self.read()
    }

    /// The field of this name, of an object.
    pub(crate) fn field(self, name: &str) -> Option<Json<'a>> {
        let mut found = None;
        self.fields(|key, value| {
            if key == name {
                found = Some(value);
            }
        });
        found
    }
}

/// Nothing of what is in it: it may be content.
impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({} bytes)", self.0.len())
    }
}

struct Fields<F>(F);

impl<'de, F: FnMut(&str, Json<'de>)> Visitor<'de> for Fields<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key<'de>>()? {
            let value: &'de RawValue = map.next_value()?;
            (self.0)(&key.0, Json(value.get()));
        }
        Ok(())
    }
}

struct Items<F>(F);

impl<'de, F: FnMut(Json<'de>)> Visitor<'de> for Items<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<&'de RawValue>()? {
            (self.0)(Json(item.get()));
        }
        Ok(())
    }
}

/// A key, borrowed where nothing in it is escaped.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E: serde::de::Error>(
                self,
                key: &'de str,
            ) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(key))
            }

            fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(key.to_owned()))
            }
        }

        from.deserialize_str(Text).map(Key).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(body: &str) -> Vec<String> {
        let mut keys = Vec::new();
        Json::of(body.as_bytes()).fields(|key, _| keys.push(key.to_owned()));
        keys
    }

    #[test]
    fn a_body_that_breaks_off_yields_what_came_before() {
        assert_eq!(keys(r#"{"a": 1, "b": {"c": [2"#), ["a"]);
        assert_eq!(keys(r#"{"a": 1, "b": 2, oops"#), ["a", "b"]);
        assert_eq!(keys("<html>"), [""; 0]);
        assert_eq!(keys("[1]"), [""; 0]);
        let mut items = 0;
        Json::of(b"[1, 2, {").items(|_| items += 1);
        assert_eq!(items, 2);
    }

    #[test]
    fn what_is_of_another_type_is_absent() {
        let json =
            Json::of(br#"{"a": "7", "b": 7.0, "c": -1, "d": 7.5, "e": "\u00e4", "\u0066": 1}"#);
        assert_eq!(json.field("a").unwrap().int(), None);
        assert_eq!(json.field("b").unwrap().int(), Some(7));
        assert_eq!(json.field("c").unwrap().count(), None);
        assert_eq!(json.field("d").unwrap().int(), None);
        assert_eq!(json.field("e").unwrap().text().as_deref(), Some("ä"));
        assert_eq!(json.field("f").unwrap().int(), Some(1));
        assert!(json.field("missing").is_none());
    }

    #[test]
    fn bytes_that_are_no_text_end_it() {
        assert_eq!(Json::of(b"{\"a\": 1, \"b\": \"\xff\"}").field("a").unwrap().int(), Some(1));
    }
}
