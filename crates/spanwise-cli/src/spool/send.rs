//! `spanwise spool send`: to any OTLP receiver.
//!
//! ```text
//! spool ─► claim ─► record ─► receiver ─┬─► taken: taken out
//!                                       ├─► refused: stays, and the next is tried
//!                                       └─► cannot be reached: all that is left stays
//! ```

use std::env;
use std::io::{self, Write as _};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use spanwise::spool::{ProcessSpool, Sender, Sent, StoredRecord};
use spanwise::{Destination, OtlpProtocol};
use url::Url;

use super::{Outcome, Which, title};
use crate::words;

/// Sends what waits to an OTLP receiver, and takes out what arrived.
///
/// What the receiver refuses stays, and so does everything from the first request that cannot be delivered
/// in time. What was sent without an answer may arrive twice, with the same ids.
///
/// What `--to` does not say is taken from the `OTEL_EXPORTER_OTLP_*` variables: headers, compression, certificates.
#[derive(Args, Debug)]
pub(super) struct Send {
    #[command(flatten)]
    which: Which,
    /// The receiver's endpoint, such as http://localhost:4318; over HTTP /v1/traces and the like are added.
    /// [default: OTEL_EXPORTER_OTLP_ENDPOINT]
    #[arg(long, value_name = "ENDPOINT")]
    to: Option<String>,
    /// How OTLP travels. [default: OTEL_EXPORTER_OTLP_PROTOCOL, then http/protobuf]
    #[arg(long)]
    protocol: Option<Protocol>,
    /// A header, and the variable that holds its value: `authorization=BACKEND_TOKEN`. Can be repeated.
    #[arg(long, value_name = "HEADER=VARIABLE")]
    header_env: Vec<String>,
    /// Leaves everything where it is: sends a copy, of living processes too.
    #[arg(long)]
    keep: bool,
    /// How many seconds a receiver that cannot be reached is tried again.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Protocol {
    #[value(name = "grpc")]
    Grpc,
    #[value(name = "http/protobuf")]
    HttpProtobuf,
    #[value(name = "http/json")]
    HttpJson,
}

/// What became of the records of one spool.
#[derive(Debug, Default)]
struct Sum {
    sent: u64,
    rejected: u64,
    refused: u64,
    /// What the receiver said to the last one that it did not want.
    said: String,
}

impl Send {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let spools = self.which.spools()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.send(spools))
    }

    async fn send(self, spools: Vec<ProcessSpool>) -> anyhow::Result<Outcome> {
        let sender = self.sender()?;
        let mut outcome = Outcome::Done;
        let mut some_taken = false;
        for spool in spools {
            let mut sum = Sum::default();
            let left = if self.keep {
                copy(&spool, &sender, &mut sum).await
            } else {
                deliver(&spool, &sender, &mut sum).await
            };
            tell(&spool, &sum)?;
            some_taken |= sum.sent > 0;
            if left.with_context(|| title(&spool))? == Outcome::SomeLeft {
                outcome = Outcome::SomeLeft;
            }
            if sum.refused > 0 && !some_taken {
                bail!("the receiver takes none of it: {}; what is left stays", sum.said);
            }
        }
        Ok(outcome)
    }

    fn sender(&self) -> anyhow::Result<Sender> {
        let mut to = Destination::from_env().name("--to");
        match &self.to {
            Some(endpoint) => {
                check_headers(endpoint)?;
                to = to.endpoint(endpoint);
            }
            None if ENDPOINTS.iter().all(|variable| env::var_os(variable).is_none()) => {
                bail!("where to? Say `--to http://localhost:4318`, or set {}", ENDPOINTS[0]);
            }
            None => {}
        }
        if let Some(protocol) = self.protocol {
            to = to.protocol(match protocol {
                Protocol::Grpc => OtlpProtocol::Grpc,
                Protocol::HttpProtobuf => OtlpProtocol::HttpProtobuf,
                Protocol::HttpJson => OtlpProtocol::HttpJson,
            });
        }
        for header in &self.header_env {
            let Some((name, variable)) = header.split_once('=') else {
                // What was given may be the secret itself.
                bail!("--header-env takes HEADER=VARIABLE, such as authorization=BACKEND_TOKEN");
            };
            let value = env::var(variable).ok().filter(|value| !value.is_empty());
            let Some(value) = value else {
                bail!("--header-env {name}: the variable that it names is not set");
            };
            to = to.header(name, value);
        }
        Ok(Sender::new(to)?.patience(Duration::from_secs(self.timeout)))
    }
}

const ENDPOINTS: [&str; 4] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
];

const HEADERS: [&str; 4] = [
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
    "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
];

/// The environment's headers are for the environment's endpoint, and reach no other host.
fn check_headers(endpoint: &str) -> anyhow::Result<()> {
    let set = |variable: &&&str| env::var(variable).is_ok_and(|value| !value.trim().is_empty());
    let Some(headers) = HEADERS.iter().find(set) else { return Ok(()) };
    let origin = |url: &str| Url::parse(url).map(|url| url.origin()).ok();
    let is_same = |theirs: &str| theirs == endpoint || origin(theirs) == origin(endpoint);
    let is_other = |variable: &&&str| {
        let theirs = env::var(variable).unwrap_or_default();
        !theirs.trim().is_empty() && !is_same(theirs.trim())
    };
    match ENDPOINTS.iter().find(is_other) {
        Some(theirs) => bail!(
            "{headers} may hold a key for the host of {theirs}, which is not that of --to: unset one of \
             the two, and give headers by --header-env"
        ),
        None => Ok(()),
    }
}

/// Sends what is in a spool, and takes out what was taken.
async fn deliver(spool: &ProcessSpool, sender: &Sender, sum: &mut Sum) -> anyhow::Result<Outcome> {
    let Some(mut claimed) = spool.claim()? else {
        eprintln!("{}: a living process has it, and delivers it itself", title(spool));
        return Ok(Outcome::SomeLeft);
    };
    while let Some((id, record)) = claimed.next_record()? {
        if sum.add(&record, sender.send(&record).await)? {
            claimed.done(id)?;
        } else if sum.sent == 0 {
            break;
        }
    }
    if claimed.unreadable() > 0 {
        let lost = words::items(spool.signal(), claimed.unreadable());
        eprintln!("{}: {lost} could not be read any more", title(spool));
    }
    Ok(if sum.refused > 0 { Outcome::SomeLeft } else { Outcome::Done })
}

/// Sends what is in a spool, and leaves it there.
async fn copy(spool: &ProcessSpool, sender: &Sender, sum: &mut Sum) -> anyhow::Result<Outcome> {
    for record in spool.records()? {
        let record = record?;
        if !sum.add(&record, sender.send(&record).await)? && sum.sent == 0 {
            break;
        }
    }
    Ok(if sum.refused > 0 { Outcome::SomeLeft } else { Outcome::Done })
}

impl Sum {
    /// Whether the receiver took the record.
    fn add(&mut self, record: &StoredRecord, sent: Sent) -> anyhow::Result<bool> {
        match sent {
            Sent::Taken { rejected, message } => {
                self.sent += record.items.saturating_sub(rejected);
                self.rejected += rejected;
                if rejected > 0 {
                    self.said = message;
                }
                Ok(true)
            }
            Sent::Refused(reason) => {
                self.refused += record.items;
                self.said = reason;
                Ok(false)
            }
            Sent::Unavailable(reason) => {
                bail!("the receiver cannot be reached: {reason}; what is left stays")
            }
            _ => bail!("the receiver's answer is not known to this version"),
        }
    }
}

fn tell(spool: &ProcessSpool, sum: &Sum) -> io::Result<()> {
    let mut line = format!("{}: {} sent", title(spool), words::items(spool.signal(), sum.sent));
    if sum.rejected > 0 {
        line.push_str(&format!(", {} not wanted by the receiver", sum.rejected));
    }
    if sum.refused > 0 {
        line.push_str(&format!(", {} refused, which stay", sum.refused));
    }
    if !sum.said.is_empty() {
        line.push_str(&format!(" ({})", words::clean(&sum.said)));
    }
    writeln!(io::stdout().lock(), "{line}")
}
