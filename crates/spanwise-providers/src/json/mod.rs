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

/// Which value was read to its end last. Lengths of what remains of the document tell places in it apart.
#[derive(Clone, Copy)]
struct Note {
    from: usize,
    after: usize,
}

/// A JSON value that has not been parsed yet.
#[derive(Clone, Copy)]
pub(crate) struct Json<'a> {
    /// It, and whatever follows it.
    text: &'a str,
    note: &'a Cell<Note>,
}

impl<'a> JsonBody<'a> {
    /// Bytes that are no text, and what follows them, are left out.
    pub(crate) fn of(body: &'a [u8]) -> Self {
        let text = match std::str::from_utf8(body) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&body[..error.valid_up_to()]).unwrap_or_default(),
        };
        let nothing = Note { from: 0, after: 0 };
        Self { text: text.trim_ascii(), note: Cell::new(nothing) }
    }

    /// The value.
    pub(crate) fn json(&self) -> Json<'_> {
        Json { text: self.text, note: &self.note }
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
        let mut rest = scan::trimmed(self.text.strip_prefix('{')?);
        while let Some(quoted) = rest.strip_prefix('"') {
            let end = scan::closing_quote(quoted.as_bytes())?;
            let value = scan::trimmed(&quoted[end.at + 1..]).strip_prefix(':')?;
            let value = self.at(scan::trimmed(value));
            let found = if end.plain {
                found(&quoted[..end.at], value)
            } else {
                let key: String = serde_json::from_str(&rest[..end.at + 2]).ok()?;
                found(&key, value)
            };
            if found {
                return None;
            }
            rest = scan::trimmed(value.rest()?);
            rest = match rest.strip_prefix(',') {
                Some(next) => scan::trimmed(next),
                None => break,
            };
        }
        self.ends_before(rest.strip_prefix('}')?);
        None
    }

    /// Calls `each` with every item of an array. Of a body that breaks off the last one may be incomplete.
    #[inline]
    pub(crate) fn items(self, mut each: impl FnMut(Json<'a>)) {
        let Some(inner) = self.text.strip_prefix('[') else { return };
        let mut rest = scan::trimmed(inner);
        while !rest.is_empty() && !rest.starts_with(']') {
            let item = self.at(rest);
            each(item);
            let Some(after) = item.rest() else { return };
            rest = scan::trimmed(after);
            if let Some(next) = rest.strip_prefix(',') {
                rest = scan::trimmed(next);
            } else {
                break;
            }
        }
        if let Some(after) = rest.strip_prefix(']') {
            self.ends_before(after);
        }
    }

    /// Another value of the document.
    fn at(self, text: &'a str) -> Self {
        Self { text, ..self }
    }

    /// Leaves a note, unless there is one of a value that this is a part of.
    #[inline]
    fn ends_before(self, rest: &str) {
        let Note { from, after } = self.note.get();
        if from < self.text.len() || after > rest.len() {
            self.note.set(Note { from: self.text.len(), after: rest.len() });
        }
    }

    /// What follows the value. `None` where it is broken off.
    #[inline]
    fn rest(self) -> Option<&'a str> {
        let Note { from, after } = self.note.get();
        if from == self.text.len() && from > 0 {
            return self.text.get(from - after..);
        }
        let (_, rest) = scan::split(self.text)?;
        self.ends_before(rest);
        Some(rest)
    }

    /// The value as it is written. `None` where it is broken off.
    pub(crate) fn written(self) -> Option<&'a str> {
        Some(&self.text[..self.text.len() - self.rest()?.len()])
    }

    /// The value, if it is of this type.
    ///
    /// To be told that it is not costs more than to look: serde words an error.
    pub(crate) fn read<T: Deserialize<'a>>(self) -> Option<T> {
        serde_json::from_str(self.written()?).ok()
    }

    /// A string, borrowed where nothing in it is escaped.
    #[inline]
    pub(crate) fn string(self) -> Option<Cow<'a, str>> {
        let inner = self.text.strip_prefix('"')?;
        let end = scan::closing_quote(inner.as_bytes())?;
        self.ends_before(&inner[end.at + 1..]);
        if end.plain { Some(Cow::Borrowed(&inner[..end.at])) } else { self.read().map(Cow::Owned) }
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
        self.text.starts_with("null")
    }

    pub(crate) fn is_object(self) -> bool {
        self.text.starts_with('{')
    }

    pub(crate) fn is_array(self) -> bool {
        self.text.starts_with('[')
    }

    fn is_number(self) -> bool {
        self.text.bytes().next().is_some_and(|first| first == b'-' || first.is_ascii_digit())
    }

    /// How many items an array has.
    pub(crate) fn length(self) -> i64 {
        let mut length = 0;
        self.items(|item| length += i64::from(item.rest().is_some()));
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
