//! The policy by which Helicone limits requests.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::error::HeliconeError;

pub(super) const HEADER: &str = "Helicone-RateLimit-Policy";

/// How many requests, or how many cents, in which time and for whom: `Helicone-RateLimit-Policy`.
///
/// Its text is `{quota};w={seconds};u={request|cents};s={segment}`. Helicone ignores one that breaks the
/// grammar and limits nothing, so it is checked here.
///
/// ```
/// use std::time::Duration;
/// use spanwise_http::helicone::RateLimitPolicy;
///
/// let policy = RateLimitPolicy::requests(1000, Duration::from_secs(3600)).per_user();
/// assert_eq!(policy.to_string(), "1000;w=3600;s=user");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimitPolicy {
    quota: u64,
    seconds: u64,
    cents: bool,
    segment: Option<String>,
}

impl RateLimitPolicy {
    /// So many requests in this time, which is from a minute to a year, in whole seconds.
    pub fn requests(quota: u64, window: Duration) -> Self {
        Self { quota, seconds: window.as_secs(), cents: false, segment: None }
    }

    /// So many cents in this time.
    pub fn cents(quota: u64, window: Duration) -> Self {
        Self { cents: true, ..Self::requests(quota, window) }
    }

    /// For each user: of the [`scope`](spanwise_core::scope()), or of the settings.
    #[must_use]
    pub fn per_user(self) -> Self {
        Self { segment: Some("user".to_owned()), ..self }
    }

    /// For each value of a property, which requests must have.
    #[must_use]
    pub fn per_property(self, name: impl Into<String>) -> Self {
        Self { segment: Some(name.into()), ..self }
    }

    pub(super) fn check(&self) -> Result<(), HeliconeError> {
        let wrong = |problem| Err(HeliconeError::new(HEADER, problem));
        if self.quota == 0 {
            return wrong("has a quota of 0: give at least 1");
        }
        if !(60..=31_536_000).contains(&self.seconds) {
            return wrong("has a window below a minute or above a year: give 60 s to 31,536,000 s");
        }
        if self.segment.as_deref().is_some_and(|segment| !is_segment(segment)) {
            return wrong("has a segment that is no word: give letters, digits, `_` and `-`");
        }
        Ok(())
    }
}

fn is_segment(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-')
}

impl fmt::Display for RateLimitPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};w={}", self.quota, self.seconds)?;
        if self.cents {
            f.write_str(";u=cents")?;
        }
        match &self.segment {
            Some(segment) => write!(f, ";s={segment}"),
            None => Ok(()),
        }
    }
}

impl FromStr for RateLimitPolicy {
    type Err = HeliconeError;

    fn from_str(text: &str) -> Result<Self, HeliconeError> {
        let wrong =
            || HeliconeError::new(HEADER, "is no policy: give one such as `1000;w=3600;s=user`");
        let number = |digits: &str| {
            let all_digits = !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit());
            digits.parse::<u64>().ok().filter(|_| all_digits)
        };
        let text = text.to_ascii_lowercase();
        let mut parts = text.split(';').peekable();
        let quota = parts.next().and_then(number).ok_or_else(wrong)?;
        let window = parts.next().and_then(|part| part.strip_prefix("w="));
        let seconds = window.and_then(number).ok_or_else(wrong)?;
        let mut value_of = |name: &str| {
            let part = parts.next_if(|part| part.starts_with(name))?;
            Some(part[name.len()..].to_owned())
        };
        let cents = match value_of("u=").as_deref() {
            None | Some("request") => false,
            Some("cents") => true,
            Some(_) => return Err(wrong()),
        };
        let segment = value_of("s=");
        if parts.next().is_some() {
            return Err(wrong());
        }
        let policy = Self { quota, seconds, cents, segment };
        policy.check().map(|()| policy)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_breaks_the_grammar_is_refused() {
        for text in [
            "",
            "0;w=60",
            "10",
            "10;w=59",
            "10;w=31536001",
            "10;w=60;s=",
            "10;w=60;s=a b",
            "x;w=60",
            "10;w=60;u=requests",
            "10;s=user;w=60",
            "10;w=60;s=user;u=cents",
            "10;w=60;",
            "+1;w=60",
            "10;w=60;s=user;x=1",
            "10;w=60\r\n",
        ] {
            assert!(text.parse::<RateLimitPolicy>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_policy_survives_its_text(
            quota in 1u64..,
            seconds in 60u64..=31_536_000,
            cents: bool,
            segment in proptest::option::of("[a-z0-9_-]{1,12}"),
        ) {
            let policy = RateLimitPolicy { quota, seconds, cents, segment };
            prop_assert_eq!(policy.to_string().parse(), Ok(policy));
        }
    }
}
