//! What the HTTP layer does for a call, by itself: no client and no network. Processor time of the calling thread.
//!
//! ```sh
//! cargo run --release -p spanwise-bench --bin layer              # an exchange of 2 KB, and an event of a stream
//! cargo run --release -p spanwise-bench --bin layer -- content   # with content on spans
//! ```
//! The last two numbers are of a body that nobody records, which a client has to read anyway.

use std::time::Duration;

use spanwise_bench::http::{HttpCall, asked_content};
use spanwise_bench::{Prepared, Way, in_turn, thread_cpu};
use spanwise_http::GenAi;

const CHUNKS: u32 = 1000;
/// Exchanges in each round: fewer than the queue of spans holds.
const EXCHANGES: u32 = 200;

fn main() {
    let prepared = Prepared::new(Way::Installed, asked_content());
    let recorded = HttpCall::new(Some(GenAi::default()), CHUNKS);
    let plain = HttpCall::new(None, CHUNKS);
    let whole = |call: &HttpCall| {
        let taken = timed(|| (0..EXCHANGES).for_each(|_| call.exchange()));
        prepared.pause(Duration::from_millis(20));
        taken / EXCHANGES
    };
    let stream = |call: &HttpCall| {
        let taken = timed(|| call.stream());
        prepared.pause(Duration::from_millis(2));
        taken / CHUNKS
    };
    let rounds = in_turn([
        &mut || whole(&recorded),
        &mut || stream(&recorded),
        &mut || whole(&plain),
        &mut || stream(&plain),
    ]);
    let [exchange, event, exchange_alone, event_alone] =
        [0, 1, 2, 3].map(|way| rounds.median(|round| round[way]));
    eprintln!("an exchange of 2 KB: {exchange:.0} ns, an event of a stream: {event:.0} ns");
    eprintln!("without a recording: {exchange_alone:.0} ns and {event_alone:.0} ns");
}

fn timed(run: impl FnOnce()) -> Duration {
    let before = thread_cpu();
    run();
    thread_cpu() - before
}
