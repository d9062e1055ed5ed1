//! What a call costs when eight threads record at once, beside one thread.
//!
//! ```sh
//! cargo run --release -p spanwise-bench --bin threads
//! ```
//! Time is the processor time of the threads that record. One and eight threads take turns, and the middle
//! one of the ratios counts, so that what else the machine does weighs on both.

use std::sync::Barrier;
use std::time::Duration;

use spanwise::ContentCapture;
use spanwise_bench::{Call, Case, Prepared, Way, thread_cpu};

const THREADS: usize = 8;
const TURNS: usize = 15;
const ROUNDS: u32 = 20;
/// Few enough for all threads' spans to wait in a queue of 2,048.
const CALLS_IN_ROUND: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

fn main() {
    for way in [Way::ByHand, Way::Installed] {
        let prepared = Prepared::new(way, ContentCapture::NoContent);
        per_call(&prepared, THREADS);
        let turns = (0..TURNS).map(|_| (per_call(&prepared, 1), per_call(&prepared, THREADS)));
        let mut turns: Vec<_> = turns.collect();
        turns.sort_by(|a, b| (a.1 / a.0).total_cmp(&(b.1 / b.0)));
        let (one, eight) = turns[TURNS / 2];
        let name = way.name();
        eprintln!("{name:10} {one:6.0} ns alone  {eight:6.0} ns of eight  {:5.2}", eight / one);
    }
}

/// Nanoseconds of processor time for one call.
fn per_call(prepared: &Prepared, threads: usize) -> f64 {
    let together = Barrier::new(threads);
    let spent: Duration = std::thread::scope(|scope| {
        let record = || {
            let call = Call::new(0);
            let mut spent = Duration::ZERO;
            for _ in 0..ROUNDS {
                together.wait();
                let before = thread_cpu();
                (0..CALLS_IN_ROUND).for_each(|_| prepared.record(Case::Generation, &call));
                spent += thread_cpu() - before;
                prepared.pause(PAUSE);
            }
            spent
        };
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(record)).collect();
        all.into_iter().map(|thread| thread.join().expect("recording never panics")).sum()
    });
    let calls = ROUNDS * CALLS_IN_ROUND * u32::try_from(threads).expect("there are few");
    spent.as_nanos() as f64 / f64::from(calls)
}
