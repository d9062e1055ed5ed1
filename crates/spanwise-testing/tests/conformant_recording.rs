//! What spanwise records is conformant, and with everything that can be known nothing recommended is
//! missing.

mod support;

use opentelemetry::KeyValue;
use proptest::prelude::*;
use serde_json::json;
use spanwise_core::{
    Agent, ContentCapture, Document, Embeddings, FetchResponse, Generation, Memory, MemoryRecord,
    Message, Modality, OpenAiApiType, Plan, Provider, Response, ResponseStatus, Retrieval, Step,
    Tool, ToolDefinition, Usage, Workflow, evaluation,
};
use spanwise_testing::{Capture, Captured, Conformance};
use support::chat;

fn captured(work: impl FnOnce()) -> Captured {
    let capture = Capture::builder().content(ContentCapture::SpanAndEvent).build();
    capture.run(work);
    capture.finish()
}

fn answered_chat() {
    let input = [Message::system("Be brief."), Message::user("Where is my order?")];
    let tools = [ToolDefinition::function("lookup_order").description("Finds an order.")];
    let generation = Generation::chat(Provider::OpenAi, "gpt-4o-mini")
        .server("api.openai.com", 443)
        .openai_api_type(OpenAiApiType::ChatCompletions)
        .max_tokens(256)
        .temperature(0.5)
        .top_p(0.25)
        .frequency_penalty(0.5)
        .presence_penalty(0.75)
        .stop_sequences(["END"])
        .input(&input)
        .tool_definitions(&tools)
        .prompt_variable("city", "Paris")
        .start();
    evaluation("relevance").score(0.9).emit_on(&generation.trace_ref());
    generation.record(
        &Response::new()
            .id("chatcmpl-1")
            .model("gpt-4o-mini-2024-07-18")
            .finish_reason("tool_call")
            .openai_system_fingerprint("fp_1")
            .usage(
                Usage::new(300, 48)
                    .cache_read(40)
                    .cache_write(8)
                    .reasoning(16)
                    .input_of(Modality::Text, 100)
                    .input_of(Modality::Image, 150)
                    .cache_read_of(Modality::Text, 40),
            )
            .output(Message::assistant("One moment.")),
    );
    generation.finish();
}

#[test]
fn a_call_of_which_everything_is_known_lacks_nothing_that_is_recommended() {
    let whole = captured(answered_chat);
    Conformance::new().with_recommended().assert(&whole);
}

#[test]
fn what_is_recommended_is_demanded_only_of_operations_that_completed() {
    let strict = Conformance::new().with_recommended();
    let missing = strict.violations(&captured(|| {
        Generation::chat("acme", "m").server("h", 1).start().finish();
    }));
    assert!(missing.iter().any(|it| it.attribute.as_deref() == Some("gen_ai.response.id")));
    assert!(missing.iter().any(|it| it.to_string().starts_with("metric")));
    assert!(missing.iter().all(|it| it.problem == "is recommended and absent"));
    strict.assert(&captured(|| {
        Generation::chat("acme", "m").server("h", 1).start().fail_with("timeout", "");
        drop(Generation::chat("acme", "m").server("h", 1).start());
    }));
}

#[test]
fn every_operation_records_what_the_conventions_say() {
    let recorded = captured(|| {
        let _ = Workflow::new("ticket").input("Help!").run_sync(|_| {
            Agent::new("triage").run_sync(|agent| {
                agent.usage(Usage::new(300, 48));
                Plan::new().start().finish();
                answered_chat();
                let tool = Tool::new("lookup").arguments(&json!({ "order": 7 })).start();
                tool.result(&["shipped"]);
                tool.finish();
                Tool::new("sh").executable_name("python").start().finish();
                Tool::new("read").skill_name("pdf").start().finish();
                Step::new("parse")
                    .step_type("code")
                    .index(1)
                    .run_sync(|_| Err::<(), _>("not a number"))
            })
        });
        Agent::remote(Provider::AwsBedrock, "support").start().fail_with("throttled", "");
        Embeddings::new(Provider::AzureAiInference, "te3").server("h", 443).start().finish();
        let found = Retrieval::new("kb").top_k(3).query("order").start();
        found.documents([Document::new("d1").score(0.5)]);
        found.finish();
        let search = Memory::search().store_id("s").query("city").start();
        search.found([MemoryRecord::new("Paris").id("r1").metadata("by", "user")]);
        search.finish();
        let fetch = FetchResponse::new(Provider::OpenAi, "resp_1").start();
        fetch.status(ResponseStatus::Completed);
        fetch.finish();
        Agent::create(Provider::OpenAi, "helper").start().finish();
        drop(Generation::text_completion("llama.cpp", "qwen3").in_process().start());
    });
    recorded.assert_conformant();
    assert_eq!(recorded.spans().len(), 15);
}

#[test]
fn a_departure_is_told_with_its_place_and_the_tree() {
    let planted = chat().without("gen_ai.provider.name").captured();
    let told = std::panic::catch_unwind(|| planted.assert_conformant()).unwrap_err();
    assert_eq!(
        told.downcast_ref::<String>().map(String::as_str),
        Some(
            "departures from the conventions: 1\n\
             - span `chat gpt-4o`: `gen_ai.provider.name` is required and absent\n\
             in:\nchat gpt-4o\n"
        )
    );
}

fn keys() -> impl Strategy<Value = String> {
    let words = "(gen_ai\\.|openai\\.|spanwise\\.|app\\.)?[a-z_.]{0,24}";
    let known = proptest::sample::select(spanwise_core::semconv::attribute::ALL.to_vec());
    prop_oneof![words, known.prop_map(str::to_owned)]
}

fn values() -> impl Strategy<Value = opentelemetry::Value> {
    prop_oneof![
        any::<String>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<bool>().prop_map(Into::into),
    ]
}

proptest! {
    #[test]
    fn any_attributes_are_judged(attributes in proptest::collection::vec((keys(), values()), 0..24)) {
        let attributes: Vec<_> = attributes.into_iter().map(|(k, v)| KeyValue::new(k, v)).collect();
        let capture = Capture::builder().build();
        capture.run(|| {
            let tool = Tool::new("search").start();
            attributes.into_iter().for_each(|it| tool.attribute(it.key, it.value));
            tool.finish();
        });
        capture.finish().violations();
    }

    #[test]
    fn a_programs_own_attributes_are_its_own_affair(value in values(), key in "app\\.[a-z.]{1,16}") {
        let captured = spanwise_testing::capture(|| {
            Tool::new("search").attribute(key, value).start().finish();
        });
        prop_assert_eq!(captured.violations(), []);
    }
}
