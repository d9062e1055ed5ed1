//! Spools as a process leaves them, written here by the layout that is documented, and the program.

#![allow(dead_code, reason = "each test uses its own part of it")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric::Data, number_data_point,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;

/// A spool's directory, with what dead processes left in it.
pub(crate) struct Left {
    pub(crate) directory: tempfile::TempDir,
}

impl Left {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// What one process wrote for one signal: its records, in one segment. The folder.
    pub(crate) fn process(&self, signal: &str, process: u32, records: &[Vec<u8>]) -> PathBuf {
        let lane = self.path().join("otlp").join(format!("{signal}-0badcafe"));
        let folder = lane.join(format!("1795280711042-{process}-9f3ac01e"));
        fs::create_dir_all(&folder).unwrap();
        let about =
            r#"{"destination":"otlp","endpoint":"http://gone:4318/","protocol":"http/protobuf"}"#;
        fs::write(folder.join("about.json"), about).unwrap();
        fs::write(folder.with_extension("lock"), "").unwrap();
        fs::write(folder.join("000001.segment"), records.concat()).unwrap();
        folder
    }

    /// Every file that is left.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        fn below(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() { below(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        below(self.path(), &mut found);
        found
    }
}

/// A process that lives: it holds the lock of its folder.
pub(crate) fn living(folder: &Path) -> File {
    let lock = File::options().write(true).open(folder.with_extension("lock")).unwrap();
    fs4::FileExt::try_lock(&lock).unwrap();
    lock
}

const PROTOBUF: u8 = 1;
const JSON: u8 = 2;

fn record(encoding: u8, items: u32, stored: SystemTime, payload: &[u8]) -> Vec<u8> {
    let stored_ms = stored.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as u64;
    let mut bytes = b"SPW1".to_vec();
    bytes.extend([encoding, 0, 0, 0]);
    bytes.extend((payload.len() as u32).to_le_bytes());
    bytes.extend(items.to_le_bytes());
    bytes.extend(stored_ms.to_le_bytes());
    bytes.extend(crc32fast::hash(payload).to_le_bytes());
    let crc = crc32fast::hash(&bytes);
    bytes.extend(crc.to_le_bytes());
    bytes.extend(payload);
    bytes
}

fn two_hours_ago() -> SystemTime {
    SystemTime::now() - Duration::from_secs(7300)
}

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

/// A span: trace, id, parent (0 for none), name.
pub(crate) fn span(trace: u8, id: u8, parent: u8, name: &str) -> Span {
    Span {
        trace_id: vec![trace; 16],
        span_id: vec![id; 8],
        parent_span_id: if parent == 0 { vec![] } else { vec![parent; 8] },
        name: name.to_owned(),
        start_time_unix_nano: 1_000_000 * u64::from(id),
        end_time_unix_nano: 100_000_000 - 1_000_000 * u64::from(id),
        attributes: vec![text("gen_ai.input.messages", "secret prompt")],
        ..Span::default()
    }
}

fn traces(spans: &[Span]) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans { spans: spans.to_vec(), ..ScopeSpans::default() }];
    let resource = ResourceSpans { scope_spans, ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![resource] }
}

pub(crate) fn spans(spans: &[Span]) -> Vec<u8> {
    record(PROTOBUF, spans.len() as u32, two_hours_ago(), &traces(spans).encode_to_vec())
}

pub(crate) fn spans_as_json(spans: &[Span]) -> Vec<u8> {
    let json = serde_json::to_vec(&traces(spans)).unwrap();
    record(JSON, spans.len() as u32, two_hours_ago(), &json)
}

pub(crate) fn log(body: &str) -> Vec<u8> {
    let log = LogRecord {
        body: Some(AnyValue { value: Some(Value::StringValue(body.to_owned())) }),
        severity_text: "WARN".to_owned(),
        severity_number: 13,
        attributes: vec![text("order", "A-17")],
        ..LogRecord::default()
    };
    let scope_logs = vec![ScopeLogs { log_records: vec![log], ..ScopeLogs::default() }];
    let resource = ResourceLogs { scope_logs, ..ResourceLogs::default() };
    let request = ExportLogsServiceRequest { resource_logs: vec![resource] };
    record(PROTOBUF, 1, two_hours_ago(), &request.encode_to_vec())
}

pub(crate) fn metric(name: &str, value: i64) -> Vec<u8> {
    let value = Some(number_data_point::Value::AsInt(value));
    let data_points = vec![NumberDataPoint { value, ..NumberDataPoint::default() }];
    let metric = Metric {
        name: name.to_owned(),
        data: Some(Data::Sum(Sum { data_points, ..Sum::default() })),
        ..Metric::default()
    };
    let scope_metrics = vec![ScopeMetrics { metrics: vec![metric], ..ScopeMetrics::default() }];
    let resource = ResourceMetrics { scope_metrics, ..ResourceMetrics::default() };
    let request = ExportMetricsServiceRequest { resource_metrics: vec![resource] };
    record(PROTOBUF, 1, two_hours_ago(), &request.encode_to_vec())
}

/// What the program said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `spanwise spool` on a directory, with these variables and none of OpenTelemetry's or ours besides.
pub(crate) fn run(left: &Left, arguments: &[&str], variables: &[(&str, &str)]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spanwise"));
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("OTEL_") || name.starts_with("SPANWISE_") {
            command.env_remove(&variable);
        }
    }
    command.arg("spool").args(arguments).stdin(Stdio::null());
    command.env("SPANWISE_SPOOL_DIR", left.path()).envs(variables.iter().copied());
    let output = command.output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
