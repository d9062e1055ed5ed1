//! One signal's way to a destination, tried step by step until something is wrong.
//!
//! ```text
//! headers ─► reach: name, connection, TLS ─► request ─┬─► over_grpc ─┬─► clock
//!                                                     └─► over_http ─┘
//! ```

#[cfg(any(feature = "grpc", feature = "http"))]
mod clock;
#[cfg(feature = "grpc")]
mod over_grpc;
#[cfg(feature = "http")]
mod over_http;
mod reach;
#[cfg(any(feature = "grpc", feature = "http"))]
mod request;

use super::Way;
use super::case::{Case, Symptom, TlsMistake};
use super::report::{Check, CheckResult, Outcome, WayDiagnosis};
use super::wire::Spoken;
use super::{headers, remedies};
use crate::config::{Origin, OtlpProtocol};
use crate::export::lane::verdict::{Cause, Verdict};
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

    #[cfg(not(feature = "http"))]
    async fn ask_http(&mut self) -> Result<(), Stop> {
        Err(Stop)
    }

    #[cfg(not(feature = "grpc"))]
    async fn ask_grpc(&mut self) -> Result<(), Stop> {
        Err(Stop)
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
