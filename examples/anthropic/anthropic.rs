//! Anthropic's Messages over plain HTTP, recorded by a middleware, and by nothing else.
//!
//! ```text
//! cargo run --example anthropic
//! ```
//!
//! Without `ANTHROPIC_API_KEY` or `ANTHROPIC_BASE_URL` the model is a small server that the example starts on
//! this machine. Without an OTLP endpoint the trace is drawn in the terminal.

use eventsource_stream::Eventsource as _;
use futures_util::StreamExt as _;
use provider_server::{Api, Provider};
use serde_json::{Value, json};
use spanwise::TelemetryConfig;
use spanwise_http::GenAiMiddleware;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let telemetry =
        spanwise::init_telemetry(TelemetryConfig::from_env()?.service_name("support-bot"))?;
    let api = Api::from_env(Provider::ANTHROPIC).await?;

    // The one line:
    let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
        .with(GenAiMiddleware::default())
        .build();

    let ask = |stream: bool| {
        let request = client.post(format!("{}/v1/messages", api.base_url()));
        let headers =
            request.header("x-api-key", api.key()).header("anthropic-version", "2023-06-01");
        headers.json(&json!({
            "model": "claude-sonnet-4-5",
            "max_tokens": 256,
            "stream": stream,
            "system": "You help customers of a small shop.",
            "messages": [{"role": "user", "content": "Where is my order A-17?"}],
        }))
    };

    let answer: Value = ask(false).send().await?.json().await?;
    eprintln!("{}", answer["content"][0]["text"].as_str().unwrap_or_default());

    let mut events = ask(true).send().await?.bytes_stream().eventsource();
    let mut said = String::new();
    while let Some(event) = events.next().await {
        let event: Value = serde_json::from_str(&event?.data)?;
        said.push_str(event["delta"]["text"].as_str().unwrap_or_default());
    }
    eprintln!("{said}\n");

    eprintln!("{}", telemetry.shutdown().await);
    Ok(())
}
