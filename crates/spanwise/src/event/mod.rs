//! Events of operations, to whoever wants them: each exporter has a queue and a thread of its own.
//!
//! ```text
//! operation ──► EventHub ─┬─► Queue ──► thread: content stages ──► TelemetryEvent ──► TelemetryExporter
//!                         └─► Queue ──► …
//! ```
//! One that is slow, fails or panics fills its own queue, and harms nobody else.

mod books;
mod channel;
mod convert;
mod emit;
mod exporter;
mod ids;
mod json_lines;
mod logger;
mod queue;
mod registry;
mod report;
mod settings;
#[cfg(feature = "statsd")]
mod statsd;
#[cfg(feature = "http")]
mod webhook;
mod worker;

pub use channel::{ChannelExporter, EventReceiver};
pub use emit::emit;
pub use exporter::{ExportError, TelemetryExporter};
pub use json_lines::JsonLinesExporter;
pub use logger::{attach_default_logger, attach_json_logger, detach_loggers};
pub use registry::{
    ExporterId, add_exporter, add_exporter_with, clear_exporters, exporters, flush_exporters,
    is_enabled, remove_exporter,
};
pub use report::ExporterReport;
pub use settings::ExporterSettings;
#[cfg(feature = "statsd")]
pub use statsd::StatsdExporter;
#[cfg(feature = "http")]
pub use webhook::WebhookExporter;

pub(crate) use books::each as books;
pub(crate) use registry::{reports, settle};
pub(crate) use settings::hold_to;
