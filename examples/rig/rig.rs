//! rig, recorded by how its client is built, and by nothing else.
//!
//! ```text
//! cargo run --example rig
//! ```
//!
//! Without `OPENAI_API_KEY` or `OPENAI_BASE_URL` the model is a small server that the example starts on this
//! machine. Without an OTLP endpoint the trace is drawn in the terminal.

use futures_util::StreamExt as _;
use provider_server::{Api, Provider};
use rig_core::completion::CompletionRequest;
use rig_core::providers::openai::OpenAIConfig;
use rig_core::streaming::{Item, StreamEvent};
use rig_reqwest::ReqwestClient;
use spanwise::{TelemetryConfig, TracingMode};
use spanwise_rig::GenAiHttp;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = TelemetryConfig::from_env()?.service_name("support-bot");
    let telemetry = spanwise::init_telemetry(config.tracing(TracingMode::HandOver))?;
    // rig's own spans of model calls would be there beside ours.
    let all_but_rigs = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("rig::completions", LevelFilter::OFF)
        .with_target("rig::embedding", LevelFilter::OFF);
    let layer = telemetry.tracing_layer().with_filter(all_but_rigs);
    tracing_subscriber::registry().with(layer).init();
    let api = Api::from_env(Provider::OPENAI).await?;

    // The one line:
    let http = GenAiHttp::new(ReqwestClient::from(reqwest::Client::new()));

    let openai = OpenAIConfig::new(api.key()).with_base_url(api.base_url()).connect(http);
    let model = openai.chat("gpt-4o-mini");
    let request = CompletionRequest::new("Where is my order A-17?").max_tokens(256);

    eprintln!("{}", model.call(request.clone()).await?.text());

    let mut stream = model.stream(request)?;
    let mut said = String::new();
    while let Some(item) = stream.next().await {
        if let Item::Event(StreamEvent::Text { text, .. }) = item? {
            said.push_str(&text);
        }
    }
    eprintln!("{said}\n");

    eprintln!("{}", telemetry.shutdown().await);
    Ok(())
}
