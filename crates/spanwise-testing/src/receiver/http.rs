//! OTLP over HTTP, in both forms.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message as _;

use super::{Answer, Arrived, Message, Receiver};

/// What a partial success says.
pub(super) const REJECTED: &str = "no";

/// Takes one request, whatever its signal.
pub(super) async fn export(
    State(receiver): State<Receiver>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(plain) = decompress(&body, &headers) else {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    };
    let path = uri.path().to_owned();
    let is_own = receiver.log().trace_path.as_deref() == Some(path.as_str());
    let signal = match path.rsplit_once("/v1/") {
        _ if is_own => "traces",
        Some((_, signal)) => signal,
        None => return StatusCode::NOT_FOUND.into_response(),
    };
    let message = match signal {
        "traces" => decode(&plain, &headers).map(Message::Traces),
        "metrics" => decode(&plain, &headers).map(Message::Metrics),
        "logs" => decode(&plain, &headers).map(Message::Logs),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let Some(message) = message else { return StatusCode::BAD_REQUEST.into_response() };
    let spans = message.spans().count();
    let (method, headers_by_name) = (method.to_string(), named(&headers));
    let (bytes, at) = (body.len(), Instant::now());
    let arrived = Arrived { method, headers: headers_by_name, path, bytes, spans, at };
    let rejected = match receiver.receive(arrived, message).await {
        Answer::Partial(rejected) => Some(rejected),
        Answer::Grpc(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Answer::Http(status, retry_after, body) => return in_own_words(status, retry_after, body),
        Answer::AcceptAs(status, body) => return in_own_words(status, None, body),
        Answer::Accept | Answer::AcceptWith(..) | Answer::Hang => None,
    };
    // Responses of all three signals have this shape.
    let answer = ExportTraceServiceResponse { partial_success: rejected.map(partial) };
    if content_type(&headers) == Some("application/json") {
        axum::Json(answer).into_response()
    } else {
        answer.encode_to_vec().into_response()
    }
}

fn in_own_words(status: u16, retry_after: Option<&'static str>, body: &'static str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, body).into_response();
    if let Some(after) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(after));
    }
    response
}

/// A message in the form that its content type names.
fn decode<T>(body: &[u8], headers: &HeaderMap) -> Option<T>
where
    T: prost::Message + Default + for<'a> serde::Deserialize<'a>,
{
    match content_type(headers)? {
        "application/x-protobuf" => T::decode(body).ok(),
        "application/json" => serde_json::from_slice(body).ok(),
        _ => None,
    }
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

fn decompress(body: &[u8], headers: &HeaderMap) -> Option<Vec<u8>> {
    match headers.get(header::CONTENT_ENCODING).map(|value| value.to_str()) {
        None => Some(body.to_vec()),
        Some(Ok("gzip")) => {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(body).read_to_end(&mut plain).ok()?;
            Some(plain)
        }
        Some(Ok("zstd")) => zstd::decode_all(body).ok(),
        Some(_) => None,
    }
}

pub(super) fn named(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

pub(super) fn partial(rejected: i64) -> ExportTracePartialSuccess {
    ExportTracePartialSuccess { rejected_spans: rejected, error_message: REJECTED.to_owned() }
}
