//! Shutting down with a receiver that is dead or hangs keeps its time, in every runtime and in none.

use std::time::Duration;

use spanwise_testing::Answer;

use crate::row::{Items, Over, Row, Rows, Shape, Spool};
use crate::sender;

const SHAPES: [Shape; 4] = [
    Shape::new(Over::Grpc, Items::Spans, Spool::None),
    Shape::new(Over::Grpc, Items::Spans, Spool::Spill),
    Shape::new(Over::Http, Items::Spans, Spool::None),
    Shape::new(Over::Http, Items::Spans, Spool::WriteAhead),
];

const LIMIT: Duration = Duration::from_secs(1);
/// A busy machine may wake a thread late.
const SLACK: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
enum State {
    Dead,
    Hanging,
}

pub fn rows(rows: &mut Rows) {
    for runtime in sender::RUNTIMES {
        for (name, state) in [("dead", State::Dead), ("hanging", State::Hanging)] {
            let name = format!("shutdown in 1 s, receiver {name}, runtime {runtime}");
            rows.add(&name, &SHAPES, move |row| ends(row, runtime, state));
        }
    }
}

fn ends(row: &mut Row, runtime: &str, state: State) {
    match state {
        State::Dead => row.receiver.down(),
        State::Hanging => row.receiver.answer_all(Answer::Hang),
    }
    let mut first = row.setup().set(sender::RUNTIME, runtime).start();
    let recorded = first.record(700);
    let first = first.shutdown(LIMIT);
    assert!(first.took < LIMIT + SLACK, "took {:?}", first.took);
    assert!(first.complete == row.is_spooled(), "only what is on the disk is cared for: {first:?}");
    row.receiver.answer_all(Answer::Accept);
    row.receiver.up();
    let mut second = row.setup().set(sender::RUNTIME, runtime).start();
    let sent = recorded + second.record(10);
    let second = row.end(second, sent - first.dropped());
    let line = row.settle(sent, &[&first, &second]);
    if !row.is_spooled() {
        assert_eq!(line.received, 10, "{line:?}");
    }
}
