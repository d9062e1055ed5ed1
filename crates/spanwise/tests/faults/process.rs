//! The parent's hold on a sender.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Nothing that a sender is asked takes longer, on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a sender starts.
pub struct Setup {
    variables: BTreeMap<String, String>,
    file_limit: Option<u64>,
}

impl Setup {
    pub fn new() -> Self {
        Self { variables: BTreeMap::new(), file_limit: None }
    }

    pub fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.variables.insert(name.to_owned(), value.to_string());
        self
    }

    /// No file of it grows beyond so many blocks of 512 bytes; a write beyond that fails, as on a full disk.
    pub fn file_limit(mut self, blocks: u64) -> Self {
        self.file_limit = Some(blocks);
        self
    }

    pub fn start(self) -> Sender {
        let program = std::env::current_exe().expect("this program has a path");
        let mut command = match self.file_limit {
            None => Command::new(program),
            Some(blocks) => {
                // Without a handler the signal is ignored in the program as well, and the write fails.
                let script = format!("trap '' XFSZ; ulimit -S -f {blocks}; exec \"$0\"");
                let mut shell = Command::new("sh");
                shell.args(["-c", &script]).arg(program);
                shell
            }
        };
        // What stands in the environment of whoever runs the suite is none of its business.
        command.env_clear().envs(
            ["PATH", "TMPDIR"]
                .iter()
                .filter_map(|name| std::env::var(name).ok().map(|value| (*name, value))),
        );
        command.envs(&self.variables);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Sender::of(command.spawn().expect("a process starts"))
    }
}

/// What was recorded when, as the sender tells it.
#[derive(Clone, Copy, Debug)]
pub struct Tick {
    pub recorded: u64,
    /// Microseconds since 1970.
    pub at: u64,
    /// How much later than it asked for the sender was woken, in microseconds.
    pub late: u64,
}

/// A process that sends. It is killed when this is dropped.
pub struct Sender {
    child: Child,
    stdin: Option<ChildStdin>,
    answers: mpsc::Receiver<String>,
    ticks: Option<JoinHandle<Vec<Tick>>>,
    stderr: Option<JoinHandle<String>>,
}

impl Sender {
    fn of(mut child: Child) -> Self {
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut errors = child.stderr.take().expect("stderr is piped");
        let (answer, answers) = mpsc::channel();
        let ticks = std::thread::spawn(move || {
            let mut ticks = Vec::new();
            for line in stdout.lines().map_while(Result::ok) {
                match tick(&line) {
                    Some(tick) => ticks.push(tick),
                    None => drop(answer.send(line)),
                }
            }
            ticks
        });
        let stderr = std::thread::spawn(move || {
            let mut said = String::new();
            let _ = errors.read_to_string(&mut said);
            said
        });
        let (ticks, stderr) = (Some(ticks), Some(stderr));
        let mut sender = Self { child, stdin, answers, ticks, stderr };
        assert_eq!(sender.answer("its start"), "started");
        sender
    }

    #[track_caller]
    fn ask(&mut self, command: &str) -> String {
        let stdin = self.stdin.as_mut().expect("it was not told to end");
        if writeln!(stdin, "{command}").is_err() {
            self.fail(command, "it is no more");
        }
        self.answer(command)
    }

    #[track_caller]
    fn answer(&mut self, to: &str) -> String {
        match self.answers.recv_timeout(PATIENCE) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => self.fail(to, "no answer in time"),
            Err(RecvTimeoutError::Disconnected) => self.fail(to, "it ended"),
        }
    }

    #[track_caller]
    fn fail(&mut self, command: &str, why: &str) -> ! {
        let _ = self.child.kill();
        let said = self.stderr.take().and_then(|stderr| stderr.join().ok()).unwrap_or_default();
        panic!("the sender, asked for {command}: {why}\n{said}");
    }

    #[track_caller]
    fn number(&mut self, command: &str) -> u64 {
        let answer = self.ask(command);
        answer.parse().unwrap_or_else(|_| panic!("{command}: {answer}"))
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Records so many more; how many there are now.
    #[track_caller]
    pub fn record(&mut self, count: u64) -> u64 {
        self.number(&format!("record {count} 0"))
    }

    /// Records so many more with so much in each.
    #[track_caller]
    pub fn record_large(&mut self, count: u64, bytes: usize) -> u64 {
        self.number(&format!("record {count} {bytes}"))
    }

    #[track_caller]
    pub fn record_by_threads(&mut self, threads: u64, each: u64) -> u64 {
        self.number(&format!("threads {threads} {each}"))
    }

    #[track_caller]
    pub fn poison(&mut self) -> u64 {
        self.number("poison")
    }

    /// Records so many a second until [`stop`](Self::stop).
    #[track_caller]
    pub fn pace(&mut self, rate: u64) {
        assert_eq!(self.ask(&format!("pace {rate} 0")), "paced");
    }

    /// The same, and tells when.
    #[track_caller]
    pub fn pace_with_ticks(&mut self, rate: u64) {
        assert_eq!(self.ask(&format!("pace {rate} 1")), "paced");
    }

    #[track_caller]
    pub fn stop(&mut self) -> u64 {
        self.number("stop")
    }

    #[track_caller]
    pub fn resident_kib(&mut self) -> u64 {
        self.number("resident")
    }

    #[track_caller]
    pub fn report(&mut self) -> Report {
        Report::of(&self.ask("report"))
    }

    #[track_caller]
    pub fn flush(&mut self, limit: Duration) -> Report {
        Report::of(&self.ask(&format!("flush {}", limit.as_millis())))
    }

    /// Waits until nothing waits, neither in memory nor on the disk.
    #[track_caller]
    pub fn drain(&mut self, limit: Duration) -> Report {
        let deadline = Instant::now() + limit;
        loop {
            let report = self.flush(Duration::from_millis(250));
            if report.waiting() == 0 {
                return report;
            }
            if Instant::now() > deadline {
                self.fail("draining", &format!("still waiting: {report:?}"));
            }
        }
    }

    /// Shuts down; the process has ended well when this returns.
    #[track_caller]
    pub fn shutdown(mut self, limit: Duration) -> Report {
        let report = Report::of(&self.ask(&format!("shutdown {}", limit.as_millis())));
        self.stdin = None;
        let status = self.child.wait().expect("it can be waited for");
        let said = self.stderr.take().and_then(|stderr| stderr.join().ok()).unwrap_or_default();
        assert!(status.success() && !said.contains("panicked"), "{status}: {said}");
        report
    }

    /// `kill -9`; what it had recorded when, and when it was killed.
    pub fn kill(mut self) -> (Vec<Tick>, u64) {
        let now = std::time::SystemTime::now();
        let killed = now.duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_micros();
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it can be waited for");
        let ticks = self.ticks.take().and_then(|ticks| ticks.join().ok()).unwrap_or_default();
        (ticks, killed as u64)
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tick(line: &str) -> Option<Tick> {
    let mut words = line.strip_prefix("tick ")?.split(' ').map(|word| word.parse().ok());
    Some(Tick { recorded: words.next()??, at: words.next()??, late: words.next()?? })
}

/// A report of the sender, as it told it.
#[derive(Debug)]
pub struct Report {
    pub took: Duration,
    pub complete: bool,
    signals: Vec<(String, Counts)>,
}

#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub accepted: u64,
    pub queued: u64,
    pub in_flight: u64,
    pub exported: u64,
    pub spooled: u64,
    pub dropped: u64,
    pub reasons: BTreeMap<String, u64>,
}

impl Report {
    /// Reads it, and holds it to the identity of the books.
    #[track_caller]
    fn of(line: &str) -> Self {
        let value: Value = serde_json::from_str(line).expect("a report is JSON");
        let mut signals = Vec::new();
        for (destination, of) in value["destinations"].as_object().expect("destinations") {
            for (signal, counts) in of.as_object().expect("signals") {
                signals.push((format!("{destination}/{signal}"), Counts::of(counts)));
            }
        }
        let took = Duration::from_millis(value["took_ms"].as_u64().expect("a duration"));
        Self { took, complete: value["complete"] == true, signals }
    }

    /// The counts of a destination and signal, such as `otlp/traces`.
    #[track_caller]
    pub fn counts(&self, of: &str) -> &Counts {
        let found = self.signals.iter().find(|(name, _)| name == of);
        &found.unwrap_or_else(|| panic!("no {of} in {self:?}")).1
    }

    fn sum(&self, count: impl Fn(&Counts) -> u64) -> u64 {
        self.signals.iter().map(|(_, counts)| count(counts)).sum()
    }

    /// Why something was dropped, and how much.
    pub fn reasons(&self) -> Vec<String> {
        let reasons = self.signals.iter().flat_map(|(_, counts)| &counts.reasons);
        reasons.map(|(reason, count)| format!("{reason} {count}")).collect()
    }

    pub fn dropped(&self) -> u64 {
        self.sum(|counts| counts.dropped)
    }

    pub fn spooled(&self) -> u64 {
        self.sum(|counts| counts.spooled)
    }

    pub fn waiting(&self) -> u64 {
        self.sum(|counts| counts.queued + counts.in_flight + counts.spooled)
    }
}

impl Counts {
    #[track_caller]
    fn of(value: &Value) -> Self {
        let number = |name: &str| value[name].as_u64().expect("a number");
        let reasons = value["reasons"].as_object().expect("reasons");
        let counts = Self {
            accepted: number("accepted"),
            queued: number("queued"),
            in_flight: number("in_flight"),
            exported: number("exported"),
            spooled: number("spooled"),
            dropped: number("dropped"),
            reasons: reasons
                .iter()
                .map(|(reason, count)| (reason.clone(), count.as_u64().unwrap_or_default()))
                .collect(),
        };
        let somewhere =
            counts.queued + counts.in_flight + counts.exported + counts.spooled + counts.dropped;
        assert_eq!(counts.accepted, somewhere, "the books do not add up: {counts:?}");
        assert_eq!(counts.dropped, counts.reasons.values().sum::<u64>(), "{counts:?}");
        counts
    }
}
