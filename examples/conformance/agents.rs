//! Agents, workflows of them, and their plans.

use openai_client::{Client, Error};
use spanwise::{Agent, Message, Plan, Usage, Workflow};

use crate::inference::{INSTRUCTIONS, MODEL, QUESTION, Turn};

/// An agent that asks the model once.
async fn agent(client: &Client, name: &'static str) -> Result<String, Error> {
    let turn = Turn::new();
    Agent::new(name)
        .description("Answers questions about orders.")
        .model(MODEL)
        .max_tokens(256)
        .system_instructions(INSTRUCTIONS)
        .input(QUESTION)
        .error_kind(Error::kind)
        .run_with(async |agent| {
            let answer = turn.generation(client).run(client.chat(&turn.request)).await?;
            agent.usage(answer.usage());
            agent.finish_reasons(["stop"]);
            agent.output(&Message::assistant(answer.text()));
            Ok(answer.text().to_owned())
        })
        .await
}

pub(crate) async fn invoke(client: &Client) -> Result<(), Error> {
    agent(client, "triage").await.map(drop)
}

/// One agent finds the answer, another one words it.
pub(crate) async fn workflow(client: &Client) -> Result<(), Error> {
    Workflow::new("handle_ticket")
        .input(QUESTION)
        .error_kind(Error::kind)
        .run_with(async |workflow| {
            agent(client, "triage").await?;
            let answer = agent(client, "writer").await?;
            workflow.output(&Message::assistant(answer));
            Ok(())
        })
        .await
}

/// An agent that thinks before it answers.
pub(crate) async fn plan(client: &Client) -> Result<(), Error> {
    let turn = Turn::new();
    Agent::new("triage")
        .description("Answers questions about orders.")
        .input(QUESTION)
        .error_kind(Error::kind)
        .run_with(async |agent| {
            let ask = || turn.generation(client).run(client.chat(&turn.request));
            let plan = Plan::new().error_kind(Error::kind).run(ask()).await?;
            let answer = ask().await?;
            let used = [plan.usage(), answer.usage()];
            let sum = |of: fn(&Usage) -> Option<u64>| used.iter().filter_map(of).sum();
            agent.usage(Usage::new(sum(Usage::input_tokens), sum(Usage::output_tokens)));
            agent.output(&Message::assistant(answer.text()));
            Ok(())
        })
        .await
}
