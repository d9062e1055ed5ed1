//! What flo_ai's telemetry guide does: its variables, a workflow with a router, an agent with a tool, and metrics of the
//! program's own.
//!
//! ```text
//! FLO_ENV=staging FLO_OTLP_ENDPOINT=http://localhost:4317 cargo run --example coming_from_flo_ai
//! ```
//!
//! Without an endpoint the workflow is drawn in the terminal.

use std::num::ParseIntError;

use spanwise::opentelemetry::KeyValue;
use spanwise::{
    Guide, Message, Response, TelemetryConfig, Usage, agent, generation, meter, step, tool,
    workflow,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = TelemetryConfig::from_env_of(Guide::FloAi)?
        .service_name("customer-support-bot")
        .service_version("2.1.0")
        .resource_attribute("deployment.region", "us-west-2")
        .resource_attribute("team", "ml-platform");
    let telemetry = spanwise::init_telemetry(config)?;

    eprintln!("{}", support("6 * 7").await?);
    // What is not as it should be shows as such.
    eprintln!("{}", support("six * 7").await.is_err());
    count_runs();

    eprintln!("{}", telemetry.shutdown().await);
    Ok(())
}

#[workflow]
async fn support(question: &str) -> Result<i64, ParseIntError> {
    match route(question) {
        "calculator" => answer(question).await,
        _ => Ok(0),
    }
}

#[step(step_type = "router", index = 0)]
fn route(question: &str) -> &'static str {
    if question.contains('*') { "calculator" } else { "nobody" }
}

#[step(step_type = "agent", index = 1)]
async fn answer(question: &str) -> Result<i64, ParseIntError> {
    calculator(question).await
}

#[agent(description = "Multiplies")]
async fn calculator(question: &str) -> Result<i64, ParseIntError> {
    let _ = think("gpt-4o-mini", question).await;
    question.split(" * ").try_fold(1, |product, factor| Ok(product * number(factor)?))
}

#[tool]
fn number(text: &str) -> Result<i64, ParseIntError> {
    text.parse()
}

/// The model's answer; a client stands here in a program.
#[generation(provider = "openai", model = model)]
async fn think(model: &str, prompt: &str) -> Response {
    let said = Message::assistant(format!("I shall multiply: {prompt}"));
    Response::new().model(model.to_owned()).usage(Usage::new(8, 5)).output(said)
}

fn count_runs() {
    let operation = [KeyValue::new("operation", "custom")];
    meter("customer-support-bot").u64_counter("my_custom_counter").build().add(2, &operation);
}
