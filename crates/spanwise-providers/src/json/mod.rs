//! JSON that is read as far as it goes, once.
//!
//! A value does not know where it ends before somebody has read it. Whoever reads one to its end leaves a note, so that
//! who goes on behind it need not look for that again.

mod scan;

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// A body that holds a JSON value.
pub(crate) struct JsonBody<'a> {
    text: &'a str,
    note: Cell<Note>,
}

/// Which value was read to its end last: where in the body it begins, and what follows it.
#[derive(Clone, Copy)]
struct Note {
    from: usize,
    after: usize,
}

/// A JSON value that has not been parsed yet.
#[derive(Clone, Copy)]
pub(crate) struct Json<'a> {
    body: &'a str,
    /// Where in the body it begins.
    at: usize,
    note: &'a Cell<Note>,
}

impl<'a> JsonBody<'a> {
    /// Bytes that are no text, and what follows them, are left out.
    pub(crate) fn of(body: &'a [u8]) -> Self {
        let text = match std::str::from_utf8(body) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&body[..error.valid_up_to()]).unwrap_or_default(),
        };
        let nothing = Note { from: usize::MAX, after: 0 };
        Self { text: text.trim_ascii(), note: Cell::new(nothing) }
    }

    /// The value.
    pub(crate) fn json(&self) -> Json<'_> {
        Json { body: self.text, at: 0, note: &self.note }
    }
}

impl<'a> Json<'a> {
    /// Calls `each` with every field of an object. Of a body that breaks off the last one may be incomplete.
    pub(crate) fn fields(self, mut each: impl FnMut(&str, Json<'a>)) {
        self.look_through(&mut |key, value| {
            each(key, value);
            false
        });
    }

    /// The field of this name, of an object: the first one.
    pub(crate) fn field(self, name: &str) -> Option<Json<'a>> {
        let mut field = None;
        self.look_through(&mut |key, value| {
            let found = key == name;
            field = found.then_some(value);
            found
        });
        field
    }

    /// Shows the fields of an object until the one is found that is looked for. There is one such loop in the program:
    /// code that runs once for an answer costs what it takes to load it.
    fn look_through(self, found: &mut dyn FnMut(&str, Json<'a>) -> bool) -> Option<()> {
        let bytes = self.body.as_bytes();
        let mut at = scan::after_space(bytes, scan::after(bytes, self.at, b'{')?);
        while let Some(key) = scan::after(bytes, at, b'"') {
            let end = scan::closing_quote(bytes, key)?;
            let value = scan::after(bytes, scan::after_space(bytes, end.at + 1), b':')?;
            let value = Self { at: scan::after_space(bytes, value), ..self };
            let found = if end.plain {
                found(self.body.get(key..end.at)?, value)
            } else {
                let key: String = serde_json::from_str(self.body.get(at..=end.at)?).ok()?;
                found(&key, value)
            };
            if found {
                return None;
            }
            at = scan::after_space(bytes, value.end()?);
            match scan::after(bytes, at, b',') {
                Some(next) => at = scan::after_space(bytes, next),
                None => break,
            }
        }
        self.ends_at(scan::after(bytes, at, b'}')?);
        None
    }

    /// Calls `each` with every item of an array. Of a body that breaks off the last one may be incomplete.
    #[inline]
    pub(crate) fn items(self, mut each: impl FnMut(Json<'a>)) {
        self.look_at_items(&mut each);
    }

    fn look_at_items(self, each: &mut dyn FnMut(Json<'a>)) -> Option<()> {
        let bytes = self.body.as_bytes();
        let mut at = scan::after_space(bytes, scan::after(bytes, self.at, b'[')?);
        while *bytes.get(at)? != b']' {
            let item = Self { at, ..self };
            each(item);
            at = scan::after_space(bytes, item.end()?);
            match scan::after(bytes, at, b',') {
                Some(next) => at = scan::after_space(bytes, next),
                None => break,
            }
        }
        self.ends_at(scan::after(bytes, at, b']')?);
        None
    }

    /// Leaves a note, unless there is one of a value that this is a part of.
    fn ends_at(self, end: usize) {
        let Note { from, after } = self.note.get();
        if from > self.at || after < end {
            self.note.set(Note { from: self.at, after: end });
        }
    }

    /// Where it ends. `None` where it is broken off.
    fn end(self) -> Option<usize> {
        let Note { from, after } = self.note.get();
        if from == self.at {
            return Some(after);
        }
        let end = scan::end(self.body.as_bytes(), self.at)?;
        self.ends_at(end);
        Some(end)
    }

    /// What it begins with.
    fn first(self) -> Option<u8> {
        self.body.as_bytes().get(self.at).copied()
    }

    /// The value as it is written. `None` where it is broken off.
    pub(crate) fn written(self) -> Option<&'a str> {
        self.body.get(self.at..self.end()?)
    }

    /// The value, if it is of this type.
    ///
    /// To be told that it is not costs more than to look: serde words an error.
    pub(crate) fn read<T: Deserialize<'a>>(self) -> Option<T> {
        serde_json::from_str(self.written()?).ok()
    }

    /// A string, borrowed where nothing in it is escaped.
    pub(crate) fn string(self) -> Option<Cow<'a, str>> {
        let bytes = self.body.as_bytes();
        let start = scan::after(bytes, self.at, b'"')?;
        let end = scan::closing_quote(bytes, start)?;
        self.ends_at(end.at + 1);
        match end.plain {
            true => self.body.get(start..end.at).map(Cow::Borrowed),
            false => self.read().map(Cow::Owned),
        }
    }

    /// Whether it is this string.
    #[inline]
    pub(crate) fn is(self, text: &str) -> bool {
        self.string().is_some_and(|string| string == text)
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
        self.written()?.parse().ok().or_else(|| self.read::<f64>().and_then(whole))
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
        self.written() == Some("true")
    }

    pub(crate) fn is_null(self) -> bool {
        self.body.get(self.at..).is_some_and(|rest| rest.starts_with("null"))
    }

    pub(crate) fn is_object(self) -> bool {
        self.first() == Some(b'{')
    }

    pub(crate) fn is_array(self) -> bool {
        self.first() == Some(b'[')
    }

    fn is_number(self) -> bool {
        self.first().is_some_and(|first| first == b'-' || first.is_ascii_digit())
    }

    /// How many items an array has.
    pub(crate) fn length(self) -> i64 {
        let mut length = 0;
        self.items(|item| length += i64::from(item.end().is_some()));
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
}

/// Nothing of what is in it: it may be content.
impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({} bytes)", self.written().map_or(0, str::len))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is read of a body, with where it stands: `a[1]=2`.
    fn read(body: &str) -> Vec<String> {
        let mut read = Vec::new();
        walk(JsonBody::of(body.as_bytes()).json(), String::new(), &mut read);
        read
    }

    fn walk(json: Json<'_>, place: String, read: &mut Vec<String>) {
        if json.is_object() {
            json.fields(|key, value| walk(value, format!("{place}.{key}"), read));
        } else if json.is_array() {
            let mut index = 0;
            json.items(|item| {
                walk(item, format!("{place}[{index}]"), read);
                index += 1;
            });
        } else if let Some(value) = json.value() {
            read.push(format!("{place}={value}"));
        }
    }

    #[test]
    fn a_body_that_breaks_off_yields_what_came_before() {
        assert_eq!(read(r#"{"a": 1, "b": {"c": [2, 3"#), [".a=1", ".b.c[0]=2"]);
        assert_eq!(
            read(r#"{"a": 1, "b": [{"c": "told"}, {"c": "bro"#),
            [".a=1", ".b[0].c=\"told\""]
        );
        assert_eq!(read(r#"{"a": 1, "b": 2, oops"#), [".a=1", ".b=2"]);
        assert_eq!(read("<html>"), [""; 0]);
        assert_eq!(JsonBody::of(b"[1, 2, {").json().length(), 2);
    }

    #[test]
    fn what_is_of_another_type_is_absent() {
        let body =
            JsonBody::of(br#"{"a": "7", "b": 7.0, "c": -1, "d": 7.5, "e": "\u00e4", "\u0066": 1}"#);
        let json = body.json();
        assert_eq!(json.field("a").unwrap().int(), None);
        assert_eq!(json.field("b").unwrap().int(), Some(7));
        assert_eq!(json.field("c").unwrap().count(), None);
        assert_eq!(json.field("d").unwrap().int(), None);
        assert_eq!(json.field("e").unwrap().text().as_deref(), Some("ä"));
        assert_eq!(json.field("f").unwrap().int(), Some(1));
        assert!(json.field("missing").is_none());
    }

    #[test]
    fn whether_a_value_was_read_changes_nothing_of_what_follows() {
        let body =
            JsonBody::of(br#"{"a": {"b": [1, {"c": "}"}], "d": "]"}, "e": [[], {}], "f": 6}"#);
        let whole = |value: Json<'_>| drop(value.value());
        let one_field = |value: Json<'_>| assert!(value.field("z").is_none());
        let items = |value: Json<'_>| value.field("b").into_iter().for_each(|b| b.items(whole));
        let nothing = |_: Json<'_>| ();
        let ways: [&dyn Fn(Json<'_>); 4] = [&nothing, &whole, &one_field, &items];
        for look in ways {
            let mut keys = String::new();
            body.json().fields(|key, value| {
                look(value);
                look(value);
                keys.push_str(key);
            });
            assert_eq!(keys, "aef");
        }
    }

    #[test]
    fn a_broken_value_ends_where_it_ends_for_whoever_does_not_look_into_it() {
        for broken in [r#"x{}"#, r#"1{"c": 2}"#, r#"t[}]"#, r#"7"}""#, r#"x"{""#] {
            let text = format!(r#"{{"a": {{"b": {broken}, "d": 1}}, "e": 2, "f": {{"g": 3}}}}"#);
            let body = JsonBody::of(text.as_bytes());
            let keys = |look: &dyn Fn(Json<'_>)| {
                let mut keys = String::new();
                body.json().fields(|key, value| {
                    look(value);
                    keys.push_str(key);
                });
                keys
            };
            let looked_into = keys(&|value| value.fields(|_, value| drop(value.text())));
            assert_eq!(looked_into, keys(&|_| ()), "{text}");
        }
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

    /// The same, read by somebody else.
    fn expected(value: &Value, place: String, read: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields
                .iter()
                .for_each(|(key, value)| expected(value, format!("{place}.{key}"), read)),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .for_each(|(index, item)| expected(item, format!("{place}[{index}]"), read)),
            value => read.push(format!("{place}={value}")),
        }
    }

    proptest! {
        #[test]
        fn objects_and_arrays_are_what_serde_reads(value in json(), spaced: bool) {
            let written = if spaced { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let text = written.unwrap();
            let mut all = Vec::new();
            expected(&value, String::new(), &mut all);
            // What ends with the body could go on.
            if value.is_object() || value.is_array() {
                prop_assert_eq!(read(&text), all);
            }
            let body = JsonBody::of(text.as_bytes());
            let json = body.json();
            prop_assert_eq!(json.string(), value.as_str().map(Cow::Borrowed));
            let spaced = format!("{text} ,");
            let body = JsonBody::of(spaced.as_bytes());
            prop_assert_eq!(body.json().number(), value.as_f64());
            prop_assert_eq!(body.json().is_true(), value == Value::Bool(true));
        }

        #[test]
        fn what_breaks_off_yields_a_beginning_of_what_is_there(value in json(), cut: prop::sample::Index) {
            let text = serde_json::to_string(&value).unwrap();
            let ends: Vec<_> = (0..=text.len()).filter(|end| text.is_char_boundary(*end)).collect();
            prop_assert!(read(&text).starts_with(&read(&text[..*cut.get(&ends)])));
        }

        #[test]
        fn whatever_is_no_json_is_survived(text in r#"[\[\]{}",:\\ a1é-]{0,40}"#) {
            let body = JsonBody::of(text.as_bytes());
            let json = body.json();
            json.fields(|_, value| drop((value.text(), value.int(), value.number(), value.length())));
            json.items(|item| drop((item.text(), item.int(), item.number(), item.length())));
        }
    }

    #[test]
    fn bytes_that_are_no_text_end_it() {
        let body = JsonBody::of(b"{\"a\": 1, \"b\": \"\xff\"}");
        assert_eq!(body.json().field("a").unwrap().int(), Some(1));
    }

    #[test]
    fn a_string_is_what_it_means() {
        let is = |body: &[u8], text: &str| JsonBody::of(body).json().is(text);
        assert!(is(br#""abc""#, "abc"));
        assert!(is(br#""a\u0062c""#, "abc"));
        assert!(is(br#""a\\c""#, r"a\c"));
        assert!(!is(br#""a\tc""#, r"a\tc"));
        assert!(!is(br#""abd""#, "abc"));
        assert!(!is(b"7abc7", "abc"));
    }
}
