//! The examples, as processes: each does what its guide does, and what it records arrives.

use crate::support::{Receiver, run_example, text};

/// Runs an example with these variables; `{url}` is the receiver's.
fn run(name: &str, variables: &[(&str, &str)]) -> Receiver {
    run_with(name, &[], variables).0
}

/// The same with arguments, and what it said.
fn run_with(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> (Receiver, String) {
    let receiver = Receiver::start();
    let url = receiver.http_url();
    let variables: Vec<_> = variables
        .iter()
        .map(|(variable, value)| (*variable, value.replace("{url}", &url)))
        .collect();
    let variables: Vec<_> =
        variables.iter().map(|(variable, value)| (*variable, value.as_str())).collect();
    let arguments: Vec<_> = arguments.iter().map(|it| it.replace("{url}", &url)).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let said = run_example(name, &arguments, &variables);
    (receiver, said)
}

/// Whether a span of this name is a child of one of that name.
fn is_inside(receiver: &Receiver, child: &str, parent: &str) -> bool {
    let spans = receiver.spans();
    let parents: Vec<_> = spans.iter().filter(|span| span.name == parent).collect();
    let mut children = spans.iter().filter(|span| span.name == child);
    children.any(|child| parents.iter().any(|parent| parent.span_id == child.parent_span_id))
}

const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "{url}");

pub(crate) fn siumai() {
    let (receiver, said) = run_with("coming_from_siumai", &[], &[ENDPOINT]);
    assert!(receiver.span_names().contains(&"invoke_workflow triage".to_owned()));
    assert!(said.contains("helicone-auth") && said.contains("helicone-user-id"), "{said}");
    assert!(is_inside(&receiver, "llm_call", "orchestrator"));
    assert!(receiver.span_names().contains(&"chat gpt-4".to_owned()));
}

pub(crate) fn exllm() {
    let (receiver, said) = run_with("coming_from_exllm", &[], &[ENDPOINT]);
    for part in [
        "metrics at http://127.0.0.1:",
        "statsd: llm.",
        "reported: 1 generations",
        "chat of by hand completed in 1s",
        "5 words, from the cache",
        "gen_ai.client.inference.duration",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    for (set, there, left_out) in [
        ("basic", "gen_ai.client.inference.duration", "spanwise.cache.operations"),
        ("cost", "gen_ai.client.inference.usage.input_tokens", "gen_ai.client.inference.duration"),
    ] {
        let (receiver, _) = run_with("coming_from_exllm", &[set], &[ENDPOINT]);
        let metrics: Vec<_> = receiver.metrics().into_iter().map(|metric| metric.name).collect();
        assert!(metrics.contains(&there.to_owned()), "{there} in {metrics:?}");
        assert!(!metrics.contains(&left_out.to_owned()), "{left_out} in {metrics:?}");
    }
    let names = receiver.span_names();
    for name in ["myapp.llm.analyze", "chat gpt-4", "embeddings text-embedding-ada-002"] {
        assert!(names.contains(&name.to_owned()), "{name} in {names:?}");
    }
}

pub(crate) fn flujo() {
    let (_, said) = run_with("coming_from_flujo", &["own-provider"], &[]);
    assert!(said.contains("ended: step solve") && said.contains("ended: chat gpt-3.5-turbo"));
    let (receiver, said) = run_with(
        "coming_from_flujo",
        &[],
        &[
            ("TELEMETRY_EXPORT_ENABLED", "true"),
            ("OTLP_EXPORT_ENABLED", "true"),
            ("OTLP_ENDPOINT", "{url}"),
        ],
    );
    assert!(is_inside(&receiver, "step solve", "invoke_workflow default"));
    assert!(is_inside(&receiver, "chat gpt-3.5-turbo", "step solve"));
    for part in [
        "total cost: Some(0.000023)",
        "- gpt-3.5-turbo: Some(0.000023)",
        "gen_ai_client_inference_duration_seconds_count{",
        r#""event":"workflow.stop""#,
        r#""request_id":"abc123""#,
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

pub(crate) fn auto_optimizer() {
    let receiver = run(
        "coming_from_auto_optimizer",
        &[
            ENDPOINT,
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_SERVICE_NAME", "my-processor"),
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "1.0"),
        ],
    );
    let resource = receiver.trace_requests()[0].resource_spans[0].resource.clone().unwrap();
    assert_eq!(text(&resource.attributes, "service.name"), "my-processor");
    let json = |headers: &std::collections::BTreeMap<String, String>| {
        headers.get("content-type").is_some_and(|kind| kind.starts_with("application/json"))
    };
    assert!(receiver.requests().iter().all(|request| json(&request.headers)));
    assert!(is_inside(&receiver, "process_event", "produce"));
    assert!(is_inside(&receiver, "aggregate", "process_event"));
    let metrics = format!("{:?}", receiver.metrics());
    for name in METRICS {
        assert!(metrics.contains(name), "{name}");
    }
}

/// The same, and nothing from the environment.
pub(crate) fn auto_optimizer_in_code() {
    let (receiver, _) = run_with("coming_from_auto_optimizer", &["{url}"], &[]);
    let resource = receiver.trace_requests()[0].resource_spans[0].resource.clone().unwrap();
    assert_eq!(text(&resource.attributes, "service.name"), "my-processor");
    let told = |request: &spanwise_testing::Arrived| request.headers.get("x-tenant").cloned();
    assert!(receiver.requests().iter().all(|it| told(it).as_deref() == Some("acme-corp")));
    assert!(is_inside(&receiver, "aggregate", "process_event"));
    assert!(receiver.log_records().is_empty());
    let metrics = format!("{:?}", receiver.metrics());
    assert!(metrics.contains("Delta") || metrics.contains("aggregation_temporality: 1"));
}

pub(crate) fn demo() {
    let receiver = Receiver::start();
    let url = receiver.http_url();
    let said = run_example(
        "telemetry_demo",
        &["--seconds", "1"],
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)],
    );
    assert!(said.contains("http://localhost:16686/search?service=telemetry-demo"), "{said}");
    let resource = receiver.trace_requests()[0].resource_spans[0].resource.clone().unwrap();
    assert_eq!(text(&resource.attributes, "service.name"), "telemetry-demo");
    assert!(receiver.span_names().contains(&"invoke_workflow handle_ticket".to_owned()));
}

/// The metrics of the stream processor.
const METRICS: [&str; 8] = [
    "processor.events.processed",
    "processor.events.dropped",
    "processor.window.triggers",
    "processor.deduplication.count",
    "processor.processing.duration",
    "processor.aggregation.duration",
    "processor.state.operation.duration",
    "processor.watermark.lag",
];

pub(crate) fn flo_ai() {
    let receiver =
        run("coming_from_flo_ai", &[("FLO_OTLP_ENDPOINT", "{url}"), ("FLO_ENV", "staging")]);
    let resource = receiver.trace_requests()[0].resource_spans[0].resource.clone().unwrap();
    assert_eq!(text(&resource.attributes, "deployment.environment.name"), "staging");
    assert_eq!(text(&resource.attributes, "environment.type"), "production");
    assert!(is_inside(&receiver, "step answer", "invoke_workflow support"));
    let custom = receiver.span("custom_operation");
    assert_eq!(text(&custom.attributes, "custom.attribute"), "value");
    let spans = receiver.spans();
    let streamed = spans.iter().find(|span| span.parent_span_id == custom.span_id).unwrap();
    assert_eq!(text(&streamed.attributes, "spanwise.stream.chunks"), "3");
    let metrics: Vec<_> = receiver.metrics().into_iter().map(|metric| metric.name).collect();
    assert!(metrics.contains(&"my_custom_duration".to_owned()), "{metrics:?}");
    assert!(is_inside(&receiver, "invoke_agent calculator", "step answer"));
    assert!(is_inside(&receiver, "execute_tool number", "invoke_agent calculator"));
}
