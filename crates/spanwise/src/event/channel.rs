//! Events to whoever receives them in this process.

use std::fmt;

use spanwise_core::TelemetryEvent;
use tokio::sync::mpsc;

use super::exporter::{ExportError, TelemetryExporter};

/// Hands events to an [`EventReceiver`], which another task or thread of the program has.
///
/// Where that is slow, events wait in the exporter's queue; where it is gone, they count as failed.
///
/// ```
/// use spanwise::{ChannelExporter, ExporterSettings};
///
/// # fn main() {
/// let (exporter, mut events) = ChannelExporter::new(1000);
/// let id = spanwise::add_exporter(exporter);
/// std::thread::spawn(move || {
///     while let Some(event) = events.receive_blocking() {
///         println!("{event:?}");
///     }
/// });
/// # spanwise::remove_exporter(id);
/// # }
/// ```
pub struct ChannelExporter(mpsc::Sender<TelemetryEvent>);

/// Receives the events of a [`ChannelExporter`]. There are no more once that was removed.
pub struct EventReceiver(mpsc::Receiver<TelemetryEvent>);

impl ChannelExporter {
    /// A channel that holds so many events.
    #[allow(clippy::new_ret_no_self, reason = "a channel has two ends")]
    pub fn new(capacity: usize) -> (Self, EventReceiver) {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        (Self(sender), EventReceiver(receiver))
    }
}

impl TelemetryExporter for ChannelExporter {
    async fn export(&self, event: &TelemetryEvent) -> Result<(), ExportError> {
        self.0.send(event.clone()).await.map_err(|_| ExportError::new("nobody receives"))
    }
}

impl EventReceiver {
    /// The next event; `None` once there are no more.
    pub async fn receive(&mut self) -> Option<TelemetryEvent> {
        self.0.recv().await
    }

    /// The same, without a runtime.
    ///
    /// # Panics
    ///
    /// In an asynchronous task, which it would block.
    pub fn receive_blocking(&mut self) -> Option<TelemetryEvent> {
        self.0.blocking_recv()
    }

    /// The next event, where it is there already.
    pub fn try_receive(&mut self) -> Option<TelemetryEvent> {
        self.0.try_recv().ok()
    }
}

impl fmt::Debug for ChannelExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelExporter")
    }
}

impl fmt::Debug for EventReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventReceiver")
    }
}
