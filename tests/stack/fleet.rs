//! An agent and two gateways: each trace comes whole to one of them, and what is worth keeping is kept.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use spanwise::{
    Generation, GenerationEvent, Provider, Telemetry, TelemetryConfig, Tool, Workflow, emit,
};

use crate::machine::Collector;
use crate::process::{Process, free, get, pause};
use crate::support::{Receiver, block_on, child, text};

/// How many traces of each kind.
const EACH: i64 = 25;

/// Kinds of traces, how many spans each has, and whether it is to be kept.
const KINDS: [(&str, usize, bool); 8] = [
    ("failed", 3, true),
    ("slow", 1, true),
    ("costly", 3, true),
    ("long", 3, true),
    ("poor", 3, true),
    ("poor to others", 3, true),
    ("cheap and good", 3, false),
    ("plain", 3, false),
];

fn telemetry() -> Telemetry {
    spanwise::init_telemetry(TelemetryConfig::from_env().unwrap()).unwrap()
}

/// A workflow with a call and a tool, every span with its kind and number.
async fn work(kind: &'static str, n: i64) {
    let workflow = Workflow::new("w").attribute("kind", kind).attribute("n", n);
    let _ = workflow
        .run_with(async |_| {
            let call =
                Generation::chat(Provider::OpenAi, "m").attribute("kind", kind).attribute("n", n);
            let call = match kind {
                "costly" => call.attribute("spanwise.cost.amount", 0.25),
                "cheap and good" => call.attribute("spanwise.cost.amount", 0.001),
                "poor to others" => call.attribute("gen_ai.evaluation.score.value", 0.1),
                _ => call,
            };
            let call = call.start();
            call.usage(spanwise::Usage::new(if kind == "long" { 60_000 } else { 100 }, 10));
            let answer = call.trace_ref();
            call.finish();
            // The call is over, its trace is not.
            match kind {
                "poor" => {
                    answer.score("relevance", 0.1).emit();
                    answer.score("relevance", 0.9).emit();
                }
                "cheap and good" => answer.score("relevance", 0.9).emit(),
                _ => {}
            }
            // Time in which batches are made: a trace's spans come apart.
            tokio::time::sleep(Duration::from_millis(2)).await;
            let tool = Tool::new("t").attribute("kind", kind).attribute("n", n).start();
            if kind == "failed" {
                tool.fail_with("timeout", "no answer");
            } else {
                tool.finish();
            }
            Ok::<_, std::convert::Infallible>(())
        })
        .await;
}

/// A call that took two minutes, a moment ago.
fn slow_call(n: i64) {
    let now = SystemTime::now();
    emit(GenerationEvent {
        provider: Some("openai".into()),
        model: "m".into(),
        metadata: BTreeMap::from([("kind".into(), "slow".into()), ("n".into(), n.into())]),
        start_time: now - Duration::from_secs(120),
        end_time: now,
        ..GenerationEvent::default()
    });
}

struct Fleet {
    _processes: [Process; 3],
    agent: Collector,
    gateways: [Collector; 2],
    folder: tempfile::TempDir,
}

impl Fleet {
    fn start(receiver: &Receiver) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let gateway = || {
            let gateway = Collector::new("deploy/gateway.yaml", folder.path())?;
            Some(
                gateway
                    .variable("TRACES_OTLP", receiver.grpc)
                    .variable("METRICS_OTLP", receiver.http_url())
                    .variable("LOGS_OTLP", receiver.http_url())
                    .variable("DECISION_WAIT", "3s")
                    .variable("KEEP_SLOWER_THAN_MS", 60_000)
                    .variable("KEEP_PERCENT", 0),
            )
        };
        let gateways = [gateway()?, gateway()?];
        let [first, second] = gateways.each_ref().map(|gateway| gateway.grpc);
        let agent = Collector::new("deploy/agent.yaml", folder.path())?
            .variable("GATEWAYS", format!("[\"{first}\", \"{second}\"]"))
            .variable("GATEWAY", first);
        let processes = [gateways[0].start(), gateways[1].start(), agent.start()];
        Some(Self { _processes: processes, agent, gateways, folder })
    }
}

/// How many spans of each trace arrived.
fn arrived(receiver: &Receiver) -> BTreeMap<(String, String), usize> {
    let mut arrived = BTreeMap::new();
    for span in receiver.spans() {
        let of = |key: &str| {
            let own = text(&span.attributes, key);
            if own.is_empty() {
                text(&span.attributes, &format!("spanwise.metadata.{key}"))
            } else {
                own
            }
        };
        *arrived.entry((of("kind"), of("n"))).or_default() += 1;
    }
    arrived
}

fn worth_keeping() -> BTreeMap<(String, String), usize> {
    let kept = KINDS.iter().filter(|(_, _, kept)| *kept);
    kept.flat_map(|(kind, spans, _)| {
        (0..EACH).map(move |n| (((*kind).to_owned(), n.to_string()), *spans))
    })
    .collect()
}

#[test]
fn gateways_keep_every_trace_that_failed_or_was_slow_costly_or_poor_and_keep_it_whole() {
    let child = child!(block_on(async {
        let telemetry = telemetry();
        for n in 0..EACH {
            for (kind, _, _) in KINDS {
                if kind == "slow" { slow_call(n) } else { work(kind, n).await }
            }
        }
        let report = telemetry.shutdown().await;
        assert_eq!(report.dropped(), 0, "{report}");
    }));
    let receiver = Receiver::start();
    let Some(fleet) = Fleet::start(&receiver) else { return };
    let endpoint = format!("http://{}", fleet.agent.grpc);
    child.run(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ]);
    receiver.wait_until("what is worth keeping comes through", |receiver| {
        worth_keeping().iter().all(|(trace, spans)| arrived(receiver).get(trace) == Some(spans))
    });
    // Both took part, and what was not worth keeping was decided on before this is said.
    for gateway in &fleet.gateways {
        let said = decided(gateway);
        assert!(said > 0, "a gateway decided on nothing; logs below {:?}", fleet.folder.path());
    }
    assert_eq!(arrived(&receiver), worth_keeping());
    // Metrics and logs are whole, whatever became of traces.
    receiver.wait_until("metrics and logs come through", |receiver| {
        receiver.metrics().iter().any(|metric| metric.name == "gen_ai.invoke_workflow.duration")
            && receiver.log_records().iter().any(|log| log.event_name == "gen_ai.evaluation.result")
    });
}

/// How many traces a gateway decided on, when it has decided on all that it got.
fn decided(gateway: &Collector) -> u64 {
    let deadline = std::time::Instant::now() + crate::process::PATIENCE;
    loop {
        let page = get(gateway.metrics, "/metrics").unwrap_or_default();
        let sum = |name: &str| -> u64 {
            let lines = page.lines().filter(|line| line.starts_with(name));
            let numbers = lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
            numbers.sum::<f64>() as u64
        };
        let new = sum("otelcol_processor_tail_sampling_new_trace_id_received");
        let done = sum("otelcol_processor_tail_sampling_global_count_traces_sampled");
        if new > 0 && done >= new {
            return done;
        }
        assert!(std::time::Instant::now() < deadline, "{new} traces, {done} decisions: {page}");
        pause();
    }
}

#[test]
fn what_an_agent_took_waits_on_its_disk_for_gateways_that_are_away() {
    let child = child!(block_on(async {
        let telemetry = telemetry();
        for n in 0..EACH {
            work("failed", n).await;
        }
        assert_eq!(telemetry.shutdown().await.dropped(), 0);
    }));
    let receiver = Receiver::start();
    let folder = tempfile::tempdir().unwrap();
    let [away] = free();
    let Some(agent) = Collector::new("deploy/agent.yaml", folder.path()) else { return };
    let first = agent.variable("GATEWAYS", format!("[\"{away}\"]")).variable("GATEWAY", away);
    let running = first.start();
    child.run(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{}", first.http))]);
    // It is killed with all of that, and comes back where there is a gateway.
    running.kill();
    let later = first
        .variable("GATEWAYS", format!("[\"{}\"]", receiver.grpc))
        .variable("GATEWAY", receiver.grpc);
    let _running = later.start();
    receiver.wait_until("every span comes through", |receiver| {
        let spans = arrived(receiver);
        spans.len() == EACH as usize && spans.values().all(|spans| *spans >= 3)
    });
}
