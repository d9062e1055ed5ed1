//! Which events a handler hears.

/// A name, in which `*` stands for anything, dots included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    text: Box<str>,
    /// Where the first star stands, if there is one.
    star: Option<usize>,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.into(), star: text.find('*') }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        let Some(star) = self.star else { return *self.text == *name };
        let Some(mut left) = name.strip_prefix(&self.text[..star]) else { return false };
        let mut pieces = self.text[star + 1..].split('*');
        let end = pieces.next_back().unwrap_or_default();
        for piece in pieces {
            match left.split_once(piece) {
                Some((_, behind)) => left = behind,
                None => return false,
            }
        }
        left.ends_with(end)
    }

    /// Whether it hears anything that begins so.
    pub(super) fn hears_below(&self, prefix: &str) -> bool {
        match self.star.map(|star| &self.text[..star]) {
            Some(begin) => begin.starts_with(prefix) || prefix.starts_with(begin),
            None => self.text.starts_with(prefix),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, matches) in [
            ("chat.stop", "chat.stop", true),
            ("chat.stop", "chat.stops", false),
            ("chat.*", "chat.stop", true),
            ("chat.*", "chats.stop", false),
            ("*", "", true),
            ("*.exception", "provider.request.exception", true),
            ("*.exception", "exception", false),
            ("provider.*.stop", "provider.request.stop", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("**", "x", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(name), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn handlers_are_found_by_the_beginning_of_what_they_hear() {
        assert!(Pattern::new("chat.stop").hears_below("chat"));
        assert!(!Pattern::new("tool.stop").hears_below("chat"));
        assert!(Pattern::new("*").hears_below("chat"));
        assert!(Pattern::new("chat.*").hears_below("chat.stop"));
    }
}
