//! Content within its limits, in the shape that it had.
//!
//! ```text
//! [system, user, assistant, …, user]
//!        │ fit
//!        ▼
//! [system, "…[37 items cut]…", user "Where is …[9120 bytes cut]… order?"]
//! ```
//! What is small stays whole, what is large gives way: long texts lose their middle, and where that is not
//! enough, long lists lose theirs. A list stays a list and an object an object, a message keeps its role and
//! its parts, a part its type.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Bytes,
    Characters,
}

/// How long something may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Length {
    pub(crate) most: usize,
    pub(crate) unit: Unit,
}

impl Length {
    pub(crate) const fn bytes(most: usize) -> Self {
        Self { most, unit: Unit::Bytes }
    }

    pub(crate) const fn characters(most: usize) -> Self {
        Self { most, unit: Unit::Characters }
    }

    /// How long this content is as an attribute: a text as it is, anything else as JSON.
    pub(crate) fn of(self, value: &Value) -> usize {
        match value {
            Value::String(text) => text.chars().map(|c| self.unit.of_char(c)).sum(),
            value => self.unit.measure(value).size,
        }
    }

    /// Cuts content to this length.
    pub(crate) fn fit(self, value: &mut Value) {
        if let Value::String(text) = value {
            return cut_middle(text, self.most, |c| self.unit.of_char(c));
        }
        let measured = self.unit.measure(value);
        if measured.size > self.most {
            self.unit.fit(value, &measured, self.most);
        }
    }
}

/// A value's length as JSON, the least that it can be cut to and keep its shape, and what is in it.
struct Measured {
    size: usize,
    least: usize,
    children: Vec<Child>,
}

/// What is in a list or an object, with what it costs beside its value and how willingly it goes.
struct Child {
    beside: usize,
    rank: u8,
    value: Measured,
}

impl Child {
    fn least(&self) -> usize {
        self.beside + self.value.least
    }
}

/// Cut to less than this, a text says nothing.
const LEAST_TEXT: usize = 40;

impl Unit {
    fn of_char(self, c: char) -> usize {
        match self {
            Self::Bytes => c.len_utf8(),
            Self::Characters => 1,
        }
    }

    /// A character inside a string of JSON.
    fn of_json_char(self, c: char) -> usize {
        match c {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            c if c < ' ' => 6,
            c => self.of_char(c),
        }
    }

    fn of_json_text(self, text: &str) -> usize {
        2 + text.chars().map(|c| self.of_json_char(c)).sum::<usize>()
    }

    fn measure(self, value: &Value) -> Measured {
        let whole = |size| Measured { size, least: size, children: Vec::new() };
        match value {
            Value::Null => whole(4),
            Value::Bool(flag) => whole(5 - usize::from(*flag)),
            Value::Number(number) => whole(number.to_string().len()),
            Value::String(text) => {
                let size = self.of_json_text(text);
                Measured { least: size.min(LEAST_TEXT), ..whole(size) }
            }
            Value::Array(items) => {
                let child = |item| Child { beside: 1, rank: OTHER, value: self.measure(item) };
                let children = items.iter().map(child).collect();
                self.measured(children, || self.of_note(items) + 1)
            }
            Value::Object(fields) => {
                let child = |(name, value): (&String, &Value)| {
                    let rank = rank(name, value);
                    let mut value = self.measure(value);
                    if rank == NAME {
                        value.least = value.size;
                    }
                    Child { beside: self.of_json_text(name) + 2, rank, value }
                };
                let children = fields.iter().map(child).collect();
                self.measured(children, || self.of_cut_fields(fields.len()))
            }
        }
    }

    /// `note` is what it costs to say that some of it was cut.
    fn measured(self, children: Vec<Child>, note: impl FnOnce() -> usize) -> Measured {
        let sum = |size: fn(&Child) -> usize| children.iter().map(size).sum::<usize>();
        let size = 1 + sum(|child| child.beside + child.value.size).max(1);
        let all = 1 + sum(Child::least).max(1);
        let important = sum(|child| if child.rank == OTHER { 0 } else { child.least() });
        Measured { size, least: all.min(1 + note() + important), children }
    }

    /// The note in the place of items, at its longest.
    fn of_note(self, items: &[Value]) -> usize {
        let example = items.get(items.len() / 2).unwrap_or(&Value::Null);
        self.measure(&stand_in(example, items.len())).size
    }

    /// The note in the place of fields, at its longest.
    fn of_cut_fields(self, number: usize) -> usize {
        self.of_json_text(CUT) + 2 + self.of_json_text(&cut_fields(number))
    }

    /// Makes JSON no longer than `most`; where not even its shape has room, an empty one is left.
    fn fit(self, value: &mut Value, measured: &Measured, most: usize) {
        if measured.size <= most {
            return;
        }
        match value {
            Value::String(text) => {
                cut_middle(text, most.saturating_sub(2), |c| self.of_json_char(c));
            }
            Value::Array(items) => self.fit_items(items, &measured.children, most),
            Value::Object(fields) => self.fit_fields(fields, &measured.children, most),
            _ => {}
        }
    }

    fn fit_items(self, items: &mut Vec<Value>, measured: &[Child], most: usize) {
        let room = most.saturating_sub(1);
        if let Some(share) = share(measured, room) {
            for (item, child) in items.iter_mut().zip(measured) {
                self.fit(item, &child.value, share.max(child.value.least));
            }
            return;
        }
        // The middle goes, and a note stands in its place.
        let Some(room) = room.checked_sub(1 + self.of_note(items)) else { return items.clear() };
        let (head, tail) = ends(measured, room);
        let cut = head..items.len() - tail;
        let share = share(measured[..head].iter().chain(&measured[cut.end..]), room).unwrap_or(0);
        for place in (0..head).chain(cut.end..items.len()) {
            let child = &measured[place].value;
            self.fit(&mut items[place], child, share.max(child.least));
        }
        let note = stand_in(&items[items.len() / 2], cut.len());
        items.splice(cut, [note]);
    }

    fn fit_fields(self, fields: &mut Map<String, Value>, measured: &[Child], most: usize) {
        let room = most.saturating_sub(1);
        let (room, kept) = match share(measured, room) {
            Some(_) => (room, vec![true; measured.len()]),
            None => match room.checked_sub(self.of_cut_fields(fields.len())) {
                Some(room) => (room, most_important(measured, room)),
                None => return fields.clear(),
            },
        };
        let those_kept = measured.iter().zip(&kept).filter(|(_, kept)| **kept);
        let share = share(those_kept.map(|(child, _)| child), room).unwrap_or(0);
        for ((value, child), _) in
            fields.values_mut().zip(measured).zip(&kept).filter(|(_, kept)| **kept)
        {
            self.fit(value, &child.value, share.max(child.value.least));
        }
        let cut = kept.iter().filter(|kept| !**kept).count();
        if cut > 0 {
            let mut kept = kept.into_iter();
            fields.retain(|_, _| kept.next().unwrap_or(true));
            fields.insert(CUT.to_owned(), Value::String(cut_fields(cut)));
        }
    }
}

/// The field that says how many others were left out.
const CUT: &str = "cut";

fn cut_fields(number: usize) -> String {
    format!("{number} fields")
}

/// The most that each child may take so that all have room; `None` where not even the least of all has.
fn share<'a>(children: impl IntoIterator<Item = &'a Child> + Clone, room: usize) -> Option<usize> {
    let needed = |share: usize| {
        let of = |child: &Child| child.beside + child.value.size.min(share.max(child.value.least));
        children.clone().into_iter().map(of).sum::<usize>()
    };
    if needed(0) > room {
        return None;
    }
    let (mut fits, mut exceeds) = (0, room + 1);
    while exceeds - fits > 1 {
        let middle = fits + (exceeds - fits) / 2;
        if needed(middle) <= room { fits = middle } else { exceeds = middle }
    }
    Some(fits)
}

/// How many from the beginning and how many from the end have room; the last one first, which was said
/// just now.
fn ends(children: &[Child], mut room: usize) -> (usize, usize) {
    let (mut head, mut tail) = (0, 0);
    while head + tail < children.len() {
        let from_end = tail <= head;
        let child = &children[if from_end { children.len() - 1 - tail } else { head }];
        let Some(rest) = room.checked_sub(child.least()) else { break };
        room = rest;
        if from_end { tail += 1 } else { head += 1 }
    }
    (head, tail)
}

/// Which fields have room: names first, then what a message is made of, then the smallest.
fn most_important(children: &[Child], mut room: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..children.len()).collect();
    order.sort_by_key(|place| (children[*place].rank, children[*place].least()));
    let mut kept = vec![false; children.len()];
    for place in order {
        if let Some(rest) = room.checked_sub(children[place].least()) {
            room = rest;
            kept[place] = true;
        }
    }
    kept
}

const NAME: u8 = 0;
const MADE_OF: u8 = 1;
const OTHER: u8 = 2;
const LONGEST_NAME: usize = 40;

/// Short names are never cut, and what messages and parts are made of goes last.
fn rank(field: &str, value: &Value) -> u8 {
    match field {
        "role" | "type" | "modality" | "mime_type" | "finish_reason"
            if value.as_str().is_some_and(|name| name.len() <= LONGEST_NAME) =>
        {
            NAME
        }
        "role"
        | "type"
        | "parts"
        | "content"
        | "name"
        | "id"
        | "arguments"
        | "response"
        | "uri"
        | "file_id"
        | "tool_calls"
        | "server_tool_call"
        | "server_tool_call_response" => MADE_OF,
        _ => OTHER,
    }
}

/// What stands in the place of so many items, in the shape of one of them.
fn stand_in(example: &Value, cut: usize) -> Value {
    let note = format!("…[{cut} items cut]…");
    let Value::Object(fields) = example else { return Value::String(note) };
    let part = json!({"type": "omitted", "content": note});
    let Some(role) = fields.get("role") else {
        return if fields.contains_key("type") { part } else { json!({ "cut": note }) };
    };
    let role = role.as_str().filter(|role| role.len() <= 20).unwrap_or("user");
    match fields.contains_key("parts") {
        true => json!({"role": role, "parts": [part]}),
        false => json!({"role": role, "content": note}),
    }
}

/// Cuts content to this many bytes, as [`ContentPolicy::max_attribute_bytes`] does: JSON, a list or an object,
/// stays JSON and keeps its shape, anything else loses its middle.
///
/// [`ContentPolicy::max_attribute_bytes`]: crate::ContentPolicy::max_attribute_bytes
///
/// ```
/// let messages = format!(r#"[{{"role":"user","content":"{}"}}]"#, "x".repeat(1000));
/// let cut = spanwise::truncate_json(&messages, 256);
/// assert!(cut.len() <= 256);
/// let cut: serde_json::Value = serde_json::from_str(&cut).unwrap();
/// assert_eq!(cut[0]["role"], "user");
/// ```
pub fn truncate_json(text: &str, most_bytes: usize) -> Cow<'_, str> {
    if text.len() <= most_bytes {
        return Cow::Borrowed(text);
    }
    let structured = text.trim_start().starts_with(['[', '{']);
    let parsed = structured.then(|| serde_json::from_str(text).ok()).flatten();
    let mut value = parsed.unwrap_or_else(|| Value::String(text.to_owned()));
    Length::bytes(most_bytes).fit(&mut value);
    Cow::Owned(match value {
        Value::String(text) => text,
        value => value.to_string(),
    })
}

/// Cuts the middle out of a text, so that what is left and a note of what is not are no longer than `most`.
fn cut_middle(text: &mut String, most: usize, size: impl Fn(char) -> usize) {
    let whole: usize = text.chars().map(&size).sum();
    if whole <= most {
        return;
    }
    let note = |cut: usize| format!("…[{cut} bytes cut]…");
    let longest: usize = note(text.len()).chars().map(&size).sum();
    let Some(room) = most.checked_sub(longest) else {
        let end = prefix(text.char_indices(), most, &size);
        return text.truncate(end);
    };
    let head = prefix(text.char_indices(), room.div_ceil(2), &size);
    let mut left = room / 2;
    let mut tail = text.len();
    for (place, c) in text[head..].char_indices().rev() {
        let Some(rest) = left.checked_sub(size(c)) else { break };
        (left, tail) = (rest, head + place);
    }
    let note = note(tail - head);
    text.replace_range(head..tail, &note);
}

/// Where the characters end that have room.
fn prefix(
    characters: impl Iterator<Item = (usize, char)>,
    mut room: usize,
    size: impl Fn(char) -> usize,
) -> usize {
    let mut end = 0;
    for (place, c) in characters {
        let Some(rest) = room.checked_sub(size(c)) else { break };
        (room, end) = (rest, place + c.len_utf8());
    }
    end
}

/// A plain text, cut at its end: how OpenTelemetry cuts attributes.
pub(crate) fn cut_end(text: &mut String, length: Length) {
    if text.len() > length.most {
        let end = prefix(text.char_indices(), length.most, |c| length.unit.of_char(c));
        text.truncate(end);
    }
}

#[cfg(test)]
mod tests;
