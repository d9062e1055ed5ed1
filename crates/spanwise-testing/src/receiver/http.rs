//! OTLP over HTTP, in both forms.

use std::collections::BTreeMap;
use std::io::Read as _;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message as _;

use super::{Answer, Arrived, Receiver};

/// Takes one request, whatever its signal.
pub(super) async fn export(
    State(receiver): State<Receiver>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(plain) = decompress(&body, &headers) else {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    };
    let path = uri.path().to_owned();
    let traces: Option<ExportTraceServiceRequest> =
        if path.ends_with("/v1/traces") { decode(&plain, &headers) } else { None };
    let spans = traces.as_ref().map(count).unwrap_or_default();
    let arrived =
        Arrived { headers: named(&headers), path: path.clone(), bytes: body.len(), spans };
    receiver.arrived(arrived);
    let rejected = match receiver.next_answer() {
        Answer::Accept => None,
        Answer::Partial(rejected) => Some(rejected),
        Answer::Hang => std::future::pending().await,
        Answer::Grpc(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Answer::Http(status, retry_after, body) => return refusal(status, retry_after, body),
    };
    let known = match path.rsplit_once("/v1/").map(|(_, signal)| signal) {
        Some("traces") => traces.map(|it| receiver.keep(|log| log.traces.push(it))),
        Some("metrics") => {
            decode(&plain, &headers).map(|it| receiver.keep(|log| log.metrics.push(it)))
        }
        Some("logs") => decode(&plain, &headers).map(|it| receiver.keep(|log| log.logs.push(it))),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    if known.is_none() {
        return StatusCode::BAD_REQUEST.into_response();
    }
    // Responses of all three signals have this shape.
    let answer = ExportTraceServiceResponse { partial_success: rejected.map(partial) };
    if content_type(&headers) == Some("application/json") {
        axum::Json(answer).into_response()
    } else {
        answer.encode_to_vec().into_response()
    }
}

fn refusal(status: u16, retry_after: Option<&'static str>, body: &'static str) -> Response {
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

pub(super) fn count(request: &ExportTraceServiceRequest) -> usize {
    let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    scopes.map(|scope| scope.spans.len()).sum()
}

pub(super) fn partial(rejected: i64) -> ExportTracePartialSuccess {
    ExportTracePartialSuccess { rejected_spans: rejected, error_message: "no".to_owned() }
}
