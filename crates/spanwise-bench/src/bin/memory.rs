//! Bytes: what content costs the caller, what a full queue holds, what init and traffic add to the process.
//!
//! ```sh
//! cargo run --release -p spanwise-bench --bin memory
//! ```
//! Each part runs in a process of its own, since telemetry starts once in a process.

use std::alloc::System;
use std::error::Error;
use std::hint::black_box;
use std::net::TcpListener;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use spanwise::{BatchConfiguration, ContentCapture, Environment, Telemetry, TelemetryConfig};
use spanwise_bench::{Call, Case, Prepared, Way, thread_cpu};
use spanwise_testing::Receiver;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const PARTS: [&[&str]; 5] =
    [&["content"], &["queue", "0"], &["queue", "1024"], &["queue", "102400"], &["process"]];

type Done = Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        [] => PARTS.iter().try_for_each(|part| alone(part)),
        ["content"] => content(),
        ["queue", bytes] => bytes.parse().map_err(Into::into).and_then(full_queue),
        ["process"] => process(),
        ["receiver"] => receiver(),
        _ => Err(format!("give nothing, or one of {PARTS:?}").into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn alone(part: &[&str]) -> Done {
    let status = Command::new(std::env::current_exe()?).args(part).status()?;
    if status.success() { Ok(()) } else { Err(format!("{part:?}: {status}").into()) }
}

/// What 1 KB and 100 KB of content add to a call: bytes allocated, and processor time.
fn content() -> Done {
    let prepared = Prepared::new(Way::Installed, ContentCapture::SpanOnly);
    let without = cost(&prepared, Case::Generation);
    for bytes in [1 << 10, 100 << 10] {
        let with = cost(&prepared, Case::Content(bytes));
        let allocated = with.bytes.saturating_sub(without.bytes);
        eprintln!(
            "content of {bytes:6} bytes: {allocated:6} bytes allocated ({:.2}), {:.0} ns more; memcpy {:.0} ns",
            allocated as f64 / bytes as f64,
            with.nanos - without.nanos,
            memcpy_nanos(bytes),
        );
    }
    Ok(())
}

struct Cost {
    bytes: usize,
    nanos: f64,
}

fn cost(prepared: &Prepared, case: Case) -> Cost {
    let call = Call::new(case.content_bytes());
    let calls = case.per_round() as usize;
    let mut rounds: Vec<Cost> = (0..100)
        .map(|_| {
            // Nobody else allocates: the exporter sleeps until a batch is full or due.
            let region = Region::new(ALLOCATOR);
            let before = thread_cpu();
            (0..calls).for_each(|_| prepared.record(case, &call));
            let nanos = (thread_cpu() - before).as_nanos() as f64 / calls as f64;
            let bytes = region.change().bytes_allocated / calls;
            prepared.arrived();
            prepared.pause(Duration::from_millis(5));
            Cost { bytes, nanos }
        })
        .collect();
    let middle = rounds.len() / 2;
    rounds.sort_by_key(|cost| cost.bytes);
    let bytes = rounds[middle].bytes;
    rounds.sort_by(|a, b| a.nanos.total_cmp(&b.nanos));
    Cost { bytes, nanos: rounds[middle].nanos }
}

/// A copy into memory that is new each time, as a copy of content is.
fn memcpy_nanos(bytes: usize) -> f64 {
    let text = vec![b'x'; bytes];
    let mut rounds: Vec<f64> = (0..100)
        .map(|_| {
            let before = thread_cpu();
            let copies: Vec<Vec<u8>> = (0..20).map(|_| black_box(&text).clone()).collect();
            let nanos = (thread_cpu() - before).as_nanos() as f64 / 20.0;
            drop(black_box(copies));
            nanos
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

/// What a queue holds that nobody empties: its receiver takes connections and never answers.
fn full_queue(content_bytes: usize) -> Done {
    const LIMIT: usize = 32 << 20;
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let endpoint = format!("http://{}", silent.local_addr()?);
    let telemetry = start(&endpoint, |config| {
        config.content_capture(ContentCapture::SpanOnly).span_batches(BatchConfiguration {
            max_queue_size: usize::MAX,
            max_queue_bytes: LIMIT,
            export_timeout: Duration::from_secs(600),
            ..BatchConfiguration::SPANS
        })
    })?;
    let prepared = Prepared::new(Way::NotInstalled, ContentCapture::NoContent);
    let call = Call::new(content_bytes);
    std::thread::sleep(Duration::from_millis(200));
    let region = Region::new(ALLOCATOR);
    let mut most = 0;
    while telemetry.report().dropped() == 0 {
        for _ in 0..20 {
            prepared.record(Case::Content(content_bytes), &call);
        }
        std::thread::sleep(Duration::from_micros(200));
        let change = region.change();
        most = most.max(held(&change));
    }
    std::thread::sleep(Duration::from_secs(1));
    let now = held(&region.change());
    eprintln!(
        "full queue, {content_bytes:6} bytes of content each: {:.2} of its limit, {:.2} at most",
        now as f64 / LIMIT as f64,
        most as f64 / LIMIT as f64,
    );
    // Nothing will ever be answered.
    std::process::exit(0);
}

fn held(change: &stats_alloc::Stats) -> isize {
    let signed = |bytes: usize| isize::try_from(bytes).unwrap_or(isize::MAX);
    signed(change.bytes_allocated) - signed(change.bytes_deallocated)
}

/// Resident memory: before, after init, idle, and at 1,000 calls a second.
fn process() -> Done {
    let mut receiver = Command::new(std::env::current_exe()?)
        .arg("receiver")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut endpoint = String::new();
    let lines = receiver.stdout.take().ok_or("the receiver says nothing")?;
    std::io::BufRead::read_line(&mut std::io::BufReader::new(lines), &mut endpoint)?;

    let call = Call::new(0);
    let before = resident()?;
    let telemetry = start(endpoint.trim(), |config| config)?;
    let prepared = Prepared::new(Way::NotInstalled, ContentCapture::NoContent);
    prepared.record(Case::Generation, &call);
    std::thread::sleep(Duration::from_secs(6));
    let idle = resident()? - before;
    let mut most = 0;
    let started = Instant::now();
    let mut calls = 0_u32;
    while started.elapsed() < Duration::from_secs(20) {
        prepared.record(Case::Generation, &call);
        calls += 1;
        most = most.max(if calls.is_multiple_of(100) { resident()? - before } else { 0 });
        std::thread::sleep(
            (started + calls * Duration::from_millis(1)).saturating_duration_since(Instant::now()),
        );
    }
    let report = telemetry.report();
    eprintln!(
        "resident memory: init adds {idle} KiB, {calls} calls at 1,000/s {most} KiB at most; {} lost",
        report.dropped()
    );
    drop(telemetry);
    receiver.kill()?;
    receiver.wait()?;
    Ok(())
}

/// Takes everything, in a process of its own, so that what it holds is not counted.
fn receiver() -> Done {
    use std::io::Write as _;
    let receiver = Receiver::start();
    writeln!(std::io::stdout(), "{}", receiver.grpc_url())?;
    std::io::read_to_string(std::io::stdin())?;
    Ok(())
}

fn start(
    endpoint: &str,
    with: impl FnOnce(TelemetryConfig) -> TelemetryConfig,
) -> Result<Telemetry, spanwise::InitError> {
    let config = TelemetryConfig::new("bench")
        .environment(Environment::empty())
        .endpoint(endpoint)
        .protocol(spanwise::OtlpProtocol::Grpc);
    spanwise::init_telemetry(with(config))
}

/// KiB that are in memory; pages are of 4 KiB on the machines that this runs on.
fn resident() -> Result<i64, Box<dyn Error>> {
    let pages = std::fs::read_to_string("/proc/self/statm")?;
    let pages: i64 = pages.split_whitespace().nth(1).ok_or("statm has no second field")?.parse()?;
    Ok(pages * 4)
}
