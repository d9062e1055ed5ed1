//! The same, recorded by spanwise, whatever it records into.

use std::convert::Infallible;

use spanwise::{Agent, Generation, GenerationBuilder, OutputType, Provider, Step, Tool, Workflow};

use crate::call::Call;

/// A span of 20 attributes that is active during the call, three histograms and two counters.
pub(crate) fn generation(call: &Call) {
    let generation = asked(call).start();
    let answer = {
        let _active = generation.enter();
        call.work_for_response()
    };
    generation.record(answer);
    generation.finish();
}

/// The same around a future.
pub(crate) async fn generation_around_future(call: &Call) {
    let answer = asked(call).run(async { Ok::<_, Infallible>(call.work_for_response()) });
    let Ok(_) = answer.await;
}

fn asked(call: &Call) -> GenerationBuilder<'_> {
    let builder = Generation::chat(Provider::OpenAi, call.model)
        .server(call.server, call.port)
        .max_tokens(1024)
        .temperature(0.7)
        .top_p(0.95)
        .frequency_penalty(0.0)
        .presence_penalty(0.0)
        .seed(call.seed)
        .output_type(OutputType::Text)
        .conversation_id(call.conversation.clone())
        .attribute("openai.response.service_tier", "default");
    if call.input.is_empty() { builder } else { builder.input(&call.input) }
}

/// A span of five attributes, and a histogram.
pub(crate) fn tool() {
    let tool = Tool::new("lookup_order").tool_type("function").call_id("call_17").start();
    drop(tool.enter());
    tool.finish();
}

/// An agent in which five model calls and five tools alternate.
pub(crate) fn agent(call: &Call) {
    let agent = Agent::new("triage").model(call.model).start();
    {
        let _active = agent.enter();
        for _ in 0..5 {
            generation(call);
            tool();
        }
    }
    agent.finish();
}

/// A workflow of ten steps that do nothing.
pub(crate) fn workflow() {
    let workflow = Workflow::new("handle_ticket").start();
    {
        let _active = workflow.enter();
        for index in 0..10 {
            let step = Step::new("classify").step_type("rule").index(index).start();
            drop(step.enter());
            step.finish();
        }
    }
    workflow.finish();
}
