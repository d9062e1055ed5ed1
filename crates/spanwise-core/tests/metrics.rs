//! Which metrics each operation records, with which attributes.

use std::collections::BTreeSet;

use spanwise_core::semconv::Metric;
use spanwise_core::{
    Agent, Embeddings, Generation, Modality, Provider, Response, Step, Tool, Usage, Workflow,
};
use spanwise_testing::{Captured, capture};

/// Name, unit, sum and attributes of every point, one a line, in their order.
fn points(captured: &Captured) -> String {
    let lines: BTreeSet<String> = captured
        .metrics()
        .iter()
        .map(|point| {
            let attributes: Vec<String> =
                point.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let sum = if point.unit == "s" { "…".to_owned() } else { point.sum.to_string() };
            format!("{} {} {} {{{}}}\n", point.name, sum, point.unit, attributes.join(" "))
        })
        .collect();
    lines.into_iter().collect()
}

#[test]
fn an_inference_measures_duration_and_tokens_by_modality() {
    let captured = capture(|| {
        let generation =
            Generation::chat(Provider::OpenAi, "gpt").server("api.openai.com", 443).start();
        generation.record(
            &Response::new().model("gpt-1").usage(
                Usage::new(300, 20)
                    .cache_read(40)
                    .cache_write(10)
                    .reasoning(5)
                    .input_of(Modality::Text, 100)
                    .input_of(Modality::Image, 150)
                    .cache_read_of(Modality::Text, 30),
            ),
        );
        generation.finish();
    });
    captured.assert_conformant();
    let shared = "gen_ai.operation.name=chat gen_ai.provider.name=openai \
                  gen_ai.request.model=gpt gen_ai.response.model=gpt-1";
    let server = "server.address=api.openai.com server.port=443";
    let shown = points(&captured).replace(shared, "M").replace(server, "S");
    insta::assert_snapshot!(shown, @r"
    gen_ai.client.inference.duration … s {M S}
    gen_ai.client.inference.operation.input_tokens 300 {token} {M S}
    gen_ai.client.inference.operation.output_tokens 20 {token} {M S}
    gen_ai.client.inference.usage.cache_read.input_tokens 10 {token} {M gen_ai.token.modality=unknown S}
    gen_ai.client.inference.usage.cache_read.input_tokens 30 {token} {M gen_ai.token.modality=text S}
    gen_ai.client.inference.usage.cache_write.input_tokens 10 {token} {M gen_ai.token.modality=unknown S}
    gen_ai.client.inference.usage.input_tokens 100 {token} {M gen_ai.token.modality=text S}
    gen_ai.client.inference.usage.input_tokens 150 {token} {M gen_ai.token.modality=image S}
    gen_ai.client.inference.usage.input_tokens 50 {token} {M gen_ai.token.modality=unknown S}
    gen_ai.client.inference.usage.output_tokens 20 {token} {M gen_ai.token.modality=unknown S}
    gen_ai.client.inference.usage.reasoning.output_tokens 5 {token} {M gen_ai.token.modality=unknown S}
    ");
}

#[test]
fn without_usage_no_token_metric_is_recorded() {
    let captured = capture(|| Generation::chat(Provider::OpenAi, "gpt").start().finish());
    captured.assert_conformant();
    insta::assert_snapshot!(points(&captured), @"gen_ai.client.inference.duration … s {gen_ai.operation.name=chat gen_ai.provider.name=openai gen_ai.request.model=gpt}");
}

#[test]
fn only_durations_carry_the_kind_of_error() {
    let captured = capture(|| {
        let generation = Generation::chat(Provider::OpenAi, "gpt").start();
        generation.usage(Usage::new(7, 0));
        generation.fail_with("timeout", "");
    });
    captured.assert_conformant();
    insta::assert_snapshot!(points(&captured), @r"
    gen_ai.client.inference.duration … s {error.type=timeout gen_ai.operation.name=chat gen_ai.provider.name=openai gen_ai.request.model=gpt}
    gen_ai.client.inference.operation.input_tokens 7 {token} {gen_ai.operation.name=chat gen_ai.provider.name=openai gen_ai.request.model=gpt}
    gen_ai.client.inference.operation.output_tokens 0 {token} {gen_ai.operation.name=chat gen_ai.provider.name=openai gen_ai.request.model=gpt}
    gen_ai.client.inference.usage.input_tokens 7 {token} {gen_ai.operation.name=chat gen_ai.provider.name=openai gen_ai.request.model=gpt gen_ai.token.modality=unknown}
    ");
}

#[test]
fn the_other_operations_measure_their_duration() {
    let captured = capture(|| {
        Embeddings::new(Provider::OpenAi, "te3").server("h", 1).start().finish();
        Agent::remote(Provider::OpenAi, "helper").model("gpt").start().finish();
        Agent::new("triage")
            .model("gpt")
            .run_sync(|_| {
                Tool::new("lookup").tool_type("function").start().finish();
                Ok::<_, String>(())
            })
            .unwrap();
        Workflow::new("ticket").start().fail_with("timeout", "");
        Step::new("parse").step_type("code").index(1).start().finish();
    });
    captured.assert_conformant();
    insta::assert_snapshot!(points(&captured), @r"
    gen_ai.client.operation.duration … s {gen_ai.operation.name=embeddings gen_ai.provider.name=openai gen_ai.request.model=te3 server.address=h server.port=1}
    gen_ai.client.operation.duration … s {gen_ai.operation.name=invoke_agent gen_ai.provider.name=openai gen_ai.request.model=gpt}
    gen_ai.execute_tool.duration … s {gen_ai.agent.name=triage gen_ai.tool.name=lookup gen_ai.tool.type=function}
    gen_ai.invoke_agent.duration … s {gen_ai.agent.name=triage gen_ai.request.model=gpt}
    gen_ai.invoke_agent.inference_calls 0 {inference_call} {gen_ai.agent.name=triage}
    gen_ai.invoke_agent.tool_calls 1 {tool_call} {gen_ai.agent.name=triage}
    gen_ai.invoke_workflow.duration … s {error.type=timeout gen_ai.workflow.name=ticket}
    spanwise.step.duration … s {spanwise.step.name=parse spanwise.step.type=code}
    ");
}

#[test]
fn histograms_have_the_boundaries_that_the_conventions_advise() {
    let captured = capture(|| {
        let generation = Generation::chat(Provider::OpenAi, "gpt").start();
        generation.usage(Usage::new(1, 1));
        generation.finish();
        Agent::new("triage").start().finish();
        Workflow::new("ticket").start().finish();
    });
    captured.assert_conformant();
    for point in captured.metrics().iter().filter(|point| point.count.is_some()) {
        let descriptor = Metric::ALL
            .into_iter()
            .map(Metric::descriptor)
            .find(|descriptor| descriptor.name == point.name)
            .unwrap();
        assert_eq!(point.boundaries, descriptor.boundaries, "{}", point.name);
        assert_eq!(point.unit, descriptor.unit);
    }
    assert_eq!(captured.metric("gen_ai.invoke_agent.duration").boundaries[0], 0.1);
}
