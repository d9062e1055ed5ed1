//! Tools: run by the program one after the other, and by an agent until it has its answer.

use openai_client::Error;
use serde_json::{Value, json};
use spanwise::{Agent, Message, Tool};

use crate::model::Model;
use crate::turn::{QUESTION, TOOL, TOOL_DESCRIPTION, ToolCall, Turn, definition};

fn turn() -> Turn {
    Turn { tool: true, ..Turn::default() }
}

/// Asks, runs what is asked for, and asks again.
pub(crate) async fn one_by_one(model: &Model) -> Result<(), Error> {
    let mut turn = turn();
    let answer = model.chat(&turn).await?;
    for call in answer.tool_calls {
        answer_call(&mut turn, call).await?;
    }
    model.chat(&turn).await.map(drop)
}

/// An agent that goes on until the model wants no tool any more.
pub(crate) async fn automatic(model: &Model) -> Result<(), Error> {
    const MOST_ROUNDS: usize = 4;
    let definitions = [definition()];
    let turn = turn();
    Agent::new("triage")
        .description("Answers questions about orders.")
        .model(model.name())
        .input(QUESTION)
        .tool_definitions(&definitions)
        .error_kind(Error::kind)
        .run_with(async |agent| {
            let mut turn = turn;
            for _ in 0..MOST_ROUNDS {
                let answer = model.chat(&turn).await?;
                if answer.tool_calls.is_empty() {
                    agent.finish_reasons(["stop"]);
                    agent.output(&Message::assistant(answer.text));
                    break;
                }
                for call in answer.tool_calls {
                    answer_call(&mut turn, call).await?;
                }
            }
            Ok(())
        })
        .await
}

/// Runs a tool, and tells the model what came out.
async fn answer_call(turn: &mut Turn, call: ToolCall) -> Result<(), Error> {
    let result = Tool::new(TOOL)
        .tool_type("function")
        .call_id(call.id.clone())
        .description(TOOL_DESCRIPTION)
        .arguments(&call.arguments)
        .error_kind(Error::kind)
        .run_with(async |tool| {
            let order: Value = serde_json::from_str(&call.arguments)?;
            let found = json!({"order": order["order"], "arrives": "tomorrow"});
            tool.result(&found);
            Ok::<_, Error>(found.to_string())
        })
        .await?;
    turn.results.push((call, result));
    Ok(())
}
