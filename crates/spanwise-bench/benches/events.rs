//! What those who listen add to a model call: nobody, a handler, one exporter of events, four of them, and four hard ones.

#![allow(clippy::print_stdout, reason = "what it measures goes to the terminal")]

use std::hint::black_box;

use criterion::Criterion;
use spanwise::{ContentCapture, EventDetails, Measurements};
use spanwise_bench::{
    Call, Case, HANDLER, Prepared, Way, add_exporters, add_hard_exporters, attach_handler, in_turn,
};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let prepared = Prepared::new(Way::Installed, ContentCapture::NoContent);
    let call = Call::new(0);
    event(&mut criterion, "nobody");
    attach_handler();
    event(&mut criterion, "one handler");
    spanwise::detach(HANDLER);
    criterion.final_summary();

    let round = || prepared.round(Case::Generation, &call);
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some("spanwise-event") {
            told(panic);
        }
    }));
    let exported = |add: &dyn Fn()| {
        add();
        let spent = round();
        let reports = spanwise::clear_exporters();
        assert!(reports.iter().all(|report| report.accepted > 0), "{reports:?}");
        spent
    };
    let rounds = in_turn([
        &mut || round(),
        &mut || {
            attach_handler();
            let spent = round();
            spanwise::detach(HANDLER);
            spent
        },
        &mut || exported(&|| add_exporters(1)),
        &mut || exported(&|| add_exporters(4)),
        &mut || exported(&add_hard_exporters),
    ]);
    let alone = rounds.median(|[alone, ..]| *alone);
    println!("a generation that nobody listens to takes {alone:.0} ns; it takes more with");
    let hard = "four, of which one sleeps, one panics and one cannot write";
    let ways = ["one handler", "one exporter", "four exporters", hard];
    for (place, listens) in ways.iter().enumerate() {
        let more = rounds.median(|round| round[place + 1] - round[0]);
        println!("{listens}: {more:.0} ns");
    }
}

/// The event alone, without the operation.
fn event(criterion: &mut Criterion, heard_by: &str) {
    let (measured, details) = (Measurements::default(), EventDetails::new());
    criterion.bench_function(&format!("an event that is heard by {heard_by}"), |bencher| {
        bencher.iter(|| spanwise::execute(black_box("chat.stop"), &measured, &details));
    });
}
