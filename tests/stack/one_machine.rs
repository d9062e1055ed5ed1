//! What goes into the Collector of one machine comes out at Jaeger and Prometheus, and whole.

use std::collections::BTreeMap;

use serde_json::Value;
use spanwise::{Generation, OwnSpan, Provider, Tool};

use crate::machine::{Collector, Machine};
use crate::process::{PATIENCE, ask, get, pause};
use crate::support::{Receiver, block_on, child, run_example, text};

/// Each span of the quickstart, and its parent.
const TREE: [(&str, &str); 7] = [
    ("chat gpt-4o-mini", "invoke_agent triage"),
    ("chat gpt-4o-mini", "invoke_agent triage"),
    ("embeddings text-embedding-3-small", "invoke_workflow handle_ticket"),
    ("execute_tool lookup_order", "invoke_agent triage"),
    ("execute_tool notify_warehouse", "invoke_agent triage"),
    ("invoke_agent triage", "invoke_workflow handle_ticket"),
    ("invoke_workflow handle_ticket", ""),
];

fn quickstart(endpoint: &str, protocol: &str, environment: &str) {
    let said = run_example(
        "quickstart",
        &[],
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_RESOURCE_ATTRIBUTES", &format!("deployment.environment.name={environment}")),
            ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_ONLY"),
        ],
    );
    assert!(!said.contains("dropped"), "{said}");
}

/// A list of `{key, value}`, which is how Jaeger tells attributes.
fn tags(list: &Value) -> BTreeMap<&str, &Value> {
    let list = list.as_array().into_iter().flatten();
    list.map(|tag| (tag["key"].as_str().unwrap(), &tag["value"])).collect()
}

/// The trace of this environment, as Jaeger has it.
fn trace_of(machine: &Machine, environment: &str) -> Value {
    ask(machine.jaeger, "/api/traces?service=support-bot&limit=20&lookback=1h", |answer| {
        let traces = answer["data"].as_array()?;
        let whole = traces.iter().find(|trace| {
            let process = &trace["processes"].as_object().unwrap().values().next().unwrap()["tags"];
            tags(process)["deployment.environment.name"] == environment
                && trace["spans"].as_array().unwrap().len() >= TREE.len()
        });
        whole.cloned()
    })
}

fn assert_the_tree_is_right(trace: &Value) {
    let spans = trace["spans"].as_array().unwrap();
    let name_of = |id: &Value| {
        let found = spans.iter().find(|span| &span["spanID"] == id);
        found.map_or("", |span| span["operationName"].as_str().unwrap())
    };
    let mut tree: Vec<_> = spans
        .iter()
        .map(|span| {
            let parent = &span["references"][0]["spanID"];
            (span["operationName"].as_str().unwrap(), name_of(parent))
        })
        .collect();
    tree.sort();
    assert_eq!(tree, TREE);

    let named = |name: &str| spans.iter().find(|span| span["operationName"] == name).unwrap();
    for chat in spans.iter().filter(|span| span["operationName"] == "chat gpt-4o-mini") {
        let chat = tags(&chat["tags"]);
        assert_eq!(chat["gen_ai.operation.name"], "chat");
        assert_eq!(chat["gen_ai.provider.name"], "openai");
        assert_eq!(chat["gen_ai.request.model"], "gpt-4o-mini");
        assert_eq!(chat["span.kind"], "client");
        assert!(chat["gen_ai.usage.input_tokens"].as_i64().unwrap() > 0, "{chat:?}");
        assert!(chat["gen_ai.usage.output_tokens"].as_i64().unwrap() > 0, "{chat:?}");
        assert!(chat["gen_ai.input.messages"].as_str().unwrap().contains("A-17"), "{chat:?}");
    }
    let failed = tags(&named("execute_tool notify_warehouse")["tags"]);
    assert_eq!(failed["error.type"], "connection_refused");
    assert_eq!(failed["otel.status_code"], "ERROR");
}

/// The number that Prometheus answers to this question.
fn number(machine: &Machine, question: &str) -> f64 {
    asked_until(machine, question, |_| true)
}

/// The same, as soon as it is right: what is scraped is as old as the last scrape.
fn asked_until(machine: &Machine, question: &str, right: impl Fn(f64) -> bool) -> f64 {
    let mut path = String::from("/api/v1/query?query=");
    path.extend(question.bytes().map(|byte| format!("%{byte:02X}")));
    ask(machine.prometheus, &path, |answer| {
        let number = answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()?;
        right(number).then_some(number)
    })
}

/// The sum of a metric in this environment.
fn sum(machine: &Machine, environment: &str, metric: &str, more: &str) -> f64 {
    let only = format!(r#"deployment_environment_name="{environment}"{more}"#);
    number(machine, &format!("sum({metric}{{{only}}})"))
}

const OUTPUT_TOKENS: &str = "gen_ai_client_inference_usage_output_tokens_total";

#[test]
fn jaeger_tells_the_tree_of_the_quickstart_and_prometheus_the_tokens_that_are_in_it() {
    let Some(machine) = Machine::start(&["jaeger", "prometheus"]) else { return };
    for (environment, protocol, endpoint) in machine.ways() {
        quickstart(&endpoint, protocol, environment);
        let trace = trace_of(&machine, environment);
        assert_the_tree_is_right(&trace);

        let tokens = trace["spans"].as_array().unwrap().iter();
        let tokens = tokens.filter(|span| span["operationName"] == "chat gpt-4o-mini");
        let tokens = tokens.map(|span| tags(&span["tags"])["gen_ai.usage.output_tokens"].as_f64());
        let tokens: f64 = tokens.map(Option::unwrap).sum();
        assert_eq!(sum(&machine, environment, OUTPUT_TOKENS, ""), tokens);
    }
}

#[test]
fn prometheus_tells_the_numbers_of_the_quickstart_and_how_the_collector_is() {
    let Some(machine) = Machine::start(&["prometheus"]) else { return };
    for (environment, protocol, endpoint) in machine.ways() {
        quickstart(&endpoint, protocol, environment);
        let sum = |metric: &str, more: &str| sum(&machine, environment, metric, more);
        let chat = r#",gen_ai_operation_name="chat",gen_ai_request_model="gpt-4o-mini""#;
        assert_eq!(sum("gen_ai_client_inference_duration_seconds_count", chat), 2.0);
        assert_eq!(sum("gen_ai_execute_tool_duration_seconds_count", ""), 2.0);
        let failed = r#",error_type="connection_refused""#;
        assert_eq!(sum("gen_ai_execute_tool_duration_seconds_count", failed), 1.0);
        assert_eq!(sum("gen_ai_invoke_agent_duration_seconds_count", ""), 1.0);
        assert_eq!(sum("gen_ai_client_inference_time_to_first_chunk_seconds_count", ""), 1.0);
        assert!(sum(OUTPUT_TOKENS, chat) > 0.0);
    }
    // The Collector is scraped at both of its addresses, each in its own time.
    asked_until(&machine, r#"count(up{job="collector"} == 1)"#, |up| up == 2.0);
    let spans = 2.0 * TREE.len() as f64;
    asked_until(&machine, "sum(otelcol_receiver_accepted_spans)", |accepted| accepted == spans);
}

/// The Collector of one machine before a receiver.
fn before(receiver: &Receiver, folder: &std::path::Path) -> Option<Collector> {
    let collector = Collector::new("otel-collector.yaml", folder)?
        .variable("JAEGER_OTLP", receiver.grpc)
        .variable("PROMETHEUS_OTLP", receiver.http_url());
    Some(collector)
}

#[test]
fn spans_without_metrics_of_their_own_have_span_metrics_and_others_do_not() {
    let child = child!(block_on(async {
        let telemetry =
            spanwise::init_telemetry(spanwise::TelemetryConfig::from_env().unwrap()).unwrap();
        let request = OwnSpan::new("GET /orders").start();
        let _entered = request.enter();
        Tool::new("lookup").start().finish();
        drop(_entered);
        request.finish();
        assert_eq!(telemetry.shutdown().await.dropped(), 0);
    }));
    let receiver = Receiver::start();
    let folder = tempfile::tempdir().unwrap();
    let Some(collector) = before(&receiver, folder.path()) else { return };
    let collector = collector.set("connectors.span_metrics.metrics_flush_interval=200ms");
    let _running = collector.start();
    let endpoint = format!("http://{}", collector.http);
    child.run(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);

    let deadline = std::time::Instant::now() + PATIENCE;
    let page = loop {
        let page = get(collector.span_metrics, "/metrics").unwrap_or_default();
        if page.contains("GET /orders") {
            break page;
        }
        assert!(std::time::Instant::now() < deadline, "{page}");
        pause();
    };
    assert!(!page.contains("execute_tool"), "{page}");
    receiver.wait_until("both are traces all the same", |receiver| receiver.spans().len() == 2);
}

#[test]
fn credentials_are_taken_out_and_nothing_else() {
    let child = child!(block_on(async {
        let telemetry =
            spanwise::init_telemetry(spanwise::TelemetryConfig::from_env().unwrap()).unwrap();
        Generation::chat(Provider::OpenAi, "gpt-4o-mini")
            .attribute("http.request.header.authorization", "anything")
            .attribute("note", "the key is sk-abcdefghijklmnop1234, keep it")
            .attribute("gen_ai.usage.details", "120 tokens")
            .attribute("session_cookies", 3)
            .start()
            .finish();
        assert_eq!(telemetry.shutdown().await.dropped(), 0);
    }));
    let receiver = Receiver::start();
    let folder = tempfile::tempdir().unwrap();
    let Some(collector) = before(&receiver, folder.path()) else { return };
    let _running = collector.start();
    child.run(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{}", collector.http))]);
    receiver.wait_until("the span comes through", |receiver| !receiver.spans().is_empty());
    let span = receiver.span("chat gpt-4o-mini");
    let value = |key: &str| text(&span.attributes, key);
    assert_eq!(value("http.request.header.authorization"), "****");
    assert_eq!(value("note"), "the key is ****, keep it");
    assert_eq!(value("gen_ai.usage.details"), "120 tokens");
    assert_eq!(value("session_cookies"), "3");
    assert_eq!(value("gen_ai.request.model"), "gpt-4o-mini");
}
