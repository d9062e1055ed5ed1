//! What those who listen add to a model call: nobody, a handler, one exporter of events and four of them.

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use spanwise::{
    ContentCapture, EventDetails, ExportError, ExporterSettings, Measurements, TelemetryEvent,
    TelemetryExporter,
};
use spanwise_bench::{Call, Case, Prepared, Way, thread_cpu};

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
    criterion.bench_function("an event that nobody hears", |bencher| {
        let (measured, details) = (Measurements::default(), EventDetails::new());
        bencher.iter(|| spanwise::execute(black_box("chat.stop"), &measured, &details));
    });
    let mut generation = |name: &str| {
        criterion.bench_function(&format!("generation, {name}"), |bencher| {
            bencher.iter_custom(|calls| in_rounds(&prepared, &call, calls));
        });
    };
    generation("nobody listens");
    let hear = |_: &str, measured: &Measurements, details: &EventDetails<'_>| {
        black_box((measured.duration, details.model().map(str::len)));
    };
    spanwise::attach("bench", "chat.stop", hear).expect("there is no other");
    generation("one handler");
    spanwise::detach("bench");
    for exporters in [1, 4] {
        for number in 0..exporters {
            spanwise::add_exporter_with(Drops, ExporterSettings::new(number.to_string()));
        }
        generation(&format!("exporters: {exporters}"));
        let reports = spanwise::clear_exporters();
        assert!(reports.iter().all(|report| report.exported > 0), "{reports:?}");
    }
    criterion.final_summary();
}

/// With pauses for exporters, whose queues are never full.
fn in_rounds(prepared: &Prepared, call: &Call, calls: u64) -> Duration {
    let mut spent = Duration::ZERO;
    let mut left = calls;
    while left > 0 {
        let round = left.min(500);
        let before = thread_cpu();
        (0..round).for_each(|_| prepared.record(Case::Generation, call));
        spent += thread_cpu() - before;
        left -= round;
        prepared.pause(Duration::from_millis(20));
    }
    spent
}
