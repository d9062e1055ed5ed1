//! Instructions on the thread that records, counted by callgrind.
//!
//! ```sh
//! cargo run --release -p spanwise-bench --bin instructions            # everything
//! cargo run --release -p spanwise-bench --bin instructions generation # one case
//! cargo run --release -p spanwise-bench --bin instructions exchange   # the HTTP layer, with an answer of 2 KB
//! ```
//! Each case runs twice under valgrind, a few rounds and many; the difference is free of start and end.

use std::error::Error;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use spanwise::ContentCapture;
use spanwise_bench::http::HttpCall;
use spanwise_bench::{Call, Case, Prepared, Way};
use spanwise_http::GenAi;

const EXCHANGE: &str = "exchange";
const EXCHANGES_PER_ROUND: u32 = 400;
const FEW_ROUNDS: u32 = 2;
const MANY_ROUNDS: u32 = 8;
/// Exporters are slow under valgrind, which runs one thread at a time.
const PAUSE: Duration = Duration::from_millis(600);
const PAUSE_FOR_FOUR: Duration = Duration::from_millis(2500);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["record", way, EXCHANGE, rounds] => exchange(way, rounds),
        ["record", way, case, rounds] => record(way, case, rounds),
        [] => Case::ALL.into_iter().try_for_each(compare).and_then(|()| compare_exchange()),
        [EXCHANGE] => compare_exchange(),
        [case] => parsed(case).and_then(compare),
        _ => Err("give no arguments, or one case".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What runs under valgrind.
fn record(way: &str, case: &str, rounds: &str) -> Result<(), Box<dyn Error>> {
    let (way, case, rounds): (Way, Case, u32) = (parsed(way)?, parsed(case)?, rounds.parse()?);
    let content = match case {
        Case::Content(_) => ContentCapture::SpanOnly,
        _ => ContentCapture::NoContent,
    };
    let prepared = Prepared::new(way, content);
    let call = Call::new(case.content_bytes());
    let pause = if way == Way::FourExporters { PAUSE_FOR_FOUR } else { PAUSE };
    for _ in 0..rounds {
        (0..case.per_round()).for_each(|_| prepared.record(case, &call));
        prepared.pause(pause);
    }
    let spans = u64::from(rounds * case.per_round() * case.spans());
    let expected = if way.exports() { spans } else { 0 };
    has_arrived(&prepared, expected)
}

/// What runs under valgrind: a call over HTTP, with nobody who records it where telemetry is not installed.
fn exchange(way: &str, rounds: &str) -> Result<(), Box<dyn Error>> {
    let (way, rounds): (Way, u32) = (parsed(way)?, rounds.parse()?);
    let (recorded, spans) = match way {
        Way::Installed => (Some(GenAi::default()), u64::from(rounds * EXCHANGES_PER_ROUND)),
        Way::NotInstalled => (None, 0),
        _ => return Err("an exchange is recorded by what is installed, or by nobody".into()),
    };
    let prepared = Prepared::new(way, ContentCapture::NoContent);
    let call = HttpCall::new(recorded, 1);
    for _ in 0..rounds {
        (0..EXCHANGES_PER_ROUND).for_each(|_| call.exchange());
        prepared.pause(PAUSE);
    }
    has_arrived(&prepared, spans)
}

fn has_arrived(prepared: &Prepared, expected: u64) -> Result<(), Box<dyn Error>> {
    match prepared.arrived() {
        arrived if arrived == expected => Ok(()),
        arrived => Err(format!("{arrived} of {expected} spans arrived").into()),
    }
}

/// Prints a call over HTTP, recorded and not.
fn compare_exchange() -> Result<(), Box<dyn Error>> {
    for way in [Way::NotInstalled, Way::Installed] {
        let instructions = count(way, EXCHANGE, EXCHANGES_PER_ROUND)?;
        eprintln!("{EXCHANGE:25} {:22} {instructions:8}", way.name());
    }
    Ok(())
}

/// Prints a case in all the ways that differ for it.
fn compare(case: Case) -> Result<(), Box<dyn Error>> {
    let ways: &[Way] = match case {
        Case::Generation | Case::GenerationAroundFuture => &Way::ALL,
        Case::Content(_) => &[Way::ByHand, Way::Installed],
        Case::Tool | Case::Agent | Case::Workflow => {
            &[Way::ByHand, Way::Installed, Way::NotSampled, Way::Attached]
        }
    };
    let count = |way| count(way, &case.name(), case.per_round());
    let by_hand = count(Way::ByHand)?;
    for way in ways {
        let instructions = if *way == Way::ByHand { by_hand } else { count(*way)? };
        let ratio = instructions as f64 / by_hand as f64;
        eprintln!("{:25} {:22} {instructions:8} {ratio:6.2}", case.name(), way.name());
    }
    Ok(())
}

fn count(way: Way, case: &str, per_round: u32) -> Result<u64, Box<dyn Error>> {
    let few = callgrind(way, case, FEW_ROUNDS)?;
    let many = callgrind(way, case, MANY_ROUNDS)?;
    let calls = (MANY_ROUNDS - FEW_ROUNDS) * per_round;
    Ok((many - few) / u64::from(calls))
}

/// The instructions of the main thread. The profile stays below the build directory, for
/// `callgrind_annotate`.
fn callgrind(way: Way, case: &str, rounds: u32) -> Result<u64, Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let folder = program.with_file_name("callgrind");
    std::fs::create_dir_all(&folder)?;
    let profile = folder.join(format!("{case}.{}.{rounds}", way.name()));
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--separate-threads=yes", "--quiet"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(&program)
        .args(["record", way.name(), case, &rounds.to_string()])
        .stdout(Stdio::null())
        .status()
        .map_err(|error| format!("valgrind does not start: {error}"))?;
    if !status.success() {
        return Err(format!("{} {case} failed: {status}", way.name()).into());
    }
    main_thread(profile)
}

/// Callgrind writes one file for each thread, and one for the rest; the main thread is number one.
fn main_thread(profile: PathBuf) -> Result<u64, Box<dyn Error>> {
    let file = format!("{}-01", profile.display());
    let text = std::fs::read_to_string(&file)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals:"));
    Ok(total.ok_or_else(|| format!("{file} has no totals"))?.trim().parse()?)
}

fn parsed<T: std::str::FromStr>(name: &str) -> Result<T, Box<dyn Error>> {
    name.parse().map_err(|_| format!("unknown: {name}").into())
}
