//! What is lost on this side of the wire, where no receiver says anything that could be repeated.
//!
//! ```text
//! recording, lanes ─► ledger ◄─ the worker looks ─► one warning for each destination, signal and reason
//! ```

use std::collections::HashMap;

use super::intake::Intake;
use super::ledger::LaneId;
use crate::diagnostics::Diagnostics;
use crate::report::DropReason;

/// Counts of what was dropped, as far as it was said.
pub(super) struct Losses {
    diagnostics: Diagnostics,
    said: HashMap<(LaneId, DropReason), u64>,
}

/// What nobody else speaks of. What ends after shutdown has no worker any more, and is said by the intake.
const SILENT: [DropReason; 2] = [DropReason::QueueFull, DropReason::ShutdownTimeout];

impl Losses {
    pub(super) fn new(diagnostics: Diagnostics) -> Self {
        Self { diagnostics, said: HashMap::new() }
    }

    /// Says what was lost since it was last said. What comes within the same minute is said with the next.
    pub(super) fn look(&mut self, intake: &Intake) {
        let mut lost = Vec::new();
        intake.ledger(|ledger| {
            for reason in SILENT {
                let dropped = ledger.dropped(reason);
                let more = dropped.filter(|(lane, count)| *count > self.said(*lane, reason));
                lost.extend(more.map(|(lane, count)| {
                    (lane, reason, count, ledger.name(lane.destination).to_owned())
                }));
            }
        });
        for (lane, reason, count, name) in lost {
            let kind = format!("lost {} {} {reason}", lane.destination, lane.signal.name());
            let news = lane.signal.counted(count - self.said(lane, reason));
            if self.diagnostics.warn(&kind, message(&name, reason, &news)) {
                self.said.insert((lane, reason), count);
            }
        }
    }

    fn said(&self, lane: LaneId, reason: DropReason) -> u64 {
        self.said.get(&(lane, reason)).copied().unwrap_or_default()
    }
}

fn message(destination: &str, reason: DropReason, lost: &str) -> String {
    match reason {
        DropReason::QueueFull => {
            format!("the queue of destination `{destination}` is full; lost: {lost}")
        }
        _ => format!(
            "destination `{destination}` had not taken everything when shutdown's time was over; lost: {lost}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::export::intake::Queues;
    use crate::export::ledger::Ledger;
    use crate::signal::Signal;

    fn bench() -> (Intake, Losses, Diagnostics) {
        let takes = Signal::ALL.map(|signal| signal == Signal::Traces);
        let ledger = Ledger::new([("near".to_owned(), takes), ("far".to_owned(), takes)]);
        let diagnostics = Diagnostics::default();
        (Intake::new(Queues::default(), ledger), Losses::new(diagnostics.clone()), diagnostics)
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_that_stays_full_is_one_warning_a_minute_for_each_destination() {
        let (intake, mut losses, diagnostics) = bench();
        losses.look(&intake);
        assert_eq!(diagnostics.heard(), [""; 0]);
        for _ in 0..100 {
            intake.ledger(|ledger| ledger.refuse(Signal::Traces, DropReason::QueueFull));
            losses.look(&intake);
            tokio::time::advance(Duration::from_millis(500)).await;
        }
        assert_eq!(
            diagnostics.heard(),
            [
                "the queue of destination `near` is full; lost: 1 span",
                "the queue of destination `far` is full; lost: 1 span",
            ]
        );
        tokio::time::advance(Duration::from_secs(10)).await;
        losses.look(&intake);
        assert_eq!(
            diagnostics.heard()[2..],
            [
                "the queue of destination `near` is full; lost: 99 spans",
                "the queue of destination `far` is full; lost: 99 spans",
            ],
            "what came in the same minute is not forgotten"
        );
        tokio::time::advance(Duration::from_secs(100)).await;
        losses.look(&intake);
        assert_eq!(diagnostics.heard().len(), 4, "and nothing is said twice");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_left_when_time_is_over_is_a_warning_of_its_own() {
        let (intake, mut losses, diagnostics) = bench();
        let far = LaneId { destination: 1, signal: Signal::Traces };
        intake.ledger(|ledger| {
            ledger.refuse(Signal::Traces, DropReason::AfterShutdown);
            ledger.accept_for(far, 7);
        });
        intake.stop(DropReason::ShutdownTimeout);
        losses.look(&intake);
        assert_eq!(
            diagnostics.heard(),
            [
                "destination `far` had not taken everything when shutdown's time was over; lost: 7 spans"
            ]
        );
    }
}
