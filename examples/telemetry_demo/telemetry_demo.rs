//! The work of `telemetry_load`, sent through the stack of `docker-compose.telemetry.yml`, and where to look at it.
//!
//! ```text
//! docker compose -f docker-compose.telemetry.yml up --wait     # or: scripts/stack install && scripts/stack start
//! cargo run --example telemetry_demo
//! ```

use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use spanwise::{ExportConfig, ScopeField, TelemetryConfig};
use telemetry_load::{Done, Load, budgets};
use url::Url;

const USAGE: &str = "\
usage: telemetry_demo [--seconds N] [--rate TURNS_PER_SECOND]
  --seconds  how long new turns begin (60)
  --rate     how many begin in a second (5)
It sends to OTEL_EXPORTER_OTLP_ENDPOINT, or to http://localhost:4318.";

fn load() -> Option<Load> {
    let mut load = Load::default();
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let value = given.next()?;
        match name.as_str() {
            "--seconds" => load.duration = Duration::from_secs(value.parse().ok()?),
            "--rate" => {
                load.rate = value.parse().ok().filter(|rate| (0.01..=10_000.0).contains(rate))?;
            }
            _ => return None,
        }
    }
    Some(load)
}

/// Whether anybody is there, before a minute is spent.
fn answers(endpoint: &str) -> bool {
    let addresses = Url::parse(endpoint).ok().and_then(|url| {
        let port = url.port_or_known_default()?;
        (url.host_str()?.trim_matches(['[', ']']), port).to_socket_addrs().ok()
    });
    addresses
        .into_iter()
        .flatten()
        .any(|address| TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_ok())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(load) = load() else {
        eprintln!("{USAGE}");
        std::process::exit(2);
    };
    let named = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").ok().filter(|it| !it.is_empty());
    let endpoint = named.unwrap_or_else(|| "http://localhost:4318".to_owned());
    if !answers(&endpoint) {
        eprintln!(
            "Nothing answers at {endpoint}. Start the stack: \
             `docker compose -f docker-compose.telemetry.yml up --wait`, or without Docker \
             `scripts/stack install && scripts/stack start`."
        );
        std::process::exit(1);
    }
    // Points often enough that a minute is a curve.
    let often = ExportConfig { export_interval: Duration::from_secs(5), ..ExportConfig::default() };
    let config = TelemetryConfig::from_env()?
        .service_name("telemetry-demo")
        .endpoint(endpoint.as_str())
        .metric_export(often)
        .scope_on_metrics([ScopeField::User]);
    let config = budgets()?.into_iter().fold(config, TelemetryConfig::budget);
    let telemetry = spanwise::init_telemetry(config)?;
    eprintln!(
        "Working for {} s, {} turns a second; sent to {endpoint}.\n",
        load.duration.as_secs(),
        load.rate
    );
    let done = load.run().await;
    let report = telemetry.shutdown().await;
    eprintln!("{}\n{report}\n\n{WHERE_TO_LOOK}", table(&done));
    if report.dropped() > 0 {
        return Err("not everything arrived".into());
    }
    Ok(())
}

/// What was done, a line a model.
fn table(done: &Done) -> String {
    let mut table =
        format!("{:<24}{:>8}{:>8}{:>12}{:>12}\n", "model", "calls", "failed", "tokens in", "out");
    for (model, worked) in &done.models {
        table.push_str(&format!(
            "{model:<24}{:>8}{:>8}{:>12}{:>12}\n",
            worked.times, worked.failed, worked.input_tokens, worked.output_tokens
        ));
    }
    table
}

const WHERE_TO_LOOK: &str = "\
With the addresses of docker-compose.telemetry.yml:
  Boards   http://localhost:3000/dashboards
  Traces   http://localhost:16686/search?service=telemetry-demo
  Numbers  http://localhost:9090/graph?g0.expr=sum(rate(gen_ai_client_inference_duration_seconds_count[1m]))&g0.tab=0
Without Docker there are no pages; ask:
  curl 'http://localhost:16686/api/traces?service=telemetry-demo'
  curl 'http://localhost:9090/api/v1/query?query=sum(gen_ai_client_inference_duration_seconds_count)'";
