//! Who listens to what happens: a function, and exporters of events that look at each and drop it.

use std::hint::black_box;
use std::time::Duration;

use spanwise::{
    EventDetails, ExportError, ExporterSettings, JsonLinesExporter, Measurements, TelemetryEvent,
    TelemetryExporter,
};

/// The id of the handler.
pub const HANDLER: &str = "bench";

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

/// Attaches a function that hears of every model call that ends.
///
/// # Panics
///
/// Where it is attached already.
pub fn attach_handler() {
    let hear = |_: &str, measured: &Measurements, details: &EventDetails<'_>| {
        black_box((measured.duration, details.model().map(str::len)));
    };
    spanwise::attach(HANDLER, "chat.stop", hear).expect("there is no other");
}

/// Adds so many exporters.
pub fn add_exporters(exporters: usize) {
    for number in 0..exporters {
        spanwise::add_exporter_with(Drops, ExporterSettings::new(number.to_string()));
    }
}

struct Sleeps;

impl TelemetryExporter for Sleeps {
    async fn export(&self, _: &TelemetryEvent) -> Result<(), ExportError> {
        // The thread, not the task: the worst that it can do.
        std::thread::sleep(Duration::from_millis(20));
        Ok(())
    }
}

struct Panics;

impl TelemetryExporter for Panics {
    async fn export(&self, _: &TelemetryEvent) -> Result<(), ExportError> {
        panic!("on purpose")
    }
}

/// Adds four exporters, of which one sleeps, one panics, and one, where there is such a device, cannot write.
pub fn add_hard_exporters() {
    add_exporters(1);
    spanwise::add_exporter_with(Sleeps, ExporterSettings::new("sleeps"));
    spanwise::add_exporter_with(Panics, ExporterSettings::new("panics"));
    match JsonLinesExporter::create("/dev/full") {
        Ok(full) => drop(spanwise::add_exporter_with(full, ExporterSettings::new("full"))),
        Err(_) => drop(spanwise::add_exporter_with(Drops, ExporterSettings::new("drops"))),
    }
}
