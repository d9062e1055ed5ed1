//! See in a test what spanwise records.
//!
//! | To | Use |
//! |---|---|
//! | capture what a closure or a future records | [`capture`], [`capture_async`] |
//! | capture content as well, or sample | [`Capture::builder`] |
//! | compare the spans with what they should be | [`Captured::tree`] |
//! | hold it to the conventions | [`Captured::assert_conformant`], [`Conformance`] |
//! | receive what is exported, with the feature `receiver` | `Receiver` |
//! | see what Langfuse makes of it, with the same feature | `langfuse_observations`, `LangfuseServer` |
//! | look at one span, metric or event | [`Captured::span`], [`Captured::metric`], [`Captured::event`] |
//!
//! A capture lives in an OpenTelemetry `Context` of its own: tests run in parallel, nothing global
//! changes, and what runs beside is not seen. Ids count from one, and a clock of its own advances by a
//! millisecond each time it is read.
//!
//! ```
//! use spanwise_core::{Agent, Generation, Provider, Response, Tool, Usage};
//!
//! let captured = spanwise_testing::capture(|| {
//!     Agent::new("triage").run_sync(|_agent| {
//!         Generation::chat(Provider::OpenAi, "gpt-4o").run_sync(|generation| {
//!             generation.record(&Response::new().usage(Usage::new(120, 48)));
//!             Ok::<_, std::io::Error>(())
//!         })?;
//!         Tool::new("lookup_order").run_sync(|_tool| Ok::<_, std::io::Error>(()))
//!     })
//! });
//! assert_eq!(captured.tree(), "\
//! invoke_agent triage
//!   chat gpt-4o usage.input_tokens=120 usage.output_tokens=48
//!   execute_tool lookup_order
//! ");
//! ```

mod capture;
mod captured;
mod captured_span;
mod conformance;
mod fixed;
#[cfg(feature = "receiver")]
mod langfuse;
#[cfg(feature = "receiver")]
mod receiver;
mod tree;

pub use capture::{Capture, CaptureBuilder, capture, capture_async};
pub use captured::{Captured, CapturedEvent, CapturedMetric, Instrument};
pub use captured_span::CapturedSpan;
pub use conformance::{Conformance, Signal, Telemetry, Violation};
#[cfg(feature = "receiver")]
pub use langfuse::{LangfuseObservation, LangfuseServer, langfuse_observations};
#[cfg(feature = "receiver")]
pub use receiver::{
    Answer, Arrived, Certificates, Connections, Message, Receiver, attribute, text,
};
