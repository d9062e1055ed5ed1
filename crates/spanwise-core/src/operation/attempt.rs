//! The attempts of a call: how often its request was sent, and what the answers said of rate limits.
//!
//! ```text
//! .attempt_begins() ──► handlers alone
//! .attempt(..) ──► metrics, at once: retries, rate limits
//!       └────────► events of the span, at its end: `spanwise.rate_limit` where an answer tells of limits,
//!                  `spanwise.attempt` for each where there was more than one
//! ```

use std::borrow::Cow;
use std::time::Duration;

use opentelemetry::KeyValue;

use super::kind::SpanEvent;
use crate::error_kind;
use crate::recorder::{Measurement, MetricRecorder, Series};
use crate::semconv::value::spanwise_rate_limit_type as limit_type;
use crate::semconv::{Attribute, Metric, attribute as key, event};

/// One sending of a request, and what became of it.
///
/// ```
/// use std::time::Duration;
/// use spanwise_core::{Attempt, Generation, Provider, RateLimit, RateLimits};
///
/// let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
/// generation.attempt(Attempt::answered(429).retry_after(Duration::from_secs(2)));
/// let limits = RateLimits::default().requests(RateLimit::default().remaining(59));
/// generation.attempt(Attempt::answered(200).delay(Duration::from_secs(2)).rate_limits(limits));
/// generation.finish();
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attempt {
    status: Option<u16>,
    failure: Option<Cow<'static, str>>,
    delay: Option<Duration>,
    retry_after: Option<Duration>,
    limits: RateLimits,
}

impl Attempt {
    /// It was answered with this HTTP status; one from 400 on is its `error.type` as well.
    pub fn answered(status: u16) -> Self {
        let failure = (status >= 400).then(|| Cow::Owned(status.to_string()));
        Self { status: Some(status), failure, ..Self::default() }
    }

    /// There was no answer but this error; `error.type` is by its type.
    pub fn failed<E: 'static>(error: &E) -> Self {
        Self { failure: Some(error_kind::error_kind(error, None)), ..Self::default() }
    }

    /// It was given up before there was an answer.
    pub fn abandoned() -> Self {
        Self::default()
    }

    /// How long the client had waited since the attempt before: `spanwise.attempt.delay` (double, s).
    #[must_use]
    pub fn delay(self, delay: Duration) -> Self {
        Self { delay: Some(delay), ..self }
    }

    /// How long the answer asks to wait before the next one: `spanwise.retry_after` (double, s).
    #[must_use]
    pub fn retry_after(self, pause: Duration) -> Self {
        Self { retry_after: Some(pause), ..self }
    }

    /// What the answer says of rate limits.
    #[must_use]
    pub fn rate_limits(self, limits: RateLimits) -> Self {
        Self { limits, ..self }
    }

    /// How long the answer asks to wait before the next one.
    pub fn known_retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What the answer says of rate limits.
    pub fn known_rate_limits(&self) -> &RateLimits {
        &self.limits
    }

    /// Why it failed, where it did.
    pub(super) fn failure(&self) -> Option<&Cow<'static, str>> {
        self.failure.as_ref()
    }

    pub(super) fn is_rate_limited(&self) -> bool {
        self.status == Some(429)
    }
}

/// What a provider says of its rate limits, each as far as it is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    requests: RateLimit,
    tokens: RateLimit,
    input_tokens: RateLimit,
    output_tokens: RateLimit,
}

/// One limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimit {
    limit: Option<u64>,
    remaining: Option<u64>,
    reset: Option<Duration>,
}

impl RateLimit {
    /// How much there is in all.
    #[must_use]
    pub fn limit(self, limit: u64) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// How much is left.
    #[must_use]
    pub fn remaining(self, remaining: u64) -> Self {
        Self { remaining: Some(remaining), ..self }
    }

    /// How long it takes until all of it is there again.
    #[must_use]
    pub fn reset(self, reset: Duration) -> Self {
        Self { reset: Some(reset), ..self }
    }
}

impl RateLimits {
    /// Of requests: `spanwise.rate_limit.requests.{limit,remaining}` (int), `….reset` (double, s).
    #[must_use]
    pub fn requests(self, requests: RateLimit) -> Self {
        Self { requests, ..self }
    }

    /// Of tokens, whichever: `spanwise.rate_limit.tokens.*`.
    #[must_use]
    pub fn tokens(self, tokens: RateLimit) -> Self {
        Self { tokens, ..self }
    }

    /// Of tokens that go in: `spanwise.rate_limit.input_tokens.*`.
    #[must_use]
    pub fn input_tokens(self, input_tokens: RateLimit) -> Self {
        Self { input_tokens, ..self }
    }

    /// Of tokens that come out: `spanwise.rate_limit.output_tokens.*`.
    #[must_use]
    pub fn output_tokens(self, output_tokens: RateLimit) -> Self {
        Self { output_tokens, ..self }
    }

    /// Whether nothing is told.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn push_attributes(&self, attributes: &mut Vec<KeyValue>) {
        for (limit, keys) in [
            (self.requests, REQUESTS),
            (self.tokens, TOKENS),
            (self.input_tokens, INPUT_TOKENS),
            (self.output_tokens, OUTPUT_TOKENS),
        ] {
            if limit == RateLimit::default() {
                continue;
            }
            let int = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
            attributes.extend(limit.limit.map(|value| keys.limit.of(int(value))));
            attributes.extend(limit.remaining.map(|value| keys.remaining.of(int(value))));
            attributes.extend(limit.reset.map(|value| keys.reset.of(value.as_secs_f64())));
        }
    }

    fn measure(&self, series: &Series<'_>, metrics: &dyn MetricRecorder) {
        let left = |metric, limit: RateLimit| Some(Measurement::count(metric, limit.remaining?));
        if let Some(requests) = left(Metric::SpanwiseRateLimitRemainingRequests, self.requests) {
            metrics.record(series, &[requests]);
        }
        for (limit, kind) in [
            (self.tokens, limit_type::TOKENS),
            (self.input_tokens, limit_type::INPUT_TOKENS),
            (self.output_tokens, limit_type::OUTPUT_TOKENS),
        ] {
            if let Some(tokens) = left(Metric::SpanwiseRateLimitRemainingTokens, limit) {
                metrics.record(&series.text(key::SPANWISE_RATE_LIMIT_TYPE, Some(kind)), &[tokens]);
            }
        }
    }
}

struct LimitKeys {
    limit: Attribute<i64>,
    remaining: Attribute<i64>,
    reset: Attribute<f64>,
}

const REQUESTS: LimitKeys = LimitKeys {
    limit: key::SPANWISE_RATE_LIMIT_REQUESTS_LIMIT,
    remaining: key::SPANWISE_RATE_LIMIT_REQUESTS_REMAINING,
    reset: key::SPANWISE_RATE_LIMIT_REQUESTS_RESET,
};
const TOKENS: LimitKeys = LimitKeys {
    limit: key::SPANWISE_RATE_LIMIT_TOKENS_LIMIT,
    remaining: key::SPANWISE_RATE_LIMIT_TOKENS_REMAINING,
    reset: key::SPANWISE_RATE_LIMIT_TOKENS_RESET,
};
const INPUT_TOKENS: LimitKeys = LimitKeys {
    limit: key::SPANWISE_RATE_LIMIT_INPUT_TOKENS_LIMIT,
    remaining: key::SPANWISE_RATE_LIMIT_INPUT_TOKENS_REMAINING,
    reset: key::SPANWISE_RATE_LIMIT_INPUT_TOKENS_RESET,
};
const OUTPUT_TOKENS: LimitKeys = LimitKeys {
    limit: key::SPANWISE_RATE_LIMIT_OUTPUT_TOKENS_LIMIT,
    remaining: key::SPANWISE_RATE_LIMIT_OUTPUT_TOKENS_REMAINING,
    reset: key::SPANWISE_RATE_LIMIT_OUTPUT_TOKENS_RESET,
};

/// The attempts of one call so far.
#[derive(Default)]
pub(crate) struct Attempts {
    /// When those began that are not over.
    under_way: Vec<Duration>,
    count: usize,
    /// Each with when it was over, since the operation began.
    kept: Vec<(Duration, Attempt)>,
}

/// More attempts of one call are counted, but are no events.
const MOST_KEPT: usize = 64;

impl Attempts {
    pub(super) fn begin(&mut self, at: Duration) {
        self.under_way.push(at);
    }

    /// When the one that is over now had begun: of several at once it is the oldest.
    pub(super) fn end(&mut self) -> Option<Duration> {
        (!self.under_way.is_empty()).then(|| self.under_way.remove(0))
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Notes an attempt that is over, and measures what can be measured of it.
    pub(super) fn push(
        &mut self,
        at: Duration,
        attempt: Attempt,
        series: &Series<'_>,
        metrics: &dyn MetricRecorder,
    ) {
        if self.count > 0 {
            let before = self.kept.last().and_then(|(_, before)| before.failure.as_deref());
            let series = series.text(key::ERROR_TYPE, before);
            metrics.record(&series, &[Measurement::count(Metric::SpanwiseRetries, 1)]);
        }
        if attempt.is_rate_limited() {
            metrics.record(series, &[Measurement::count(Metric::SpanwiseRateLimits, 1)]);
        }
        attempt.limits.measure(series, metrics);
        self.count += 1;
        // The last one is always there: the next retry is on its account.
        if self.kept.len() == MOST_KEPT {
            self.kept.pop();
        }
        // Most calls have one.
        self.kept.reserve_exact(usize::from(self.kept.is_empty()));
        self.kept.push((at, attempt));
    }

    /// How often the request was sent again: `http.request.resend_count` (int), where it was.
    pub(super) fn push_attributes(&self, attributes: &mut Vec<KeyValue>) {
        if self.count > 1 {
            let resent = i64::try_from(self.count - 1).unwrap_or(i64::MAX);
            attributes.push(key::HTTP_REQUEST_RESEND_COUNT.of(resent));
        }
    }

    /// Tells what the span shows of them.
    pub(super) fn tell_events(self, mut tell: impl FnMut(SpanEvent)) {
        let (kept, count) = (self.kept.len(), self.count);
        for (place, (at, attempt)) in self.kept.into_iter().enumerate() {
            let ordinal = if place + 1 == kept { count - 1 } else { place };
            let retry_after =
                attempt.retry_after.map(|pause| key::SPANWISE_RETRY_AFTER.of(pause.as_secs_f64()));
            if !attempt.limits.is_empty() {
                let mut attributes = Vec::new();
                attempt.limits.push_attributes(&mut attributes);
                attributes.extend(retry_after.clone());
                tell(SpanEvent { name: event::SPANWISE_RATE_LIMIT, at, attributes });
            }
            if count > 1 {
                let mut attributes = Vec::new();
                let status = attempt.status.map(i64::from);
                let resent = Some(ordinal).filter(|ordinal| *ordinal > 0);
                let resent = resent.and_then(|ordinal| i64::try_from(ordinal).ok());
                attributes.extend(resent.map(|n| key::HTTP_REQUEST_RESEND_COUNT.of(n)));
                attributes.extend(status.map(|code| key::HTTP_RESPONSE_STATUS_CODE.of(code)));
                attributes.extend(attempt.failure.map(|kind| key::ERROR_TYPE.of(kind)));
                let delay = attempt.delay.map(|delay| delay.as_secs_f64());
                attributes.extend(delay.map(|delay| key::SPANWISE_ATTEMPT_DELAY.of(delay)));
                attributes.extend(retry_after);
                tell(SpanEvent { name: event::SPANWISE_ATTEMPT, at, attributes });
            }
        }
    }
}
