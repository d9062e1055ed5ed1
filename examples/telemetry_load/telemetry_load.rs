//! A minute of varied work, to see dashboards and receivers with something on them. Nothing is asked of any model: what they
//! would answer is made up here, and only telemetry leaves.
//!
//! ```text
//! OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 cargo run --example telemetry_load -- --seconds 60 --rate 5
//! cargo run --example telemetry_load -- --prometheus 127.0.0.1:9568
//! ```
//!
//! On stdout stands what was done, as JSON, to compare with what arrived.

use std::net::SocketAddr;
use std::time::Duration;

use spanwise::{Report, ScopeField, TelemetryConfig};
use telemetry_load::{Load, budgets};

const USAGE: &str = "\
usage: telemetry_load [--seconds N] [--rate TURNS_PER_SECOND] [--linger SECONDS] [--prometheus ADDRESS]
  --seconds     how long new turns begin (60)
  --rate        how many begin in a second (5)
  --linger      how long /metrics stays after that (0)
  --prometheus  where to show /metrics, such as 127.0.0.1:9568";

struct Arguments {
    load: Load,
    linger: Duration,
    prometheus: Option<SocketAddr>,
}

fn arguments() -> Option<Arguments> {
    let mut read = Arguments { load: Load::default(), linger: Duration::ZERO, prometheus: None };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let value = given.next()?;
        match name.as_str() {
            "--seconds" => read.load.duration = Duration::from_secs(value.parse().ok()?),
            "--rate" => {
                read.load.rate =
                    value.parse().ok().filter(|rate| (0.01..=10_000.0).contains(rate))?;
            }
            "--linger" => read.linger = Duration::from_secs(value.parse().ok()?),
            "--prometheus" => read.prometheus = Some(value.parse().ok()?),
            _ => return None,
        }
    }
    Some(read)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(Arguments { load, linger, prometheus }) = arguments() else {
        eprintln!("{USAGE}");
        std::process::exit(2);
    };
    let mut config = TelemetryConfig::from_env()?
        .service_name("telemetry-load")
        .scope_on_metrics([ScopeField::User]);
    if let Some(address) = prometheus {
        config = config.prometheus_server(address);
    }
    config = budgets()?.into_iter().fold(config, TelemetryConfig::budget);
    let telemetry = spanwise::init_telemetry(config)?;
    let done = load.run().await;
    tokio::time::sleep(linger).await;
    let report: Report = telemetry.shutdown().await;
    eprintln!("{report}");
    say(&serde_json::to_string(&done)?);
    Ok(())
}

#[allow(clippy::print_stdout, reason = "it is what others read")]
fn say(done: &str) {
    println!("{done}");
}
