//! A plain HTTP client of a model, recorded by a middleware, and by nothing else.
//!
//! ```text
//! cargo run --example reqwest_middleware
//! ```
//!
//! Without `OPENAI_API_KEY` or `OPENAI_BASE_URL` the model is a small server that the example starts on this
//! machine. Without an OTLP endpoint the trace is drawn in the terminal.

use provider_server::{Api, Provider};
use serde_json::{Value, json};
use spanwise::TelemetryConfig;
use spanwise_http::GenAiMiddleware;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let telemetry =
        spanwise::init_telemetry(TelemetryConfig::from_env()?.service_name("support-bot"))?;
    let api = Api::from_env(Provider::OPENAI).await?;

    // The one line:
    let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
        .with(GenAiMiddleware::default())
        .build();

    let answer: Value = client
        .post(format!("{}/chat/completions", api.base_url()))
        .bearer_auth(api.key())
        .json(&json!({
            "model": "gpt-4o-mini",
            "max_completion_tokens": 256,
            "messages": [{"role": "user", "content": "Where is my order A-17?"}],
        }))
        .send()
        .await?
        .json()
        .await?;
    eprintln!("{}\n", answer["choices"][0]["message"]["content"].as_str().unwrap_or_default());

    eprintln!("{}", telemetry.shutdown().await);
    Ok(())
}
