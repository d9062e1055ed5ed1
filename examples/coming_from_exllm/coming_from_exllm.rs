//! What ExLLM's observability guide does: handlers of events, calls that measure themselves, a span around code of one's
//! own, context that goes along with a task, and costs that are told by hand.
//!
//! ```text
//! cargo run --example coming_from_exllm            # or `-- basic`, `-- cost`: which metrics there are
//! ```

use std::collections::HashMap;
use std::net::UdpSocket;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::StreamExt as _;
use spanwise::opentelemetry::KeyValue;
use spanwise::{
    Destination, Embeddings, EventDetails, ExportError, Generation, Measurements, Message,
    MetricSet, Provider, Response, Signals, StatsdExporter, TelemetryConfig, TelemetryEvent,
    TelemetryExporter, Usage, cache_hit, cache_miss, execute, propagate_context,
};

type Error = Box<dyn std::error::Error + Send + Sync>;

const MODEL: &str = "gpt-4";

#[tokio::main]
async fn main() -> Result<(), Error> {
    let metrics = std::env::args().nth(1).map_or(Ok(MetricSet::All), |word| word.parse())?;
    let config =
        TelemetryConfig::from_env()?.service_name("myapp").metric_set(metrics).prometheus();
    // What a console reporter would print; traces and logs go where the environment says.
    let config = config.destination(Destination::console(Signals::METRICS));
    let telemetry =
        spanwise::init_telemetry(match std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT") {
            Some(_) => config.destination(Destination::from_env()),
            None => config,
        })?;
    let prometheus = spanwise::start_prometheus_server("127.0.0.1:0")?;
    eprintln!("metrics at http://{}/metrics", prometheus.local_addr());
    // A StatsD server on this machine.
    let statsd = UdpSocket::bind("127.0.0.1:0")?;
    statsd.set_read_timeout(Some(Duration::from_secs(10)))?;
    spanwise::add_exporter(StatsdExporter::udp(statsd.local_addr()?, "llm")?);
    spanwise::add_exporter(MyReporter::default());

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

    // As a test of the handlers.
    let measured = Measurements { duration: Some(Duration::from_secs(1)), ..Default::default() };
    execute("chat.stop", &measured, &EventDetails::new().with("model", "by hand"));

    let mut cache = HashMap::new();
    for _ in 0..2 {
        let question = "Where is my order A-17?";
        if let Some(words) = get_from_cache(&cache, question) {
            eprintln!("{words} words, from the cache");
            continue;
        }
        let words = analyze_text(question).await?;
        eprintln!("{words} words");
        cache.insert(question, words);
    }
    stream_chat().await;

    let _ = telemetry.flush().await;
    let mut line = [0; 512];
    let length = statsd.recv(&mut line)?;
    eprintln!("statsd: {}", String::from_utf8_lossy(&line[..length]));

    eprintln!("{}", telemetry.shutdown().await);
    Ok(())
}

/// A reporter of the program's own: how many events there were of each kind.
#[derive(Default)]
struct MyReporter(Mutex<HashMap<&'static str, usize>>);

impl TelemetryExporter for MyReporter {
    async fn export(&self, event: &TelemetryEvent) -> Result<(), ExportError> {
        let kind = match event {
            TelemetryEvent::Generation(_) => "generations",
            _ => "others",
        };
        let mut counts = self.0.lock().map_err(|_| ExportError::new("poisoned"))?;
        let count = counts.entry(kind).or_default();
        *count += 1;
        eprintln!("reported: {count} {kind}");
        Ok(())
    }
}

fn get_from_cache(cache: &HashMap<&str, usize>, key: &str) -> Option<usize> {
    let value = cache.get(key).copied();
    if value.is_some() {
        cache_hit(key)
    } else {
        cache_miss(key)
    }
    value
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
