//! One exchange of each kind, as the conventions want it recorded.
//!
//! ```text
//! cargo run --example conformance -- inference
//! ```
//!
//! Makes the exchange over HTTP, with OpenAI's API where `OPENAI_API_KEY` or `OPENAI_BASE_URL` is set, else with
//! a small server that it starts on this machine, and records it by hand. Where that goes is said by the
//! `OTEL_*` and `SPANWISE_*` variables.

mod agents;
mod data;
mod inference;
mod stored;
mod tools;

use clap::{Parser, ValueEnum};
use openai_client::{Client, Error};
use spanwise::TelemetryConfig;

#[derive(Parser)]
#[command(
    name = "conformance",
    about = "One exchange of each kind, recorded",
    arg_required_else_help = true
)]
struct Arguments {
    /// Which one.
    #[arg(value_enum)]
    exchange: Exchange,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Exchange {
    Inference,
    Streaming,
    StructuredOutput,
    Multimodal,
    Embeddings,
    ToolCalling,
    AutomaticToolCalling,
    InvokeAgent,
    Workflow,
    Retrieval,
    Memory,
    Plan,
    FetchResponse,
    Evaluation,
    Failed,
    Cancelled,
}

impl Exchange {
    async fn make(self, client: &Client) -> Result<(), Error> {
        match self {
            Self::Inference => inference::whole(client).await,
            Self::Streaming => inference::streamed(client).await,
            Self::StructuredOutput => inference::structured(client).await,
            Self::Multimodal => inference::multimodal(client).await,
            Self::Embeddings => data::embeddings(client).await,
            Self::ToolCalling => tools::by_hand(client).await,
            Self::AutomaticToolCalling => tools::automatic(client).await,
            Self::InvokeAgent => agents::invoke(client).await,
            Self::Workflow => agents::workflow(client).await,
            Self::Retrieval => data::retrieval(client).await,
            Self::Memory => data::memory(client).await,
            Self::Plan => agents::plan(client).await,
            Self::FetchResponse => stored::fetch(client).await,
            Self::Evaluation => inference::evaluated(client).await,
            Self::Failed => inference::failed(client).await,
            Self::Cancelled => inference::cancelled(client).await,
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let exchange = Arguments::parse().exchange;
    let telemetry = spanwise::init_telemetry(TelemetryConfig::from_env()?)?;
    let client = Client::from_env().await?;
    let made = exchange.make(&client).await;
    eprintln!("{}", telemetry.shutdown().await);
    Ok(made?)
}
