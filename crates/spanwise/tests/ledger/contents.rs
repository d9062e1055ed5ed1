//! What is in the file, and what is not.

use std::fs;

use spanwise::{
    Ledger, LedgerError, LedgerReader, Message, OrchestratorEvent, TelemetryEvent,
    TelemetryExporter as _, ToolExecutionEvent, Usage,
};

use crate::support::block_on;
use crate::{Place, call, open, report, write};

#[cfg(unix)]
#[test]
fn nobody_but_the_user_may_read_it_nor_what_stands_beside_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let ledger = open(&place);
    write(&ledger, [call(1)]);
    let files: Vec<_> = fs::read_dir(place.directory()).unwrap().map(Result::unwrap).collect();
    assert!(files.len() > 1, "the journal stands beside it");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.path());
    }
}

#[test]
fn there_is_no_content_in_it() {
    let place = Place::new();
    let ledger = open(&place);
    let mut said = call(1);
    said.input = vec![Message::user("canary")];
    said.output = vec![Message::assistant("canary")];
    said.error = Some(spanwise::EventError::new("timeout").message("canary"));
    said.metadata.insert("app.note".into(), "canary".into());
    write(&ledger, [said]);
    for file in fs::read_dir(place.directory()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"canary"));
    }
    assert_eq!(report(&ledger).total.errors, 1);
}

#[test]
fn agents_and_tools_are_no_calls_and_nothing_is_counted_twice() {
    let place = Place::new();
    let ledger = open(&place);
    let agent = OrchestratorEvent {
        id: "000000000000000a".into(),
        total_usage: Some(Usage::new(100, 20)),
        ..OrchestratorEvent::default()
    };
    let tool = ToolExecutionEvent { id: "000000000000000b".into(), ..Default::default() };
    let events: [TelemetryEvent; 2] = [agent.into(), tool.into()];
    block_on(ledger.export_batch(&events)).unwrap();
    write(&ledger, [call(1), call(1)]);
    write(&ledger, [call(1), call(2)]);
    let total = report(&ledger).total;
    assert_eq!((total.requests, total.input_tokens, total.output_tokens), (2, 200, 40));
}

#[test]
fn what_is_no_ledger_is_left_alone() {
    let place = Place::new();
    fs::write(place.path(), "some text that is longer than the header of a database, which is a hundred bytes long, is it")
        .unwrap();
    let refused = |open: Result<(), LedgerError>| match open {
        Err(LedgerError::NoLedger(path)) => assert_eq!(path, place.path()),
        other => panic!("{other:?}"),
    };
    refused(Ledger::open(place.path()).map(drop));
    refused(LedgerReader::open(place.path()).map(drop));
    assert!(fs::read_to_string(place.path()).unwrap().starts_with("some text"));

    fs::remove_file(place.path()).unwrap();
    let other = rusqlite::Connection::open(place.path()).unwrap();
    other.execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    refused(Ledger::open(place.path()).map(drop));
    refused(LedgerReader::open(place.path()).map(drop));
}

#[test]
fn a_ledger_of_a_later_version_is_left_alone() {
    let place = Place::new();
    drop(Ledger::open(place.path()).unwrap());
    let file = rusqlite::Connection::open(place.path()).unwrap();
    file.pragma_update(None, "user_version", 2).unwrap();
    let error = Ledger::open(place.path()).unwrap_err();
    assert_eq!(error, LedgerError::Later(place.path()));
    let error = LedgerReader::open(place.path()).unwrap_err();
    assert!(error.to_string().ends_with("was made by a later version of spanwise"), "{error}");
}

#[test]
fn where_there_is_no_directory_there_is_no_ledger_and_readers_make_none() {
    let place = Place::new();
    let nowhere = place.directory().join("missing").join("costs.db");
    assert!(matches!(Ledger::open(nowhere), Err(LedgerError::Unreachable { .. })));
    assert!(matches!(LedgerReader::open(place.path()), Err(LedgerError::Unreachable { .. })));
    assert!(!place.path().exists());
}

#[test]
fn readers_find_what_was_written_after_the_writer_is_gone() {
    let place = Place::new();
    let ledger = open(&place);
    write(&ledger, [call(1)]);
    drop(ledger);
    let reader = LedgerReader::open(place.path()).unwrap();
    assert_eq!(reader.counts().unwrap().rows, 1);
}
