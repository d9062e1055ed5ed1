//! From recording to the wire.
//!
//! ```text
//! entrance ─► intake ─► worker: convert ─► stages ─► split ─► lane ─► OTLP receiver
//!   │                                      └────► lane ─► console, or any SDK exporter
//!   └─ ledger: where everything is, for every destination
//! ```
//! `intake` and `ledger` are called by recording; everything else runs on threads of ours.

pub(crate) mod blocking;
pub(crate) mod command;
pub(crate) mod console;
pub(crate) mod convert;
pub(crate) mod entrance;
pub(crate) mod feedback;
pub(crate) mod intake;
pub(crate) mod lane;
pub(crate) mod ledger;
mod lineage;
mod losses;
pub(crate) mod metrics;
mod operation_view;
pub(crate) mod overflow;
mod queued;
pub(crate) mod request;
mod sdk;
mod sender;
mod shrink;
mod size;
pub(crate) mod split;
pub(crate) mod stage;
pub(crate) mod thread;
pub(crate) mod worker;

pub use console::Drawing;
pub use operation_view::OperationView;
pub use sdk::{ForLogs, ForMetrics, ForSpans, IntoSdkExporter};
pub use sender::{Sender, Sent};
pub use stage::content::truncate::truncate_json;

pub(crate) use convert::resource;
pub(crate) use sdk::{SdkDestination, SdkExporter, SdkMetrics, SdkTerms, Start};
