//! An OTLP receiver for tests: over gRPC and HTTP, on a thread and a runtime of its own.
//!
//! ```text
//! exporter ─► grpc | http ─► decode ─► Receiver::{spans, metrics, log_records, requests}
//!                               └─ Answer: accept, refuse, hang
//! ```

mod attributes;
mod certificates;
mod grpc;
mod http;
mod serve;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;

pub use attributes::{attribute, text};
pub use certificates::Certificates;

/// How a [`Receiver`] answers a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Answer {
    /// Takes it.
    Accept,
    /// Takes it, and says that it did not take this many spans.
    Partial(i64),
    /// Reads it and never answers.
    Hang,
    /// Refuses it over gRPC, with this status.
    Grpc(tonic::Status),
    /// Refuses it over HTTP: status, `retry-after`, and body.
    Http(u16, Option<&'static str>, &'static str),
}

/// One request that arrived, whatever it was answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Arrived {
    /// Headers, or metadata, by name.
    pub headers: BTreeMap<String, String>,
    /// Over HTTP the path; over gRPC the signal.
    pub path: String,
    /// The size of the body; over gRPC without compression.
    pub bytes: usize,
    /// How many spans are in it.
    pub spans: usize,
}

#[derive(Default)]
struct Log {
    traces: Vec<ExportTraceServiceRequest>,
    metrics: Vec<ExportMetricsServiceRequest>,
    logs: Vec<ExportLogsServiceRequest>,
    requests: Vec<Arrived>,
    /// The next answers.
    answers: Vec<Answer>,
    /// The answer to everything after those.
    then: Option<Answer>,
}

#[derive(Default)]
struct Shared {
    log: Mutex<Log>,
    changed: Condvar,
}

/// An OTLP receiver on loopback, which keeps what it is sent. It goes on until the process ends.
///
/// Requests are decoded with the official messages. It takes requests as large as the Collector does by
/// default: 4 MiB over gRPC, 20 MiB over HTTP.
///
/// ```
/// use spanwise_testing::Receiver;
///
/// let receiver = Receiver::start();
/// assert!(receiver.grpc_url().starts_with("http://127.0.0.1:"));
/// assert!(receiver.spans().is_empty());
/// ```
#[derive(Clone)]
pub struct Receiver {
    shared: Arc<Shared>,
    /// Where it takes OTLP over gRPC.
    pub grpc: SocketAddr,
    /// Where it takes OTLP over HTTP.
    pub http: SocketAddr,
}

impl Receiver {
    /// Starts one on free ports.
    ///
    /// # Panics
    ///
    /// If there are none.
    pub fn start() -> Self {
        Self::start_at(free(), free())
    }

    /// Starts one that is late: others know its ports already.
    pub fn start_at(grpc: TcpListener, http: TcpListener) -> Self {
        Self::serve(grpc, http, None)
    }

    /// Starts one with TLS on both ports.
    pub fn start_with_tls(certificates: &Certificates) -> Self {
        Self::serve(free(), free(), Some(certificates.server_tls(false)))
    }

    /// Starts one with TLS, to which clients must show a certificate.
    pub fn start_with_mutual_tls(certificates: &Certificates) -> Self {
        Self::serve(free(), free(), Some(certificates.server_tls(true)))
    }

    fn serve(grpc: TcpListener, http: TcpListener, tls: Option<certificates::ServerTls>) -> Self {
        let receiver = Self { shared: Arc::default(), grpc: address(&grpc), http: address(&http) };
        let serving = receiver.clone();
        std::thread::spawn(move || serve::serve(serving, grpc, http, tls));
        receiver
    }

    /// Its endpoint for gRPC.
    pub fn grpc_url(&self) -> String {
        format!("http://{}", self.grpc)
    }

    /// Its endpoint for HTTP: the base of `/v1/traces` and the others.
    pub fn http_url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// Answers the next requests so.
    pub fn answer_next(&self, answers: impl IntoIterator<Item = Answer>) {
        self.log().answers.extend(answers);
    }

    /// Answers everything so, from now on.
    pub fn answer_all(&self, answer: Answer) {
        self.log().then = Some(answer);
    }

    /// Every span that it took.
    pub fn spans(&self) -> Vec<Span> {
        let log = self.log();
        let scopes = log.traces.iter().flat_map(|r| &r.resource_spans).flat_map(|r| &r.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    /// The span with this name.
    ///
    /// # Panics
    ///
    /// Unless there is exactly one.
    #[track_caller]
    pub fn span(&self, name: &str) -> Span {
        let spans = self.spans();
        let named: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
        match named.as_slice() {
            [span] => (*span).clone(),
            _ => panic!("{} spans are called {name}: {:?}", named.len(), self.span_names()),
        }
    }

    /// The names of all spans, in the order in which they arrived.
    pub fn span_names(&self) -> Vec<String> {
        self.spans().into_iter().map(|span| span.name).collect()
    }

    /// Every metric that it took.
    pub fn metrics(&self) -> Vec<Metric> {
        let log = self.log();
        let resources = log.metrics.iter().flat_map(|r| &r.resource_metrics);
        let scopes = resources.flat_map(|r| &r.scope_metrics);
        scopes.flat_map(|scope| scope.metrics.clone()).collect()
    }

    /// Every log record that it took, events among them.
    pub fn log_records(&self) -> Vec<LogRecord> {
        let log = self.log();
        let scopes = log.logs.iter().flat_map(|r| &r.resource_logs).flat_map(|r| &r.scope_logs);
        scopes.flat_map(|scope| scope.log_records.clone()).collect()
    }

    /// The requests with spans that it took.
    pub fn trace_requests(&self) -> Vec<ExportTraceServiceRequest> {
        self.log().traces.clone()
    }

    /// The requests with metrics that it took.
    pub fn metric_requests(&self) -> Vec<ExportMetricsServiceRequest> {
        self.log().metrics.clone()
    }

    /// The requests with log records that it took.
    pub fn log_requests(&self) -> Vec<ExportLogsServiceRequest> {
        self.log().logs.clone()
    }

    /// Everything that arrived, whatever it was answered.
    pub fn requests(&self) -> Vec<Arrived> {
        self.log().requests.clone()
    }

    /// Waits until this holds.
    ///
    /// # Panics
    ///
    /// If it does not within 20 s.
    #[track_caller]
    pub fn wait_until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < deadline, "never happened: {what}");
            let log = self.log();
            // What it depends on may also be outside, so it is looked at again after a while.
            let waited = self.shared.changed.wait_timeout(log, Duration::from_millis(20));
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_answer(&self) -> Answer {
        let mut log = self.log();
        if log.answers.is_empty() {
            log.then.clone().unwrap_or(Answer::Accept)
        } else {
            log.answers.remove(0)
        }
    }

    fn arrived(&self, arrived: Arrived) {
        self.keep(|log| log.requests.push(arrived));
    }

    fn keep(&self, keep: impl FnOnce(&mut Log)) {
        keep(&mut self.log());
        self.shared.changed.notify_all();
    }
}

/// How long to wait for what must happen, on a slow machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn free() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port")
}

fn address(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().expect("a bound listener has an address")
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("grpc", &self.grpc)
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}
