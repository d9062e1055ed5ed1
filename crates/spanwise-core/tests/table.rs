//! Everything that the conventions list is recorded: walks `semconv/genai.yaml`.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{FutureExt as _, StreamExt as _};
use serde::Deserialize;
use spanwise_core::{
    Agent, CapturePolicy, ContentCapture, Document, Embeddings, FetchResponse, Generation, Memory,
    MemoryRecord, Message, Modality, OpenAiApiType, OutputType, Plan, Provider, Response,
    ResponseStatus, Retrieval, Tool, ToolDefinition, Usage, Workflow, evaluation,
};
use spanwise_testing::{Capture, Captured};

#[derive(Deserialize)]
struct Table {
    spans: BTreeMap<String, Entry>,
    span_refinements: BTreeMap<String, Entry>,
    metrics: BTreeMap<String, Entry>,
    metric_refinements: BTreeMap<String, Entry>,
    events: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    of: String,
    #[serde(default)]
    operations: Vec<String>,
    attributes: BTreeMap<String, String>,
}

fn table() -> Table {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../semconv/genai.yaml");
    yaml_serde::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What is listed and not recorded, and why.
const EXCEPTIONS: [(&str, &str); 4] = [
    ("mcp.", "model context protocol is a part of its own"),
    ("gen_ai.server.", "for those who run models, not for those who call them"),
    ("exception.stacktrace", "errors of Rust have none"),
    ("gen_ai.prompt.variable", "a prefix; its members are looked for below"),
];

fn is_exception(name: &str) -> bool {
    EXCEPTIONS.iter().any(|(exception, _)| name.starts_with(exception))
}

fn everything_captured() -> Capture {
    let policy = CapturePolicy::new(ContentCapture::SpanAndEvent).tool_schemas(true);
    Capture::builder().policy(policy).build()
}

fn record(work: impl FnOnce()) -> Captured {
    let capture = everything_captured();
    capture.run(work);
    let captured = capture.finish();
    captured.assert_conformant();
    captured
}

fn usage() -> Usage {
    [Modality::Text, Modality::Image, Modality::Audio].into_iter().fold(
        Usage::new(300, 48).cache_read(40).cache_write(8).reasoning(16),
        |usage, modality| {
            usage.input_of(modality, 100).output_of(modality, 16).cache_read_of(modality, 10)
        },
    )
}

fn tools() -> [ToolDefinition; 1] {
    [ToolDefinition::function("lookup_order")]
}

macro_rules! with_a_request {
    ($builder:expr) => {
        $builder
            .server("api.example", 443)
            .max_tokens(256)
            .temperature(0.5)
            .top_p(0.5)
            .stop_sequences(["END"])
            .frequency_penalty(0.5)
            .presence_penalty(0.5)
            .seed(7)
            .choice_count(2)
            .output_type(OutputType::Json)
            .conversation_id("conv-1")
            .previous_response_id("resp_0")
            .system_instructions("Be kind.")
            .input("Hello!")
    };
}

fn generation(provider: Provider, operation: &str) {
    let tools = tools();
    let is_openai = provider == Provider::OpenAi;
    let new = match operation {
        "generate_content" => Generation::generate_content(provider.clone(), "m"),
        "text_completion" => Generation::text_completion(provider.clone(), "m"),
        _ => Generation::chat(provider.clone(), "m"),
    };
    let new = match provider {
        Provider::OpenAi => {
            new.openai_api_type(OpenAiApiType::ChatCompletions).openai_service_tier("flex")
        }
        Provider::AwsBedrock => new.bedrock_guardrail_id("gr-1").bedrock_knowledge_base_id("kb-1"),
        _ => new,
    };
    let generation = with_a_request!(new)
        .top_k(40)
        .reasoning_level("low")
        .prompt_name("triage")
        .prompt_version("3")
        .prompt_variable("city", "Bonn")
        .tool_definitions(&tools)
        .start();
    let chunks = generation.stream(futures_util::stream::iter([1, 2]), move |_, response| {
        response.id("chatcmpl-1");
        response.model("m-1");
        response.text("Hi");
        response.finish_reason("stop");
        response.usage(usage());
        response.compacted();
        if is_openai {
            response.openai_service_tier("default");
            response.openai_system_fingerprint("fp_1");
        }
        response.fail_with("overloaded", "try later");
    });
    let _ = chunks.collect::<Vec<_>>().now_or_never();
}

fn remote_agent() {
    let tools = tools();
    let agent = with_a_request!(Agent::remote(Provider::OpenAi, "triage"))
        .id("asst_1")
        .version("2")
        .description("Answers tickets")
        .model("m")
        .data_source_id("docs")
        .tool_definitions(&tools)
        .start();
    agent.usage(usage());
    agent.finish_reasons(["stop"]);
    agent.output("Hi");
    agent.fail_with("overloaded", "");
}

fn agent() {
    let tools = tools();
    let agent = Agent::new("triage")
        .description("Answers tickets")
        .model("m")
        .max_tokens(256)
        .temperature(0.5)
        .top_p(0.5)
        .stop_sequences(["END"])
        .frequency_penalty(0.5)
        .presence_penalty(0.5)
        .seed(7)
        .choice_count(2)
        .output_type(OutputType::Json)
        .conversation_id("conv-1")
        .data_source_id("docs")
        .system_instructions("Be kind.")
        .input("Hello!")
        .tool_definitions(&tools)
        .start();
    agent.usage(Usage::new(12, 5));
    agent.finish_reasons(["stop"]);
    agent.output("Hi");
    agent.fail_with("overloaded", "");
}

fn tool() {
    let tool = Tool::new("shell")
        .tool_type("function")
        .call_id("call_1")
        .description("Runs commands")
        .agent_name("triage")
        .conversation_id("conv-1")
        .skill_name("pdf")
        .skill_resource_name("fill.py")
        .skill_description("Fills forms")
        .skill_source_uri("https://skills.example/pdf")
        .executable_name("python3")
        .executable_path("/usr/bin/python3")
        .arguments(&"{}")
        .start();
    tool.result(&"{}");
    tool.exit_code(1);
    tool.fail_with("exit_code", "");
}

/// One span of this type, with everything that can be said of it.
fn record_span(span_type: &str, operation: &str) -> Captured {
    record(|| match span_type {
        "gen_ai.client.inference" => generation(Provider::OpenAi, operation),
        "gen_ai.embeddings.client" => {
            let embeddings = Embeddings::new(Provider::OpenAi, "m")
                .server("api.example", 443)
                .encoding_formats(["float"])
                .start();
            embeddings.dimension_count(256);
            embeddings.input_tokens(9);
            embeddings.response_model("m-1");
            embeddings.fail_with("overloaded", "");
        }
        "gen_ai.retrieval.client" => {
            let retrieval = Retrieval::new("docs")
                .provider(Provider::OpenAi)
                .model("m")
                .server("api.example", 443)
                .top_k(5)
                .query("returns")
                .start();
            retrieval.documents([Document::new("doc-1")]);
            retrieval.fail_with("overloaded", "");
        }
        "gen_ai.fetch_response.client" => {
            let fetched = FetchResponse::new(Provider::OpenAi, "resp_1")
                .server("api.example", 443)
                .stream_cursor("41")
                .openai_api_type(OpenAiApiType::Responses)
                .start();
            fetched.status(ResponseStatus::Completed);
            fetched.system_instructions("Be kind.");
            fetched.tool_definitions(&tools());
            let response = Response::new().model("m-1").finish_reason("stop");
            let response = response.openai_service_tier("flex").openai_system_fingerprint("fp_1");
            fetched.record(&response.output(Message::assistant("Hi")));
            fetched.fail_with("overloaded", "");
        }
        "gen_ai.memory.client" => {
            let records = [MemoryRecord::new("prefers e-mail")];
            let new = match operation {
                "create_memory_store" => Memory::create_store(),
                "delete_memory_store" => Memory::delete_store(),
                "create_memory" => Memory::create(),
                "update_memory" => Memory::update(),
                "upsert_memory" => Memory::upsert(),
                "delete_memory" => Memory::delete(),
                _ => Memory::search(),
            };
            new.provider("mem0")
                .server("memory.example", 443)
                .store_id("customers")
                .record_id("m-1")
                .query("contact")
                .records(&records)
                .start()
                .fail_with("overloaded", "");
        }
        "gen_ai.create_agent.client" => {
            let agent = Agent::create(Provider::OpenAi, "triage")
                .server("api.example", 443)
                .model("m")
                .description("Answers tickets")
                .version("2")
                .system_instructions("Be kind.")
                .start();
            agent.id("asst_1");
            agent.fail_with("overloaded", "");
        }
        "gen_ai.invoke_agent.client" => remote_agent(),
        "gen_ai.invoke_agent.internal" => agent(),
        "gen_ai.execute_tool.internal" => tool(),
        "gen_ai.invoke_workflow.internal" => {
            let workflow =
                Workflow::new("ticket").conversation_id("conv-1").input("Hello!").start();
            workflow.output("Hi");
            workflow.fail_with("overloaded", "");
        }
        "gen_ai.plan.internal" => {
            Plan::new().agent_name("triage").start().fail_with("overloaded", "");
        }
        unknown => panic!("the conventions have a span type that nothing here records: {unknown}"),
    })
}

/// The attributes that are listed and not among these.
fn missing<'a>(entry: &'a Entry, there: &BTreeSet<String>) -> Vec<&'a str> {
    let listed = entry.attributes.keys().map(String::as_str);
    listed.filter(|key| !there.contains(*key) && !is_exception(key)).collect()
}

fn keys_of_spans(captured: &Captured) -> BTreeSet<String> {
    let keys = captured.spans().iter().flat_map(|span| span.keys());
    keys.map(str::to_owned).collect()
}

fn keys_of_points(captured: &Captured, metric: &str) -> BTreeSet<String> {
    let points = captured.points(metric).into_iter();
    points.flat_map(|point| point.attributes.keys().cloned()).collect()
}

#[test]
fn every_attribute_of_every_span_type_is_recorded() {
    for (span_type, entry) in &table().spans {
        if is_exception(span_type) {
            continue;
        }
        for operation in &entry.operations {
            let captured = record_span(span_type, operation);
            let keys = keys_of_spans(&captured);
            assert_eq!(missing(entry, &keys), [""; 0], "{span_type}, {operation}");
            let told = captured.spans()[0].text("gen_ai.operation.name");
            assert_eq!(&told, operation, "{span_type}");
        }
    }
}

fn inference(provider: Provider) -> Captured {
    record(|| generation(provider, "chat"))
}

#[test]
fn every_attribute_of_every_refinement_is_recorded() {
    let table = table();
    for (refinement, entry) in &table.span_refinements {
        let captured = match refinement.as_str() {
            "anthropic.gen_ai.client.inference" => inference(Provider::Anthropic),
            "aws.bedrock.gen_ai.client.inference" => inference(Provider::AwsBedrock),
            "azure.ai.gen_ai.client.inference" => inference(Provider::AzureAiInference),
            _ => record_span(&entry.of, ""),
        };
        let keys = keys_of_spans(&captured);
        assert_eq!(missing(entry, &keys), [""; 0], "{refinement}");
    }
}

#[test]
fn prompt_variables_are_recorded_by_their_names() {
    let captured = record_span("gen_ai.client.inference", "chat");
    assert!(keys_of_spans(&captured).contains("gen_ai.prompt.variable.city"));
}

#[test]
fn every_attribute_of_every_metric_is_recorded() {
    let table = table();
    let captured = record(|| {
        generation(Provider::OpenAi, "chat");
        Embeddings::new(Provider::OpenAi, "m").server("api.example", 443).start().finish();
        let fetched = FetchResponse::new(Provider::OpenAi, "r").start();
        let response = Response::new().model("m-1").openai_service_tier("flex");
        fetched.record(&response.openai_system_fingerprint("fp_1"));
        fetched.fail_with("overloaded", "");
        agent();
        tool();
        Workflow::new("ticket").start().fail_with("overloaded", "");
    });
    let metrics = table.metrics.iter();
    let refined = table.metric_refinements.values().map(|entry| (&entry.of, entry));
    for (name, entry) in metrics.chain(refined) {
        if is_exception(name) {
            continue;
        }
        assert!(!captured.points(name).is_empty(), "nothing records {name}");
        let keys = keys_of_points(&captured, name);
        assert_eq!(missing(entry, &keys), [""; 0], "{name}");
    }
}

#[test]
fn every_attribute_of_every_event_is_recorded() {
    let captured = record(|| {
        generation(Provider::OpenAi, "chat");
        evaluation("relevance")
            .score(0.5)
            .label("relevant")
            .explanation("It answers the question.")
            .response_id("chatcmpl-1")
            .failed("timeout")
            .emit();
    });
    for (name, entry) in &table().events {
        let event = captured.event(name);
        let keys = event.keys().into_iter().map(str::to_owned).collect();
        assert_eq!(missing(entry, &keys), [""; 0], "{name}");
    }
}
