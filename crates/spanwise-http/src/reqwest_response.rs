//! Answers of `reqwest`, recorded as they are read.

use opentelemetry::Context;
use reqwest::ResponseBuilderExt as _;

use crate::body::RecordedBody;
use crate::genai::{Call, GenAi};
use crate::recording::Recording;

/// The model call that a request is, if it is one, and what of its body is there at once.
pub(crate) fn call(genai: &GenAi, request: &reqwest::Request) -> Option<Recording> {
    let uri = request.url().as_str().parse().ok()?;
    let call: Call = genai.call(request.method(), &uri)?;
    let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    Some(call.start(body))
}

/// Adds the context to a request, where its host shall have it.
pub(crate) fn propagate(genai: &GenAi, context: &Context, request: &mut reqwest::Request) {
    let host = request.url().host_str().map(str::to_owned);
    genai.propagate(context, host.as_deref(), request.headers_mut());
}

/// The same answer, with what records its body.
pub(crate) fn record(response: reqwest::Response, mut recording: Recording) -> reqwest::Response {
    recording.answered(response.status(), response.headers());
    // The way through `http::Response` loses the URL.
    let with_url = http::Response::builder().url(response.url().clone()).body(());
    let (mut parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
    if let Ok(with_url) = with_url {
        parts.extensions.extend(with_url.into_parts().0.extensions);
    }
    let body = reqwest::Body::wrap(RecordedBody::new(body, Some(recording)));
    reqwest::Response::from(http::Response::from_parts(parts, body))
}
