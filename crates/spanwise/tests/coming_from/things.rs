//! What stands in a guide, and asks for a row.
//!
//! | Where | What |
//! |---|---|
//! | blocks of code, without comments | names of more than one word, fields and arguments, keys, variables |
//! | text | what stands in backticks |
//! | headings, and what bullets begin with | the whole of it |
//!
//! A heading needs no row where names with rows stand beneath it, nor what stands beneath a heading that has one.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

/// A thing, and the headings and bullets that it stands beneath.
struct Thing {
    kind: Kind,
    text: String,
    beneath: Vec<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// In a block of code, or in backticks.
    Name,
    /// A heading, or what a bullet begins with.
    Head,
}

/// The words of a name, as they follow each other.
pub(crate) fn words(text: &str) -> Vec<&str> {
    let words = text.split(|it: char| !it.is_ascii_alphanumeric() && it != '_');
    words.filter(|word| !word.is_empty()).collect()
}

/// Whether these words follow each other there.
pub(crate) fn contain(words: &[&str], part: &[&str]) -> bool {
    !part.is_empty() && words.windows(part.len()).any(|window| window == part)
}

/// What stands in the guide and has no row.
pub(crate) fn without_row(guide: &str, names: &[&str]) -> BTreeSet<String> {
    let names: Vec<_> = names.iter().map(|name| words(name)).collect();
    let is_part = |text: &str| names.iter().any(|name| contain(name, &words(text)));
    let is_one = |text: &str| {
        let words = words(text).join(" ");
        names.iter().any(|name| name.join(" ").eq_ignore_ascii_case(&words))
    };
    let has_row = |thing: &Thing| match thing.kind {
        Kind::Name => is_part(&thing.text),
        Kind::Head => is_one(&thing.text),
    };
    let things = things(guide);
    let of_rows = things.iter().filter(|thing| has_row(thing));
    let above_rows: BTreeSet<_> = of_rows.flat_map(|thing| &thing.beneath).collect();
    let needs_none = |thing: &&Thing| {
        has_row(thing)
            || thing.kind == Kind::Head && above_rows.contains(&thing.text)
            || thing.kind == Kind::Head && thing.beneath.iter().any(|above| is_one(above))
    };
    things.iter().filter(|thing| !needs_none(thing)).map(|thing| thing.text.clone()).collect()
}

static CODE: LazyLock<Regex> = LazyLock::new(|| {
    let several_words =
        r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+|[A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+";
    Regex::new(several_words).unwrap()
});
static FIELDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?:^|[\s({,])"?([a-z][a-z0-9_.]*)"?(?:: |=["0-9A-Z(\[{])"#).unwrap()
});
static VARIABLES: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b").unwrap());
static TEXTS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#""[^"]*"|'[^']*'"#).unwrap());
static COMMENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?://|# |--).*").unwrap());
static BACKTICKS: LazyLock<Regex> = LazyLock::new(|| Regex::new("`([^`]+)`").unwrap());
static HEADING: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(#+) [^A-Za-z`*]*(.*)").unwrap());
static BULLET: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^( *)(?:[-*]|\d+\.) +(.*)").unwrap());
static AFTER_HEAD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r":| - | \(|, | – ").unwrap());

fn things(guide: &str) -> Vec<Thing> {
    let mut things = Vec::new();
    // Headings by their level, bullets by their indent beyond all of these.
    let mut beneath: Vec<(usize, String)> = Vec::new();
    let mut language: Option<String> = None;
    for line in guide.lines() {
        if let Some(fence) = line.trim().strip_prefix("```") {
            language = if language.is_some() { None } else { Some(fence.to_owned()) };
            continue;
        }
        let above = |all: &[(usize, String)]| all.iter().map(|(_, text)| text.clone()).collect();
        let thing = |kind, text: &str, all: &[(usize, String)]| Thing {
            kind,
            text: text.to_owned(),
            beneath: above(all),
        };
        match language.as_deref() {
            // A drawing.
            Some("") => {}
            Some(_) => {
                let fields = FIELDS.captures_iter(line).map(|it| it[1].to_owned());
                let variables = VARIABLES.find_iter(line).map(|it| it.as_str().to_owned());
                let bare = TEXTS.replace_all(line, "\"\"");
                let bare = COMMENT.replace(&bare, "");
                let names = CODE.find_iter(&bare).map(|it| it.as_str().to_owned());
                let all = fields.chain(variables).chain(names).collect::<Vec<_>>();
                things.extend(all.iter().map(|text| thing(Kind::Name, text, &beneath)));
            }
            None => {
                if let Some(heading) = HEADING.captures(line) {
                    let text = heading[2].replace(['`', '*'], "");
                    beneath.retain(|(level, _)| *level < heading[1].len());
                    things.push(thing(Kind::Head, &text, &beneath));
                    beneath.push((heading[1].len(), text));
                } else if let Some(bullet) = BULLET.captures(line) {
                    let level = 10 + bullet[1].len();
                    let text = bullet[2].replace(['`', '*'], "");
                    let head = AFTER_HEAD.split(&text).next().unwrap_or_default();
                    let head = head.trim_matches(|it: char| !it.is_alphanumeric()).to_owned();
                    beneath.retain(|(above, _)| *above < level);
                    if !bullet[2].contains("](") {
                        things.push(thing(Kind::Head, &head, &beneath));
                    }
                    beneath.push((level, head));
                } else if line.starts_with(|first: char| !first.is_whitespace()) {
                    beneath.retain(|(level, _)| *level < 10);
                }
                let quoted = BACKTICKS.captures_iter(line).map(|it| it[1].to_owned());
                things.extend(quoted.map(|text| thing(Kind::Name, &text, &beneath)));
            }
        }
    }
    things
}

/// Nobody can leave out a row unnoticed.
pub(crate) fn finds_what_has_no_row() {
    let guide = "# Guide\n## Words\n- `enabled`: whether\n- **Slow starts**: told\n## Advice\n\
                 - Try again\n```rust\nlet config = Config { late: 1, enabled: true }; // of_old\n\
                 config.start_at(\"x\");\nvar(\"MY_KEY\");\n```\n";
    let missing = without_row(guide, &["enabled", "Advice", "Config.start_at"]);
    let missing: Vec<_> = missing.iter().map(String::as_str).collect();
    assert_eq!(missing, ["MY_KEY", "Slow starts", "late"]);
    assert!(
        without_row(guide, &["enabled", "Advice", "start_at", "late", "MY_KEY", "slow starts"])
            .is_empty()
    );
}
