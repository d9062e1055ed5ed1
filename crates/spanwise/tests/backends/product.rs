//! A receiver that looks at a request as a product does.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::AggregationTemporality;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use spanwise::Signal;
use spanwise_testing::{Answer, Arrived, Message, Receiver};

/// What a product looks at, and how it answers.
pub struct Product {
    pub name: &'static str,
    /// Where it takes which signal over HTTP.
    pub paths: &'static [(Signal, &'static str)],
    /// What it takes over gRPC.
    pub grpc: &'static [Signal],
    /// Content types, and what it answers to others.
    pub forms: (&'static [&'static str], u16),
    /// Content encodings.
    pub encodings: &'static [&'static str],
    /// Whether it knows who sends, and what it answers if not.
    pub knows: fn(&Arrived) -> Result<(), u16>,
    /// What it refuses beside that.
    pub refuses: &'static [(u16, Rule)],
    /// Who says what it refuses, where it is not these rules.
    pub server: Option<fn(&Arrived, &Message) -> Option<u16>>,
    /// What it takes, and then loses, shows late or misreads.
    pub misreads: &'static [(&'static str, Rule)],
    /// How it says that it has taken a request.
    pub takes: (u16, &'static str),
}

/// Whether this is wrong with a request.
pub type Rule = fn(&Arrived, &Message) -> bool;

pub const PROTOBUF: &str = "application/x-protobuf";
pub const JSON: &str = "application/json";

/// A product that is plain OTLP, for the table's rows to differ from.
pub const PLAIN: Product = Product {
    name: "",
    paths: &[
        (Signal::Traces, "/v1/traces"),
        (Signal::Metrics, "/v1/metrics"),
        (Signal::Logs, "/v1/logs"),
    ],
    grpc: &[],
    forms: (&[PROTOBUF, JSON], 415),
    encodings: &["gzip"],
    knows: |_| Ok(()),
    refuses: &[],
    server: None,
    misreads: &[],
    takes: (200, ""),
};

pub const TRACES: &[(Signal, &str)] = &[(Signal::Traces, "/v1/traces")];
pub const ALL: &[Signal] = &Signal::OTLP;

/// What a product found wrong.
#[derive(Clone, Default)]
pub struct Found {
    /// What was taken and misread, a sentence each.
    pub misread: Arc<Mutex<BTreeSet<&'static str>>>,
    /// The statuses of what was refused.
    pub refused: Arc<Mutex<BTreeSet<u16>>>,
}

impl Product {
    /// Makes a receiver of it.
    pub fn at(&'static self, receiver: &Receiver) -> Found {
        if self.paths.iter().any(|(_, path)| *path == "/v1/trace/log") {
            receiver.take_traces_at("/v1/trace/log");
        }
        let found = Found::default();
        let Found { misread, refused } = found.clone();
        receiver.answer_by(move |message, arrived| {
            if let Some(status) = self.refusal(arrived, message) {
                refused.lock().unwrap().insert(status);
                return match is_grpc(arrived) {
                    true => Answer::Grpc(grpc_status(status)),
                    false => Answer::Http(status, None, "as the product would say"),
                };
            }
            let wrong = self.misreads.iter().filter(|(_, rule)| rule(arrived, message));
            misread.lock().unwrap().extend(wrong.map(|(sentence, _)| sentence));
            match self.takes {
                (200, "") => Answer::Accept,
                (status, body) => Answer::AcceptAs(status, body),
            }
        });
        found
    }

    /// In the order in which servers look.
    fn refusal(&self, arrived: &Arrived, message: &Message) -> Option<u16> {
        if let Some(refusal) = self.server {
            return refusal(arrived, message);
        }
        let signal = signal(message);
        if is_grpc(arrived) {
            if !self.grpc.contains(&signal) {
                return Some(404);
            }
        } else {
            let of_signal = |(of, path): &&(Signal, &str)| *of == signal && *path == arrived.path;
            if !self.paths.iter().any(|path| of_signal(&path)) {
                return Some(404);
            }
            if arrived.method != "POST" {
                return Some(405);
            }
            let (forms, status) = self.forms;
            if !forms.contains(&header(arrived, "content-type")) {
                return Some(status);
            }
            let encoding = header(arrived, "content-encoding");
            if !encoding.is_empty() && !self.encodings.contains(&encoding) {
                return Some(415);
            }
        }
        if let Err(status) = (self.knows)(arrived) {
            return Some(status);
        }
        self.refuses.iter().find(|(_, rule)| rule(arrived, message)).map(|(status, _)| *status)
    }
}

pub fn is_grpc(arrived: &Arrived) -> bool {
    !arrived.path.starts_with('/')
}

fn grpc_status(status: u16) -> tonic::Status {
    match status {
        401 => tonic::Status::unauthenticated("as the product would say"),
        403 => tonic::Status::permission_denied("as the product would say"),
        404 => tonic::Status::unimplemented("as the product would say"),
        _ => tonic::Status::invalid_argument("as the product would say"),
    }
}

pub fn signal(message: &Message) -> Signal {
    match message {
        Message::Metrics(_) => Signal::Metrics,
        Message::Logs(_) => Signal::Logs,
        _ => Signal::Traces,
    }
}

/// A header's value; empty where there is none.
pub fn header<'a>(arrived: &'a Arrived, name: &str) -> &'a str {
    arrived.headers.get(name).map(String::as_str).unwrap_or_default()
}

/// Whether a header says exactly this; if not, what is answered.
pub fn wants(arrived: &Arrived, name: &str, value: &str, status: u16) -> Result<(), u16> {
    if header(arrived, name) == value { Ok(()) } else { Err(status) }
}

/// What the resource says.
pub fn resource(message: &Message, key: &str) -> String {
    let resources = match message {
        Message::Traces(request) => request.resource_spans.iter().map(|it| &it.resource).collect(),
        Message::Metrics(request) => {
            request.resource_metrics.iter().map(|it| &it.resource).collect()
        }
        Message::Logs(request) => request.resource_logs.iter().map(|it| &it.resource).collect(),
        _ => Vec::new(),
    };
    let first = resources.into_iter().flatten().next();
    first.map(|resource| spanwise_testing::text(&resource.attributes, key)).unwrap_or_default()
}

/// Every attribute of every span.
pub fn attributes(message: &Message) -> impl Iterator<Item = &KeyValue> {
    message.spans().flat_map(|span| &span.attributes)
}

/// Whether any span has this attribute.
pub fn any_has(message: &Message, key: &str) -> bool {
    attributes(message).any(|attribute| attribute.key == key)
}

/// How long the longest text of a span is, measured so.
pub fn longest(message: &Message, measure: fn(&str) -> usize) -> usize {
    use opentelemetry_proto::tonic::common::v1::any_value::Value;

    let texts =
        attributes(message).filter_map(|attribute| match &attribute.value.as_ref()?.value {
            Some(Value::StringValue(text)) => Some(measure(text)),
            _ => None,
        });
    texts.max().unwrap_or(0)
}

/// How large the spans of a request are, before compression.
pub fn unpacked(message: &Message) -> usize {
    message.spans().map(prost::Message::encoded_len).sum()
}

/// Whether sums or histograms are told so.
pub fn is_told(message: &Message, temporality: AggregationTemporality) -> bool {
    let Message::Metrics(request) = message else { return false };
    let resources = request.resource_metrics.iter();
    let metrics = resources.flat_map(|it| &it.scope_metrics).flat_map(|scope| &scope.metrics);
    let told: Vec<_> = metrics
        .filter_map(|metric| match &metric.data {
            // Those that may go down are totals, whatever is asked for.
            Some(Data::Sum(sum)) if sum.is_monotonic => Some(sum.aggregation_temporality()),
            Some(Data::Histogram(histogram)) => Some(histogram.aggregation_temporality()),
            _ => None,
        })
        .collect();
    told.contains(&temporality)
}
