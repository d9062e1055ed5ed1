//! Faults on the way, and what is lost: each row is a real process that sends to a real receiver that
//! misbehaves, over loopback, and ends as a line of the table.
//!
//! ```text
//! this program ─┬─► receiver ◄─── OTLP ───┐
//!               └─► itself, as the sender ┘   told what to do on stdin, tells of its books on stdout
//! ```
//!
//! `cargo test -p spanwise --all-features --test faults` runs all of it; a word behind `--` chooses rows, and
//! `SPANWISE_TEST_FAULTS=skip` none.

#![allow(unreachable_pub, reason = "a program of modules that nobody links against")]

mod process;
mod row;
mod sender;
mod table;
mod tally;

// The rows.
mod crash;
mod disk;
mod ending;
mod outage;
mod refusal;
mod size;
mod soak;

use libtest_mimic::Arguments;

/// Most rows wait most of the time.
const ROWS_AT_ONCE: usize = 12;

#[allow(clippy::print_stdout, reason = "who asked for it reads it")]
fn main() {
    if let Ok(run) = std::env::var(sender::RUN) {
        return sender::main(&run);
    }
    if std::env::var("SPANWISE_TEST_FAULTS").is_ok_and(|asked| asked == "skip") {
        println!("skipped: the faults of delivery, as SPANWISE_TEST_FAULTS asks");
        return;
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(ROWS_AT_ONCE);
    let mut rows = row::Rows::default();
    // What takes longest is first.
    soak::rows(&mut rows);
    refusal::rows(&mut rows);
    outage::rows(&mut rows);
    crash::rows(&mut rows);
    size::rows(&mut rows);
    disk::rows(&mut rows);
    ending::rows(&mut rows);
    let conclusion = libtest_mimic::run(&arguments, rows.into_trials());
    if !arguments.list {
        table::print();
    }
    conclusion.exit();
}
