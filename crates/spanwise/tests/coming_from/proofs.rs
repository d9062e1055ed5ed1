//! What the rows say, shown. One test may show several.

use std::collections::HashMap;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::StreamExt as _;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{Span as _, SpanKind, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue};
use serde_json::json;
use spanwise::{
    Agent, Attempt, BaggageItem, ContentCapture, ContentLevel, Cost, CostSource, Currency, Decimal,
    Destination, Embeddings, Environment, EventDetails, EventHub, ExportError, ExporterSettings,
    FutureExt as _, Generation, GenerationEvent, Guide, Langfuse, Measurements, Message, MetricSet,
    MetricsRecorder, OrchestratorEvent, OwnSpan, PatternRedactor, Preset as _, PriceTable, Prices,
    Provider, Redactor as _, Response, Signals, SpanBuilder, SpanEvent, StatsdExporter, Step,
    TelemetryConfig, TelemetryEvent, TelemetryExporter, Tool, ToolExecutionEvent, Usage, Workflow,
    attach, attach_default_logger, attach_json_logger, auth_refreshed, cache_evicted, cache_hit,
    cache_miss, cache_put, cache_size, checklist, context_with_span, cost_calculated,
    cost_threshold_exceeded, detach, detach_loggers, evaluation, execute, extract_from_headers,
    get_baggage, inject_into_headers, list_handlers, propagate_context, record_exception, routed,
    scope, tracer, validation, with_baggage, with_context,
};
use spanwise_http::TargetHostExt as _;
use spanwise_http::helicone::{Helicone, HeliconePropagator};
use spanwise_testing::{Capture, Captured};

pub(crate) use crate::examples::{
    auto_optimizer as example_auto_optimizer, auto_optimizer_in_code as example_in_code,
    demo as example_demo, exllm as example_exllm, flo_ai as example_flo_ai, flujo as example_flujo,
    siumai as example_siumai,
};
use crate::running::running;
use crate::support::{attribute, block_on, text};

const INPUT: &str = "gen_ai.input.messages";
const OUTPUT: &str = "gen_ai.output.messages";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn with_content(work: impl FnOnce()) -> Captured {
    let capture = Capture::builder().content(ContentCapture::SpanOnly).build();
    capture.run(work);
    capture.finish()
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

/// A name that no other test of the process has.
pub(crate) fn unique(name: &str) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn chat(model: String) -> Generation {
    Generation::chat(Provider::OpenAi, model)
        .input("Hello!")
        .attribute("app.team", "support")
        .start()
}

pub(crate) fn sets_of_metrics() {
    use spanwise::semconv::Metric::{
        GenAiClientInferenceDuration as Duration, GenAiClientInferenceUsageInputTokens as Tokens,
        GenAiInvokeAgentToolCalls as Calls,
    };
    let included = |set: MetricSet| [Duration, Tokens, Calls].map(|metric| set.includes(metric));
    assert_eq!(included(MetricSet::All), [true, true, true]);
    assert_eq!(included(MetricSet::Basic), [true, true, false]);
    assert_eq!(included(MetricSet::Cost), [false, true, false]);
    for (word, set) in [("basic", MetricSet::Basic), ("cost", MetricSet::Cost)] {
        assert_eq!(word.parse(), Ok(set));
        let _ = TelemetryConfig::new("bot").metric_set(set);
    }
}

pub(crate) fn scraped() {
    use std::io::{Read as _, Write as _};

    running();
    let model = unique("scraped");
    chat(model.clone()).finish();
    let server = spanwise::start_prometheus_server("127.0.0.1:0").unwrap();
    let mut scraper = std::net::TcpStream::connect(server.local_addr()).unwrap();
    scraper.write_all(b"GET /metrics HTTP/1.1\r\nhost: me\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    scraper.read_to_string(&mut answer).unwrap();
    let count = answer.lines().find(|line| {
        line.starts_with("gen_ai_client_inference_duration_seconds_count{") && line.contains(&model)
    });
    assert!(count.is_some_and(|line| line.ends_with(" 1")), "{answer}");
    let _ = TelemetryConfig::new("bot").prometheus_server(([0, 0, 0, 0], 9568));
}

pub(crate) fn narrowed() {
    let captured = with_content(|| {
        scope().record_inputs(false).run_sync(|| chat("less".into()).finish());
        scope().record_metadata(false).run_sync(|| chat("no-metadata".into()).finish());
        scope().enabled(false).run_sync(|| chat("nothing".into()).finish());
    });
    assert_eq!(captured.spans().len(), 2, "{}", captured.tree());
    assert!(captured.span("chat less").attribute(INPUT).is_none());
    assert!(captured.span("chat no-metadata").attribute("app.team").is_none());
}

pub(crate) fn generation_event() {
    let captured = with_content(|| {
        spanwise::emit(TelemetryEvent::Generation(GenerationEvent {
            id: "gen-123".into(),
            trace_id: Some("0af76519-16cd-43dd-8448-eb211c80319c".into()),
            parent_span_id: Some("00f067aa0ba902b7".into()),
            provider: Some("openai".into()),
            model: "gpt-4".into(),
            input: vec![Message::user("Hello!")],
            output: vec![Message::assistant("response")],
            usage: Some(Usage::new(12, 5)),
            metadata: [("environment".into(), json!("production"))].into(),
            start_time: at(0),
            end_time: at(2),
            ..GenerationEvent::default()
        }));
    });
    captured.assert_conformant();
    let span = captured.span("chat gpt-4");
    assert_eq!(span.trace_id().to_string(), TRACE);
    assert_eq!(span.parent_span_id().to_string(), "00f067aa0ba902b7");
    assert_eq!(span.text("spanwise.event.id"), "gen-123");
    assert!(span.text(INPUT).contains("Hello!") && span.text(OUTPUT).contains("response"));
    assert_eq!(span.text("gen_ai.usage.output_tokens"), "5");
    assert_eq!(span.text("environment"), "production");
    assert_eq!((span.data().start_time, span.duration()), (at(0), Duration::from_secs(2)));
}

pub(crate) fn tool_event() {
    let captured = with_content(|| {
        spanwise::emit(ToolExecutionEvent {
            id: "00f067aa0ba902b7".into(),
            trace_id: Some(TRACE.into()),
            tool_name: "lookup".into(),
            arguments: json!({"order": "A-17"}),
            result: json!({"state": "sent"}),
            start_time: at(0),
            end_time: at(1),
            ..ToolExecutionEvent::default()
        });
    });
    let span = captured.span("execute_tool lookup");
    assert_eq!(span.trace_id().to_string(), TRACE);
    assert_eq!(span.span_context().span_id().to_string(), "00f067aa0ba902b7");
    assert_eq!(span.text("gen_ai.tool.call.arguments"), r#"{"order":"A-17"}"#);
    assert_eq!(span.text("gen_ai.tool.call.result"), r#"{"state":"sent"}"#);
    assert_eq!(span.duration(), Duration::from_secs(1));
}

pub(crate) fn orchestrator_event() {
    let event = OrchestratorEvent {
        id: "run-1".into(),
        trace_id: Some(TRACE.into()),
        name: "triage".into(),
        steps: vec!["plan".into(), "answer".into()],
        metadata: [("tier".into(), json!("gold"))].into(),
        start_time: at(0),
        end_time: at(3),
        ..OrchestratorEvent::default()
    };
    assert_eq!(event.total_duration(), Duration::from_secs(3));
    let captured = with_content(|| spanwise::emit(event));
    let [span] = captured.spans() else { panic!("{}", captured.tree()) };
    assert_eq!(span.trace_id().to_string(), TRACE);
    assert_eq!(span.text("spanwise.event.steps"), r#"["plan","answer"]"#);
    assert_eq!(span.text("tier"), "gold");
    assert_eq!(span.duration(), Duration::from_secs(3));
}

pub(crate) fn span_events() {
    let event = |id: &str, parent: Option<&str>, name: &str| SpanEvent {
        id: id.into(),
        trace_id: Some("trace-123".into()),
        parent_span_id: parent.map(str::to_owned),
        name: name.into(),
        start_time: at(0),
        attributes: [("step".into(), json!(1))].into(),
        ..SpanEvent::default()
    };
    let captured = with_content(|| {
        spanwise::emit(TelemetryEvent::Span(SpanEvent {
            end_time: None,
            ..event("span-1", None, "orchestrator")
        }));
        let child = event("span-2", Some("span-1"), "llm_call");
        spanwise::emit(SpanEvent { end_time: Some(at(1)), ..child });
        spanwise::emit(SpanEvent {
            end_time: Some(at(2)),
            ..event("span-1", None, "orchestrator")
        });
    });
    let (parent, child) = (captured.span("orchestrator"), captured.span("llm_call"));
    assert_eq!(child.parent_span_id(), parent.span_context().span_id());
    assert_eq!(child.trace_id(), parent.trace_id());
    assert_eq!(child.text("step"), "1");
    assert_eq!(parent.duration(), Duration::from_secs(2));
}

pub(crate) fn every_event() {
    generation_event();
    tool_event();
    orchestrator_event();
    span_events();
}

/// Of the process; there is one test of it.
pub(crate) fn exporters() {
    struct Mine(std::sync::mpsc::Sender<TelemetryEvent>, &'static str);
    impl TelemetryExporter for Mine {
        async fn export(&self, event: &TelemetryEvent) -> Result<(), ExportError> {
            if self.1 == "fails" {
                return Err(ExportError::new("not reached"));
            }
            self.0.send(event.clone()).map_err(|_| ExportError::new("nobody is there"))
        }
    }
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _mine_alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    running();
    let (told, events) = std::sync::mpsc::channel();
    let _ = spanwise::add_exporter(Mine(told.clone(), "fails"));
    let settings = ExporterSettings::new("mine").content(ContentLevel::Full);
    let _ = spanwise::add_exporter_with(Mine(told, "takes"), settings);
    assert!(spanwise::is_enabled());
    let model = unique("exported");
    chat(model.clone()).finish();
    assert!(block_on(spanwise::flush_exporters(Duration::from_secs(60))));
    let ours = |event: &TelemetryEvent| match event {
        TelemetryEvent::Generation(event) => event.model == model,
        _ => false,
    };
    assert!(events.try_iter().any(|event| ours(&event)));
    let reports = spanwise::clear_exporters();
    assert!(reports.iter().any(|report| report.failed > 0), "{reports:?}");
    assert!(spanwise::exporters().is_empty());
}

pub(crate) fn statsd() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let exporter = StatsdExporter::udp(server.local_addr().unwrap(), "llm").unwrap();
    let event = GenerationEvent { model: "gpt-4".into(), ..GenerationEvent::default() };
    block_on(exporter.export(&TelemetryEvent::Generation(event))).unwrap();
    let mut line = [0; 512];
    let length = server.recv(&mut line).unwrap();
    let line = String::from_utf8_lossy(&line[..length]).into_owned();
    assert!(line.starts_with("llm."), "{line}");
}

pub(crate) fn langfuse() {
    let by_hand = Langfuse::new("pk-lf-1", "sk-lf-1").host("http://localhost:3000");
    assert!(by_hand.destination().is_ok());
    let variables = [("LANGFUSE_PUBLIC_KEY", "pk-lf-1"), ("LANGFUSE_SECRET_KEY", "sk-lf-canary")];
    assert!(Langfuse::from_environment(&Environment::from_iter(variables)).is_ok());
    let half = Environment::from_iter([variables[1]]);
    let error = Langfuse::from_environment(&half).err().unwrap().to_string();
    assert!(error.contains("LANGFUSE_PUBLIC_KEY") && !error.contains("canary"), "{error}");
}

pub(crate) fn helicone() {
    let settings = Helicone::new("your-api-key").user_id("u-1").build().unwrap();
    let context = Context::new().with_target_host("oai.helicone.ai");
    let mut headers = HashMap::<String, String>::new();
    HeliconePropagator::new(settings).inject_context(&context, &mut headers);
    assert_eq!(headers["helicone-auth"], "Bearer your-api-key");
    assert_eq!(headers["helicone-user-id"], "u-1");
}

pub(crate) fn scoped() {
    let captured = with_content(|| {
        scope()
            .user("user-123")
            .session("session-456")
            .request_id("abc123")
            .metadata("environment", "production")
            .run_sync(|| chat("gpt-4".into()).finish());
    });
    let span = captured.span("chat gpt-4");
    assert_eq!(span.text("user.id"), "user-123");
    assert_eq!(span.text("session.id"), "session-456");
    assert_eq!(span.text("spanwise.request.id"), "abc123");
    assert_eq!(span.text("spanwise.metadata.environment"), "production");
}

pub(crate) fn scrubbed() {
    let redactor = PatternRedactor::new();
    let place = spanwise::TextPlace::attribute(INPUT);
    let cut = redactor.redact("write to ann@example.com", &place);
    assert!(cut.starts_with("write to ") && !cut.contains("ann@example.com"), "{cut}");
    let private = Capture::builder().build();
    private.run(|| chat("gpt-4".into()).finish());
    assert!(private.finish().span("chat gpt-4").attribute(INPUT).is_none(), "off unless asked for");
}

pub(crate) fn logs() {
    running();
    let name = unique("logged");
    let span = tracing::info_span!("pipeline", run = %name);
    span.in_scope(|| {
        let agent = Agent::new(name.clone()).start();
        let _active = agent.enter();
        tracing::info!(run = %name, "pipeline_start");
        tracing::error!(run = %name, "pipeline_failed");
        drop(_active);
        agent.finish();
    });
    drop(span);
    running().flush();
    let receiver = &running().receiver;
    let agent = receiver.span(&format!("invoke_agent {name}"));
    let ours = |record: &&opentelemetry_proto::tonic::logs::v1::LogRecord| {
        attribute(&record.attributes, "run").is_some() && record.span_id == agent.span_id
    };
    let records = receiver.log_records();
    let levels: Vec<_> =
        records.iter().filter(ours).map(|record| record.severity_text.clone()).collect();
    assert_eq!(levels, ["INFO", "ERROR"]);
    let outer = receiver.spans().into_iter().find(|span| span.span_id == agent.parent_span_id);
    assert_eq!(outer.map(|span| span.name).as_deref(), Some("pipeline"));
}

pub(crate) fn model_calls() {
    let captured = with_content(|| {
        let answered = Generation::chat(Provider::OpenAi, "gpt-4")
            .run(async { Ok::<_, std::io::Error>(Response::new().usage(Usage::new(12, 5))) });
        block_on(async {
            answered.await.map(drop).unwrap();
            let words = Generation::chat(Provider::OpenAi, "gpt-4-stream").start();
            let chunks = words.stream(futures_util::stream::iter(["a", "b"]), |chunk, response| {
                response.text(chunk);
            });
            assert_eq!(chunks.count().await, 2);
        });
        let embeddings = Embeddings::new(Provider::OpenAi, "text-embedding-ada-002").start();
        embeddings.input_tokens(8);
        embeddings.finish();
    });
    captured.assert_conformant();
    let span = captured.span("chat gpt-4");
    assert_eq!(span.text("gen_ai.provider.name"), "openai");
    assert_eq!(span.text("gen_ai.request.model"), "gpt-4");
    assert_eq!(span.text("gen_ai.usage.input_tokens"), "12");
    assert_eq!(span.text("gen_ai.usage.output_tokens"), "5");
    assert!(captured.span("chat gpt-4-stream").text(OUTPUT).contains("ab"));
    let embedded = captured.span("embeddings text-embedding-ada-002");
    assert_eq!(embedded.text("gen_ai.usage.input_tokens"), "8");
}

/// The count of a histogram's points that have this `error.type`, or any.
fn count(captured: &Captured, metric: &str, error: Option<&str>) -> u64 {
    let points = captured.points(metric);
    let wanted = points.iter().filter(|p| error.is_none_or(|error| p.text("error.type") == error));
    wanted.filter_map(|point| point.count).sum()
}

/// The sum of a metric's points that have this attribute.
fn total(captured: &Captured, metric: &str, (key, value): (&str, &str)) -> f64 {
    let points = captured.points(metric);
    points.iter().filter(|point| point.text(key) == value).map(|point| point.sum).sum()
}

pub(crate) fn model_metrics() {
    let captured = with_content(|| {
        for model in ["gpt-4", "gpt-3.5-turbo"] {
            let generation = chat(model.into());
            generation.usage(Usage::new(10, 4));
            generation.finish();
        }
        chat("gpt-4".into()).fail_with("timeout", "too late");
    });
    let duration = "gen_ai.client.inference.duration";
    assert_eq!(count(&captured, duration, None), 3);
    assert_eq!(count(&captured, duration, Some("timeout")), 1);
    assert!(captured.points(duration).iter().all(|point| point.unit == "s"));
    for (metric, sum) in [
        ("gen_ai.client.inference.usage.input_tokens", 20.0),
        ("gen_ai.client.inference.usage.output_tokens", 8.0),
    ] {
        let points = captured.points(metric);
        assert_eq!(points.iter().map(|point| point.sum).sum::<f64>(), sum, "{metric}");
        assert!(points.iter().any(|point| point.text("gen_ai.request.model") == "gpt-3.5-turbo"));
    }
    let spans = captured.spans().iter();
    assert_eq!(spans.filter(|span| span.text("error.type") == "timeout").count(), 1);
}

pub(crate) fn stream_metrics() {
    let captured = with_content(|| {
        let generation = chat("gpt-4".into());
        let chunks = generation.stream(futures_util::stream::iter(["a", "b", "c"]), |_, _| {});
        assert_eq!(block_on(chunks.count()), 3);
    });
    assert_eq!(captured.span("chat gpt-4").text("spanwise.stream.chunks"), "3");
    assert_eq!(count(&captured, "gen_ai.client.inference.time_to_first_chunk", None), 1);
    assert_eq!(count(&captured, "gen_ai.client.inference.time_per_output_chunk", None), 2);
    assert_eq!(count(&captured, "gen_ai.client.inference.duration", None), 1);
}

pub(crate) fn agent_metrics() {
    let captured = with_content(|| {
        let ran = Agent::new("support").history_size(12).run_sync(|agent| {
            agent.retried("invalid_json");
            Tool::new("calculate").start().finish();
            Ok::<_, std::io::Error>(())
        });
        ran.unwrap();
        Agent::new("late").start().fail_with("timeout", "too late");
    });
    assert_eq!(count(&captured, "gen_ai.invoke_agent.duration", None), 2);
    assert_eq!(count(&captured, "gen_ai.invoke_agent.duration", Some("timeout")), 1);
    let tool_calls = captured.points("gen_ai.invoke_agent.tool_calls");
    assert_eq!(tool_calls.iter().map(|point| point.sum).sum::<f64>(), 1.0);
    let agent = captured.span("invoke_agent support");
    assert_eq!(agent.text("spanwise.agent.history_size"), "12");
    assert_eq!(total(&captured, "spanwise.agent.retries", ("error.type", "invalid_json")), 1.0);
    let tool = captured.span("execute_tool calculate");
    assert_eq!(tool.parent_span_id(), agent.span_context().span_id());
}

pub(crate) fn workflow_metrics() {
    let captured = with_content(|| {
        let pipeline = Workflow::new("default").attribute("pipeline.models", 2);
        let ran = pipeline.run_sync(|_| {
            Step::new("plan").step_type("planner").index(0).start().finish();
            routed("triage", "billing");
            Step::new("solve").index(1).start().fail_with("timeout", "too late");
            Err::<(), _>(std::io::Error::from(std::io::ErrorKind::TimedOut))
        });
        assert!(ran.is_err());
    });
    let workflow = captured.span("invoke_workflow default");
    assert_eq!(workflow.text("pipeline.models"), "2");
    let step = captured.span("step plan");
    assert_eq!(step.parent_span_id(), workflow.span_context().span_id());
    assert_eq!(step.text("spanwise.step.type"), "planner");
    assert_eq!(step.text("spanwise.step.index"), "0");
    assert_eq!(count(&captured, "spanwise.step.duration", None), 2);
    assert_eq!(count(&captured, "spanwise.step.duration", Some("timeout")), 1);
    assert_eq!(count(&captured, "gen_ai.invoke_workflow.duration", Some("timed_out")), 1);
    let choice = ("spanwise.router.choice", "billing");
    assert_eq!(total(&captured, "spanwise.router.decisions", choice), 1.0);
    let route = captured.span("workflow.route");
    assert_eq!(route.text("spanwise.router.name"), "triage");
    assert_eq!(route.parent_span_id(), workflow.span_context().span_id());
}

pub(crate) fn attributes() {
    #[spanwise::agent(name = "support")]
    fn answer(prompt: &str) -> String {
        ask(prompt)
    }
    #[spanwise::generation(provider = "openai", model = "gpt-4")]
    fn ask(prompt: &str) -> String {
        format!("{prompt}!")
    }
    let captured = with_content(|| assert_eq!(answer("Hi"), "Hi!"));
    assert!(captured.span("invoke_agent support").text(OUTPUT).contains("Hi!"));
    assert!(captured.span("chat gpt-4").text(INPUT).contains("Hi"));
}

pub(crate) fn retries() {
    let captured = with_content(|| {
        let generation = chat("gpt-4".into());
        generation.attempt(Attempt::answered(429));
        generation.attempt(Attempt::answered(200));
        generation.finish();
    });
    assert_eq!(captured.metric("spanwise.retries").sum, 1.0);
    assert_eq!(captured.metric("spanwise.rate_limits").sum, 1.0);
    assert_eq!(captured.span("chat gpt-4").text("http.request.resend_count"), "1");
}

pub(crate) fn judged() {
    let captured = with_content(|| {
        let generation = chat("gpt-4".into());
        evaluation("checklist").score(0.9).emit_on(&generation.trace_ref());
    });
    let event = captured.event("gen_ai.evaluation.result");
    let said = |key: &str| format!("{:?}", event.attribute(key));
    assert!(said("gen_ai.evaluation.name").contains("checklist"));
    assert!(said("gen_ai.evaluation.score.value").contains("0.9"));
}

pub(crate) fn validated() {
    let captured = with_content(|| {
        validation("is_json", true);
        validation("is_json", false);
        checklist("style", 3, 4);
    });
    for outcome in ["passed", "failed"] {
        let outcome = ("spanwise.validation.outcome", outcome);
        assert_eq!(total(&captured, "spanwise.validations", outcome), 1.0);
    }
    let checklist = ("spanwise.validation.name", "style");
    assert_eq!(total(&captured, "spanwise.checklist.pass_rate", checklist), 0.75);
}

/// What handlers hear while this runs, with handlers of its own.
fn heard(pattern: &str, work: impl FnOnce()) -> Vec<String> {
    let capture = Capture::builder().event_hub(EventHub::new()).build();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let told = lines.clone();
    capture.run(|| {
        attach("my-handler", pattern, move |name, measured, details| {
            let model = details.model().unwrap_or_default();
            let numbers = ["total_tokens", "amount", "threshold"];
            let numbers: Vec<_> = numbers.iter().filter_map(|name| measured.get(name)).collect();
            let timed = measured.duration.is_some();
            told.lock().unwrap().push(format!("{name} {model} {numbers:?} {timed}"));
        })
        .unwrap();
        assert_eq!(list_handlers(pattern.trim_end_matches('*')).len(), 1);
        work();
        assert!(detach("my-handler"));
        chat("gpt-4".into()).finish();
    });
    let lines = lines.lock().unwrap();
    lines.clone()
}

pub(crate) fn handlers() {
    let chats = heard("chat.*", || {
        let generation = chat("gpt-4".into());
        generation.usage(Usage::new(12, 5));
        generation.finish();
        chat("gpt-4".into()).fail_with("timeout", "too late");
        let measured =
            Measurements { duration: Some(Duration::from_secs(1)), ..Default::default() };
        execute("chat.stop", &measured, &EventDetails::new().with("model", "by hand"));
    });
    assert_eq!(
        chats,
        [
            "chat.start gpt-4 [] false",
            "chat.stop gpt-4 [17.0] true",
            "chat.start gpt-4 [] false",
            "chat.exception gpt-4 [] true",
            "chat.stop by hand [] true",
        ]
    );
    let own = heard("myapp.*", || {
        let metadata = [KeyValue::new("operation", "analyze_text")];
        let analyzed =
            spanwise::span("myapp.llm.analyze", metadata, async { Ok::<_, std::io::Error>(2) });
        assert_eq!(block_on(analyzed).unwrap(), 2);
    });
    assert_eq!(own, ["myapp.llm.analyze.start  [] false", "myapp.llm.analyze.stop  [] true"]);
    example_exllm();
}

pub(crate) fn costs() {
    let cost = || Cost::new(Decimal::new(125, 4), Currency::USD, CostSource::Provider);
    let told = heard("cost.*", || {
        let generation = chat("gpt-4".into());
        generation.cost(cost());
        generation.finish();
    });
    assert_eq!(told, ["cost.calculated gpt-4 [0.0125] false"]);
    let captured = spanwise_testing::capture(|| {
        let generation = chat("gpt-4".into());
        generation.cost(cost());
        generation.finish();
    });
    assert_eq!(captured.span("chat gpt-4").text("spanwise.cost.amount"), "0.0125");
    assert_eq!(captured.metric("spanwise.cost").sum, 0.0125);
    // By a table of prices, for a million tokens, as `TelemetryConfig::pricing` takes it.
    let prices =
        PriceTable::from_toml("[[prices]]\nmodel = \"gpt-4\"\ninput = 30.0\noutput = 60.0");
    let priced = Capture::builder().pricing(Prices::none().own(prices.unwrap())).build();
    priced.run(|| {
        let generation = chat("gpt-4".into());
        generation.usage(Usage::new(1000, 500));
        generation.finish();
    });
    assert_eq!(priced.finish().metric("spanwise.cost").sum, 0.06);
}

pub(crate) fn told_costs() {
    let told = heard("cost.*", || {
        cost_calculated("openai", "gpt-4", 0.25);
        cost_threshold_exceeded(0.25, 0.125);
    });
    assert_eq!(
        told,
        ["cost.calculated gpt-4 [0.25] false", "cost.threshold_exceeded  [0.25, 0.125] false"]
    );
}

pub(crate) fn told_requests() {
    let told = heard("provider.*", || {
        let generation = chat("gpt-4".into());
        generation.attempt_begins();
        generation.attempt(Attempt::failed(&std::io::Error::from(std::io::ErrorKind::TimedOut)));
        generation.attempt_begins();
        generation.attempt(Attempt::answered(200));
        generation.finish();
        auth_refreshed(Provider::OpenAi);
    });
    assert_eq!(
        told,
        [
            "provider.request.start gpt-4 [] false",
            "provider.request.exception gpt-4 [] true",
            "provider.request.start gpt-4 [] false",
            "provider.request.stop gpt-4 [] true",
            "provider.auth.refresh  [] true",
        ]
    );
}

pub(crate) fn caches() {
    let told = heard("cache.*", cache_at_work);
    assert_eq!(
        told,
        [
            "cache.miss  [] true",
            "cache.put  [] true",
            "cache.hit  [] true",
            "cache.evicted  [] true"
        ]
    );
    let captured = with_content(cache_at_work);
    for outcome in ["hit", "miss", "put", "evicted"] {
        let of_outcome = ("spanwise.cache.outcome", outcome);
        assert_eq!(total(&captured, "spanwise.cache.operations", of_outcome), 1.0, "{outcome}");
    }
    for name in ["cache.put", "cache.evicted"] {
        assert_eq!(captured.span(name).text("spanwise.cache.item_size"), "120", "{name}");
    }
    let size = captured.metric("spanwise.cache.size");
    assert_eq!((size.sum, size.unit.as_ref()), (4096.0, "By"));
}

fn cache_at_work() {
    cache_miss("prompt-1");
    cache_put("prompt-1", 120);
    cache_hit("prompt-1");
    cache_size(4096);
    cache_evicted("prompt-1", 120);
}

pub(crate) fn logged_events() {
    let capture = Capture::builder().event_hub(EventHub::new()).build();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let told = lines.clone();
    capture.run(|| {
        let write = move |line: &str| told.lock().unwrap().push(line.to_owned());
        attach_json_logger(tracing::Level::INFO, write).unwrap();
        attach_default_logger(tracing::Level::ERROR).unwrap();
        assert_eq!(list_handlers("chat").len(), 2);
        scope().request_id("abc123").run_sync(|| chat("gpt-4".into()).finish());
        detach_loggers();
    });
    let lines = lines.lock().unwrap();
    let [line] = &lines[..] else { panic!("{lines:?}") };
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!((&line["level"], &line["event"]), (&"INFO".into(), &"chat.stop".into()));
    assert_eq!((&line["request_id"], &line["model"]), (&"abc123".into(), &"gpt-4".into()));
    assert!(line["timestamp"].is_string() && line["duration_ms"].is_number());
}

pub(crate) fn guide_variables() {
    let variables = [
        ("TELEMETRY_EXPORT_ENABLED", "true"),
        ("OTLP_EXPORT_ENABLED", "true"),
        ("OTLP_ENDPOINT", "no url"),
        ("LOGFIRE_API_KEY", "pylf_v1_us_canary"),
        ("FLO_ENV", "staging"),
        ("FLO_OTLP_ENDPOINT", "no url"),
    ];
    let read = |guide, left_out: &str| {
        let kept = variables.into_iter().filter(|(name, _)| *name != left_out);
        TelemetryConfig::from_environment_of(guide, Environment::from_iter(kept))
    };
    // They are read, since what is wrong with them is told, and by nothing else.
    for guide in [Guide::Flujo, Guide::FloAi] {
        let error = read(guide, "").unwrap_err().to_string();
        assert!(!error.contains("canary"), "{error}");
    }
    assert!(read(Guide::Flujo, "OTLP_ENDPOINT").is_ok());
    assert!(read(Guide::Flujo, "OTLP_EXPORT_ENABLED").is_ok());
    assert!(read(Guide::Flujo, "TELEMETRY_EXPORT_ENABLED").is_ok());
    assert!(read(Guide::FloAi, "FLO_OTLP_ENDPOINT").is_ok());
    crate::examples::flujo();
    crate::examples::flo_ai();
}

pub(crate) fn own_spans() {
    running();
    let name = unique("process_event");
    let span = SpanBuilder::new(name.clone())
        .with_kind(SpanKind::Internal)
        .with_attribute("event.type", "metric")
        .start();
    let child = unique("child");
    {
        let _active = context_with_span(span).attach();
        let processor = tracer("processor");
        let told = [KeyValue::new("user.tier", "gold")];
        let mut inner =
            processor.span_builder(child.clone()).with_attributes(told).start(&processor);
        inner.add_event("Validation started", vec![]);
        inner.set_attribute(KeyValue::new("custom.attribute", "value"));
        record_exception(&mut inner, &std::io::Error::from(std::io::ErrorKind::TimedOut));
        inner.end();
        OwnSpan::new(format!("own-{child}")).run_sync(|_| Ok::<_, std::io::Error>(())).unwrap();
    }
    running().flush();
    let receiver = &running().receiver;
    let parent = receiver.span(&name);
    assert_eq!(text(&parent.attributes, "event.type"), "metric");
    let inner = receiver.span(&child);
    assert_eq!(inner.parent_span_id, parent.span_id);
    assert_eq!(text(&inner.attributes, "user.tier"), "gold");
    assert_eq!(text(&inner.attributes, "error.type"), "timed_out");
    assert_eq!(text(&inner.attributes, "custom.attribute"), "value");
    let events: Vec<_> = inner.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(events, ["Validation started", "exception"]);
    assert_eq!(receiver.span(&format!("own-{child}")).parent_span_id, parent.span_id);
}

pub(crate) fn own_metrics() {
    running();
    let recorder = MetricsRecorder::new().with_attribute("service", "processor");
    const EVENT_TYPE: &str = "event_type";
    const OPERATION_TYPE: &str = "operation_type";
    const PARTITION_ID: &str = "partition_id";
    let of_metrics = || [KeyValue::new(EVENT_TYPE, "metric")];
    recorder.record_counter("processor", "processor.events.processed", 1, of_metrics());
    recorder.record_counter("processor", "processor.events.dropped", 1, of_metrics());
    recorder.record_counter("processor", "processor.window.triggers", 1, []);
    recorder.record_counter("processor", "processor.deduplication.count", 1, []);
    recorder.record_histogram("processor", "processor.processing.duration", 123.45, of_metrics());
    let of_aggregation = [KeyValue::new(OPERATION_TYPE, "aggregation")];
    recorder.record_histogram("processor", "processor.aggregation.duration", 1.5, of_aggregation);
    recorder.record_histogram("processor", "processor.state.operation.duration", 1.5, []);
    let of_partition = [KeyValue::new(PARTITION_ID, "0")];
    recorder.record_gauge("processor", "processor.watermark.lag", 1000, of_partition);
    let meter = spanwise::meter("my-app");
    meter.u64_counter("my_custom_counter").build().add(1, &[]);
    meter.f64_histogram("my_custom_duration").build().record(123.45, &[]);
    running().flush();
    let metrics = running().receiver.metrics();
    for name in [
        "processor.events.processed",
        "processor.events.dropped",
        "processor.window.triggers",
        "processor.deduplication.count",
        "processor.processing.duration",
        "processor.aggregation.duration",
        "processor.state.operation.duration",
        "processor.watermark.lag",
        "my_custom_counter",
        "my_custom_duration",
    ] {
        assert!(metrics.iter().any(|metric| metric.name == name), "{name}");
    }
    let said = format!("{metrics:?}");
    for key in [EVENT_TYPE, OPERATION_TYPE, PARTITION_ID] {
        assert!(said.contains(key), "{key}");
    }
    // A semantic convention's names are constants as well.
    assert_eq!(spanwise::semconv::attribute::GEN_AI_TOOL_NAME.key(), "gen_ai.tool.name");
}

pub(crate) fn context_travels() {
    running();
    let agent = Agent::new(unique("travels")).start();
    let context = with_baggage(&agent.context(), [BaggageItem::new("user-id", "12345")]);
    assert_eq!(get_baggage(&context, "user-id").as_deref(), Some("12345"));
    let mut headers = HashMap::new();
    inject_into_headers(&context, &mut headers);
    let extracted = extract_from_headers(&headers);
    fn ids(context: &Context) -> opentelemetry::TraceId {
        context.span().span_context().trace_id()
    }
    assert_eq!(ids(&extracted), agent.span_context().trace_id());
    let inside = || ids(&Context::current());
    assert_eq!(with_context(&context, inside), agent.span_context().trace_id());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let spawned = async {
        tokio::spawn(propagate_context(async { ids(&Context::current()) })).await.unwrap()
    };
    assert_eq!(runtime.block_on(spawned.in_operation(&agent)), agent.span_context().trace_id());
    agent.finish();
}

pub(crate) fn console() {
    let config = TelemetryConfig::development()
        .service_name("my_ai_app")
        .destination(Destination::console(Signals::ALL));
    assert!(format!("{config:?}").contains("my_ai_app"));
    // Without a receiver the example draws what it did.
    let said = crate::support::run_example("coming_from_flo_ai", &[], &[]);
    assert!(said.contains("invoke_workflow support") && said.contains("invoke_agent calculator"));
}

pub(crate) fn accounted() {
    running();
    chat(unique("accounted")).finish();
    let report = running().flush();
    assert!(report.destination("otlp").is_some(), "{report}");
    assert_eq!(report.dropped(), 0, "{report}");
}
