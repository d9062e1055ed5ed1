//! Agents, workflows of them, and their plans.

use openai_client::Error;
use spanwise::{Agent, Message, Plan, Usage, Workflow};

use crate::model::Model;
use crate::turn::{INSTRUCTIONS, MAX_TOKENS, QUESTION, Turn};

/// An agent that asks the model once.
async fn agent(model: &Model, name: &'static str) -> Result<String, Error> {
    let turn = Turn::default();
    Agent::new(name)
        .description("Answers questions about orders.")
        .model(model.name())
        .max_tokens(MAX_TOKENS)
        .system_instructions(INSTRUCTIONS)
        .input(QUESTION)
        .error_kind(Error::kind)
        .run_with(async |agent| {
            let answer = model.chat(&turn).await?;
            agent.usage(answer.usage);
            agent.finish_reasons(["stop"]);
            agent.output(&Message::assistant(&answer.text));
            Ok(answer.text)
        })
        .await
}

pub(crate) async fn invoke(model: &Model) -> Result<(), Error> {
    agent(model, "triage").await.map(drop)
}

/// One agent finds the answer, another one words it.
pub(crate) async fn workflow(model: &Model) -> Result<(), Error> {
    Workflow::new("handle_ticket")
        .input(QUESTION)
        .error_kind(Error::kind)
        .run_with(async |workflow| {
            agent(model, "triage").await?;
            let answer = agent(model, "writer").await?;
            workflow.output(&Message::assistant(answer));
            Ok(())
        })
        .await
}

/// An agent that thinks before it answers.
pub(crate) async fn plan(model: &Model) -> Result<(), Error> {
    let turn = Turn::default();
    Agent::new("triage")
        .description("Answers questions about orders.")
        .input(QUESTION)
        .error_kind(Error::kind)
        .run_with(async |agent| {
            let plan = Plan::new().error_kind(Error::kind).run(model.chat(&turn)).await?;
            let answer = model.chat(&turn).await?;
            let used = [plan.usage, answer.usage];
            let sum = |of: fn(&Usage) -> Option<u64>| used.iter().filter_map(of).sum();
            agent.usage(Usage::new(sum(Usage::input_tokens), sum(Usage::output_tokens)));
            agent.output(&Message::assistant(&answer.text));
            Ok(())
        })
        .await
}
