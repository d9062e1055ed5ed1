//! The doctor: mistakes are planted as they are made, each with a real server or setting, and it must name
//! them.

#[allow(unreachable_pub, reason = "a part of this test")]
mod doctor {
    pub mod server;
}
mod support;

use doctor::server::Server;
use spanwise::doctor::{Check, Diagnosis, Finding, Outcome};
use spanwise::{
    Compression, Destination, Environment, FeedbackApi, OtlpDestination, OtlpProtocol,
    SamplingStrategy, Signals, TelemetryConfig,
};
use spanwise_testing::Connections;
use support::{Answer, Certificates, Receiver, block_on, config, isolated};

fn look(config: &TelemetryConfig) -> Diagnosis {
    block_on(config.doctor()).unwrap()
}

/// Traces to this endpoint alone.
fn traces(endpoint: impl Into<String>) -> OtlpDestination {
    Destination::otlp(endpoint).signals(Signals::TRACES)
}

/// The same as variables say it.
fn by_variables<const N: usize>(variables: [(&str, &str); N]) -> TelemetryConfig {
    let only_traces = [("OTEL_METRICS_EXPORTER", "none"), ("OTEL_LOGS_EXPORTER", "none")];
    config().environment(Environment::from_iter(only_traces.into_iter().chain(variables)))
}

/// What was found at the only destination, and where.
#[track_caller]
fn only(diagnosis: &Diagnosis) -> (Check, Finding) {
    let ways = diagnosis.destinations.iter().flat_map(|destination| &destination.ways);
    let found: Vec<_> = ways
        .flat_map(|way| &way.checks)
        .filter_map(|check| match &check.outcome {
            Outcome::Failed(finding) | Outcome::Doubtful(finding) => {
                Some((check.check, finding.clone()))
            }
            Outcome::Passed(_) => None,
        })
        .collect();
    assert_eq!(found.len(), 1, "{diagnosis}");
    found.into_iter().next().unwrap()
}

/// Asserts that this is found, and that so much was fine before.
#[track_caller]
fn finds(config: impl Into<TelemetryConfig>, check: Check, mistake: &str, remedy: &str) {
    let diagnosis = look(&config.into());
    let (found_by, found) = only(&diagnosis);
    assert_eq!((found_by, found.mistake.as_str()), (check, mistake), "{diagnosis}");
    assert_eq!(found.remedy, remedy);
    assert_eq!(diagnosis.is_healthy(), check == Check::Clock, "{diagnosis}");
}

fn to(destination: OtlpDestination) -> TelemetryConfig {
    config().destination(destination)
}

#[test]
fn jaegers_thrift_port_is_known_by_its_number() {
    let server =
        Server::at(14268, |_| "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".into());
    finds(
        by_variables([("OTEL_EXPORTER_OTLP_ENDPOINT", &server.url())]),
        Check::Path,
        "14268 is Jaeger's Thrift port; OTLP is 4317 / 4318",
        "set OTEL_EXPORTER_OTLP_ENDPOINT to http://127.0.0.1:4318",
    );
}

#[test]
fn grpc_to_a_receiver_of_http() {
    let receiver = Receiver::start();
    finds(
        by_variables([
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.http_url()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ]),
        Check::Protocol,
        "it speaks HTTP, and is spoken to in gRPC",
        "set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf",
    );
}

#[test]
fn http_to_a_receiver_of_grpc() {
    let receiver = Receiver::start();
    finds(
        by_variables([("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.grpc_url())]),
        Check::Protocol,
        "it speaks gRPC, and is spoken to in HTTP",
        "set OTEL_EXPORTER_OTLP_PROTOCOL to grpc",
    );
}

#[test]
fn https_where_there_is_no_tls() {
    let receiver = Receiver::start();
    for (port, protocol) in [
        (receiver.http.port(), OtlpProtocol::HttpProtobuf),
        (receiver.grpc.port(), OtlpProtocol::Grpc),
    ] {
        finds(
            to(traces(format!("https://localhost:{port}")).protocol(protocol)),
            Check::Tls,
            "the receiver speaks without TLS",
            "begin `endpoint` with http://",
        );
    }
}

#[test]
fn http_where_there_is_tls() {
    let receiver = Receiver::start_with_tls(&Certificates::new());
    for (port, protocol) in [
        (receiver.http.port(), OtlpProtocol::HttpProtobuf),
        (receiver.grpc.port(), OtlpProtocol::Grpc),
    ] {
        finds(
            to(traces(format!("http://localhost:{port}")).protocol(protocol)),
            Check::Tls,
            "the receiver speaks TLS alone",
            "begin `endpoint` with https://",
        );
    }
}

#[test]
fn http_where_a_server_says_that_it_wants_https() {
    let server = Server::start(|_| {
        let says = "Client sent an HTTP request to an HTTPS server.\n";
        format!("HTTP/1.0 400 Bad Request\r\ncontent-length: {}\r\n\r\n{says}", says.len())
    });
    finds(
        to(traces(server.url())),
        Check::Tls,
        "the receiver speaks TLS alone",
        "begin `endpoint` with https://",
    );
}

#[test]
fn a_certificate_that_nobody_here_knows() {
    let receiver = Receiver::start_with_tls(&Certificates::new());
    finds(
        to(traces(format!("https://localhost:{}", receiver.http.port()))),
        Check::Tls,
        "it is a certificate of one's own, or a proxy looks into TLS",
        "set OTEL_EXPORTER_OTLP_CERTIFICATE, or `certificate`, to the authority's certificate in PEM",
    );
}

#[test]
fn a_certificate_for_another_name() {
    let certificates = Certificates::new();
    let receiver = Receiver::start_with_tls(&certificates);
    let endpoint = format!("https://127.0.0.1:{}", receiver.grpc.port());
    let destination = traces(endpoint).certificate(certificates.authority_file());
    finds(
        to(destination.protocol(OtlpProtocol::Grpc)),
        Check::Tls,
        "the endpoint names the receiver otherwise than its certificate does",
        "set `endpoint` to the name in the certificate",
    );
}

#[test]
fn a_certificate_that_has_expired() {
    let certificates = Certificates::expired();
    let receiver = Receiver::start_with_tls(&certificates);
    let endpoint = format!("https://localhost:{}", receiver.http.port());
    finds(
        to(traces(endpoint).certificate(certificates.authority_file())),
        Check::Tls,
        "it was not renewed, or the clock of this machine is ahead",
        "renew the receiver's certificate, or set the clock",
    );
}

#[test]
fn a_receiver_that_wants_a_certificate_of_the_client() {
    let certificates = Certificates::new();
    let receiver = Receiver::start_with_mutual_tls(&certificates);
    for (port, protocol) in [
        (receiver.http.port(), OtlpProtocol::HttpProtobuf),
        (receiver.grpc.port(), OtlpProtocol::Grpc),
    ] {
        let endpoint = format!("https://localhost:{port}");
        let destination = traces(endpoint).certificate(certificates.authority_file());
        let diagnosis = look(&to(destination.protocol(protocol)));
        let (_, found) = only(&diagnosis);
        assert_eq!(found.seen, "the receiver wants a certificate of the client", "{diagnosis}");
    }
}

#[test]
fn a_name_that_is_not_known() {
    finds(
        to(traces("http://nowhere.invalid:4318")),
        Check::Name,
        "the host is misspelt, or there is no network",
        "check the host in `endpoint`",
    );
}

#[test]
fn nobody_there() {
    let receiver = Receiver::start();
    receiver.down();
    let diagnosis = look(&to(traces(receiver.http_url())));
    let (check, found) = only(&diagnosis);
    assert_eq!((check, found.seen.as_str()), (Check::Connect, "the connection was refused"));
}

#[test]
fn somebody_there_who_says_nothing() {
    let receiver = Receiver::start();
    receiver.treat_connections(Connections::Ignore);
    let patience = std::time::Duration::from_millis(300);
    finds(
        to(traces(receiver.http_url()).timeout(patience)),
        Check::Protocol,
        "the receiver is overloaded, or it is no receiver of OTLP",
        "check the port in `endpoint`; give requests more time by `timeout`",
    );
}

#[test]
fn somebody_there_who_speaks_something_else() {
    let server = Server::greeting("SSH-2.0-OpenSSH_9.9\r\n");
    finds(
        to(traces(server.url())),
        Check::Protocol,
        "it is no receiver of OTLP",
        "check the port in `endpoint`: OTLP is 4317 (gRPC) or 4318 (HTTP)",
    );
}

#[test]
fn the_path_of_otlp_twice() {
    let server = Server::otlp_at("/v1/traces");
    let endpoint = format!("{}/v1/traces", server.url());
    finds(
        by_variables([("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]),
        Check::Path,
        "the path of OTLP stands there twice",
        "leave /v1/traces out of OTEL_EXPORTER_OTLP_ENDPOINT: it is added",
    );
}

#[test]
fn the_endpoint_of_one_signal_without_its_path() {
    let server = Server::otlp_at("/v1/traces");
    finds(
        by_variables([("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &server.url())]),
        Check::Path,
        "the endpoint of one signal is taken as it is, and lacks OTLP's path",
        "add /v1/traces to OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    );
}

#[test]
fn a_base_below_which_there_is_no_otlp() {
    let server = Server::otlp_at("/otlp/v1/traces");
    finds(
        to(traces(server.url())),
        Check::Path,
        "the receiver takes OTLP below another path",
        "check the path in `endpoint`; /v1/traces is added to it",
    );
}

#[test]
fn a_signal_that_the_receiver_does_not_take() {
    let server = Server::otlp_at("/v1/traces");
    let signals = Signals { logs: true, ..Signals::TRACES };
    finds(
        to(Destination::otlp(server.url()).signals(signals)),
        Check::Path,
        "the receiver takes no logs",
        "leave logs out: OTEL_LOGS_EXPORTER=none, or `signals`",
    );
}

#[test]
fn no_key_and_a_wrong_one() {
    let receiver = Receiver::start();
    receiver.answer_all(Answer::Http(401, None, "no such key: canary-key"));
    finds(
        to(traces(receiver.http_url())),
        Check::Auth,
        "no key is sent",
        "set `header`, such as authorization=Bearer%20…",
    );
    finds(
        by_variables([
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.http_url()),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20canary-key"),
        ]),
        Check::Auth,
        "the key is wrong, has ended, or belongs to another region or project",
        "check OTEL_EXPORTER_OTLP_HEADERS, and that host and key are of one region",
    );
    receiver.answer_all(Answer::Grpc(tonic::Status::unauthenticated("canary-key")));
    finds(
        to(traces(receiver.grpc_url()).protocol(OtlpProtocol::Grpc).header("x-api-key", "canary")),
        Check::Auth,
        "the key is wrong, has ended, or belongs to another region or project",
        "check `header`, and that host and key are of one region",
    );
}

#[test]
fn a_key_that_may_not_write() {
    let receiver = Receiver::start();
    receiver.answer_all(Answer::Http(403, None, ""));
    finds(
        to(traces(receiver.http_url()).header("authorization", "Bearer read-only")),
        Check::Auth,
        "the key is known, and may not write here",
        "use a key that may write, of this project, in `header`",
    );
}

#[test]
fn json_to_a_receiver_of_protobuf_alone() {
    let receiver = Receiver::start();
    receiver.answer_all(Answer::Http(415, None, ""));
    finds(
        to(traces(receiver.http_url()).protocol(OtlpProtocol::HttpJson)),
        Check::Accepted,
        "the receiver takes protobuf alone",
        "set `protocol` to http/protobuf",
    );
}

#[test]
fn a_compression_that_the_receiver_does_not_know() {
    let server = Server::start(|request| {
        let status = if request.contains("content-encoding: zstd") {
            "415 Unsupported Media Type"
        } else {
            "200 OK"
        };
        format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")
    });
    finds(
        to(traces(server.url()).compression(Compression::Zstd)),
        Check::Accepted,
        "the receiver does not take this compression",
        "set OTEL_EXPORTER_OTLP_COMPRESSION, or `compression`, to gzip or none",
    );
}

#[test]
fn a_page_for_people() {
    let server = Server::start(|_| {
        let page = "<!doctype html><title>Dashboards</title>";
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html";
        format!("{head}\r\ncontent-length: {}\r\n\r\n{page}", page.len())
    });
    finds(
        to(traces(server.url())),
        Check::Path,
        "that is a page for people, not an API",
        "set `endpoint` to the receiver's address for OTLP; often the same host with another port or path",
    );
}

#[test]
fn a_host_that_redirects_to_https() {
    let server = Server::start(|_| {
        let to = "https://backend.example.com/v1/traces?token=canary";
        format!("HTTP/1.1 308 Permanent Redirect\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
    });
    let diagnosis = look(&to(traces(server.url())));
    let (_, found) = only(&diagnosis);
    assert_eq!(found.seen, "the answer was a redirect to https://backend.example.com");
    assert_eq!(found.remedy, "begin `endpoint` with https://");
}

#[test]
fn clocks_that_are_apart() {
    let server = Server::start(|_| {
        let date = "Tue, 15 Nov 1994 08:12:31 GMT";
        format!("HTTP/1.1 200 OK\r\ndate: {date}\r\ncontent-length: 0\r\n\r\n")
    });
    finds(
        to(traces(server.url())),
        Check::Clock,
        "the clock of this machine is ahead: spans seem to come from the future",
        "set the clock, by NTP",
    );
}

#[test]
fn clocks_that_are_apart_by_what_an_answer_over_grpc_says() {
    let receiver = Receiver::start();
    receiver.answer_all(Answer::AcceptWith("date", "Mon, 15 Nov 2094 08:12:31 GMT"));
    finds(
        to(traces(receiver.grpc_url()).protocol(OtlpProtocol::Grpc)),
        Check::Clock,
        "the clock of this machine is behind: spans seem to be old, and may be refused",
        "set the clock, by NTP",
    );
}

#[test]
fn a_receiver_that_fails_and_one_that_is_not_there_behind_its_proxy() {
    let receiver = Receiver::start();
    for (status, mistake) in [
        (500, "the receiver fails"),
        (503, "a proxy is there, and the receiver behind it is not"),
        (429, "the key's limit of requests is used up"),
        (400, "a field is missing that the receiver wants, in a header or in the resource"),
    ] {
        receiver.answer_all(Answer::Http(status, None, "canary"));
        let diagnosis = look(&to(traces(receiver.http_url())));
        assert_eq!(only(&diagnosis).1.mistake, mistake, "{diagnosis}");
    }
}

#[test]
fn what_headers_hold_that_is_no_key() {
    let receiver = Receiver::start();
    for (value, mistake) in [
        (
            "authorization=\"Bearer canary\"",
            "the quotation marks are sent too: the shell or the file kept them",
        ),
        ("authorization=Bearer ${CANARY_KEY}", "the placeholder was not filled in"),
        ("authorization=Basic canary:canary", "user and password were not encoded"),
        (
            "authorization=Bearer%2520canary",
            "the value was percent-encoded twice, or in code, where nothing decodes it",
        ),
    ] {
        let config = by_variables([
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.http_url()),
            ("OTEL_EXPORTER_OTLP_HEADERS", value),
        ]);
        let diagnosis = look(&config);
        let (check, found) = only(&diagnosis);
        assert_eq!((check, found.mistake.as_str()), (Check::Headers, mistake), "{diagnosis}");
        assert!(found.remedy.contains("OTEL_EXPORTER_OTLP_HEADERS"), "{diagnosis}");
        assert!(!diagnosis.to_string().contains("canary"), "{diagnosis}");
    }
}

#[test]
fn settings_that_send_nothing_anywhere() {
    let receiver = Receiver::start();
    let (endpoint, url) = ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.http_url());
    let found = |config: TelemetryConfig| {
        let diagnosis = look(&config);
        assert!(!diagnosis.is_healthy());
        diagnosis.findings[0].seen.clone()
    };
    let disabled = by_variables([(endpoint, &url), ("OTEL_SDK_DISABLED", "true")]);
    assert_eq!(found(disabled), "telemetry is disabled");
    let nowhere = by_variables([(endpoint, &url), ("OTEL_TRACES_EXPORTER", "none")]);
    assert_eq!(found(nowhere), "nothing goes anywhere");
    let off = by_variables([(endpoint, &url), ("OTEL_TRACES_SAMPLER", "parentbased_always_off")]);
    assert_eq!(found(off), "no span is sampled");
    let off = to(traces(url.clone())).sampling(SamplingStrategy::AlwaysOff);
    assert_eq!(found(off), "no span is sampled");
    let terminal = config();
    assert_eq!(found(terminal), "spans are drawn in the terminal, and leave for nowhere");
}

#[test]
fn a_feedback_api_whose_base_or_key_is_wrong() {
    let server = Server::start(|request| {
        let status = match request {
            _ if !request.starts_with("POST /api/public/scores ") => "404 Not Found",
            _ if !request.contains("authorization: Basic right") => "401 Unauthorized",
            _ => "400 Bad Request",
        };
        format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")
    });
    let scores = |base: String, key| {
        let api = FeedbackApi::langfuse(base).header("authorization", key);
        config().destination(Destination::feedback(api))
    };
    let right = look(&scores(server.url(), "Basic right:right"));
    let passed = right.destinations[0].ways[0].checks.last().unwrap();
    assert_eq!(passed.check, Check::Accepted, "{right}");
    let (check, found) = only(&look(&scores(server.url() + "/api", "Bearer right")));
    assert_eq!(
        (check, found.remedy.as_str()),
        (Check::Path, "check the base of the `FeedbackApi`")
    );
    assert_eq!(only(&look(&scores(server.url(), "Bearer wrong"))).0, Check::Auth);
}

#[test]
fn what_works_is_said_step_by_step_and_nothing_is_kept_but_one_span() {
    let certificates = Certificates::new();
    let receiver = Receiver::start_with_tls(&certificates);
    for (port, protocol) in [
        (receiver.http.port(), OtlpProtocol::HttpProtobuf),
        (receiver.grpc.port(), OtlpProtocol::Grpc),
    ] {
        receiver.take_messages();
        let destination = Destination::otlp(format!("https://localhost:{port}"))
            .protocol(protocol)
            .certificate(certificates.authority_file())
            .header("authorization", "Bearer canary");
        let diagnosis = look(&to(destination));
        assert!(diagnosis.is_healthy() && diagnosis.findings().next().is_none(), "{diagnosis}");
        let ways = &diagnosis.destinations[0].ways;
        assert_eq!(
            ways.iter().map(|way| way.signal).collect::<Vec<_>>(),
            ["traces", "metrics", "logs"]
        );
        for check in
            [Check::Name, Check::Connect, Check::Tls, Check::Protocol, Check::Auth, Check::Accepted]
        {
            assert!(
                ways.iter().all(|way| way.checks.iter().any(|it| it.check == check)),
                "{check:?}"
            );
        }
        assert_eq!(receiver.span_names(), ["spanwise doctor"]);
        assert!(receiver.metrics().is_empty() && receiver.log_records().is_empty());
        assert!(diagnosis.to_string().ends_with("nothing wrong was found"), "{diagnosis}");
    }
}

#[test]
fn each_setting_says_where_it_came_from() {
    let receiver = Receiver::start();
    let url = receiver.http_url();
    let environment = Environment::from_iter([
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "authorization=Bearer%20canary"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "many"),
    ]);
    let config = config().environment(environment).signals(Signals::TRACES);
    let diagnosis = look(&config.protocol(OtlpProtocol::HttpJson));
    let origin = |setting: &str| {
        let own = &diagnosis.destinations[0].settings;
        let all = diagnosis.settings.iter().chain(own);
        all.filter(|it| it.setting == setting).map(|it| it.origin.to_string()).next().unwrap()
    };
    assert_eq!(origin("service_name"), "code");
    assert_eq!(origin("endpoint"), "OTEL_EXPORTER_OTLP_ENDPOINT");
    assert_eq!(origin("headers"), "OTEL_EXPORTER_OTLP_TRACES_HEADERS");
    assert_eq!(origin("protocol"), "code");
    assert_eq!(origin("timeout"), "default");
    assert!(diagnosis.warnings[0].starts_with("OTEL_BSP_MAX_QUEUE_SIZE is set but"), "{diagnosis}");
    let json = diagnosis.to_json();
    assert_eq!(json["healthy"], true);
    assert_eq!(
        json["destinations"][0]["settings"][0]["origin"]["variable"],
        "OTEL_EXPORTER_OTLP_ENDPOINT"
    );
    assert_eq!(json["destinations"][0]["ways"][0]["checks"][0]["check"], "name");
    assert!(!json.to_string().contains("canary"), "{json}");
}

#[test]
fn running_telemetry_is_checked_as_it_runs() {
    isolated!({
        let receiver = Receiver::start();
        let elsewhere = Receiver::start();
        elsewhere.down();
        let config = config()
            .destination(traces(receiver.http_url()).name("one"))
            .destination(traces(elsewhere.grpc_url()).protocol(OtlpProtocol::Grpc).name("other"));
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            let diagnosis = telemetry.doctor().await;
            assert!(!diagnosis.is_healthy());
            assert_eq!(diagnosis.destinations[0].name, "one");
            assert_eq!(only(&diagnosis).1.seen, "the connection was refused");
            assert_eq!(telemetry.report().destination("one").unwrap().traces().accepted, 0);
            telemetry.shutdown_within(std::time::Duration::from_millis(200)).await;
        });
        assert_eq!(receiver.span_names(), ["spanwise doctor"]);
    });
}
