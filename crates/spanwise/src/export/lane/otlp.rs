//! The lane to an OTLP receiver: attempts until there is an answer, or no more time.

use std::time::Duration;

use tokio::time::Instant;

use super::retry::Backoff;
use super::transport::{Connect, Transport};
use super::verdict::{Cause, Verdict};
use super::{Deliver, Envelope, Form, Payload};
use crate::config::{Endpoint, EndpointUrl, OtlpProtocol};
use crate::diagnostics::Diagnostics;
use crate::error::InitError;
use crate::export::ledger::Fate;
use crate::report::DropReason;
use crate::self_metrics::ExporterName;
use crate::signal::Signal;

/// Requests stay below what receivers take by default: 4 MiB over gRPC, 20 MiB over HTTP.
pub(crate) const fn most_bytes(protocol: OtlpProtocol) -> usize {
    match protocol {
        OtlpProtocol::Grpc => 3584 << 10,
        OtlpProtocol::HttpProtobuf | OtlpProtocol::HttpJson => 15 << 20,
    }
}

/// An OTLP receiver, configured and checked; what takes a runtime is made when the lane starts.
pub(crate) struct OtlpSettings {
    signal: Signal,
    url: EndpointUrl,
    protocol: OtlpProtocol,
    connect: Connect,
    /// For one batch, attempts and pauses together.
    export_timeout: Duration,
}

impl OtlpSettings {
    pub(crate) fn new(
        signal: Signal,
        endpoint: &Endpoint,
        export_timeout: Duration,
    ) -> Result<Self, InitError> {
        Ok(Self {
            signal,
            url: endpoint.url.clone(),
            protocol: endpoint.protocol,
            connect: connect(endpoint)?,
            export_timeout,
        })
    }

    pub(crate) fn form(&self) -> Form {
        match self.protocol {
            #[cfg(feature = "http")]
            OtlpProtocol::HttpJson => Form::Json,
            _ => Form::Protobuf,
        }
    }

    /// As its metrics call it.
    pub(crate) fn exporter_name(&self, destination: usize, name: &str) -> ExporterName {
        ExporterName::otlp(destination, self.signal, self.protocol, name)
    }

    pub(crate) fn most_bytes(&self) -> usize {
        most_bytes(self.protocol)
    }

    /// The end of the lane. Must be called in the runtime in which it is used.
    pub(crate) fn connect(self, diagnostics: Diagnostics) -> OtlpLane {
        OtlpLane {
            signal: self.signal,
            receiver: format!("{} over {}", self.url, self.protocol.name()),
            host: self.url.0.origin().ascii_serialization(),
            transport: (self.connect)(),
            export_timeout: self.export_timeout,
            diagnostics,
        }
    }
}

/// The transport to an endpoint, configured and checked, as far as its protocol was compiled in.
fn connect(endpoint: &Endpoint) -> Result<Connect, InitError> {
    match endpoint.protocol {
        #[cfg(feature = "grpc")]
        OtlpProtocol::Grpc => {
            let settings = super::grpc::GrpcSettings::new(endpoint)?;
            Ok(Box::new(move || Box::new(settings.connect())))
        }
        #[cfg(feature = "http")]
        OtlpProtocol::HttpProtobuf | OtlpProtocol::HttpJson => {
            let sender = super::http::HttpSender::new(endpoint)?;
            Ok(Box::new(move || Box::new(sender)))
        }
        #[cfg(not(all(feature = "grpc", feature = "http")))]
        protocol => {
            let feature = if protocol == OtlpProtocol::Grpc { "grpc" } else { "http" };
            Err(InitError::FeatureMissing { setting: "protocol".into(), feature })
        }
    }
}

/// Sends envelopes, and tries again while it may work.
pub(crate) struct OtlpLane {
    signal: Signal,
    /// Endpoint and protocol, as warnings name them.
    receiver: String,
    host: String,
    transport: Box<dyn Transport>,
    export_timeout: Duration,
    diagnostics: Diagnostics,
}

impl Deliver for OtlpLane {
    async fn deliver(&mut self, envelope: Envelope) -> Fate {
        let Envelope { items, payload } = envelope;
        let Payload::Encoded(body) = payload else {
            return Fate::dropped(items, DropReason::Refused);
        };
        let deadline = Instant::now() + self.export_timeout;
        let mut backoff = Backoff::new();
        loop {
            match self.transport.send(self.signal, body.clone()).await {
                Verdict::Accepted => return Fate::exported(items),
                Verdict::Partial { rejected, message } => {
                    let rejected = rejected.min(items);
                    self.warn_partial(rejected, &message);
                    return Fate {
                        exported: items - rejected,
                        dropped: rejected,
                        reason: DropReason::Rejected,
                    };
                }
                Verdict::TooLarge(cause) => {
                    self.warn_lost(items, &cause, "finds the request too large");
                    return Fate::dropped(items, DropReason::TooLarge);
                }
                Verdict::Refused(cause) => {
                    self.warn_lost(items, &cause, "refused");
                    return Fate::dropped(items, DropReason::Refused);
                }
                Verdict::Retry { after, cause } => {
                    if cause.hint.is_some() {
                        self.warn(&cause, "retry", format!("{}: {cause}", self.receiver));
                    }
                    let pause = backoff.pause(after);
                    if Instant::now() + pause >= deadline {
                        self.warn_lost(items, &cause, "could not be reached in time");
                        return Fate::dropped(items, DropReason::RetriesExhausted);
                    }
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }
}

impl OtlpLane {
    fn warn_lost(&self, items: u64, cause: &Cause, what: &str) {
        let message =
            format!("{} {what}: {cause}; lost: {}", self.receiver, self.signal.counted(items));
        self.warn(cause, what, message);
    }

    fn warn_partial(&self, rejected: u64, message: &str) {
        let cause = Cause::new("partial success", message);
        let message = format!(
            "{} took a request but for {}: {}",
            self.receiver,
            self.signal.counted(rejected),
            cause.message
        );
        self.warn(&cause, "", message);
    }

    fn warn(&self, cause: &Cause, what: &str, message: String) {
        // A mistake in the settings is one mistake, whatever the signal and however often it shows.
        let kind = match cause.hint {
            Some(hint) => format!("{} {hint}", self.host),
            None => format!("{} {} {} {what}", self.receiver, self.signal.name(), cause.kind),
        };
        self.diagnostics.warn(&kind, message);
    }
}
