//! OTLP over HTTP: encoded bytes in, a verdict out.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use prost::Message as _;
use url::Url;

use super::authorize::{authorized, with};
use super::compress::compress;
use super::transport::{Attempt, Transport};
use super::verdict::{Cause, ExportResponse, PartialSuccess, Verdict, WRONG_KEY};
use crate::config::{Endpoint, OtlpProtocol, OutgoingRequest, TlsFiles};
use crate::error::{InitError, Source};
use crate::signal::Signal;

/// No answer of OTLP is larger; what is longer is not read.
const MOST_ANSWER: usize = 1 << 20;

pub(crate) struct HttpSender {
    client: reqwest::Client,
    endpoint: Endpoint,
    headers: HeaderMap,
}

/// What came back, as far as it is read.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Transport for HttpSender {
    fn send(&self, signal: Signal, body: Bytes) -> Attempt<'_> {
        Box::pin(self.attempt(signal, body))
    }
}

impl HttpSender {
    pub(crate) fn new(endpoint: &Endpoint) -> Result<Self, InitError> {
        let https = endpoint.url.0.scheme() == "https";
        let client = client(https, &endpoint.tls, endpoint.timeout)?;
        let mut headers: HeaderMap =
            endpoint.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let content_type = match endpoint.protocol {
            OtlpProtocol::HttpJson => "application/json",
            OtlpProtocol::HttpProtobuf | OtlpProtocol::Grpc => "application/x-protobuf",
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Ok(Self { client, endpoint: endpoint.clone(), headers })
    }

    async fn attempt(&self, signal: Signal, body: Bytes) -> Verdict {
        self.send_to(&self.endpoint.url.0, signal, body, |answer| self.verdict(answer)).await
    }

    /// The same at this URL, for whoever wants to see the answer.
    pub(crate) async fn ask(
        &self,
        url: &Url,
        signal: Signal,
        body: Bytes,
        see: impl Fn(&Answer) + Send + Sync,
    ) -> Verdict {
        let judge = |answer| {
            see(&answer);
            self.verdict(answer)
        };
        self.send_to(url, signal, body, judge).await
    }

    /// Makes an attempt at this URL of the receiver's, with the credentials of the moment.
    pub(super) async fn send_to(
        &self,
        url: &Url,
        signal: Signal,
        body: Bytes,
        judge: impl Fn(Answer) -> Verdict + Send + Sync,
    ) -> Verdict {
        let (body, encoding) = compress(body, self.endpoint.compression);
        let mut headers = self.headers.clone();
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        let once = |headers| async {
            match self.post(url, headers, body.clone()).await {
                Ok(answer) => judge(answer),
                Err(error) => verdict_of_error(&error),
            }
        };
        let Endpoint { credentials, timeout, .. } = &self.endpoint;
        let Some(source) = credentials else { return once(headers).await };
        let (body, url) = (body.clone(), url.as_str().to_owned());
        let request = OutgoingRequest { signal, url, headers: headers.clone(), body };
        let attempt = |credentials| once(with(headers.clone(), credentials));
        authorized(source, request, *timeout, attempt).await
    }

    async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, reqwest::Error> {
        let request = self.client.post(url.clone()).headers(headers).body(body);
        let mut response = request.send().await?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let body = match read(response).await {
            Ok(body) => body,
            // It took the request; only its words are missing.
            Err(_) if status.is_success() => Bytes::new(),
            Err(error) => return Err(error),
        };
        Ok(Answer { status, headers, body })
    }

    fn verdict(&self, Answer { status, headers, body }: Answer) -> Verdict {
        let after = headers.get(header::RETRY_AFTER).and_then(retry_after);
        if status.is_success() {
            return self.answer(&body).into();
        }
        let words = match status {
            // Words on a key may quote it.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => String::new(),
            _ => words(&body),
        };
        let cause = Cause::new(status.as_u16().to_string(), words).hint(hint(status, &body));
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => Verdict::TooLarge(cause),
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Verdict::Retry { after, cause },
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Verdict::Malformed(cause),
            _ => Verdict::Refused(cause),
        }
    }

    /// What a receiver says of success; one that answers in its own words has taken everything.
    fn answer(&self, body: &Bytes) -> ExportResponse {
        match self.endpoint.protocol {
            OtlpProtocol::HttpJson => json_answer(body).unwrap_or_default(),
            _ => ExportResponse::decode(body.clone()).unwrap_or_default(),
        }
    }
}

/// A client that follows no redirect: one would carry headers, and so keys, to another place.
pub(crate) fn client(
    https: bool,
    tls: &TlsFiles,
    timeout: Duration,
) -> Result<reqwest::Client, InitError> {
    let client = reqwest::Client::builder()
        .user_agent(super::transport::USER_AGENT)
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none());
    with_tls(client, https, tls)?.build().map_err(|_| {
        Source::code("endpoint")
            .invalid("cannot be used", "give a URL such as http://localhost:4318")
    })
}

#[cfg(feature = "tls")]
fn with_tls(
    client: reqwest::ClientBuilder,
    https: bool,
    files: &TlsFiles,
) -> Result<reqwest::ClientBuilder, InitError> {
    let tls = if https { super::tls::client_config(files)? } else { super::tls::unused()? };
    Ok(client.tls_backend_preconfigured(tls))
}

#[cfg(not(feature = "tls"))]
fn with_tls(
    client: reqwest::ClientBuilder,
    _: bool,
    _: &TlsFiles,
) -> Result<reqwest::ClientBuilder, InitError> {
    Ok(client)
}

async fn read(mut response: reqwest::Response) -> Result<Bytes, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MOST_ANSWER {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

pub(super) fn verdict_of_error(error: &reqwest::Error) -> Verdict {
    let kind = if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "connect"
    } else {
        "network"
    };
    let mut message = String::new();
    let mut source = std::error::Error::source(error);
    // The error itself names the URL, which may hold a password; its causes do not.
    while let Some(inner) = source {
        message = inner.to_string();
        source = inner.source();
    }
    let speaks_otherwise = ["invalid HTTP version", "http2", "HTTP/2", "unexpected message"]
        .iter()
        .any(|words| message.contains(words));
    let cause = Cause::new(kind, message).hint(speaks_otherwise.then_some(NO_HTTP));
    if error.is_builder() { Verdict::Refused(cause) } else { Verdict::Retry { after: None, cause } }
}

const NO_HTTP: &str = "the receiver does not seem to speak HTTP/1: for OTLP over gRPC, usually on \
                       port 4317, set the protocol to grpc";

fn hint(status: StatusCode, body: &[u8]) -> Option<&'static str> {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some(WRONG_KEY),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            Some("the receiver does not know the path: check the endpoint")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE if body.starts_with(b"invalid gRPC") => Some(NO_HTTP),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Some("the receiver does not take this form: check protocol and compression")
        }
        _ => None,
    }
}

/// What a receiver wrote, if it is text.
fn words(body: &Bytes) -> String {
    if let Ok(status) = RpcStatus::decode(body.clone())
        && !status.message.is_empty()
        && !status.message.chars().any(char::is_control)
    {
        return status.message;
    }
    match std::str::from_utf8(body) {
        Ok(text) => text.trim().to_owned(),
        Err(_) => String::new(),
    }
}

/// The body of an OTLP error.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

fn json_answer(body: &[u8]) -> Option<ExportResponse> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let partial = answer.get("partialSuccess")?;
    let rejected = ["rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"]
        .iter()
        .find_map(|key| partial.get(*key))
        // Protobuf's JSON writes 64 bits as text.
        .and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()));
    let message = partial.get("errorMessage").and_then(|value| value.as_str());
    Some(ExportResponse {
        partial_success: Some(PartialSuccess {
            rejected: rejected.unwrap_or(0),
            error_message: message.unwrap_or_default().to_owned(),
        }),
    })
}

/// Seconds, or a date.
pub(super) fn retry_after(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO))
}
