//! `genai`, recorded by one word more at each call.
//!
//! ```text
//! cargo run --example genai
//! ```
//!
//! Without `OPENAI_API_KEY` or `OPENAI_BASE_URL` the model is a small server that the example starts on this
//! machine. Without an OTLP endpoint the trace is drawn in the terminal.

use futures_util::StreamExt as _;
use genai::Client;
use genai::adapter::AdapterKind;
use genai::chat::{ChatOptions, ChatRequest, ChatStreamEvent};
use genai::resolver::{AuthData, Endpoint};
use provider_server::{Api, Provider};
use spanwise::TelemetryConfig;
use spanwise_http::ExecTraced as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let telemetry =
        spanwise::init_telemetry(TelemetryConfig::from_env()?.service_name("support-bot"))?;
    let api = Api::from_env(Provider::OPENAI).await?;
    let endpoint = Endpoint::from_owned(format!("{}/", api.base_url()));
    let client = Client::builder()
        .with_reqwest(reqwest::Client::new())
        .append_provider_config(AdapterKind::OpenAI, (endpoint, AuthData::from_single(api.key())))
        .build()?;

    let request = ChatRequest::from_user("Where is my order A-17?");
    // `genai` tells the usage of a stream where it is asked to.
    let options = ChatOptions::default().with_max_tokens(256).with_capture_usage(true);

    // One word more:
    let answer = client.exec_chat_traced("gpt-4o-mini", request.clone(), Some(&options)).await?;
    eprintln!("{}", answer.first_text().unwrap_or_default());

    // And for streams:
    let answer = client.exec_chat_stream_traced("gpt-4o-mini", request, Some(&options)).await?;
    let mut stream = answer.stream;
    let mut said = String::new();
    while let Some(event) = stream.next().await {
        if let ChatStreamEvent::Chunk(chunk) = event? {
            said.push_str(&chunk.content);
        }
    }
    eprintln!("{said}\n");

    eprintln!("{}", telemetry.shutdown().await);
    Ok(())
}
