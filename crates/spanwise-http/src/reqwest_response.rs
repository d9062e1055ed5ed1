//! Requests and answers of `reqwest`, recorded as they are sent and read.

use bytes::Bytes;
use opentelemetry::Context;
use reqwest::ResponseBuilderExt as _;

use crate::body::RecordedBody;
use crate::genai::{GenAi, Started, StartedBody, correct_length};
use crate::open_call::OpenAttempt;
use crate::peek::Peeked;
#[cfg(feature = "reqwest-middleware")]
use crate::peek::PeekedBody;
use crate::recording::Recording;
use crate::target::Target;

/// The model call that a request is, if it is one, by what of its body is at hand; and what is to be sent in place
/// of that.
pub(crate) fn look_at(
    genai: &GenAi,
    request: &reqwest::Request,
) -> Option<(Recording, Option<Bytes>)> {
    let call = genai.call(request.method(), Target::of_url(request.url()))?;
    let bytes = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    let Started { recording, body } = call.start(Peeked { bytes, is_all: true }, request.headers());
    let instead = if let StartedBody::Instead(bytes) = body { Some(bytes) } else { None };
    Some((recording, instead))
}

/// Gives a request another body.
pub(crate) fn send_instead(request: &mut reqwest::Request, bytes: Bytes) {
    correct_length(request.headers_mut(), bytes.len());
    *request.body_mut() = Some(bytes.into());
}

/// The same where the request itself is to be sent: a body that is not at hand is looked at while it is.
#[cfg(feature = "reqwest-middleware")]
pub(crate) fn call(genai: &GenAi, request: &mut reqwest::Request) -> Option<Recording> {
    if request.body().is_none_or(|body| body.as_bytes().is_some()) {
        let (recording, instead) = look_at(genai, request)?;
        instead.into_iter().for_each(|bytes| send_instead(request, bytes));
        return Some(recording);
    }
    let call = genai.call(request.method(), Target::of_url(request.url()))?;
    let (body, bytes, is_all) = PeekedBody::peek(request.body_mut().take()?);
    let peeked = Peeked { bytes: &bytes, is_all };
    let Started { recording, body: started } = call.start(peeked, request.headers());
    let body = started.applied_to(body, request.headers_mut());
    *request.body_mut() = Some(reqwest::Body::wrap(body));
    Some(recording)
}

/// Adds the context to a request, where its host shall have it.
pub(crate) fn propagate(genai: &GenAi, context: &Context, request: &mut reqwest::Request) {
    if genai.propagates() {
        let url = request.url().clone();
        genai.propagate(context, Target::of_url(&url), request.headers_mut());
    }
}

/// An attempt is over.
pub(crate) fn tried<E: 'static>(
    attempt: Option<OpenAttempt>,
    result: Result<&reqwest::Response, &E>,
) {
    match (attempt, result) {
        (Some(attempt), Ok(answer)) => attempt.answered(answer.status(), answer.headers()),
        (Some(attempt), Err(error)) => attempt.failed(error),
        (None, _) => {}
    }
}

/// The same answer, with what records its body.
pub(crate) fn record(
    mut response: reqwest::Response,
    mut recording: Recording,
) -> reqwest::Response {
    let status = response.status();
    recording.answered(status, response.headers_mut());
    let url = response.url().clone();
    let (mut parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
    // The way through `http::Response` loses the URL.
    let mut with_url = http::Response::builder();
    if let Some(extensions) = with_url.extensions_mut() {
        *extensions = std::mem::take(&mut parts.extensions);
    }
    if let Ok(with_url) = with_url.url(url).body(()) {
        parts.extensions = with_url.into_parts().0.extensions;
    }
    let body = reqwest::Body::wrap(RecordedBody::new(body, Some(recording)));
    reqwest::Response::from(http::Response::from_parts(parts, body))
}
