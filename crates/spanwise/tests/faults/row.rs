//! One row: a receiver, senders that send to it one after the other or side by side, and their books.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use spanwise_testing::{Certificates, Receiver};
use tempfile::TempDir;

use crate::process::{Report, Sender, Setup};
use crate::sender;
use crate::table::{self, Line};
use crate::tally::Tally;

/// How long a sender is given to end well; a receiver that is up needs a fraction of it.
pub const ENDING: Duration = Duration::from_secs(20);

/// Over what a row sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    Grpc,
    Http,
}

/// What a row records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Items {
    Spans,
    Logs,
    CumulativeMetrics,
    DeltaMetrics,
}

/// What a row has on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spool {
    None,
    /// What cannot be delivered.
    Spill,
    /// Everything, before it is sent.
    WriteAhead,
}

/// Which of its variants a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub over: Over,
    pub items: Items,
    pub spool: Spool,
}

impl Shape {
    pub const fn new(over: Over, items: Items, spool: Spool) -> Self {
        Self { over, items, spool }
    }
}

/// Spans over gRPC, without a spool and with one.
pub const GRPC: [Shape; 2] = [
    Shape::new(Over::Grpc, Items::Spans, Spool::None),
    Shape::new(Over::Grpc, Items::Spans, Spool::Spill),
];
/// The same over HTTP.
pub const HTTP: [Shape; 2] = [
    Shape::new(Over::Http, Items::Spans, Spool::None),
    Shape::new(Over::Http, Items::Spans, Spool::Spill),
];
/// The same over both.
pub const BOTH: [Shape; 4] = [GRPC[0], GRPC[1], HTTP[0], HTTP[1]];

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let over = match self.over {
            Over::Grpc => "gRPC",
            Over::Http => "HTTP",
        };
        let items = match self.items {
            Items::Spans => "",
            Items::Logs => ", logs",
            Items::CumulativeMetrics => ", cumulative metrics",
            Items::DeltaMetrics => ", delta metrics",
        };
        let spool = match self.spool {
            Spool::None => "",
            Spool::Spill => ", spool",
            Spool::WriteAhead => ", write-ahead",
        };
        write!(f, "{over}{items}{spool}")
    }
}

/// The rows of the suite, in the order of the table.
#[derive(Default)]
pub struct Rows(Vec<Trial>);

impl Rows {
    /// Adds a row in some shapes.
    pub fn add(
        &mut self,
        name: &str,
        shapes: &[Shape],
        run: impl Fn(&mut Row) + Copy + Send + 'static,
    ) {
        for shape in shapes {
            let (shape, place, name) = (*shape, self.0.len(), format!("{name}, {shape}"));
            self.0.push(Trial::test(name.clone(), move || {
                let mut row = Row::new(name, place, shape);
                run(&mut row);
                assert!(row.is_noted, "a row has a line");
                Ok(())
            }));
        }
    }

    pub fn into_trials(self) -> Vec<Trial> {
        self.0
    }
}

/// One row while it runs.
pub struct Row {
    name: String,
    place: usize,
    pub shape: Shape,
    pub receiver: Receiver,
    certificates: Option<Certificates>,
    pub tally: Tally,
    directory: TempDir,
    runs: i64,
    is_noted: bool,
}

impl Row {
    fn new(name: String, place: usize, shape: Shape) -> Self {
        Self {
            name,
            place,
            shape,
            receiver: Receiver::start(),
            certificates: None,
            tally: Tally::default(),
            directory: TempDir::with_prefix("spanwise-faults-").expect("a temporary folder"),
            runs: 0,
            is_noted: false,
        }
    }

    /// Its receiver speaks TLS.
    pub fn with_tls(&mut self) {
        let certificates = Certificates::new();
        self.receiver = Receiver::start_with_tls(&certificates);
        self.certificates = Some(certificates);
    }

    pub fn is_spooled(&self) -> bool {
        self.shape.spool != Spool::None
    }

    pub fn spool_directory(&self) -> PathBuf {
        self.directory.path().join("spool")
    }

    /// How the next sender starts: everything by variables, as a program in production would be told.
    pub fn setup(&mut self) -> Setup {
        self.runs += 1;
        let port = match self.shape.over {
            Over::Grpc => self.receiver.grpc.port(),
            Over::Http => self.receiver.http.port(),
        };
        let mut setup = Setup::new()
            .set(sender::RUN, self.runs)
            .set("OTEL_SERVICE_NAME", "faults")
            .set("OTEL_BSP_SCHEDULE_DELAY", 200)
            .set("OTEL_BLRP_SCHEDULE_DELAY", 200)
            .set("OTEL_METRIC_EXPORT_INTERVAL", 200);
        setup = match &self.certificates {
            None => setup.set("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:{port}")),
            Some(certificates) => setup
                .set("OTEL_EXPORTER_OTLP_ENDPOINT", format!("https://localhost:{port}"))
                .set("OTEL_EXPORTER_OTLP_CERTIFICATE", certificates.authority_file().display()),
        };
        let protocol = match self.shape.over {
            Over::Grpc => "grpc",
            Over::Http => "http/protobuf",
        };
        setup = setup.set("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
        let (items, sent) = match self.shape.items {
            Items::Spans => ("spans", "TRACES"),
            Items::Logs => ("logs", "LOGS"),
            Items::CumulativeMetrics | Items::DeltaMetrics => ("metrics", "METRICS"),
        };
        setup = setup.set(sender::ITEMS, items);
        for signal in ["TRACES", "LOGS", "METRICS"] {
            let exporter = if signal == sent { "otlp" } else { "none" };
            setup = setup.set(&format!("OTEL_{signal}_EXPORTER"), exporter);
        }
        if self.shape.items == Items::DeltaMetrics {
            setup = setup.set("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta");
        }
        match self.shape.spool {
            Spool::None => setup,
            Spool::Spill => setup.set("SPANWISE_SPOOL_DIR", self.spool_directory().display()),
            Spool::WriteAhead => setup
                .set("SPANWISE_SPOOL_DIR", self.spool_directory().display())
                .set("SPANWISE_SPOOL_WRITE_AHEAD", true),
        }
    }

    pub fn start(&mut self) -> Sender {
        self.setup().start()
    }

    /// Counts what has arrived, and lets the receiver forget it.
    pub fn count(&mut self) -> u64 {
        self.tally.add(&self.receiver.take_messages());
        self.tally.received()
    }

    /// Waits until this many different items have arrived.
    #[track_caller]
    pub fn wait_for(&mut self, received: u64, limit: Duration) {
        let deadline = Instant::now() + limit;
        while self.count() < received {
            assert!(Instant::now() < deadline, "{} of {received} came", self.tally.received());
            sleep(Duration::from_millis(20));
        }
    }

    /// Whether more arrives within this time.
    pub fn grows_within(&mut self, time: Duration) -> bool {
        let (before, deadline) = (self.count(), Instant::now() + time);
        while Instant::now() < deadline {
            if self.count() > before {
                return true;
            }
            sleep(Duration::from_millis(20));
        }
        false
    }

    /// Ends a sender whose receiver is up, once nothing waits, neither in memory nor on the disk, and all that
    /// may still arrive has. What an earlier process left is adopted a while after the start.
    #[track_caller]
    pub fn end(&mut self, mut sender: Sender, may_arrive: u64) -> Report {
        let deadline = Instant::now() + ENDING;
        while self.is_spooled()
            && self.count() + sender.report().dropped() < may_arrive
            && Instant::now() < deadline
        {
            sleep(Duration::from_millis(50));
        }
        sender.drain(ENDING);
        sender.shutdown(ENDING)
    }

    /// Notes the row's line; before anything is asserted, so that a row that fails is in the table.
    pub fn note(&mut self, sent: u64, reports: &[&Report], note: impl Into<String>) -> Line {
        let received = self.count();
        let mut notes: Vec<String> = vec![note.into()];
        notes.extend(reports.iter().flat_map(|report| report.reasons()));
        notes.retain(|note| !note.is_empty());
        let line = Line {
            row: self.name.clone(),
            sent,
            received,
            duplicated: self.tally.duplicated,
            dropped: reports.iter().map(|report| report.dropped()).sum(),
            // What an earlier process left, a later one has adopted.
            spooled: reports.last().map(|report| report.spooled()).unwrap_or_default(),
            note: notes.join(", "),
        };
        table::note(self.place, line.clone());
        self.is_noted = true;
        line
    }

    /// Notes the line, and asserts what every fault must leave: with a spool everything arrived, without one
    /// what did not is counted as dropped.
    #[track_caller]
    pub fn settle(&mut self, sent: u64, reports: &[&Report]) -> Line {
        let line = self.note(sent, reports, "");
        if self.is_spooled() {
            assert_eq!((line.received, line.dropped, line.spooled), (sent, 0, 0), "lost: {line:?}");
        } else {
            self.accounted(&line);
        }
        line
    }

    /// Asserts that the loss is what is counted. Points of metrics are dropped, and values compared: what a
    /// dropped point told a later one may tell again.
    #[track_caller]
    pub fn accounted(&self, line: &Line) {
        let lost = line.sent - line.received;
        match self.shape.items {
            Items::Spans | Items::Logs => assert_eq!(lost, line.dropped + line.spooled, "{line:?}"),
            Items::CumulativeMetrics | Items::DeltaMetrics => {
                assert!(lost == 0 || line.dropped + line.spooled > 0, "{line:?}");
            }
        }
    }
}

/// Held by rows that keep the processors busy, so that the others' times stay what they are.
pub fn alone() -> MutexGuard<'static, ()> {
    static BUSY: Mutex<()> = Mutex::new(());
    BUSY.lock().unwrap_or_else(PoisonError::into_inner)
}
