//! From what was seen, where, to two sentences.
//!
//! The first row that holds is the answer. Nothing here looks at a network, and `docs/troubleshooting.md` is the
//! same table for people.

use crate::config::OtlpProtocol;
use crate::doctor::case::{Case, HeaderMistake, Symptom, TlsMistake};
use crate::signal::Signal;

use HeaderMistake::{NoBase64, Quotes, TwiceEncoded, Unfilled};
use Symptom::{
    Grpc, Hangs, Header, Moved, NameUnknown, NoCredentials, Page, Refused, Silent, Skew,
    SpeaksHttp1, SpeaksHttp2, SpeaksSomethingElse, Status, Tls, Unreachable, WantsTls,
};
use TlsMistake::{ClientCertificate, Expired, NotSpoken, NotYetValid, UnknownIssuer, WrongName};

/// Ports that are known for something else than OTLP.
pub(super) const PORTS: &[(u16, &str)] = &[
    (14268, "14268 is Jaeger's Thrift port"),
    (14250, "14250 is Jaeger's port for its own gRPC"),
    (6831, "6831 is the port of Jaeger's agent"),
    (6832, "6832 is the port of Jaeger's agent"),
    (16686, "16686 is Jaeger's page for people"),
    (9411, "9411 is Zipkin's port"),
    (8888, "8888 is where the Collector tells its own metrics"),
    (8889, "8889 is where the Collector is scraped"),
    (13133, "13133 is the Collector's health check"),
    (55679, "55679 is the Collector's zPages"),
    (55680, "55680 was OTLP's port before 4317"),
    (55681, "55681 was OTLP's port before 4318"),
    (8126, "8126 is the Datadog agent's port for its own traces"),
    (8125, "8125 is the port of StatsD"),
    (3200, "3200 is where Tempo is asked"),
    (24224, "24224 is the port of Fluentd"),
];

/// When something is likely wrong, what that is, and what to do.
pub(super) struct Row {
    pub(super) when: fn(&Case) -> bool,
    pub(super) mistake: &'static str,
    pub(super) remedy: &'static str,
}

const fn row(when: fn(&Case) -> bool, mistake: &'static str, remedy: &'static str) -> Row {
    Row { when, mistake, remedy }
}

/// The table.
pub(super) const ROWS: &[Row] = &[
    // What headers hold.
    row(
        |c| c.symptom == Header(Quotes),
        "the quotation marks are sent too: the shell or the file kept them",
        "take the quotation marks out of {headers}",
    ),
    row(
        |c| c.symptom == Header(Unfilled),
        "the placeholder was not filled in",
        "put the key itself into {headers}; nothing here fills in variables",
    ),
    row(
        |c| c.symptom == Header(TwiceEncoded),
        "the value was percent-encoded twice, or in code, where nothing decodes it",
        "percent-encode once in a variable, and not at all in code: see {headers}",
    ),
    row(
        |c| c.symptom == Header(NoBase64),
        "user and password were not encoded",
        "set {headers} to `Basic` and the base64 of `user:password`",
    ),
    row(
        |c| c.symptom == NoCredentials,
        "the function given to `credentials` has none now",
        "look at what it reads",
    ),
    // Whether anybody is there.
    row(
        |c| c.symptom == NameUnknown && c.in_container && !c.host.contains('.'),
        "the name belongs to another network: containers know the names of their own",
        "put both into one network, or set {endpoint} to a name that is known here",
    ),
    row(
        |c| c.symptom == NameUnknown && !c.host.contains('.'),
        "`{host}` is a name of a container or a cluster, and this program runs outside of it",
        "set {endpoint} to a name that is known here, such as localhost",
    ),
    row(
        |c| c.symptom == NameUnknown,
        "the host is misspelt, or there is no network",
        "check the host in {endpoint}",
    ),
    row(
        |c| c.symptom == Refused && c.in_container && c.is_local(),
        "inside a container, localhost is the container itself",
        "set {endpoint} to the receiver's name, or to host.docker.internal for this machine",
    ),
    row(
        |c| c.symptom == Refused && c.port == 80 && !c.https,
        "no port was given, and 80 was taken",
        "set {endpoint} to http://{host}:4318",
    ),
    row(
        |c| c.symptom == Refused && c.is_local(),
        "no receiver runs there",
        "start one (`docker compose -f docker-compose.telemetry.yml up`), or set {endpoint} to where it is",
    ),
    row(
        |c| c.symptom == Refused,
        "nothing listens on port {port} there",
        "check host and port in {endpoint}",
    ),
    row(
        |c| c.symptom == Unreachable,
        "a firewall, a security group or a VPN is in between, or the port is wrong",
        "let connections to {host}:{port} through, or set HTTPS_PROXY for OTLP over HTTP",
    ),
    // TLS.
    row(
        |c| c.symptom == Tls(NotSpoken),
        "the receiver speaks without TLS",
        "begin {endpoint} with http://",
    ),
    row(
        |c| c.symptom == WantsTls,
        "the receiver speaks TLS alone",
        "begin {endpoint} with https://",
    ),
    row(
        |c| c.symptom == Tls(UnknownIssuer),
        "it is a certificate of one's own, or a proxy looks into TLS",
        "set OTEL_EXPORTER_OTLP_CERTIFICATE, or `certificate`, to the authority's certificate in PEM",
    ),
    row(
        |c| c.symptom == Tls(WrongName),
        "the endpoint names the receiver otherwise than its certificate does",
        "set {endpoint} to the name in the certificate",
    ),
    row(
        |c| c.symptom == Tls(Expired),
        "it was not renewed, or the clock of this machine is ahead",
        "renew the receiver's certificate, or set the clock",
    ),
    row(|c| c.symptom == Tls(NotYetValid), "the clock of this machine is behind", "set the clock"),
    row(
        |c| c.symptom == Tls(ClientCertificate),
        "the receiver knows clients by their certificate",
        "set OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and _CLIENT_KEY, or `client_identity`",
    ),
    row(
        |c| matches!(c.symptom, Tls(_)),
        "receiver and client have no version or cipher of TLS in common, or something in between ends it",
        "check that {host}:{port} is the receiver itself",
    ),
    // Protocols.
    row(
        |c| c.symptom == SpeaksHttp2 && c.port == 4317,
        "4317 is OTLP over gRPC",
        "set {protocol} to grpc, or the port in {endpoint} to 4318",
    ),
    row(
        |c| c.symptom == SpeaksHttp2,
        "it speaks gRPC, and is spoken to in HTTP",
        "set {protocol} to grpc",
    ),
    row(
        |c| c.symptom == SpeaksHttp1 && c.port == 4318,
        "4318 is OTLP over HTTP",
        "set {protocol} to http/protobuf, or the port in {endpoint} to 4317",
    ),
    row(
        |c| c.symptom == SpeaksHttp1,
        "it speaks HTTP, and is spoken to in gRPC",
        "set {protocol} to http/protobuf",
    ),
    row(
        |c| c.symptom == SpeaksSomethingElse,
        "it is no receiver of OTLP",
        "check the port in {endpoint}: OTLP is 4317 (gRPC) or 4318 (HTTP)",
    ),
    row(
        |c| c.symptom == Silent,
        "the receiver is overloaded, or it is no receiver of OTLP",
        "check the port in {endpoint}; give requests more time by `timeout`",
    ),
    row(
        |c| c.symptom == Hangs,
        "what listens there wants another protocol, or ends connections of clients that it does not know",
        "check the port in {endpoint}, and {protocol}",
    ),
    row(
        |c| c.symptom == Page && c.port == 3000,
        "that is the product's page for people",
        "add the path of its API for OTLP to {endpoint}",
    ),
    row(
        |c| c.symptom == Page,
        "that is a page for people, not an API",
        "set {endpoint} to the receiver's address for OTLP; often the same host with another port or path",
    ),
    row(
        |c| matches!(c.symptom, Moved(_)) && !c.https,
        "the host redirects to HTTPS, and redirects are not followed, since keys would go along",
        "begin {endpoint} with https://",
    ),
    row(
        |c| matches!(c.symptom, Moved(_)),
        "the host has moved, or wants people to sign in; redirects are not followed, since keys would go along",
        "set {endpoint} to where it is now",
    ),
    // Keys.
    row(
        |c| c.symptom == Status(401) && !c.has_key,
        "no key is sent",
        "set {headers}, such as authorization=Bearer%20…",
    ),
    row(
        |c| matches!(c.symptom, Status(401)),
        "the key is wrong, has ended, or belongs to another region or project",
        "check {headers}, and that host and key are of one region",
    ),
    row(
        |c| c.symptom == Grpc("Unauthenticated".into()) && !c.has_key,
        "no key is sent",
        "set {headers}, such as authorization=Bearer%20…",
    ),
    row(
        |c| c.symptom == Grpc("Unauthenticated".into()),
        "the key is wrong, has ended, or belongs to another region or project",
        "check {headers}, and that host and key are of one region",
    ),
    row(
        |c| c.symptom == Status(403) || c.symptom == Grpc("PermissionDenied".into()),
        "the key is known, and may not write here",
        "use a key that may write, of this project, in {headers}",
    ),
    row(
        |c| c.symptom == Status(407),
        "a proxy wants to know who is there",
        "put user and password into HTTPS_PROXY",
    ),
    // Paths.
    row(
        |c| c.symptom == Status(404) && twice(&c.path),
        "the path of OTLP stands there twice",
        "leave {signal_path} out of {endpoint}: it is added",
    ),
    row(
        |c| {
            c.symptom == Status(404)
                && c.signal != Signal::Feedback
                && !c.path.ends_with(c.signal.http_path())
        },
        "the endpoint of one signal is taken as it is, and lacks OTLP's path",
        "add {signal_path} to {endpoint}",
    ),
    row(
        |c| c.symptom == Status(404) && c.port == 9090,
        "Prometheus takes OTLP below /api/v1/otlp, and only if it is told to",
        "set {endpoint} to http://{host}:9090/api/v1/otlp, and start Prometheus with --web.enable-otlp-receiver",
    ),
    row(
        |c| c.symptom == Status(404) && c.host.ends_with("grafana.net"),
        "Grafana Cloud takes OTLP below /otlp",
        "add /otlp to {endpoint}",
    ),
    row(
        |c| c.symptom == Status(404) && c.host.contains("langfuse"),
        "Langfuse takes OTLP below /api/public/otel",
        "add /api/public/otel to {endpoint}, or use the preset",
    ),
    row(
        |c| c.symptom == Status(404) && c.signal == Signal::Feedback,
        "there is no such API below that base",
        "check the base of the `FeedbackApi`",
    ),
    row(
        |c| c.symptom == Status(404) && c.signal != Signal::Traces,
        "the receiver takes no {signal}",
        "leave {signal} out: OTEL_{SIGNAL}_EXPORTER=none, or `signals`",
    ),
    row(
        |c| c.symptom == Status(404),
        "the receiver takes OTLP below another path",
        "check the path in {endpoint}; {signal_path} is added to it",
    ),
    row(
        |c| c.symptom == Grpc("Unimplemented".into()) && c.signal != Signal::Traces,
        "the receiver takes no {signal}",
        "leave {signal} out: OTEL_{SIGNAL}_EXPORTER=none, or `signals`",
    ),
    row(
        |c| c.symptom == Grpc("Unimplemented".into()),
        "what answers speaks gRPC, and is no receiver of OTLP",
        "check the port in {endpoint}: OTLP over gRPC is 4317",
    ),
    row(
        |c| c.symptom == Status(405),
        "something else than a receiver of OTLP has this path",
        "check host, port and path in {endpoint}",
    ),
    // What is sent.
    row(
        |c| c.symptom == Status(415) && c.protocol == OtlpProtocol::HttpJson,
        "the receiver takes protobuf alone",
        "set {protocol} to http/protobuf",
    ),
    row(
        |c| c.symptom == Status(415),
        "the receiver does not take this compression",
        "set OTEL_EXPORTER_OTLP_COMPRESSION, or `compression`, to gzip or none",
    ),
    row(
        |c| c.symptom == Status(413),
        "the receiver takes less than one span",
        "ask who runs it to take more",
    ),
    row(
        |c| c.symptom == Status(429) || c.symptom == Grpc("ResourceExhausted".into()),
        "the key's limit of requests is used up",
        "send less at once, or ask for a higher limit; what is sent is tried again meanwhile",
    ),
    row(
        |c| matches!(c.symptom, Status(400 | 422)) || c.symptom == Grpc("InvalidArgument".into()),
        "a field is missing that the receiver wants, in a header or in the resource",
        "look up what it asks for beside the key",
    ),
    row(
        |c| matches!(c.symptom, Status(502..=504)),
        "a proxy is there, and the receiver behind it is not",
        "look at the receiver; what is sent is tried again meanwhile",
    ),
    row(|c| matches!(c.symptom, Status(500..)), "the receiver fails", "look at its log"),
    row(
        |c| matches!(c.symptom, Skew(1..)),
        "the clock of this machine is ahead: spans seem to come from the future",
        "set the clock, by NTP",
    ),
    row(
        |c| matches!(c.symptom, Skew(_)),
        "the clock of this machine is behind: spans seem to be old, and may be refused",
        "set the clock, by NTP",
    ),
];

/// What to say where no row holds.
pub(super) const ELSE: Row = row(
    |_| true,
    "the receiver does not take OTLP as it is sent",
    "check {endpoint} and {protocol}",
);

/// Whether the path of some signal stands in the path twice.
fn twice(path: &str) -> bool {
    let ends = Signal::OTLP.iter().filter_map(|signal| path.strip_suffix(signal.http_path()));
    ends.into_iter().any(|rest| {
        Signal::OTLP.iter().any(|signal| rest.trim_end_matches('/').ends_with(signal.http_path()))
    })
}
