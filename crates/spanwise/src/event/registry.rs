//! The exporters of the process.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use spanwise_core::{EventHub, SinkId};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::exporter::TelemetryExporter;
use super::queue::Queue;
use super::report::ExporterReport;
use super::settings::ExporterSettings;
use super::worker;
use crate::diagnostics::warn_here;
use crate::export::blocking;

/// Which exporter it is, to [remove](crate::remove_exporter) it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExporterId(u64);

#[cfg(test)]
impl ExporterId {
    pub(super) fn first() -> Self {
        Self(0)
    }
}

struct Running {
    queue: Arc<Queue>,
    sink: SinkId,
}

static RUNNING: RwLock<Vec<Running>> = RwLock::new(Vec::new());

fn queues() -> Vec<Arc<Queue>> {
    let running = RUNNING.read().unwrap_or_else(PoisonError::into_inner);
    running.iter().map(|running| running.queue.clone()).collect()
}

/// Gives every operation that starts from here on to this exporter, as an event when it is over, without
/// content.
///
/// Events come from the process's recorder: that of [`init_telemetry`](crate::init_telemetry) or
/// [`attach_providers`](crate::attach_providers), which may be started before or after this. The exporter
/// gets a queue and a thread of its own, and goes on until it is removed, or telemetry is shut down.
///
/// ```
/// use spanwise::JsonLinesExporter;
///
/// # fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("events.jsonl");
/// let id = spanwise::add_exporter(JsonLinesExporter::create(path)?);
/// // … the program …
/// spanwise::remove_exporter(id);
/// # Ok(()) }
/// ```
pub fn add_exporter(exporter: impl TelemetryExporter) -> ExporterId {
    add_exporter_with(exporter, ExporterSettings::default())
}

/// The same, with settings: a name, what it may have of content, how much may wait.
///
/// ```
/// use spanwise::{ChannelExporter, ContentLevel, ExporterSettings};
///
/// let (exporter, events) = ChannelExporter::new(100);
/// let settings = ExporterSettings::new("dashboard").content(ContentLevel::Names);
/// let id = spanwise::add_exporter_with(exporter, settings);
/// # spanwise::remove_exporter(id);
/// # drop(events);
/// ```
pub fn add_exporter_with(
    exporter: impl TelemetryExporter,
    settings: impl Into<ExporterSettings>,
) -> ExporterId {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let id = ExporterId(NEXT.fetch_add(1, Ordering::Relaxed));
    let queue = Arc::new(Queue::new(id, settings.into()));
    if let Err(error) = worker::start(queue.clone(), Arc::new(exporter)) {
        // What comes is counted as dropped.
        warn_here(&format!("an exporter could not be started: {error}"));
    }
    let sink = EventHub::of_process().add_sink(queue.clone());
    let mut running = RUNNING.write().unwrap_or_else(PoisonError::into_inner);
    running.push(Running { queue, sink });
    id
}

/// Removes an exporter, and says what became of its events until now. What still waits is dropped and counted;
/// [`flush_exporters`] before keeps it. `None` where there is none.
pub fn remove_exporter(id: ExporterId) -> Option<ExporterReport> {
    let removed = {
        let mut running = RUNNING.write().unwrap_or_else(PoisonError::into_inner);
        let place = running.iter().position(|running| running.queue.id == id)?;
        running.remove(place)
    };
    Some(removed.end())
}

/// Removes all exporters, and says what became of their events.
pub fn clear_exporters() -> Vec<ExporterReport> {
    let all = std::mem::take(&mut *RUNNING.write().unwrap_or_else(PoisonError::into_inner));
    all.into_iter().map(Running::end).collect()
}

impl Running {
    fn end(self) -> ExporterReport {
        EventHub::of_process().remove_sink(self.sink);
        self.queue.close();
        self.queue.report()
    }
}

/// The exporters there are, and what became of their events until now.
pub fn exporters() -> Vec<ExporterReport> {
    reports()
}

/// Whether anything is recorded here and now: telemetry was started, and is not suppressed.
pub fn is_enabled() -> bool {
    spanwise_core::is_recorded()
}

/// Waits until every event that is there now has its fate, or time is over; says whether all have.
///
/// Works in any runtime and in none. [`Telemetry::flush`](crate::Telemetry::flush) does it as well.
pub fn flush_exporters(timeout: Duration) -> impl Future<Output = bool> + Send + 'static {
    let settled = settle(Instant::now() + timeout);
    async move { settled.await.unwrap_or(false) }
}

pub(crate) fn reports() -> Vec<ExporterReport> {
    queues().iter().map(|queue| queue.report()).collect()
}

/// Told whether all that is there now has its fate, when it has, or when time is over.
pub(crate) fn settle(deadline: Instant) -> oneshot::Receiver<bool> {
    let (done, is_done) = oneshot::channel();
    let waiting: Vec<_> = queues().iter().map(|queue| queue.settled()).collect();
    if waiting.is_empty() {
        let _ = done.send(true);
        return is_done;
    }
    // Time must run wherever it is awaited, and exporters may stand still. Without a thread, `done` is dropped
    // with the closure, which is an answer, too.
    let _ = std::thread::Builder::new().name("spanwise-settle".into()).spawn(move || {
        let all = async {
            for settled in waiting {
                // An error means that the exporter is gone, and so is what was there for it.
                let _ = settled.await;
            }
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let _ = done.send(blocking::wait(all, left).is_some());
    });
    is_done
}
