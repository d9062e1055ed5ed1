//! OTLP over gRPC: encoded bytes in, a verdict out.

use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use http::HeaderMap;
use http::uri::PathAndQuery;
use prost::Message as _;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::authorize::{authorized, with};
use super::transport::{Attempt, Transport};
use super::verdict::{Cause, ExportResponse, Verdict, WRONG_KEY};
use crate::config::{Compression, CredentialSource, Endpoint, OutgoingRequest};
use crate::error::{InitError, Source};
use crate::signal::Signal;

/// A channel that is configured, and not made yet: that takes a runtime.
#[derive(Clone, Debug)]
pub(crate) struct GrpcSettings {
    endpoint: tonic::transport::Endpoint,
    headers: HeaderMap,
    credentials: Option<CredentialSource>,
    timeout: Duration,
    compression: Compression,
}

impl GrpcSettings {
    pub(crate) fn new(endpoint: &Endpoint) -> Result<Self, InitError> {
        let source = Source::code("endpoint");
        let wrong = |_| {
            source.invalid("cannot be used for gRPC", "give a URL such as http://localhost:4317")
        };
        let url = endpoint.url.0.as_str().to_owned();
        let channel = tonic::transport::Endpoint::from_shared(url)
            .map_err(wrong)?
            .user_agent(super::transport::USER_AGENT)
            .map_err(wrong)?
            .connect_timeout(endpoint.timeout)
            .tcp_keepalive(Some(Duration::from_secs(60)))
            .http2_keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(10));
        #[cfg(feature = "tls")]
        let channel = match endpoint.url.0.scheme() {
            "https" => with_tls(channel, endpoint)?.map_err(wrong)?,
            _ => channel,
        };
        let headers = endpoint.headers.iter().map(|(n, v)| (n.clone(), v.clone())).collect();
        Ok(Self {
            endpoint: channel,
            headers,
            credentials: endpoint.credentials.clone(),
            timeout: endpoint.timeout,
            compression: endpoint.compression,
        })
    }

    /// The sender. Must be called in the runtime in which it is used.
    pub(crate) fn connect(self) -> GrpcSender {
        let mut client = tonic::client::Grpc::new(self.endpoint.connect_lazy());
        if let Some(encoding) = encoding(self.compression) {
            // Receivers in Go answer as they were asked, whatever the client says that it takes.
            client = client.send_compressed(encoding).accept_compressed(encoding);
        }
        let url = self.endpoint.uri().to_string();
        let (headers, credentials) = (self.headers, self.credentials);
        GrpcSender { client, url, headers, credentials, timeout: self.timeout }
    }
}

fn encoding(compression: Compression) -> Option<tonic::codec::CompressionEncoding> {
    match compression {
        #[cfg(feature = "gzip")]
        Compression::Gzip => Some(tonic::codec::CompressionEncoding::Gzip),
        #[cfg(feature = "zstd")]
        Compression::Zstd => Some(tonic::codec::CompressionEncoding::Zstd),
        // What is not compiled in was refused when it was set.
        _ => None,
    }
}

/// The channel with TLS; an error of ours where the files are wrong, and one of tonic's for the rest.
#[cfg(feature = "tls")]
fn with_tls(
    channel: tonic::transport::Endpoint,
    endpoint: &Endpoint,
) -> Result<Result<tonic::transport::Endpoint, tonic::transport::Error>, InitError> {
    use tonic::transport::{Certificate, ClientTlsConfig, Identity};

    // Says what is wrong with the files in our words, before tonic does in its own.
    super::tls::client_config(&endpoint.tls)?;
    let mut tls = ClientTlsConfig::new();
    tls = match &endpoint.tls.roots {
        Some(roots) => tls.ca_certificate(Certificate::from_pem(&roots.pem.0)),
        None => {
            let tls = tls.with_webpki_roots();
            let system_has_roots = !rustls_native_certs::load_native_certs().certs.is_empty();
            if system_has_roots { tls.with_native_roots() } else { tls }
        }
    };
    if let Some((certificate, key)) = &endpoint.tls.identity {
        tls = tls.identity(Identity::from_pem(&certificate.pem.0, &key.pem.0));
    }
    Ok(channel.tls_config(tls))
}

pub(crate) struct GrpcSender {
    client: tonic::client::Grpc<Channel>,
    url: String,
    headers: HeaderMap,
    credentials: Option<CredentialSource>,
    timeout: Duration,
}

impl Transport for GrpcSender {
    fn send(&self, signal: Signal, body: Bytes) -> Attempt<'_> {
        Box::pin(self.ask(signal, body, |_| {}))
    }
}

impl GrpcSender {
    /// Makes an attempt, and lets `see` look at the metadata of the answer.
    pub(crate) async fn ask(
        &self,
        signal: Signal,
        body: Bytes,
        see: impl Fn(&HeaderMap) + Send + Sync,
    ) -> Verdict {
        let Some(source) = &self.credentials else {
            return self.attempt((signal, body), self.headers.clone(), &see).await;
        };
        let url = format!("{}{}", self.url.trim_end_matches('/'), signal.grpc_method());
        let headers = self.headers.clone();
        let request = OutgoingRequest { signal, url, headers, body: body.clone() };
        authorized(source, request, self.timeout, |credentials| {
            self.attempt((signal, body.clone()), with(self.headers.clone(), credentials), &see)
        })
        .await
    }

    async fn attempt(
        &self,
        request: (Signal, Bytes),
        headers: HeaderMap,
        see: &(impl Fn(&HeaderMap) + Send + Sync),
    ) -> Verdict {
        match tokio::time::timeout(self.timeout, self.call(request, headers, see)).await {
            Ok(verdict) => verdict,
            Err(_) => Verdict::Retry { after: None, cause: Cause::new("timeout", "") },
        }
    }

    async fn call(
        &self,
        (signal, body): (Signal, Bytes),
        headers: HeaderMap,
        see: &(impl Fn(&HeaderMap) + Send + Sync),
    ) -> Verdict {
        let mut client = self.client.clone();
        if let Err(error) = client.ready().await {
            let cause = Cause::new("unavailable", chain(&error)).hint(hint(&chain(&error)));
            return Verdict::Retry { after: None, cause };
        }
        let mut request = tonic::Request::new(body);
        *request.metadata_mut() = MetadataMap::from_headers(headers);
        request.set_timeout(self.timeout);
        let method = PathAndQuery::from_static(signal.grpc_method());
        match client.unary(request, method, Raw).await {
            Ok(response) => {
                see(response.metadata().as_ref());
                response.into_inner().into()
            }
            Err(status) => {
                see(status.metadata().as_ref());
                verdict_of(&status)
            }
        }
    }
}

fn verdict_of(status: &Status) -> Verdict {
    let cause = cause_of(status);
    let after = status.get_details_retry_info().and_then(|info| info.retry_delay);
    let too_large = ["larger than max", "message length too large", "too large"]
        .iter()
        .any(|words| status.message().contains(words));
    match status.code() {
        Code::ResourceExhausted | Code::OutOfRange if too_large => Verdict::TooLarge(cause),
        // Without a time to wait it means that something will not recover.
        Code::ResourceExhausted if after.is_none() => Verdict::Refused(cause),
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => Verdict::Retry { after, cause },
        // What came back was no gRPC; the network, or a receiver that is starting, may do that.
        Code::Unknown | Code::Internal if cause.hint.is_some() => {
            Verdict::Retry { after: None, cause }
        }
        // Nothing came back: the connection broke, whatever code tonic has for that.
        _ if std::error::Error::source(status).is_some() => Verdict::Retry { after: None, cause },
        Code::InvalidArgument => Verdict::Malformed(cause),
        _ => Verdict::Refused(cause),
    }
}

fn cause_of(status: &Status) -> Cause {
    let kind = format!("{:?}", status.code());
    if matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied) {
        // Words on a key may quote it.
        return Cause::new(kind, "").hint(Some(WRONG_KEY));
    }
    let source = std::error::Error::source(status).map(chain).unwrap_or_default();
    let message = if source.is_empty() { status.message().to_owned() } else { source };
    Cause::new(kind, message.as_str()).hint(hint(&format!("{message} {}", status.message())))
}

/// The mistake that an error looks like: mostly, that the receiver speaks HTTP/1, or HTTP without gRPC.
fn hint(message: &str) -> Option<&'static str> {
    if message.contains("Content is compressed with") {
        return Some("the receiver does not take this compression: set another, or none");
    }
    const NO_GRPC: [&str; 8] = [
        "frame with invalid size",
        "invalid HTTP version",
        "invalid compression flag",
        "grpc-status header missing",
        "missing grpc-status",
        "invalid content-type",
        "FRAME_SIZE_ERROR",
        "http2 error",
    ];
    NO_GRPC.iter().any(|words| message.contains(words)).then_some(
        "the receiver does not seem to speak gRPC: for OTLP over HTTP, usually on port 4318, set \
         the protocol to http/protobuf",
    )
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = error.source();
    }
    text
}

/// Bytes go out as they are; the answer is decoded.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = ExportResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, body: Bytes, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        target.put(body);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = ExportResponse;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<ExportResponse>, Status> {
        let bytes = source.copy_to_bytes(source.remaining());
        // A receiver that took the request and answers with something else has still taken it.
        Ok(Some(ExportResponse::decode(bytes).unwrap_or_default()))
    }
}
