//! One event: what an operation did, when it is over.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::{GenerationEvent, OrchestratorEvent, SpanEvent, ToolExecutionEvent};

/// What else there is to say, by name.
pub type Metadata = BTreeMap<String, Value>;

/// What an operation did, in one piece: for systems that take no OpenTelemetry.
///
/// Operations make events when they end, and an event that was made elsewhere becomes an operation when it is
/// emitted. As JSON it is an object whose `type` is `generation`, `tool_execution`, `orchestrator` or `span`;
/// times are RFC 3339, and `duration_ms`, which follows from them, is in milliseconds.
///
/// `Debug` shows ids, names and numbers, never content, metadata or the texts of errors.
///
/// ```
/// use spanwise_core::{GenerationEvent, TelemetryEvent};
///
/// let event = TelemetryEvent::Generation(GenerationEvent {
///     id: "gen-123".into(),
///     model: "gpt-4".into(),
///     ..GenerationEvent::default()
/// });
/// let json = serde_json::to_string(&event).unwrap();
/// assert_eq!(serde_json::from_str::<TelemetryEvent>(&json).unwrap(), event);
/// ```
#[derive(Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum TelemetryEvent {
    /// A model call: also a request for embeddings, and a retrieval by a model.
    Generation(GenerationEvent),
    /// The run of a tool.
    ToolExecution(ToolExecutionEvent),
    /// An agent's invocation, or a workflow.
    Orchestrator(OrchestratorEvent),
    /// Everything else.
    Span(SpanEvent),
}

/// Calls what follows with the event, whichever it is.
macro_rules! each {
    ($self:expr, $event:ident => $of:expr) => {
        match $self {
            TelemetryEvent::Generation($event) => $of,
            TelemetryEvent::ToolExecution($event) => $of,
            TelemetryEvent::Orchestrator($event) => $of,
            TelemetryEvent::Span($event) => $of,
        }
    };
}

impl TelemetryEvent {
    /// Its id: that of its span, in hexadecimal, where an operation made it.
    pub fn id(&self) -> &str {
        each!(self, event => &event.id)
    }

    /// The trace that it belongs to, where that is known.
    pub fn trace_id(&self) -> Option<&str> {
        each!(self, event => event.trace_id.as_deref())
    }

    /// The span that it happened in.
    pub fn parent_span_id(&self) -> Option<&str> {
        each!(self, event => event.parent_span_id.as_deref())
    }

    /// When it began.
    pub fn start_time(&self) -> SystemTime {
        each!(self, event => event.start_time)
    }

    /// When it ended; `None` for a span that goes on.
    pub fn end_time(&self) -> Option<SystemTime> {
        match self {
            Self::Generation(event) => Some(event.end_time),
            Self::ToolExecution(event) => Some(event.end_time),
            Self::Orchestrator(event) => Some(event.end_time),
            Self::Span(event) => event.end_time,
        }
    }

    /// How long it took; `None` for a span that goes on.
    pub fn duration(&self) -> Option<Duration> {
        self.end_time().map(|end| between(self.start_time(), end))
    }

    /// How it ended.
    pub fn status(&self) -> EventStatus {
        each!(self, event => event.status)
    }

    /// What went wrong, where something did.
    pub fn error(&self) -> Option<&EventError> {
        each!(self, event => event.error.as_ref())
    }

    /// What else there is to say: of a span, its attributes.
    pub fn metadata(&self) -> &Metadata {
        match self {
            Self::Generation(event) => &event.metadata,
            Self::ToolExecution(event) => &event.metadata,
            Self::Orchestrator(event) => &event.metadata,
            Self::Span(event) => &event.attributes,
        }
    }
}

pub(super) fn between(start: SystemTime, end: SystemTime) -> Duration {
    end.duration_since(start).unwrap_or_default()
}

impl Serialize for TelemetryEvent {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        enum Tagged<'a> {
            Generation(&'a GenerationEvent),
            ToolExecution(&'a ToolExecutionEvent),
            Orchestrator(&'a OrchestratorEvent),
            Span(&'a SpanEvent),
        }

        #[derive(Serialize)]
        struct Written<'a> {
            #[serde(flatten)]
            event: Tagged<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            duration_ms: Option<f64>,
        }

        let event = match self {
            Self::Generation(event) => Tagged::Generation(event),
            Self::ToolExecution(event) => Tagged::ToolExecution(event),
            Self::Orchestrator(event) => Tagged::Orchestrator(event),
            Self::Span(event) => Tagged::Span(event),
        };
        let duration_ms = self.duration().map(|duration| duration.as_secs_f64() * 1000.0);
        Written { event, duration_ms }.serialize(to)
    }
}

impl fmt::Debug for TelemetryEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        each!(self, event => event.fmt(f))
    }
}

macro_rules! from_event {
    ($($variant:ident($event:ty)),* $(,)?) => {$(
        impl From<$event> for TelemetryEvent {
            fn from(event: $event) -> Self {
                Self::$variant(event)
            }
        }
    )*};
}

from_event!(
    Generation(GenerationEvent),
    ToolExecution(ToolExecutionEvent),
    Orchestrator(OrchestratorEvent),
    Span(SpanEvent),
);

/// How an operation ended: `spanwise.outcome`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// It came to its end.
    #[default]
    Completed,
    /// It failed.
    Failed,
    /// It was given up, such as a future that is dropped.
    Cancelled,
}

/// What went wrong. `Debug` does not show the message.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventError {
    /// A word of low cardinality: `error.type`.
    pub kind: String,
    /// The text of the error, which may quote a prompt: there only where errors' texts are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl EventError {
    /// An error of this kind.
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), message: None }
    }

    /// The same, with what it says.
    #[must_use]
    pub fn message(self, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..self }
    }
}

impl From<&str> for EventError {
    fn from(kind: &str) -> Self {
        Self::new(kind)
    }
}

impl fmt::Debug for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventError").field("kind", &self.kind).finish_non_exhaustive()
    }
}
