//! An OTLP receiver: what is set for it, and what is said of it.

use std::path::Path;
use std::time::Duration;

use super::Lane;
use super::traffic::Traffic;
use super::transport::{Connect, Transport};
use super::verdict::Cause;
use crate::config::{BackendFacts, DeliverySettings, Endpoint, EndpointUrl, OtlpProtocol};
use crate::diagnostics::Diagnostics;
use crate::error::InitError;
use crate::export::request::Form;
use crate::export::split::Bounds;
use crate::self_metrics::ExporterName;
use crate::signal::Signal;
use crate::spool::Place;

/// Requests stay below what receivers take by default: 4 MiB over gRPC, 20 MiB over HTTP.
const fn most_bytes(protocol: OtlpProtocol) -> usize {
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
    delivery: DeliverySettings,
    backend: Option<&'static BackendFacts>,
}

impl OtlpSettings {
    pub(crate) fn new(
        signal: Signal,
        endpoint: &Endpoint,
        export_timeout: Duration,
        delivery: DeliverySettings,
    ) -> Result<Self, InitError> {
        // Two names for how long one attempt may take: the shorter holds.
        let timeout = endpoint.timeout.min(export_timeout);
        let endpoint = &Endpoint { timeout, ..endpoint.clone() };
        // Receivers of metrics want the points of a series in order.
        let most_requests = if signal == Signal::Metrics { 1 } else { delivery.most_requests };
        Ok(Self {
            signal,
            url: endpoint.url.clone(),
            protocol: endpoint.protocol,
            connect: connect(endpoint)?,
            delivery: DeliverySettings { most_requests, ..delivery },
            backend: None,
        })
    }

    /// Is this backend, and says so in warnings.
    pub(crate) fn of_backend(self, backend: Option<&'static BackendFacts>) -> Self {
        Self { backend, ..self }
    }

    /// The same for an API that feedback goes to, as JSON of its own.
    pub(crate) fn for_feedback(
        endpoint: &Endpoint,
        delivery: DeliverySettings,
    ) -> Result<Self, InitError> {
        Ok(Self {
            signal: Signal::Feedback,
            url: endpoint.url.clone(),
            protocol: OtlpProtocol::HttpJson,
            connect: connect_feedback(endpoint)?,
            // Of two with the same id the later one counts; and APIs allow few requests.
            delivery: DeliverySettings { most_requests: 1, ..delivery },
            backend: None,
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

    /// Where its lane spools, below this directory.
    pub(crate) fn place(&self, directory: &Path, destination: &str) -> Place {
        let endpoint = self.url.to_string();
        Place::new(directory, self.signal, destination, &endpoint, self.protocol.name())
    }

    /// What its requests may hold.
    pub(crate) fn bounds(&self) -> Bounds {
        let DeliverySettings { request_items, request_bytes, item_bytes, .. } = self.delivery;
        Bounds {
            items: request_items.unwrap_or(usize::MAX),
            bytes: request_bytes[self.signal as usize].unwrap_or(most_bytes(self.protocol)),
            item_bytes: item_bytes.unwrap_or(usize::MAX),
        }
    }

    /// The far end of its lane. Must be called in the runtime in which it is used.
    pub(crate) fn connect(self, diagnostics: Diagnostics) -> OtlpEnd {
        OtlpEnd {
            signal: self.signal,
            form: self.form(),
            receiver: format!("{} over {}", self.url, self.protocol.name()),
            host: self.url.0.origin().ascii_serialization(),
            transport: (self.connect)(),
            delivery: self.delivery,
            backend: self.backend,
            diagnostics,
        }
    }
}

impl OtlpEnd {
    #[cfg(test)]
    pub(super) fn for_test(
        transport: Box<dyn Transport>,
        delivery: DeliverySettings,
        diagnostics: Diagnostics,
    ) -> Self {
        Self {
            signal: Signal::Traces,
            form: Form::Protobuf,
            transport,
            delivery,
            backend: None,
            receiver: "a receiver of the test's".into(),
            host: String::new(),
            diagnostics,
        }
    }

    /// Delivers what comes through the lane.
    pub(crate) async fn run(self, lane: Lane) {
        Traffic::new(lane, self).run().await;
    }
}

/// The transport to an endpoint, configured and checked, as far as its protocol was compiled in.
pub(crate) fn connect(endpoint: &Endpoint) -> Result<Connect, InitError> {
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

#[cfg(feature = "http")]
fn connect_feedback(endpoint: &Endpoint) -> Result<Connect, InitError> {
    let sender = super::feedback::FeedbackSender::new(endpoint)?;
    Ok(Box::new(move || Box::new(sender)))
}

#[cfg(not(feature = "http"))]
fn connect_feedback(_: &Endpoint) -> Result<Connect, InitError> {
    Err(InitError::FeatureMissing { setting: "feedback".into(), feature: "http" })
}

/// The receiver, as its lane sees it.
pub(crate) struct OtlpEnd {
    pub(super) signal: Signal,
    pub(super) form: Form,
    pub(super) transport: Box<dyn Transport>,
    pub(super) delivery: DeliverySettings,
    /// Endpoint and protocol, as warnings name them.
    receiver: String,
    host: String,
    backend: Option<&'static BackendFacts>,
    diagnostics: Diagnostics,
}

impl OtlpEnd {
    pub(super) fn warn_lost(&self, items: u64, cause: &Cause, what: &str) {
        let means = self.backend.and_then(|backend| backend.refusal(&cause.kind));
        let means = means.map(|means| format!("; {means}")).unwrap_or_default();
        let lost = self.signal.counted(items);
        let message = format!("{} {what}: {cause}{means}; lost: {lost}", self.receiver);
        self.warn(cause, what, message);
    }

    pub(super) fn warn_partial(&self, rejected: u64, message: &str) {
        let cause = Cause::new("partial success", message);
        let message = format!(
            "{} took a request but for {}: {}",
            self.receiver,
            self.signal.counted(rejected),
            cause.message
        );
        self.warn(&cause, "", message);
    }

    pub(super) fn warn_shrunk(&self, items: u64, cause: &Cause) {
        let what = "finds an item too large; its largest content is replaced by length and hash";
        let message = format!("{} {what}: {cause}; {}", self.receiver, self.signal.counted(items));
        self.warn(cause, what, message);
    }

    /// An outage is said when it begins, and not only when something is lost by it.
    pub(super) fn warn_retry(&self, destination: usize, cause: &Cause) {
        let message = format!("{} cannot be reached, trying again: {cause}", self.receiver);
        if cause.hint.is_some() {
            self.warn(cause, "retry", message);
        } else {
            // Whatever its signals, and whatever goes wrong first.
            self.diagnostics.warn(&format!("retry {destination}"), message);
        }
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
