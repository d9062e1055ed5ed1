//! What happens, as events: for those who want to react to it, or send it elsewhere than telemetry goes.
//!
//! ```text
//! operation ends ──► RecordedOperation ──► EventHub ──► EventSink, …
//! event that was made elsewhere ──emit──► operation
//! ```
//! Where nobody listens, an operation looks at one flag and goes on.

mod emit;
mod emitted;
mod generation;
mod given;
mod handler;
mod hub;
mod inside;
mod measured;
mod orchestrator;
mod pattern;
mod recorded;
mod span;
mod telemetry_event;
mod time;
mod told;
mod tool_execution;

pub use emit::{EventPlace, emit_at};
pub use generation::GenerationEvent;
pub use given::GivenIds;
pub use handler::{
    AlreadyAttached, AttachedHandler, attach, attach_many, cost_calculated,
    cost_threshold_exceeded, detach, execute, list_handlers, warn_by,
};
pub use hub::{EventHub, EventSink, SinkId};
pub use inside::Inside;
pub use measured::{EventDetails, Measurements};
pub use orchestrator::OrchestratorEvent;
pub use recorded::{EventKind, RecordedOperation};
pub use span::SpanEvent;
pub use telemetry_event::{EventError, EventStatus, Metadata, TelemetryEvent};
pub use tool_execution::ToolExecutionEvent;

pub(crate) use emitted::Emitted;
pub(crate) use given::Placement;
pub(crate) use hub::anyone_listens;
pub(crate) use inside::InsideContext;
pub(crate) use told::ToldOfCall;
