//! Handlers that are ready: they log what happens.

use std::time::SystemTime;

use serde_json::{Map, Value, json};
use spanwise_core::{AlreadyAttached, EventDetails, Measurements, attach, detach};
use tracing::Level;

/// The id of the [default logger](attach_default_logger).
const DEFAULT: &str = "spanwise.default_logger";
/// The id of the [logger of JSON](attach_json_logger).
const JSON: &str = "spanwise.json_logger";

/// What a line says besides its event, by short names.
const SAID: [&str; 11] = [
    "operation",
    "provider",
    "model",
    "tool",
    "agent",
    "workflow",
    "step",
    "error_type",
    "request_id",
    "session_id",
    "user_id",
];

/// How much an event matters: beginnings are details, retries and limits a warning, failures errors.
fn level(name: &str) -> Level {
    const WARN: [&str; 6] = [
        "retry",
        "fallback",
        "provider.rate_limit",
        "cost.threshold_exceeded",
        "budget.threshold",
        "context.truncated",
    ];
    if WARN.contains(&name) {
        Level::WARN
    } else if name.ends_with(".exception") {
        Level::ERROR
    } else if name.ends_with(".start") {
        Level::DEBUG
    } else {
        Level::INFO
    }
}

/// Logs every event that matters at least so much through `tracing`, with the target `spanwise::event`: what
/// ends as `INFO`, retries, fallbacks and limits as `WARN`, failures as `ERROR`, and what begins as `DEBUG`.
///
/// A line has the event's name, its duration and tokens, and names of provider, model, tool and the like; never
/// content, and never the text of an error. Its handler is called `spanwise.default_logger`.
///
/// # Errors
///
/// [`AlreadyAttached`], where it logs already.
///
/// ```
/// spanwise::attach_default_logger(tracing::Level::INFO)?;
/// # assert!(spanwise::detach("spanwise.default_logger"));
/// # Ok::<_, spanwise::AlreadyAttached>(())
/// ```
pub fn attach_default_logger(at_least: Level) -> Result<(), AlreadyAttached> {
    attach(DEFAULT, "*", move |name, measured, details| {
        let level = level(name);
        // `tracing` orders levels by how much they let through.
        if level > at_least {
            return;
        }
        let line = line(name, measured, details);
        macro_rules! log {
            ($($level:ident),*) => {
                match level {
                    $(Level::$level => tracing::event!(
                        target: "spanwise::event", Level::$level, event = name, "{line}"
                    ),)*
                }
            };
        }
        log!(TRACE, DEBUG, INFO, WARN, ERROR);
    })
}

/// Gives a line of JSON for every event that matters at least so much: `timestamp`, `level`, `event`,
/// `duration_ms`, tokens, and names of provider, model, tool, request and the like. Its handler is called
/// `spanwise.json_logger`.
///
/// `write` is called on the task of what happened, and must not block for long; for files there is
/// [`JsonLinesExporter`](crate::JsonLinesExporter).
///
/// # Errors
///
/// [`AlreadyAttached`], where it writes already.
///
/// ```
/// use tracing::Level;
///
/// spanwise::attach_json_logger(Level::INFO, |line| eprintln!("{line}"))?;
/// # assert!(spanwise::detach("spanwise.json_logger"));
/// # Ok::<_, spanwise::AlreadyAttached>(())
/// ```
pub fn attach_json_logger(
    at_least: Level,
    write: impl Fn(&str) + Send + Sync + 'static,
) -> Result<(), AlreadyAttached> {
    attach(JSON, "*", move |name, measured, details| {
        let level = level(name);
        if level <= at_least {
            write(&json_line(name, level, measured, details).to_string());
        }
    })
}

/// Detaches both loggers, where they are attached.
pub fn detach_loggers() {
    detach(DEFAULT);
    detach(JSON);
}

fn json_line(name: &str, level: Level, measured: &Measurements, of: &EventDetails<'_>) -> Value {
    let mut line = Map::new();
    let now = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
    line.insert("timestamp".into(), now.into());
    line.insert("level".into(), level.as_str().into());
    line.insert("event".into(), name.into());
    for (name, text) in said(of) {
        line.insert(name.into(), text.into());
    }
    if let Some(span) = of.span_context().filter(|span| span.is_valid()) {
        line.insert("trace_id".into(), span.trace_id().to_string().into());
        line.insert("span_id".into(), span.span_id().to_string().into());
    }
    if let Some(duration) = measured.duration {
        line.insert("duration_ms".into(), json!(duration.as_secs_f64() * 1000.0));
    }
    let usage = ["input_tokens", "output_tokens"].into_iter();
    let tokens = usage.filter_map(|name| Some((name, measured.get(name)? as u64)));
    line.extend(tokens.map(|(name, count)| (name.to_owned(), json!(count))));
    line.extend(measured.named.iter().map(|(name, value)| (name.to_string(), json!(value))));
    Value::Object(line)
}

fn said<'a>(of: &'a EventDetails<'_>) -> impl Iterator<Item = (&'static str, &'a str)> {
    SAID.into_iter().filter_map(|name| Some((name, of.text(name)?)))
}

/// The same for people.
fn line(name: &str, measured: &Measurements, of: &EventDetails<'_>) -> String {
    let mut line = name.to_owned();
    for (name, text) in said(of) {
        line.push_str(&format!(" {name}={text}"));
    }
    if let Some(duration) = measured.duration {
        line.push_str(&format!(" duration={duration:.1?}"));
    }
    for name in ["input_tokens", "output_tokens"] {
        if let Some(count) = measured.get(name) {
            line.push_str(&format!(" {name}={count}"));
        }
    }
    for (name, value) in &measured.named {
        line.push_str(&format!(" {name}={value}"));
    }
    line
}
