//! What flujo's telemetry guide does: its variables, a pipeline of steps, logs beside them, and how good the answer was.
//!
//! ```text
//! TELEMETRY_EXPORT_ENABLED=true OTLP_EXPORT_ENABLED=true OTLP_ENDPOINT=http://localhost:4318 \
//!     cargo run --example coming_from_flujo
//! ```
//!
//! Without these variables the pipeline is drawn in the terminal. With `-- own-provider` it records into a provider that
//! the program made, with a processor of its own.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime};

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanProcessor};
use spanwise::opentelemetry::Context;
use spanwise::{
    Cost, CostSource, Currency, Decimal, Generation, Guide, Message, Provider, Response,
    TelemetryConfig, Usage, attach_json_logger, cost_report, evaluation, scope, step, workflow,
};

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    if std::env::args().nth(1).as_deref() == Some("own-provider") {
        return with_own_provider().await;
    }
    let costs = std::env::temp_dir().join(format!("coming_from_flujo-{}", std::process::id()));
    std::fs::create_dir_all(&costs)?;
    let config = TelemetryConfig::from_env_of(Guide::Flujo)?
        .service_name("my-app")
        .deployment_environment("production")
        .service_version("1.0.0")
        .sample_rate(1.0)
        .ledger(costs.join("costs.db"))
        .prometheus();
    let telemetry = spanwise::init_telemetry(config)?;
    let server = spanwise::start_prometheus_server("127.0.0.1:0")?;
    attach_json_logger(tracing::Level::INFO, |line| eprintln!("{line}"))?;
    let start_date = SystemTime::now();

    let run = scope().request_id("abc123").run(pipeline("Name a prime above 40."));
    eprintln!("{}", run.await?);

    let _ = telemetry.flush().await;
    let report = cost_report(start_date, SystemTime::now() + Duration::from_secs(1))?;
    eprintln!("total cost: {:?}", report.total.cost.get(Currency::USD));
    for (model, sum) in &report.by_model {
        eprintln!("- {model}: {:?}", sum.cost.get(Currency::USD));
    }
    eprintln!("{}", scraped(server.local_addr())?);

    eprintln!("{}", telemetry.shutdown().await);
    std::fs::remove_dir_all(costs)?;
    Ok(())
}

/// What Prometheus would see of durations.
fn scraped(server: SocketAddr) -> std::io::Result<String> {
    let mut scraper = TcpStream::connect(server)?;
    scraper.write_all(b"GET /metrics HTTP/1.1\r\nhost: me\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    scraper.read_to_string(&mut answer)?;
    let of_durations = |line: &&str| line.contains("inference_duration_seconds_count{");
    Ok(answer.lines().filter(of_durations).collect::<Vec<_>>().join("\n"))
}

/// The same pipeline, where the program sets up OpenTelemetry itself.
async fn with_own_provider() -> Result<(), Error> {
    let tracers = SdkTracerProvider::builder().with_span_processor(Names).build();
    let (meters, loggers) =
        (SdkMeterProvider::builder().build(), SdkLoggerProvider::builder().build());
    spanwise::attach_providers(&tracers, &meters, &loggers)?;
    eprintln!("{}", pipeline("Name a prime above 40.").await?);
    Ok(())
}

/// Says which spans have ended.
#[derive(Debug)]
struct Names;

impl SpanProcessor for Names {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        eprintln!("ended: {}", span.name);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
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
            let cost = Cost::new(Decimal::new(23, 6), Currency::USD, CostSource::Own);
            let response = Response::new().usage(Usage::new(11, 1)).cost(cost);
            generation.record(&response.output(said));
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
