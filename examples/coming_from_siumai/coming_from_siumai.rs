//! What siumai's telemetry guide does: a configuration by words, an exporter of one's own, events after the fact, and
//! a hierarchy of spans from ids alone.
//!
//! ```text
//! cargo run --example coming_from_siumai
//! ```

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use serde_json::json;
use spanwise::opentelemetry::Context;
use spanwise::opentelemetry::propagation::TextMapPropagator as _;
use spanwise::{
    ContentLevel, ExportError, ExporterSettings, GenerationEvent, Langfuse, Message,
    OrchestratorEvent, SpanEvent, TelemetryConfig, TelemetryEvent, TelemetryExporter,
    ToolExecutionEvent, Usage, scope,
};
use spanwise_http::TargetHostExt as _;
use spanwise_http::helicone::{Helicone, HeliconePropagator};

/// An exporter of the program's own: one line for each event.
struct Lines;

impl TelemetryExporter for Lines {
    async fn export(&self, event: &TelemetryEvent) -> Result<(), ExportError> {
        eprintln!("exported {}: {:?}", event.id(), event.duration());
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = TelemetryConfig::builder()
        .enabled(true)
        .record_inputs(true)
        .record_outputs(true)
        .record_metadata(true)
        .sample_rate(1.0);
    // With keys it goes to Langfuse, else where the environment says, or to the terminal.
    let config = match Langfuse::from_env() {
        Ok(langfuse) => config.preset(langfuse),
        Err(_) => config,
    };
    let telemetry = spanwise::init_telemetry(config.build())?;

    // Content reaches an exporter only where its settings say so.
    let settings = ExporterSettings::new("lines").content(ContentLevel::Full);
    let _ = spanwise::add_exporter_with(Lines, settings);
    eprintln!("telemetry is {}", if spanwise::is_enabled() { "on" } else { "off" });

    emit_a_generation();
    emit_a_hierarchy();
    scope().record_inputs(false).record_outputs(false).run_sync(emit_a_tool);
    emit_an_orchestration();
    show_helicone()?;

    eprintln!("{}", telemetry.shutdown().await);
    for report in spanwise::clear_exporters() {
        eprintln!("{report:?}");
    }
    Ok(())
}

/// What some client has done, told afterwards.
fn emit_a_generation() {
    let end_time = SystemTime::now();
    spanwise::emit(TelemetryEvent::Generation(GenerationEvent {
        id: "gen-123".into(),
        provider: Some("openai".into()),
        model: "gpt-4".into(),
        input: vec![Message::user("What is the capital of France?")],
        output: vec![Message::assistant("Paris.")],
        usage: Some(Usage::new(14, 3)),
        metadata: [
            ("user_id".to_owned(), json!("user-123")),
            ("environment".to_owned(), json!("production")),
        ]
        .into(),
        start_time: end_time - Duration::from_millis(420),
        end_time,
        ..GenerationEvent::default()
    }));
}

/// A parent and its child, by nothing but their ids.
fn emit_a_hierarchy() {
    let now = SystemTime::now();
    let parent = SpanEvent {
        id: "span-1".into(),
        trace_id: Some("trace-123".into()),
        name: "orchestrator".into(),
        start_time: now,
        // Open: the event below ends it.
        end_time: None,
        ..SpanEvent::default()
    };
    let child = SpanEvent {
        id: "span-2".into(),
        parent_span_id: Some("span-1".into()),
        name: "llm_call".into(),
        end_time: Some(now + Duration::from_millis(80)),
        ..parent.clone()
    };
    spanwise::emit(TelemetryEvent::Span(parent.clone()));
    spanwise::emit(TelemetryEvent::Span(child));
    spanwise::emit(SpanEvent { end_time: Some(now + Duration::from_millis(100)), ..parent });
}

fn emit_a_tool() {
    spanwise::emit(ToolExecutionEvent {
        id: "tool-1".into(),
        tool_name: "lookup_order".into(),
        arguments: json!({"order": "A-17"}),
        result: json!({"state": "sent"}),
        ..ToolExecutionEvent::default()
    });
}

/// What happened in several steps, told at the end.
fn emit_an_orchestration() {
    let end_time = SystemTime::now();
    let event = OrchestratorEvent {
        id: "run-1".into(),
        trace_id: Some("trace-123".into()),
        name: "triage".into(),
        steps: vec!["lookup_order".into(), "answer".into()],
        metadata: [("environment".to_owned(), json!("production"))].into(),
        start_time: end_time - Duration::from_secs(2),
        end_time,
        ..OrchestratorEvent::default()
    };
    eprintln!("took {:?}", event.total_duration());
    spanwise::emit(event);
}

/// Helicone is told by headers of the requests themselves, which the layer of a client adds; here, which these are.
fn show_helicone() -> Result<(), Box<dyn std::error::Error>> {
    let propagator = HeliconePropagator::new(Helicone::new("your-api-key").build()?);
    let mut headers = HashMap::<String, String>::new();
    scope().user("user-123").run_sync(|| {
        let request = Context::current().with_target_host("oai.helicone.ai");
        propagator.inject_context(&request, &mut headers);
    });
    let mut names: Vec<_> = headers.keys().collect();
    names.sort();
    eprintln!("to Helicone: {names:?}");
    Ok(())
}
