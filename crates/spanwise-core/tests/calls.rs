//! Retrieval, memory, planning, fetched responses, made agents, skills, and what single providers add.

use opentelemetry::trace::SpanKind;
use spanwise_core::{
    Agent, ContentCapture, Document, FetchResponse, Generation, Memory, MemoryRecord, Message,
    OpenAiApiType, Plan, Provider, Response, ResponseStatus, Retrieval, Tool, ToolDefinition,
    Usage,
};
use spanwise_testing::{Capture, Captured, CapturedSpan};

/// Every attribute of a span, one a line, in the order of their keys.
fn attributes(span: &CapturedSpan) -> String {
    span.keys().iter().map(|key| format!("{key}={}\n", span.text(key))).collect()
}

fn with_content(work: impl FnOnce()) -> Captured {
    let capture = Capture::builder().content(ContentCapture::SpanOnly).build();
    capture.run(work);
    let captured = capture.finish();
    captured.assert_conformant();
    captured
}

fn capture(work: impl FnOnce()) -> Captured {
    let captured = spanwise_testing::capture(work);
    captured.assert_conformant();
    captured
}

#[test]
fn a_retrieval_says_where_it_looked_and_for_how_many() {
    let captured = with_content(|| {
        let retrieval = Retrieval::new("support-articles")
            .provider(Provider::OpenAi)
            .model("text-embedding-3-small")
            .server("api.openai.com", 443)
            .top_k(5)
            .query("How do I return an order?")
            .start();
        retrieval.documents([
            Document::new("doc-7").score(0.5).field("title", "Returns").field("id", "not this"),
            Document::new("doc-8").score(f64::NAN),
        ]);
        retrieval.finish();
    });
    let span = captured.span("retrieval support-articles");
    assert_eq!(span.kind(), &SpanKind::Client);
    insta::assert_snapshot!(attributes(span), @r#"
    gen_ai.data_source.id=support-articles
    gen_ai.operation.name=retrieval
    gen_ai.provider.name=openai
    gen_ai.request.model=text-embedding-3-small
    gen_ai.retrieval.documents=[{"id":"doc-7","score":0.5,"title":"Returns"},{"id":"doc-8"}]
    gen_ai.retrieval.query.text=How do I return an order?
    gen_ai.retrieval.top_k=5
    server.address=api.openai.com
    server.port=443
    spanwise.outcome=completed
    "#);
    let duration = captured.metric("gen_ai.client.operation.duration");
    assert_eq!(duration.text("gen_ai.operation.name"), "retrieval");
    assert_eq!(duration.text("gen_ai.request.model"), "text-embedding-3-small");
}

#[test]
fn a_retrieval_of_ones_own_has_no_provider_and_its_text_stays_here() {
    let captured = capture(|| {
        let retrieval = Retrieval::new("").query("secret").start();
        retrieval.documents([Document::new("secret")]);
        retrieval.finish();
    });
    assert_eq!(captured.span("retrieval").keys(), ["gen_ai.operation.name", "spanwise.outcome"]);
    let duration = captured.metric("gen_ai.client.operation.duration");
    assert_eq!(duration.attributes.keys().collect::<Vec<_>>(), ["gen_ai.operation.name"]);
}

#[test]
fn all_seven_memory_operations_are_called_by_their_names() {
    let captured = capture(|| {
        Memory::create_store().start().finish();
        Memory::delete_store().store_id("s").start().finish();
        Memory::create().start().finish();
        Memory::update().start().finish();
        Memory::upsert().start().finish();
        Memory::search().start().finish();
        Memory::delete().record_id("m-1").in_process().start().finish();
    });
    insta::assert_snapshot!(captured.tree(), @r"
    create_memory_store
    delete_memory_store
    create_memory
    update_memory
    upsert_memory
    search_memory
    delete_memory
    ");
    for span in captured.spans() {
        assert_eq!(span.text("gen_ai.operation.name"), span.name());
        let internal = span.name() == "delete_memory";
        assert_eq!(span.kind() == &SpanKind::Internal, internal, "{}", span.name());
    }
    assert_eq!(captured.points("gen_ai.client.operation.duration").len(), 7);
}

#[test]
fn a_search_counts_what_it_found_whether_or_not_that_is_captured() {
    let search = || {
        let memory = Memory::search()
            .provider("mem0")
            .server("memory.example", 8080)
            .query("preferred contact")
            .start();
        memory.store_id("customers");
        memory.found([
            MemoryRecord::new("prefers e-mail").id("m-1").score(0.5).metadata("source", "chat"),
            MemoryRecord::new(serde_json::json!({"phone": null})),
        ]);
        memory.finish();
    };
    insta::assert_snapshot!(attributes(with_content(search).span("search_memory")), @r#"
    gen_ai.memory.query.text=preferred contact
    gen_ai.memory.record.count=2
    gen_ai.memory.records=[{"content":"prefers e-mail","id":"m-1","metadata":{"source":"chat"},"score":0.5},{"content":{"phone":null}}]
    gen_ai.memory.store.id=customers
    gen_ai.operation.name=search_memory
    gen_ai.provider.name=mem0
    server.address=memory.example
    server.port=8080
    spanwise.outcome=completed
    "#);
    let captured = capture(search);
    let span = captured.span("search_memory");
    assert_eq!(span.text("gen_ai.memory.record.count"), "2");
    assert_eq!(span.attribute("gen_ai.memory.records"), None);
    assert_eq!(span.attribute("gen_ai.memory.query.text"), None);
}

#[test]
fn writing_to_a_memory_records_what_is_written() {
    let records = [MemoryRecord::new("prefers e-mail")];
    let captured = with_content(|| {
        let memory = Memory::upsert().store_id("customers").records(&records).start();
        memory.record_id("m-1");
        memory.finish();
        let memory = Memory::delete().start();
        memory.record_count(3);
        memory.finish();
    });
    let span = captured.span("upsert_memory");
    assert_eq!(span.text("gen_ai.memory.records"), r#"[{"content":"prefers e-mail"}]"#);
    assert_eq!(span.text("gen_ai.memory.record.id"), "m-1");
    assert_eq!(span.text("gen_ai.memory.record.count"), "1");
    assert_eq!(captured.span("delete_memory").text("gen_ai.memory.record.count"), "3");
}

#[test]
fn a_plan_knows_the_agent_that_plans() {
    let captured = capture(|| {
        let agent = Agent::new("triage").start();
        let _entered = agent.enter();
        let plan = Plan::new().start();
        {
            let _entered = plan.enter();
            Generation::chat(Provider::OpenAi, "gpt-4o").start().finish();
        }
        plan.finish();
        Plan::new().agent_name("other").start().fail_with("no_plan", "");
        drop(_entered);
        agent.finish();
        Plan::new().start().finish();
    });
    insta::assert_snapshot!(captured.tree(), @r"
    invoke_agent triage
      plan triage
        chat gpt-4o
      plan other error.type=no_plan
    plan
    ");
    let plan = captured.span("plan triage");
    assert_eq!(plan.kind(), &SpanKind::Internal);
    assert_eq!(plan.keys(), ["gen_ai.agent.name", "gen_ai.operation.name", "spanwise.outcome"]);
}

#[test]
fn a_fetched_response_is_no_inference() {
    let tools = [ToolDefinition::function("lookup_order").description("secret")];
    let captured = with_content(|| {
        let fetched = FetchResponse::new(Provider::OpenAi, "resp_1")
            .server("api.openai.com", 443)
            .stream_cursor("41")
            .openai_api_type(OpenAiApiType::Responses)
            .start();
        fetched.status(ResponseStatus::Incomplete);
        fetched.system_instructions("Be kind.");
        fetched.tool_definitions(&tools);
        fetched.record(
            &Response::new()
                .id("not this")
                .model("gpt-4o-2024-08-06")
                .finish_reason("length")
                .usage(Usage::new(12, 5))
                .openai_service_tier("flex")
                .openai_system_fingerprint("fp_1")
                .output(Message::assistant("On its")),
        );
        fetched.finish();
    });
    let span = captured.span("fetch_response");
    assert_eq!(span.kind(), &SpanKind::Client);
    insta::assert_snapshot!(attributes(span), @r#"
    gen_ai.operation.name=fetch_response
    gen_ai.output.messages=[{"role":"assistant","parts":[{"type":"text","content":"On its"}]}]
    gen_ai.provider.name=openai
    gen_ai.request.stream_cursor=41
    gen_ai.response.finish_reasons=["length"]
    gen_ai.response.id=resp_1
    gen_ai.response.model=gpt-4o-2024-08-06
    gen_ai.response.status=incomplete
    gen_ai.system_instructions=[{"type":"text","content":"Be kind."}]
    gen_ai.tool.definitions=[{"type":"function","name":"lookup_order"}]
    openai.api.type=responses
    openai.response.service_tier=flex
    server.address=api.openai.com
    server.port=443
    spanwise.outcome=completed
    "#);
    let duration = captured.metric("gen_ai.client.operation.duration");
    assert_eq!(duration.text("openai.response.service_tier"), "flex");
    assert_eq!(duration.text("openai.response.system_fingerprint"), "fp_1");
    assert!(captured.points("gen_ai.client.inference.usage.input_tokens").is_empty());
}

#[test]
fn a_response_that_failed_was_cut_short_by_an_error() {
    for (status, reasons) in [
        (ResponseStatus::Failed, r#"["error"]"#),
        (ResponseStatus::Cancelled, r#"["error"]"#),
        (ResponseStatus::Queued, ""),
        (ResponseStatus::Other("archived".into()), ""),
    ] {
        let captured = capture(|| {
            let fetched = FetchResponse::new(Provider::OpenAi, "resp_1").start();
            fetched.status(status);
            fetched.finish();
        });
        let span = captured.span("fetch_response");
        assert_eq!(span.text("gen_ai.response.finish_reasons"), reasons);
    }
}

#[test]
fn an_agent_is_made_in_a_service() {
    let captured = with_content(|| {
        let agent = Agent::create(Provider::OpenAi, "triage")
            .model("gpt-4o")
            .server("api.openai.com", 443)
            .description("Answers tickets")
            .system_instructions("Be kind.")
            .start();
        agent.id("asst_1");
        agent.version("2");
        agent.finish();
    });
    insta::assert_snapshot!(attributes(captured.span("create_agent triage")), @r#"
    gen_ai.agent.description=Answers tickets
    gen_ai.agent.id=asst_1
    gen_ai.agent.name=triage
    gen_ai.agent.version=2
    gen_ai.operation.name=create_agent
    gen_ai.provider.name=openai
    gen_ai.request.model=gpt-4o
    gen_ai.system_instructions=[{"type":"text","content":"Be kind."}]
    server.address=api.openai.com
    server.port=443
    spanwise.outcome=completed
    "#);
    let duration = captured.metric("gen_ai.client.operation.duration");
    assert_eq!(duration.text("gen_ai.operation.name"), "create_agent");
}

#[test]
fn a_skill_joins_the_name_of_the_tool_that_loads_or_reads_it() {
    let captured = capture(|| {
        Tool::new("skill").skill_name("pdf").start().finish();
        Tool::new("read").skill_name("pdf").skill_resource_name("forms.md").start().finish();
        Tool::new("read").skill_resource_name("forms.md").start().finish();
        let tool = Tool::new("shell").executable_name("python3").start();
        tool.exit_code(1);
        tool.fail_with("exit_code", "");
        Tool::new("shell")
            .skill_name("pdf")
            .skill_resource_name("fill.py")
            .skill_description("Fills forms")
            .skill_source_uri("https://me:s3cret@skills.example/pdf?key=s3cret")
            .executable_name("python3")
            .executable_path("/usr/bin/python3")
            .start()
            .finish();
    });
    insta::assert_snapshot!(captured.tree(), @r"
    execute_tool skill pdf
    execute_tool read pdf forms.md
    execute_tool read forms.md
    execute_tool shell python3 error.type=exit_code
    execute_tool shell pdf fill.py
    ");
    insta::assert_snapshot!(attributes(captured.span("execute_tool shell pdf fill.py")), @r"
    gen_ai.operation.name=execute_tool
    gen_ai.skill.description=Fills forms
    gen_ai.skill.name=pdf
    gen_ai.skill.resource.name=fill.py
    gen_ai.skill.source.uri=https://skills.example/pdf
    gen_ai.tool.name=shell
    process.executable.name=python3
    process.executable.path=/usr/bin/python3
    spanwise.outcome=completed
    ");
    assert_eq!(captured.span("execute_tool shell python3").text("process.exit.code"), "1");
}

#[test]
fn openai_tells_its_api_its_tiers_and_its_fingerprint() {
    let captured = capture(|| {
        let generation = Generation::chat(Provider::OpenAi, "gpt-4o")
            .openai_api_type(OpenAiApiType::ChatCompletions)
            .openai_service_tier("flex")
            .start();
        generation.openai_service_tier("default");
        generation.openai_system_fingerprint("fp_1");
        generation.usage(Usage::new(12, 5));
        generation.finish();
    });
    let span = captured.span("chat gpt-4o");
    assert_eq!(span.text("openai.api.type"), "chat_completions");
    assert_eq!(span.text("openai.request.service_tier"), "flex");
    assert_eq!(span.text("openai.response.service_tier"), "default");
    assert_eq!(span.text("openai.response.system_fingerprint"), "fp_1");
    for name in ["duration", "usage.input_tokens", "operation.output_tokens"] {
        let point = captured.metric(&format!("gen_ai.client.inference.{name}"));
        assert_eq!(point.text("openai.response.service_tier"), "default", "{name}");
        assert_eq!(point.text("openai.response.system_fingerprint"), "fp_1", "{name}");
    }
}

#[test]
fn the_tier_that_is_asked_for_by_asking_for_nothing_is_not_recorded() {
    let captured = capture(|| {
        Generation::chat(Provider::OpenAi, "m").openai_service_tier("auto").start().finish();
    });
    assert_eq!(captured.span("chat m").attribute("openai.request.service_tier"), None);
}

#[test]
fn azure_names_its_namespace_and_takes_its_port_for_granted() {
    let captured = capture(|| {
        let chat = |port| {
            Generation::chat(Provider::AzureAiInference, format!("m-{port}"))
                .server("me.services.ai.azure.com", port)
        };
        chat(443).start().finish();
        chat(8443).start().finish();
    });
    let span = captured.span("chat m-443");
    assert_eq!(span.text("azure.resource_provider.namespace"), "Microsoft.CognitiveServices");
    assert_eq!(span.text("server.address"), "me.services.ai.azure.com");
    assert_eq!(span.attribute("server.port"), None);
    assert_eq!(captured.span("chat m-8443").text("server.port"), "8443");
}

#[test]
fn bedrock_names_its_guardrail_and_its_knowledge_base() {
    let captured = capture(|| {
        Generation::chat(Provider::AwsBedrock, "m")
            .bedrock_guardrail_id("gr-1")
            .bedrock_knowledge_base_id("kb-1")
            .top_k(40)
            .start()
            .finish();
    });
    let span = captured.span("chat m");
    assert_eq!(span.text("aws.bedrock.guardrail.id"), "gr-1");
    assert_eq!(span.text("aws.bedrock.knowledge_base.id"), "kb-1");
    assert_eq!(span.text("gen_ai.request.top_k"), "40");
}
