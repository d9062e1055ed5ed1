//! One exchange of each kind, as the conventions want it recorded.
//!
//! ```text
//! cargo run --example conformance -- inference
//! ```
//!
//! Makes the exchange over HTTP, with OpenAI's API where `OPENAI_API_KEY` or `OPENAI_BASE_URL` is set, else with
//! a small server that it starts on this machine, and records it: by hand, or with `--via reqwest` by how the
//! client is built. Where that goes is said by the `OTEL_*` and `SPANWISE_*` variables.

mod agents;
mod data;
mod inference;
mod model;
mod stored;
mod tools;

use clap::{Parser, ValueEnum};
use openai_client::Error;
use spanwise::TelemetryConfig;

use crate::model::{Model, Via};

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
    /// Who records the calls to the model.
    #[arg(long, value_enum, default_value_t = Via::Hand)]
    via: Via,
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
    async fn make(self, model: &Model) -> Result<(), Error> {
        match self {
            Self::Inference => inference::whole(model).await,
            Self::Streaming => inference::streamed(model).await,
            Self::StructuredOutput => inference::structured(model).await,
            Self::Multimodal => inference::multimodal(model).await,
            Self::Embeddings => data::embeddings(model).await,
            Self::ToolCalling => tools::one_by_one(model).await,
            Self::AutomaticToolCalling => tools::automatic(model).await,
            Self::InvokeAgent => agents::invoke(model).await,
            Self::Workflow => agents::workflow(model).await,
            Self::Retrieval => data::retrieval(model).await,
            Self::Memory => data::memory(model).await,
            Self::Plan => agents::plan(model).await,
            Self::FetchResponse => stored::fetch(model).await,
            Self::Evaluation => inference::evaluated(model).await,
            Self::Failed => inference::failed(model).await,
            Self::Cancelled => inference::cancelled(model).await,
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Arguments { exchange, via } = Arguments::parse();
    let telemetry = spanwise::init_telemetry(TelemetryConfig::from_env()?)?;
    let model = Model::new(via).await?;
    let made = exchange.make(&model).await;
    eprintln!("{}", telemetry.shutdown().await);
    Ok(made?)
}
