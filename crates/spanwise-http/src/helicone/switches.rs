//! Settings that come in groups: the cache, retries, what happens to prompts that are too long.

use std::time::Duration;

/// What Helicone's cache does.
///
/// | Setter | Header |
/// |---|---|
/// | [`on`](Self::on) | `Helicone-Cache-Enabled: true` |
/// | [`save_only`](Self::save_only), [`read_only`](Self::read_only) | `Helicone-Cache-Save: true`, `Helicone-Cache-Read: true` |
/// | [`max_age`](Self::max_age) | `Cache-Control: max-age=<s>`; at most 365 days, 7 days where it is not given |
/// | [`bucket_size`](Self::bucket_size) | `Helicone-Cache-Bucket-Max-Size`, from 1 to 20 |
/// | [`seed`](Self::seed) | `Helicone-Cache-Seed` |
/// | [`ignore_keys`](Self::ignore_keys) | `Helicone-Cache-Ignore-Keys` |
#[derive(Clone, Debug, Default)]
pub struct HeliconeCache {
    pub(super) switches: Vec<&'static str>,
    pub(super) max_age: Option<Duration>,
    pub(super) bucket_size: Option<u32>,
    pub(super) seed: Option<String>,
    pub(super) ignore_keys: Option<Vec<String>>,
}

impl HeliconeCache {
    /// Answers are saved and read.
    pub fn on() -> Self {
        Self::with("Helicone-Cache-Enabled")
    }

    /// Answers are saved and not read.
    pub fn save_only() -> Self {
        Self::with("Helicone-Cache-Save")
    }

    /// Answers are read and not saved.
    pub fn read_only() -> Self {
        Self::with("Helicone-Cache-Read")
    }

    fn with(switch: &'static str) -> Self {
        Self { switches: vec![switch], ..Self::default() }
    }

    /// How long an answer is kept.
    #[must_use]
    pub fn max_age(self, age: Duration) -> Self {
        Self { max_age: Some(age), ..self }
    }

    /// How many answers to one question are kept.
    #[must_use]
    pub fn bucket_size(self, size: u32) -> Self {
        Self { bucket_size: Some(size), ..self }
    }

    /// A name that keeps answers apart, such as a user's id.
    #[must_use]
    pub fn seed(self, seed: impl Into<String>) -> Self {
        Self { seed: Some(seed.into()), ..self }
    }

    /// Keys of the request's JSON that make no difference.
    #[must_use]
    pub fn ignore_keys<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        Self { ignore_keys: Some(keys.into_iter().map(Into::into).collect()), ..self }
    }
}

/// That Helicone tries again, and how: `Helicone-Retry-Enabled: true`.
///
/// | Setter | Header | Where it is not given |
/// |---|---|---|
/// | [`attempts`](Self::attempts) | `helicone-retry-num` | 5 |
/// | [`factor`](Self::factor) | `helicone-retry-factor` | 2 |
/// | [`min_timeout`](Self::min_timeout) | `helicone-retry-min-timeout` (ms) | 1 s |
/// | [`max_timeout`](Self::max_timeout) | `helicone-retry-max-timeout` (ms) | 10 s |
#[derive(Clone, Copy, Debug, Default)]
pub struct HeliconeRetry {
    pub(super) attempts: Option<u32>,
    pub(super) factor: Option<f64>,
    pub(super) min_timeout: Option<Duration>,
    pub(super) max_timeout: Option<Duration>,
}

impl HeliconeRetry {
    /// As Helicone does by default.
    pub fn on() -> Self {
        Self::default()
    }

    /// How often it tries again.
    #[must_use]
    pub fn attempts(self, attempts: u32) -> Self {
        Self { attempts: Some(attempts), ..self }
    }

    /// By how much pauses grow; at least 1.
    #[must_use]
    pub fn factor(self, factor: f64) -> Self {
        Self { factor: Some(factor), ..self }
    }

    /// The first pause.
    #[must_use]
    pub fn min_timeout(self, timeout: Duration) -> Self {
        Self { min_timeout: Some(timeout), ..self }
    }

    /// The longest pause.
    #[must_use]
    pub fn max_timeout(self, timeout: Duration) -> Self {
        Self { max_timeout: Some(timeout), ..self }
    }
}

/// What happens to a prompt that is too long for its model: `Helicone-Token-Limit-Exception-Handler`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenLimitHandler {
    /// `truncate`: its end is cut off.
    Truncate,
    /// `middle-out`: its middle is left out.
    MiddleOut,
    /// `fallback`: another model is asked.
    Fallback,
}

impl TokenLimitHandler {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Truncate => "truncate",
            Self::MiddleOut => "middle-out",
            Self::Fallback => "fallback",
        }
    }
}
