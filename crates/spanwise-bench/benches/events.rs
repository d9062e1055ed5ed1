//! What those who listen add to a model call: nobody, a handler, one exporter of events and four of them.

#![allow(clippy::print_stdout, reason = "what it measures goes to the terminal")]

use std::hint::black_box;

use criterion::Criterion;
use spanwise::{ContentCapture, EventDetails, Measurements};
use spanwise_bench::{Call, Case, HANDLER, Prepared, Way, add_exporters, attach_handler, in_turn};

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
    let exported = |exporters: usize| {
        add_exporters(exporters);
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
        &mut || exported(1),
        &mut || exported(4),
    ]);
    let alone = rounds.median(|[alone, ..]| *alone);
    println!("a generation that nobody listens to takes {alone:.0} ns; it takes more with");
    for (place, listens) in ["one handler", "one exporter", "four exporters"].iter().enumerate() {
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
