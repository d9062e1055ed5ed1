//! What each operation puts on its span, to the letter.

use opentelemetry::trace::{SpanKind, Status};
use spanwise_core::{
    Agent, Embeddings, Generation, Modality, OutputType, Provider, Step, Tool, Usage, Workflow,
};
use spanwise_testing::{Captured, CapturedSpan, capture};

/// Every attribute of a span, one a line, in the order of their keys.
fn attributes(span: &CapturedSpan) -> String {
    span.keys().iter().map(|key| format!("{key}={}\n", span.text(key))).collect()
}

fn only(captured: &Captured) -> &CapturedSpan {
    match captured.spans() {
        [span] => span,
        _ => panic!("not one span:\n{}", captured.tree()),
    }
}

#[test]
fn a_chat_records_what_was_asked_and_what_came_back() {
    let captured = capture(|| {
        let generation = Generation::chat(Provider::OpenAi, "gpt-4o-mini")
            .server("api.openai.com", 443)
            .max_tokens(256)
            .temperature(0.5)
            .top_p(0.25)
            .top_k(40)
            .frequency_penalty(0.5)
            .presence_penalty(0.75)
            .seed(7)
            .choice_count(2)
            .stop_sequences(["END", "STOP"])
            .output_type(OutputType::Json)
            .reasoning_level("low")
            .previous_response_id("resp_0")
            .conversation_id("conv-1")
            .prompt_name("triage")
            .prompt_version("3")
            .streaming()
            .attribute("app.team", "support")
            .start();
        generation.response_id("chatcmpl-1");
        generation.response_model("gpt-4o-mini-2024-07-18");
        generation.finish_reasons(["stop", "length"]);
        generation.compacted();
        generation.usage(
            Usage::new(300, 48)
                .cache_read(40)
                .cache_write(8)
                .reasoning(16)
                .input_of(Modality::Text, 100)
                .input_of(Modality::Image, 150)
                .input_of(Modality::Audio, 50)
                .output_of(Modality::Text, 48)
                .cache_read_of(Modality::Text, 40),
        );
        generation.finish();
    });
    captured.assert_conformant();
    let span = only(&captured);
    assert_eq!((span.name(), span.kind()), ("chat gpt-4o-mini", &SpanKind::Client));
    assert_eq!(span.status(), &Status::Unset);
    insta::assert_snapshot!(attributes(span), @r#"
    app.team=support
    gen_ai.conversation.compacted=true
    gen_ai.conversation.id=conv-1
    gen_ai.operation.name=chat
    gen_ai.output.type=json
    gen_ai.prompt.name=triage
    gen_ai.prompt.version=3
    gen_ai.provider.name=openai
    gen_ai.request.choice.count=2
    gen_ai.request.frequency_penalty=0.5
    gen_ai.request.max_tokens=256
    gen_ai.request.model=gpt-4o-mini
    gen_ai.request.presence_penalty=0.75
    gen_ai.request.previous_response.id=resp_0
    gen_ai.request.reasoning.level=low
    gen_ai.request.seed=7
    gen_ai.request.stop_sequences=["END","STOP"]
    gen_ai.request.stream=true
    gen_ai.request.temperature=0.5
    gen_ai.request.top_k=40
    gen_ai.request.top_p=0.25
    gen_ai.response.finish_reasons=["stop","length"]
    gen_ai.response.id=chatcmpl-1
    gen_ai.response.model=gpt-4o-mini-2024-07-18
    gen_ai.usage.audio.input_tokens=50
    gen_ai.usage.cache_read.input_tokens=40
    gen_ai.usage.cache_write.input_tokens=8
    gen_ai.usage.image.input_tokens=150
    gen_ai.usage.input_tokens=300
    gen_ai.usage.output_tokens=48
    gen_ai.usage.reasoning.output_tokens=16
    gen_ai.usage.text.cache_read.input_tokens=40
    gen_ai.usage.text.input_tokens=100
    gen_ai.usage.text.output_tokens=48
    server.address=api.openai.com
    server.port=443
    spanwise.outcome=completed
    "#);
}

#[test]
fn the_other_inference_operations_differ_in_name_and_kind() {
    let captured = capture(|| {
        Generation::generate_content(Provider::GcpGemini, "gemini-2.5-flash").start().finish();
        Generation::text_completion("llama.cpp", "qwen3").in_process().start().finish();
    });
    captured.assert_conformant();
    let gemini = captured.span("generate_content gemini-2.5-flash");
    assert_eq!(gemini.text("gen_ai.operation.name"), "generate_content");
    assert_eq!(gemini.text("gen_ai.provider.name"), "gcp.gemini");
    assert_eq!(gemini.kind(), &SpanKind::Client);
    let local = captured.span("text_completion qwen3");
    assert_eq!(local.text("gen_ai.provider.name"), "llama.cpp");
    assert_eq!(local.kind(), &SpanKind::Internal);
}

#[test]
fn embeddings_record_dimensions_and_input_tokens() {
    let captured = capture(|| {
        let embeddings = Embeddings::new(Provider::OpenAi, "text-embedding-3-small")
            .server("api.openai.com", 443)
            .encoding_formats(["float"])
            .start();
        embeddings.input_tokens(9);
        embeddings.dimension_count(1536);
        embeddings.response_model("text-embedding-3-small");
        embeddings.finish();
    });
    captured.assert_conformant();
    let span = only(&captured);
    assert_eq!(span.name(), "embeddings text-embedding-3-small");
    assert_eq!(span.kind(), &SpanKind::Client);
    insta::assert_snapshot!(attributes(span), @r#"
    gen_ai.embeddings.dimension.count=1536
    gen_ai.operation.name=embeddings
    gen_ai.provider.name=openai
    gen_ai.request.encoding_formats=["float"]
    gen_ai.request.model=text-embedding-3-small
    gen_ai.response.model=text-embedding-3-small
    gen_ai.usage.input_tokens=9
    server.address=api.openai.com
    server.port=443
    spanwise.outcome=completed
    "#);
}

#[test]
fn a_tool_knows_the_agent_that_runs_it() {
    let captured = capture(|| {
        Agent::new("triage").run_sync(|_| {
            Tool::new("lookup_order")
                .tool_type("function")
                .call_id("call_1")
                .description("Finds an order.")
                .conversation_id("conv-1")
                .start()
                .finish();
            Tool::new("escalate").agent_name("supervisor").start().finish();
            Ok::<_, String>(())
        })
    });
    captured.assert_conformant();
    insta::assert_snapshot!(captured.tree(), @r"
    invoke_agent triage
      execute_tool lookup_order
      execute_tool escalate
    ");
    let span = captured.span("execute_tool lookup_order");
    assert_eq!(span.kind(), &SpanKind::Internal);
    insta::assert_snapshot!(attributes(span), @r"
    gen_ai.agent.name=triage
    gen_ai.conversation.id=conv-1
    gen_ai.operation.name=execute_tool
    gen_ai.tool.call.id=call_1
    gen_ai.tool.description=Finds an order.
    gen_ai.tool.name=lookup_order
    gen_ai.tool.type=function
    spanwise.outcome=completed
    ");
    let escalate = captured.span("execute_tool escalate");
    assert_eq!(escalate.text("gen_ai.agent.name"), "supervisor");
}

#[test]
fn an_agent_in_this_process_has_neither_provider_nor_server() {
    let captured = capture(|| {
        let agent = Agent::new("triage")
            .description("Sorts tickets.")
            .model("gpt-4o-mini")
            .conversation_id("conv-1")
            .data_source_id("kb-7")
            .output_type(OutputType::Text)
            .choice_count(3)
            .seed(1)
            .max_tokens(100)
            .temperature(0.0)
            .top_p(1.0)
            .stop_sequences(["END"])
            .frequency_penalty(0.0)
            .presence_penalty(0.0)
            .start();
        agent.finish_reasons(["stop"]);
        agent.usage(Usage::new(20, 10).cache_read(5).input_of(Modality::Text, 20));
        agent.finish();
    });
    captured.assert_conformant();
    let span = only(&captured);
    assert_eq!((span.name(), span.kind()), ("invoke_agent triage", &SpanKind::Internal));
    insta::assert_snapshot!(attributes(span), @r#"
    gen_ai.agent.description=Sorts tickets.
    gen_ai.agent.name=triage
    gen_ai.conversation.id=conv-1
    gen_ai.data_source.id=kb-7
    gen_ai.operation.name=invoke_agent
    gen_ai.output.type=text
    gen_ai.request.choice.count=3
    gen_ai.request.frequency_penalty=0
    gen_ai.request.max_tokens=100
    gen_ai.request.model=gpt-4o-mini
    gen_ai.request.presence_penalty=0
    gen_ai.request.seed=1
    gen_ai.request.stop_sequences=["END"]
    gen_ai.request.temperature=0
    gen_ai.request.top_p=1
    gen_ai.response.finish_reasons=["stop"]
    gen_ai.usage.input_tokens=20
    gen_ai.usage.output_tokens=10
    spanwise.outcome=completed
    "#);
}

#[test]
fn a_remote_agent_is_a_client_of_its_service() {
    let captured = capture(|| {
        let agent = Agent::remote(Provider::AwsBedrock, "support")
            .id("arn:aws:bedrock:eu-central-1:1:agent/A1")
            .version("2")
            .description("Helps.")
            .model("claude")
            .server("bedrock-agent-runtime.eu-central-1.amazonaws.com", 443)
            .previous_response_id("resp_0")
            .start();
        agent.finish_reasons(["stop"]);
        agent.usage(Usage::new(20, 10).cache_read(5));
        agent.finish();
    });
    captured.assert_conformant();
    let span = only(&captured);
    assert_eq!((span.name(), span.kind()), ("invoke_agent support", &SpanKind::Client));
    insta::assert_snapshot!(attributes(span), @r#"
    gen_ai.agent.description=Helps.
    gen_ai.agent.id=arn:aws:bedrock:eu-central-1:1:agent/A1
    gen_ai.agent.name=support
    gen_ai.agent.version=2
    gen_ai.operation.name=invoke_agent
    gen_ai.provider.name=aws.bedrock
    gen_ai.request.model=claude
    gen_ai.request.previous_response.id=resp_0
    gen_ai.response.finish_reasons=["stop"]
    gen_ai.usage.cache_read.input_tokens=5
    gen_ai.usage.input_tokens=20
    gen_ai.usage.output_tokens=10
    server.address=bedrock-agent-runtime.eu-central-1.amazonaws.com
    server.port=443
    spanwise.outcome=completed
    "#);
}

#[test]
fn workflows_and_steps_are_internal() {
    let captured = capture(|| {
        Workflow::new("handle_ticket").conversation_id("conv-1").run_sync(|_| {
            Step::new("classify").step_type("llm").index(2).start().finish();
            Ok::<_, String>(())
        })
    });
    captured.assert_conformant();
    let workflow = captured.span("invoke_workflow handle_ticket");
    assert_eq!(workflow.kind(), &SpanKind::Internal);
    insta::assert_snapshot!(attributes(workflow), @r"
    gen_ai.conversation.id=conv-1
    gen_ai.operation.name=invoke_workflow
    gen_ai.workflow.name=handle_ticket
    spanwise.outcome=completed
    ");
    let step = captured.span("step classify");
    assert_eq!(step.kind(), &SpanKind::Internal);
    insta::assert_snapshot!(attributes(step), @r"
    spanwise.outcome=completed
    spanwise.step.index=2
    spanwise.step.name=classify
    spanwise.step.type=llm
    ");
}

#[test]
fn what_is_unknown_is_absent_and_the_name_is_the_bare_operation() {
    let captured = capture(|| {
        Generation::chat("llama.cpp", "").server("", 443).choice_count(1).start().finish();
        Agent::new("").start().finish();
        Workflow::new("").start().finish();
    });
    captured.assert_conformant();
    insta::assert_snapshot!(captured.tree(), @r"
    chat
    invoke_agent
    invoke_workflow
    ");
    assert_eq!(
        captured.span("chat").keys(),
        ["gen_ai.operation.name", "gen_ai.provider.name", "spanwise.outcome"]
    );
    assert_eq!(captured.span("invoke_agent").keys(), ["gen_ai.operation.name", "spanwise.outcome"]);
}

#[test]
fn attributes_and_events_of_the_programs_own_stand_beside_the_conventions() {
    let captured = capture(|| {
        let tool = Tool::new("search").attribute("app.shard", 3).start();
        tool.attribute("app.cached", true);
        tool.event("app.page", [opentelemetry::KeyValue::new("app.page.number", 2)]);
        tool.finish();
    });
    captured.assert_conformant();
    let span = only(&captured);
    assert_eq!(span.text("app.shard"), "3");
    assert_eq!(span.text("app.cached"), "true");
    let events = &span.data().events.events;
    assert_eq!(events[0].name, "app.page");
    assert_eq!(events[0].attributes[0].key.as_str(), "app.page.number");
}
