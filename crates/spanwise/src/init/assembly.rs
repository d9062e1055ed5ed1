//! A lane and a reader for each signal of each destination.

use std::sync::Arc;

use opentelemetry::{Key, KeyValue};
use opentelemetry_sdk::metrics::{MeterProviderBuilder, PeriodicReader, SdkMeterProvider};

use super::finish::Started;
use super::plan::{Plan, PlannedRoute, plan};
use crate::config::{
    BatchConfiguration, Configured, ContentPolicy, DestinationKind, OverflowPolicy, Settings,
    Spooling, Temporality, View,
};
use crate::diagnostics::Diagnostics;
use crate::error::InitError;
use crate::export::feedback::{FeedbackEnd, FeedbackSettings};
use crate::export::intake::{Intake, Queues};
use crate::export::lane::disk::{Disk, DiskThread};
use crate::export::lane::otlp::OtlpSettings;
use crate::export::lane::{Lane, LaneHandle, LaneSettings, lane};
use crate::export::ledger::{LaneId, Ledger};
use crate::export::metrics::MetricIntake;
use crate::export::request::Form;
use crate::export::split::Bounds;
use crate::export::thread::FarEnd;
use crate::export::worker::PipelineLane;
use crate::export::{SdkDestination, SdkExporter, SdkMetrics, SdkTerms, Start, console};
#[cfg(feature = "prometheus")]
use crate::prometheus::{Listening, PrometheusExporter};
use crate::self_metrics::ExporterName;
use crate::signal::Signal;
use crate::spool::{self, Spool};

pub(super) fn start(
    settings: &Settings,
    destinations: Vec<Configured>,
) -> Result<Started, InitError> {
    let mut exporters: Vec<Option<SdkExporter>> = destinations
        .into_iter()
        .map(|configured| match configured {
            Configured::Destination(destination) => match destination.kind {
                DestinationKind::Sdk(exporter) => Some(exporter),
                DestinationKind::Otlp(_) | DestinationKind::Console(_) => None,
            },
            Configured::Preset(_) => None,
        })
        .collect();
    let planned = plan(settings, &mut exporters)?;
    let contents = planned.iter().map(|plan| plan.content.clone()).collect();
    let resources = planned.iter().map(|plan| plan.resource.clone()).collect();
    let ledger = Ledger::new(planned.iter().map(|plan| (plan.name.clone(), plan.takes())));
    let intake = Arc::new(Intake::new(settings.queues(), ledger));
    if planned.iter().any(|plan| plan.view.spans.wants_lineage()) {
        intake.track_lineage();
    }
    let diagnostics = intake.diagnostics.clone();
    let mut assembly = Assembly {
        settings,
        contents,
        resources,
        intake: intake.clone(),
        diagnostics: diagnostics.clone(),
        readers: Vec::new(),
        meters: SdkMeterProvider::builder().with_resource(settings.resource.clone()),
        has_meters: false,
        exporters: Vec::new(),
        ready: Vec::new(),
        to_connect: Vec::new(),
        disks: DiskThread::new(intake.clone(), diagnostics),
        #[cfg(feature = "prometheus")]
        scraped: None,
    };
    for (index, plan) in planned.into_iter().enumerate() {
        assembly.add(index, plan)?;
    }
    #[cfg(feature = "prometheus")]
    assembly.add_scraping()?;
    assembly.finish()
}

/// What is gathered until the worker can start.
pub(super) struct Assembly<'a> {
    pub(super) settings: &'a Settings,
    /// What each destination may have of content.
    pub(super) contents: Vec<ContentPolicy>,
    /// What the resource has for each destination alone.
    pub(super) resources: Vec<Vec<KeyValue>>,
    pub(super) intake: Arc<Intake>,
    pub(super) diagnostics: Diagnostics,
    /// The temporality of each reader; its place is the reader's number.
    readers: Vec<Temporality>,
    pub(super) meters: MeterProviderBuilder,
    pub(super) has_meters: bool,
    pub(super) exporters: Vec<ExporterName>,
    /// Lanes whose far end runs on a thread of its own.
    pub(super) ready: Vec<PipelineLane>,
    /// Lanes whose far end runs beside the worker.
    pub(super) to_connect: Vec<Unconnected>,
    pub(super) disks: DiskThread,
    #[cfg(feature = "prometheus")]
    pub(super) scraped: Option<(PrometheusExporter, Option<Listening>)>,
}

pub(super) struct Unconnected {
    handle: LaneHandle,
    lane: Lane,
    reader: usize,
    view: View,
    otlp: OtlpSettings,
    feedback: Option<FeedbackEnd>,
}

impl Assembly<'_> {
    fn add(&mut self, destination: usize, plan: Plan) -> Result<(), InitError> {
        let Plan { name, temporality, view, route, .. } = plan;
        match route {
            PlannedRoute::Otlp(signals, feedback) => {
                if let Some(feedback) = feedback {
                    self.add_feedback(destination, &name, *feedback);
                }
                for (signal, otlp) in signals {
                    let id = LaneId { destination, signal };
                    let reader = self.reader(signal, temporality);
                    let disk = self.disk(id, &name, &otlp);
                    let (handle, lane) = self.lane(id, otlp.form(), otlp.bounds(), disk);
                    self.exporters.push(otlp.exporter_name(destination, &name));
                    let (view, feedback) = (view.clone(), None);
                    self.to_connect.push(Unconnected {
                        handle,
                        lane,
                        reader,
                        view,
                        otlp,
                        feedback,
                    });
                }
            }
            PlannedRoute::Console(signals) => {
                for signal in Signal::ALL.into_iter().filter(|signal| signals.includes(*signal)) {
                    let id = LaneId { destination, signal };
                    let reader = self.reader(signal, temporality);
                    let (handle, lane) = self.lane(id, Form::Message, Bounds::NONE, None);
                    self.exporters.push(ExporterName::other(destination, signal, "console", &name));
                    let (view, far_end) = (view.clone(), console::start(lane)?);
                    let feedback = None;
                    self.ready.push(PipelineLane { handle, reader, view, feedback, far_end });
                }
            }
            PlannedRoute::Sdk(exporter) => {
                let signal = exporter.signal();
                self.exporters.push(ExporterName::other(destination, signal, "exporter", &name));
                self.add_sdk(LaneId { destination, signal }, (name, view), exporter)?;
            }
        }
        Ok(())
    }

    /// The address is taken here, where starting can still fail; it is served once there is something to show.
    #[cfg(feature = "prometheus")]
    fn add_scraping(&mut self) -> Result<(), InitError> {
        let Some(scraping) = &self.settings.scraping else { return Ok(()) };
        let listening = scraping.listen.as_ref().map(Listening::on).transpose()?;
        let meters = std::mem::take(&mut self.meters);
        let (exporter, meters) = PrometheusExporter::read(
            meters,
            self.intake.clone(),
            self.settings.content.redactors.clone(),
        );
        self.meters = meters;
        self.has_meters = true;
        self.scraped = Some((exporter, listening));
        Ok(())
    }

    fn add_feedback(&mut self, destination: usize, name: &str, settings: FeedbackSettings) {
        let FeedbackSettings { api, otlp } = settings;
        let id = LaneId { destination, signal: Signal::Feedback };
        let disk = self.disk(id, name, &otlp);
        let (handle, lane) = self.lane(id, otlp.form(), otlp.bounds(), disk);
        self.exporters.push(otlp.exporter_name(destination, name));
        let environment = self.environment(destination);
        let feedback = FeedbackEnd::new(name, api, environment, self.diagnostics.clone());
        self.to_connect.push(Unconnected {
            handle,
            lane,
            reader: 0,
            view: View::default(),
            otlp,
            feedback: Some(feedback),
        });
    }

    /// The environment that a destination is told of: in words of its own, else the process's.
    fn environment(&self, destination: usize) -> Option<String> {
        let of = |key: &str| {
            let own = self.resources[destination].iter().find(|own| own.key.as_str() == key);
            own.map(|own| own.value.clone())
                .or_else(|| self.settings.resource.get(&Key::from(key.to_owned())))
        };
        let named = of("langfuse.environment").or_else(|| of("deployment.environment.name"))?;
        Some(named.as_str().into_owned())
    }

    fn add_sdk(
        &mut self,
        id: LaneId,
        (name, view): (String, View),
        exporter: SdkExporter,
    ) -> Result<(), InitError> {
        let terms = SdkTerms {
            id,
            name,
            resource: self.settings.resource.clone(),
            export_timeout: self.settings.export_timeout(id.signal),
            diagnostics: self.diagnostics.clone(),
            intake: self.intake.clone(),
        };
        match exporter.0 {
            Start::Lane { start, .. } => {
                let (handle, lane) = self.lane(id, Form::Message, Bounds::NONE, None);
                let far_end = start(SdkDestination { lane, terms })?;
                let feedback = None;
                self.ready.push(PipelineLane { handle, reader: 0, view, feedback, far_end });
            }
            Start::Metrics { start } => {
                let interval = self.settings.metrics.export_interval;
                let meters = std::mem::take(&mut self.meters);
                self.meters = start(meters, SdkMetrics { terms, interval })?;
                self.has_meters = true;
            }
        }
        Ok(())
    }

    /// The lane's spool, if there is one.
    fn disk(&mut self, id: LaneId, name: &str, otlp: &OtlpSettings) -> Option<Disk> {
        let Spooling { directory, max_bytes, max_age, sync, write_ahead } =
            self.settings.spool.as_ref()?;
        let place = otlp.place(directory, name);
        let bounds = spool::Bounds { max_bytes: *max_bytes, max_age: *max_age, sync: *sync };
        Some(self.disks.add(id, Spool::new(place, bounds), otlp.form(), write_ahead.is_some()))
    }

    fn lane(
        &self,
        id: LaneId,
        form: Form,
        bounds: Bounds,
        disk: Option<Disk>,
    ) -> (LaneHandle, Lane) {
        let (most_items, most_bytes, batch) = match id.signal {
            Signal::Traces => limits_of(self.settings.spans),
            Signal::Logs | Signal::Feedback => limits_of(self.settings.logs),
            Signal::Metrics => (usize::MAX, self.settings.spans.max_queue_bytes, usize::MAX),
        };
        let bounds = Bounds { items: bounds.items.min(batch), ..bounds };
        // What the intake lets in has room, or goes to disk.
        let Queues { overflow, spill_bytes, .. } = self.settings.queues();
        let spare_bytes = match overflow {
            OverflowPolicy::DropNewest => None,
            OverflowPolicy::Spill => disk.is_some().then_some(spill_bytes),
            OverflowPolicy::Block(_) => Some(most_bytes),
        };
        let settings = LaneSettings { id, form, bounds, most_items, most_bytes, disk, spare_bytes };
        lane(settings, self.intake.clone())
    }

    /// The number of the reader that collects for a lane; there is one for each temporality.
    fn reader(&mut self, signal: Signal, temporality: Temporality) -> usize {
        if signal != Signal::Metrics {
            return 0;
        }
        if let Some(reader) = self.readers.iter().position(|known| *known == temporality) {
            return reader;
        }
        let reader = self.readers.len();
        self.readers.push(temporality);
        let exporter =
            MetricIntake { intake: self.intake.clone(), reader, temporality: temporality.to_sdk() };
        let periodic = PeriodicReader::builder(exporter)
            .with_interval(self.settings.metrics.export_interval)
            .build();
        self.meters = std::mem::take(&mut self.meters).with_reader(periodic);
        self.has_meters = true;
        reader
    }
}

fn limits_of(batches: BatchConfiguration) -> (usize, usize, usize) {
    (batches.max_queue_size, batches.max_queue_bytes, batches.max_export_batch_size)
}

impl Unconnected {
    /// Must be called in the worker's runtime.
    pub(super) fn connect(self, diagnostics: &Diagnostics) -> PipelineLane {
        let Self { handle, lane, reader, view, otlp, feedback } = self;
        let task = tokio::spawn(otlp.connect(diagnostics.clone()).run(lane));
        let abort = Some(task.abort_handle());
        let done = Box::pin(async move {
            let _ = task.await;
        });
        PipelineLane { handle, reader, view, feedback, far_end: FarEnd { done, abort } }
    }
}
