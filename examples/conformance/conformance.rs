//! One exchange of each kind, as the conventions want it recorded.
//!
//! ```text
//! cargo run --example conformance -- inference
//! ```
//!
//! Makes the exchange over HTTP, with OpenAI's API or, with `--via`, another provider's or by another client, and
//! records it: by how the client is built, or, without `--via` or with `--by-hand`, at each call. The server is the
//! provider's where its variables name one, as `OPENAI_API_KEY` or `ANTHROPIC_BASE_URL`, else a small one that the
//! example starts on this machine. Where the telemetry goes is said by the `OTEL_*` and `SPANWISE_*` variables.

mod agents;
mod data;
mod inference;
mod model;
mod stored;
mod tools;
mod turn;
mod via;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, ValueEnum};
use openai_client::Error;
use spanwise::TelemetryConfig;

use crate::model::Model;
use crate::via::Via;

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
    /// Which API is called, and by which client.
    #[arg(long, value_enum, default_value_t = Via::Hand)]
    via: Via,
    /// Record each call where it is made, not by how the client is built.
    #[arg(long)]
    by_hand: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
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
    /// Whether the API can express it.
    fn is_of(self, via: Via) -> bool {
        match self {
            Self::Embeddings => !matches!(via, Via::Anthropic | Via::Bedrock),
            Self::Retrieval => matches!(via, Via::Hand | Via::Reqwest | Via::Cohere),
            Self::Memory => matches!(via, Via::Hand | Via::Reqwest),
            Self::FetchResponse => matches!(via, Via::Hand | Via::Reqwest | Via::AsyncOpenai),
            _ => true,
        }
    }

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
    let Arguments { exchange, via, by_hand } = Arguments::parse();
    if !exchange.is_of(via) {
        let lacks = format!("{via:?} has no {exchange:?}");
        Arguments::command().error(ErrorKind::InvalidValue, lacks).exit();
    }
    let telemetry = spanwise::init_telemetry(TelemetryConfig::from_env()?)?;
    let model = Model::new(via, by_hand).await?;
    let made = exchange.make(&model).await;
    eprintln!("{}", telemetry.shutdown().await);
    Ok(made?)
}
