//! Mistakes that only the wire can tell: one warning, which names the endpoint, the protocol and what is
//! likely wrong, and no secret.

mod support;

use std::time::Duration;

use spanwise::{Environment, Generation, Provider, TelemetryConfig, TracingMode};
use support::{Answer, Child, Receiver, Said, block_on, child};

/// Records and shuts down by the variables of the process alone.
fn by_the_environment() {
    let config = TelemetryConfig::from_env().unwrap().tracing(TracingMode::HandOver);
    block_on(async {
        let telemetry = spanwise::init_telemetry(config).unwrap();
        for _ in 0..3 {
            Generation::chat(Provider::OpenAi, "gpt-4o").input("canary-prompt").start().finish();
            telemetry.flush_within(Duration::from_secs(2)).await;
        }
        telemetry.shutdown_within(Duration::from_secs(3)).await
    });
}

/// What the child says with these variables, and with little patience.
fn said(child: &Child, variables: &[(&str, &str)]) -> Said {
    let soon =
        ["OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BLRP_EXPORT_TIMEOUT", "OTEL_METRIC_EXPORT_TIMEOUT"];
    child.run(&[&soon.map(|variable| (variable, "400")), variables].concat())
}

#[track_caller]
fn warned_once(said: &Said) -> &str {
    let warnings = said.stderr.lines().filter(|line| line.starts_with("spanwise: "));
    // What is lost by it in the end is no mistake of its own.
    let warnings: Vec<&str> =
        warnings.filter(|warning| !warning.contains("when shutdown's time was over")).collect();
    assert_eq!(warnings.len(), 1, "{}", said.stderr);
    assert!(!said.stderr.contains("canary"), "{}", said.stderr);
    warnings[0]
}

#[test]
fn a_grpc_endpoint_that_speaks_http_is_one_warning() {
    let child = child!(by_the_environment());
    let receiver = Receiver::start();
    let said = said(
        &child,
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.http_url()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=canary"),
        ],
    );
    let warning = warned_once(&said);
    let endpoint = receiver.http.to_string();
    for part in [endpoint.as_str(), "over grpc", "set the protocol to http/protobuf"] {
        assert!(warning.contains(part), "{warning}");
    }
}

#[test]
fn an_http_endpoint_that_speaks_grpc_is_one_warning() {
    let child = child!(by_the_environment());
    let receiver = Receiver::start();
    let said = said(
        &child,
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.grpc_url()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=canary"),
        ],
    );
    let warning = warned_once(&said);
    let endpoint = receiver.grpc.to_string();
    for part in [endpoint.as_str(), "over http/protobuf", "set the protocol to grpc"] {
        assert!(warning.contains(part), "{warning}");
    }
}

/// What is said where the receiver refuses everything so.
fn refused(child: &Child, answer: Answer, protocol: &str) -> String {
    let receiver = Receiver::start();
    receiver.answer_all(answer);
    let url = if protocol == "grpc" { receiver.grpc_url() } else { receiver.http_url() };
    let said = said(
        child,
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &url),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20canary-key"),
        ],
    );
    warned_once(&said).to_owned()
}

#[test]
fn a_key_that_is_not_accepted_is_one_warning_that_does_not_show_it() {
    let child = child!(by_the_environment());
    let unauthorised = Answer::Http(401, None, "no such key: canary-key");
    let warning = refused(&child, unauthorised, "http/protobuf");
    assert!(warning.contains("401; the receiver does not accept the key"), "{warning}");

    let status = tonic::Status::unauthenticated("no such key: canary-key");
    let warning = refused(&child, Answer::Grpc(status), "grpc");
    assert!(warning.contains("Unauthenticated; the receiver does not accept the key"), "{warning}");
}

#[test]
fn a_path_that_the_receiver_does_not_know_is_one_warning() {
    let child = child!(by_the_environment());
    let warning = refused(&child, Answer::Http(404, None, "404 page not found"), "http/json");
    assert!(warning.contains("/v1/"), "{warning}");
    assert!(warning.contains("check the endpoint"), "{warning}");
}

#[test]
fn what_the_environment_says_wrongly_is_said_once_at_the_start() {
    let child = child!(by_the_environment());
    let receiver = Receiver::start();
    let said = said(
        &child,
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.http_url()),
            ("OTEL_METRIC_EXPORT_INTERVAL", "canary"),
        ],
    );
    assert_eq!(
        warned_once(&said),
        "spanwise: OTEL_METRIC_EXPORT_INTERVAL is set but is not a whole number of milliseconds; the \
         default of 60000 ms is in force"
    );
    assert_eq!(receiver.spans().len(), 3);
}

#[test]
fn an_empty_environment_made_by_hand_is_not_the_processs() {
    let child = child!({
        let config = TelemetryConfig::new("test").environment(Environment::empty());
        drop(spanwise::init_telemetry(config).unwrap());
    });
    let said = child.run(&[("OTEL_BSP_MAX_QUEUE_SIZE", "many")]);
    assert_eq!(said.stderr.lines().filter(|line| line.starts_with("spanwise")).count(), 0);
}
