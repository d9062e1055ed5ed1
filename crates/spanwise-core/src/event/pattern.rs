//! Which events a handler hears.

/// A name, in which `*` stands for anything, dots included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Box<str>);

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self(text.into())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        let Some((begin, rest)) = self.0.split_once('*') else { return *self.0 == *name };
        let Some(mut left) = name.strip_prefix(begin) else { return false };
        let mut pieces = rest.split('*');
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
        match self.0.split_once('*') {
            Some((begin, _)) => begin.starts_with(prefix) || prefix.starts_with(begin),
            None => self.0.starts_with(prefix),
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
