//! One signal's way to a destination, tried step by step until something is wrong.

#[cfg(feature = "http")]
mod over_http;

use std::time::SystemTime;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use spanwise_core::SCOPE_NAME;

use super::Way;
use super::case::{Case, Symptom, TlsMistake};
use super::report::{Check, CheckResult, Outcome, WayDiagnosis};
use super::wire::{self, Spoken};
use super::{headers, remedies};
use crate::config::{Endpoint, Origin, OtlpProtocol};
use crate::export::lane::otlp;
use crate::export::lane::verdict::{Cause, Verdict};
use crate::export::request::{Form, Request};
use crate::signal::Signal;

/// The name of the span that is sent.
const PROBE: &str = "spanwise doctor";

pub(super) async fn probe(way: Way) -> WayDiagnosis {
    let mut look = Look { way, checks: Vec::new() };
    // What was wrong is among the checks.
    let _ = look.run().await;
    let Look { way, checks } = look;
    WayDiagnosis {
        signal: way.signal.name(),
        endpoint: way.endpoint.url.to_string(),
        protocol: way.endpoint.protocol.name(),
        checks,
    }
}

struct Look {
    way: Way,
    checks: Vec<CheckResult>,
}

/// That something is wrong, and has been said.
struct Stop;

impl Look {
    async fn run(&mut self) -> Result<(), Stop> {
        if let Some(mistake) = headers::mistake(&self.way.endpoint.headers) {
            // It is told, and what comes of it as well.
            let _ = self.failed(Check::Headers, Symptom::Header(mistake));
        }
        match self.proxy() {
            Some(variable) => self.passed(Check::Connect, format!("by the proxy in {variable}")),
            None => self.reach().await?,
        }
        match self.way.endpoint.protocol {
            OtlpProtocol::Grpc => self.ask_grpc().await,
            OtlpProtocol::HttpProtobuf | OtlpProtocol::HttpJson => self.ask_http().await,
        }
    }

    fn passed(&mut self, check: Check, what: impl Into<String>) {
        self.checks.push(CheckResult { check, outcome: Outcome::Passed(what.into()) });
    }

    fn failed(&mut self, check: Check, symptom: Symptom) -> Result<(), Stop> {
        let finding = remedies::finding(&self.case(symptom));
        self.checks.push(CheckResult { check, outcome: Outcome::Failed(finding) });
        Err(Stop)
    }

    fn case(&self, symptom: Symptom) -> Case {
        let Way { signal, endpoint, origins, backend, .. } = &self.way;
        let url = &endpoint.url.0;
        let setting = |origin: &Origin, variable: &str, setting: &str| match origin {
            Origin::Variable(name) => name.clone(),
            Origin::Code => format!("`{setting}`"),
            Origin::Preset(product) => format!("`{setting}` of the preset of {product}"),
            Origin::Default if origins.from_env => format!("OTEL_EXPORTER_OTLP_{variable}"),
            Origin::Default => format!("`{setting}`"),
        };
        Case {
            symptom,
            signal: *signal,
            protocol: endpoint.protocol,
            https: url.scheme() == "https",
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default().unwrap_or_default(),
            path: url.path().to_owned(),
            has_key: endpoint.credentials.is_some() || headers::has_key(&endpoint.headers),
            backend: *backend,
            in_container: std::path::Path::new("/.dockerenv").exists(),
            endpoint: setting(&origins.endpoint, "ENDPOINT", "endpoint"),
            protocol_setting: setting(&origins.protocol, "PROTOCOL", "protocol"),
            headers: setting(&origins.headers, "HEADERS", "header"),
        }
    }

    /// The variable whose proxy requests go through; gRPC goes through none.
    fn proxy(&self) -> Option<&'static str> {
        let url = &self.way.endpoint.url.0;
        let variables = match (self.way.endpoint.protocol, url.scheme()) {
            (OtlpProtocol::Grpc, _) => return None,
            (_, "https") => ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
            _ => ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
        };
        let is_set = |name: &str| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
        let variable = variables.into_iter().find(|name| is_set(name))?;
        let host = url.host_str().unwrap_or_default();
        let none = ["NO_PROXY", "no_proxy"].into_iter().find_map(|name| std::env::var(name).ok());
        let none = none.unwrap_or_default();
        let excepted = none.split(',').map(str::trim).filter(|it| !it.is_empty()).any(|it| {
            it == "*" || host == it || host.ends_with(&format!(".{}", it.trim_start_matches('.')))
        });
        (!excepted).then_some(variable)
    }

    /// Name, connection and TLS.
    async fn reach(&mut self) -> Result<(), Stop> {
        let Endpoint { url, protocol, .. } = self.way.endpoint.clone();
        let host = url.0.host_str().unwrap_or_default();
        let port = url.0.port_or_known_default().unwrap_or_default();
        let addresses = match wire::resolve(host, port).await {
            Ok(addresses) => addresses,
            Err(symptom) => return self.failed(Check::Name, symptom),
        };
        let mut shown: Vec<_> = addresses.iter().map(|it| it.ip().to_string()).collect();
        shown.dedup();
        self.passed(Check::Name, format!("{host} is {}", shown.join(", ")));
        let stream = match wire::connect(&addresses).await {
            Ok(stream) => stream,
            Err(symptom) => return self.failed(Check::Connect, symptom),
        };
        self.passed(Check::Connect, format!("to port {port}"));
        if url.0.scheme() == "https" {
            self.shake_hands(stream, protocol == OtlpProtocol::Grpc).await?;
        }
        Ok(())
    }

    #[cfg(all(feature = "tls", any(feature = "grpc", feature = "http")))]
    async fn shake_hands(
        &mut self,
        stream: tokio::net::TcpStream,
        http2: bool,
    ) -> Result<(), Stop> {
        match wire::shake_hands(stream, &self.way.endpoint, http2).await {
            Ok(_) => {
                self.passed(Check::Tls, "the certificate is trusted");
                Ok(())
            }
            Err(symptom) => self.failed(Check::Tls, symptom),
        }
    }

    /// Which cannot be: such an endpoint is no configuration.
    #[cfg(not(all(feature = "tls", any(feature = "grpc", feature = "http"))))]
    async fn shake_hands(&mut self, _: tokio::net::TcpStream, _: bool) -> Result<(), Stop> {
        Ok(())
    }

    /// What is spoken there, over a connection of its own.
    async fn spoken(&self) -> Option<Spoken> {
        let endpoint = &self.way.endpoint;
        let host = endpoint.url.0.host_str().unwrap_or_default();
        let port = endpoint.url.0.port_or_known_default().unwrap_or_default();
        let addresses = wire::resolve(host, port).await.ok()?;
        let stream = wire::connect(&addresses).await.ok()?;
        #[cfg(all(feature = "tls", any(feature = "grpc", feature = "http")))]
        if endpoint.url.0.scheme() == "https" {
            let http2 = endpoint.protocol == OtlpProtocol::Grpc;
            let stream = wire::shake_hands(stream, endpoint, http2).await.ok()?;
            return Some(wire::spoken(stream).await);
        }
        Some(wire::spoken(stream).await)
    }

    /// The request: one span, or no metric and no log record.
    fn body(&self) -> Bytes {
        let form = match self.way.endpoint.protocol {
            #[cfg(feature = "http")]
            OtlpProtocol::HttpJson => Form::Json,
            _ => Form::Protobuf,
        };
        let request = match self.way.signal {
            Signal::Traces => Request::Traces(one_span(&self.way.service)),
            Signal::Metrics => Request::Metrics(ExportMetricsServiceRequest::default()),
            Signal::Logs | Signal::Feedback => Request::Logs(ExportLogsServiceRequest::default()),
        };
        request.encode_as(form).unwrap_or_default()
    }

    #[cfg(not(feature = "http"))]
    async fn ask_http(&mut self) -> Result<(), Stop> {
        Err(Stop)
    }

    async fn ask_grpc(&mut self) -> Result<(), Stop> {
        let transport = match otlp::connect(&self.way.endpoint) {
            Ok(connect) => connect(),
            Err(_) => return Err(Stop),
        };
        let verdict = transport.send(self.way.signal, self.body()).await;
        match &verdict {
            Verdict::Accepted | Verdict::Partial { .. } => {
                self.passed(Check::Protocol, self.way.endpoint.protocol.name());
                self.takes(&verdict);
                Ok(())
            }
            _ => {
                let cause = cause_of(&verdict);
                let is_answer = cause.hint.is_none() || verdict.is_wrong_key();
                const ANSWERS: [&str; 7] = [
                    "Unauthenticated",
                    "PermissionDenied",
                    "Unimplemented",
                    "InvalidArgument",
                    "ResourceExhausted",
                    "NotFound",
                    "FailedPrecondition",
                ];
                let symptom = if is_answer && ANSWERS.contains(&cause.kind.as_str()) {
                    Symptom::Grpc(cause.kind.clone())
                } else {
                    self.unanswered(&cause).await
                };
                let holds_nothing = self.way.signal != Signal::Traces;
                if holds_nothing && symptom == Symptom::Grpc("InvalidArgument".to_owned()) {
                    self.takes(&Verdict::Accepted);
                    return Ok(());
                }
                self.failed(check_of(&symptom), symptom)
            }
        }
    }

    /// The receiver takes what it was sent.
    fn takes(&mut self, verdict: &Verdict) {
        self.passed(Check::Path, self.way.endpoint.url.0.path().to_owned());
        self.passed(
            Check::Auth,
            if self.case(Symptom::Silent).has_key { "accepted" } else { "none is wanted" },
        );
        let what = match self.way.signal {
            Signal::Traces => format!("a span named `{PROBE}`"),
            signal => format!("{}, tried with none of it", signal.name()),
        };
        let what = match verdict {
            Verdict::Partial { rejected, .. } if *rejected > 0 => {
                format!("{what}, and did not keep it")
            }
            _ => what,
        };
        self.passed(Check::Accepted, what);
    }

    /// What it means that no answer came that could be read.
    async fn unanswered(&self, cause: &Cause) -> Symptom {
        if cause.kind == "credentials" {
            return Symptom::NoCredentials;
        }
        if cause.message.contains("CertificateRequired") {
            return Symptom::Tls(TlsMistake::ClientCertificate);
        }
        let is_grpc = self.way.endpoint.protocol == OtlpProtocol::Grpc;
        match self.spoken().await {
            Some(Spoken::Tls) => Symptom::WantsTls,
            Some(Spoken::WantsCertificate) => Symptom::Tls(TlsMistake::ClientCertificate),
            Some(Spoken::Http2) if !is_grpc => Symptom::SpeaksHttp2,
            Some(Spoken::Http1) if is_grpc => Symptom::SpeaksHttp1,
            Some(Spoken::Http2) if cause.hint.is_some() => Symptom::SpeaksHttp1,
            Some(Spoken::SomethingElse) => Symptom::SpeaksSomethingElse,
            _ if cause.kind == "timeout" => Symptom::Silent,
            _ => Symptom::Hangs,
        }
    }
}

fn cause_of(verdict: &Verdict) -> Cause {
    match verdict {
        Verdict::TooLarge(cause)
        | Verdict::Malformed(cause)
        | Verdict::Refused(cause)
        | Verdict::Retry { cause, .. } => cause.clone(),
        Verdict::Accepted | Verdict::Partial { .. } => Cause::new("", ""),
    }
}

/// What it is that failed.
fn check_of(symptom: &Symptom) -> Check {
    match symptom {
        Symptom::Header(_) => Check::Headers,
        Symptom::NameUnknown => Check::Name,
        Symptom::Refused | Symptom::Unreachable => Check::Connect,
        Symptom::Tls(_) | Symptom::WantsTls => Check::Tls,
        Symptom::Status(401 | 403 | 407) | Symptom::NoCredentials => Check::Auth,
        Symptom::Grpc(code) if code == "Unauthenticated" || code == "PermissionDenied" => {
            Check::Auth
        }
        Symptom::Status(404 | 405) | Symptom::Page | Symptom::Moved(_) => Check::Path,
        Symptom::Grpc(code) if code == "Unimplemented" => Check::Path,
        Symptom::Status(_) | Symptom::Grpc(_) => Check::Accepted,
        Symptom::Skew(_) => Check::Clock,
        _ => Check::Protocol,
    }
}

fn one_span(service: &str) -> ExportTraceServiceRequest {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(now.as_nanos()).unwrap_or_default();
    let span = Span {
        trace_id: fastrand::u128(1..).to_be_bytes().to_vec(),
        span_id: fastrand::u64(1..).to_be_bytes().to_vec(),
        name: PROBE.to_owned(),
        // Internal.
        kind: 1,
        start_time_unix_nano: now,
        end_time_unix_nano: now,
        ..Span::default()
    };
    let service = KeyValue {
        key: "service.name".to_owned(),
        value: Some(AnyValue { value: Some(Value::StringValue(service.to_owned())) }),
        ..KeyValue::default()
    };
    let scope = InstrumentationScope { name: SCOPE_NAME.to_owned(), ..Default::default() };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource { attributes: vec![service], ..Resource::default() }),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope),
                spans: vec![span],
                ..Default::default()
            }],
            ..Default::default()
        }],
    }
}
