//! What real servers make of what presets send, read back through their APIs.
//!
//! `SPANWISE_TEST_PHOENIX` names a `python` that has `arize-phoenix`, `SPANWISE_TEST_MLFLOW` the program `mlflow`; without
//! them nothing is asked of them.

mod support;

use serde_json::{Value, json};
use spanwise::preset::MlFlow;
use spanwise::{BatchConfiguration, ContentCapture, OtlpProtocol, Phoenix, Preset};
use support::operations::{OPERATIONS, every_operation};
use support::real_server::{PATIENCE, Server, free_port, program};
use support::{block_on, child, config};

/// Records everything, in a process that is told where to.
fn send(preset: impl Preset + 'static) {
    // The first request may find a server that is still making its tables.
    let batches = BatchConfiguration { export_timeout: PATIENCE, ..BatchConfiguration::SPANS };
    let config = config()
        .content_capture(ContentCapture::SpanAndEvent)
        .span_batches(batches)
        .preset_with(preset, |destination| destination.timeout(PATIENCE));
    block_on(async {
        let telemetry = spanwise::init_telemetry(config).unwrap();
        every_operation();
        let report = telemetry.shutdown_within(PATIENCE).await;
        assert!(report.complete && report.dropped() == 0, "{report}");
    });
}

/// How many traces [`every_operation`] makes: three operations are below another.
const TRACES: usize = OPERATIONS.len() - 3;

const URL: &str = "SPANWISE_TEST_URL";
const EXPERIMENT: &str = "SPANWISE_TEST_EXPERIMENT";
const GRPC_PORT: &str = "SPANWISE_TEST_GRPC_PORT";

/// Phoenix's port for gRPC is open to all by itself; here it is open to this machine.
const START_PHOENIX: &str = "\
import sys, grpc.aio._server as s
add = s.Server.add_insecure_port
s.Server.add_insecure_port = lambda self, a: add(self, a.replace('[::]', '127.0.0.1'))
from phoenix.server.main import main
sys.argv = ['phoenix', 'serve']
main()
";

fn phoenix(python: &str, grpc_port: u16) -> Server {
    let mut phoenix = Server::start(python, |command, port| {
        command.args(["-c", START_PHOENIX]).envs([
            ("PHOENIX_HOST", "127.0.0.1"),
            ("PHOENIX_PORT", &port.to_string()),
            ("PHOENIX_GRPC_PORT", &grpc_port.to_string()),
            ("PHOENIX_WORKING_DIR", "data"),
            ("PHOENIX_TELEMETRY_ENABLED", "false"),
            ("PHOENIX_ALLOW_EXTERNAL_RESOURCES", "false"),
            ("PHOENIX_DISABLE_AGENT_ASSISTANT", "true"),
        ]);
    });
    phoenix.ask("GET", "/healthz", &Value::Null, |_| true);
    phoenix
}

/// The span of this name among what Phoenix answers.
#[track_caller]
fn named<'a>(spans: &'a Value, name: &str) -> &'a Value {
    let found = spans["data"].as_array().unwrap().iter().find(|span| span["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not there: {spans:#}"))
}

fn check_phoenix(phoenix: &mut Server) {
    let path = "/v1/projects/support/spans?limit=100";
    let all =
        |spans: &Value| spans["data"].as_array().is_some_and(|it| it.len() == OPERATIONS.len());
    let spans = phoenix.ask("GET", path, &Value::Null, all);
    for (name, kind) in [
        ("chat gpt-4o", "LLM"),
        ("text_completion davinci", "LLM"),
        ("embeddings text-embedding-3-small", "EMBEDDING"),
        ("retrieval docs", "RETRIEVER"),
        ("execute_tool lookup_order", "TOOL"),
        ("invoke_agent triage", "AGENT"),
        ("create_agent triage", "AGENT"),
        ("invoke_workflow ticket", "CHAIN"),
    ] {
        assert_eq!(named(&spans, name)["span_kind"], kind, "{name}");
    }
    let chat = &named(&spans, "chat gpt-4o")["attributes"];
    for (key, value) in [
        ("llm.model_name", json!("gpt-4o")),
        ("llm.token_count.prompt", json!(300)),
        ("llm.token_count.completion", json!(48)),
        ("llm.token_count.prompt_details.cache_read", json!(40)),
        ("llm.token_count.completion_details.reasoning", json!(16)),
        ("llm.input_messages.0.message.role", json!("system")),
        ("llm.input_messages.0.message.content", json!("Be kind.")),
        ("llm.output_messages.0.message.content", json!("On its way.")),
        ("session.id", json!("s-1")),
        ("user.id", json!("u-9")),
    ] {
        assert_eq!(chat[key], value, "{key} of {chat:#}");
    }
    let tool = &named(&spans, "execute_tool lookup_order")["attributes"];
    assert_eq!(tool["tool.name"], "lookup_order", "{tool:#}");
    let failed = named(&spans, "generate_content gemini-2.5-flash");
    assert_eq!(failed["status_code"], "ERROR", "{failed:#}");
    let tree = |child: &str, parent: &str| {
        named(&spans, child)["parent_id"] == named(&spans, parent)["context"]["span_id"]
    };
    assert!(tree("invoke_agent triage", "invoke_workflow ticket"));
    assert!(tree("execute_tool lookup_order", "invoke_agent triage"));
}

#[test]
fn phoenix_reads_kinds_models_tokens_messages_session_and_user() {
    let child = child!({
        let phoenix = Phoenix::new().host(std::env::var(URL).unwrap()).project("support");
        send(phoenix);
    });
    let Some(python) = program("SPANWISE_TEST_PHOENIX") else { return };
    let mut phoenix = phoenix(&python, free_port());
    child.run(&[(URL, &phoenix.url())]);
    check_phoenix(&mut phoenix);
}

#[test]
fn phoenix_reads_the_same_over_grpc() {
    let child = child!({
        let variables = [
            ("PHOENIX_COLLECTOR_ENDPOINT", std::env::var(URL).unwrap()),
            ("PHOENIX_GRPC_PORT", std::env::var(GRPC_PORT).unwrap()),
            ("PHOENIX_PROJECT", "support".to_owned()),
        ];
        let phoenix = Phoenix::from_environment(&spanwise::Environment::from_iter(variables));
        let phoenix = phoenix.unwrap().grpc();
        let shown = format!("{:?}", phoenix.destination().unwrap());
        assert!(shown.contains(&format!("{:?}", OtlpProtocol::Grpc)), "{shown}");
        send(phoenix);
    });
    let Some(python) = program("SPANWISE_TEST_PHOENIX") else { return };
    let grpc_port = free_port();
    let mut phoenix = phoenix(&python, grpc_port);
    child.run(&[(URL, &phoenix.url()), (GRPC_PORT, &grpc_port.to_string())]);
    check_phoenix(&mut phoenix);
}

#[test]
fn mlflow_reads_kinds_models_tokens_messages_session_and_user() {
    let child = child!({
        let experiment = std::env::var(EXPERIMENT).unwrap();
        send(MlFlow::new(experiment).host(std::env::var(URL).unwrap()));
    });
    let Some(program) = program("SPANWISE_TEST_MLFLOW") else { return };
    let mut mlflow = Server::start(&program, |command, port| {
        command
            .args(["server", "--host", "127.0.0.1", "--workers", "1"])
            .args(["--port", &port.to_string(), "--backend-store-uri", "sqlite:///m.db"])
            .envs([("MLFLOW_DISABLE_TELEMETRY", "true"), ("DO_NOT_TRACK", "true")]);
    });
    mlflow.ask("GET", "/health", &Value::Null, |health| health == "OK");
    let made = mlflow.ask(
        "POST",
        "/api/2.0/mlflow/experiments/create",
        &json!({"name": "support"}),
        |made| made["experiment_id"].is_string(),
    );
    let experiment = made["experiment_id"].as_str().unwrap().to_owned();
    child.run(&[(URL, &mlflow.url()), (EXPERIMENT, &experiment)]);
    let location =
        json!({"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}});
    let found = mlflow.ask(
        "POST",
        "/api/3.0/mlflow/traces/search",
        &json!({"locations": [location], "max_results": 100}),
        |found| found["traces"].as_array().is_some_and(|traces| traces.len() == TRACES),
    );
    let mut spans = Vec::new();
    for trace in found["traces"].as_array().unwrap() {
        assert_eq!(trace["trace_metadata"]["mlflow.trace.session"], "s-1", "{trace:#}");
        assert_eq!(trace["trace_metadata"]["mlflow.trace.user"], "u-9", "{trace:#}");
        let id = trace["trace_id"].as_str().unwrap();
        let path = format!("/ajax-api/3.0/mlflow/get-trace-artifact?request_id={id}");
        let told = mlflow.ask("GET", &path, &Value::Null, |told| told["spans"].is_array());
        spans.extend(told["spans"].as_array().unwrap().iter().cloned());
    }
    assert_eq!(spans.len(), OPERATIONS.len());
    let attributes = |name: &str| {
        let span = spans.iter().find(|span| span["name"] == name).unwrap();
        let values = span["attributes"].as_object().unwrap().iter();
        // Values are JSON inside of JSON.
        let read = |value: &Value| serde_json::from_str(value.as_str().unwrap()).unwrap();
        values.map(|(key, value)| (key.clone(), read(value))).collect::<serde_json::Map<_, _>>()
    };
    for (name, kind) in [
        ("chat gpt-4o", "CHAT_MODEL"),
        ("text_completion davinci", "LLM"),
        ("embeddings text-embedding-3-small", "EMBEDDING"),
        ("execute_tool lookup_order", "TOOL"),
        ("invoke_agent triage", "AGENT"),
        ("create_agent triage", "AGENT"),
    ] {
        assert_eq!(attributes(name)["mlflow.spanType"], kind, "{name}");
    }
    let chat = attributes("chat gpt-4o");
    assert_eq!(chat["mlflow.llm.model"], "gpt-4o-2024-08-06");
    assert_eq!(chat["mlflow.llm.provider"], "openai");
    let usage = &chat["mlflow.chat.tokenUsage"];
    assert_eq!((&usage["input_tokens"], &usage["output_tokens"]), (&json!(300), &json!(48)));
    assert_eq!(usage["cache_creation_input_tokens"], 8, "{usage}");
    let said = |side: &str| chat[side][0]["parts"][0]["content"].clone();
    assert_eq!(said("mlflow.spanInputs"), "Where is my order?");
    assert_eq!(said("mlflow.spanOutputs"), "On its way.");
    let tool = attributes("execute_tool lookup_order");
    assert_eq!(tool["mlflow.spanInputs"], json!({"id": 7}));
    assert_eq!(tool["mlflow.spanOutputs"], json!({"state": "sent"}));
}
