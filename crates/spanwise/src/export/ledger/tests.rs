use proptest::prelude::*;

use super::*;

const TRACES: usize = Signal::Traces as usize;

/// What can happen, with numbers that are made to fit.
#[derive(Clone, Debug)]
enum Happening {
    Accept,
    Refuse(DropReason),
    HandOver(u64),
    Enqueue { lane: usize, bytes: usize },
    Depart { lane: usize, count: u64 },
    Settle { lane: usize, exported: u64, dropped: u64 },
    DropQueued { lane: usize, count: u64 },
    Filter { lane: usize, count: u64 },
    ComeBack { lane: usize, count: u64 },
    Spool { lane: usize, count: u64 },
    Unspool { lane: usize, count: u64 },
    Adopt { lane: usize, count: u64 },
    DropSpooled { lane: usize, count: u64 },
    Abandon(usize),
    AbandonAll,
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    let lane = 0..2usize;
    prop_oneof![
        8 => Just(Accept),
        1 => Just(Refuse(DropReason::QueueFull)),
        4 => (0..9u64).prop_map(HandOver),
        2 => (lane.clone(), 0..500usize).prop_map(|(lane, bytes)| Enqueue { lane, bytes }),
        4 => (lane.clone(), 0..9u64).prop_map(|(lane, count)| Depart { lane, count }),
        4 => (lane.clone(), 0..9u64, 0..3u64)
            .prop_map(|(lane, exported, dropped)| Settle { lane, exported, dropped }),
        1 => (lane.clone(), 0..3u64).prop_map(|(lane, count)| DropQueued { lane, count }),
        1 => (lane.clone(), 0..3u64).prop_map(|(lane, count)| Filter { lane, count }),
        2 => (lane.clone(), 0..3u64).prop_map(|(lane, count)| ComeBack { lane, count }),
        3 => (lane.clone(), 0..9u64).prop_map(|(lane, count)| Spool { lane, count }),
        3 => (lane.clone(), 0..9u64).prop_map(|(lane, count)| Unspool { lane, count }),
        1 => (lane.clone(), 0..9u64).prop_map(|(lane, count)| Adopt { lane, count }),
        1 => (lane.clone(), 0..9u64).prop_map(|(lane, count)| DropSpooled { lane, count }),
        1 => lane.prop_map(Abandon),
        1 => Just(AbandonAll),
    ]
}

fn lane(destination: usize) -> LaneId {
    LaneId { destination, signal: Signal::Traces }
}

fn books() -> Ledger {
    let traces = Signal::ALL.map(|signal| signal == Signal::Traces);
    Ledger::new([("one".to_owned(), traces), ("two".to_owned(), traces)])
}

/// Lets it happen, as far as there is anything for it to happen to.
fn happen(ledger: &mut Ledger, happening: Happening) {
    let of = |ledger: &Ledger, index: usize| ledger.books[index].signals[TRACES].unwrap();
    match happening {
        Happening::Accept => ledger.accept(Signal::Traces),
        Happening::Refuse(reason) => ledger.refuse(Signal::Traces, reason),
        Happening::HandOver(count) => {
            let count = count.min(ledger.waiting(Signal::Traces));
            ledger.hand_over(Signal::Traces, count, 100);
        }
        Happening::Enqueue { lane: index, bytes } => ledger.enqueue(lane(index), bytes),
        Happening::Depart { lane: index, count } => {
            let count = count.min(of(ledger, index).counts.queued);
            ledger.depart(lane(index), count);
        }
        Happening::Settle { lane: index, exported, dropped } => {
            let Pages { counts, bytes, .. } = of(ledger, index);
            let exported = exported.min(counts.in_flight);
            let dropped = dropped.min(counts.in_flight - exported);
            let fate = Fate { exported, dropped, reason: DropReason::Refused };
            ledger.settle(lane(index), bytes, fate);
        }
        Happening::DropQueued { lane: index, count } => {
            let count = count.min(of(ledger, index).counts.queued);
            ledger.drop_queued(lane(index), count, DropReason::QueueFull);
        }
        Happening::Filter { lane: index, count } => {
            let count = count.min(of(ledger, index).counts.queued);
            ledger.filter(lane(index), count);
        }
        Happening::ComeBack { lane: index, count } => {
            let count = count.min(of(ledger, index).counts.in_flight);
            ledger.come_back(lane(index), count);
        }
        Happening::Spool { lane: index, count } => {
            let Pages { counts, bytes, .. } = of(ledger, index);
            ledger.spool(lane(index), count.min(counts.queued), bytes / 2);
        }
        Happening::Unspool { lane: index, count } => {
            let count = count.min(of(ledger, index).counts.spooled);
            ledger.unspool(lane(index), count, 50);
        }
        Happening::Adopt { lane: index, count } => ledger.adopt(lane(index), count),
        Happening::DropSpooled { lane: index, count } => {
            let count = count.min(of(ledger, index).counts.spooled);
            ledger.drop_spooled(lane(index), count, DropReason::SpoolFull);
        }
        Happening::Abandon(index) => ledger.abandon(index, DropReason::ExporterPanicked),
        Happening::AbandonAll => ledger.abandon_all(DropReason::ShutdownTimeout),
    }
}

proptest! {
    #[test]
    fn at_every_moment_everything_accepted_is_somewhere(
        happenings in prop::collection::vec(happening(), 0..200),
    ) {
        let mut ledger = books();
        let mut before = vec![0; 2];
        for next in happenings {
            happen(&mut ledger, next.clone());
            for (report, accepted) in ledger.snapshot().iter().zip(&mut before) {
                let counts = report.traces();
                prop_assert_eq!(
                    counts.accepted,
                    counts.queued
                        + counts.in_flight
                        + counts.spooled
                        + counts.exported
                        + counts.filtered
                        + counts.dropped(),
                    "after {:?}: {:?}", next, counts
                );
                prop_assert!(counts.accepted >= *accepted, "what was accepted stays so");
                *accepted = counts.accepted;
            }
        }
    }
}

#[test]
fn an_answer_that_comes_after_the_end_changes_nothing() {
    let mut ledger = books();
    ledger.accept(Signal::Traces);
    ledger.hand_over(Signal::Traces, 1, 100);
    ledger.depart(lane(0), 1);
    ledger.abandon_all(DropReason::ShutdownTimeout);
    let before = ledger.snapshot();
    ledger.settle(lane(0), 10, Fate::exported(1));
    assert_eq!(ledger.snapshot(), before);
    assert_eq!(before[0].traces().dropped_for(DropReason::ShutdownTimeout), 1);
}

#[test]
fn the_queue_fills_up_only_when_every_destination_is_slow() {
    let least = |ledger: &Ledger| {
        let backlogs = ledger.backlogs(Signal::Traces).map(|it| (it.items, it.bytes));
        backlogs.min_by_key(|(_, bytes)| *bytes).unwrap_or_default()
    };
    let mut ledger = books();
    for _ in 0..10 {
        ledger.accept(Signal::Traces);
    }
    ledger.hand_over(Signal::Traces, 10, 900);
    assert_eq!(least(&ledger), (10, 900), "on the way to the lanes");
    for index in 0..2 {
        ledger.enqueue(lane(index), 500);
    }
    assert_eq!(least(&ledger), (10, 900), "in part: nothing counts twice");
    for index in 0..2 {
        ledger.enqueue(lane(index), 500);
        ledger.depart(lane(index), 10);
    }
    ledger.dispatched(Signal::Traces);
    assert_eq!(least(&ledger), (10, 1_000));
    ledger.settle(lane(1), 1_000, Fate::exported(10));
    assert_eq!(least(&ledger), (0, 0));
    ledger.abandon(1, DropReason::ExporterPanicked);
    assert_eq!(least(&ledger), (10, 1_000), "who is gone does not count");
}
