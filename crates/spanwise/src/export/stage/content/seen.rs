//! What went to a destination before: so that it need not go again.

use std::collections::HashSet;

use crate::redact::HashKey;

/// Remembers hashes, the last thousands of them.
#[derive(Default)]
pub(crate) struct Seen {
    recent: HashSet<String>,
    earlier: HashSet<String>,
}

impl Seen {
    const MOST: usize = 4096;

    /// Whether it was there already.
    pub(crate) fn knows(&self, hash: &str) -> bool {
        self.recent.contains(hash) || self.earlier.contains(hash)
    }

    pub(crate) fn add(&mut self, hash: String) {
        if self.recent.len() >= Self::MOST {
            self.earlier = std::mem::take(&mut self.recent);
        }
        self.recent.insert(hash);
    }
}

/// What of a conversation came before.
#[derive(Debug, PartialEq)]
pub(crate) struct Before {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
    pub(crate) hash: String,
}

/// How many of a call's messages went before, in this order and from the beginning; one is new in any case.
///
/// ```text
/// call 1   [u1]              ──► new: [u1]    answer a1
/// call 2   [u1, a1, u2]      ──► new: [u2]    before: 2 messages, hash of [u1, a1]
/// ```
pub(crate) fn history(
    input: &[String],
    output: &[String],
    seen: &mut Seen,
    key: &HashKey,
) -> Option<Before> {
    let mut chain = Chain { hash: String::new(), key };
    let mut before = None;
    let mut bytes = 0;
    for (place, message) in input.iter().enumerate() {
        chain.add(message);
        bytes += message.len();
        if place + 1 < input.len() && seen.knows(&chain.hash) {
            before = Some(Before { messages: place + 1, bytes, hash: chain.hash.clone() });
        }
    }
    if !input.is_empty() {
        seen.add(chain.hash.clone());
    }
    output.iter().for_each(|message| chain.add(message));
    if !output.is_empty() {
        seen.add(chain.hash);
    }
    before
}

/// The hash of messages in their order.
struct Chain<'a> {
    hash: String,
    key: &'a HashKey,
}

impl Chain<'_> {
    fn add(&mut self, message: &str) {
        self.hash = self.key.hash(&format!("{}{message}", self.hash));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many messages are new, and what came before.
    fn call(seen: &mut Seen, input: &[&str], output: &[&str]) -> (usize, Option<Before>) {
        let texts =
            |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let before = history(&texts(input), &texts(output), seen, &HashKey::new("key"));
        (input.len() - before.as_ref().map_or(0, |before| before.messages), before)
    }

    #[test]
    fn of_a_conversation_only_what_is_new_goes() {
        let mut seen = Seen::default();
        assert_eq!(call(&mut seen, &["u1"], &["a1"]), (1, None));
        let (left, before) = call(&mut seen, &["u1", "a1", "u2"], &["a2"]);
        assert_eq!((left, before.as_ref().map(|before| before.messages)), (1, Some(2)));
        assert_eq!(before.unwrap().bytes, 4);
        let (left, before) = call(&mut seen, &["u1", "a1", "u2", "a2", "u3"], &[]);
        assert_eq!((left, before.unwrap().messages), (1, 4));
    }

    #[test]
    fn a_call_that_is_repeated_keeps_its_last_message() {
        let mut seen = Seen::default();
        call(&mut seen, &["u1", "u2"], &[]);
        assert_eq!(call(&mut seen, &["u1", "u2"], &[]), (2, None));
    }

    #[test]
    fn a_conversation_that_differs_goes_whole() {
        let mut seen = Seen::default();
        call(&mut seen, &["u1"], &["a1"]);
        assert_eq!(call(&mut seen, &["u1", "other", "u2"], &[]).0, 2);
        assert_eq!(call(&mut seen, &["other", "a1", "u2"], &[]), (3, None));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut seen = Seen::default();
        for number in 0..3 * Seen::MOST {
            seen.add(number.to_string());
        }
        assert!(seen.recent.len() + seen.earlier.len() <= 2 * Seen::MOST);
        assert!(seen.knows(&(3 * Seen::MOST - 1).to_string()));
    }
}
