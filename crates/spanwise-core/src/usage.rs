//! What a call consumed, in tokens.

mod count;
mod json;

use opentelemetry::KeyValue;

use self::count::{Count, share_out};
use crate::semconv::attribute as key;

/// Tokens that one call used.
///
/// The totals include everything: cached tokens stand inside the input, reasoning tokens inside the
/// output, and each modality inside its total. The details never exceed what they are part of: what
/// a caller claims beyond that is cut to the total, so that nothing is charged or counted twice. A
/// provider that reports cached tokens *beside* its input count goes through
/// [`with_cache_apart`](Self::with_cache_apart).
///
/// Where a provider tells both billed and consumed tokens, give the billed ones. Leave out what is not
/// known; zero means zero. Counts beyond 2³² − 1, which no call has, are cut to that, so that sums in
/// metrics stay sums.
///
/// | Attribute | From |
/// |---|---|
/// | `gen_ai.usage.input_tokens`, `gen_ai.usage.output_tokens` | [`new`](Self::new) |
/// | `gen_ai.usage.cache_read.input_tokens`, `gen_ai.usage.cache_write.input_tokens` | [`cache_read`](Self::cache_read), [`cache_write`](Self::cache_write) |
/// | `gen_ai.usage.reasoning.output_tokens` | [`reasoning`](Self::reasoning) |
/// | `gen_ai.usage.{text,image,audio}.input_tokens`, `….output_tokens`, `….cache_read.input_tokens` | [`input_of`](Self::input_of), [`output_of`](Self::output_of), [`cache_read_of`](Self::cache_read_of) |
///
/// Source: [gen_ai.usage.*](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md)
///
/// ```
/// use spanwise_core::{Modality, Usage};
///
/// let usage = Usage::new(300, 48)
///     .cache_read(40)
///     .input_of(Modality::Text, 100)
///     .input_of(Modality::Image, 200);
/// assert_eq!(usage.total_tokens(), 348);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    input: Count,
    output: Count,
    cache_read: Count,
    cache_write: Count,
    reasoning: Count,
    input_of: ByModality,
    output_of: ByModality,
    cache_read_of: ByModality,
}

type ByModality = [Count; Modality::ALL.len()];

/// What kind of content tokens stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Modality {
    /// `text`
    Text,
    /// `image`
    Image,
    /// `audio`
    Audio,
}

impl Modality {
    pub(crate) const ALL: [Self; 3] = [Self::Text, Self::Image, Self::Audio];
}

impl Usage {
    /// Input and output tokens, cached and reasoning ones included.
    pub const fn new(input_tokens: u64, output_tokens: u64) -> Self {
        Self { input: Count::of(input_tokens), output: Count::of(output_tokens), ..Self::unknown() }
    }

    /// Nothing is known yet; a stream may tell input and output at different times.
    pub const fn unknown() -> Self {
        Self {
            input: Count::UNKNOWN,
            output: Count::UNKNOWN,
            cache_read: Count::UNKNOWN,
            cache_write: Count::UNKNOWN,
            reasoning: Count::UNKNOWN,
            input_of: [Count::UNKNOWN; 3],
            output_of: [Count::UNKNOWN; 3],
            cache_read_of: [Count::UNKNOWN; 3],
        }
    }

    /// For providers whose input count leaves cached tokens out, as Anthropic's does: adds them up.
    ///
    /// ```
    /// use spanwise_core::Usage;
    ///
    /// let usage = Usage::with_cache_apart(10, 5, 90, 20);
    /// assert_eq!(usage, Usage::new(120, 5).cache_read(90).cache_write(20));
    /// ```
    pub const fn with_cache_apart(
        input_tokens: u64,
        output_tokens: u64,
        cache_read: u64,
        cache_write: u64,
    ) -> Self {
        let input = input_tokens.saturating_add(cache_read).saturating_add(cache_write);
        Self {
            cache_read: Count::of(cache_read),
            cache_write: Count::of(cache_write),
            ..Self::new(input, output_tokens)
        }
    }

    /// Replaces the input total.
    #[must_use]
    pub const fn input(mut self, tokens: u64) -> Self {
        self.input = Count::of(tokens);
        self
    }

    /// Replaces the output total.
    #[must_use]
    pub const fn output(mut self, tokens: u64) -> Self {
        self.output = Count::of(tokens);
        self
    }

    /// Input tokens that came from the provider's cache.
    #[must_use]
    pub const fn cache_read(mut self, tokens: u64) -> Self {
        self.cache_read = Count::of(tokens);
        self
    }

    /// Input tokens that were written to the provider's cache.
    #[must_use]
    pub const fn cache_write(mut self, tokens: u64) -> Self {
        self.cache_write = Count::of(tokens);
        self
    }

    /// Output tokens that the model spent on reasoning.
    #[must_use]
    pub const fn reasoning(mut self, tokens: u64) -> Self {
        self.reasoning = Count::of(tokens);
        self
    }

    /// Input tokens of one modality.
    #[must_use]
    pub const fn input_of(mut self, modality: Modality, tokens: u64) -> Self {
        self.input_of[modality as usize] = Count::of(tokens);
        self
    }

    /// Output tokens of one modality.
    #[must_use]
    pub const fn output_of(mut self, modality: Modality, tokens: u64) -> Self {
        self.output_of[modality as usize] = Count::of(tokens);
        self
    }

    /// Input tokens of one modality that came from the provider's cache.
    #[must_use]
    pub const fn cache_read_of(mut self, modality: Modality, tokens: u64) -> Self {
        self.cache_read_of[modality as usize] = Count::of(tokens);
        self
    }

    /// The same, with reasoning tokens not told apart.
    pub(crate) const fn without_reasoning(self) -> Self {
        Self { reasoning: Count::UNKNOWN, ..self }
    }

    /// Input tokens, if known.
    pub const fn input_tokens(&self) -> Option<u64> {
        self.input.known()
    }

    /// Output tokens, if known.
    pub const fn output_tokens(&self) -> Option<u64> {
        self.output.known()
    }

    /// Cached input tokens, if known.
    pub const fn cache_read_tokens(&self) -> Option<u64> {
        self.cache_read.known()
    }

    /// Input tokens written to the cache, if known.
    pub const fn cache_write_tokens(&self) -> Option<u64> {
        self.cache_write.known()
    }

    /// Reasoning tokens, if known.
    pub const fn reasoning_tokens(&self) -> Option<u64> {
        self.reasoning.known()
    }

    /// Input tokens of one modality, if known.
    pub const fn input_tokens_of(&self, modality: Modality) -> Option<u64> {
        self.input_of[modality as usize].known()
    }

    /// Output tokens of one modality, if known.
    pub const fn output_tokens_of(&self, modality: Modality) -> Option<u64> {
        self.output_of[modality as usize].known()
    }

    /// Cached input tokens of one modality, if known.
    pub const fn cache_read_tokens_of(&self, modality: Modality) -> Option<u64> {
        self.cache_read_of[modality as usize].known()
    }

    /// Input and output together; what is not known counts as nothing.
    pub fn total_tokens(&self) -> u64 {
        self.input_tokens().unwrap_or(0).saturating_add(self.output_tokens().unwrap_or(0))
    }

    /// Both together; what is known of one alone is known of both.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        let split = |one: &ByModality, other: &ByModality| {
            std::array::from_fn(|modality| one[modality].plus(other[modality]))
        };
        Self {
            input: self.input.plus(other.input),
            output: self.output.plus(other.output),
            cache_read: self.cache_read.plus(other.cache_read),
            cache_write: self.cache_write.plus(other.cache_write),
            reasoning: self.reasoning.plus(other.reasoning),
            input_of: split(&self.input_of, &other.input_of),
            output_of: split(&self.output_of, &other.output_of),
            cache_read_of: split(&self.cache_read_of, &other.cache_read_of),
        }
    }

    /// The same with every detail inside its total.
    pub(crate) fn settled(mut self) -> Self {
        if self == (Self { input: self.input, output: self.output, ..Self::unknown() }) {
            // Totals alone, as most calls have them, contradict nothing.
            return self;
        }
        self.cache_read = self.cache_read.within(self.input);
        self.cache_write = self.cache_write.within(self.input);
        self.reasoning = self.reasoning.within(self.output);
        share_out(&mut self.input_of, self.input);
        share_out(&mut self.output_of, self.output);
        for (cached, whole) in self.cache_read_of.iter_mut().zip(self.input_of) {
            *cached = cached.within(whole);
        }
        share_out(&mut self.cache_read_of, self.cache_read);
        self
    }

    pub(crate) fn input_split(&self) -> [Option<u64>; 3] {
        self.input_of.map(Count::known)
    }

    pub(crate) fn output_split(&self) -> [Option<u64>; 3] {
        self.output_of.map(Count::known)
    }

    pub(crate) fn cache_read_split(&self) -> [Option<u64>; 3] {
        self.cache_read_of.map(Count::known)
    }

    /// Every count that is known, as span attributes. Expects settled usage.
    pub(crate) fn push_attributes(&self, attributes: &mut Vec<KeyValue>) {
        const INPUT_OF: [crate::semconv::Attribute<i64>; 3] = [
            key::GEN_AI_USAGE_TEXT_INPUT_TOKENS,
            key::GEN_AI_USAGE_IMAGE_INPUT_TOKENS,
            key::GEN_AI_USAGE_AUDIO_INPUT_TOKENS,
        ];
        const OUTPUT_OF: [crate::semconv::Attribute<i64>; 3] = [
            key::GEN_AI_USAGE_TEXT_OUTPUT_TOKENS,
            key::GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS,
            key::GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS,
        ];
        const CACHE_READ_OF: [crate::semconv::Attribute<i64>; 3] = [
            key::GEN_AI_USAGE_TEXT_CACHE_READ_INPUT_TOKENS,
            key::GEN_AI_USAGE_IMAGE_CACHE_READ_INPUT_TOKENS,
            key::GEN_AI_USAGE_AUDIO_CACHE_READ_INPUT_TOKENS,
        ];
        let mut push = |attribute: crate::semconv::Attribute<i64>, tokens: Count| {
            if let Some(tokens) = tokens.known() {
                attributes.push(attribute.of(i64::try_from(tokens).unwrap_or(i64::MAX)));
            }
        };
        push(key::GEN_AI_USAGE_INPUT_TOKENS, self.input);
        push(key::GEN_AI_USAGE_OUTPUT_TOKENS, self.output);
        push(key::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, self.cache_read);
        push(key::GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS, self.cache_write);
        push(key::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS, self.reasoning);
        for modality in Modality::ALL {
            let index = modality as usize;
            push(INPUT_OF[index], self.input_of[index]);
            push(OUTPUT_OF[index], self.output_of[index]);
            push(CACHE_READ_OF[index], self.cache_read_of[index]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_beyond_their_total_are_cut_to_it() {
        let usage = Usage::new(10, 5)
            .cache_read(100)
            .cache_write(11)
            .reasoning(u64::MAX)
            .input_of(Modality::Text, 8)
            .input_of(Modality::Image, 8)
            .settled();
        assert_eq!(
            usage,
            Usage::new(10, 5)
                .cache_read(10)
                .cache_write(10)
                .reasoning(5)
                .input_of(Modality::Text, 8)
                .input_of(Modality::Image, 2)
        );
    }

    #[test]
    fn counts_beyond_reason_are_cut() {
        let most = u64::from(u32::MAX);
        assert_eq!(Usage::new(u64::MAX, u64::MAX).total_tokens(), 2 * most);
        assert_eq!(Usage::with_cache_apart(u64::MAX, 1, 1, 1).input_tokens(), Some(most));
        assert_eq!(Usage::new(most, 0).cache_read(u64::MAX).cache_read_tokens(), Some(most));
    }

    #[test]
    fn the_example_of_the_conventions_comes_out_as_written_there() {
        let mut attributes = vec![];
        Usage::new(300, 20)
            .cache_read(40)
            .input_of(Modality::Text, 100)
            .cache_read_of(Modality::Text, 40)
            .input_of(Modality::Image, 200)
            .settled()
            .push_attributes(&mut attributes);
        let shown: Vec<String> =
            attributes.iter().map(|kv| format!("{}={}", kv.key, kv.value)).collect();
        assert_eq!(
            shown,
            [
                "gen_ai.usage.input_tokens=300",
                "gen_ai.usage.output_tokens=20",
                "gen_ai.usage.cache_read.input_tokens=40",
                "gen_ai.usage.text.input_tokens=100",
                "gen_ai.usage.text.cache_read.input_tokens=40",
                "gen_ai.usage.image.input_tokens=200",
            ]
        );
    }
}
