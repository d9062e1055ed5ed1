//! Recording into providers that the program made itself.

mod support;

use opentelemetry::logs::NoopLoggerProvider;
use opentelemetry::trace::{Span, TraceContextExt, Tracer, TracerProvider};
use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider};
use spanwise::{
    Generation, InitError, Provider, ScopeIds, ScopeProcessor, ScopeSampler, TelemetryConfig, Tool,
    Usage, evaluation, scope,
};
use support::{child, isolated};

struct Own {
    spans: InMemorySpanExporter,
    tracers: SdkTracerProvider,
    metrics: InMemoryMetricExporter,
    meters: SdkMeterProvider,
    logs: InMemoryLogExporter,
    loggers: SdkLoggerProvider,
}

fn own() -> Own {
    let spans = InMemorySpanExporter::default();
    let metrics = InMemoryMetricExporter::default();
    let logs = InMemoryLogExporter::default();
    let reader = PeriodicReader::builder(metrics.clone()).build();
    Own {
        tracers: SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build(),
        meters: SdkMeterProvider::builder().with_reader(reader).build(),
        loggers: SdkLoggerProvider::builder().with_simple_exporter(logs.clone()).build(),
        spans,
        metrics,
        logs,
    }
}

#[test]
fn spans_metrics_and_events_go_to_the_programs_own_providers() {
    isolated!({
        let own = own();
        spanwise::attach_providers(&own.tracers, &own.meters, &own.loggers).unwrap();

        let tracer = own.tracers.tracer("the program");
        tracer.in_span("request", |context| {
            let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
            assert_eq!(
                generation.span_context().trace_id(),
                context.span().span_context().trace_id()
            );
            generation.usage(Usage::new(12, 5));
            evaluation("relevance").score(0.5).emit_on(&generation.trace_ref());
            generation.fail_with("rate_limited", "");
        });
        own.meters.force_flush().unwrap();

        let spans = own.spans.get_finished_spans().unwrap();
        let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
        assert_eq!(names, ["chat gpt-4o", "request"]);
        assert_eq!(spans[0].instrumentation_scope.name(), "spanwise");
        let logs = own.logs.get_emitted_logs().unwrap();
        let events: Vec<_> = logs.iter().filter_map(|log| log.record.event_name()).collect();
        assert_eq!(events, ["gen_ai.evaluation.result", "gen_ai.client.operation.exception"]);
        let collected = own.metrics.get_finished_metrics().unwrap();
        let metrics = collected.iter().flat_map(|all| all.scope_metrics());
        let names: Vec<_> = metrics.flat_map(|scope| scope.metrics()).map(|m| m.name()).collect();
        assert!(names.contains(&"gen_ai.client.inference.duration"), "{names:?}");
    });
}

#[test]
fn nothing_global_is_taken_over() {
    isolated!({
        let own = own();
        spanwise::attach_providers(&own.tracers, &own.meters, &NoopLoggerProvider::new()).unwrap();
        let global = opentelemetry::global::tracer("elsewhere");
        assert!(!global.start("nobody's").span_context().is_valid());
        assert!(own.spans.get_finished_spans().unwrap().is_empty());
    });
}

#[test]
fn content_is_captured_as_the_environment_says() {
    let child = child!({
        let own = own();
        spanwise::attach_providers(&own.tracers, &own.meters, &own.loggers).unwrap();
        Generation::chat(Provider::OpenAi, "gpt-4o").input("Hello!").start().finish();
        let spans = own.spans.get_finished_spans().unwrap();
        let input =
            spans[0].attributes.iter().find(|kv| kv.key.as_str() == "gen_ai.input.messages");
        eprintln!("input: {}", input.map(|kv| kv.value.to_string()).unwrap_or_default());
    });
    let said = child.run(&[("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_ONLY")]);
    let expected = r#"input: [{"role":"user","parts":[{"type":"text","content":"Hello!"}]}]"#;
    assert!(said.stderr.contains(expected), "{}", said.stderr);
    let said = child.run(&[("SPANWISE_SEMCONV_PROFILE", "v1_41")]);
    assert!(said.stderr.contains("which providers of the program's own are not given"));
    assert!(said.stderr.contains("input: \n"), "{}", said.stderr);
}

#[test]
fn what_is_open_can_be_ended_before_the_providers_are_shut_down() {
    isolated!({
        let own = own();
        let recorder = spanwise::attach_providers(&own.tracers, &own.meters, &own.loggers).unwrap();
        let open = Tool::new("open").start();
        assert_eq!(recorder.end_open_operations(), 1);
        open.finish();
        assert_eq!(own.spans.get_finished_spans().unwrap().len(), 1);
    });
}

#[test]
fn telemetry_is_started_or_attached_once() {
    isolated!({
        let own = own();
        let attach = || spanwise::attach_providers(&own.tracers, &own.meters, &own.loggers);
        attach().unwrap();
        assert!(matches!(attach(), Err(InitError::AlreadyInitialized)));
        let started = spanwise::init_telemetry(TelemetryConfig::new("bot"));
        assert!(matches!(started, Err(InitError::AlreadyInitialized)));
    });
}

#[test]
fn a_programs_own_providers_follow_scopes_by_the_parts_that_they_are_given() {
    isolated!({
        let exported = InMemorySpanExporter::default();
        let tracers = SdkTracerProvider::builder()
            .with_sampler(ScopeSampler::new(Sampler::ParentBased(Box::new(Sampler::AlwaysOff))))
            .with_id_generator(ScopeIds::default())
            .with_span_processor(ScopeProcessor)
            .with_simple_exporter(exported.clone())
            .build();
        let own = own();
        spanwise::attach_providers(&tracers, &own.meters, &own.loggers).unwrap();
        let id = opentelemetry::TraceId::from(0xabcd_u128);
        Tool::new("not kept").start().finish();
        scope().session("s-1").trace_id(id).force_keep().run_sync(|| {
            Tool::new("ours").start().finish();
            drop(tracers.tracer("other").start("theirs"));
        });
        let spans = exported.get_finished_spans().unwrap();
        let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
        assert_eq!(names, ["execute_tool ours", "theirs"]);
        for span in spans {
            assert_eq!(span.span_context.trace_id(), id, "{}", span.name);
            let sessions = span.attributes.iter().filter(|kv| kv.key.as_str() == "session.id");
            assert_eq!(sessions.count(), 1, "{}", span.name);
        }
    });
}
