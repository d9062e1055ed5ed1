//! Sending what was spooled, one record at a time, without a running telemetry.
//!
//! ```text
//! StoredRecord ─► in the receiver's form ─► attempts, with pauses ─► Sent
//!                                             └─ too large: pieces ─┘
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::lane::breaker::Breaker;
use super::lane::divide::{self, Piece, divide};
use super::lane::otlp;
use super::lane::transport::Transport;
use super::lane::verdict::{Cause, Verdict};
use super::request::{Form, Request};
use crate::config::{EndpointReader, OtlpDestination};
use crate::diagnostics::warn_here;
use crate::env::{Environment, Reader};
use crate::error::InitError;
use crate::signal::Signal;
use crate::spool::{Encoding, StoredRecord};

/// How long a receiver that cannot be reached is tried again.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends what was spooled to an OTLP receiver, whatever form it was spooled in.
///
/// ```no_run
/// use spanwise::Destination;
/// use spanwise::spool::{Directory, Sender, Sent};
///
/// # async fn send() -> Result<(), Box<dyn std::error::Error>> {
/// let sender = Sender::new(Destination::otlp("http://localhost:4318"))?;
/// for spool in Directory::open("/var/lib/support-bot/telemetry")?.spools()? {
///     // A living process delivers its own.
///     let Some(mut claimed) = spool.claim()? else { continue };
///     while let Some((id, record)) = claimed.next_record()? {
///         if let Sent::Taken { .. } = sender.send(&record).await {
///             claimed.done(id)?;
///         }
///     }
/// }
/// # Ok(()) }
/// ```
pub struct Sender {
    /// For each signal its transport, and the form in which it goes there.
    ways: [(Box<dyn Transport>, Form); 3],
    patience: Duration,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sent {
    /// The receiver took it.
    Taken {
        /// So many of its items it did not want. They must not be sent again.
        rejected: u64,
        /// What it said to that; often nothing.
        message: String,
    },
    /// The receiver will never take it as it is. What it says shows no content and no key.
    Refused(String),
    /// The receiver could not be reached, or asked to come later. Some of the record may have arrived.
    Unavailable(String),
}

impl Sender {
    /// A sender to this receiver: its endpoint, protocol, headers, compression and TLS. Which signals go
    /// there otherwise does not matter here. Nothing is connected yet.
    ///
    /// Must be called in a Tokio runtime, and is used there.
    ///
    /// # Errors
    ///
    /// [`InitError`], if a setting cannot be used.
    pub fn new(destination: OtlpDestination) -> Result<Self, InitError> {
        let (name, options) = destination.into_parts();
        let environment =
            if options.from_env { Environment::of_process() } else { Environment::empty() };
        let mut reader = Reader::new(&environment);
        let mut way = |signal| {
            let mut endpoints =
                EndpointReader { name: &name, options: &options, reader: &mut reader };
            let endpoint = endpoints.read(signal)?;
            let form = match endpoint.protocol {
                #[cfg(feature = "http")]
                crate::config::OtlpProtocol::HttpJson => Form::Json,
                _ => Form::Protobuf,
            };
            Ok((otlp::connect(&endpoint)?(), form))
        };
        let [traces, metrics, logs] = Signal::OTLP;
        let ways = [way(traces)?, way(metrics)?, way(logs)?];
        reader.into_warnings().iter().for_each(|warning| warn_here(warning));
        Ok(Self { ways, patience: PATIENCE })
    }

    /// How long a receiver that cannot be reached, or asks to wait, is tried again for one record. Defaults
    /// to 30 s.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sends a record, with more attempts where that may help, and in pieces where it is too large.
    pub async fn send(&self, record: &StoredRecord) -> Sent {
        let Some((transport, form)) = self.ways.get(record.signal as usize) else {
            return Sent::Refused(
                "feedback goes to its product's own API, and to no receiver of OTLP".to_owned(),
            );
        };
        let Some(body) = in_form(record, *form) else {
            return Sent::Refused(
                "what is stored is no OTLP that this program can read".to_owned(),
            );
        };
        let deadline = Instant::now() + self.patience;
        let mut breaker = Breaker::new();
        let mut left = VecDeque::from([Piece { body, items: record.items }]);
        let (mut rejected, mut message) = (0, String::new());
        while let Some(Piece { body, items }) = left.pop_front() {
            match transport.send(record.signal, body.clone()).await {
                Verdict::Accepted => {}
                Verdict::Partial { rejected: more, message: said } => {
                    rejected += more.min(items);
                    message = Cause::new("", said).message;
                }
                Verdict::TooLarge(cause) => {
                    let half = divide::Into::Bytes(body.len() / 2);
                    match divide(&body, record.signal, *form, half) {
                        Some(pieces) => {
                            pieces.into_iter().rev().for_each(|piece| left.push_front(piece));
                        }
                        None => return Sent::Refused(format!("too large: {cause}")),
                    }
                }
                Verdict::Malformed(cause) | Verdict::Refused(cause) => {
                    return Sent::Refused(cause.to_string());
                }
                Verdict::Retry { after, cause } => {
                    let next = breaker.failed(breaker.era(), after);
                    if next >= deadline {
                        return Sent::Unavailable(cause.to_string());
                    }
                    tokio::time::sleep_until(next).await;
                    left.push_front(Piece { body, items });
                }
            }
        }
        Sent::Taken { rejected, message }
    }
}

/// No endpoint and no headers: they may hold secrets.
impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("patience", &self.patience).finish_non_exhaustive()
    }
}

/// The body as the receiver wants it; `None` where it must be read for that and cannot be.
fn in_form(record: &StoredRecord, form: Form) -> Option<bytes::Bytes> {
    let stored = form_of(record.encoding)?;
    if stored == form {
        return Some(record.payload.clone());
    }
    Request::decode(&record.payload, record.signal, stored)?.encode_as(form)
}

/// `None` for JSON in a program that has no part for it.
pub(crate) fn form_of(encoding: Encoding) -> Option<Form> {
    match encoding {
        Encoding::Protobuf => Some(Form::Protobuf),
        #[cfg(feature = "http")]
        Encoding::Json => Some(Form::Json),
        #[cfg(not(feature = "http"))]
        Encoding::Json => None,
    }
}
