//! What the spool promises, on a real disk.

mod bounds;
mod damage;
mod disk;
mod model;
mod sharing;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::store::{Adopted, Held, Taken};
use super::*;
use crate::config::SpoolSync;
use crate::signal::Signal;

const LARGE: Bounds =
    Bounds { max_bytes: 64 << 20, max_age: Duration::from_secs(3600), sync: SpoolSync::Never };

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn place(directory: &Path) -> Place {
    let endpoint = "http://collector:4318/v1/traces";
    Place::new(directory, Signal::Traces, "otlp", endpoint, "http/protobuf")
}

fn spool(directory: &TempDir, bounds: Bounds) -> Spool {
    Spool::new(place(directory.path()), bounds)
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

fn record(items: u64, payload: &[u8]) -> Record<'_> {
    Record { encoding: Encoding::Protobuf, items, payload }
}

/// Everything that waits, in order; none of it is done.
fn take_all(spool: &mut Spool, now: SystemTime) -> Vec<Taken> {
    std::iter::from_fn(|| spool.next(now).unwrap()).collect()
}

fn payloads(taken: &[Taken]) -> Vec<Vec<u8>> {
    taken.iter().map(|taken| taken.payload.to_vec()).collect()
}

/// Every file and folder below a directory.
fn below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        found.push(entry.path());
        found.extend(below(&entry.path()));
    }
    found.sort();
    found
}

fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = below(directory);
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files
}

#[test]
fn records_come_out_as_they_went_in_and_leave_nothing_behind() {
    let directory = directory();
    let mut spool = spool(&directory, LARGE);
    let json = Record { encoding: Encoding::Json, items: 3, payload: b"{}" };
    spool.append(&json, at(0)).unwrap();
    spool.append(&record(2, b""), at(1)).unwrap();
    assert_eq!(spool.held(), Held { waiting: 5, out: 0, bytes: 66 });
    let taken = take_all(&mut spool, at(2));
    assert_eq!((taken[0].encoding, taken[0].items, taken[0].stored), (Encoding::Json, 3, at(0)));
    assert_eq!(payloads(&taken), [b"{}".to_vec(), vec![]]);
    assert_eq!(spool.held(), Held { waiting: 0, out: 5, bytes: 66 });
    for taken in &taken {
        spool.done(taken.position);
    }
    assert_eq!(spool.held(), Held::default());
    assert_eq!(spool.take_losses(), Losses::default());
    drop(spool);
    assert_eq!(below(directory.path()), Vec::<PathBuf>::new());
}

#[test]
fn what_is_put_back_comes_again_at_its_place() {
    let directory = directory();
    let mut spool = spool(&directory, LARGE);
    for name in [b"a", b"b", b"c"] {
        spool.append(&record(1, name), at(0)).unwrap();
    }
    let (a, b) = (spool.next(at(0)).unwrap().unwrap(), spool.next(at(0)).unwrap().unwrap());
    spool.put_back(b.position);
    spool.put_back(a.position);
    spool.put_back(a.position);
    assert_eq!(spool.held().waiting, 3);
    assert_eq!(payloads(&take_all(&mut spool, at(0))), [b"a", b"b", b"c"].map(|p| p.to_vec()));
}

#[test]
fn a_record_is_done_once() {
    let directory = directory();
    let mut spool = spool(&directory, LARGE);
    let first = spool.append_out(&record(4, b"a"), at(0)).unwrap();
    spool.append(&record(1, b"b"), at(0)).unwrap();
    spool.done(first);
    spool.done(first);
    spool.put_back(first);
    assert_eq!((spool.held().waiting, spool.held().out), (1, 0));
    assert_eq!(payloads(&take_all(&mut spool, at(0))), [b"b".to_vec()]);
}

#[test]
fn what_is_out_comes_back_only_after_a_crash() {
    let directory = directory();
    let mut first = spool(&directory, LARGE);
    first.append_out(&record(1, b"sent"), at(0)).unwrap();
    assert!(first.next(at(0)).unwrap().is_none());
    drop(first);
    let mut second = spool(&directory, LARGE);
    assert_eq!(second.adopt(at(1)).unwrap(), Adopted { records: 1, items: 1 });
    assert_eq!(payloads(&take_all(&mut second, at(1))), [b"sent".to_vec()]);
}

#[test]
fn destinations_and_endpoints_are_kept_apart_and_show_no_path() {
    let place = |destination, endpoint| {
        Place::new(Path::new("/s"), Signal::Logs, destination, endpoint, "grpc").lane
    };
    assert_ne!(place("a", "http://a:4317"), place("a", "http://b:4317"));
    assert_ne!(place("a/b", "http://a:4317"), place("a_b", "http://a:4317"));
    for name in ["..", "", "/", "a/../../b", "ü\0"] {
        let lane = place(name, "http://a:4317");
        assert_eq!(lane.components().count(), 4, "{lane:?}");
        assert!(!lane.components().any(|part| part.as_os_str() == ".."), "{lane:?}");
    }
}
