//! The Langfuse preset: what arrives at its address, and that no variable changes or learns anything.

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use spanwise::semconv::SemconvProfile;
use spanwise::{
    ContentCapture, Environment, Generation, InitError, Langfuse, Provider, TelemetryConfig,
    TracingMode, Usage,
};
use spanwise_testing::Conformance;
use support::{Receiver, block_on, child, config, isolated, text};

const PUBLIC: &str = "pk-lf-canary";
const SECRET: &str = "sk-lf-canary";

fn send(config: TelemetryConfig) {
    block_on(async {
        let telemetry = spanwise::init_telemetry(config).unwrap();
        let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
        generation.usage(Usage::new(120, 48));
        generation.finish();
        let report = telemetry.shutdown().await;
        assert_eq!(report.destination("langfuse").unwrap().traces().exported, 1, "{report}");
    });
}

fn credentials() -> String {
    format!("Basic {}", STANDARD.encode(format!("{PUBLIC}:{SECRET}")))
}

#[test]
fn traces_and_nothing_else_arrive_with_the_projects_keys() {
    isolated!({
        let receiver = Receiver::start();
        let langfuse = Langfuse::new(PUBLIC, SECRET).host(receiver.http_url() + "/");
        send(config().preset(langfuse).content_capture(ContentCapture::SpanAndEvent));
        let requests = receiver.requests();
        assert_eq!(requests.len(), 1, "neither metrics nor logs: {requests:?}");
        assert_eq!(requests[0].path, "/api/public/otel/v1/traces");
        assert_eq!(requests[0].headers["authorization"], credentials());
        assert_eq!(requests[0].headers["x-langfuse-ingestion-version"], "4");
        assert_eq!(requests[0].headers["content-type"], "application/x-protobuf");
        assert_eq!(requests[0].headers["content-encoding"], "gzip");
        Conformance::new().profile(SemconvProfile::V1_41).assert(&receiver);
        let span = receiver.span("chat gpt-4o");
        assert_eq!(text(&span.attributes, "gen_ai.usage.input_tokens"), "120");
    });
}

#[test]
fn variables_of_others_neither_change_it_nor_see_its_keys() {
    let child = child!({
        let config = TelemetryConfig::from_env()
            .unwrap()
            .tracing(TracingMode::HandOver)
            .preset(Langfuse::from_env().unwrap())
            .destination(spanwise::Destination::from_env());
        send(config);
    });
    let (langfuse, other) = (Receiver::start(), Receiver::start());
    child.run(&[
        ("LANGFUSE_PUBLIC_KEY", PUBLIC),
        ("LANGFUSE_SECRET_KEY", SECRET),
        ("LANGFUSE_BASE_URL", &langfuse.http_url()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &other.grpc_url()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &other.grpc_url()),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer other,x-langfuse-ingestion-version=1"),
    ]);
    let requests = langfuse.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].headers["authorization"], credentials());
    assert_eq!(requests[0].headers["x-langfuse-ingestion-version"], "4");
    assert_eq!(other.spans().len(), 1);
    for request in other.requests() {
        assert_eq!(request.headers["authorization"], "Bearer other");
    }
}

#[test]
fn the_older_variable_for_the_host_is_understood() {
    let receiver = Receiver::start();
    let environment = Environment::from_iter([
        ("LANGFUSE_PUBLIC_KEY", PUBLIC.to_owned()),
        ("LANGFUSE_SECRET_KEY", SECRET.to_owned()),
        ("LANGFUSE_HOST", receiver.http_url()),
    ]);
    let langfuse = Langfuse::from_environment(&environment).unwrap();
    assert!(format!("{langfuse:?}").contains(&receiver.http.to_string()));
}

#[test]
fn a_missing_key_is_an_error_that_names_its_variable() {
    let only_public = Environment::from_iter([("LANGFUSE_PUBLIC_KEY", PUBLIC)]);
    let error = Langfuse::from_environment(&only_public).unwrap_err();
    assert_eq!(
        error.to_string(),
        "LANGFUSE_SECRET_KEY is empty or missing: set it to the project's key, which begins with sk-lf-"
    );
    let error = spanwise::init_telemetry(config().preset(Langfuse::new("", SECRET))).unwrap_err();
    assert!(matches!(error, InitError::InvalidSetting { .. }), "{error}");
    let broken = Langfuse::new(PUBLIC, SECRET).host("not a url");
    let error = spanwise::init_telemetry(config().preset(broken)).unwrap_err().to_string();
    assert!(error.contains("langfuse") && !error.contains("canary"), "{error}");
}

#[test]
fn keys_are_never_shown() {
    let langfuse = Langfuse::new(PUBLIC, SECRET);
    let config = config().header("x-key", "canary").preset(langfuse.clone());
    let shown = format!("{langfuse:?} {config:?}");
    assert!(!shown.contains("canary") && !shown.contains(&credentials()), "{shown}");
}
