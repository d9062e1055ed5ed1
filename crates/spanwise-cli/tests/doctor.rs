//! `spanwise doctor`, as it is run: what it says of an environment, and how it ends.

use std::process::Command;

use serde_json::Value;
use spanwise_testing::{Answer, Receiver};

struct Ran {
    code: i32,
    out: String,
    err: String,
}

/// Runs it with these variables and no others of ours.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spanwise"));
    command.arg("doctor").args(arguments).env_clear().envs(variables.iter().copied());
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(!out.contains("canary") && !err.contains("canary"), "{out}{err}");
    Ran { code: output.status.code().unwrap(), out, err }
}

#[test]
fn an_environment_in_which_all_is_well_ends_with_0() {
    let receiver = Receiver::start();
    let url = receiver.http_url();
    let ran = run(
        &[],
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &url),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20canary-key"),
            ("OTEL_SERVICE_NAME", "support-bot"),
        ],
    );
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let line = |begin: &str| ran.out.lines().find(|line| line.trim_start().starts_with(begin));
    let service = line("service_name").unwrap();
    assert!(service.contains("support-bot") && service.ends_with("OTEL_SERVICE_NAME"), "{service}");
    let headers = line("headers").unwrap();
    assert!(headers.contains("authorization=***"), "{headers}");
    assert!(headers.ends_with("OTEL_EXPORTER_OTLP_HEADERS"), "{headers}");
    assert!(ran.out.contains("✓ accepted  a span named `spanwise doctor`"), "{}", ran.out);
    assert!(ran.out.ends_with("nothing wrong was found\n"), "{}", ran.out);
    assert_eq!(receiver.span_names(), ["spanwise doctor"]);
}

#[test]
fn what_is_wrong_is_said_with_what_to_do_and_ends_with_1() {
    let receiver = Receiver::start();
    let url = receiver.grpc_url();
    let ran = run(&[], &[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    for words in [
        "✗ protocol  what answers speaks HTTP/2 alone",
        "likely: it speaks gRPC, and is spoken to in HTTP",
        "do:     set OTEL_EXPORTER_OTLP_PROTOCOL to grpc",
        "3 things were found",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
}

#[test]
fn json_says_the_same_to_programs() {
    let receiver = Receiver::start();
    receiver.answer_all(Answer::Http(401, None, "no such key: canary-key"));
    let url = receiver.http_url();
    let ran = run(
        &["--json"],
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &url),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=canary-key"),
            ("OTEL_METRICS_EXPORTER", "none"),
            ("OTEL_LOGS_EXPORTER", "none"),
        ],
    );
    assert_eq!(ran.code, 1);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["healthy"], false);
    let way = &json["destinations"][0]["ways"][0];
    assert_eq!((&way["signal"], &way["protocol"]), (&"traces".into(), &"http/protobuf".into()));
    let last = way["checks"].as_array().unwrap().last().unwrap();
    assert_eq!(last["check"], "auth");
    let mistake = last["outcome"]["failed"]["mistake"].as_str().unwrap();
    assert!(mistake.starts_with("the key is wrong"), "{mistake}");
}

#[test]
fn a_preset_is_checked_by_its_products_own_variables() {
    let receiver = Receiver::start();
    let url = receiver.http_url();
    let of_braintrust = [
        ("BRAINTRUST_API_URL", &*url),
        ("BRAINTRUST_PARENT", "project_name:bot"),
        ("BRAINTRUST_API_KEY", "sk-canary"),
    ];
    let ran = run(&["--preset", "Braintrust"], &of_braintrust);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("destination braintrust"), "{}", ran.out);
    assert!(ran.out.contains("preset of Braintrust"), "{}", ran.out);
    assert!(receiver.requests().iter().any(|it| it.path == "/otel/v1/traces"));

    receiver.answer_all(Answer::Http(401, None, "canary"));
    let ran = run(&["--preset", "braintrust"], &of_braintrust);
    assert_eq!(ran.code, 1, "{}", ran.out);

    let ran = run(&["--preset", "braintrust"], &of_braintrust[..2]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("BRAINTRUST_API_KEY"), "{}", ran.err);
}

#[test]
fn an_api_for_scores_is_checked_as_well() {
    let receiver = Receiver::start();
    let url = receiver.http_url();
    let of_langfuse = [
        ("LANGFUSE_BASE_URL", &*url),
        ("LANGFUSE_PUBLIC_KEY", "pk-lf-canary"),
        ("LANGFUSE_SECRET_KEY", "sk-lf-canary"),
    ];
    // It takes traces, and knows nothing of scores.
    let ran = run(&["--preset", "langfuse"], &of_langfuse);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    let (traces, scores) = ran.out.split_once("feedback to").unwrap();
    assert!(traces.contains("✓ accepted"), "{traces}");
    assert!(scores.contains("✗ path      the answer was 404"), "{scores}");
}

#[test]
fn a_preset_that_there_is_not_is_said_with_those_that_there_are() {
    let ran = run(&["--preset", "nest"], &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("there are") && ran.err.contains("phoenix"), "{}", ran.err);
}

#[test]
fn a_configuration_that_cannot_be_used_names_the_variable() {
    let ran = run(&[], &[("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318/canary")]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("OTEL_EXPORTER_OTLP_ENDPOINT has no scheme"), "{}", ran.err);
    let ran = run(&["--nonsense"], &[]);
    assert_eq!(ran.code, 2);
}

#[test]
fn without_an_endpoint_it_says_that_nothing_leaves() {
    let ran = run(&[], &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("do:     set OTEL_EXPORTER_OTLP_ENDPOINT"), "{}", ran.out);
}
