//! What the rows of troubleshooting and of deployment say, shown where something is wrong.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use spanwise::{Agent, OtlpProtocol, Signals, propagate_closure};
use yaml_serde::Value as Yaml;

use crate::proofs::chat;
use crate::running::alone;
use crate::support::{PATIENCE, Receiver, block_on, config};

/// While nobody takes it, the report says so; once somebody does, it is all there.
pub(crate) fn undelivered() {
    alone("auto-optimizer: Traces Not Appearing", || {
        let receiver = Receiver::start();
        receiver.down();
        let telemetry = spanwise::init_telemetry(config().endpoint(receiver.http_url())).unwrap();
        chat("late".into()).finish();
        let report = block_on(telemetry.flush_within(Duration::from_millis(500)));
        let otlp = report.destination("otlp").unwrap();
        assert!(!report.complete && otlp.traces().exported == 0, "{report}");
        assert!(receiver.span_names().is_empty());
        receiver.up();
        let report = block_on(telemetry.flush_within(PATIENCE));
        let otlp = report.destination("otlp").unwrap();
        assert!(
            report.complete && otlp.traces().exported == 1 && report.dropped() == 0,
            "{report}"
        );
        assert_eq!(receiver.span_names(), ["chat late"]);
        let metrics = receiver.metrics();
        assert!(metrics.iter().any(|metric| metric.name == "gen_ai.client.inference.duration"));
    });
}

pub(crate) fn drawn_or_undelivered() {
    crate::proofs::console();
    undelivered();
}

/// The doctor and the report name who refuses.
pub(crate) fn refused() {
    alone("auto-optimizer: Connection Refused", || {
        let receiver = Receiver::start();
        receiver.down();
        let config = || config().protocol(OtlpProtocol::Grpc).endpoint(receiver.grpc_url());
        let diagnosis = block_on(config().doctor()).unwrap();
        assert!(!diagnosis.is_healthy());
        let said = diagnosis.to_string();
        assert!(said.contains(&receiver.grpc_url()), "{said}");
        let telemetry = spanwise::init_telemetry(config()).unwrap();
        chat("refused".into()).finish();
        let report = block_on(telemetry.flush_within(Duration::from_millis(500)));
        assert!(!report.complete && report.to_string().contains("otlp"), "{report}");
    });
}

/// Whoever records does not wait for whoever takes.
pub(crate) fn slow() {
    alone("flujo: High Latency", || {
        let receiver = Receiver::start();
        receiver.answer_after(Duration::from_secs(600));
        let config = config().endpoint(receiver.http_url());
        let config = config.shutdown_timeout(Duration::from_millis(100));
        let telemetry = spanwise::init_telemetry(config).unwrap();
        chat("first".into()).finish();
        let report = block_on(telemetry.flush_within(Duration::from_millis(100)));
        assert!(!report.complete, "{report}");
        let began = Instant::now();
        for _ in 0..1000 {
            chat("more".into()).finish();
        }
        assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    });
}

/// In threads by a closure, in tasks by a future.
pub(crate) fn propagated() {
    crate::proofs::context_travels();
    let captured = spanwise_testing::capture(|| {
        let agent = Agent::new("outer").start();
        let active = agent.enter();
        let trace = || Context::current().span().span_context().trace_id();
        assert_ne!(std::thread::spawn(trace).join().unwrap(), agent.span_context().trace_id());
        let with = propagate_closure(move || {
            assert_ne!(trace(), opentelemetry::TraceId::INVALID);
            chat("inner".into()).finish();
        });
        std::thread::spawn(with).join().unwrap();
        drop(active);
        agent.finish();
    });
    let (outer, inner) = (captured.span("invoke_agent outer"), captured.span("chat inner"));
    assert_eq!(inner.parent_span_id(), outer.span_context().span_id());
}

/// Providers that the program made stay its own, with their processors and exporters.
pub(crate) fn own_providers() {
    alone("flujo: set_tracer_provider", || {
        let exported = InMemorySpanExporter::default();
        let tracers = SdkTracerProvider::builder().with_simple_exporter(exported.clone()).build();
        let meters = SdkMeterProvider::builder().build();
        let loggers = SdkLoggerProvider::builder().build();
        spanwise::attach_providers(&tracers, &meters, &loggers).unwrap();
        chat("gpt-4".into()).finish();
        let spans = exported.get_finished_spans().unwrap();
        assert_eq!(spans.iter().map(|span| &*span.name).collect::<Vec<_>>(), ["chat gpt-4"]);
    });
}

/// A collector of AWS's signs: nobody before it does, or needs a credential.
pub(crate) fn aws() {
    let receiver = Receiver::start();
    let config = config().protocol(OtlpProtocol::Grpc).endpoint(receiver.grpc_url());
    assert!(block_on(config.doctor()).unwrap().is_healthy());
    assert_eq!(receiver.span_names(), ["spanwise doctor"]);
    let signed = |headers: &BTreeMap<String, String>| headers.contains_key("authorization");
    assert!(!receiver.requests().iter().any(|request| signed(&request.headers)));
}

/// The path of the guide, of which the last two segments are OTLP's own.
pub(crate) fn azure() {
    let receiver = Receiver::start();
    receiver.take_traces_at("/opentelemetry/v1/traces");
    let config = config().protocol(OtlpProtocol::HttpProtobuf).signals(Signals::TRACES);
    let config = config.endpoint(format!("{}/opentelemetry", receiver.http_url()));
    let diagnosis = block_on(config.doctor()).unwrap();
    assert!(diagnosis.is_healthy(), "{diagnosis}");
    assert_eq!(receiver.span_names(), ["spanwise doctor"]);
}

fn composed() -> Yaml {
    let composed = include_str!("../../../../docker-compose.telemetry.yml");
    yaml_serde::from_str(composed).unwrap()
}

fn collector() -> Yaml {
    yaml_serde::from_str(include_str!("../../../../otel-collector.yaml")).unwrap()
}

fn list(of: &Yaml) -> Vec<String> {
    let items = of.as_sequence().unwrap();
    items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// Both of OTLP's ports are the collector's, on this machine, and what comes there goes to this exporter.
#[track_caller]
fn goes_to(signal: &str, exporter: &str, variable: &str) -> String {
    let (composed, collector) = (composed(), collector());
    let service = &composed["services"]["collector"];
    assert_eq!(list(&service["ports"]), ["127.0.0.1:4317:4317", "127.0.0.1:4318:4318"]);
    let pipeline = &collector["service"]["pipelines"][signal];
    assert_eq!(list(&pipeline["receivers"]), ["otlp"]);
    assert_eq!(list(&pipeline["exporters"]), [exporter]);
    let address = collector["exporters"][exporter]["endpoint"].as_str().unwrap();
    assert!(address.starts_with(&format!("${{env:{variable}:")), "{address}");
    service["environment"][variable].as_str().unwrap().to_owned()
}

pub(crate) fn jaeger() {
    let address = goes_to("traces", "otlp_grpc/jaeger", "JAEGER_OTLP");
    let composed = composed();
    let service = &composed["services"]["jaeger"];
    let port = service["environment"]["JAEGER_GRPC"].as_str().unwrap().replace("0.0.0.0", "jaeger");
    assert_eq!(address, port);
    assert_eq!(list(&service["ports"]), ["127.0.0.1:16686:16686"]);
    crate::words::endpoint();
}

pub(crate) fn prometheus() {
    let address = goes_to("metrics", "otlp_http/prometheus", "PROMETHEUS_OTLP");
    assert_eq!(address, "http://prometheus:9090/api/v1/otlp");
    let composed = composed();
    let service = &composed["services"]["prometheus"];
    assert!(list(&service["command"]).contains(&"--web.enable-otlp-receiver".to_owned()));
    assert_eq!(list(&service["ports"]), ["127.0.0.1:9090:9090"]);
    let grafana = &composed["services"]["grafana"];
    assert_eq!(list(&grafana["ports"]), ["127.0.0.1:3000:3000"]);
}

/// What exists by that file is what each of its services needs.
pub(crate) fn both() {
    jaeger();
    prometheus();
}
