//! The process that sends: it does what it is told on stdin, a line each, and answers each with a line.
//!
//! | Command | Answer |
//! |---|---|
//! | `record N BYTES` | how many were recorded so far, when they are |
//! | `threads T N` | the same, with `N` by each of `T` threads |
//! | `poison` | the same, with one span that is called so |
//! | `pace RATE TICKS` | at once; records so many a second until `stop`, and tells of it with `tick` lines |
//! | `stop` | how many were recorded so far |
//! | `report`, `flush MS`, `shutdown MS` | the report as JSON, and how long it took |
//! | `resident` | the memory that is resident, in KiB |
//!
//! While it records at a pace it holds every snapshot of the books to their identity.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use opentelemetry::KeyValue;
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity};
use opentelemetry::metrics::{Counter, MeterProvider as _};
use opentelemetry_sdk::logs::SdkLogger;
use serde_json::{Value, json};
use spanwise::{
    BatchConfiguration, Counts, Destination, Report, Signal, Telemetry, TelemetryConfig, Tool,
    TracingMode,
};
use tokio::runtime::Builder;

/// The variable that makes a sender of this program, and numbers it.
pub const RUN: &str = "FAULTS_RUN";
/// What it records: spans, logs or metrics.
pub const ITEMS: &str = "FAULTS_ITEMS";
/// In which of the [runtimes](RUNTIMES) it runs.
pub const RUNTIME: &str = "FAULTS_RUNTIME";
/// The first is the one that is not asked for. In the last two the thread itself waits for the end of telemetry,
/// as it does where telemetry is dropped.
pub const RUNTIMES: [&str; 6] = [
    "multi_thread",
    "current_thread",
    "none",
    "task_on_one_worker",
    "inside_block_on",
    "after_the_runtime",
];
/// The queue's limit in bytes.
pub const QUEUE_BYTES: &str = "FAULTS_QUEUE_BYTES";
/// Destinations in place of the environment's: `name=url,name=url`.
pub const DESTINATIONS: &str = "FAULTS_DESTINATIONS";

/// How often a pace is kept.
const BEAT: Duration = Duration::from_millis(5);

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Runs until stdin ends, or it is told to shut down.
pub fn main(run: &str) {
    let run = run.parse().expect("a number of a run");
    let runtime = variable(RUNTIME);
    let runtime = runtime.as_deref().unwrap_or(RUNTIMES[0]);
    let built = |mut builder: Builder| builder.enable_all().build().expect("a runtime");
    let current_thread = || built(Builder::new_current_thread());
    match runtime {
        "multi_thread" => built(Builder::new_multi_thread()).block_on(through(run)),
        "current_thread" => current_thread().block_on(through(run)),
        "none" => block_on(through(run)),
        "task_on_one_worker" => {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(1);
            let task = async { tokio::spawn(through(run)).await };
            built(builder).block_on(task).expect("the task does not panic");
        }
        "inside_block_on" => current_thread().block_on(async {
            if let Some(ending) = converse(run).await {
                block_on(ending.end());
            }
        }),
        "after_the_runtime" => {
            let ending = built(Builder::new_multi_thread()).block_on(converse(run));
            if let Some(ending) = ending {
                block_on(ending.end());
            }
        }
        other => panic!("{other}?"),
    }
}

/// All of it in one place.
async fn through(run: i64) {
    if let Some(ending) = converse(run).await {
        ending.end().await;
    }
}

/// It was told to shut down.
struct Ending {
    telemetry: Telemetry,
    limit: Duration,
    told: Instant,
}

impl Ending {
    async fn end(self) {
        let report = self.telemetry.shutdown_within(self.limit).await;
        answer(told(&report, self.told));
    }
}

fn config() -> TelemetryConfig {
    let mut config = TelemetryConfig::from_env()
        .expect("the environment is right")
        .detect_resource(false)
        .tracing(TracingMode::HandOver);
    if let Some(bytes) = variable(QUEUE_BYTES) {
        config = config.span_batches(BatchConfiguration {
            max_queue_size: 1_000_000,
            max_queue_bytes: bytes.parse().expect("a number of bytes"),
            scheduled_delay: Duration::from_millis(200),
            ..BatchConfiguration::SPANS
        });
    }
    for destination in variable(DESTINATIONS).iter().flat_map(|list| list.split(',')) {
        let (name, url) = destination.split_once('=').expect("name=url");
        config = config.destination(Destination::otlp(url).name(name));
    }
    config
}

/// Does what it is told until that is to shut down, or nothing more is said.
async fn converse(run: i64) -> Option<Ending> {
    let telemetry = Arc::new(spanwise::init_telemetry(config()).expect("telemetry starts"));
    let source = Source::new(run, &telemetry);
    let mut pace = None;
    answer("started");
    loop {
        let mut command = String::new();
        let read = std::io::stdin().read_line(&mut command);
        if !read.is_ok_and(|bytes| bytes > 0) {
            return None;
        }
        let words: Vec<&str> = command.trim_end().split(' ').collect();
        let number = |at: usize| -> u64 {
            words.get(at).and_then(|word| word.parse().ok()).expect("a number")
        };
        let started = Instant::now();
        match words[0] {
            "record" => {
                source.record(number(1), number(2) as usize);
                answer(source.recorded());
            }
            "threads" => {
                std::thread::scope(|scope| {
                    for _ in 0..number(1) {
                        scope.spawn(|| source.record(number(2), 0));
                    }
                });
                answer(source.recorded());
            }
            "poison" => {
                source.record_span("poison", 0);
                answer(source.recorded());
            }
            "pace" => {
                pace = Some(Pace::start(&source, &telemetry, number(1), number(2) > 0));
                answer("paced");
            }
            "stop" => {
                drop(pace.take());
                answer(source.recorded());
            }
            "report" => answer(told(&telemetry.report(), started)),
            "flush" => {
                let report = telemetry.flush_within(Duration::from_millis(number(1))).await;
                answer(told(&report, started));
            }
            "shutdown" => {
                let telemetry = Arc::into_inner(telemetry).expect("nobody else has it");
                let limit = Duration::from_millis(number(1));
                return Some(Ending { telemetry, limit, told: started });
            }
            "resident" => answer(resident_kib()),
            other => panic!("{other}?"),
        }
    }
}

#[allow(clippy::print_stdout, reason = "whoever started this reads it")]
fn answer(line: impl std::fmt::Display) {
    println!("{line}");
}

/// What is recorded, numbered.
struct Source {
    run: i64,
    kind: Kind,
    next: AtomicU64,
}

enum Kind {
    Spans,
    Logs(SdkLogger),
    Metrics(Counter<u64>),
}

impl Source {
    fn new(run: i64, telemetry: &Telemetry) -> Arc<Self> {
        let kind = match variable(ITEMS).as_deref() {
            Some("logs") => {
                Kind::Logs(telemetry.logger_provider().expect("logs are sent").logger("faults"))
            }
            Some("metrics") => {
                let meter = telemetry.meter_provider().expect("metrics are sent").meter("faults");
                Kind::Metrics(meter.u64_counter("recorded").build())
            }
            _ => Kind::Spans,
        };
        Arc::new(Self { run, kind, next: AtomicU64::new(0) })
    }

    fn recorded(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    fn record(&self, count: u64, bytes: usize) {
        for _ in 0..count {
            match &self.kind {
                Kind::Spans => self.record_span("t", bytes),
                Kind::Logs(logger) => {
                    let mut record = logger.create_log_record();
                    record.set_severity_number(Severity::Info);
                    record.set_body(AnyValue::from("recorded"));
                    record.add_attribute("run", self.run);
                    record.add_attribute("n", self.number());
                    logger.emit(record);
                }
                Kind::Metrics(counter) => {
                    counter.add(1, &[KeyValue::new("run", self.run)]);
                    self.number();
                }
            }
        }
    }

    fn record_span(&self, name: &'static str, bytes: usize) {
        let mut tool = Tool::new(name).attribute("run", self.run).attribute("n", self.number());
        if bytes > 0 {
            tool = tool.attribute("prompt", "x".repeat(bytes));
        }
        tool.start().finish();
    }

    fn number(&self) -> i64 {
        self.next.fetch_add(1, Ordering::Relaxed) as i64
    }
}

/// Records at a pace until it is dropped.
struct Pace {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Pace {
    fn start(source: &Arc<Source>, telemetry: &Arc<Telemetry>, rate: u64, ticks: bool) -> Self {
        let (source, telemetry) = (source.clone(), telemetry.clone());
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let (started, mut due) = (Instant::now(), 0);
            while !stopped.load(Ordering::Relaxed) {
                let slept = Instant::now();
                std::thread::sleep(BEAT);
                let late = slept.elapsed() - BEAT;
                let now = started.elapsed().as_micros() as u64 * rate / 1_000_000;
                source.record(now - due, 0);
                due = now;
                audit(&telemetry.report());
                if ticks {
                    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
                    let (now, late) = (now.as_micros(), late.as_micros());
                    answer(format_args!("tick {} {now} {late}", source.recorded()));
                }
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Pace {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            std::process::exit(1);
        }
    }
}

const SIGNALS: [(Signal, &str); 3] =
    [(Signal::Traces, "traces"), (Signal::Metrics, "metrics"), (Signal::Logs, "logs")];

fn accounted(counts: &Counts) -> u64 {
    counts.queued + counts.in_flight + counts.spooled + counts.exported + counts.dropped()
}

fn audit(report: &Report) {
    for destination in &report.destinations {
        for (signal, _) in SIGNALS {
            let counts = destination.signal(signal).unwrap_or_default();
            assert_eq!(counts.accepted, accounted(&counts), "{}: {counts:?}", destination.name);
        }
    }
}

fn told(report: &Report, started: Instant) -> Value {
    let destinations: serde_json::Map<String, Value> = report
        .destinations
        .iter()
        .map(|destination| {
            let signals: serde_json::Map<String, Value> = SIGNALS
                .iter()
                .filter_map(|(signal, name)| {
                    Some(((*name).to_owned(), counts(&destination.signal(*signal)?)))
                })
                .collect();
            (destination.name.clone(), signals.into())
        })
        .collect();
    json!({
        "took_ms": started.elapsed().as_millis() as u64,
        "complete": report.complete,
        "destinations": destinations,
    })
}

fn counts(counts: &Counts) -> Value {
    let reasons: serde_json::Map<String, Value> =
        counts.drops().map(|(reason, count)| (reason.to_string(), count.into())).collect();
    json!({
        "accepted": counts.accepted,
        "queued": counts.queued,
        "in_flight": counts.in_flight,
        "exported": counts.exported,
        "spooled": counts.spooled,
        "dropped": counts.dropped(),
        "reasons": reasons,
    })
}

/// As Linux tells it.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    number.and_then(|number| number.trim().parse().ok()).unwrap_or_default()
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits without a runtime.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
