//! Metric exporters: each has a reader of its own, and gets what that collects as it is.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{MeterProviderBuilder, PeriodicReader, Temporality};
use tokio::sync::oneshot;

use super::{SdkMetrics, SdkTerms};
use crate::error::{InitError, Source};
use crate::export::convert;
use crate::export::ledger::Fate;
use crate::export::request::Item;
use crate::export::thread::own_thread;
use crate::report::DropReason;

/// How long an exporter may take to be made: its temporality is asked for before anything is recorded.
const MAKING: Duration = Duration::from_secs(10);

pub(super) fn start<E, F>(
    builder: MeterProviderBuilder,
    destination: SdkMetrics,
    make: F,
) -> Result<MeterProviderBuilder, InitError>
where
    E: PushMetricExporter,
    F: AsyncFnOnce() -> E + Send + 'static,
{
    let SdkMetrics { terms, interval } = destination;
    let (made, is_made) = mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    own_thread("spanwise-exporter", move |runtime| {
        let run = AssertUnwindSafe(|| {
            runtime.block_on(async {
                let exporter = Arc::new(make().await);
                let _ = made.send((exporter, runtime.handle().clone()));
                // Drives what the exporter's requests need until the adapter goes away.
                let _ = stopped.await;
            });
        });
        // Where making it panics, `made` is dropped, which says so.
        let _ = std::panic::catch_unwind(run);
    })?;
    let (exporter, runtime) = is_made.recv_timeout(MAKING).map_err(|_| {
        let source = Source::code(format!("exporter of destination `{}`", terms.name));
        source.invalid("could not be made", "make it without panicking, within 10 s")
    })?;
    let adapter = Adapter { exporter: Mutex::new(Some(exporter)), runtime, terms, _stop: stop };
    Ok(builder.with_reader(PeriodicReader::builder(adapter).with_interval(interval).build()))
}

/// Runs an exporter's work where it was made, and enters what becomes of it.
struct Adapter<E> {
    /// `None` once it has panicked.
    exporter: Mutex<Option<Arc<E>>>,
    runtime: tokio::runtime::Handle,
    terms: SdkTerms,
    _stop: oneshot::Sender<()>,
}

impl<E: PushMetricExporter> Adapter<E> {
    fn exporter(&self) -> Option<Arc<E>> {
        self.exporter.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn export_now(&self, exporter: &E, metrics: &ResourceMetrics, points: u64) -> Fate {
        let end = self.terms.end();
        // On the reader's thread, which is no runtime's.
        let export = || self.runtime.block_on(end.fate(points, exporter.export(metrics)));
        match std::panic::catch_unwind(AssertUnwindSafe(export)) {
            Ok(fate) => fate,
            Err(_) => {
                *self.exporter.lock().unwrap_or_else(PoisonError::into_inner) = None;
                self.terms.panicked();
                Fate::dropped(points, DropReason::ExporterPanicked)
            }
        }
    }
}

impl<E: PushMetricExporter> PushMetricExporter for Adapter<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let Some(exporter) = self.exporter() else { return Err(OTelSdkError::AlreadyShutdown) };
        let collected = metrics.into();
        self.terms.intake.overflow.look(&collected);
        let groups = convert::metrics(collected);
        let items = groups.iter().flat_map(|group| &group.items);
        let points = items.map(|carried| carried.item.count()).sum();
        let lane = self.terms.id;
        self.terms.intake.ledger(|ledger| {
            ledger.accept_for(lane, points);
            ledger.depart(lane, points);
        });
        let fate = self.export_now(&exporter, metrics, points);
        self.terms.intake.ledger(|ledger| ledger.settle(lane, 0, fate));
        if fate.dropped == 0 {
            Ok(())
        } else {
            Err(OTelSdkError::InternalFailure(fate.reason.to_string()))
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter().map_or(Ok(()), |exporter| exporter.force_flush())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter().map_or(Ok(()), |exporter| exporter.shutdown_with_timeout(timeout))
    }

    fn temporality(&self) -> Temporality {
        self.exporter().map(|exporter| exporter.temporality()).unwrap_or_default()
    }
}

impl<E> fmt::Debug for Adapter<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Adapter")
    }
}
