//! The ledger: what is in it, who may write it, what it survives, and what is read from it.

mod bounds;
mod carried;
mod contents;
mod processes;
mod reports;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use spanwise::{
    Cost, CostSource, Currency, Decimal, GenerationEvent, Ledger, LedgerSettings, TelemetryEvent,
    TelemetryExporter as _, Usage,
};

/// A directory with a place for a ledger.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("costs.db")
    }

    fn directory(&self) -> &Path {
        self.0.path()
    }
}

/// So many seconds into the 22nd of November 2026.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_305_600 + seconds)
}

/// One that keeps calls however long ago they ended.
fn open(place: &Place) -> Ledger {
    let settings = LedgerSettings::new(place.path()).max_age(Duration::from_secs(100 * 366 * DAY));
    Ledger::open(settings).unwrap()
}

const DAY: u64 = 86_400;

const ALL_TIME: (SystemTime, Duration) = (UNIX_EPOCH, Duration::from_secs(4_000_000_000));

/// All that there is.
fn report(ledger: &Ledger) -> spanwise::CostReport {
    ledger.cost_report(ALL_TIME.0, ALL_TIME.0 + ALL_TIME.1).unwrap()
}

fn usd(amount: &str) -> Cost {
    Cost::new(amount.parse().unwrap(), Currency::USD, CostSource::Table)
}

fn decimal(amount: &str) -> Decimal {
    amount.parse().unwrap()
}

/// A call with ids of its own.
fn call(number: u64) -> GenerationEvent {
    GenerationEvent {
        id: format!("{number:016x}"),
        trace_id: Some(format!("{number:032x}")),
        provider: Some("openai".into()),
        model: "gpt-4o".into(),
        usage: Some(Usage::new(100, 20)),
        cost: Some(usd("0.001")),
        start_time: at(0),
        end_time: at(1),
        ..GenerationEvent::default()
    }
}

fn write(ledger: &Ledger, calls: impl IntoIterator<Item = GenerationEvent>) {
    let events: Vec<TelemetryEvent> = calls.into_iter().map(Into::into).collect();
    support::block_on(ledger.export_batch(&events)).unwrap();
}
