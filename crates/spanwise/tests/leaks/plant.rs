//! Where canaries are planted.

use std::fmt::Write as _;

use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _};
use opentelemetry::trace::{Span as _, Status, Tracer as _, TracerProvider as _};
use opentelemetry::{Key, KeyValue};
use serde_json::{Map, json};
use spanwise::preset::{
    ApiKey, ArizeAx, AzureMonitor, Braintrust, BraintrustParent, Datadog, GoogleCloud,
    GrafanaCloud, HeliconeLogging, Honeycomb, Laminar, LangSmith, Logfire, MlFlow, NewRelic, Opik,
    Phoenix, SigNoz, SigNozRegion, Traceloop, Weave,
};
use spanwise::{
    Agent, ContentLevel, ContentPolicy, Credentials, Destination, Document, Environment,
    EventError, FeedbackApi, Generation, GenerationEvent, HashKey, Langfuse, Memory, MemoryRecord,
    Message, OrchestratorEvent, Part, Preset, Provider, Response, Retrieval, Role, ScoreValue,
    Sensitive, SpanEvent, Step, Telemetry, TelemetryConfig, TelemetryEvent, Tool, ToolDefinition,
    ToolExecutionEvent, TraceRef, WebhookExporter, Workflow, evaluation,
};
use tracing_subscriber::prelude::*;

use super::canary::Planted;

/// Every part that a message may have.
fn parts(planted: &mut Planted) -> Vec<Part> {
    let fields = Map::from_iter([("any".to_owned(), json!([{"deep": planted.text()}]))]);
    vec![
        Part::text(planted.text()),
        Part::reasoning(planted.text()),
        Part::tool_call("call_1", "look_up", json!({"q": planted.text()}).to_string()),
        Part::tool_call("call_2", "look_up", planted.text()),
        Part::tool_call_response("call_1", json!([planted.text()]).to_string()),
        Part::ServerToolCall {
            id: None,
            name: "search".to_owned(),
            server_tool_call: json!({"type": "web", "query": planted.text()}),
        },
        Part::ServerToolCallResponse {
            id: None,
            server_tool_call_response: json!({"type": "web", "results": [planted.text()]}),
        },
        Part::uri("image", format!("https://cage.example/{}", planted.text())),
        Part::Compaction { id: None, content: Some(planted.text()) },
        Part::generic("of_another_type", fields),
    ]
}

fn messages(planted: &mut Planted) -> Vec<Message> {
    vec![
        Message::system(planted.text()),
        Message::new(Role::User, parts(planted)).name(planted.text()),
        Message::tool_response("call_1", planted.text()),
    ]
}

fn tools(planted: &mut Planted) -> [ToolDefinition; 1] {
    let schema = json!({"properties": {"q": {"description": planted.text()}}});
    [ToolDefinition::function("look_up").description(planted.text()).parameters(schema)]
}

fn document(planted: &mut Planted) -> Document {
    Document::new("doc-1").field("text", planted.text()).field("meta", json!({"x": planted.text()}))
}

fn record(planted: &mut Planted) -> MemoryRecord {
    MemoryRecord::new(planted.text()).id("m-1").metadata("note", planted.text())
}

/// What operations of ours capture.
pub fn native(planted: &mut Planted) {
    let (instructions, input, tools) = (planted.text(), messages(planted), tools(planted));
    let generation = Generation::chat(Provider::OpenAi, "gpt-4o")
        .system_instructions(&instructions)
        .input(&input)
        .tool_definitions(&tools)
        .prompt_variable("city", planted.text())
        .start();
    generation.output(&[Message::new(Role::Assistant, parts(planted))]);
    generation.fail(&planted.text());

    let (agent, workflow) = (planted.text(), planted.text());
    let _ = Workflow::new("ticket").input(&workflow).run_sync(|_| {
        Agent::new("triage").system_instructions(&agent).run_sync(|agent| {
            agent.output(&planted.text());
            let arguments = json!({"q": planted.text(), "deep": [{"x": planted.text()}]});
            let tool = Tool::new("look_up").arguments(&arguments).start();
            tool.result(&planted.text());
            tool.finish();
            let query = planted.text();
            let retrieval = Retrieval::new("articles").query(&query).start();
            retrieval.documents([document(planted)]);
            retrieval.fail(&planted.text());
            let (query, records) = (planted.text(), [record(planted)]);
            let memory = Memory::search().query(&query).start();
            memory.found([record(planted)]);
            memory.finish();
            Memory::upsert().records(&records).start().finish();
            Err::<(), _>(planted.text())
        })
    });
}

/// A call that is held to this level.
pub fn at_level(planted: &mut Planted, level: ContentLevel) {
    let input = messages(planted);
    let generation =
        Generation::chat(Provider::OpenAi, "gpt-4o").content_level(level).input(&input).start();
    generation.output(&planted.text());
    generation.attribute("gen_ai.prompt", planted.text());
    generation.fail(&planted.text());
}

/// Keys under which other instrumentations put content.
const FOREIGN: [&str; 30] = [
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "gen_ai.retrieval.documents",
    "gen_ai.prompt",
    "gen_ai.completion",
    "gen_ai.prompt.0.content",
    "gen_ai.completion.0.content",
    "gen_ai.completion.0.tool_calls.0.arguments",
    "gen_ai.prompt.variable.city",
    "input.value",
    "output.value",
    "llm.input_messages.0.message.content",
    "llm.output_messages.0.message.content",
    "llm.prompts.0",
    "llm.prompt_template.variables",
    "llm.function_call",
    "llm.tools.0.tool.json_schema",
    "retrieval.documents.0.document.content",
    "embedding.embeddings.0.embedding.text",
    "traceloop.entity.input",
    "traceloop.entity.output",
    "ai.prompt.messages",
    "ai.response.text",
    "ai.toolCall.args",
    "langfuse.observation.input",
    "request_data",
    "all_messages_events",
];

/// What others record, of model calls.
pub fn foreign(planted: &mut Planted, telemetry: &Telemetry) {
    let tracer = telemetry.tracer_provider().unwrap().tracer("openinference");
    let mut span = tracer.start("ChatCompletion");
    span.set_attribute(KeyValue::new("gen_ai.request.model", "gpt-4o"));
    for (place, key) in FOREIGN.into_iter().enumerate() {
        let text = planted.text();
        let value = match place % 3 {
            0 => json!([{"role": "user", "content": text}]).to_string(),
            1 => text,
            _ => json!({"text": [text]}).to_string(),
        };
        span.set_attribute(KeyValue::new(key, value));
    }
    let message = KeyValue::new("gen_ai.event.content", planted.text());
    span.add_event("gen_ai.content.prompt", vec![message]);
    let error = [
        KeyValue::new("exception.message", planted.text()),
        KeyValue::new("exception.stacktrace", planted.text()),
    ];
    span.add_event("exception", error.into());
    span.set_status(Status::error(planted.text()));
    span.end();

    // rig and others record by `tracing`.
    let layer = telemetry.tracing_layer().unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let (prompt, completion) = (planted.text(), planted.text());
        let span = tracing::info_span!(
            "chat",
            gen_ai.system = "openai",
            gen_ai.prompt = prompt,
            gen_ai.completion = completion
        );
        span.in_scope(|| tracing::info!(gen_ai.input.messages = planted.text(), "a call"));
    });

    // Events of earlier conventions.
    let logger = telemetry.logger_provider().unwrap().logger("openai-v2");
    let mut record = logger.create_log_record();
    record.set_event_name("gen_ai.user.message");
    let content = AnyValue::from(planted.text());
    record.set_body(AnyValue::from_iter([(Key::new("content"), content)]));
    logger.emit(record);
}

/// What is no content, and may hold personal data and secrets all the same.
pub fn others(planted: &mut Planted, telemetry: &Telemetry) {
    let step = Step::new(planted.text()).attribute("note", planted.text()).start();
    let url = format!("https://bird.example/?q={}", planted.text());
    step.attribute("url.full", url);
    step.event("own", [KeyValue::new("note", planted.text())]);
    step.fail_with("other", planted.text());
    evaluation("relevance").explanation(planted.text()).emit();
    let remark = ScoreValue::text(planted.text());
    let score = TraceRef::current().score(planted.text(), remark).label(planted.text());
    score.comment(planted.text()).id(planted.text()).emit();

    let tracer = telemetry.tracer_provider().unwrap().tracer("http");
    let mut span = tracer.start(planted.text());
    span.set_attribute(KeyValue::new("http.request.header.authorization", planted.text()));
    span.add_event(planted.text(), vec![KeyValue::new("exception.message", planted.text())]);
    span.set_status(Status::error(planted.text()));
    span.end();

    let layer = telemetry.tracing_layer().unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        tracing::info!(note = planted.text(), "{}", planted.text());
        tracing::error!(note = ?[planted.text()], "said");
    });

    use opentelemetry::metrics::MeterProvider as _;
    let meter = telemetry.meter_provider().unwrap().meter("own");
    meter.u64_counter("own").build().add(1, &[KeyValue::new("who", planted.text())]);
}

/// What `Debug` shows of every type that holds content or a secret.
pub fn debug(planted: &mut Planted) -> String {
    let mut shown = String::new();
    macro_rules! show {
        ($($value:expr),* $(,)?) => {
            $(write!(shown, "{:?} {0:#?}", $value).unwrap();)*
        };
    }
    let generic =
        match Part::generic("x", Map::from_iter([("a".to_owned(), json!(planted.text()))])) {
            Part::Generic(part) => part,
            _ => unreachable!("it is generic"),
        };
    let input = messages(planted);
    let tools = tools(planted);
    let instructions = planted.text();
    show!(input, tools, parts(planted), generic, document(planted), record(planted));
    show!(Response::new().output(Message::assistant(planted.text())));
    show!(evaluation("e").explanation(planted.text()));
    show!(TraceRef::current().score("e", ScoreValue::text(planted.text())));
    show!(ScoreValue::text(planted.text()));
    show!(
        FeedbackApi::langfuse(format!("http://user:{}@h", planted.text()))
            .header("x-key", planted.text())
    );
    show!(Sensitive::new(planted.text()));
    show!(
        Generation::chat(Provider::OpenAi, "m").system_instructions(&instructions).input(&input),
        Generation::chat(Provider::OpenAi, "m").input(&input).start(),
    );
    let mut content = spanwise::Content::default();
    content.set(spanwise::ContentItem::InputMessages(input.clone()));
    content.set(spanwise::ContentItem::ToolCallResult(json!(planted.text())));
    let foreign = spanwise::ForeignContent::new("input.value", json!(planted.text()));
    content.set(spanwise::ContentItem::Foreign(foreign.clone()));
    show!(content, content.items(), foreign);
    show!(spanwise_core::Event {
        name: "e",
        timestamp: std::time::SystemTime::UNIX_EPOCH,
        severity: opentelemetry::logs::Severity::Info,
        attributes: vec![KeyValue::new("exception.message", planted.text())],
        content: Some(std::sync::Arc::new(content)),
        span: opentelemetry::trace::SpanContext::empty_context(),
    });

    show!(TelemetryEvent::from(GenerationEvent {
        input: input.clone(),
        metadata: [("a".to_owned(), json!(planted.text()))].into(),
        error: Some(EventError::new("e").message(planted.text())),
        ..GenerationEvent::default()
    }));
    show!(TelemetryEvent::from(ToolExecutionEvent {
        arguments: json!(planted.text()),
        result: json!(planted.text()),
        error: Some(EventError::new("e").message(planted.text())),
        ..ToolExecutionEvent::default()
    }));
    show!(TelemetryEvent::from(OrchestratorEvent { output: input, ..Default::default() }));
    show!(TelemetryEvent::from(SpanEvent {
        attributes: [("a".to_owned(), json!(planted.text()))].into(),
        ..SpanEvent::default()
    }));
    show!(
        WebhookExporter::new(&format!("http://h/{}", planted.text().replace(' ', "-")))
            .unwrap()
            .header("x-key", &planted.text())
            .unwrap()
    );

    let secret = planted.text();
    show!(
        HashKey::new(&secret),
        ContentPolicy::default().hash_key(HashKey::new(&secret)),
        Environment::from_iter([("OTEL_EXPORTER_OTLP_HEADERS", planted.text())]),
        Credentials::bearer(planted.text()),
        ApiKey::from(planted.text()),
        Langfuse::new(planted.text(), planted.text()),
        Destination::from(Destination::otlp(planted.text()).header("x-key", planted.text())),
        Destination::otlp(planted.text()).header("x-key", planted.text()),
        TelemetryConfig::new("s")
            .endpoint(format!("http://user:{}@h", planted.text()))
            .header("x-key", planted.text())
            .preset(Langfuse::new(planted.text(), planted.text())),
    );
    for preset in presets(planted) {
        show!(preset);
        // A key that cannot be one, or a destination that holds it.
        match preset.destination() {
            Ok(destination) => {
                show!(destination);
                show!(Destination::from(destination));
            }
            Err(error) => {
                show!(error);
            }
        }
    }
    shown
}

/// Every preset with a key.
fn presets(planted: &mut Planted) -> Vec<Box<dyn Preset>> {
    // Half of them look like keys.
    let mut key = || ApiKey::from(planted.text().replace(' ', "-"));
    let project = BraintrustParent::ProjectName("p".to_owned());
    vec![
        Box::new(Langfuse::new(key(), key())),
        Box::new(Phoenix::new().api_key(key())),
        Box::new(ArizeAx::new("space", key())),
        Box::new(Logfire::new(key())),
        Box::new(LangSmith::new(key())),
        Box::new(Braintrust::new(key(), project)),
        Box::new(Laminar::new(key())),
        Box::new(Opik::new("workspace", key())),
        Box::new(MlFlow::new("1").token(key())),
        Box::new(MlFlow::new("1").password(key(), key())),
        Box::new(Weave::new("entity", "project", key())),
        Box::new(Traceloop::new(key())),
        Box::new(SigNoz::cloud(SigNozRegion::Eu, key())),
        Box::new(Honeycomb::new(key())),
        Box::new(Datadog::new(key())),
        Box::new(NewRelic::new(key())),
        Box::new(GrafanaCloud::new("zone", key(), key())),
        Box::new(HeliconeLogging::new(key())),
        Box::new(GoogleCloud::new("project").token(key())),
        Box::new(AzureMonitor::new().direct(key())),
        Box::new(Datadog::new(ApiKey::from(planted.text()))),
        Box::new(Langfuse::new("pk", "sk").host(format!("https://u:{}@h", planted.text()))),
    ]
}
