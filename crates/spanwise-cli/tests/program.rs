//! What a real program spooled: seen, sent, and gone.

mod support;

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use spanwise::{
    Agent, ContentCapture, Generation, Provider, SpoolSettings, TelemetryConfig, Usage,
};
use spanwise_testing::Receiver;
use support::{Left, run};

/// One turn of an agent, whose telemetry nobody takes.
fn record(left: &Left) {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let telemetry = spanwise::init_telemetry(
        TelemetryConfig::new("bot")
            .environment(spanwise::Environment::empty())
            .endpoint(format!("http://user:canary-password@{nobody}"))
            .header("authorization", "canary-key")
            .content_capture(ContentCapture::SpanOnly)
            .spool(SpoolSettings::new(left.path()))
            .shutdown_timeout(Duration::from_secs(20)),
    )
    .unwrap();
    let agent = Agent::new("triage").start();
    let entered = agent.enter();
    let generation =
        Generation::chat(Provider::OpenAi, "gpt-4o-mini").input("where is my order?").start();
    generation.usage(Usage::new(120, 48));
    generation.finish();
    drop(entered);
    agent.finish();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let report = runtime.block_on(telemetry.shutdown());
    assert_eq!(report.destinations[0].traces().spooled, 2, "{report}");
}

#[test]
fn what_a_program_could_not_deliver_is_seen_sent_and_gone() {
    let left = Left::new();
    record(&left);

    let listed = run(&left, &["list", "--signal", "traces"], &[]);
    assert!(listed.out.contains("left behind"), "{listed:?}");
    let json: serde_json::Value =
        serde_json::from_str(&run(&left, &["list", "--json", "--signal", "traces"], &[]).out)
            .unwrap();
    assert_eq!(
        (json[0]["items"].as_u64(), json[0]["process"].as_u64()),
        (Some(2), Some(u64::from(std::process::id())))
    );
    assert_eq!(
        (json[0]["destination"].as_str(), json[0]["protocol"].as_str()),
        (Some("otlp"), Some("http/protobuf"))
    );

    let shown = run(&left, &["show", "--signal", "traces"], &[]).out;
    assert!(
        shown.contains("invoke_agent triage") && shown.contains("└─ chat gpt-4o-mini"),
        "{shown}"
    );
    assert!(shown.contains("120 → 48 tokens") && !shown.contains("where is my order"), "{shown}");
    let shown = run(&left, &["show", "--signal", "traces", "--content"], &[]).out;
    assert!(shown.contains("where is my order"), "{shown}");

    // No credential is on disk.
    for file in left.files() {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"canary"), "{file:?}");
    }

    let receiver = Receiver::start();
    let sent = run(&left, &["send", "--to", &receiver.grpc_url(), "--protocol", "grpc"], &[]);
    assert_eq!(sent.code, 0, "{sent:?}");
    let mut names: Vec<_> = receiver.spans().into_iter().map(|span| span.name).collect();
    names.sort();
    assert_eq!(names, ["chat gpt-4o-mini", "invoke_agent triage"]);
    assert!(left.files().is_empty(), "{:?}", left.files());
}
