//! Every kind of operation, with everything that can be said of it.

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanKind, Tracer as _, TracerProvider as _};
use spanwise::{
    Agent, Attempt, Budget, Cost, CostSource, Currency, Decimal, Document, Embeddings,
    FetchResponse, Generation, GuardVerdict, Memory, MemoryRecord, Message, Modality, OutputType,
    Part, Plan, Provider, RateLimit, RateLimits, Response, ResponseStatus, Retrieval, Role, Scope,
    Step, Telemetry, Tool, ToolDefinition, Usage, Workflow, auth_refreshed, cache_hit, cache_miss,
    cache_put, cache_size, check_budgets, checklist, context_truncated, evaluation, fell_back,
    guard_checked, rate_limited, retried, routed, scope, validation,
};

/// What the spans of [`every_operation`] are called.
pub const OPERATIONS: [&str; 25] = [
    "chat gpt-4o",
    "chat gpt-4o-cancelled",
    "create_agent triage",
    "create_memory",
    "create_memory_store",
    "delete_memory",
    "delete_memory_store",
    "embeddings text-embedding-3-small",
    "execute_tool lookup_order",
    "execute_tool refuse",
    "fetch_response",
    "generate_content gemini-2.5-flash",
    "invoke_agent remote",
    "invoke_agent triage",
    "invoke_workflow ticket",
    "plan triage",
    "retrieval docs",
    "search_memory",
    "step answer",
    "step check",
    "step grade",
    "step route",
    "text_completion davinci",
    "update_memory",
    "upsert_memory",
];

pub fn usage() -> Usage {
    Usage::new(300, 48)
        .cache_read(40)
        .cache_write(8)
        .reasoning(16)
        .input_of(Modality::Audio, 20)
        .output_of(Modality::Audio, 4)
        .cache_read_of(Modality::Audio, 5)
}

/// Whose operations they are.
pub fn whose() -> Scope {
    scope()
        .session("s-1")
        .user("u-9")
        .tenant("acme")
        .tags(["beta", "eu"])
        .metadata("plan", "gold")
        .environment("Staging")
        .release("v7")
        .request_id("req-1")
        .conversation_id("conv-1")
        .prompt_name("triage")
        .prompt_version("3")
        .prompt_variable("city", "Bonn")
}

fn input() -> [Message; 4] {
    let image = Part::blob("image", "image/png", "aWNvbg==");
    [
        Message::new(Role::User, vec![Part::text("Where is my order?"), image]),
        Message::assistant("")
            .part(Part::reasoning("It was sent."))
            .part(Part::tool_call("call_1", "lookup_order", r#"{"id":7}"#))
            .part(Part::tool_call("call_2", "lookup_order", r#"{"id":8}"#)),
        Message::new(
            Role::Tool,
            vec![
                Part::tool_call_response("call_1", r#"{"state":"sent"}"#),
                Part::tool_call_response("call_2", "lost"),
            ],
        ),
        Message::user("And now?").name("Ada"),
    ]
}

fn tools() -> [ToolDefinition; 1] {
    let schema = serde_json::json!({"type": "object", "properties": {"id": {"type": "integer"}}});
    [ToolDefinition::function("lookup_order").description("Finds an order").parameters(schema)]
}

fn response(model: &'static str) -> Response {
    Response::new().id("resp-1").model(model).finish_reason("stop")
}

/// Records them, one below the other where that is their way, each of them in a trace of its own otherwise.
pub fn every_operation() {
    whose().run_sync(|| {
        generations();
        agents();
        other_calls();
        memories();
        steps();
    });
}

fn generations() {
    let (input, tools) = (input(), tools());
    let generation = Generation::chat(Provider::OpenAi, "gpt-4o")
        .server("api.openai.com", 443)
        .max_tokens(256)
        .temperature(0.5)
        .top_p(0.9)
        .stop_sequences(["END", "STOP"])
        .frequency_penalty(0.25)
        .presence_penalty(0.5)
        .seed(7)
        .choice_count(1)
        .output_type(OutputType::Json)
        .reasoning_level("low")
        .system_instructions("Be kind.")
        .input(&input)
        .tool_definitions(&tools)
        .start();
    generation.record(
        &response("gpt-4o-2024-08-06").usage(usage()).output(Message::assistant("On its way.")),
    );
    generation.finish();

    drop(Generation::chat(Provider::OpenAi, "gpt-4o-cancelled").start());

    let generation = Generation::text_completion(Provider::XAi, "davinci").input("Once").start();
    generation
        .record(&response("davinci-2").usage(Usage::new(1, 2)).output(Message::assistant("upon")));
    generation.finish();

    let generation = Generation::generate_content(Provider::GcpGemini, "gemini-2.5-flash")
        .top_k(40)
        .input("Hi")
        .start();
    generation.record(&response("gemini-2.5-flash-001").usage(Usage::new(3, 4)));
    generation.fail_with("overloaded", "try later");
}

fn agents() {
    let _ = Workflow::new("ticket").input("Where is my order?").run_sync(|workflow| {
        workflow.output("On its way.");
        let agent = Agent::new("triage").description("Answers tickets").model("gpt-4o");
        agent.input("Where is my order?").run_sync(|agent| {
            agent.usage(Usage::new(300, 48));
            agent.output("On its way.");
            Plan::new().agent_name("triage").start().finish();
            let tool = Tool::new("lookup_order")
                .tool_type("function")
                .call_id("call_1")
                .description("Finds an order")
                .arguments(&serde_json::json!({"id": 7}))
                .start();
            tool.result(&serde_json::json!({"state": "sent"}));
            tool.finish();
            Ok::<_, String>(())
        })
    });
    let agent =
        Agent::remote(Provider::AwsBedrock, "remote").id("a-1").model("nova").input("Hi").start();
    agent.usage(Usage::new(30, 4));
    agent.output("Hello");
    agent.finish();
    let created = Agent::create(Provider::OpenAi, "triage").model("gpt-4o").start();
    created.id("asst_1");
    created.finish();
    Tool::new("refuse").start().fail_with("not_allowed", "private");
}

fn other_calls() {
    let embeddings = Embeddings::new(Provider::OpenAi, "text-embedding-3-small")
        .encoding_formats(["float"])
        .start();
    embeddings.dimension_count(256);
    embeddings.input_tokens(9);
    embeddings.response_model("text-embedding-3-small");
    embeddings.finish();
    let retrieval =
        Retrieval::new("docs").provider(Provider::OpenAi).top_k(2).query("returns").start();
    let document = Document::new("doc-1")
        .score(0.92)
        .field("text", "Within 30 days.")
        .field("title", "Returns");
    retrieval.documents([document]);
    retrieval.finish();
    let fetched = FetchResponse::new(Provider::OpenAi, "resp-1").start();
    fetched.status(ResponseStatus::Completed);
    fetched.record(
        &response("gpt-4o-2024-08-06").usage(usage()).output(Message::assistant("On its way.")),
    );
    fetched.finish();
}

fn memories() {
    let records = [MemoryRecord::new("prefers e-mail").id("m-1")];
    let search = Memory::search().store_id("customers").query("contact").start();
    search.found(records.clone());
    search.finish();
    for memory in [Memory::create(), Memory::update(), Memory::upsert(), Memory::delete()] {
        memory.store_id("customers").records(&records).start().finish();
    }
    Memory::create_store().start().finish();
    Memory::delete_store().store_id("customers").start().finish();
}

fn steps() {
    for (name, step_type) in [("check", "guardrail"), ("grade", "evaluator"), ("route", "router")] {
        Step::new(name).step_type(step_type).start().finish();
    }
    Step::new("answer").start().finish();
}

/// What the calls of [`every_moment`] may use: less than they do.
pub fn used_up() -> Budget {
    Budget::tokens("little", 10).hard_stop().build().unwrap()
}

/// Everything else that is measured: what happens in a moment, a stream, limits, cost, and [`used_up`].
pub fn every_moment() {
    for operation in [cache_hit, cache_miss] {
        operation("k");
    }
    cache_put("k", 12);
    cache_size(4096);
    auth_refreshed(Provider::OpenAi);
    rate_limited(Provider::OpenAi, "gpt-4o", None);
    retried(1, "timeout");
    fell_back("gpt-4o-mini", 1, "timeout");
    context_truncated(4, 900);
    guard_checked("injection", GuardVerdict::Passed);
    routed("models", "gpt-4o");
    validation("has_answer", true);
    checklist("tone", 9, 10);
    evaluation("relevance").score(0.9).emit();
    let agent = Agent::new("triage").start();
    agent.retried("no answer");
    agent.finish();

    let streamed = Generation::chat(Provider::OpenAi, "gpt-4o").start();
    for _ in 0..3 {
        streamed.chunk(|response| response.text("word "));
    }
    let limits = RateLimits::default()
        .requests(RateLimit::default().remaining(59))
        .input_tokens(RateLimit::default().remaining(4000));
    streamed.attempt(Attempt::answered(200).rate_limits(limits));
    streamed.usage(usage());
    streamed.cost(Cost::new(Decimal::ONE, Currency::USD, CostSource::Own));
    streamed.finish();
    let refused = Generation::chat(Provider::OpenAi, "gpt-4o").start();
    let exceeded = check_budgets(&refused.context()).unwrap_err();
    refused.fail(&exceeded);
}

/// A model call, and a call that is none, of other crates.
pub fn of_others(telemetry: &Telemetry) {
    let tracer = telemetry.tracer_provider().unwrap().tracer("another");
    let call = tracer.span_builder("completion").with_kind(SpanKind::Client);
    drop(
        call.with_attributes([
            KeyValue::new("gen_ai.operation.name", "chat"),
            KeyValue::new("gen_ai.system", "mistral_ai"),
            KeyValue::new("gen_ai.request.model", "mistral-large"),
            KeyValue::new("gen_ai.usage.input_tokens", 12),
            KeyValue::new("gen_ai.usage.output_tokens", 5),
            KeyValue::new("gen_ai.usage.cache_creation.input_tokens", 2),
        ])
        .start(&tracer),
    );
    drop(tracer.span_builder("GET /orders").with_kind(SpanKind::Server).start(&tracer));
}
