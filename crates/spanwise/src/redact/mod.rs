//! The redactor that is ready: known patterns, words and patterns of the program's own.
//!
//! ```text
//! text ─► find: digits, `@`, `:`, `=`  ─┐
//!               runs of 20 and more     ├─► hits ─► a label, a mask, a hash, or nothing in their place
//!               PEM, words, patterns   ─┘    └── again, until nothing is found
//! ```
//! Text without any of these marks is passed over many bytes at a time. What looks around a mark looks a
//! bounded way, or passes what it has seen, so that the time is linear whatever the text.

mod find;
mod json;
mod pattern;
mod replacement;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use regex::Regex;
use spanwise_core::{Redactor, TextPlace};

pub use json::redact_json;
pub use pattern::Pattern;
pub use replacement::{HashKey, Replacement};

use crate::error::{InitError, Source};
use find::{Finder, Hit, Kind, secret_name};
use pattern::PatternSet;

/// After so many rounds the text is given up: it goes as a whole.
const ROUNDS: usize = 8;

/// Shorter base64 is no picture and no sound.
const MEDIA: usize = 256;

/// Takes the place of a text that shows something new in every round.
const GIVEN_UP: &str = "[REDACTED]";

/// A [`Redactor`] that knows what personal data and secrets look like.
///
/// Finds every [`Pattern`], words and patterns of the program's own, and strings in JSON fields and
/// attributes whose names say that they are secret, such as `password`. Each is replaced by its label
/// unless [another replacement](Replacement) is asked for.
///
/// Patterns are heuristics: names of people, street addresses and secrets without a form of their own are
/// found as words of the program's own at most. What must not leave for certain must not be captured.
///
/// ```
/// use spanwise::{PatternRedactor, Redactor, TextPlace};
///
/// let redactor = PatternRedactor::new();
/// let place = TextPlace::attribute("gen_ai.input.messages").in_part("text");
/// assert_eq!(
///     redactor.redact("Write to ada@example.com, card 4111 1111 1111 1111.", &place),
///     "Write to [EMAIL], card [CARD].",
/// );
/// ```
#[derive(Clone)]
pub struct PatternRedactor {
    patterns: PatternSet,
    words: Option<Arc<AhoCorasick>>,
    own: Vec<Own>,
    replacements: Vec<(Pattern, Replacement)>,
    replacement: Replacement,
}

/// A pattern of the program's own.
#[derive(Clone)]
struct Own {
    label: Arc<str>,
    regex: Regex,
}

impl Default for PatternRedactor {
    fn default() -> Self {
        Self {
            patterns: PatternSet::all(),
            words: None,
            own: Vec::new(),
            replacements: Vec::new(),
            replacement: Replacement::Label,
        }
    }
}

impl PatternRedactor {
    /// Every [`Pattern`], replaced by its label.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts from [`new`](Self::new), to add words, patterns and other replacements.
    pub fn builder() -> PatternRedactorBuilder {
        PatternRedactorBuilder { redactor: Self::new(), words: Vec::new(), own: Vec::new() }
    }

    fn replacement(&self, kind: Kind) -> &Replacement {
        let known = match kind {
            Kind::Pattern(pattern) => self.replacements.iter().find(|(of, _)| *of == pattern),
            Kind::Word | Kind::Own(_) => None,
        };
        known.map_or(&self.replacement, |(_, replacement)| replacement)
    }

    fn label(&self, kind: Kind) -> &str {
        match kind {
            Kind::Pattern(pattern) => pattern.label(),
            Kind::Word => "WORD",
            Kind::Own(index) => self.own.get(index).map_or("PATTERN", |own| &own.label),
        }
    }

    /// Whether the text is one of our labels, with or without a hash.
    fn is_label(&self, inside: &str) -> bool {
        let name = match inside.split_once(':') {
            Some((name, hash)) if replacement::is_hash(hash) => name,
            Some(_) => return false,
            None => inside,
        };
        matches!(name, "WORD" | "REDACTED")
            || Pattern::ALL.iter().any(|pattern| pattern.label() == name)
            || self.own.iter().any(|own| *own.label == *name)
    }

    /// Whether what was found is, or lies in, a label that stands there already.
    fn in_label(&self, text: &str, hit: &Hit) -> bool {
        const LONGEST: usize = 96;
        let bytes = text.as_bytes();
        let from = hit.start.saturating_sub(LONGEST);
        let to = hit.end.saturating_add(LONGEST).min(bytes.len());
        // The label may begin or end with what was found.
        let Some(open) = memchr::memrchr(b'[', &bytes[from..=hit.start]) else { return false };
        let Some(close) = memchr::memchr(b']', &bytes[hit.end - 1..to]) else { return false };
        text.get(from + open + 1..hit.end - 1 + close).is_some_and(|inside| self.is_label(inside))
    }

    fn find(&self, text: &str, place: &TextPlace<'_>, hits: &mut Vec<Hit>) {
        let bare_secrets = self.patterns.has(Pattern::HighEntropy) && !names_an_id(place);
        Finder { text, patterns: self.patterns, bare_secrets, hits }.run();
        if let Some(words) = &self.words {
            let found = words.find_iter(text).map(|it| (it.start(), it.end()));
            let whole = found.filter(|(start, end)| find::is_whole_word(text, *start, *end));
            hits.extend(whole.map(|(start, end)| Hit { start, end, kind: Kind::Word }));
        }
        for (index, own) in self.own.iter().enumerate() {
            let found = own.regex.find_iter(text).filter(|it| !it.is_empty());
            let kind = Kind::Own(index);
            hits.extend(found.map(|it| Hit { start: it.start(), end: it.end(), kind }));
        }
        hits.retain(|hit| !self.in_label(text, hit));
        hits.sort_unstable_by_key(|hit| (hit.start, usize::MAX - hit.end));
    }

    fn replace(&self, text: &str, hits: &[Hit]) -> String {
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        let mut hits = hits.iter().peekable();
        while let Some(hit) = hits.next() {
            let mut end = hit.end;
            // What overlaps goes together, as what begins first.
            while let Some(next) = hits.next_if(|next| next.start < end) {
                end = end.max(next.end);
            }
            out.push_str(&text[done..hit.start]);
            self.replacement(hit.kind).write(&text[hit.start..end], self.label(hit.kind), &mut out);
            done = end;
        }
        out.push_str(&text[done..]);
        out
    }

    /// Redacts until nothing is found any more: what is left may meet what it did not touch before.
    fn settle(&self, text: &str, place: &TextPlace<'_>) -> Option<String> {
        let mut hits = Vec::new();
        self.find(text, place, &mut hits);
        if hits.is_empty() {
            return None;
        }
        let mut redacted = self.replace(text, &hits);
        for _ in 1..ROUNDS {
            hits.clear();
            self.find(&redacted, place, &mut hits);
            if hits.is_empty() {
                return Some(redacted);
            }
            let next = self.replace(&redacted, &hits);
            if next == redacted {
                return Some(redacted);
            }
            redacted = next;
        }
        Some(GIVEN_UP.to_owned())
    }
}

impl Redactor for PatternRedactor {
    fn redact<'t>(&self, text: &'t str, place: &TextPlace<'_>) -> Cow<'t, str> {
        if place.part() == Some("blob") && text.len() >= MEDIA && find::is_base64(text) {
            return Cow::Borrowed(text);
        }
        let name = place.field().unwrap_or(place.key());
        if self.patterns.has(Pattern::NamedSecret)
            && secret_name(name).is_some_and(|it| it.is(text))
        {
            let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
            let kind = Kind::Pattern(Pattern::NamedSecret);
            let replacement = self.replacement(kind);
            if inside.is_some_and(|inside| self.is_label(inside)) || replacement.is_done(text) {
                return Cow::Borrowed(text);
            }
            let mut out = String::new();
            replacement.write(text, self.label(kind), &mut out);
            return Cow::Owned(out);
        }
        match self.settle(text, place) {
            Some(redacted) => Cow::Owned(redacted),
            None => Cow::Borrowed(text),
        }
    }
}

/// Shows what is looked for, and no word, pattern or key of the program's own.
impl fmt::Debug for PatternRedactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PatternRedactor")
            .field("patterns", &self.patterns)
            .field("words", &self.words.as_ref().map_or(0, |words| words.patterns_len()))
            .field("own_patterns", &self.own.len())
            .field("replacement", &self.replacement)
            .finish_non_exhaustive()
    }
}

/// Ids look like secrets, and are what telemetry is joined by.
fn names_an_id(place: &TextPlace<'_>) -> bool {
    let name = place.field().unwrap_or(place.key());
    name == "id" || name.ends_with("_id") || name.ends_with(".id") || name.ends_with("Id")
}

/// Makes a [`PatternRedactor`].
#[must_use = "call `build`"]
pub struct PatternRedactorBuilder {
    redactor: PatternRedactor,
    words: Vec<String>,
    own: Vec<(String, String)>,
}

impl PatternRedactorBuilder {
    /// Does not look for this.
    pub fn without(mut self, pattern: Pattern) -> Self {
        self.redactor.patterns = self.redactor.patterns.without(pattern);
        self
    }

    /// Looks for this word as well, or these words in this order: whole words, in any case of ASCII
    /// letters. Their label is `[WORD]`.
    pub fn word(mut self, word: impl Into<String>) -> Self {
        self.words.push(word.into());
        self
    }

    /// Looks for these words as well, as [`word`](Self::word) does.
    pub fn words<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.words.extend(words.into_iter().map(Into::into));
        self
    }

    /// Looks for what matches this regular expression as well. The label is `name` in brackets.
    ///
    /// A single search is linear in the text; see the `regex` crate for what many of them may cost.
    pub fn pattern(mut self, name: impl Into<String>, regex: impl Into<String>) -> Self {
        self.own.push((name.into(), regex.into()));
        self
    }

    /// What takes the place of everything that is found. Defaults to [`Replacement::Label`].
    pub fn replace_with(mut self, replacement: Replacement) -> Self {
        self.redactor.replacement = replacement;
        self
    }

    /// What takes the place of what this pattern finds.
    pub fn replace(mut self, pattern: Pattern, replacement: Replacement) -> Self {
        self.redactor.replacements.retain(|(of, _)| *of != pattern);
        self.redactor.replacements.push((pattern, replacement));
        self
    }

    /// The redactor, with everything compiled.
    ///
    /// # Errors
    ///
    /// [`InitError::InvalidSetting`], where a word is empty, a name is no label, or a regular expression
    /// cannot be compiled. Neither is shown: they may be what is to be hidden.
    pub fn build(self) -> Result<PatternRedactor, InitError> {
        let Self { mut redactor, words, own } = self;
        if !words.is_empty() {
            redactor.words = Some(Arc::new(compile_words(&words)?));
        }
        for (name, regex) in own {
            redactor.own.push(compile_pattern(&name, &regex)?);
        }
        Ok(redactor)
    }
}

impl fmt::Debug for PatternRedactorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PatternRedactorBuilder")
            .field("words", &self.words.len())
            .field("own_patterns", &self.own.len())
            .finish_non_exhaustive()
    }
}

fn compile_words(words: &[String]) -> Result<AhoCorasick, InitError> {
    let source = Source::code("word");
    if words.iter().any(|word| word.trim().is_empty()) {
        return Err(source.invalid("holds an empty word", "give words that say something"));
    }
    AhoCorasickBuilder::new()
        .match_kind(MatchKind::LeftmostLongest)
        .ascii_case_insensitive(true)
        .build(words)
        .map_err(|_| source.invalid("holds more than can be compiled", "give fewer words"))
}

fn compile_pattern(name: &str, regex: &str) -> Result<Own, InitError> {
    let source = Source::code("pattern");
    let letter = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > 48 || !name.chars().all(letter) {
        let remedy = "use up to 48 capital letters, digits and `_`, such as EMPLOYEE_NUMBER";
        return Err(source.invalid("has a name that is no label", remedy));
    }
    let regex = Regex::new(regex).map_err(|_| {
        let problem = format!("`{name}` is no regular expression, or too large a one");
        source.invalid(problem, "write it as the `regex` crate reads it")
    })?;
    Ok(Own { label: name.into(), regex })
}

#[cfg(test)]
mod tests;
