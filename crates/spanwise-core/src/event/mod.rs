//! What happens, as events: for those who want to react to it, or send it elsewhere than telemetry goes.
//!
//! ```text
//! operation ends ──► RecordedOperation ──► EventHub ──► EventSink, …
//! ```
//! Where nobody listens, an operation looks at one flag and goes on.

mod generation;
mod hub;
mod inside;
mod orchestrator;
mod recorded;
mod span;
mod telemetry_event;
mod time;
mod tool_execution;

pub use generation::GenerationEvent;
pub use hub::{EventHub, EventSink, SinkId};
pub use inside::Inside;
pub use orchestrator::OrchestratorEvent;
pub use recorded::{EventKind, RecordedOperation};
pub use span::SpanEvent;
pub use telemetry_event::{EventError, EventStatus, Metadata, TelemetryEvent};
pub use tool_execution::ToolExecutionEvent;

pub(crate) use hub::anyone_listens;
pub(crate) use inside::InsideContext;
