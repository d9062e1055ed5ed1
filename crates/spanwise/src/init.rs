//! Putting it together, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::{MeterProviderBuilder, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use spanwise_core::propagation;
use spanwise_core::semconv::SemconvProfile;
use spanwise_core::{Recorder, instrumentation_scope};

use crate::config::{
    Configured, ContentPolicy, DestinationKind, DestinationSettings, OverflowPolicy, Route,
    Settings, Spooling, TelemetryConfig, Temporality,
};
use crate::diagnostics::{Diagnostics, warn_here};
use crate::error::InitError;
use crate::export::entrance::Entrance;
use crate::export::intake::{Intake, Queues};
use crate::export::lane::disk::{Disk, DiskThread};
use crate::export::lane::otlp::OtlpSettings;
use crate::export::lane::{Lane, LaneHandle, LaneSettings, lane};
use crate::export::ledger::{LaneId, Ledger};
use crate::export::metrics::MetricIntake;
use crate::export::request::Form;
use crate::export::split::Bounds;
use crate::export::stage::content::ContentStages;
use crate::export::thread::FarEnd;
use crate::export::worker::{self, Pipeline, PipelineLane};
use crate::export::{SdkDestination, SdkExporter, SdkMetrics, SdkTerms, Start, console};
use crate::metrics::BoundMetrics;
use crate::offload::{Hook, Stores};
use crate::scope::{ScopeIds, ScopeSampler};
use crate::self_metrics::{self, ExporterName};
use crate::signal::Signal;
use crate::spool::{self, Spool};
use crate::telemetry::{Running, Telemetry};
use crate::{error_kinds, exit, export};

/// Starts telemetry for the process.
///
/// Everything that operations record from here on goes where `config` says. It also becomes the tracer
/// provider, meter provider and propagator that other instrumented crates find, and nests `tracing` spans
/// with operations; both can be declined.
///
/// With telemetry disabled, by code or by `OTEL_SDK_DISABLED`, nothing is started and nothing is changed.
///
/// # Errors
///
/// [`InitError`], which names the setting and what would be right; nothing global has changed then. The
/// second time [`InitError::AlreadyInitialized`]; what was started first goes on.
///
/// ```
/// use spanwise::TelemetryConfig;
///
/// # fn main() -> Result<(), spanwise::InitError> {
/// # let config = TelemetryConfig::default().enabled(false);
/// let telemetry = spanwise::init_telemetry(config.service_name("support-bot"))?;
/// // … the program …
/// drop(telemetry);
/// # Ok(()) }
/// ```
pub fn init_telemetry(config: TelemetryConfig) -> Result<Telemetry, InitError> {
    let settings = config.settings()?;
    if !settings.enabled {
        return Ok(Telemetry::disabled());
    }
    let claim = Claim::take()?;
    let parts = config.into_parts();
    let started = start(&settings, parts.destinations)?;

    let running = Running {
        intake: started.intake,
        recorder: started.recorder,
        tracers: started.tracers,
        meters: started.meters,
        loggers: started.loggers,
        timeout: settings.shutdown_timeout,
        #[cfg(feature = "tracing")]
        level: parts.tracing.level(),
    };
    if settings.flush_on_signals {
        exit::shut_down_on_signals(running.clone())?;
    }

    // From here on nothing fails.
    error_kinds::register();
    // Only this function installs a recorder for `spanwise`; whoever else did so first keeps theirs, and
    // what is recorded by hand in a context still comes here.
    let installed = spanwise_core::install(running.recorder.clone());
    propagation::install(settings.propagation.clone());
    if settings.global_providers {
        opentelemetry::global::set_tracer_provider(running.tracers.clone());
        opentelemetry::global::set_text_map_propagator(settings.propagation.clone());
    }
    if settings.flush_on_panic {
        exit::flush_on_panic(running.intake.clone(), running.timeout);
    }
    #[cfg(feature = "tracing")]
    if parts.tracing.installs() {
        crate::tracing_bridge::install(running.tracing_layer(), parts.layers);
    }
    if installed.is_err() {
        warn_here("another recorder was installed before; operations are recorded there");
    }
    for warning in &settings.warnings {
        warn_here(warning);
    }
    claim.keep();
    Ok(Telemetry::running(running))
}

/// The right to start telemetry, of which a process has one. Given back where starting fails.
pub(crate) struct Claim {
    kept: bool,
}

static TAKEN: AtomicBool = AtomicBool::new(false);

impl Claim {
    pub(crate) fn take() -> Result<Self, InitError> {
        if TAKEN.swap(true, Ordering::AcqRel) {
            return Err(InitError::AlreadyInitialized);
        }
        Ok(Self { kept: false })
    }

    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.kept {
            TAKEN.store(false, Ordering::Release);
        }
    }
}

struct Started {
    intake: Arc<Intake>,
    recorder: Arc<Recorder>,
    tracers: SdkTracerProvider,
    meters: Option<SdkMeterProvider>,
    loggers: Option<SdkLoggerProvider>,
}

fn start(settings: &Settings, destinations: Vec<Configured>) -> Result<Started, InitError> {
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
    let ledger = Ledger::new(planned.iter().map(|plan| (plan.name.clone(), plan.takes())));
    let intake = Arc::new(Intake::new(settings.queues(), ledger));
    let diagnostics = Diagnostics::default();
    let mut assembly = Assembly {
        settings,
        contents,
        intake: intake.clone(),
        diagnostics: diagnostics.clone(),
        readers: Vec::new(),
        meters: SdkMeterProvider::builder().with_resource(settings.resource.clone()),
        has_meters: false,
        exporters: Vec::new(),
        ready: Vec::new(),
        to_connect: Vec::new(),
        disks: DiskThread::new(intake.clone(), diagnostics),
    };
    for (index, plan) in planned.into_iter().enumerate() {
        assembly.add(index, plan)?;
    }
    assembly.finish()
}

/// One destination, with everything that can fail without a thread done.
struct Plan {
    name: String,
    temporality: Temporality,
    profile: SemconvProfile,
    content: ContentPolicy,
    route: PlannedRoute,
}

enum PlannedRoute {
    Otlp(Vec<(Signal, OtlpSettings)>),
    Console(crate::config::Signals),
    Sdk(SdkExporter),
}

impl Plan {
    fn takes(&self) -> [bool; 3] {
        Signal::ALL.map(|signal| match &self.route {
            PlannedRoute::Otlp(signals) => signals.iter().any(|(goes, _)| *goes == signal),
            PlannedRoute::Console(signals) => signals.includes(signal),
            PlannedRoute::Sdk(exporter) => exporter.signal() == signal,
        })
    }
}

fn plan(
    settings: &Settings,
    exporters: &mut [Option<SdkExporter>],
) -> Result<Vec<Plan>, InitError> {
    let mut plans = Vec::new();
    for settings_of_one in &settings.routes {
        let DestinationSettings { name, route, temporality, profile, delivery, content } =
            settings_of_one;
        let route = match route {
            Route::Otlp(endpoints) => {
                let mut signals = Vec::new();
                for (signal, endpoint) in endpoints {
                    let timeout = settings.export_timeout(*signal);
                    signals
                        .push((*signal, OtlpSettings::new(*signal, endpoint, timeout, *delivery)?));
                }
                PlannedRoute::Otlp(signals)
            }
            Route::Console(signals) => PlannedRoute::Console(*signals),
            Route::Sdk(index) => match exporters.get_mut(*index).and_then(Option::take) {
                Some(exporter) => PlannedRoute::Sdk(exporter),
                None => continue,
            },
        };
        plans.push(Plan {
            name: name.clone(),
            temporality: *temporality,
            profile: *profile,
            content: content.clone(),
            route,
        });
    }
    Ok(plans)
}

/// What is gathered until the worker can start.
struct Assembly<'a> {
    settings: &'a Settings,
    /// What each destination may have of content.
    contents: Vec<ContentPolicy>,
    intake: Arc<Intake>,
    diagnostics: Diagnostics,
    /// The temporality of each reader; its place is the reader's number.
    readers: Vec<Temporality>,
    meters: MeterProviderBuilder,
    has_meters: bool,
    exporters: Vec<ExporterName>,
    /// Lanes whose far end runs on a thread of its own.
    ready: Vec<PipelineLane>,
    /// Lanes whose far end runs beside the worker.
    to_connect: Vec<Unconnected>,
    disks: DiskThread,
}

struct Unconnected {
    handle: LaneHandle,
    lane: Lane,
    reader: usize,
    profile: SemconvProfile,
    otlp: OtlpSettings,
}

impl Assembly<'_> {
    fn add(&mut self, destination: usize, plan: Plan) -> Result<(), InitError> {
        let Plan { name, temporality, profile, route, .. } = plan;
        match route {
            PlannedRoute::Otlp(signals) => {
                for (signal, otlp) in signals {
                    let id = LaneId { destination, signal };
                    let reader = self.reader(signal, temporality);
                    let disk = self.disk(id, &name, &otlp);
                    let (handle, lane) = self.lane(id, otlp.form(), otlp.bounds(), disk);
                    self.exporters.push(otlp.exporter_name(destination, &name));
                    self.to_connect.push(Unconnected { handle, lane, reader, profile, otlp });
                }
            }
            PlannedRoute::Console(signals) => {
                for signal in Signal::ALL.into_iter().filter(|signal| signals.includes(*signal)) {
                    let id = LaneId { destination, signal };
                    let reader = self.reader(signal, temporality);
                    let (handle, lane) = self.lane(id, Form::Message, Bounds::NONE, None);
                    self.exporters.push(ExporterName::other(destination, signal, "console", &name));
                    let far_end = console::start(lane)?;
                    self.ready.push(PipelineLane { handle, reader, profile, far_end });
                }
            }
            PlannedRoute::Sdk(exporter) => {
                let signal = exporter.signal();
                self.exporters.push(ExporterName::other(destination, signal, "exporter", &name));
                self.add_sdk(LaneId { destination, signal }, (name, profile), exporter)?;
            }
        }
        Ok(())
    }

    fn add_sdk(
        &mut self,
        id: LaneId,
        (name, profile): (String, SemconvProfile),
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
                self.ready.push(PipelineLane { handle, reader: 0, profile, far_end });
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
        Some(self.disks.add(id, Spool::new(place, bounds), otlp.form(), *write_ahead))
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
            Signal::Logs => limits_of(self.settings.logs),
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

    fn finish(self) -> Result<Started, InitError> {
        let Self { settings, intake, diagnostics, meters, has_meters, exporters, .. } = self;
        let goes = |signal| exporters.iter().any(|exporter| exporter.signal == signal);
        let entrance = Entrance(intake.clone());
        let only_console = !self.ready.is_empty() && self.to_connect.is_empty();
        let write_ahead = settings.spool.as_ref().is_some_and(|spool| spool.write_ahead);
        let at_once = |delay: Duration| match (only_console, write_ahead) {
            (true, _) => AT_ONCE.min(delay),
            (_, true) => TO_DISK.min(delay),
            _ => delay,
        };
        let resource = export::resource(&settings.resource);
        let (policy, limits) = (&settings.policy, &settings.limits);
        let offloads = self.contents.iter().filter_map(|content| content.offload.clone());
        let stores = Stores::of(offloads, settings.completion_hook.as_ref());
        stores.start(&diagnostics)?;
        intake.store_in(stores);
        let pipeline_settings = (
            ContentStages::plan(&self.contents, policy, limits, &resource),
            settings.limits,
            at_once(settings.spans.scheduled_delay),
            at_once(settings.logs.scheduled_delay),
        );
        let (ready, to_connect) = (self.ready, self.to_connect);
        self.disks.start()?;
        worker::spawn(intake.clone(), move || {
            let (stages, limits, span_delay, log_delay) = pipeline_settings;
            let mut lanes = ready;
            lanes.extend(to_connect.into_iter().map(|lane| lane.connect(&diagnostics)));
            Pipeline { stages, limits, lanes, span_delay, log_delay }
        })?;

        let tracers = SdkTracerProvider::builder()
            .with_resource(settings.resource.clone())
            .with_span_limits(settings.limits.span)
            .with_id_generator(ScopeIds::default());
        let tracers = if goes(Signal::Traces) {
            tracers
                .with_sampler(ScopeSampler::new(settings.sampling.to_sampler()))
                .with_span_processor(entrance.clone())
        } else {
            // Ids still travel, so that others' traces stay whole.
            tracers.with_sampler(Sampler::AlwaysOff)
        };
        let tracers = tracers.build();
        let meters = has_meters.then(|| meters.build());
        if let Some(meters) = meters.clone().filter(|_| settings.global_providers) {
            // Before anything of the SDK looks for a meter of its own.
            opentelemetry::global::set_meter_provider(meters);
        }
        let loggers = goes(Signal::Logs).then(|| {
            SdkLoggerProvider::builder()
                .with_resource(settings.resource.clone())
                .with_log_processor(entrance.clone())
                .build()
        });
        let scope = instrumentation_scope();
        let mut recorder = Recorder::builder(tracers.tracer_with_scope(scope.clone()))
            .content(entrance.clone())
            .policy(settings.policy)
            .profile(settings.profile())
            .start_attributes(settings.sampling.reads_attributes());
        if let Some(fields) = &settings.scope_on_metrics {
            recorder = recorder.scope_on_metrics(fields.iter().copied());
        }
        if let Some(Hook { hook, .. }) = &settings.completion_hook {
            recorder = recorder.completion_hook(hook.clone());
        }
        if let Some(meters) = &meters {
            let meter = meters.meter_with_scope(scope.clone());
            self_metrics::observe(&meter, &intake, &exporters);
            recorder = recorder.metrics(BoundMetrics::new(&meter));
        }
        if loggers.is_some() {
            recorder = recorder.events(entrance);
        }
        let recorder = Arc::new(recorder.build());
        Ok(Started { intake, recorder, tracers, meters, loggers })
    }
}

/// Someone looks at the terminal.
const AT_ONCE: Duration = Duration::from_millis(100);

/// What is recorded is to be on disk within 100 ms; encoding and writing it take their time.
const TO_DISK: Duration = Duration::from_millis(40);

fn limits_of(batches: crate::config::BatchConfiguration) -> (usize, usize, usize) {
    (batches.max_queue_size, batches.max_queue_bytes, batches.max_export_batch_size)
}

impl Unconnected {
    /// Must be called in the worker's runtime.
    fn connect(self, diagnostics: &Diagnostics) -> PipelineLane {
        let Self { handle, lane, reader, profile, otlp } = self;
        let task = tokio::spawn(otlp.connect(diagnostics.clone()).run(lane));
        let abort = Some(task.abort_handle());
        let done = Box::pin(async move {
            let _ = task.await;
        });
        PipelineLane { handle, reader, profile, far_end: FarEnd { done, abort } }
    }
}
