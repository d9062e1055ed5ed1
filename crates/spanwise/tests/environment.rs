//! The variables of a real process, and nothing else.

mod support;

use spanwise::{Agent, Generation, Provider, Telemetry, TelemetryConfig, Tool, Usage};
use support::{Receiver, attribute, block_on, child, text};

fn start() -> Telemetry {
    spanwise::init_telemetry(TelemetryConfig::from_env().unwrap()).unwrap()
}

fn turn() {
    block_on(async {
        let telemetry = start();
        let _ = Agent::new("triage")
            .run_with(async |_| {
                let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
                generation.usage(Usage::new(120, 48));
                generation.finish();
                Tool::new("lookup").run(async { Ok::<_, String>(()) }).await
            })
            .await;
        telemetry.shutdown().await
    });
}

#[test]
fn an_endpoint_is_enough_for_all_three_signals() {
    let child = child!({
        turn();
        tracing::info!("after the end");
    });
    for (protocol, grpc) in [("grpc", true), ("http/protobuf", false), ("http/json", false)] {
        for compression in ["none", "gzip", "zstd"] {
            let receiver = Receiver::start();
            let endpoint = if grpc { receiver.grpc_url() } else { receiver.http_url() };
            child.run(&[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                ("OTEL_EXPORTER_OTLP_COMPRESSION", compression),
                ("OTEL_SERVICE_NAME", "support-bot"),
                ("OTEL_RESOURCE_ATTRIBUTES", "service.version=1.2,team=support%20eu"),
                ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "EVENT_ONLY"),
            ]);
            receiver.assert_conformant();
            assert_eq!(receiver.spans().len(), 3, "{protocol} {compression}");
            assert_eq!(receiver.log_records().len(), 1, "{protocol} {compression}");
            assert!(!receiver.metrics().is_empty(), "{protocol} {compression}");
            let requests = receiver.trace_requests();
            let resource = &requests[0].resource_spans[0].resource.as_ref().unwrap().attributes;
            assert_eq!(text(resource, "service.name"), "support-bot");
            assert_eq!(text(resource, "service.version"), "1.2");
            assert_eq!(text(resource, "team"), "support eu");
            assert_eq!(text(resource, "telemetry.sdk.language"), "rust");
            for detected in ["host.name", "os.type", "process.pid"] {
                assert!(attribute(resource, detected).is_some(), "{detected}");
            }
            assert_eq!(attribute(resource, "process.command_args"), None, "may hold secrets");
        }
    }
}

#[test]
fn each_signal_can_go_elsewhere_with_headers_of_its_own() {
    let child = child!(turn());
    let (all, traces) = (Receiver::start(), Receiver::start());
    child.run(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &all.http_url()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=for%20all"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &traces.grpc_url()),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-trace-key=mine"),
        ("OTEL_LOGS_EXPORTER", "none"),
    ]);
    assert_eq!((traces.spans().len(), all.spans().len()), (3, 0));
    assert!(!all.metrics().is_empty());
    assert!(all.requests().iter().all(|request| request.headers["x-key"] == "for all"));
    for request in traces.requests() {
        assert_eq!(request.headers["x-trace-key"], "mine");
        assert!(!request.headers.contains_key("x-key"), "a secret of another host");
    }
}

#[test]
fn disabled_means_that_nothing_is_started_or_sent() {
    let child = child!({
        let telemetry = start();
        assert!(!telemetry.is_enabled() && telemetry.tracer_provider().is_none());
        turn();
        assert_eq!(telemetry.report().to_string(), "telemetry: off");
    });
    let receiver = Receiver::start();
    let said = child.run(&[
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.http_url()),
    ]);
    assert_eq!((receiver.requests().len(), said.stderr.as_str()), (0, ""));
}

#[test]
fn the_sampler_decides_on_spans_and_never_on_metrics() {
    let child = child!(turn());
    let receiver = Receiver::start();
    child.run(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.http_url()),
        ("OTEL_TRACES_SAMPLER", "always_off"),
    ]);
    assert_eq!(receiver.spans().len(), 0);
    let names: Vec<_> = receiver.metrics().into_iter().map(|metric| metric.name).collect();
    assert!(names.iter().any(|name| name == "gen_ai.client.inference.duration"), "{names:?}");
}

#[test]
fn limits_cut_values_and_drop_what_matters_least() {
    let child = child!({
        block_on(async {
            let telemetry = start();
            let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
            for n in 0..10_000 {
                generation.attribute(format!("flattened.{n}"), "äöü".repeat(10));
                generation.attribute("flattened.0", "äöüßæ and again");
            }
            generation.usage(Usage::new(120, 48));
            generation.finish();
            telemetry.shutdown().await
        });
    });
    let receiver = Receiver::start();
    child.run(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.http_url()),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "5"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "20"),
    ]);
    let span = receiver.span("chat gpt-4o");
    assert_eq!(span.attributes.len(), 20);
    assert!(span.dropped_attributes_count > 9_900, "{}", span.dropped_attributes_count);
    assert_eq!(text(&span.attributes, "gen_ai.usage.output_tokens"), "48");
    assert_eq!(text(&span.attributes, "gen_ai.request.model"), "gpt-4");
    let own = span.attributes.iter().find(|kv| kv.key.starts_with("flattened.")).unwrap();
    assert_eq!(text(std::slice::from_ref(own), &own.key), "äöüäö");
}

#[test]
fn metrics_can_count_from_one_export_to_the_next() {
    use opentelemetry_proto::tonic::metrics::v1::metric::Data;
    let child = child!({
        block_on(async {
            let telemetry = start();
            for _ in 0..2 {
                Tool::new("lookup").start().finish();
                telemetry.flush().await;
            }
            telemetry.shutdown().await
        });
    });
    for (preference, counts) in [("delta", vec![1, 1]), ("cumulative", vec![1, 2, 2])] {
        let receiver = Receiver::start();
        child.run(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.http_url()),
            ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", preference),
        ]);
        let metrics = receiver.metrics();
        let durations =
            metrics.iter().filter(|metric| metric.name == "gen_ai.execute_tool.duration");
        let seen: Vec<u64> = durations
            .flat_map(|metric| match &metric.data {
                Some(Data::Histogram(histogram)) => &histogram.data_points[..],
                _ => panic!("no histogram"),
            })
            .map(|point| point.count)
            .collect();
        assert_eq!(seen, counts, "{preference}");
    }
}

#[test]
fn batches_leave_by_the_variables_that_say_when() {
    let child = child!({
        block_on(async {
            let telemetry = start();
            for _ in 0..10 {
                Tool::new("lookup").start().finish();
            }
            telemetry.shutdown().await
        });
    });
    let receiver = Receiver::start();
    child.run(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.http_url()),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "3"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_LOGS_EXPORTER", "none"),
    ]);
    let sizes: Vec<_> = receiver.requests().iter().map(|request| request.spans).collect();
    assert!(sizes.iter().all(|size| *size <= 3) && sizes.iter().sum::<usize>() == 10, "{sizes:?}");
}
