//! What Helicone is asked to do.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::Context;

use super::error::HeliconeError;
use super::fallback::{self, HeliconeFallback};
use super::rate_limit::{self, RateLimitPolicy};
use super::route::HeliconeRoute;
use super::switches::{HeliconeCache, HeliconeRetry, TokenLimitHandler};
use super::text;
use crate::hosts::Hosts;

/// Makes [`HeliconeSettings`]: each setter is a header, and [`build`](Self::build) checks them all.
///
/// ```
/// use std::time::Duration;
/// use spanwise_http::helicone::{Helicone, HeliconeCache, HeliconePropagator, RateLimitPolicy};
/// use spanwise_http::{GenAi, GenAiLayer};
///
/// # fn main() -> Result<(), spanwise_http::helicone::HeliconeError> {
/// let settings = Helicone::new("sk-helicone-…".replace('…', "x"))
///     .cache(HeliconeCache::on().max_age(Duration::from_secs(3600)))
///     .rate_limit(RateLimitPolicy::requests(1000, Duration::from_secs(3600)).per_user())
///     .property("App", "support-bot")
///     .build()?;
/// let layer = GenAiLayer::new(GenAi::default().propagator(HeliconePropagator::new(settings)));
/// # let _ = layer; Ok(()) }
/// ```
#[must_use = "call `build`"]
#[derive(Default)]
pub struct Helicone {
    headers: BTreeMap<String, String>,
    hosts: Hosts,
    problem: Option<HeliconeError>,
}

/// Setters of headers that hold any text.
macro_rules! texts {
    ($($(#[$doc:meta])* $setter:ident: $header:literal;)*) => {$(
        $(#[$doc])*
        #[doc = concat!("\n\n`", $header, "`")]
        pub fn $setter(self, value: impl Into<String>) -> Self {
            self.header($header, value)
        }
    )*};
}

/// Setters of headers that are `true` or absent.
macro_rules! switches {
    ($($(#[$doc:meta])* $setter:ident: $header:literal;)*) => {$(
        $(#[$doc])*
        #[doc = concat!("\n\n`", $header, ": true`")]
        pub fn $setter(self) -> Self {
            self.header($header, "true")
        }
    )*};
}

impl Helicone {
    /// With this key: `Helicone-Auth: Bearer <key>`.
    pub fn new(key: impl AsRef<str>) -> Self {
        Self::default().header("Helicone-Auth", format!("Bearer {}", key.as_ref()))
    }

    /// Without a key: for the AI gateway, whose key is the client's, and for settings of one request.
    pub fn without_key() -> Self {
        Self::default()
    }

    /// With the key in `HELICONE_API_KEY`.
    ///
    /// Where that is not set, [`build`](Self::build) says so.
    pub fn from_env() -> Self {
        match std::env::var("HELICONE_API_KEY") {
            Ok(key) if !key.trim().is_empty() => Self::new(key.trim()),
            _ => Self::default().refused(HeliconeError::new(
                "Helicone-Auth",
                "has no key: set HELICONE_API_KEY, or give one in code",
            )),
        }
    }

    /// Counts a host as Helicone's, beside `helicone.ai` and `hconeai.com` with all below them: for a Helicone
    /// of one's own.
    pub fn host(self, host: impl AsRef<str>) -> Self {
        Self { hosts: self.hosts.with(host.as_ref()), ..self }
    }

    /// Goes this way: `Helicone-Target-URL`, where the route needs it.
    pub fn route(self, route: &HeliconeRoute) -> Self {
        match route.target_url() {
            Some(url) => self.header("Helicone-Target-URL", url),
            None => self,
        }
    }

    texts! {
        /// The provider's origin, for the gateway.
        target_url: "Helicone-Target-URL";
        /// What a provider is called that Helicone does not know.
        target_provider: "Helicone-Target-Provider";
        /// The base URL of a provider that speaks OpenAI's API, for `oai.helicone.ai`.
        openai_api_base: "Helicone-OpenAI-Api-Base";
        /// The user; by itself that of the scope.
        user_id: "Helicone-User-Id";
        /// The session; by itself that of the scope.
        session_id: "Helicone-Session-Id";
        /// Where in the session it stands, such as `/parent/child`; by itself where in the trace.
        session_path: "Helicone-Session-Path";
        /// What the session is called; by itself as the outermost operation.
        session_name: "Helicone-Session-Name";
        /// The prompt template; by itself that of the scope.
        prompt_id: "Helicone-Prompt-Id";
        /// Its version; by itself that of the scope.
        prompt_version: "Helicone-Prompt-Version";
        /// What the prompt is called.
        prompt_name: "Helicone-Prompt-Name";
        /// How the prompt is tracked.
        prompt_mode: "Helicone-Prompt-Mode";
        /// How the prompt is written.
        prompt_format: "Helicone-Prompt-Format";
        /// The model by which the cost is reckoned.
        model_override: "Helicone-Model-Override";
        /// A node of a workflow.
        node_id: "Helicone-Node-Id";
        /// An experiment.
        experiment_id: "Helicone-Experiment-Id";
        /// A column of an experiment.
        experiment_column_id: "Helicone-Experiment-Column-Id";
        /// A key of PostHog, to which Helicone passes events on.
        posthog_key: "Helicone-Posthog-Key";
        /// The host of PostHog.
        posthog_host: "Helicone-Posthog-Host";
        /// A key of Lytix.
        lytix_key: "Helicone-Lytix-Key";
        /// The host of Lytix.
        lytix_host: "Helicone-Lytix-Host";
        /// A key for access by hand.
        manual_access_key: "Helicone-Manual-Access-Key";
    }

    switches! {
        /// The request's body is not stored.
        omit_request: "Helicone-Omit-Request";
        /// The answer's body is not stored.
        omit_response: "Helicone-Omit-Response";
        /// The prompt is moderated first.
        moderations: "Helicone-Moderations-Enabled";
        /// The prompt is looked through for attacks.
        llm_security: "Helicone-LLM-Security-Enabled";
        /// The same, with a larger model.
        llm_security_advanced: "Helicone-LLM-Security-Advanced";
        /// Streams tell their usage.
        stream_usage: "Helicone-Stream-Usage";
        /// Streams are read whatever they say that they are.
        stream_force_format: "Helicone-Stream-Force-Format";
        /// Helicone waits longer for the provider.
        increase_timeout: "Helicone-Increase-Timeout";
        /// Webhooks are called.
        webhook: "Helicone-Webhook-Enabled";
    }

    /// The request's id: `Helicone-Request-Id`, a UUID of version 1 to 5. By itself the request id of the scope,
    /// where that is one.
    pub fn request_id(self, id: impl Into<String>) -> Self {
        let id = id.into();
        if text::is_uuid(&id) {
            return self.header("Helicone-Request-Id", id);
        }
        self.refused(HeliconeError::new(
            "Helicone-Request-Id",
            "is no UUID of version 1 to 5, which Helicone would replace: give a random one, of version 4",
        ))
    }

    /// A property: `Helicone-Property-<name>`. By itself the scope's metadata, tags, tenant, environment and
    /// release.
    pub fn property(self, name: &str, value: impl Into<String>) -> Self {
        let header = format!("Helicone-Property-{name}");
        if text::is_name(name) {
            return self.header(header, value);
        }
        self.refused(HeliconeError::new(
            "Helicone-Property-<name>",
            "has a name that no header can have: give letters, digits, `-` and `_`",
        ))
    }

    /// What the cache does; see [`HeliconeCache`].
    pub fn cache(mut self, cache: HeliconeCache) -> Self {
        for switch in cache.switches {
            self = self.header(switch, "true");
        }
        if let Some(age) = cache.max_age {
            self = match age.as_secs() {
                seconds @ 1..=31_536_000 => {
                    self.header("Cache-Control", format!("max-age={seconds}"))
                }
                _ => self.refused(HeliconeError::new(
                    "Cache-Control",
                    "has an age below a second or above 365 days: give one between",
                )),
            };
        }
        if let Some(size) = cache.bucket_size {
            self = match size {
                1..=20 => self.header("Helicone-Cache-Bucket-Max-Size", size.to_string()),
                _ => self.refused(HeliconeError::new(
                    "Helicone-Cache-Bucket-Max-Size",
                    "is not from 1 to 20: give how many answers to one question are kept",
                )),
            };
        }
        if let Some(seed) = cache.seed {
            self = self.header("Helicone-Cache-Seed", seed);
        }
        match cache.ignore_keys {
            Some(keys) if keys.iter().any(|key| key.is_empty() || key.contains(',')) => self
                .refused(HeliconeError::new(
                    "Helicone-Cache-Ignore-Keys",
                    "has a key that is empty or has a comma: give keys of the request's JSON",
                )),
            Some(keys) => self.header("Helicone-Cache-Ignore-Keys", keys.join(",")),
            None => self,
        }
    }

    /// Limits requests; see [`RateLimitPolicy`].
    pub fn rate_limit(self, policy: RateLimitPolicy) -> Self {
        match policy.check() {
            Ok(()) => self.header(rate_limit::HEADER, policy.to_string()),
            Err(problem) => self.refused(problem),
        }
    }

    /// What one request costs towards a limit in cents: `Helicone-RateLimit-Cost-Cents`.
    pub fn rate_limit_cost_cents(self, cents: u64) -> Self {
        self.header("Helicone-RateLimit-Cost-Cents", cents.to_string())
    }

    /// Tries again; see [`HeliconeRetry`].
    pub fn retry(mut self, retry: HeliconeRetry) -> Self {
        const FACTOR: &str = "helicone-retry-factor";
        self = self.header("Helicone-Retry-Enabled", "true");
        if let Some(attempts) = retry.attempts {
            self = self.header("helicone-retry-num", attempts.to_string());
        }
        if let Some(factor) = retry.factor {
            self = match factor >= 1.0 && factor.is_finite() {
                true => self.header(FACTOR, factor.to_string()),
                false => self.refused(HeliconeError::new(FACTOR, "is below 1: pauses must grow")),
            };
        }
        let millis = |time: Duration| time.as_millis().to_string();
        if let Some(timeout) = retry.min_timeout {
            self = self.header("helicone-retry-min-timeout", millis(timeout));
        }
        match (retry.min_timeout, retry.max_timeout) {
            (Some(least), Some(most)) if most < least => self.refused(HeliconeError::new(
                "helicone-retry-max-timeout",
                "is below helicone-retry-min-timeout: give the longest pause",
            )),
            (_, Some(timeout)) => self.header("helicone-retry-max-timeout", millis(timeout)),
            (_, None) => self,
        }
    }

    /// Whom to ask next, in this order: `Helicone-Fallbacks`.
    pub fn fallbacks(self, fallbacks: impl IntoIterator<Item = HeliconeFallback>) -> Self {
        let fallbacks: Vec<_> = fallbacks.into_iter().collect();
        match fallback::header_value(&fallbacks) {
            Ok(value) => self.header(fallback::HEADER, value),
            Err(problem) => self.refused(problem),
        }
    }

    /// What happens to a prompt that is too long.
    pub fn token_limit(self, handler: TokenLimitHandler) -> Self {
        self.header("Helicone-Token-Limit-Exception-Handler", handler.name())
    }

    /// A row of an experiment: `Helicone-Experiment-Row-Index`.
    pub fn experiment_row_index(self, index: u64) -> Self {
        self.header("Helicone-Experiment-Row-Index", index.to_string())
    }

    fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        if text::is_legal(&value) {
            self.headers.insert(name, value);
            return self;
        }
        self.refused(HeliconeError::new(
            name,
            "is empty or has characters that no header can hold: give printable ASCII, without spaces at \
             its ends",
        ))
    }

    /// The first problem is told.
    fn refused(mut self, problem: HeliconeError) -> Self {
        self.problem.get_or_insert(problem);
        self
    }

    /// The settings.
    ///
    /// # Errors
    ///
    /// [`HeliconeError`], which names the first header that cannot be sent.
    pub fn build(self) -> Result<HeliconeSettings, HeliconeError> {
        let Self { headers, hosts, problem } = self;
        match problem {
            Some(problem) => Err(problem),
            None => Ok(HeliconeSettings(Arc::new(Inner { headers, hosts }))),
        }
    }
}

/// Names, and no value: some are keys.
impl fmt::Debug for Helicone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Helicone")
            .field("headers", &self.headers.keys())
            .field("hosts", &self.hosts)
            .field("problem", &self.problem)
            .finish()
    }
}

/// Headers of Helicone, checked; for a [`HeliconePropagator`](super::HeliconePropagator), or for one request
/// by [`in_context`](Self::in_context). `Debug` shows their names alone.
#[derive(Clone)]
pub struct HeliconeSettings(Arc<Inner>);

struct Inner {
    headers: BTreeMap<String, String>,
    hosts: Hosts,
}

impl HeliconeSettings {
    /// The context with these for requests inside: they win over the propagator's, and over the scope.
    #[must_use]
    pub fn in_context(self, context: &Context) -> Context {
        context.with_value(self)
    }

    pub(super) fn headers(&self) -> &BTreeMap<String, String> {
        &self.0.headers
    }

    /// Whether this host is Helicone's.
    pub(super) fn is_for(&self, host: &str) -> bool {
        let own = ["helicone.ai", "hconeai.com"].iter().any(|domain| {
            host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        });
        own || self.0.hosts.contain(host)
    }
}

impl fmt::Debug for HeliconeSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeliconeSettings")
            .field("headers", &self.0.headers.keys())
            .field("hosts", &self.0.hosts)
            .finish()
    }
}
