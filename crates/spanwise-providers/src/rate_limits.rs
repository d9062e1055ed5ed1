//! What the headers of answers say of rate limits, and of when to try again.
//!
//! | Header | Sent by |
//! |---|---|
//! | `retry-after`, `retry-after-ms` | all; the latter OpenAI and Azure OpenAI |
//! | `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` | OpenAI, and whoever speaks its API |
//! | `x-ratelimit-{limit,remaining}-tokens-{prompt,generated}` | Fireworks |
//! | `x-ratelimit-{limit,remaining}-{req,tokens}-minute` | Mistral |
//! | `anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}` | Anthropic |
//! | `x-ratelimit-{limit,remaining,reset}` | gateways: requests |

use std::time::{Duration, SystemTime};

use spanwise_core::{Attempt, RateLimit, RateLimits};
use time::OffsetDateTime;
use time::format_description::well_known::{Rfc2822, Rfc3339};

/// The attempt that an answer ends: its status, and what its headers say of rate limits. Names are in lower
/// case; what cannot be read is left out.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use spanwise_core::{Attempt, RateLimit, RateLimits};
///
/// let headers = [("retry-after", "2"), ("x-ratelimit-remaining-requests", "0")];
/// let attempt = spanwise_providers::answered(429, headers, SystemTime::UNIX_EPOCH);
/// let limits = RateLimits::default().requests(RateLimit::default().remaining(0));
/// let told = Attempt::answered(429).retry_after(Duration::from_secs(2)).rate_limits(limits);
/// assert_eq!(attempt, told);
/// ```
pub fn answered<'a, V: AsRef<[u8]>>(
    status: u16,
    headers: impl IntoIterator<Item = (&'a str, V)>,
    now: SystemTime,
) -> Attempt {
    let mut told = Told::default();
    for (name, value) in headers {
        told.header(name, value.as_ref(), now);
    }
    let attempt = Attempt::answered(status).rate_limits(
        RateLimits::default()
            .requests(told.requests)
            .tokens(told.tokens)
            .input_tokens(told.input_tokens)
            .output_tokens(told.output_tokens),
    );
    match told.precisely.or(told.retry_after) {
        Some(pause) => attempt.retry_after(pause),
        None => attempt,
    }
}

#[derive(Default)]
struct Told {
    requests: RateLimit,
    tokens: RateLimit,
    input_tokens: RateLimit,
    output_tokens: RateLimit,
    retry_after: Option<Duration>,
    /// The same in milliseconds.
    precisely: Option<Duration>,
}

impl Told {
    fn header(&mut self, name: &str, value: &[u8], now: SystemTime) {
        // Most headers are none of these.
        match name.as_bytes() {
            [b'r', b'e', ..] | [b'x' | b'X', b'-', b'r' | b'R', ..] | [b'a', b'n', b't', ..] => {}
            _ => return,
        }
        let Ok(value) = std::str::from_utf8(value.trim_ascii()) else { return };
        match name {
            "retry-after" => self.retry_after = pause(value, now),
            "retry-after-ms" => {
                self.precisely = value.parse().ok().and_then(|ms: f64| seconds(ms / 1000.0));
            }
            _ => {
                let (field, of) = if let Some(rest) = name.strip_prefix("x-ratelimit-") {
                    rest.split_once('-').unwrap_or((rest, "requests"))
                } else if let Some((of, field)) =
                    name.strip_prefix("anthropic-ratelimit-").and_then(|rest| rest.rsplit_once('-'))
                {
                    (field, of)
                } else {
                    return;
                };
                let Some(limit) = self.of(of) else { return };
                let known = *limit;
                let count = || value.parse().ok();
                *limit = match field {
                    "limit" => count().map_or(known, |count| known.limit(count)),
                    "remaining" => count().map_or(known, |count| known.remaining(count)),
                    "reset" => reset(value, now).map_or(known, |reset| known.reset(reset)),
                    _ => known,
                };
            }
        }
    }

    fn of(&mut self, what: &str) -> Option<&mut RateLimit> {
        match what {
            "requests" | "req-minute" => Some(&mut self.requests),
            "tokens" | "tokens-minute" => Some(&mut self.tokens),
            "input-tokens" | "tokens-prompt" => Some(&mut self.input_tokens),
            "output-tokens" | "tokens-generated" => Some(&mut self.output_tokens),
            _ => None,
        }
    }
}

/// `retry-after`: seconds, or a date of HTTP.
fn pause(value: &str, now: SystemTime) -> Option<Duration> {
    let at = || OffsetDateTime::parse(value, &Rfc2822).ok();
    value.parse().ok().and_then(seconds).or_else(|| until(at()?, now))
}

/// A moment, a number of seconds, one of milliseconds since 1970, or words like `6m0s` and `120ms`.
fn reset(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(number) = value.parse::<f64>() {
        let since_1970 = |seconds: f64| {
            let at = SystemTime::UNIX_EPOCH.checked_add(self::seconds(seconds)?)?;
            Some(at.duration_since(now).unwrap_or_default())
        };
        // No limit lasts for thirty years.
        return match number {
            number if number > 1e12 => since_1970(number / 1000.0),
            number if number > 1e9 => since_1970(number),
            number => seconds(number),
        };
    }
    let at = || OffsetDateTime::parse(value, &Rfc3339).ok();
    in_units(value).or_else(|| until(at()?, now))
}

/// Nothing where that is over by now.
fn until(at: OffsetDateTime, now: SystemTime) -> Option<Duration> {
    Some(SystemTime::from(at).duration_since(now).unwrap_or_default())
}

fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

/// Numbers, each with its unit.
fn in_units(value: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = value;
    while !rest.is_empty() {
        let unit = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, after) = rest.split_at(unit);
        let next = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(next);
        let unit = match unit {
            "d" => 86_400.0,
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total = total.checked_add(seconds(number.parse::<f64>().ok()? * unit)?)?;
        rest = after;
    }
    Some(total).filter(|_| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> RateLimits {
        *answered(200, headers, now()).known_rate_limits()
    }

    /// 2026-11-21T12:00:00Z
    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_262_400)
    }

    #[test]
    fn openai_tells_in_words() {
        let told = limits([
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-remaining-requests", "59"),
            ("x-ratelimit-reset-requests", "1s"),
            ("x-ratelimit-limit-tokens", "150000"),
            ("x-ratelimit-remaining-tokens", "149984"),
            ("x-ratelimit-reset-tokens", "6m0.5s"),
        ]);
        let requests = RateLimit::default().limit(60).remaining(59).reset(Duration::from_secs(1));
        let tokens = RateLimit::default()
            .limit(150_000)
            .remaining(149_984)
            .reset(Duration::from_millis(360_500));
        assert_eq!(told, RateLimits::default().requests(requests).tokens(tokens));
    }

    #[test]
    fn anthropic_tells_in_moments() {
        let told = limits([
            ("anthropic-ratelimit-requests-remaining", "3"),
            ("anthropic-ratelimit-requests-reset", "2026-11-21T12:00:30Z"),
            ("anthropic-ratelimit-input-tokens-limit", "40000"),
            ("anthropic-ratelimit-output-tokens-remaining", "8000"),
            ("anthropic-ratelimit-output-tokens-reset", "2026-11-21T11:00:00Z"),
            ("anthropic-ratelimit-unified-status", "allowed"),
        ]);
        let requests = RateLimit::default().remaining(3).reset(Duration::from_secs(30));
        let output = RateLimit::default().remaining(8000).reset(Duration::ZERO);
        let expected = RateLimits::default()
            .requests(requests)
            .input_tokens(RateLimit::default().limit(40_000))
            .output_tokens(output);
        assert_eq!(told, expected);
    }

    #[test]
    fn others_have_names_of_their_own() {
        let told = limits([
            ("x-ratelimit-remaining-req-minute", "7"),
            ("x-ratelimit-remaining-tokens-minute", "8"),
            ("x-ratelimit-limit-tokens-prompt", "9"),
            ("x-ratelimit-over-limit", "yes"),
        ]);
        let expected = RateLimits::default()
            .requests(RateLimit::default().remaining(7))
            .tokens(RateLimit::default().remaining(8))
            .input_tokens(RateLimit::default().limit(9));
        assert_eq!(told, expected);
        let told = limits([
            ("x-ratelimit-limit", "20"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795262460000"),
        ]);
        let requests = RateLimit::default().limit(20).remaining(0).reset(Duration::from_secs(60));
        assert_eq!(told, RateLimits::default().requests(requests));
    }

    #[test]
    fn when_to_try_again_is_a_number_or_a_date() {
        let pause = |headers: &[(&'static str, &'static str)]| {
            answered(429, headers.iter().copied(), now()).known_retry_after()
        };
        assert_eq!(pause(&[("retry-after", " 30")]), Some(Duration::from_secs(30)));
        let date = "Sat, 21 Nov 2026 12:00:05 GMT";
        assert_eq!(pause(&[("retry-after", date)]), Some(Duration::from_secs(5)));
        let both = [("retry-after-ms", "250"), ("retry-after", "1")];
        assert_eq!(pause(&both), Some(Duration::from_millis(250)));
        assert_eq!(pause(&[("retry-after", "soon")]), None);
        assert_eq!(pause(&[("retry-after", "-1")]), None);
        assert_eq!(pause(&[("retry-after", "NaN")]), None);
    }

    proptest! {
        #[test]
        fn whatever_headers_say_is_survived(
            name in "(x-ratelimit|anthropic-ratelimit|retry)-[a-z-]{0,20}",
            value in ".{0,30}",
        ) {
            for name in [&*name, "retry-after", "retry-after-ms", "x-ratelimit-reset"] {
                let _ = answered(200, [(name, &*value)], now());
            }
        }

        #[test]
        fn words_say_what_numbers_say(minutes in 0u64..600, seconds in 0u64..60, ms in 0u64..1000) {
            let words = format!("{minutes}m{seconds}s{ms}ms");
            let told = reset(&words, now()).unwrap();
            let meant = Duration::from_millis((minutes * 60 + seconds) * 1000 + ms);
            prop_assert!(told.abs_diff(meant) < Duration::from_micros(1), "{told:?}");
        }
    }
}
