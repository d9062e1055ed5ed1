//! A backend's API for feedback: encoded calls in, a verdict out.
//!
//! Unlike OTLP's, every failure of the server may pass: what is sent again has the id that it had.

use bytes::Bytes;
use http::StatusCode;

use super::http::{Answer, HttpSender, retry_after};
use super::transport::{Attempt, Transport};
use super::verdict::{Cause, Verdict, WRONG_KEY};
use crate::config::Endpoint;
use crate::error::InitError;
use crate::export::feedback::Call;
use crate::signal::Signal;

pub(crate) struct FeedbackSender {
    http: HttpSender,
    base: url::Url,
}

impl Transport for FeedbackSender {
    fn send(&self, signal: Signal, call: Bytes) -> Attempt<'_> {
        Box::pin(self.attempt(signal, call))
    }
}

impl FeedbackSender {
    pub(crate) fn new(endpoint: &Endpoint) -> Result<Self, InitError> {
        Ok(Self { http: HttpSender::new(endpoint)?, base: endpoint.url.0.clone() })
    }

    async fn attempt(&self, signal: Signal, call: Bytes) -> Verdict {
        let Some(Call { path, body }) = Call::decode(&call) else {
            return Verdict::Refused(Cause::new("unreadable", "what was stored is no feedback"));
        };
        let url = below(&self.base, &path);
        self.http.send_to(&url, signal, body.to_string().into(), verdict).await
    }
}

/// The URL of this path below a base.
pub(crate) fn below(base: &url::Url, path: &[String]) -> url::Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

/// What the receiver wrote is not looked at: it may quote what was sent.
fn verdict(Answer { status, headers, .. }: Answer) -> Verdict {
    let after = headers.get(http::header::RETRY_AFTER).and_then(retry_after);
    if status.is_success() {
        return Verdict::Accepted;
    }
    let cause = Cause::new(status.as_u16().to_string(), "").hint(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some(WRONG_KEY),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            Some("there is no such API: check the base of the feedback API")
        }
        _ => None,
    });
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Verdict::TooLarge(cause),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Verdict::Retry { after, cause }
        }
        StatusCode::NOT_IMPLEMENTED => Verdict::Refused(cause),
        _ if status.is_server_error() => Verdict::Retry { after, cause },
        _ => Verdict::Refused(cause),
    }
}
