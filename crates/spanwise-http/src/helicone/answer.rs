//! What Helicone says in the headers of an answer.

use std::time::Duration;

use http::{HeaderMap, HeaderName};
use spanwise_core::GatewayAnswer;

/// The one that is always there.
const HELICONE_ID: HeaderName = HeaderName::from_static("helicone-id");

/// What Helicone says; `None` where the answer did not come through it.
pub(crate) fn answer(headers: &HeaderMap) -> Option<GatewayAnswer> {
    // Most answers come from elsewhere, and a name that is ready is found sooner.
    if !headers.contains_key(HELICONE_ID) {
        return None;
    }
    // Longer ones are nobody's ids.
    let text = |name| {
        let value = headers.get(name)?.to_str().ok()?.trim();
        Some(value).filter(|value| !value.is_empty() && value.len() <= 256)
    };
    let number = |name| text(name).and_then(|value| value.parse::<i64>().ok());
    let mut answer = GatewayAnswer::of("helicone").request_id(text("helicone-id")?);
    if let Some(status) = text("helicone-status") {
        answer = answer.status(status);
    }
    match text("helicone-cache") {
        Some(cache) if cache.eq_ignore_ascii_case("hit") => answer = answer.cache(true),
        Some(cache) if cache.eq_ignore_ascii_case("miss") => answer = answer.cache(false),
        _ => {}
    }
    if let Some(index) = number("helicone-cache-bucket-idx") {
        answer = answer.cache_bucket(index);
    }
    if let Some(index) = number("helicone-fallback-index") {
        answer = answer.fallback_index(index);
    }
    if let Some(limit) = number("helicone-ratelimit-limit") {
        answer = answer.rate_limit(limit);
    }
    if let Some(remaining) = number("helicone-ratelimit-remaining") {
        answer = answer.rate_limit_remaining(remaining);
    }
    if let Some(reset) = number("helicone-ratelimit-reset").and_then(|s| u64::try_from(s).ok()) {
        answer = answer.rate_limit_reset(Duration::from_secs(reset));
    }
    if let Some(policy) = text("helicone-ratelimit-policy") {
        answer = answer.rate_limit_policy(policy);
    }
    Some(answer)
}
