//! `async-openai`, recorded by how its client is built, and by nothing else.
//!
//! ```text
//! cargo run --example async_openai
//! ```
//!
//! Without `OPENAI_API_KEY` or `OPENAI_BASE_URL` the model is a small server that the example starts on this
//! machine. Without an OTLP endpoint the trace is drawn in the terminal.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessageArgs, CreateChatCompletionRequestArgs,
};
use futures_util::StreamExt as _;
use provider_server::{Api, Provider};
use spanwise::TelemetryConfig;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let telemetry =
        spanwise::init_telemetry(TelemetryConfig::from_env()?.service_name("support-bot"))?;
    let api = Api::from_env(Provider::OPENAI).await?;
    let config = OpenAIConfig::new().with_api_base(api.base_url()).with_api_key(api.key());

    // The one line:
    let client = Client::with_config(config)
        .with_http_service(spanwise_http::async_openai(reqwest::Client::new()));

    let question = ChatCompletionRequestUserMessageArgs::default()
        .content("Where is my order A-17?")
        .build()?;
    let request = CreateChatCompletionRequestArgs::default()
        .model("gpt-4o-mini")
        .max_completion_tokens(256u32)
        .messages([question.into()])
        .build()?;

    let answer = client.chat().create(request.clone()).await?;
    eprintln!("{}", answer.choices[0].message.content.as_deref().unwrap_or_default());

    let mut stream = client.chat().create_stream(request).await?;
    let mut said = String::new();
    while let Some(chunk) = stream.next().await {
        said.extend(chunk?.choices.into_iter().filter_map(|choice| choice.delta.content));
    }
    eprintln!("{said}\n");

    eprintln!("{}", telemetry.shutdown().await);
    Ok(())
}
