//! What calls are charged by beside tokens.

use std::time::Duration;

use opentelemetry::KeyValue;

use crate::semconv::attribute as key;

/// What a call is charged by beside tokens, or in place of them: pictures, searches, characters, audio. *Extension.*
///
/// Leave out what is not known, and what nobody charges for; zero is the same.
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `spanwise.billed.images` | int | [`images`](Self::images) |
/// | `spanwise.billed.searches` | int | [`searches`](Self::searches) |
/// | `spanwise.billed.characters` | int | [`characters`](Self::characters) |
/// | `spanwise.billed.audio_seconds` | double | [`audio`](Self::audio) |
/// | `spanwise.billed.cache_write_1h_tokens` | int | [`cache_write_1h`](Self::cache_write_1h) |
///
/// ```
/// use spanwise_core::{BilledUnits, Generation, OutputType, Provider};
///
/// let generation = Generation::chat(Provider::OpenAi, "dall-e-3").output_type(OutputType::Image).start();
/// generation.billed_units(BilledUnits::default().images(2));
/// generation.finish();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BilledUnits {
    images: u64,
    searches: u64,
    characters: u64,
    audio: Duration,
    cache_write_1h: u64,
}

impl BilledUnits {
    /// So many pictures were made.
    #[must_use]
    pub const fn images(self, images: u64) -> Self {
        Self { images, ..self }
    }

    /// So many searches were made: of a ranking, its search units; of a chat, those of the web.
    #[must_use]
    pub const fn searches(self, searches: u64) -> Self {
        Self { searches, ..self }
    }

    /// So many characters were read, as for speech.
    #[must_use]
    pub const fn characters(self, characters: u64) -> Self {
        Self { characters, ..self }
    }

    /// So much audio was heard or made.
    #[must_use]
    pub const fn audio(self, audio: Duration) -> Self {
        Self { audio, ..self }
    }

    /// So many of the tokens that were written to the provider's cache are kept there for an hour, and cost more than
    /// the others: Anthropic's `ephemeral_1h_input_tokens`. They are part of
    /// [`Usage::cache_write`](crate::Usage::cache_write).
    #[must_use]
    pub const fn cache_write_1h(self, tokens: u64) -> Self {
        Self { cache_write_1h: tokens, ..self }
    }

    /// How many pictures.
    pub const fn image_count(&self) -> u64 {
        self.images
    }

    /// How many searches.
    pub const fn search_count(&self) -> u64 {
        self.searches
    }

    /// How many characters.
    pub const fn character_count(&self) -> u64 {
        self.characters
    }

    /// How much audio.
    pub const fn audio_length(&self) -> Duration {
        self.audio
    }

    /// How many tokens were written to the cache for an hour.
    pub const fn cache_write_1h_tokens(&self) -> u64 {
        self.cache_write_1h
    }

    /// Whether there is nothing to charge for.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn push_attributes(&self, attributes: &mut Vec<KeyValue>) {
        let told = [
            (key::SPANWISE_BILLED_IMAGES, self.images),
            (key::SPANWISE_BILLED_SEARCHES, self.searches),
            (key::SPANWISE_BILLED_CHARACTERS, self.characters),
            (key::SPANWISE_BILLED_CACHE_WRITE_1H_TOKENS, self.cache_write_1h),
        ];
        for (key, count) in told.into_iter().filter(|(_, count)| *count > 0) {
            attributes.push(key.of(i64::try_from(count).unwrap_or(i64::MAX)));
        }
        if !self.audio.is_zero() {
            attributes.push(key::SPANWISE_BILLED_AUDIO_SECONDS.of(self.audio.as_secs_f64()));
        }
    }
}
