//! Any exporter of the OpenTelemetry SDK as a destination, on a thread and a runtime of its own.

mod back;
mod logs;
mod metrics;
mod spans;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::LogExporter;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::SpanExporter;

use super::intake::Intake;
use super::lane::{Deliver, Lane};
use super::ledger::{Fate, LaneId};
use super::thread::FarEnd;
use crate::diagnostics::Diagnostics;
use crate::error::InitError;
use crate::report::DropReason;
use crate::signal::Signal;

/// Tells span exporters apart in [`IntoSdkExporter`].
#[derive(Debug)]
pub enum ForSpans {}

/// Tells log exporters apart in [`IntoSdkExporter`].
#[derive(Debug)]
pub enum ForLogs {}

/// Tells metric exporters apart in [`IntoSdkExporter`].
#[derive(Debug)]
pub enum ForMetrics {}

/// A span, log or metric exporter of the OpenTelemetry SDK.
///
/// Implemented for everything that implements `SpanExporter`, `LogExporter` or `PushMetricExporter`;
/// the parameter only tells these apart.
pub trait IntoSdkExporter<M>: sealed::IntoSdkExporter<M> {}

mod sealed {
    use super::SdkExporter;

    pub trait IntoSdkExporter<M>: Sized + 'static {
        fn sdk_exporter<F>(make: F) -> SdkExporter
        where
            F: AsyncFnOnce() -> Self + Send + 'static;
    }
}

impl<E: SpanExporter + 'static> IntoSdkExporter<ForSpans> for E {}

impl<E: SpanExporter + 'static> sealed::IntoSdkExporter<ForSpans> for E {
    fn sdk_exporter<F>(make: F) -> SdkExporter
    where
        F: AsyncFnOnce() -> Self + Send + 'static,
    {
        SdkExporter(Start::Lane {
            signal: Signal::Traces,
            start: Box::new(|destination| {
                start_lane(destination, async move |destination| {
                    let mut exporter = make().await;
                    exporter.set_resource(&destination.resource);
                    spans::SpanLane { exporter, end: destination.end() }
                })
            }),
        })
    }
}

impl<E: LogExporter + 'static> IntoSdkExporter<ForLogs> for E {}

impl<E: LogExporter + 'static> sealed::IntoSdkExporter<ForLogs> for E {
    fn sdk_exporter<F>(make: F) -> SdkExporter
    where
        F: AsyncFnOnce() -> Self + Send + 'static,
    {
        SdkExporter(Start::Lane {
            signal: Signal::Logs,
            start: Box::new(|destination| {
                start_lane(destination, async move |destination| {
                    let mut exporter = make().await;
                    exporter.set_resource(&destination.resource);
                    logs::LogLane::new(exporter, destination.end())
                })
            }),
        })
    }
}

impl<E: PushMetricExporter> IntoSdkExporter<ForMetrics> for E {}

impl<E: PushMetricExporter> sealed::IntoSdkExporter<ForMetrics> for E {
    fn sdk_exporter<F>(make: F) -> SdkExporter
    where
        F: AsyncFnOnce() -> Self + Send + 'static,
    {
        SdkExporter(Start::Metrics {
            start: Box::new(|builder, destination| metrics::start(builder, destination, make)),
        })
    }
}

/// An exporter that has not started. Public only where it cannot be named.
pub struct SdkExporter(pub(crate) Start);

/// How an exporter is started.
pub(crate) enum Start {
    /// Gets what went through the stages.
    Lane { signal: Signal, start: Box<StartLane> },
    /// Gets what a reader of its own collects.
    Metrics { start: Box<StartMetrics> },
}

type StartLane = dyn FnOnce(SdkDestination) -> Result<FarEnd, InitError> + Send;
type StartMetrics =
    dyn FnOnce(MeterProviderBuilder, SdkMetrics) -> Result<MeterProviderBuilder, InitError> + Send;

impl SdkExporter {
    pub(crate) fn signal(&self) -> Signal {
        match &self.0 {
            Start::Lane { signal, .. } => *signal,
            Start::Metrics { .. } => Signal::Metrics,
        }
    }
}

/// What an exporter of spans or logs is started with.
pub(crate) struct SdkDestination {
    pub(crate) lane: Lane,
    pub(crate) terms: SdkTerms,
}

/// What any exporter is started with.
#[derive(Clone)]
pub(crate) struct SdkTerms {
    pub(crate) id: LaneId,
    pub(crate) name: String,
    pub(crate) resource: Resource,
    pub(crate) export_timeout: Duration,
    pub(crate) diagnostics: Diagnostics,
    pub(crate) intake: Arc<Intake>,
}

/// What an exporter of metrics is started with.
pub(crate) struct SdkMetrics {
    pub(crate) terms: SdkTerms,
    pub(crate) interval: Duration,
}

impl SdkTerms {
    fn end(&self) -> LaneEnd {
        LaneEnd {
            name: self.name.clone(),
            signal: self.id.signal,
            export_timeout: self.export_timeout,
            diagnostics: self.diagnostics.clone(),
        }
    }

    fn panicked(&self) {
        self.intake.ledger(|ledger| {
            ledger.abandon(self.id.destination, DropReason::ExporterPanicked);
        });
        self.diagnostics.warn(
            &format!("{} panicked", self.name),
            format!(
                "the exporter of destination `{}` panicked, and gets nothing any more",
                self.name
            ),
        );
    }
}

/// Runs a lane on a thread of its own, whose end is made there.
fn start_lane<D: Deliver>(
    destination: SdkDestination,
    make: impl AsyncFnOnce(&SdkTerms) -> D + Send + 'static,
) -> Result<FarEnd, InitError> {
    let SdkDestination { lane, terms } = destination;
    FarEnd::on_own_thread("spanwise-exporter", move |runtime| {
        let run = AssertUnwindSafe(|| {
            runtime.block_on(async { lane.run(make(&terms).await).await });
        });
        if std::panic::catch_unwind(run).is_err() {
            terms.panicked();
        }
    })
}

/// What lanes to SDK exporters have in common.
struct LaneEnd {
    name: String,
    signal: Signal,
    export_timeout: Duration,
    diagnostics: Diagnostics,
}

impl LaneEnd {
    /// The fate of a batch, by the exporter's one answer.
    async fn fate(&self, items: u64, export: impl Future<Output = OTelSdkResult>) -> Fate {
        match tokio::time::timeout(self.export_timeout, export).await {
            Ok(Ok(())) => Fate::exported(items),
            Ok(Err(error)) => {
                self.warn(format!(
                    "refused a batch ({error}); lost: {}",
                    self.signal.counted(items)
                ));
                Fate::dropped(items, DropReason::Refused)
            }
            Err(_) => {
                self.warn(format!("took too long; lost: {}", self.signal.counted(items)));
                Fate::dropped(items, DropReason::RetriesExhausted)
            }
        }
    }

    fn warn(&self, what: String) {
        let kind = format!("{} {}", self.name, self.signal.name());
        self.diagnostics.warn(&kind, format!("the exporter of destination `{}` {what}", self.name));
    }
}
