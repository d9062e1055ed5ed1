//! The terminal as a destination: finished traces as a tree, metrics and logs as lines, on stderr.
//!
//! Names, times, tokens, costs and kinds of error are shown; content never is.

mod drawing;
mod lines;
mod style;
mod traces;
mod tree;

pub use drawing::Drawing;

use std::io::Write as _;
use std::time::Duration;

use tokio::time::Instant;

use self::style::Style;
use self::traces::Traces;
use super::lane::{Deliver, Envelope, Lane, Payload};
use super::ledger::Fate;
use super::request::Request;
use super::thread::FarEnd;
use crate::error::InitError;
use crate::report::DropReason;

/// Traces that wait this long for their root are drawn as they are.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Starts a lane to the terminal, on a thread of its own: a terminal that stands still holds up nobody.
pub(crate) fn start(lane: Lane) -> Result<FarEnd, InitError> {
    FarEnd::on_own_thread("spanwise-console", move |runtime| {
        runtime.block_on(lane.run(Console { traces: Traces::default() }));
    })
}

struct Console {
    traces: Traces,
}

impl Deliver for Console {
    async fn deliver(&mut self, envelope: Envelope) -> Fate {
        let Envelope { items, payload } = envelope;
        let Payload::Message(request) = payload else {
            return Fate::dropped(items, DropReason::Refused);
        };
        let style = Style::of_stderr();
        let text = match request {
            Request::Traces(request) => {
                let finished = self.traces.add(request, Instant::now());
                finished.iter().map(|trace| tree::draw(trace, &style)).collect()
            }
            Request::Metrics(request) => lines::metrics(&request, &style),
            Request::Logs(request) => lines::logs(&request, &style),
        };
        match write(&text) {
            Ok(()) => Fate::exported(items),
            Err(_) => Fate::dropped(items, DropReason::Refused),
        }
    }

    fn wants_tick(&self) -> Option<Instant> {
        self.traces.oldest().map(|since| since + LONGEST_WAIT)
    }

    fn tick(&mut self) {
        let before = Instant::now().checked_sub(LONGEST_WAIT);
        let waited = before.map(|before| self.traces.take_older(before)).unwrap_or_default();
        self.draw_open(waited);
    }

    async fn finish(&mut self) {
        let rest = self.traces.take_all();
        self.draw_open(rest);
    }
}

impl Console {
    fn draw_open(&self, traces: Vec<traces::Trace>) {
        let style = Style::of_stderr();
        let text: String = traces.iter().map(|trace| tree::draw(trace, &style)).collect();
        // Its spans are accounted for already; a terminal that is gone cannot be told.
        let _ = write(&text);
    }
}

/// In one piece, so that nothing else stands between the lines.
fn write(text: &str) -> std::io::Result<()> {
    if text.is_empty() { Ok(()) } else { std::io::stderr().lock().write_all(text.as_bytes()) }
}
