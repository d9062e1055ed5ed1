//! The thread of one exporter.

use std::sync::Arc;
use std::time::Duration;

use spanwise_core::{CapturePolicy, RecordedOperation, TelemetryEvent};

use super::convert::event;
use super::exporter::AnyExporter;
use super::queue::{Fate, Queue};
use super::settings;
use crate::diagnostics::Diagnostics;
use crate::error::InitError;
use crate::export::stage::content::ContentStages;
use crate::export::thread::own_thread;

/// After a batch it waits a moment for the next: waking a thread for each event would cost those who record.
const REST: Duration = Duration::from_millis(5);

/// Starts the thread.
pub(super) fn start(queue: Arc<Queue>, exporter: Arc<dyn AnyExporter>) -> Result<(), InitError> {
    let guard = AbandonAtEnd(queue.clone());
    own_thread("spanwise-event", move |runtime| {
        let worker = Worker { queue, exporter, stages: None, diagnostics: Diagnostics::default() };
        runtime.block_on(worker.run());
        drop(guard);
    })
}

/// However the thread ends, nothing waits for it from then on.
struct AbandonAtEnd(Arc<Queue>);

impl Drop for AbandonAtEnd {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

struct Worker {
    queue: Arc<Queue>,
    exporter: Arc<dyn AnyExporter>,
    /// What content goes through, for what one recorder captures.
    stages: Option<(CapturePolicy, ContentStages)>,
    diagnostics: Diagnostics,
}

impl Worker {
    async fn run(mut self) {
        while !self.queue.is_closed() {
            let taken = self.queue.next(self.exporter.at_once());
            if !taken.is_empty() {
                self.export(taken).await;
                continue;
            }
            let rest = tokio::time::timeout(REST, self.queue.woken()).await;
            if rest.is_err() && self.queue.sleeps() {
                self.queue.woken().await;
            }
        }
    }

    async fn export(&mut self, taken: Vec<Arc<RecordedOperation>>) {
        let events: Vec<_> = taken.iter().map(|operation| self.event(operation)).collect();
        let (count, timeout) = (events.len(), self.queue.settings.timeout);
        let exporter = self.exporter.clone();
        // A task of its own, so that a panic ends there.
        let mut task = tokio::spawn(async move { exporter.export(&events).await });
        let fate = match tokio::time::timeout(timeout, &mut task).await {
            Ok(Ok(Ok(()))) => Fate::Exported,
            Ok(Ok(Err(reason))) => self.lost(Fate::Failed, &format!("failed ({reason})")),
            Ok(Err(_)) => self.lost(Fate::Panicked, "panicked"),
            Err(_) => {
                task.abort();
                self.lost(Fate::TimedOut, "took too long")
            }
        };
        self.queue.settle(fate, count);
    }

    fn lost(&self, fate: Fate, what: &str) -> Fate {
        let name = &self.queue.settings.name;
        self.diagnostics.warn(
            &format!("{fate:?}"),
            format!("the exporter `{name}` {what}; events are lost there, and counted"),
        );
        fate
    }

    fn event(&mut self, operation: &RecordedOperation) -> TelemetryEvent {
        let capture = operation.policy;
        let known = self.stages.take().filter(|(known, _)| *known == capture);
        let (_, stages) = self.stages.insert(known.unwrap_or_else(|| {
            let (content, most) = settings::in_force(&self.queue.settings.content);
            (capture, ContentStages::of_events(&content, &capture, most))
        }));
        event(operation, stages)
    }
}
