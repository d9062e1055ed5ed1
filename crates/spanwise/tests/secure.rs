//! TLS: who is trusted, who the client is, and what is said when it cannot work.

mod support;

use std::time::Duration;

use spanwise::{
    Destination, InitError, OtlpDestination, OtlpProtocol, Report, TelemetryConfig, Tool,
};
use support::{Certificates, Receiver, block_on, child, config, isolated};

fn url(receiver: &Receiver, protocol: OtlpProtocol) -> String {
    let port = match protocol {
        OtlpProtocol::Grpc => receiver.grpc.port(),
        OtlpProtocol::HttpProtobuf | OtlpProtocol::HttpJson => receiver.http.port(),
    };
    format!("https://localhost:{port}")
}

fn send(destination: OtlpDestination) -> Report {
    block_on(async {
        let config = config().destination(destination).shutdown_timeout(Duration::from_secs(3));
        let telemetry = spanwise::init_telemetry(config).unwrap();
        Tool::new("lookup").start().finish();
        telemetry.shutdown().await
    })
}

fn sends_to_whom_it_trusts(protocol: OtlpProtocol) {
    let certificates = Certificates::new();
    let receiver = Receiver::start_with_tls(&certificates);
    let report = send(
        Destination::otlp(url(&receiver, protocol))
            .protocol(protocol)
            .certificate(certificates.authority_file()),
    );
    assert_eq!(report.destination("otlp").unwrap().traces().exported, 1, "{report}");
    receiver.assert_conformant();
    assert_eq!(receiver.span_names(), ["execute_tool lookup"]);
}

#[test]
fn a_certificate_of_ones_own_is_trusted_over_grpc() {
    isolated!(sends_to_whom_it_trusts(OtlpProtocol::Grpc));
}

#[test]
fn a_certificate_of_ones_own_is_trusted_over_http() {
    isolated!(sends_to_whom_it_trusts(OtlpProtocol::HttpProtobuf));
}

fn shows_who_it_is(protocol: OtlpProtocol) {
    let certificates = Certificates::new();
    let receiver = Receiver::start_with_mutual_tls(&certificates);
    let (certificate, key) = certificates.client_files();
    let report = send(
        Destination::otlp(url(&receiver, protocol))
            .protocol(protocol)
            .certificate(certificates.authority_file())
            .client_identity(certificate, key),
    );
    assert_eq!(report.destination("otlp").unwrap().traces().exported, 1, "{report}");
}

#[test]
fn the_client_shows_who_it_is_over_grpc() {
    isolated!(shows_who_it_is(OtlpProtocol::Grpc));
}

#[test]
fn the_client_shows_who_it_is_over_http() {
    isolated!(shows_who_it_is(OtlpProtocol::HttpProtobuf));
}

fn goes_nowhere(protocol: OtlpProtocol, receiver: Receiver, destination: OtlpDestination) {
    let report = send(destination.protocol(protocol));
    let counts = report.destination("otlp").unwrap().traces();
    assert_eq!((counts.exported, counts.dropped()), (0, 1), "{report}");
    assert_eq!(receiver.requests().len(), 0);
}

#[test]
fn a_client_that_does_not_say_who_it_is_is_turned_away() {
    isolated!({
        let certificates = Certificates::new();
        let receiver = Receiver::start_with_mutual_tls(&certificates);
        let destination = Destination::otlp(url(&receiver, OtlpProtocol::Grpc))
            .certificate(certificates.authority_file());
        goes_nowhere(OtlpProtocol::Grpc, receiver, destination);
    });
}

#[test]
fn nothing_is_sent_to_whom_nobody_vouches_for_over_grpc() {
    isolated!({
        let receiver = Receiver::start_with_tls(&Certificates::new());
        let destination = Destination::otlp(url(&receiver, OtlpProtocol::Grpc));
        goes_nowhere(OtlpProtocol::Grpc, receiver, destination);
    });
}

#[test]
fn nothing_is_sent_to_whom_nobody_vouches_for_over_http() {
    isolated!({
        let receiver = Receiver::start_with_tls(&Certificates::new());
        let destination = Destination::otlp(url(&receiver, OtlpProtocol::HttpProtobuf));
        goes_nowhere(OtlpProtocol::HttpProtobuf, receiver, destination);
    });
}

#[test]
fn certificates_come_from_variables_as_well() {
    let child = child!({
        block_on(async {
            let telemetry = spanwise::init_telemetry(TelemetryConfig::from_env().unwrap()).unwrap();
            Tool::new("lookup").start().finish();
            telemetry.shutdown().await
        });
    });
    let certificates = Certificates::new();
    let receiver = Receiver::start_with_mutual_tls(&certificates);
    let (certificate, key) = certificates.client_files();
    child.run(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &url(&receiver, OtlpProtocol::Grpc)),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", certificates.authority_file().to_str().unwrap()),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", certificate.to_str().unwrap()),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", key.to_str().unwrap()),
    ]);
    receiver.assert_conformant();
    assert_eq!(receiver.span_names(), ["execute_tool lookup"]);
}

#[track_caller]
fn refused(destination: OtlpDestination) -> InitError {
    spanwise::init_telemetry(config().destination(destination)).unwrap_err()
}

fn secure(protocol: OtlpProtocol) -> OtlpDestination {
    Destination::otlp("https://localhost:1").protocol(protocol)
}

#[test]
fn files_that_cannot_be_used_stop_the_start_whatever_the_protocol() {
    let certificates = Certificates::new();
    let broken = "-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----\n";
    let broken = certificates.file("broken.pem", broken);
    let words = certificates.file("words.pem", "canary");
    let (certificate, key) = certificates.client_files();
    for protocol in [OtlpProtocol::Grpc, OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson] {
        let errors = [
            refused(secure(protocol).certificate("/nowhere/at/all.pem")),
            refused(secure(protocol).certificate(&broken)),
            refused(secure(protocol).certificate(&words)),
            refused(secure(protocol).client_identity(&certificate, &words)),
            refused(secure(protocol).client_identity(&broken, &key)),
            // A key that belongs to somebody else.
            refused(secure(protocol).client_identity(
                &certificate,
                certificates.file("other.key", &certificates.server.1),
            )),
        ];
        for (number, error) in errors.iter().enumerate() {
            let setting = if number < 3 { "certificate" } else { "client_identity" };
            let said = error.to_string();
            assert!(said.contains(setting), "{protocol:?} {number}: {said}");
            assert!(!format!("{error:?} {said}").contains("canary"), "{said}");
        }
        assert!(matches!(errors[0], InitError::UnreadableFile { .. }));
    }
}
