use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry::trace::SpanContext;
use proptest::prelude::*;
use spanwise_core::EventHub;
use spanwise_testing::Capture;

use super::*;

/// An operation as a hub gives it.
fn operation() -> Arc<RecordedOperation> {
    #[derive(Default)]
    struct Last(Mutex<Option<Arc<RecordedOperation>>>);
    impl EventSink for Last {
        fn take(&self, operation: &Arc<RecordedOperation>) {
            *self.0.lock().unwrap() = Some(operation.clone());
        }
    }
    let (hub, last) = (EventHub::new(), Arc::new(Last::default()));
    hub.add_sink(last.clone());
    let capture = Capture::builder().event_hub(hub).build();
    capture.run(|| spanwise_core::Step::new("s").start().finish());
    let operation = last.0.lock().unwrap().take().unwrap();
    assert_eq!(operation.name, Cow::Borrowed("step s"));
    assert!(operation.started_at < SystemTime::now() && operation.span != SpanContext::NONE);
    operation
}

fn queue(most: usize) -> Queue {
    Queue::new(ExporterId::first(), ExporterSettings::new("q").max_queue_size(most))
}

fn assert_balanced(queue: &Queue) {
    let report = queue.report();
    let fates = report.exported + report.lost();
    assert_eq!(report.accepted, report.queued + report.in_flight + fates, "{report:?}");
}

#[test]
fn what_does_not_fit_is_dropped_and_counted() {
    let (queue, operation) = (queue(2), operation());
    for _ in 0..5 {
        queue.push(&operation);
    }
    let report = queue.report();
    assert_eq!((report.accepted, report.queued, report.dropped), (5, 2, 3));
    let large = Queue::new(ExporterId::first(), ExporterSettings::new("q").max_queue_bytes(1));
    large.push(&operation);
    assert_eq!(large.report().dropped, 1);
}

#[test]
fn those_who_wait_are_told_when_all_that_was_there_has_its_fate() {
    let (queue, operation) = (queue(10), operation());
    assert!(queue.settled().try_recv().is_ok(), "nothing is settled at once");
    queue.push(&operation);
    let mut settled = queue.settled();
    assert_eq!(queue.next(10).len(), 1);
    queue.push(&operation);
    assert!(settled.try_recv().is_err());
    queue.settle(Fate::Failed, 1);
    assert!(settled.try_recv().is_ok(), "what came later is another's");
}

#[derive(Clone, Debug)]
enum Act {
    Push,
    Next(usize),
    Settle,
    Close,
    Abandon,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => Just(Act::Push),
        4 => (1..4_usize).prop_map(Act::Next),
        4 => Just(Act::Settle),
        1 => Just(Act::Close),
        1 => Just(Act::Abandon),
    ]
}

proptest! {
    #[test]
    fn every_event_is_in_one_place_whatever_happens(acts in prop::collection::vec(act(), 0..60)) {
        let (queue, operation) = (queue(5), operation());
        let mut taken = Vec::new();
        let fates = [Fate::Exported, Fate::Failed, Fate::Panicked, Fate::TimedOut];
        for (place, act) in acts.into_iter().enumerate() {
            match act {
                Act::Push => queue.push(&operation),
                Act::Next(most) => taken.push(queue.next(most).len()),
                Act::Settle => {
                    if let Some(count) = taken.pop() {
                        queue.settle(fates[place % fates.len()], count);
                    }
                }
                Act::Close => queue.close(),
                Act::Abandon => {
                    queue.abandon();
                    taken.clear();
                }
            }
            assert_balanced(&queue);
        }
    }
}
