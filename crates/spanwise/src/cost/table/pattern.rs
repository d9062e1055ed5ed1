//! Patterns of names: `gpt-4o*`, in any case.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A name, in which `*` stands for anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<String>);

impl Pattern {
    /// Whether it fits the whole name.
    pub(super) fn fits(&self, name: &str) -> bool {
        let (Some(first), rest) = (self.0.first(), &self.0[1..]) else { return false };
        let Some(mut left) = strip_prefix(name, first) else { return false };
        let Some((last, between)) = rest.split_last() else { return left.is_empty() };
        for piece in between {
            let Some(after) = after(left, piece) else { return false };
            left = after;
        }
        let start = left.len().checked_sub(last.len());
        let end = start.and_then(|start| left.get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(last))
    }
}

fn strip_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// What stands behind the first place where the piece is.
fn after<'a>(name: &'a str, piece: &str) -> Option<&'a str> {
    name.char_indices()
        .map(|(at, _)| at)
        .chain([name.len()])
        .find_map(|at| strip_prefix(name.get(at..)?, piece))
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        match text.trim() {
            "" => Err(D::Error::custom("a pattern is a name, or one with `*` for anything")),
            text => Ok(Self(text.split('*').map(str::to_owned).collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> Pattern {
        serde_json::from_value(text.into()).unwrap()
    }

    #[test]
    fn a_star_stands_for_anything_and_case_for_nothing() {
        for (text, fits, not) in [
            ("gpt-4o", "GPT-4o", "gpt-4o-mini"),
            ("gpt-4o*", "gpt-4o-2024-08-06", "openai/gpt-4o"),
            ("*/gpt-4o", "openai/gpt-4o", "gpt-4o"),
            ("ft:*:acme:*", "ft:gpt-4o:acme::x", "ft:gpt-4o:other::x"),
            ("*", "", "-"),
            ("a*a", "aba", "a"),
        ] {
            assert!(pattern(text).fits(fits), "{text} {fits}");
            assert!(text == "*" || !pattern(text).fits(not), "{text} {not}");
        }
    }

    proptest! {
        #[test]
        fn a_name_fits_itself_and_itself_with_pieces_left_out(
            name in "[a-zé]{1,12}",
            cut in 0..12_usize,
            other in ".{0,12}",
        ) {
            prop_assert!(pattern(&name).fits(&name));
            let cut = name.char_indices().map(|(at, _)| at).rfind(|at| *at <= cut);
            let (start, end) = name.split_at(cut.unwrap_or(0));
            let text = format!("{start}*{end}");
            let starred = pattern(&text);
            prop_assert!(starred.fits(&name));
            let longer = format!("{start}{other}{end}");
            prop_assert!(starred.fits(&longer), "{}", longer);
        }
    }
}
