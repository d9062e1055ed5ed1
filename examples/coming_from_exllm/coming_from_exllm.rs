//! What ExLLM's observability guide does: handlers of events, calls that measure themselves, a span around code of one's
//! own, context that goes along with a task, and costs that are told by hand.
//!
//! ```text
//! cargo run --example coming_from_exllm
//! ```

use futures_util::StreamExt as _;
use spanwise::opentelemetry::KeyValue;
use spanwise::{
    Embeddings, Generation, Message, Provider, Response, TelemetryConfig, Usage, propagate_context,
};

type Error = Box<dyn std::error::Error + Send + Sync>;

const MODEL: &str = "gpt-4";

#[tokio::main]
async fn main() -> Result<(), Error> {
    let telemetry = spanwise::init_telemetry(TelemetryConfig::from_env()?.service_name("myapp"))?;

    spanwise::attach_default_logger(tracing::Level::INFO)?;
    spanwise::attach("my-handler", "chat.stop", |_name, measured, details| {
        let model = details.model().unwrap_or_default();
        eprintln!("chat of {model} completed in {:?}", measured.duration.unwrap_or_default());
    })?;
    spanwise::attach_many("costs", ["cost.*"], |name, measured, _details| {
        eprintln!("{name}: {:?}", measured.get("amount"));
    })?;
    for handler in spanwise::list_handlers("chat.stop") {
        eprintln!("{handler:?}");
    }

    let words = analyze_text("Where is my order A-17?").await?;
    eprintln!("{words} words");
    stream_chat().await;

    eprintln!("{}", telemetry.shutdown().await);
    Ok(())
}

/// A span of the program's own around what it does, and three events.
async fn analyze_text(text: &str) -> Result<usize, Error> {
    let metadata = [
        KeyValue::new("operation", "analyze_text"),
        KeyValue::new("text_length", text.len() as i64),
    ];
    spanwise::span("myapp.llm.analyze", metadata, async {
        let answer = chat(text).await?;
        track_cost(0.02, 0.01);
        // A task has no context of its own: this one goes on in the trace.
        tokio::spawn(propagate_context(embed(answer.len() as u64))).await??;
        Ok(text.split(' ').count())
    })
    .await
}

fn track_cost(amount: f64, threshold: f64) {
    spanwise::cost_calculated("openai", MODEL, amount);
    if amount > threshold {
        spanwise::cost_threshold_exceeded(amount, threshold);
    }
}

/// The model's answer; a client stands here in a program.
async fn chat(text: &str) -> Result<String, Error> {
    let answer = "It is on its way.".to_owned();
    let _recorded = Generation::chat(Provider::OpenAi, MODEL)
        .input(text)
        .run(async {
            let said = Message::assistant(answer.clone());
            Ok::<_, Error>(Response::new().model(MODEL).usage(Usage::new(9, 6)).output(said))
        })
        .await?;
    Ok(answer)
}

async fn embed(tokens: u64) -> Result<(), Error> {
    Embeddings::new(Provider::OpenAi, "text-embedding-ada-002")
        .run_with(async |embeddings| {
            embeddings.input_tokens(tokens);
            Ok(())
        })
        .await
}

/// Chunks pass by untouched, and are timed and counted.
async fn stream_chat() {
    let chunks = futures_util::stream::iter(["It ", "is ", "on ", "its ", "way."]);
    let generation = Generation::chat(Provider::OpenAi, MODEL).start();
    let mut chunks = generation.stream(chunks, |chunk, response| response.text(chunk));
    while let Some(chunk) = chunks.next().await {
        eprint!("{chunk}");
    }
    eprintln!();
}
