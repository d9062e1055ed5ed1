//! The quickstart, as a process, by nothing but its environment: to our receiver, and where collectors are
//! at hand, through them.
//!
//! `SPANWISE_TEST_COLLECTORS` names programs, separated as in `PATH`: `rotel-agent`, of the Python package
//! `rotel`, or `otelcol`, the OpenTelemetry Collector.

mod support;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::Span;
use support::{Receiver, attribute, run_example, text};

fn run(variables: &[(&str, &str)]) -> String {
    run_example("quickstart", &[], variables)
}

/// Each span, and its parent.
const TREE: [(&str, &str); 7] = [
    ("chat gpt-4o-mini", "invoke_agent triage"),
    ("chat gpt-4o-mini", "invoke_agent triage"),
    ("embeddings text-embedding-3-small", "invoke_workflow handle_ticket"),
    ("execute_tool lookup_order", "invoke_agent triage"),
    ("execute_tool notify_warehouse", "invoke_agent triage"),
    ("invoke_agent triage", "invoke_workflow handle_ticket"),
    ("invoke_workflow handle_ticket", ""),
];

/// Protocol, and whether it is gRPC.
const PROTOCOLS: [(&str, bool); 3] =
    [("grpc", true), ("http/protobuf", false), ("http/json", false)];
const COMPRESSIONS: [&str; 3] = ["none", "gzip", "zstd"];

fn send_to(endpoint: &str, protocol: &str, compression: &str) -> String {
    run(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", compression),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_AND_EVENT"),
    ])
}

fn has_everything(receiver: &Receiver) -> bool {
    let names: BTreeSet<_> = receiver.metrics().into_iter().map(|metric| metric.name).collect();
    receiver.spans().len() >= TREE.len()
        && receiver.log_records().len() >= 2
        && names.contains("gen_ai.execute_tool.duration")
}

#[track_caller]
fn assert_the_turn_is_whole(receiver: &Receiver) {
    receiver.assert_conformant();
    let spans = receiver.spans();
    let parent_of = |span: &Span| {
        let parent = spans.iter().find(|other| other.span_id == span.parent_span_id);
        parent.map_or("", |span| span.name.as_str())
    };
    let mut tree: Vec<_> = spans.iter().map(|span| (span.name.as_str(), parent_of(span))).collect();
    tree.sort();
    assert_eq!(tree, TREE);
    let streamed = spans
        .iter()
        .find(|span| attribute(&span.attributes, "gen_ai.request.stream").is_some())
        .unwrap();
    assert_ne!(text(&streamed.attributes, "gen_ai.response.time_to_first_chunk"), "");
    assert_ne!(text(&streamed.attributes, "gen_ai.usage.output_tokens"), "");
    assert!(text(&streamed.attributes, "gen_ai.output.messages").contains("lookup_order"));
    let failed = receiver.span("execute_tool notify_warehouse");
    assert_eq!(text(&failed.attributes, "error.type"), "connection_refused");

    let events = receiver.log_records();
    let details = events
        .iter()
        .filter(|event| event.event_name == "gen_ai.client.inference.operation.details");
    assert_eq!(details.count(), 2);

    let metrics: BTreeSet<_> = receiver.metrics().into_iter().map(|metric| metric.name).collect();
    for metric in [
        "gen_ai.client.inference.duration",
        "gen_ai.client.inference.usage.input_tokens",
        "gen_ai.client.inference.time_to_first_chunk",
        "gen_ai.execute_tool.duration",
        "gen_ai.invoke_agent.duration",
        "gen_ai.invoke_workflow.duration",
    ] {
        assert!(metrics.contains(metric), "{metric} is not among {metrics:?}");
    }
}

#[test]
fn without_an_endpoint_it_draws_a_tree_and_says_how_to_send_it() {
    let said = run(&[]);
    assert!(said.contains("invoke_workflow handle_ticket"), "{said}");
    assert!(said.contains("OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318"), "{said}");
    assert!(!said.contains("shipped, arrives"), "content: {said}");
}

#[test]
fn with_an_endpoint_everything_arrives_over_every_protocol_and_compression() {
    for (protocol, is_grpc) in PROTOCOLS {
        for compression in COMPRESSIONS {
            let receiver = Receiver::start();
            let endpoint = if is_grpc { receiver.grpc_url() } else { receiver.http_url() };
            let said = send_to(&endpoint, protocol, compression);
            assert!(!said.contains("dropped"), "{said}");
            assert_the_turn_is_whole(&receiver);
        }
    }
}

/// A collector between the quickstart and our receiver.
struct Collector {
    process: Child,
    grpc: SocketAddr,
    http: SocketAddr,
}

impl Collector {
    fn start(program: &Path, receiver: &Receiver) -> Self {
        let free = || {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            listener.local_addr().unwrap()
        };
        let (grpc, http) = (free(), free());
        let mut command = Command::new(program);
        match program.file_stem().unwrap().to_str().unwrap() {
            "rotel-agent" => rotel(&mut command, grpc, http, receiver),
            "otelcol" => otelcol(&mut command, grpc, http, receiver),
            other => panic!("{other} is no collector that is known here"),
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let collector = Self { process: command.spawn().unwrap(), grpc, http };
        for address in [grpc, http] {
            let deadline = Instant::now() + Duration::from_secs(20);
            while TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_err() {
                assert!(Instant::now() < deadline, "{} did not start", program.display());
                std::thread::yield_now();
            }
        }
        collector
    }
}

fn rotel(command: &mut Command, grpc: SocketAddr, http: SocketAddr, receiver: &Receiver) {
    let pid_file = std::env::temp_dir().join(format!("spanwise-collector-{}.pid", grpc.port()));
    command
        .arg("start")
        .args(["--otlp-grpc-endpoint", &grpc.to_string()])
        .args(["--otlp-http-endpoint", &http.to_string()])
        .args(["--exporter", "otlp", "--otlp-exporter-protocol", "grpc"])
        .args(["--otlp-exporter-endpoint", &receiver.grpc_url()])
        .args(["--otlp-exporter-compression", "gzip", "--pid-file"])
        .arg(pid_file);
}

/// By the configuration that stands at the top of the repository, but for the addresses.
fn otelcol(command: &mut Command, grpc: SocketAddr, http: SocketAddr, receiver: &Receiver) {
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../../otel-collector.yaml");
    let storage = std::env::temp_dir().join(format!("spanwise-otelcol-{}", grpc.port()));
    command
        .args(["--config", config])
        .env("OTELCOL_GRPC", grpc.to_string())
        .env("OTELCOL_HTTP", http.to_string())
        .env("OTELCOL_HEALTH", "127.0.0.1:0")
        .env("OTELCOL_SPAN_METRICS", "127.0.0.1:0")
        .env("OTELCOL_STORAGE", storage)
        .env("JAEGER_OTLP", receiver.grpc.to_string())
        .env("PROMETHEUS_OTLP", receiver.http_url())
        .arg("--set=service.pipelines.logs.exporters=[otlp_grpc/jaeger]")
        .arg("--set=service.telemetry.metrics.level=none");
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn through_collectors_everything_arrives_as_well() {
    let Some(programs) = std::env::var_os("SPANWISE_TEST_COLLECTORS") else {
        eprintln!("skipped: SPANWISE_TEST_COLLECTORS names no collector");
        return;
    };
    for program in std::env::split_paths(&programs) {
        for (protocol, is_grpc) in PROTOCOLS {
            for compression in COMPRESSIONS {
                through(&program, protocol, is_grpc, compression);
            }
        }
    }
}

fn through(program: &Path, protocol: &str, is_grpc: bool, compression: &str) {
    let receiver = Receiver::start();
    let collector = Collector::start(program, &receiver);
    let address = if is_grpc { collector.grpc } else { collector.http };
    let said = send_to(&format!("http://{address}"), protocol, compression);
    let way = format!("{} by {protocol} with {compression}", program.display());
    // `rotel` does not know zstd, and says so; then the report must say so, too.
    if program.ends_with("rotel-agent") && compression == "zstd" {
        assert!(said.contains("otlp: 0 spans exported, 7 dropped (refused)"), "{way}: {said}");
        eprintln!("{way}: refused, and reported as lost");
        return;
    }
    assert!(!said.contains("dropped"), "{way}: {said}");
    receiver.wait_until("everything comes through", has_everything);
    assert_the_turn_is_whole(&receiver);
    eprintln!("{way}: everything arrived");
}
