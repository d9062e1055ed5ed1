//! It grows no further than it may: the oldest leave first, and are counted.

use std::time::{Duration, SystemTime};

use spanwise::{GenerationEvent, Ledger, LedgerReader, LedgerSettings};

use crate::{Place, call, write};

/// How many calls are left, and the first of them by the second in which it ended.
fn left(place: &Place) -> (u64, String) {
    let reader = rusqlite::Connection::open(place.path()).unwrap();
    let oldest = "SELECT count(*), span_id FROM (SELECT * FROM calls ORDER BY ended_ms)";
    reader.query_row(oldest, [], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?))).unwrap()
}

fn ended(number: u64, ago: u64) -> GenerationEvent {
    let end_time = SystemTime::now() - Duration::from_secs(ago);
    GenerationEvent { end_time, start_time: end_time, ..call(number) }
}

#[test]
fn beyond_the_most_rows_the_oldest_leave() {
    let place = Place::new();
    let ledger = Ledger::open(LedgerSettings::new(place.path()).max_rows(100)).unwrap();
    for batch in 0..20_u64 {
        write(
            &ledger,
            (0..50).map(|number| ended(batch * 50 + number, 5000 - batch * 50 - number)),
        );
    }
    let counts = ledger.counts().unwrap();
    assert_eq!((counts.rows, counts.removed_by_rows, counts.removed_by_age), (100, 900, 0));
    assert_eq!(left(&place), (100, format!("{:016x}", 900)));
}

#[test]
fn what_has_grown_too_old_leaves() {
    let place = Place::new();
    let hour = Duration::from_secs(3600);
    let ledger = Ledger::open(LedgerSettings::new(place.path()).max_age(hour)).unwrap();
    write(&ledger, [ended(1, 7200), ended(2, 3700), ended(3, 60)]);
    let counts = ledger.counts().unwrap();
    assert_eq!((counts.rows, counts.removed_by_age), (1, 2));
    // Who opens it later knows of it.
    drop(ledger);
    assert_eq!(LedgerReader::open(place.path()).unwrap().counts().unwrap(), counts);
}

#[test]
fn the_file_grows_no_larger_than_it_may() {
    let place = Place::new();
    let most = 1 << 20;
    let ledger = Ledger::open(LedgerSettings::new(place.path()).max_bytes(most)).unwrap();
    for batch in 0..20_u64 {
        let calls = (0..500).map(|number| GenerationEvent {
            response_model: Some("m".repeat(200)),
            ..ended(batch * 500 + number, 100_000 - batch * 500 - number)
        });
        write(&ledger, calls);
    }
    let counts = ledger.counts().unwrap();
    assert_eq!(counts.rows + counts.removed_by_bytes, 10_000);
    assert!(counts.rows > 1000, "{counts:?}");
    assert_eq!(
        left(&place).1,
        format!("{:016x}", counts.removed_by_bytes),
        "the oldest went first"
    );
    drop(ledger);
    let size = std::fs::metadata(place.path()).unwrap().len();
    // What was written since it was looked last comes on top.
    assert!(size < most + (512 << 10), "{size}");
}
