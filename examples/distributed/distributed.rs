//! One trace over two processes: an agent asks a service for an order, and what the service records belongs to the
//! agent's trace, session and user.
//!
//! ```text
//! cargo run --example distributed
//! ```
//!
//! The service is this program once more, started with `orders` as its argument. Both send to the OTLP endpoint
//! that is configured; without one each draws its part of the trace in the terminal, with the same trace id.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use axum::Router;
use axum::routing::get;
use spanwise::propagation::BaggageKeys;
use spanwise::{Agent, Telemetry, TelemetryConfig, Tool, TraceRef, scope};
use spanwise_http::{ExtractContextLayer, InjectContextMiddleware};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Both processes say what may travel with requests, and what of it is taken over.
fn start(service: &str) -> Result<Telemetry, Error> {
    let keys = BaggageKeys::of(["session.id", "user.id", "spanwise.tags"]);
    let config = TelemetryConfig::from_env()?.service_name(service).baggage(keys);
    Ok(spanwise::init_telemetry(config)?)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    match std::env::args().nth(1).as_deref() {
        Some("orders") => serve_orders().await,
        _ => ask().await,
    }
}

/// The first process: knows whose call it is, and asks the second one.
async fn ask() -> Result<(), Error> {
    let telemetry = start("support-bot")?;
    let mut service = Command::new(std::env::current_exe()?)
        .arg("orders")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut url = String::new();
    BufReader::new(service.stdout.take().ok_or("no output")?).read_line(&mut url)?;
    let url = url.trim();

    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
        .with(InjectContextMiddleware::to(["127.0.0.1"]))
        .build();
    let turn = Agent::new("triage").run_with(async |_| {
        eprintln!("asked in trace {}", trace_id());
        let answer = client.get(format!("{url}/orders/A-17")).send().await?.text().await?;
        Ok::<_, Error>(answer)
    });
    let answer = scope().session("s-1").user("u-9").tag("beta").run(turn).await?;
    eprintln!("the service says: {answer}");

    // Its end of the pipe is closed: it sends what it has, and ends.
    drop(service.stdin.take());
    service.wait()?;
    eprintln!("{}", telemetry.shutdown().await);
    Ok(())
}

/// The second process: serves requests in the context that comes with them.
async fn serve_orders() -> Result<(), Error> {
    let telemetry = start("orders")?;
    let look_up = || async {
        let found = Tool::new("lookup_order").run(async {
            eprintln!("answered in trace {}", trace_id());
            Ok::<_, std::convert::Infallible>("shipped")
        });
        found.await.unwrap_or_default()
    };
    let app = Router::new().route("/orders/{id}", get(look_up)).layer(ExtractContextLayer::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    announce(&format!("http://{}", listener.local_addr()?))?;
    let (gone, asker_is_gone) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        // The end of the pipe is that of the asker; so is an error.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = gone.send(());
    });
    let until_then = async { asker_is_gone.await.unwrap_or_default() };
    axum::serve(listener, app).with_graceful_shutdown(until_then).await?;
    eprintln!("{}", telemetry.shutdown().await);
    Ok(())
}

fn announce(url: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{url}")?;
    out.flush()
}

fn trace_id() -> spanwise::opentelemetry::TraceId {
    TraceRef::current().span_context().trace_id()
}
