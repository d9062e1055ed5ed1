//! Tokens of OpenAI's models, by their own vocabularies.

use std::fmt;

use spanwise_core::TokenEstimator;
use tiktoken_rs::tokenizer::{Tokenizer, get_tokenizer};
use tiktoken_rs::{CoreBPE, cl100k_base_singleton, o200k_base_singleton};

/// Estimates the tokens of OpenAI's models as their tokenizer counts them, by the `tiktoken-rs` crate; of all others it
/// says nothing.
///
/// What stands around messages in a prompt it does not see, nor pictures and sound: what it says is an estimate, and
/// costs by it are said to be estimated.
///
/// It knows `cl100k_base` (GPT-3.5, GPT-4, embeddings) and `o200k_base` (GPT-4o and later, and the `o` series); the name
/// of the model decides.
///
/// ```no_run
/// use spanwise::{TelemetryConfig, TiktokenEstimator};
///
/// let config = TelemetryConfig::new("bot").token_estimator(TiktokenEstimator::load());
/// # let _ = config;
/// ```
#[derive(Clone, Copy)]
pub struct TiktokenEstimator {
    older: &'static CoreBPE,
    newer: &'static CoreBPE,
}

/// What is longer is counted in pieces: a token more here and there, and no pattern runs far.
const PIECE: usize = 16 << 10;

impl TiktokenEstimator {
    /// Reads both vocabularies: the first time that may take a second, and memory of some 70 MB.
    pub fn load() -> Self {
        Self { older: cl100k_base_singleton(), newer: o200k_base_singleton() }
    }

    fn vocabulary(&self, model: &str) -> Option<&'static CoreBPE> {
        match get_tokenizer(model)? {
            Tokenizer::O200kBase | Tokenizer::O200kHarmony => Some(self.newer),
            Tokenizer::Cl100kBase => Some(self.older),
            // Those of models that are gone.
            _ => None,
        }
    }
}

impl TokenEstimator for TiktokenEstimator {
    fn tokens(&self, model: Option<&str>, text: &str) -> Option<u64> {
        let vocabulary = self.vocabulary(model?)?;
        let mut rest = text;
        let mut tokens = 0;
        while !rest.is_empty() {
            let fits = (0..=PIECE.min(rest.len())).rev().find(|end| rest.is_char_boundary(*end));
            let (piece, more) = rest.split_at(fits.unwrap_or(rest.len()));
            tokens += vocabulary.count_ordinary(piece) as u64;
            rest = more;
        }
        Some(tokens)
    }
}

impl fmt::Debug for TiktokenEstimator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TiktokenEstimator").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts that OpenAI publishes in its cookbook, "How to count tokens with tiktoken".
    #[test]
    fn texts_have_as_many_tokens_as_openai_says() {
        let estimator = TiktokenEstimator::load();
        for (text, cl100k, o200k) in [
            ("", 0, 0),
            ("tiktoken is great!", 6, 6),
            ("antidisestablishmentarianism", 6, 6),
            ("2 + 2 = 4", 7, 7),
            ("お誕生日おめでとう", 9, 8),
        ] {
            for (model, expected) in [
                ("gpt-4", cl100k),
                ("text-embedding-3-small", cl100k),
                ("gpt-4o-mini", o200k),
                ("ft:gpt-4o:acme", o200k),
                ("gpt-5.1", o200k),
            ] {
                assert_eq!(estimator.tokens(Some(model), text), Some(expected), "{model}: {text}");
            }
        }
    }

    #[test]
    fn of_other_models_nothing_is_said() {
        let estimator = TiktokenEstimator::load();
        for model in [Some("claude-sonnet-4-5"), Some("gpt2"), Some("house-7b"), None] {
            assert_eq!(estimator.tokens(model, "Hello"), None, "{model:?}");
        }
    }

    #[test]
    fn long_texts_are_counted_whole_wherever_they_are_cut() {
        let estimator = TiktokenEstimator::load();
        let count = |text: &str| estimator.tokens(Some("gpt-4o"), text).unwrap();
        let words = " ä word".repeat(10_000);
        let one = count(" ä word") * 10_000;
        assert!(count(&words).abs_diff(one) <= 2 * (words.len() / PIECE) as u64, "{one}");
        assert!(count(&" ".repeat(1 << 20)) > 0);
    }
}
