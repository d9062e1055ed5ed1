//! What those who listen add to a model call: nobody, a handler, one exporter of events and four of them.

#![allow(clippy::print_stdout, reason = "what it measures goes to the terminal")]

use std::hint::black_box;

use criterion::Criterion;
use spanwise::{
    ContentCapture, EventDetails, ExportError, ExporterSettings, Measurements, TelemetryEvent,
    TelemetryExporter,
};
use spanwise_bench::{Call, Case, Prepared, Way, in_turn};

struct Drops;

impl TelemetryExporter for Drops {
    async fn export(&self, event: &TelemetryEvent) -> Result<(), ExportError> {
        black_box(event);
        Ok(())
    }

    fn batch_size(&self) -> usize {
        512
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let prepared = Prepared::new(Way::Installed, ContentCapture::NoContent);
    let call = Call::new(0);
    event(&mut criterion, "nobody");
    handle();
    event(&mut criterion, "one handler");
    spanwise::detach("bench");
    criterion.final_summary();

    let round = || prepared.round(Case::Generation, &call);
    let exported = |exporters: usize| {
        for number in 0..exporters {
            spanwise::add_exporter_with(Drops, ExporterSettings::new(number.to_string()));
        }
        let spent = round();
        let reports = spanwise::clear_exporters();
        assert!(reports.iter().all(|report| report.accepted > 0), "{reports:?}");
        spent
    };
    let rounds = in_turn([
        &mut || round(),
        &mut || {
            handle();
            let spent = round();
            spanwise::detach("bench");
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

fn handle() {
    let hear = |_: &str, measured: &Measurements, details: &EventDetails<'_>| {
        black_box((measured.duration, details.model().map(str::len)));
    };
    spanwise::attach("bench", "chat.stop", hear).expect("there is no other");
}

/// The event alone, without the operation.
fn event(criterion: &mut Criterion, heard_by: &str) {
    let (measured, details) = (Measurements::default(), EventDetails::new());
    criterion.bench_function(&format!("an event that is heard by {heard_by}"), |bencher| {
        bencher.iter(|| spanwise::execute(black_box("chat.stop"), &measured, &details));
    });
}
