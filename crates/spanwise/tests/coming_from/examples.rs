//! The examples, as processes: each does what its guide does, and what it records arrives.

use crate::support::{Receiver, run_example, text};

/// Runs an example with these variables; `{url}` is the receiver's.
fn run(name: &str, variables: &[(&str, &str)]) -> Receiver {
    let receiver = Receiver::start();
    let url = receiver.http_url();
    let variables: Vec<_> = variables
        .iter()
        .map(|(variable, value)| (*variable, value.replace("{url}", &url)))
        .collect();
    let variables: Vec<_> =
        variables.iter().map(|(variable, value)| (*variable, value.as_str())).collect();
    run_example(name, &[], &variables);
    receiver
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
    let receiver = run("coming_from_siumai", &[ENDPOINT]);
    assert!(is_inside(&receiver, "llm_call", "orchestrator"));
    assert!(receiver.span_names().contains(&"chat gpt-4".to_owned()));
}

pub(crate) fn exllm() {
    let receiver = run("coming_from_exllm", &[ENDPOINT]);
    let names = receiver.span_names();
    for name in ["myapp.llm.analyze", "chat gpt-4", "embeddings text-embedding-ada-002"] {
        assert!(names.contains(&name.to_owned()), "{name} in {names:?}");
    }
}

pub(crate) fn flujo() {
    let receiver = run(
        "coming_from_flujo",
        &[
            ("TELEMETRY_EXPORT_ENABLED", "true"),
            ("OTLP_EXPORT_ENABLED", "true"),
            ("OTLP_ENDPOINT", "{url}"),
        ],
    );
    assert!(is_inside(&receiver, "step solve", "invoke_workflow default"));
    assert!(is_inside(&receiver, "chat gpt-3.5-turbo", "step solve"));
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
    assert!(is_inside(&receiver, "step answer", "invoke_workflow support"));
    assert!(is_inside(&receiver, "invoke_agent calculator", "step answer"));
    assert!(is_inside(&receiver, "execute_tool number", "invoke_agent calculator"));
}
