use spanwise_core::SpanEvent;

use super::*;

fn event(name: &str) -> TelemetryEvent {
    SpanEvent { name: name.into(), ..SpanEvent::default() }.into()
}

fn names(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let name = |line: &str| match serde_json::from_str(line).unwrap() {
        TelemetryEvent::Span(event) => event.name,
        other => panic!("{other:?}"),
    };
    text.lines().map(name).collect()
}

#[test]
fn a_file_that_is_full_makes_room_and_the_oldest_goes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.jsonl");
    let exporter = JsonLinesExporter::create(&path).unwrap().max_bytes(1).max_files(2);
    for name in ["a", "b", "c", "d"] {
        exporter.write(&[event(name)]).unwrap();
    }
    assert_eq!(names(&path), ["d"]);
    assert_eq!(names(&directory.path().join("events.jsonl.1")), ["c"]);
    assert_eq!(names(&directory.path().join("events.jsonl.2")), ["b"]);
    assert!(!directory.path().join("events.jsonl.3").exists());
}

#[test]
fn without_further_files_a_full_one_begins_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.jsonl");
    let exporter = JsonLinesExporter::create(&path).unwrap().max_bytes(1).max_files(0);
    exporter.write(&[event("a")]).unwrap();
    exporter.write(&[event("b"), event("c")]).unwrap();
    assert_eq!(names(&path), ["b", "c"]);
}

#[test]
fn what_is_there_already_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.jsonl");
    for name in ["a", "b"] {
        JsonLinesExporter::create(&path).unwrap().write(&[event(name)]).unwrap();
    }
    assert_eq!(names(&path), ["a", "b"]);
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.jsonl");
    JsonLinesExporter::create(&path).unwrap();
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}
