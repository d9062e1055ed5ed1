//! What takes events.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use spanwise_core::TelemetryEvent;

/// Takes events, to send them anywhere.
///
/// It is called on a thread of its own, within a runtime of tokio with one thread, on which nothing is
/// recorded. It may wait, fail and panic: what it does not take is counted ([`ExporterReport`]), and nobody
/// else pays for it.
///
/// ```
/// use spanwise::{ExportError, TelemetryEvent, TelemetryExporter};
///
/// struct Printed;
///
/// impl TelemetryExporter for Printed {
///     async fn export(&self, event: &TelemetryEvent) -> Result<(), ExportError> {
///         println!("{} took {:?}", event.id(), event.duration());
///         Ok(())
///     }
/// }
/// ```
///
/// [`ExporterReport`]: crate::ExporterReport
pub trait TelemetryExporter: Send + Sync + 'static {
    /// Takes an event.
    ///
    /// # Errors
    ///
    /// [`ExportError`], where it was not taken. It is not tried again.
    fn export(
        &self,
        event: &TelemetryEvent,
    ) -> impl Future<Output = Result<(), ExportError>> + Send;

    /// How many events it takes at once at most, by [`export_batch`](Self::export_batch). Defaults to 1.
    fn batch_size(&self) -> usize {
        1
    }

    /// Takes several events, all of them or none. Defaults to one after the other.
    ///
    /// # Errors
    ///
    /// [`ExportError`], where they were not taken: all of them count as lost.
    fn export_batch(
        &self,
        events: &[TelemetryEvent],
    ) -> impl Future<Output = Result<(), ExportError>> + Send {
        async move {
            for event in events {
                self.export(event).await?;
            }
            Ok(())
        }
    }
}

impl<T: TelemetryExporter> TelemetryExporter for Box<T> {
    async fn export(&self, event: &TelemetryEvent) -> Result<(), ExportError> {
        (**self).export(event).await
    }

    fn batch_size(&self) -> usize {
        (**self).batch_size()
    }

    async fn export_batch(&self, events: &[TelemetryEvent]) -> Result<(), ExportError> {
        (**self).export_batch(events).await
    }
}

/// Why events were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportError(&'static str);

impl ExportError {
    /// For this reason, in a few words, which are logged. A constant, so that it holds no secret.
    pub const fn new(reason: &'static str) -> Self {
        Self(reason)
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for ExportError {}

type Exporting<'a> = Pin<Box<dyn Future<Output = Result<(), ExportError>> + Send + 'a>>;

/// An exporter of any type.
pub(super) trait AnyExporter: Send + Sync {
    fn export<'a>(&'a self, events: &'a [TelemetryEvent]) -> Exporting<'a>;
    fn at_once(&self) -> usize;
}

impl<E: TelemetryExporter> AnyExporter for E {
    fn export<'a>(&'a self, events: &'a [TelemetryEvent]) -> Exporting<'a> {
        Box::pin(self.export_batch(events))
    }

    fn at_once(&self) -> usize {
        self.batch_size().max(1)
    }
}
