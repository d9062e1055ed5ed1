use HeaderMistake::{NoBase64, Quotes, TwiceEncoded, Unfilled};
use Symptom::{
    Grpc, Hangs, Header, Moved, NameUnknown, NoCredentials, Page, Refused, Silent, Skew,
    SpeaksHttp1, SpeaksHttp2, SpeaksSomethingElse, Status, Tls, Unreachable, WantsTls,
};
use TlsMistake::{ClientCertificate, Expired, NotSpoken, NotYetValid, UnknownIssuer, WrongName};

use super::*;
use crate::doctor::case::{HeaderMistake, TlsMistake};
use crate::signal::Signal;

/// Where something is seen, unless a case says otherwise.
fn case(symptom: Symptom) -> Case {
    Case {
        symptom,
        signal: Signal::Traces,
        protocol: OtlpProtocol::HttpProtobuf,
        https: true,
        host: "collector.example.com".into(),
        port: 4318,
        path: "/v1/traces".into(),
        has_key: true,
        backend: None,
        in_container: false,
        endpoint: "the endpoint".into(),
        protocol_setting: "the protocol".into(),
        headers: "the headers".into(),
    }
}

fn at(host: &str, case: Case) -> Case {
    Case { host: host.into(), ..case }
}

fn grpc(code: &str) -> Symptom {
    Grpc(code.into())
}

/// One case for each row of the table, by what it is about.
fn cases() -> Vec<(&'static str, Case)> {
    let logs = |symptom| Case { signal: Signal::Logs, path: "/v1/logs".into(), ..case(symptom) };
    vec![
        ("Headers", case(Header(Quotes))),
        ("Headers", case(Header(Unfilled))),
        ("Headers", case(Header(TwiceEncoded))),
        ("Headers", case(Header(NoBase64))),
        ("Headers", case(NoCredentials)),
        ("Connections", Case { in_container: true, ..at("collector", case(NameUnknown)) }),
        ("Connections", at("collector", case(NameUnknown))),
        ("Connections", case(NameUnknown)),
        ("Connections", Case { in_container: true, ..at("localhost", case(Refused)) }),
        ("Connections", Case { port: 80, https: false, ..case(Refused) }),
        ("Connections", at("localhost", case(Refused))),
        ("Connections", case(Refused)),
        ("Connections", case(Unreachable)),
        ("TLS", case(Tls(NotSpoken))),
        ("TLS", case(WantsTls)),
        ("TLS", case(Tls(UnknownIssuer))),
        ("TLS", case(Tls(WrongName))),
        ("TLS", case(Tls(Expired))),
        ("TLS", case(Tls(NotYetValid))),
        ("TLS", case(Tls(ClientCertificate))),
        ("TLS", case(Tls(TlsMistake::Other))),
        ("Protocols", Case { port: 4317, ..case(SpeaksHttp2) }),
        ("Protocols", case(SpeaksHttp2)),
        ("Protocols", case(SpeaksHttp1)),
        ("Protocols", Case { port: 4317, ..case(SpeaksHttp1) }),
        ("Protocols", case(SpeaksSomethingElse)),
        ("Protocols", case(Silent)),
        ("Protocols", case(Hangs)),
        ("Protocols", Case { port: 3000, ..case(Page) }),
        ("Protocols", case(Page)),
        ("Protocols", Case { https: false, ..case(Moved("https://collector".into())) }),
        ("Protocols", case(Moved("https://sign-in.example.com".into()))),
        ("Keys", Case { has_key: false, ..case(Status(401)) }),
        ("Keys", case(Status(401))),
        ("Keys", Case { has_key: false, ..case(grpc("Unauthenticated")) }),
        ("Keys", case(grpc("Unauthenticated"))),
        ("Keys", case(Status(403))),
        ("Keys", case(Status(407))),
        ("Paths", Case { path: "/v1/traces/v1/traces".into(), ..case(Status(404)) }),
        ("Paths", Case { path: "/".into(), ..case(Status(404)) }),
        ("Paths", Case { port: 9090, ..case(Status(404)) }),
        ("Paths", at("otlp-gateway-prod-eu-west-2.grafana.net", case(Status(404)))),
        ("Paths", at("cloud.langfuse.com", case(Status(404)))),
        ("Paths", Case { signal: Signal::Feedback, ..case(Status(404)) }),
        ("Paths", logs(Status(404))),
        ("Paths", case(Status(404))),
        ("Paths", logs(grpc("Unimplemented"))),
        ("Paths", case(grpc("Unimplemented"))),
        ("Paths", case(Status(405))),
        ("Requests", Case { protocol: OtlpProtocol::HttpJson, ..case(Status(415)) }),
        ("Requests", case(Status(415))),
        ("Requests", case(Status(413))),
        ("Requests", case(Status(429))),
        ("Requests", case(Status(400))),
        ("Requests", case(Status(503))),
        ("Requests", case(Status(500))),
        ("Requests", case(Skew(300))),
        ("Requests", case(Skew(-300))),
        ("Requests", case(Status(418))),
    ]
}

/// The row that answers; one more than there are where none does.
fn row_of(case: &Case) -> usize {
    ROWS.iter().position(|row| (row.when)(case)).unwrap_or(ROWS.len())
}

#[test]
fn every_row_has_its_case_and_stands_in_no_others_shadow() {
    let answered: Vec<_> = cases().iter().map(|(_, case)| row_of(case)).collect();
    assert_eq!(answered, (0..=ROWS.len()).collect::<Vec<_>>());
}

#[test]
fn no_sentence_is_left_unfilled() {
    for (_, case) in cases() {
        let Finding { seen, mistake, remedy } = finding(&case);
        for sentence in [seen, mistake, remedy] {
            let unfilled = sentence.contains(['{', '}']);
            assert!(!unfilled && !sentence.is_empty(), "{case:?}: {sentence}");
        }
    }
}

#[test]
fn a_port_that_is_known_for_something_else_says_so_whatever_is_seen_there() {
    for symptom in [Refused, Status(404), Hangs, SpeaksHttp2, WantsTls, Page] {
        let found = finding(&Case { port: 14268, ..case(symptom) });
        assert_eq!(found.mistake, "14268 is Jaeger's Thrift port; OTLP is 4317 / 4318");
        assert_eq!(found.remedy, "set the endpoint to http://collector.example.com:4318");
    }
    for symptom in [NameUnknown, Tls(Expired), Status(401), Skew(300)] {
        let found = finding(&Case { port: 14268, ..case(symptom) });
        assert!(!found.mistake.contains("Jaeger"), "{}", found.mistake);
    }
}

#[test]
fn who_knows_the_product_knows_better() {
    static FACTS: crate::config::BackendFacts = crate::config::BackendFacts {
        product: "Nest",
        protocols: &[OtlpProtocol::HttpProtobuf],
        compressions: &[],
        signals: crate::config::Signals::TRACES,
        refusals: &[(401, "Nest wants a feather")],
    };
    let found = |symptom| finding(&Case { backend: Some(&FACTS), ..case(symptom) }).mistake;
    assert_eq!(found(Status(401)), "Nest wants a feather");
    assert_eq!(found(grpc("Unauthenticated")), "Nest wants a feather");
    assert_eq!(found(Status(415)), "the receiver does not take this compression");
}

/// The table for people, in `docs/troubleshooting.md`.
fn page() -> String {
    let mut page = String::new();
    let mut heading = "";
    for (about, case) in cases() {
        if about != heading {
            heading = about;
            page.push_str(&format!("\n### {about}\n\n| Seen | Likely | Do |\n|---|---|---|\n"));
        }
        let Finding { seen, mistake, remedy } = finding(&case);
        page.push_str(&format!("| {seen} | {mistake} | {remedy} |\n"));
    }
    page.push_str("\n### Ports\n\nOTLP is 4317 over gRPC and 4318 over HTTP.\n\n");
    for (_, known) in PORTS {
        page.push_str(&format!("- {known}\n"));
    }
    page
}

#[test]
fn the_page_for_people_says_the_same() {
    let written = include_str!("../../../../../docs/troubleshooting.md");
    let (_, table) = written.split_once("## By what is seen\n").expect("it has the table");
    assert!(table == page(), "the table in docs/troubleshooting.md is to be:\n{}", page());
}
