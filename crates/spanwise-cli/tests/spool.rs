//! `spanwise spool`, as a program, on what processes left.

mod support;

use std::fs;

use spanwise_testing::{Answer, Receiver};
use support::{Left, living, log, metric, run, span, spans, spans_as_json};

#[test]
fn list_tells_what_waits_and_who_has_it() {
    let left = Left::new();
    left.process("traces", 4242, &[spans(&[span(1, 1, 0, "a"), span(1, 2, 1, "b")])]);
    let mut torn = spans(&[span(2, 1, 0, "c")]);
    torn.truncate(torn.len() - 3);
    left.process("traces", 4243, &[spans(&[span(2, 1, 0, "c")]), torn]);
    let lives = left.process("logs", 17, &[log("hello")]);
    let _lock = living(&lives);
    let said = run(&left, &["list"], &[]);
    assert_eq!(said.code, 0, "{said:?}");
    insta::assert_snapshot!(said.out, @r"
    DESTINATION  SIGNAL  PROCESS  ITEMS   SIZE  OLDEST  STATE
    otlp         traces     4242      2  234 B     2 h  left behind
    otlp         traces     4243      1  255 B     2 h  left behind, 1 span unreadable
    otlp         logs         17      1   72 B     2 h  in use
    ");
    let filtered = run(&left, &["list", "--signal", "logs", "--process", "17"], &[]).out;
    assert_eq!(filtered.lines().count(), 2, "{filtered}");
}

#[test]
fn list_tells_the_same_to_programs() {
    let left = Left::new();
    let folder = left.process("metrics", 4242, &[metric("requests", 3), metric("requests", 4)]);
    let said = run(&left, &["list", "--json"], &[]);
    let rows: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let row = &rows[0];
    assert_eq!(rows.as_array().unwrap().len(), 1);
    assert_eq!((row["signal"].as_str(), row["items"].as_u64()), (Some("metrics"), Some(2)));
    assert_eq!((row["destination"].as_str(), row["process"].as_u64()), (Some("otlp"), Some(4242)));
    assert_eq!(row["endpoint"], "http://gone:4318/");
    assert_eq!((row["in_use"].as_bool(), row["records"].as_u64()), (Some(false), Some(2)));
    assert_eq!(row["path"].as_str(), folder.to_str());
    assert!(row["oldest_unix_ms"].as_u64().unwrap() > 1_700_000_000_000);
}

#[test]
fn show_draws_traces_from_several_requests_as_one_tree_and_no_content() {
    let left = Left::new();
    let records =
        [spans(&[span(1, 2, 1, "chat gpt-4o")]), spans_as_json(&[span(1, 1, 0, "agent")])];
    left.process("traces", 4242, &records);
    left.process("logs", 4242, &[log("the answer is late")]);
    left.process("metrics", 4242, &[metric("requests", 3)]);
    let said = run(&left, &["show"], &[]);
    assert_eq!(said.code, 0, "{said:?}");
    insta::assert_snapshot!(said.out, @r"
    otlp, traces of process 4242
    agent             98 ms ━━━━━━━━━━━━━━━━
    └─ chat gpt-4o    96 ms ━━━━━━━━━━━━━━━━

    otlp, metrics of process 4242
    requests = 3
    otlp, logs of process 4242
     WARN the answer is late
    ");
}

#[test]
fn show_draws_content_where_it_is_asked_for() {
    let left = Left::new();
    left.process("traces", 1, &[spans(&[span(1, 2, 9, "chat")])]);
    left.process("logs", 1, &[log("late")]);
    let said = run(&left, &["show", "--content"], &[]).out;
    assert!(said.contains("gen_ai.input.messages = secret prompt"), "{said}");
    assert!(said.contains("order = A-17"), "{said}");
}

#[test]
fn looking_changes_nothing_and_needs_no_lock() {
    let left = Left::new();
    let folder = left.process("traces", 1, &[spans(&[span(1, 1, 0, "a")])]);
    fs::remove_file(folder.with_extension("lock")).unwrap();
    let before = left.files();
    for command in ["list", "show"] {
        assert_eq!(run(&left, &[command], &[]).code, 0);
    }
    assert_eq!(left.files(), before);
}

#[test]
fn send_delivers_in_order_and_takes_out_what_arrived() {
    for (protocol, is_grpc) in [("grpc", true), ("http/protobuf", false), ("http/json", false)] {
        let left = Left::new();
        // In both encodings, whatever the receiver wants.
        let records = [spans(&[span(1, 1, 0, "a")]), spans_as_json(&[span(2, 1, 0, "b")])];
        left.process("traces", 1, &records);
        left.process("logs", 1, &[log("c")]);
        left.process("metrics", 1, &[metric("d", 1)]);
        let receiver = Receiver::start();
        let to = if is_grpc { receiver.grpc_url() } else { receiver.http_url() };
        let said = run(&left, &["send", "--to", &to, "--protocol", protocol], &[]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.contains("otlp, traces of process 1: 2 spans sent\n"), "{said:?}");
        let names: Vec<_> = receiver.spans().into_iter().map(|span| span.name).collect();
        assert_eq!(names, ["a", "b"], "{protocol}");
        assert_eq!(receiver.spans()[1].trace_id, vec![2; 16]);
        assert_eq!((receiver.log_records().len(), receiver.metrics().len()), (1, 1));
        assert_eq!(left.files(), Vec::<std::path::PathBuf>::new());
        assert_eq!(run(&left, &["list"], &[]).out, "nothing is spooled\n");
    }
}

#[test]
fn headers_come_from_variables_and_reach_no_other_host() {
    let left = Left::new();
    let receiver = Receiver::start();
    let url = receiver.http_url();
    left.process("traces", 1, &[spans(&[span(1, 1, 0, "a")])]);
    let theirs = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=canary"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://elsewhere.example.com"),
    ];
    let said = run(&left, &["send", "--to", &url], &theirs);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("OTEL_EXPORTER_OTLP_HEADERS may hold a key"), "{said:?}");
    assert!(!format!("{said:?}").contains("canary"), "{said:?}");
    assert!(receiver.requests().is_empty());
    let header = ["send", "--to", &url, "--header-env", "x-key=MY_TOKEN"];
    let said = run(&left, &header, &[]);
    assert!(said.err.contains("--header-env x-key: the variable that it names is not set"));
    let said = run(&left, &header, &[("MY_TOKEN", "t-1"), theirs[0]]);
    assert_eq!(said.code, 0, "{said:?}");
    let headers = &receiver.requests()[0].headers;
    assert_eq!((&*headers["x-key"], &*headers["authorization"]), ("t-1", "canary"));
}

#[test]
fn what_the_receiver_refuses_stays_and_the_rest_goes() {
    let left = Left::new();
    let records = ["a", "b", "c"].map(|name| spans(&[span(1, 1, 0, name)]));
    left.process("traces", 1, &records);
    let receiver = Receiver::start();
    let refusal = Answer::Http(400, None, "what is that");
    receiver.answer_next([Answer::Accept, refusal, Answer::Accept]);
    let said = run(&left, &["send", "--to", &receiver.http_url()], &[]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("2 spans sent, 1 refused, which stay"), "{said:?}");
    let shown = run(&left, &["show"], &[]).out;
    assert!(
        shown.contains("\nb ") && !shown.contains("\na ") && !shown.contains("\nc "),
        "{shown}"
    );
}

#[test]
fn a_receiver_that_takes_nothing_is_asked_once() {
    let left = Left::new();
    for process in 1..4 {
        left.process(
            "traces",
            process,
            &[spans(&[span(1, 1, 0, "a")]), spans(&[span(2, 1, 0, "b")])],
        );
    }
    let receiver = Receiver::start();
    receiver.answer_all(Answer::Http(401, None, "no"));
    let said = run(&left, &["send", "--to", &receiver.http_url()], &[]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("takes none of it") && said.err.contains("check the headers"),
        "{said:?}"
    );
    assert_eq!(receiver.requests().len(), 1);
    let listed = run(&left, &["list"], &[]).out;
    assert_eq!(listed.matches("left behind").count(), 3, "{listed}");
}

#[test]
fn what_cannot_be_delivered_in_time_stays() {
    let left = Left::new();
    left.process("traces", 1, &[spans(&[span(1, 1, 0, "a")]), spans(&[span(1, 2, 0, "b")])]);
    let receiver = Receiver::start();
    receiver.answer_next([Answer::Accept]);
    receiver.answer_all(Answer::Http(503, None, ""));
    let url = receiver.http_url();
    let said = run(&left, &["send", "--to", &url, "--timeout", "1"], &[]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("cannot be reached: 503; what is left stays"), "{said:?}");
    assert!(said.out.contains("1 span sent"), "{said:?}");
    receiver.answer_all(Answer::Accept);
    assert_eq!(run(&left, &["send", "--to", &url], &[]).code, 0);
    let names: Vec<_> = receiver.spans().into_iter().map(|span| span.name).collect();
    assert_eq!(names.last().map(String::as_str), Some("b"));
    assert!(left.files().is_empty());
}

#[test]
fn items_that_are_not_wanted_are_told_and_not_sent_again() {
    let left = Left::new();
    left.process("traces", 1, &[spans(&[span(1, 1, 0, "a"), span(1, 2, 1, "b")])]);
    let receiver = Receiver::start();
    receiver.answer_next([Answer::Partial(1)]);
    let said = run(&left, &["send", "--to", &receiver.http_url()], &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("1 span sent, 1 not wanted by the receiver"), "{said:?}");
    assert!(left.files().is_empty());
}

#[test]
fn what_is_too_large_is_sent_in_pieces() {
    let left = Left::new();
    let large: Vec<_> = (1..40).map(|id| span(1, id, 0, &"x".repeat(200_000))).collect();
    left.process("traces", 1, &[spans(&large)]);
    let receiver = Receiver::start();
    // It takes 4 MiB over gRPC.
    let said = run(&left, &["send", "--to", &receiver.grpc_url(), "--protocol", "grpc"], &[]);
    assert_eq!(said.code, 0, "{said:?}");
    let mut ids: Vec<_> = receiver.spans().into_iter().map(|span| span.span_id[0]).collect();
    ids.sort();
    assert_eq!(ids, (1..40).collect::<Vec<_>>());
}

#[test]
fn what_a_living_process_has_is_left_to_it() {
    let left = Left::new();
    let folder = left.process("traces", 1, &[spans(&[span(1, 1, 0, "a")])]);
    let _lock = living(&folder);
    let receiver = Receiver::start();
    let url = receiver.http_url();
    let said = run(&left, &["send", "--to", &url], &[]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("a living process has it"), "{said:?}");
    assert!(receiver.spans().is_empty());
    let said = run(&left, &["drop", "--yes"], &[]);
    assert_eq!(said.code, 1, "{said:?}");
    let said = run(&left, &["send", "--to", &url, "--keep"], &[]);
    assert_eq!((said.code, receiver.spans().len()), (0, 1), "{said:?}");
    assert!(run(&left, &["list"], &[]).out.contains("in use"));
}

#[test]
fn drop_asks_and_deletes() {
    let left = Left::new();
    left.process("traces", 1, &[spans(&[span(1, 1, 0, "a")])]);
    left.process("logs", 1, &[log("b")]);
    let said = run(&left, &["drop"], &[]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("say --yes"), "{said:?}");
    let said = run(&left, &["drop", "--yes", "--signal", "logs"], &[]);
    assert_eq!((said.code, &*said.out), (0, "otlp, logs of process 1: 1 log record\ndropped\n"));
    assert_eq!(run(&left, &["list"], &[]).out.lines().count(), 2);
    assert_eq!(run(&left, &["drop", "--yes"], &[]).code, 0);
    assert!(left.files().is_empty());
    assert_eq!(run(&left, &["drop", "--yes"], &[]).out, "nothing to drop\n");
}

#[test]
fn what_is_no_spool_is_left_alone() {
    let left = Left::new();
    let mine = left.path().join("otlp/traces-notes/1-2-3");
    fs::create_dir_all(&mine).unwrap();
    fs::write(mine.join("000001.segment"), "mine").unwrap();
    assert_eq!(run(&left, &["drop", "--yes"], &[]).out, "nothing to drop\n");
    assert!(mine.join("000001.segment").exists());
}

#[test]
fn mistakes_are_named() {
    let left = Left::new();
    let said = run(&left, &["list", "--dir", "/nowhere/at/all"], &[]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("no spool there: /nowhere/at/all cannot be read"), "{said:?}");
    let said = run(&left, &["send"], &[]);
    assert!(said.err.contains("where to? Say `--to http://localhost:4318`"), "{said:?}");
    let said = run(&left, &["send", "--to", "localhost:4318"], &[]);
    assert!(said.err.contains("has no scheme"), "{said:?}");
    assert_eq!(run(&left, &["send", "--protocol", "carrier-pigeon"], &[]).code, 2);
}
