//! An OTLP receiver for tests: over gRPC and HTTP, on a thread and a runtime of its own.
//!
//! ```text
//! exporter ─► connection ─► grpc | http ─► decode ─► Receiver::{spans, metrics, log_records, requests}
//!             │ (up, down)                    └─ Answer: accept, refuse, hang
//!             └─ Connections: serve, ignore, reset, fail the handshake
//! ```

mod attributes;
mod certificates;
mod connection;
mod grpc;
mod http;
mod message;
mod port;
mod serve;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use port::Port;
use serve::Command;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

pub use attributes::{attribute, text};
pub use certificates::Certificates;
pub use connection::Connections;
pub use message::Message;

/// How a [`Receiver`] answers a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Answer {
    /// Takes it.
    Accept,
    /// Takes it, over HTTP with this status and body: as receivers do that answer in their own words.
    AcceptAs(u16, &'static str),
    /// Takes it, over gRPC with this metadata: its name, and what it says.
    AcceptWith(&'static str, &'static str),
    /// Takes it but for this many items, the last ones, and says so.
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
    /// Over HTTP the method; over gRPC `POST`.
    pub method: String,
    /// Headers, or metadata, by name.
    pub headers: BTreeMap<String, String>,
    /// Over HTTP the path; over gRPC the signal.
    pub path: String,
    /// The size of the body; over gRPC without compression.
    pub bytes: usize,
    /// How many spans are in it.
    pub spans: usize,
    /// When it was there as a whole.
    pub at: Instant,
}

type Rule = Arc<dyn Fn(&Message, &Arrived) -> Answer + Send + Sync>;

#[derive(Default)]
struct Log {
    messages: Vec<Message>,
    requests: Vec<Arrived>,
    /// The next answers.
    answers: Vec<Answer>,
    /// The answer to everything after those.
    then: Option<Rule>,
    /// Where spans are taken as well.
    trace_path: Option<String>,
    /// What is done with connections.
    connections: Connections,
    /// How long an answer takes.
    delay: Duration,
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
    commands: UnboundedSender<Command>,
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
        Self::serve(None)
    }

    /// Starts one with TLS on both ports.
    pub fn start_with_tls(certificates: &Certificates) -> Self {
        Self::serve(Some(certificates.server_tls(false)))
    }

    /// Starts one with TLS, to which clients must show a certificate.
    pub fn start_with_mutual_tls(certificates: &Certificates) -> Self {
        Self::serve(Some(certificates.server_tls(true)))
    }

    fn serve(tls: Option<certificates::ServerTls>) -> Self {
        let free = || Port::free().expect("loopback has a free port");
        let (grpc, http) = (free(), free());
        let (commands, ordered) = unbounded_channel();
        let receiver =
            Self { shared: Arc::default(), commands, grpc: grpc.address, http: http.address };
        let serving = receiver.clone();
        std::thread::spawn(move || serve::serve(serving, (grpc, http), tls, ordered));
        receiver.up();
        receiver
    }

    /// Goes down: when this returns, its connections are gone and new ones are refused. The ports stay its
    /// own, and what it has received is kept.
    pub fn down(&self) {
        self.order(Command::Down);
    }

    /// Comes up again, on the same ports.
    pub fn up(&self) {
        self.order(Command::Up);
    }

    fn order(&self, command: impl FnOnce(mpsc::Sender<()>) -> Command) {
        let (done, is_done) = mpsc::channel();
        if self.commands.send(command(done)).is_ok() {
            // What was so already is not answered.
            let _ = is_done.recv();
        }
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
        self.answer_by(move |_, _| answer.clone());
    }

    /// Answers each request as this says, from now on.
    ///
    /// ```
    /// use spanwise_testing::{Answer, Receiver};
    ///
    /// let receiver = Receiver::start();
    /// receiver.answer_by(|message, _| match message.spans().any(|span| span.name == "poison") {
    ///     true => Answer::Http(400, None, "no"),
    ///     false => Answer::Accept,
    /// });
    /// ```
    pub fn answer_by(&self, answer: impl Fn(&Message, &Arrived) -> Answer + Send + Sync + 'static) {
        self.log().then = Some(Arc::new(answer));
    }

    /// Takes this long to answer, from now on.
    pub fn answer_after(&self, delay: Duration) {
        self.log().delay = delay;
    }

    /// Takes spans at this path as well, from now on, over HTTP: not all receivers take them at `/v1/traces`.
    pub fn take_traces_at(&self, path: impl Into<String>) {
        self.log().trace_path = Some(path.into());
    }

    /// Does this with connections, from now on: with those that it has as well.
    pub fn treat_connections(&self, connections: Connections) {
        self.log().connections = connections;
    }

    /// Every span that it took.
    pub fn spans(&self) -> Vec<Span> {
        self.log().messages.iter().flat_map(Message::spans).cloned().collect()
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
        let requests = self.metric_requests();
        let resources = requests.into_iter().flat_map(|request| request.resource_metrics);
        resources.flat_map(|it| it.scope_metrics).flat_map(|scope| scope.metrics).collect()
    }

    /// Every log record that it took, events among them.
    pub fn log_records(&self) -> Vec<LogRecord> {
        let requests = self.log_requests();
        let resources = requests.into_iter().flat_map(|request| request.resource_logs);
        resources.flat_map(|it| it.scope_logs).flat_map(|scope| scope.log_records).collect()
    }

    /// The requests with spans that it took.
    pub fn trace_requests(&self) -> Vec<ExportTraceServiceRequest> {
        let log = self.log();
        let requests = log.messages.iter().filter_map(|message| match message {
            Message::Traces(request) => Some(request.clone()),
            _ => None,
        });
        requests.collect()
    }

    /// The requests with metrics that it took.
    pub fn metric_requests(&self) -> Vec<ExportMetricsServiceRequest> {
        let log = self.log();
        let requests = log.messages.iter().filter_map(|message| match message {
            Message::Metrics(request) => Some(request.clone()),
            _ => None,
        });
        requests.collect()
    }

    /// The requests with log records that it took.
    pub fn log_requests(&self) -> Vec<ExportLogsServiceRequest> {
        let log = self.log();
        let requests = log.messages.iter().filter_map(|message| match message {
            Message::Logs(request) => Some(request.clone()),
            _ => None,
        });
        requests.collect()
    }

    /// Takes out what it took, and forgets it.
    pub fn take_messages(&self) -> Vec<Message> {
        std::mem::take(&mut self.log().messages)
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

    fn connections(&self) -> Connections {
        self.log().connections
    }

    /// Notes what arrived and keeps what is taken of it; gives back how it is answered.
    async fn receive(&self, arrived: Arrived, mut message: Message) -> Answer {
        let answer = self.next_answer(&message, &arrived);
        self.keep(|log| log.requests.push(arrived));
        let delay = self.log().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        match &answer {
            Answer::Accept | Answer::AcceptAs(..) | Answer::AcceptWith(..) => {
                self.keep(|log| log.messages.push(message))
            }
            Answer::Partial(rejected) => {
                message.reject(*rejected);
                self.keep(|log| log.messages.push(message));
            }
            Answer::Hang => std::future::pending().await,
            Answer::Grpc(_) | Answer::Http(..) => {}
        }
        answer
    }

    fn next_answer(&self, message: &Message, arrived: &Arrived) -> Answer {
        let mut log = self.log();
        if !log.answers.is_empty() {
            return log.answers.remove(0);
        }
        let Some(rule) = log.then.clone() else { return Answer::Accept };
        // A rule may look at the receiver.
        drop(log);
        rule(message, arrived)
    }

    fn keep(&self, keep: impl FnOnce(&mut Log)) {
        keep(&mut self.log());
        self.shared.changed.notify_all();
    }
}

/// How long to wait for what must happen, on a slow machine.
const PATIENCE: Duration = Duration::from_secs(20);

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("grpc", &self.grpc)
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}
