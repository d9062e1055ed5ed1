//! What flo_ai's telemetry guide does: its variables, a workflow with a router, an agent with a tool, and metrics of the
//! program's own.
//!
//! ```text
//! FLO_ENV=staging FLO_OTLP_ENDPOINT=http://localhost:4317 cargo run --example coming_from_flo_ai
//! ```
//!
//! Without an endpoint the workflow is drawn in the terminal.

use std::num::ParseIntError;

use futures_util::StreamExt as _;
use spanwise::opentelemetry::KeyValue;
use spanwise::opentelemetry::trace::{TraceContextExt as _, Tracer as _};
use spanwise::{
    Generation, Guide, Message, Provider, Response, TelemetryConfig, Usage, agent,
    context_with_span, generation, meter, step, tool, tracer, workflow,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = TelemetryConfig::from_env_of(Guide::FloAi)?
        .service_name("customer-support-bot")
        .service_version("2.1.0")
        .resource_attribute("deployment.region", "us-west-2")
        .resource_attribute("team", "ml-platform")
        .resource_attribute("environment.type", "production");
    let telemetry = spanwise::init_telemetry(config)?;

    eprintln!("{}", support("6 * 7").await?);
    // What is not as it should be shows as such.
    eprintln!("{}", support("six * 7").await.is_err());
    custom_operation().await;
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

/// A span of the program's own, and a stream inside it, whose chunks are counted.
async fn custom_operation() {
    let context = context_with_span(tracer("customer-support-bot").start("custom_operation"));
    context.span().set_attribute(KeyValue::new("custom.attribute", "value"));
    let generation = {
        let _active = context.clone().attach();
        Generation::chat(Provider::OpenAi, "gpt-4o-mini").start()
    };
    let chunks = futures_util::stream::iter(["It ", "is ", "42."]);
    let chunks = generation.stream(chunks, |chunk, response| response.text(chunk));
    eprintln!("{}", chunks.collect::<String>().await);
    context.span().end();
}

fn count_runs() {
    let operation = [KeyValue::new("operation", "custom")];
    let meter = meter("customer-support-bot");
    let counter = meter.u64_counter("my_custom_counter").with_unit("operations").build();
    counter.add(2, &operation);
    let histogram = meter.f64_histogram("my_custom_duration").with_unit("ms").build();
    histogram.record(123.45, &operation);
}
