//! The strings inside JSON text, redacted where they stand.

use std::borrow::Cow;

use spanwise_core::{Redactor, TextPlace};

use super::GIVEN_UP;

/// Redacts the strings in JSON text, and the numbers, which become strings where their digits go. Names of
/// fields stay, and valid JSON stays valid; nothing is parsed into memory, and depth does not matter.
///
/// What is no JSON is redacted as plain text.
///
/// ```
/// use spanwise::{PatternRedactor, TextPlace, redact_json};
///
/// let place = TextPlace::attribute("gen_ai.tool.call.arguments");
/// let text = r#"{"to": "ada@example.com", "cards": [4111111111111111, 7]}"#;
/// assert_eq!(
///     redact_json(text, &PatternRedactor::new(), place),
///     r#"{"to": "[EMAIL]", "cards": ["[CARD]", 7]}"#,
/// );
/// ```
pub fn redact_json<'t>(
    text: &'t str,
    redactor: &dyn Redactor,
    place: TextPlace<'_>,
) -> Cow<'t, str> {
    if let Some(redacted) = inside_json(text, redactor, place) {
        return redacted;
    }
    match redactor.redact(text, &place) {
        // What was no JSON may have become some.
        Cow::Owned(plain) => match inside_json(&plain, redactor, place) {
            Some(Cow::Owned(redacted)) => Cow::Owned(redacted),
            _ => Cow::Owned(plain),
        },
        unchanged => unchanged,
    }
}

/// `None` where it is no JSON.
fn inside_json<'t>(
    text: &'t str,
    redactor: &dyn Redactor,
    place: TextPlace<'_>,
) -> Option<Cow<'t, str>> {
    let mut walk = Walk { text, redactor, place, out: String::new(), done: 0 };
    walk.run()?;
    if walk.done == 0 {
        return Some(Cow::Borrowed(text));
    }
    walk.out.push_str(&text[walk.done..]);
    Some(Cow::Owned(walk.out))
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Name,
    NameOrEnd,
    Colon,
    CommaOrEnd,
}

struct Walk<'t, 'r> {
    text: &'t str,
    redactor: &'r dyn Redactor,
    place: TextPlace<'r>,
    out: String,
    /// How far the text is written, changed or not; 0 before the first change.
    done: usize,
}

impl<'t> Walk<'t, '_> {
    /// `None` where it is no JSON.
    fn run(&mut self) -> Option<()> {
        use Expect::{Colon, CommaOrEnd, Name, NameOrEnd, Value, ValueOrEnd};

        let bytes = self.text.as_bytes();
        // How what is open ends, and in which field it stands.
        let mut open: Vec<(u8, Cow<'t, str>)> = Vec::new();
        let mut field = Cow::Borrowed("");
        let mut expect = Value;
        let mut at = 0;
        loop {
            at += bytes[at..].iter().take_while(|byte| b" \t\n\r".contains(byte)).count();
            let Some(byte) = bytes.get(at) else {
                return (expect == CommaOrEnd && open.is_empty()).then_some(());
            };
            (expect, at) = match (expect, byte) {
                (Value | ValueOrEnd, b'{') => {
                    open.push((b'}', field.clone()));
                    (NameOrEnd, at + 1)
                }
                (Value | ValueOrEnd, b'[') => {
                    open.push((b']', field.clone()));
                    (ValueOrEnd, at + 1)
                }
                (Value | ValueOrEnd, b'"') => {
                    let end = string_end(bytes, at)?;
                    self.string(at, end, &field)?;
                    (CommaOrEnd, end)
                }
                (Value | ValueOrEnd, b'-' | b'0'..=b'9') => {
                    let is_part = |b: &&u8| b.is_ascii_digit() || b"+-.eE".contains(b);
                    let end = at + bytes[at..].iter().take_while(is_part).count();
                    self.number(at, end, &field);
                    (CommaOrEnd, end)
                }
                (Value | ValueOrEnd, _) => {
                    let words = ["true", "false", "null"];
                    let word = words.iter().find(|word| self.text[at..].starts_with(**word));
                    match word {
                        Some(word) => (CommaOrEnd, at + word.len()),
                        None => (end(&mut open, &mut field, *byte, expect)?, at + 1),
                    }
                }
                (Name | NameOrEnd, b'"') => {
                    let end = string_end(bytes, at)?;
                    field = name(&self.text[at..end])?;
                    (Colon, end)
                }
                (Colon, b':') => (Value, at + 1),
                (CommaOrEnd, b',') => {
                    let (ends, around) = open.last()?;
                    field = around.clone();
                    (if *ends == b'}' { Name } else { Value }, at + 1)
                }
                _ => (end(&mut open, &mut field, *byte, expect)?, at + 1),
            };
        }
    }

    fn place<'p>(&'p self, field: &'p str) -> TextPlace<'p> {
        if field.is_empty() { self.place } else { self.place.in_field(field) }
    }

    /// The string from quote to quote. What holds escapes is read before it is looked at.
    fn string(&mut self, start: usize, end: usize, field: &str) -> Option<()> {
        let quoted = &self.text[start..end];
        let inner = &quoted[1..quoted.len() - 1];
        let read = match inner.contains('\\').then(|| serde_json::from_str::<String>(quoted)) {
            None => Cow::Borrowed(inner),
            Some(Ok(read)) => Cow::Owned(read),
            Some(Err(_)) if holds_half_a_character(inner) => {
                // No text, and still JSON. As it stands there nothing can be cut out of it.
                if self.redactor.redact(inner, &self.place(field)) != inner {
                    self.change(start, end, GIVEN_UP.to_owned());
                }
                return Some(());
            }
            Some(Err(_)) => return None,
        };
        let redacted = self.redactor.redact(&read, &self.place(field));
        if redacted != read {
            let redacted = redacted.into_owned();
            self.change(start, end, redacted);
        }
        Some(())
    }

    fn number(&mut self, start: usize, end: usize, field: &str) {
        let number = &self.text[start..end];
        let redacted = self.redactor.redact(number, &self.place(field));
        if redacted != number {
            let redacted = redacted.into_owned();
            self.change(start, end, redacted);
        }
    }

    fn change(&mut self, start: usize, end: usize, other: String) {
        self.out.push_str(&self.text[self.done..start]);
        self.out.push_str(&serde_json::Value::String(other).to_string());
        self.done = end;
    }
}

/// Ends the innermost object or array, if this byte does and it may end now.
fn end<'t>(
    open: &mut Vec<(u8, Cow<'t, str>)>,
    field: &mut Cow<'t, str>,
    byte: u8,
    expect: Expect,
) -> Option<Expect> {
    let may = matches!(expect, Expect::ValueOrEnd | Expect::NameOrEnd | Expect::CommaOrEnd);
    let (_, around) = open.pop_if(|(ends, _)| may && *ends == byte)?;
    *field = around;
    Some(Expect::CommaOrEnd)
}

/// Whether one of two surrogates may stand alone: the grammar allows it, and no string can hold it.
fn holds_half_a_character(inner: &str) -> bool {
    let printable = inner.bytes().all(|byte| byte >= b' ');
    printable && (inner.contains("\\ud") || inner.contains("\\uD"))
}

/// The name between these quotes.
fn name(quoted: &str) -> Option<Cow<'_, str>> {
    let inner = &quoted[1..quoted.len() - 1];
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    let read = serde_json::from_str::<String>(quoted);
    read.ok().map(Cow::Owned).or(holds_half_a_character(inner).then_some(Cow::Borrowed(inner)))
}

/// Behind the quote that ends the string which begins here.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}
