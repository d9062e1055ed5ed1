//! `spanwise cost`, as it is run, on a ledger that a program left.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use spanwise::{
    Cost, CostSource, Currency, GenerationEvent, Ledger, LedgerSettings, TelemetryEvent,
    TelemetryExporter as _, Usage,
};

struct Ran {
    code: i32,
    out: String,
    err: String,
}

/// Runs it on this ledger, with no variables but that.
fn run(ledger: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spanwise"));
    command.arg("cost").args(arguments).env_clear().env("SPANWISE_LEDGER", ledger);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    Ran { code: output.status.code().unwrap(), out, err }
}

/// The 20th of November 2026, and so many days on.
fn day(days: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_132_800 + days * 86_400 + 3600)
}

fn call(number: u64, model: &str, amount: Option<&str>) -> GenerationEvent {
    let dollars =
        |amount: &str| Cost::new(amount.parse().unwrap(), Currency::USD, CostSource::Table);
    GenerationEvent {
        id: format!("{number:016x}"),
        trace_id: Some(format!("{number:032x}")),
        model: model.into(),
        usage: Some(Usage::new(1000, 200)),
        cost: amount.map(dollars),
        start_time: day(number),
        end_time: day(number),
        ..GenerationEvent::default()
    }
}

fn left(directory: &tempfile::TempDir) -> std::path::PathBuf {
    let path = directory.path().join("costs.db");
    let settings = LedgerSettings::new(&*path).max_age(Duration::from_secs(100 * 366 * 86_400));
    let ledger = Ledger::open(settings).unwrap();
    let mut failed = call(2, "gpt-4o", None);
    (failed.usage, failed.error) = (Some(Usage::new(10, 0)), Some("timeout".into()));
    let mut european = call(3, "mistral\u{1b}[2J, large", Some("0"));
    european.cost = Some(Cost::new("0.25".parse().unwrap(), Currency::EUR, CostSource::Own));
    let calls = [
        call(0, "gpt-4o", Some("0.0123456789")),
        call(1, "claude", Some("0.000012")),
        failed,
        european,
    ];
    let events: Vec<TelemetryEvent> = calls.into_iter().map(Into::into).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(ledger.export_batch(&events)).unwrap();
    path
}

const ALL: [&str; 4] = ["--from", "2026-11-01", "--to", "2026-11-30"];

#[test]
fn a_table_has_the_dearest_first_and_nothing_that_moves_the_cursor() {
    let directory = tempfile::tempdir().unwrap();
    let ran = run(&left(&directory), &ALL);
    assert_eq!(ran.code, 0, "{}", ran.err);
    insta::assert_snapshot!(ran.out, @"
    MODEL               REQUESTS  ERRORS  INPUT  OUTPUT                                COST
    mistral·[2J, large         1       0   1000     200                          0.2500 EUR
    gpt-4o                     2       1   1010     200              0.0123 USD + 1 unknown
    claude                     1       0   1000     200                         <0.0001 USD
    total                      4       1   3010     600  0.2500 EUR, 0.0124 USD + 1 unknown
    ");
}

#[test]
fn days_are_in_their_order_and_several_words_make_several_columns() {
    let directory = tempfile::tempdir().unwrap();
    let ran = run(&left(&directory), &[&ALL[..], &["--by", "day,model"]].concat());
    insta::assert_snapshot!(ran.out, @"
    DAY         MODEL               REQUESTS  ERRORS  INPUT  OUTPUT                                COST
    2026-11-20  gpt-4o                     1       0   1000     200                          0.0123 USD
    2026-11-21  claude                     1       0   1000     200                         <0.0001 USD
    2026-11-22  gpt-4o                     1       1     10       0                             unknown
    2026-11-23  mistral·[2J, large         1       0   1000     200                          0.2500 EUR
    total                                  4       1   3010     600  0.2500 EUR, 0.0124 USD + 1 unknown
    ");
}

#[test]
fn json_is_exact() {
    let directory = tempfile::tempdir().unwrap();
    let ran = run(&left(&directory), &[&ALL[..], &["--by", "model", "--format", "json"]].concat());
    let all: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&all["from"], &all["to"]),
        (&"2026-11-01T00:00:00Z".into(), &"2026-12-01T00:00:00Z".into())
    );
    assert_eq!(all["total"]["requests"], 4);
    assert_eq!(all["total"]["errors"], 1);
    let rows = all["rows"].as_array().unwrap();
    let gpt = rows.iter().find(|row| row["model"] == "gpt-4o").unwrap();
    assert_eq!(
        (&gpt["requests"], &gpt["input_tokens"], &gpt["unpriced"]),
        (&2.into(), &1010.into(), &1.into())
    );
    assert!(ran.out.contains("0.0123456789"), "{}", ran.out);
    assert!(ran.out.contains("0.0123576789"), "the total: {}", ran.out);
}

#[test]
fn csv_is_exact_and_has_a_line_for_each_currency() {
    let directory = tempfile::tempdir().unwrap();
    let ran = run(&left(&directory), &[&ALL[..], &["--by", "month", "--format", "csv"]].concat());
    insta::assert_snapshot!(ran.out, @"
    month,requests,errors,unpriced,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,reasoning_tokens,cost,currency
    2026-11,4,1,1,3010,600,0,0,0,0.25,EUR
    2026-11,0,0,0,0,0,0,0,0,0.0123576789,USD
    ");
    let models =
        run(&left(&tempfile::tempdir().unwrap()), &[&ALL[..], &["--format", "csv"]].concat());
    assert!(models.out.contains("\"mistral\u{1b}[2J, large\",1,"), "{}", models.out);
}

#[test]
fn the_end_of_a_date_is_in_it_and_a_time_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = left(&directory);
    let requests = |from: &str, to: &str| {
        let ran = run(&path, &["--from", from, "--to", to, "--format", "json"]);
        serde_json::from_str::<Value>(&ran.out).unwrap()["total"]["requests"].as_u64()
    };
    assert_eq!(requests("2026-11-20", "2026-11-20"), Some(1));
    assert_eq!(requests("2026-11-20T01:00:00Z", "2026-11-21T01:00:00Z"), Some(1));
    assert_eq!(requests("2026-11-20T01:00:01Z", "2026-11-21T01:00:01Z"), Some(1));
    assert_eq!(requests("2026-11-24", "2026-11-30"), Some(0));
}

#[test]
fn what_is_wrong_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let path = left(&directory);
    let missing = run(&directory.path().join("none.db"), &ALL);
    assert_eq!(missing.code, 1);
    assert!(missing.err.contains("none.db cannot be opened"), "{}", missing.err);
    let backwards = run(&path, &["--from", "2026-11-20", "--to", "2026-11-01"]);
    assert_eq!(backwards.code, 1);
    assert!(backwards.err.contains("nothing lies between them"), "{}", backwards.err);
    let word = run(&path, &["--by", "colour"]);
    assert_eq!(word.code, 2);
    assert!(word.err.contains("by model, provider, operation, day"), "{}", word.err);
    let empty = run(&path, &["--from", "2020-01-01", "--to", "2020-01-31"]);
    assert_eq!((empty.code, empty.out.as_str()), (0, "no calls in this time\n"));
}
