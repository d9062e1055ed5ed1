//! Telemetry in a neutral form: what was captured and what arrived are judged alike.

use std::fmt::Write as _;

use serde_json::Value;

use crate::captured::Instrument;

/// Everything there is to judge.
#[derive(Debug, Default)]
pub struct Observed {
    pub(crate) spans: Vec<Span>,
    pub(crate) points: Vec<Point>,
    pub(crate) events: Vec<Event>,
}

impl Observed {
    /// The names of the spans, indented.
    pub(crate) fn tree(&self) -> String {
        let mut text = String::new();
        let is_root = |span: &Span| !self.spans.iter().any(|other| other.id == span.parent);
        for span in self.spans.iter().filter(|span| is_root(span)) {
            self.draw(span, 0, &mut text);
        }
        text
    }

    fn draw(&self, span: &Span, depth: usize, text: &mut String) {
        // What arrives may name itself as its parent.
        if depth > self.spans.len() {
            return;
        }
        let _ = writeln!(text, "{}{}", "  ".repeat(depth), span.name);
        for child in self.spans.iter().filter(|child| child.parent == span.id) {
            self.draw(child, depth + 1, text);
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) name: String,
    pub(crate) schema_url: String,
}

#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) id: Vec<u8>,
    pub(crate) parent: Vec<u8>,
    pub(crate) scope: Scope,
    pub(crate) name: String,
    /// As the conventions write it: `client`.
    pub(crate) kind: &'static str,
    pub(crate) status: Status,
    pub(crate) attributes: Attributes,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Status {
    Unset,
    Ok,
    Error,
}

/// One point of a metric.
#[derive(Debug)]
pub(crate) struct Point {
    pub(crate) scope: Scope,
    pub(crate) metric: String,
    pub(crate) unit: String,
    pub(crate) instrument: Instrument,
    /// Whether values are whole numbers; `None` where it cannot be seen.
    pub(crate) whole: Option<bool>,
    /// Of a histogram whose buckets are explicit.
    pub(crate) boundaries: Option<Vec<f64>>,
    pub(crate) attributes: Attributes,
}

#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) scope: Scope,
    pub(crate) name: String,
    pub(crate) severity: i32,
    pub(crate) has_body: bool,
    pub(crate) attributes: Attributes,
}

/// Attributes as JSON: an `int` is a whole number there, a `double` is none, content may be structured.
#[derive(Debug, Default)]
pub(crate) struct Attributes(pub(crate) Vec<(String, Value)>);

impl Attributes {
    /// The last one counts.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// A text that says something.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str().filter(|text| !text.is_empty())
    }

    pub(crate) fn whole(&self, key: &str) -> Option<i64> {
        self.get(key)?.as_i64()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Keys that stand there more than once.
    pub(crate) fn repeated(&self) -> impl Iterator<Item = &str> {
        let repeated =
            |at: usize, key: &str| self.0[..at].iter().filter(|(k, _)| k == key).count() == 1;
        let all = self.0.iter().enumerate().filter(move |(at, (key, _))| repeated(*at, key));
        all.map(|(_, (key, _))| key.as_str())
    }
}
