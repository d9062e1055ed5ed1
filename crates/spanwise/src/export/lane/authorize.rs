//! Asking for credentials before each attempt.
//!
//! ```text
//! request ─► ask ─► headers ─► attempt ─► 401 or 403 ─► ask again ─► others? ─► attempt
//!             └─ none, too late, a panic: later                       └─ the same: refused
//! ```

use std::future::Future;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;

use super::verdict::{Cause, Verdict};
use crate::config::{CredentialSource, OutgoingRequest};
use crate::export::thread;

/// Makes an attempt with the credentials of the moment.
pub(super) async fn authorized<F: Future<Output = Verdict>>(
    source: &CredentialSource,
    request: OutgoingRequest,
    timeout: Duration,
    attempt: impl Fn(HeaderMap) -> F,
) -> Verdict {
    let credentials = match asked(source, &request, timeout).await {
        Ok(credentials) => credentials,
        Err(cause) => return Verdict::Retry { after: None, cause },
    };
    let verdict = attempt(credentials.clone()).await;
    if !verdict.is_wrong_key() {
        return verdict;
    }
    match asked(source, &request, timeout).await {
        Ok(others) if others != credentials => attempt(others).await,
        _ => verdict,
    }
}

const NONE_NOW: &str = "there are no credentials now: what `credentials` is given returned none";
const NOT_LEGAL: &str = "what `credentials` is given returned something that is no legal header";

async fn asked(
    source: &CredentialSource,
    request: &OutgoingRequest,
    timeout: Duration,
) -> Result<HeaderMap, Cause> {
    let (source, request) = (source.clone(), request.clone());
    let answer = async {
        let turn = source.turn.clone().lock_owned().await;
        let ask = move || {
            let _turn = turn;
            // What it does is not part of what the program does: recorded, it would go on for ever.
            thread::is_own_from_now_on();
            let _nobody = tracing::dispatcher::set_default(&tracing::Dispatch::none());
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            (source.ask)(&request)
        };
        tokio::task::spawn_blocking(ask).await
    };
    let credentials = match tokio::time::timeout(timeout, answer).await {
        Ok(Ok(Some(credentials))) => credentials,
        Ok(Ok(None)) => return Err(Cause::new("credentials", "").hint(Some(NONE_NOW))),
        // Its words may hold a secret.
        Ok(Err(_)) => return Err(Cause::new("credentials", "asking for them panicked")),
        Err(_) => return Err(Cause::new("credentials", "asking for them took too long")),
    };
    let legal = |(name, value): (&str, &str)| {
        let name = HeaderName::try_from(name.to_ascii_lowercase()).ok()?;
        let mut value = HeaderValue::try_from(value).ok()?;
        value.set_sensitive(true);
        Some((name, value))
    };
    let headers: Option<HeaderMap> = credentials.iter().map(legal).collect();
    headers.ok_or_else(|| Cause::new("credentials", "").hint(Some(NOT_LEGAL)))
}

/// The headers, with these in place of those of the same names.
pub(super) fn with(mut headers: HeaderMap, credentials: HeaderMap) -> HeaderMap {
    headers.extend(credentials);
    headers
}
