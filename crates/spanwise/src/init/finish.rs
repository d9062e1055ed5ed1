//! The worker, the providers and the recorder.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use spanwise_core::{Recorder, RecorderBuilder, instrumentation_scope};

use super::assembly::Assembly;
use crate::config::{Estimated, Priced};
use crate::error::InitError;
use crate::export::entrance::Entrance;
use crate::export::intake::Intake;
use crate::export::stage::content::ContentStages;
use crate::export::worker::{self, Pipeline};
use crate::metrics::BoundMetrics;
use crate::offload::{Hook, Stores};
#[cfg(feature = "prometheus")]
use crate::prometheus::PrometheusExporter;
use crate::scope::{ScopeIds, ScopeSampler};
use crate::signal::Signal;
use crate::{export, self_metrics};

/// What runs from now on.
pub(super) struct Started {
    pub(super) intake: Arc<Intake>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) tracers: SdkTracerProvider,
    pub(super) meters: Option<SdkMeterProvider>,
    pub(super) loggers: Option<SdkLoggerProvider>,
    #[cfg(feature = "prometheus")]
    pub(super) scraped: Option<PrometheusExporter>,
}

impl Assembly<'_> {
    pub(super) fn finish(self) -> Result<Started, InitError> {
        let Self { settings, intake, diagnostics, meters, has_meters, exporters, .. } = self;
        let goes = |signal| exporters.iter().any(|exporter| exporter.signal == signal);
        let entrance = Entrance(intake.clone());
        let only_console = !self.ready.is_empty() && self.to_connect.is_empty();
        let write_ahead = settings.spool.as_ref().and_then(|spool| spool.write_ahead);
        let at_once = |delay: Duration| match (only_console, write_ahead) {
            (true, _) => AT_ONCE.min(delay),
            (_, Some(within)) => to_disk(within).min(delay),
            _ => delay,
        };
        let resource = export::resource(&settings.resource);
        let (policy, limits) = (&settings.policy, &settings.limits);
        let offloads = self.contents.iter().filter_map(|content| content.offload.clone());
        let stores = Stores::of(offloads, settings.completion_hook.as_ref());
        stores.start(&diagnostics)?;
        intake.store_in(stores);
        let pipeline_settings = (
            ContentStages::plan(&self.contents, policy, limits, &resource, &self.resources),
            settings.limits,
            at_once(settings.delay(Signal::Traces)),
            at_once(settings.delay(Signal::Logs)),
        );
        let (ready, to_connect) = (self.ready, self.to_connect);
        self.disks.start()?;
        worker::spawn(intake.clone(), move || {
            let (stages, limits, span_delay, log_delay) = pipeline_settings;
            let mut lanes = ready;
            lanes.extend(to_connect.into_iter().map(|lane| lane.connect(&diagnostics)));
            Pipeline { stages, limits, lanes, span_delay, log_delay, diagnostics }
        })?;

        #[cfg(feature = "prometheus")]
        let scraped = match self.scraped {
            Some((exporter, Some(listening))) => {
                listening.serve(exporter.clone())?;
                Some(exporter)
            }
            Some((exporter, None)) => Some(exporter),
            None => None,
        };

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
            .metric_set(settings.metric_set)
            .model_names_on_metrics(settings.model_names.clone())
            .start_attributes(settings.sampling.reads_attributes());
        recorder = settings.budgets.iter().cloned().fold(recorder, RecorderBuilder::budget);
        if let Some(fields) = &settings.scope_on_metrics {
            recorder = recorder.scope_on_metrics(fields.iter().copied());
        }
        if let Some(Hook { hook, .. }) = &settings.completion_hook {
            recorder = recorder.completion_hook(hook.clone());
        }
        if let Some(Priced(pricing)) = &settings.pricing {
            recorder = recorder.pricing(pricing.clone());
        }
        if let Some(Estimated(estimator)) = &settings.token_estimator {
            recorder = recorder.token_estimator(estimator.clone());
        }
        if let Some(meters) = &meters {
            let meter = meters.meter_with_scope(scope.clone());
            self_metrics::observe(&meter, &intake, &exporters);
            recorder = recorder.metrics(BoundMetrics::new(&meter));
        }
        if goes(Signal::Feedback) {
            recorder = recorder.feedback(entrance.clone());
        }
        if loggers.is_some() {
            recorder = recorder.events(entrance);
        }
        let recorder = Arc::new(recorder.build());
        Ok(Started {
            intake,
            recorder,
            tracers,
            meters,
            loggers,
            #[cfg(feature = "prometheus")]
            scraped,
        })
    }
}

/// Someone looks at the terminal.
const AT_ONCE: Duration = Duration::from_millis(100);

/// How long something that is to be on disk within this time may wait to be encoded and written, which takes
/// the rest of it.
fn to_disk(within: Duration) -> Duration {
    within / 5 * 2
}
