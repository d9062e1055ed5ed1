//! What was spooled, drawn as the terminal destination would have drawn it.

use std::fmt::{self, Write as _};

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use tokio::time::Instant;

use super::style::{Ink, Style, clean};
use super::traces::{Trace, Traces};
use super::{lines, tree};
use crate::export::feedback::Call;
use crate::export::request::Request;
use crate::export::sender::form_of;
use crate::signal::Signal;
use crate::spool::StoredRecord;

/// Draws what was spooled for standard output: traces as trees, metrics and logs as lines.
///
/// Names, tokens, costs, times and kinds of error are shown; content only if it is asked for. Control characters
/// are shown as dots, colours used where standard output is a terminal and `NO_COLOR` is not set.
///
/// ```no_run
/// use spanwise::spool::{Directory, Drawing};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut drawing = Drawing::new();
/// for spool in Directory::open("/var/lib/support-bot/telemetry")?.spools()? {
///     for record in spool.records()? {
///         print!("{}", drawing.add(&record?));
///     }
/// }
/// print!("{}", drawing.finish());
/// # Ok(()) }
/// ```
pub struct Drawing {
    style: Style,
    content: bool,
    traces: Traces,
}

impl Drawing {
    /// A drawing without content.
    #[allow(clippy::new_without_default, reason = "it looks at the terminal")]
    pub fn new() -> Self {
        Self { style: Style::of_stdout(), content: false, traces: Traces::default() }
    }

    /// Whether every attribute of spans and logs is shown, prompts and completions among them, as far as
    /// they were captured. Defaults to no.
    #[must_use]
    pub fn content(mut self, content: bool) -> Self {
        self.content = content;
        self
    }

    /// Adds a record, and returns what can be drawn now: a trace is once its root is there.
    pub fn add(&mut self, record: &StoredRecord) -> String {
        if record.signal == Signal::Feedback {
            return self.call(&record.payload);
        }
        let request = form_of(record.encoding)
            .and_then(|form| Request::decode(&record.payload, record.signal, form));
        match request {
            Some(Request::Traces(request)) => {
                let ready = self.traces.add(request, Instant::now());
                self.draw(ready)
            }
            Some(Request::Metrics(request)) => lines::metrics(&request, &self.style),
            Some(Request::Logs(request)) => {
                let mut text = lines::logs(&request, &self.style);
                let scopes = request.resource_logs.iter().flat_map(|logs| &logs.scope_logs);
                for log in scopes.flat_map(|scope| &scope.log_records).filter(|_| self.content) {
                    let body = log.body.as_ref().map(|body| ("body", body));
                    self.write(&mut text, &log.event_name, body, &log.attributes);
                }
                text
            }
            None => {
                let items = record.signal.counted(record.items);
                format!("{items} that are no OTLP that this program can read\n")
            }
        }
    }

    /// Feedback: where it goes, and what it says only if content is asked for.
    fn call(&self, payload: &[u8]) -> String {
        match Call::decode(payload) {
            Some(Call { path, body }) => {
                let path = self.style.paint(Ink::Process, &clean(&path.join("/")));
                let body = if self.content { clean(&body.to_string()) } else { String::new() };
                format!("feedback to {path} {body}").trim_end().to_owned() + "\n"
            }
            None => "feedback that this program cannot read\n".to_owned(),
        }
    }

    /// What waited for the rest of its trace, which is not there.
    pub fn finish(mut self) -> String {
        let mut rest = self.traces.take_all();
        // The rest was delivered, or is spooled elsewhere.
        rest.iter_mut().for_each(|trace| trace.still_open = false);
        self.draw(rest)
    }

    fn draw(&self, traces: Vec<Trace>) -> String {
        let mut text = String::new();
        for trace in &traces {
            text.push_str(&tree::draw(trace, &self.style));
            for span in trace.spans.iter().filter(|_| self.content) {
                self.write(&mut text, &span.name, None, &span.attributes);
                for event in &span.events {
                    self.write(&mut text, &event.name, None, &event.attributes);
                }
            }
            if self.content {
                text.push('\n');
            }
        }
        text
    }

    /// Everything that is known of something, a line each.
    fn write(
        &self,
        text: &mut String,
        name: &str,
        body: Option<(&str, &AnyValue)>,
        attributes: &[KeyValue],
    ) {
        let attributes =
            attributes.iter().filter_map(|pair| Some((&*pair.key, pair.value.as_ref()?)));
        text.push_str(&self.style.paint(Ink::Process, &clean(name)));
        text.push('\n');
        for (key, value) in body.into_iter().chain(attributes) {
            let key = self.style.paint(Ink::Dim, &clean(key));
            // Writing to memory does not fail.
            let _ = writeln!(text, "  {key} = {}", clean(&shown(value)));
        }
    }
}

impl fmt::Debug for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drawing").field("content", &self.content).finish_non_exhaustive()
    }
}

fn shown(value: &AnyValue) -> String {
    let list = |values: Vec<String>| values.join(", ");
    match &value.value {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(flag)) => flag.to_string(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::BytesValue(bytes)) => format!("{} bytes", bytes.len()),
        Some(Value::ArrayValue(array)) => {
            format!("[{}]", list(array.values.iter().map(shown).collect()))
        }
        Some(Value::KvlistValue(pairs)) => {
            let pair = |pair: &KeyValue| {
                format!("{}: {}", pair.key, pair.value.as_ref().map(shown).unwrap_or_default())
            };
            format!("{{{}}}", list(pairs.values.iter().map(pair).collect()))
        }
        _ => String::new(),
    }
}
