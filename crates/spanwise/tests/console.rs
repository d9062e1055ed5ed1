//! The terminal: whole trees, one after the other, and never content.

mod support;

use std::time::Duration;

use spanwise::{
    Agent, ContentCapture, Destination, Embeddings, Generation, Message, Provider, Response,
    Signals, Telemetry, TelemetryConfig, Tool, Usage, Workflow,
};
use support::{PATIENCE, block_on, child};

fn start(configure: impl FnOnce(TelemetryConfig) -> TelemetryConfig) -> Telemetry {
    let config = configure(TelemetryConfig::from_env().unwrap()).shutdown_timeout(PATIENCE);
    spanwise::init_telemetry(config).unwrap()
}

async fn turn(number: usize) {
    let agent = Agent::new(format!("agent-{number}")).run_with(async |_| {
        let answer = Generation::chat(Provider::OpenAi, "gpt-4o")
            .input("canary-prompt")
            .run(async {
                tokio::task::yield_now().await;
                let answer = Message::assistant("canary-answer");
                let usage = Usage::new(120, 48).cache_read(40).reasoning(16);
                Ok::<_, String>(Response::new().usage(usage).output(answer))
            })
            .await?;
        drop(answer);
        Embeddings::new(Provider::OpenAi, "embed").run(async { Ok::<_, String>(()) }).await?;
        Tool::new("lookup")
            .arguments(&serde_json::json!({"id": "canary-argument"}))
            .run(async { Err::<(), _>("canary-error".to_owned()) })
            .await
    });
    let _ = Workflow::new(format!("flow-{number}")).run(agent).await;
}

/// Lines with neither durations nor bars, which differ each time.
fn told(stderr: &str) -> String {
    let lines = stderr.lines().map(|line| {
        let is_unit = |word: &&str| ["µs", "ms", "s"].contains(word);
        let words: Vec<_> = line.split_whitespace().filter(|word| !word.contains('━')).collect();
        // A duration is the number before its unit.
        let kept = words
            .iter()
            .enumerate()
            .filter(|(place, word)| !is_unit(word) && !words.get(place + 1).is_some_and(&is_unit));
        kept.map(|(_, word)| *word).collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn with_nothing_configured_a_finished_trace_is_drawn_as_a_tree() {
    let child = child!(block_on(async {
        let telemetry = start(|config| config.content_capture(ContentCapture::SpanAndEvent));
        turn(1).await;
        telemetry.shutdown().await
    }));
    let said = child.run(&[]);
    assert!(!said.stderr.contains("canary"), "{}", said.stderr);
    assert!(!said.stderr.contains('\u{1b}'), "no colours where there is no terminal");
    insta::assert_snapshot!(told(&said.stderr), @r"
    invoke_workflow flow-1 ✗ _OTHER
    └─ invoke_agent agent-1 ✗ _OTHER
    ├─ chat gpt-4o 120 → 48 tokens (40 cached, 16 reasoning)
    ├─ embeddings embed
    └─ execute_tool lookup ✗ _OTHER
    ");
}

#[test]
fn traces_that_end_at_once_are_paragraphs_and_never_mixed() {
    let child = child!({
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
        runtime.block_on(async {
            let telemetry = start(|config| config);
            let turns: Vec<_> = (0..100).map(|number| tokio::spawn(turn(number))).collect();
            for turn in turns {
                turn.await.unwrap();
            }
            assert_eq!(telemetry.shutdown().await.dropped(), 0);
        });
    });
    let said = child.run(&[]);
    let paragraphs: Vec<&str> = said.stderr.trim_end().split("\n\n").collect();
    assert_eq!(paragraphs.len(), 100);
    for paragraph in paragraphs {
        let lines: Vec<&str> = paragraph.lines().collect();
        let number = lines[0].strip_prefix("invoke_workflow flow-").unwrap();
        let number = number.split_whitespace().next().unwrap();
        assert!(lines[1].starts_with(&format!("└─ invoke_agent agent-{number} ")), "{paragraph}");
        assert_eq!(lines.len(), 5, "{paragraph}");
    }
}

#[test]
fn a_trace_whose_root_is_open_at_the_end_is_drawn_as_it_is() {
    let child = child!(block_on(async {
        use spanwise::opentelemetry::trace::{TraceContextExt as _, Tracer as _};
        let telemetry = start(|config| config);
        // A span of somebody else's, which nobody ends.
        let open = spanwise::opentelemetry::global::tracer("another").start("never ends");
        let context = spanwise::opentelemetry::Context::current_with_span(open);
        {
            let _entered = context.clone().attach();
            Tool::new("lookup").start().finish();
        }
        let report = telemetry.shutdown().await;
        assert_eq!((report.open_spans, context.span().is_recording()), (1, true), "{report}");
        // Dropping it would end it, which is warned of, so late.
        std::mem::forget(context);
    }));
    insta::assert_snapshot!(told(&child.run(&[]).stderr), @r"
    execute_tool lookup
    (still open)
    ");
}

#[test]
fn a_trace_is_drawn_when_its_root_ends_and_not_only_at_shutdown() {
    let child = child!(block_on(async {
        let telemetry = start(|config| config);
        turn(1).await;
        let report = telemetry.flush_within(Duration::from_secs(5)).await;
        assert!(report.complete, "{report}");
        eprintln!("still running");
        telemetry.shutdown().await
    }));
    let said = child.run(&[]).stderr;
    let (tree, end) =
        (said.find("invoke_workflow flow-1").unwrap(), said.find("still running").unwrap());
    assert!(tree < end, "{said}");
}

#[test]
fn metrics_and_logs_are_lines_where_they_are_asked_for() {
    let child = child!(block_on(async {
        let telemetry = start(|config| {
            config
                .destination(Destination::console(Signals::ALL))
                .content_capture(ContentCapture::SpanAndEvent)
        });
        turn(1).await;
        tracing::warn!(order = 17, "stock is low");
        telemetry.shutdown().await
    }));
    let said = child.run(&[]).stderr;
    assert!(!said.contains("canary"), "{said}");
    assert!(said.contains("gen_ai.client.inference.duration"), "{said}");
    assert!(said.contains("gen_ai.client.inference.operation.details"), "{said}");
    assert!(said.contains("stock is low"), "{said}");
}

#[test]
fn the_console_can_be_chosen_by_variable_for_each_signal() {
    let child = child!(block_on(async {
        let telemetry = start(|config| config);
        turn(1).await;
        telemetry.shutdown().await
    }));
    let said = child
        .run(&[
            ("OTEL_TRACES_EXPORTER", "none"),
            ("OTEL_METRICS_EXPORTER", "console"),
            ("OTEL_LOGS_EXPORTER", "none"),
        ])
        .stderr;
    assert!(!said.contains("invoke_workflow flow-1 "), "{said}");
    assert!(said.contains("gen_ai.invoke_workflow.duration"), "{said}");
}
