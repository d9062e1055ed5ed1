//! What a gateway between the program and the provider says of a call.

use std::borrow::Cow;
use std::time::Duration;

use opentelemetry::KeyValue;

use crate::recorder::{Measurement, MetricRecorder, Series};
use crate::semconv::value::spanwise_cache_outcome as outcome;
use crate::semconv::{Metric, attribute as key, event};

/// What a gateway between the program and the provider, such as Helicone, says of a call that went through it.
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `spanwise.gateway.name` | string | [`of`](Self::of) |
/// | `spanwise.gateway.request.id` | string | [`request_id`](Self::request_id) |
/// | `spanwise.gateway.status` | string | [`status`](Self::status) |
/// | `spanwise.gateway.fallback.index` | int | [`fallback_index`](Self::fallback_index) |
/// | `spanwise.cache.outcome` = `hit` or `miss` | string | [`cache`](Self::cache) |
/// | `spanwise.cache.bucket.index` | int | [`cache_bucket`](Self::cache_bucket) |
///
/// What the cache did is an event `spanwise.cache` as well, and counted by `spanwise.cache.operations`
/// (`{operation}`); what is left of a rate limit is an event `spanwise.gateway.rate_limit`. *Extension.*
///
/// ```
/// use spanwise_core::{GatewayAnswer, Generation, Provider};
///
/// let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
/// generation.gateway(GatewayAnswer::of("helicone").cache(true));
/// generation.finish();
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GatewayAnswer {
    name: Cow<'static, str>,
    request_id: Option<String>,
    status: Option<String>,
    fallback_index: Option<i64>,
    cache: Option<&'static str>,
    bucket: Option<i64>,
    limits: Vec<KeyValue>,
}

impl GatewayAnswer {
    /// Of the gateway with this name.
    pub fn of(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The id that it gave the request: what finds it there.
    #[must_use]
    pub fn request_id(self, id: impl Into<String>) -> Self {
        Self { request_id: Some(id.into()), ..self }
    }

    /// How it says that the call went, in its words.
    #[must_use]
    pub fn status(self, status: impl Into<String>) -> Self {
        Self { status: Some(status.into()), ..self }
    }

    /// Which of its fallbacks answered, from 0.
    #[must_use]
    pub fn fallback_index(self, index: i64) -> Self {
        Self { fallback_index: Some(index), ..self }
    }

    /// Whether its cache had the answer.
    #[must_use]
    pub fn cache(self, hit: bool) -> Self {
        Self { cache: Some(if hit { outcome::HIT } else { outcome::MISS }), ..self }
    }

    /// Which of the answers in its cache it gave, from 0.
    #[must_use]
    pub fn cache_bucket(self, index: i64) -> Self {
        Self { bucket: Some(index), ..self }
    }

    /// How much its rate limit allows: `spanwise.gateway.rate_limit.limit` (int).
    #[must_use]
    pub fn rate_limit(self, limit: i64) -> Self {
        self.limit(key::SPANWISE_GATEWAY_RATE_LIMIT_LIMIT.of(limit))
    }

    /// How much of that is left: `spanwise.gateway.rate_limit.remaining` (int).
    #[must_use]
    pub fn rate_limit_remaining(self, remaining: i64) -> Self {
        self.limit(key::SPANWISE_GATEWAY_RATE_LIMIT_REMAINING.of(remaining))
    }

    /// When all of it is there again: `spanwise.gateway.rate_limit.reset` (double, s).
    #[must_use]
    pub fn rate_limit_reset(self, reset: Duration) -> Self {
        self.limit(key::SPANWISE_GATEWAY_RATE_LIMIT_RESET.of(reset.as_secs_f64()))
    }

    /// By which policy: `spanwise.gateway.rate_limit.policy` (string).
    #[must_use]
    pub fn rate_limit_policy(self, policy: impl Into<String>) -> Self {
        self.limit(key::SPANWISE_GATEWAY_RATE_LIMIT_POLICY.of(policy.into()))
    }

    fn limit(mut self, attribute: KeyValue) -> Self {
        self.limits.push(attribute);
        self
    }

    pub(super) fn measure(&self, series: &Series<'_>, metrics: &dyn MetricRecorder) {
        if let Some(cache) = self.cache {
            let series = series.text(key::SPANWISE_CACHE_OUTCOME, Some(cache));
            metrics.record(&series, &[Measurement::count(Metric::SpanwiseCacheOperations, 1)]);
        }
    }

    /// Its attributes, and the events of the span.
    pub(super) fn into_parts(self) -> (Vec<KeyValue>, Vec<(&'static str, Vec<KeyValue>)>) {
        let bucket = self.bucket.map(|index| key::SPANWISE_CACHE_BUCKET_INDEX.of(index));
        let cache = self.cache.map(|cache| key::SPANWISE_CACHE_OUTCOME.of(cache));
        let mut attributes = vec![key::SPANWISE_GATEWAY_NAME.of(self.name)];
        attributes.extend(self.request_id.map(|id| key::SPANWISE_GATEWAY_REQUEST_ID.of(id)));
        attributes.extend(self.status.map(|status| key::SPANWISE_GATEWAY_STATUS.of(status)));
        let fallback = self.fallback_index;
        attributes.extend(fallback.map(|index| key::SPANWISE_GATEWAY_FALLBACK_INDEX.of(index)));
        attributes.extend(cache.clone());
        attributes.extend(bucket.clone());
        let mut events = Vec::new();
        if cache.is_some() {
            events.push((event::SPANWISE_CACHE, cache.into_iter().chain(bucket).collect()));
        }
        if !self.limits.is_empty() {
            events.push((event::SPANWISE_GATEWAY_RATE_LIMIT, self.limits));
        }
        (attributes, events)
    }
}
