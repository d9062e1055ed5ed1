//! JSON that is read as far as it goes.

mod scan;

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// A JSON value that has not been parsed yet.
#[derive(Clone, Copy)]
pub(crate) struct Json<'a>(&'a str);

/// The fields of an object that is well formed so far.
struct Fields<'a>(Option<&'a str>);

impl<'a> Iterator for Fields<'a> {
    type Item = (Cow<'a, str>, Json<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let rest = scan::trimmed(self.0.take()?);
        let quoted = rest.strip_prefix('"')?;
        let end = scan::closing_quote(quoted.as_bytes())?;
        let key = if end.plain {
            Cow::Borrowed(&quoted[..end.at])
        } else {
            Cow::Owned(Json(&rest[..end.at + 2]).read()?)
        };
        let value = scan::trimmed(&quoted[end.at + 1..]).strip_prefix(':')?;
        let (value, after) = scan::split(scan::trimmed(value))?;
        self.0 = scan::trimmed(after).strip_prefix(',');
        Some((key, Json(value)))
    }
}

impl<'a> Json<'a> {
    /// The value in a body; bytes that are no text, and what follows them, are left out.
    pub(crate) fn of(body: &'a [u8]) -> Self {
        let text = match std::str::from_utf8(body) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&body[..error.valid_up_to()]).unwrap_or_default(),
        };
        Self(text.trim_ascii())
    }

    /// Calls `each` with every field of an object. A body that breaks off yields the fields before.
    #[inline]
    pub(crate) fn fields(self, mut each: impl FnMut(&str, Json<'a>)) {
        self.each_field().for_each(|(key, value)| each(&key, value));
    }

    #[inline]
    fn each_field(self) -> Fields<'a> {
        Fields(self.0.strip_prefix('{'))
    }

    /// Calls `each` with every item of an array. A body that breaks off yields the items before.
    #[inline]
    pub(crate) fn items(self, each: impl FnMut(Json<'a>)) {
        let mut rest = self.0.strip_prefix('[');
        let items = std::iter::from_fn(move || {
            let (item, after) = scan::split(scan::trimmed(rest?))?;
            rest = scan::trimmed(after).strip_prefix(',');
            Some(Json(item))
        });
        items.for_each(each);
    }

    /// The value, if it is of this type.
    ///
    /// To be told that it is not costs more than to look: serde words an error.
    pub(crate) fn read<T: Deserialize<'a>>(self) -> Option<T> {
        serde_json::from_str(self.0).ok()
    }

    /// A string, borrowed where nothing in it is escaped.
    #[inline]
    pub(crate) fn string(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?;
        match inner.strip_suffix('"') {
            Some(text) if scan::is_plain(text) => Some(Cow::Borrowed(text)),
            _ => self.read().map(Cow::Owned),
        }
    }

    /// Whether it is this string.
    #[inline]
    pub(crate) fn is(self, text: &str) -> bool {
        let inner = self.0.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let written_so = inner.is_some_and(|inner| inner == text && !inner.contains('\\'));
        written_so || self.string().is_some_and(|string| string == text)
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
        self.0.parse().ok().or_else(|| self.read::<f64>().and_then(whole))
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
        self.0 == "true"
    }

    /// The value as it is written.
    pub(crate) fn raw(self) -> &'a str {
        self.0
    }

    pub(crate) fn is_null(self) -> bool {
        self.0 == "null"
    }

    pub(crate) fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    fn is_number(self) -> bool {
        self.0.bytes().next().is_some_and(|first| first == b'-' || first.is_ascii_digit())
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

    /// The field of this name, of an object: the first one.
    pub(crate) fn field(self, name: &str) -> Option<Json<'a>> {
        self.each_field().find_map(|(key, value)| (key == name).then_some(value))
    }
}

/// Nothing of what is in it: it may be content.
impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    /// Any JSON, as it may be written.
    fn json() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        scalar.prop_recursive(4, 24, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::vec((".{0,4}", inner), 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn all_fields(text: &str) -> Vec<(String, Value)> {
        let mut fields = Vec::new();
        Json::of(text.as_bytes())
            .fields(|key, value| fields.push((key.to_owned(), value.value().expect("it is JSON"))));
        fields
    }

    fn all_items(text: &str) -> Vec<Value> {
        let mut items = Vec::new();
        Json::of(text.as_bytes()).items(|item| items.push(item.value().expect("it is JSON")));
        items
    }

    proptest! {
        #[test]
        fn objects_and_arrays_are_what_serde_reads(value in json(), spaced: bool) {
            let written = if spaced { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let text = written.unwrap();
            match &value {
                Value::Object(object) => {
                    let fields = object.iter().map(|(key, value)| (key.clone(), value.clone()));
                    prop_assert_eq!(all_fields(&text), fields.collect::<Vec<_>>());
                }
                Value::Array(items) => prop_assert_eq!(&all_items(&text), items),
                _ => {}
            }
            let json = Json::of(text.as_bytes());
            prop_assert_eq!(json.string(), value.as_str().map(Cow::Borrowed));
            prop_assert_eq!(json.number(), value.as_f64());
            prop_assert_eq!(json.is_true(), value == Value::Bool(true));
        }

        #[test]
        fn what_breaks_off_yields_a_beginning_of_what_is_there(value in json(), cut: prop::sample::Index) {
            let text = serde_json::to_string(&value).unwrap();
            let ends: Vec<_> = (0..=text.len()).filter(|end| text.is_char_boundary(*end)).collect();
            let cut = &text[..*cut.get(&ends)];
            prop_assert!(all_fields(&text).starts_with(&all_fields(cut)));
            prop_assert!(all_items(&text).starts_with(&all_items(cut)));
        }

        #[test]
        fn whatever_is_no_json_is_survived(text in r#"[\[\]{}",:\\ a1é-]{0,40}"#) {
            let json = Json::of(text.as_bytes());
            json.fields(|_, value| drop((value.text(), value.int(), value.number(), value.length())));
            json.items(|item| drop((item.text(), item.int(), item.number(), item.length())));
        }
    }

    #[test]
    fn bytes_that_are_no_text_end_it() {
        let json = Json::of(b"{\"a\": 1, \"b\": \"\xff\"}");
        assert_eq!(json.field("a").unwrap().int(), Some(1));
    }

    #[test]
    fn a_string_is_what_it_means() {
        assert!(Json::of(br#""abc""#).is("abc"));
        assert!(Json::of(br#""a\u0062c""#).is("abc"));
        assert!(Json::of(br#""a\\c""#).is(r"a\c"));
        assert!(!Json::of(br#""a\tc""#).is(r"a\tc"));
        assert!(!Json::of(br#""abd""#).is("abc"));
        assert!(!Json::of(b"7abc7").is("abc"));
    }
}
