//! What flujo's telemetry guide does: its variables, a pipeline of steps, logs beside them, and how good the answer was.
//!
//! ```text
//! TELEMETRY_EXPORT_ENABLED=true OTLP_EXPORT_ENABLED=true OTLP_ENDPOINT=http://localhost:4318 \
//!     cargo run --example coming_from_flujo
//! ```
//!
//! Without these variables the pipeline is drawn in the terminal.

use spanwise::{
    Generation, Guide, Message, Provider, Response, TelemetryConfig, Usage, evaluation, scope,
    step, workflow,
};

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = TelemetryConfig::from_env_of(Guide::Flujo)?
        .service_name("my-app")
        .deployment_environment("production")
        .service_version("1.0.0")
        .sample_rate(1.0);
    let telemetry = spanwise::init_telemetry(config)?;

    let run = scope().request_id("abc123").run(pipeline("Name a prime above 40."));
    eprintln!("{}", run.await?);

    eprintln!("{}", telemetry.shutdown().await);
    Ok(())
}

#[workflow(name = "default")]
async fn pipeline(goal: &str) -> Result<String, Error> {
    tracing::info!("pipeline_start");
    let plan = plan(goal);
    let answer = solve(&plan).await?;
    validate(&answer)?;
    Ok(answer)
}

#[step(step_type = "planner", index = 0)]
fn plan(goal: &str) -> String {
    format!("Answer in one word. {goal}")
}

/// Fails once, and is tried again.
#[step(step_type = "solver", index = 1)]
async fn solve(plan: &str) -> Result<String, Error> {
    for model in ["gpt-4", "gpt-3.5-turbo"] {
        match ask(model, plan).await {
            Ok(answer) => return Ok(answer),
            Err(error) => tracing::warn!(model, %error, "fallback"),
        }
    }
    Err("no model answered".into())
}

/// The model's answer; a client stands here in a program.
async fn ask(model: &'static str, plan: &str) -> Result<String, Error> {
    let mut answer = None;
    Generation::chat(Provider::OpenAi, model)
        .input(plan)
        .run_with(async |generation| {
            if model == "gpt-4" {
                return Err(Error::from("overloaded"));
            }
            let said = Message::assistant("41");
            generation.record(&Response::new().usage(Usage::new(11, 1)).output(said));
            evaluation("checklist").score(1.0).label("pass").emit_on(&generation.trace_ref());
            answer = Some("41".to_owned());
            Ok(())
        })
        .await?;
    answer.ok_or_else(|| "nothing was said".into())
}

#[step(step_type = "validator", index = 2)]
fn validate(answer: &str) -> Result<u32, std::num::ParseIntError> {
    answer.parse()
}
