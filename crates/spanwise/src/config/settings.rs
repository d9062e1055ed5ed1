//! Every setting, settled.

mod batches;
mod content;
mod ledger;
mod limits;
mod measuring;
mod recording;
mod routes;

use std::time::Duration;

use opentelemetry_sdk::Resource;
use spanwise_core::propagation::Propagation;
use spanwise_core::semconv::SemconvProfile;
use spanwise_core::{Budget, CapturePolicy, ContentCapture, MetricSet, ModelNames, ScopeField};

use super::TelemetryConfig;
use super::content_policy::ContentPolicy;
use super::delivery::{ExportMode, OverflowPolicy};
use super::in_force::{InForce, in_force};
use super::pricing::{Estimated, Priced};
use super::prometheus::Scraping;
use super::spool::Spooling;
use super::values::{BatchConfiguration, ExportConfig, SamplingStrategy};
use crate::env::{Environment, Reader};
use crate::error::InitError;
use crate::export::intake::Queues;
use crate::offload::Hook;
use crate::resource;
use crate::signal::Signal;

#[cfg(feature = "ledger")]
use ledger::PlannedLedger;
pub(crate) use limits::Limits;
pub(crate) use routes::{DestinationSettings, Route};

/// With none at all the thread that exports would never rest.
const LEAST_DELAY: Duration = Duration::from_millis(1);

/// What `init` works from.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) enabled: bool,
    pub(crate) resource: Resource,
    pub(crate) sampling: SamplingStrategy,
    pub(crate) policy: CapturePolicy,
    pub(crate) metric_set: MetricSet,
    pub(crate) model_names: ModelNames,
    pub(crate) scope_on_metrics: Option<Vec<ScopeField>>,
    pub(crate) limits: Limits,
    pub(crate) propagation: Propagation,
    pub(crate) spans: BatchConfiguration,
    pub(crate) logs: BatchConfiguration,
    pub(crate) metrics: ExportConfig,
    pub(crate) spool: Option<Spooling>,
    pub(crate) overflow: OverflowPolicy,
    pub(crate) export_mode: ExportMode,
    /// What holds for everything that leaves the process.
    pub(crate) content: ContentPolicy,
    pub(crate) routes: Vec<DestinationSettings>,
    pub(crate) scraping: Option<Scraping>,
    pub(crate) completion_hook: Option<Hook>,
    pub(crate) pricing: Option<Priced>,
    pub(crate) token_estimator: Option<Estimated>,
    pub(crate) budgets: Vec<Budget>,
    #[cfg(feature = "ledger")]
    pub(crate) ledger: Option<PlannedLedger>,
    pub(crate) global_providers: bool,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) flush_on_signals: bool,
    pub(crate) flush_on_panic: bool,
    /// What the environment says that cannot be used, a sentence each.
    pub(crate) warnings: Vec<String>,
    /// All of this, and where it came from, for those who look.
    pub(crate) in_force: Vec<InForce>,
}

impl Settings {
    pub(crate) fn settle(
        config: &TelemetryConfig,
        environment: &Environment,
    ) -> Result<Self, InitError> {
        let mut reader = Reader::new(environment);
        let disabled = reader.boolean("OTEL_SDK_DISABLED").unwrap_or(false);
        let mut resource_in_code = config.resource.clone();
        if let Some(agent) = &config.main_agent {
            resource_in_code.extend(agent.attributes()?);
        }
        let mut settings = Self {
            enabled: config.enabled.unwrap_or(!disabled),
            resource: resource::settle(
                config.service_name.as_deref(),
                &resource_in_code,
                config.detect_resource.unwrap_or(true),
                &mut reader,
            )?,
            sampling: recording::sampling(config, &mut reader)?,
            policy: recording::policy(config, &mut reader),
            metric_set: measuring::metric_set(config, &mut reader),
            model_names: measuring::model_names(config, &mut reader),
            scope_on_metrics: measuring::scope_on_metrics(config, &mut reader),
            completion_hook: content::completion_hook(config, &mut reader)?,
            pricing: Priced::settle(config, &mut reader)?,
            token_estimator: config.token_estimator.clone(),
            budgets: config.budgets.clone(),
            #[cfg(feature = "ledger")]
            ledger: PlannedLedger::settle(config, &mut reader),
            limits: limits::limits(config, &mut reader),
            propagation: recording::propagation(config, &mut reader),
            spans: batches::batches(
                config.span_batches,
                "span_batches",
                "OTEL_BSP",
                BatchConfiguration::SPANS,
                &mut reader,
            )?,
            logs: batches::batches(
                config.log_batches,
                "log_batches",
                "OTEL_BLRP",
                BatchConfiguration::LOGS,
                &mut reader,
            )?,
            metrics: batches::metric_export(config, &mut reader)?,
            spool: Spooling::settle(config.spool.as_ref(), &mut reader)?,
            overflow: OverflowPolicy::default(),
            export_mode: ExportMode::settle(config.export_mode, &mut reader),
            content: content::policy(config, &mut reader)?,
            routes: Vec::new(),
            scraping: None,
            global_providers: config.global_providers.unwrap_or(true),
            shutdown_timeout: config.shutdown_timeout.unwrap_or(Duration::from_secs(5)),
            flush_on_signals: config.flush_on_signals,
            flush_on_panic: config.flush_on_panic,
            warnings: Vec::new(),
            in_force: Vec::new(),
        };
        #[cfg(not(feature = "ledger"))]
        ledger::check(&mut reader)?;
        let has_spool = settings.spool.is_some();
        settings.overflow = OverflowPolicy::settle(config.overflow, has_spool, &mut reader)?;
        settings.routes = routes::routes(config, &settings.content, &mut reader)?;
        settings.scraping = routes::scraping(config, &mut reader)?;
        settings.warnings = reader.into_warnings();
        settings.in_force = in_force(config, &settings, environment);
        Ok(settings)
    }

    /// What serves every destination of metrics, and who scrapes: they are recorded by it.
    pub(crate) fn profile(&self) -> SemconvProfile {
        let metrics = self.routes.iter().filter(|route| route.route.takes(Signal::Metrics));
        let scraped = self.scraping.iter().map(|scraping| scraping.profile);
        let profiles = metrics.map(|route| route.view.profile).chain(scraped);
        profiles.reduce(SemconvProfile::union).unwrap_or_default()
    }

    pub(crate) fn queues(&self) -> Queues {
        let (spans, logs) = (self.spans, self.logs);
        let (overflow, mode) = (self.overflow, self.export_mode);
        Queues { spans, logs, overflow, mode, ..Queues::default() }
    }

    /// How long spans, or log records, wait at most. One queue serves all destinations: the one that waits the least
    /// empties it.
    pub(crate) fn delay(&self, signal: Signal) -> Duration {
        let of_all = match signal {
            Signal::Traces => self.spans.scheduled_delay,
            _ => self.logs.scheduled_delay,
        };
        let takers = self.routes.iter().filter(|route| route.route.takes(signal));
        let delays = takers.map(|route| route.delivery.scheduled_delay.unwrap_or(of_all));
        delays.min().unwrap_or(of_all).max(LEAST_DELAY)
    }

    /// How long one batch may take, attempts and pauses together.
    pub(crate) fn export_timeout(&self, signal: Signal) -> Duration {
        match signal {
            Signal::Traces => self.spans.export_timeout,
            Signal::Metrics => self.metrics.export_timeout,
            Signal::Logs | Signal::Feedback => self.logs.export_timeout,
        }
    }
}

/// What the environment says for providers that are not ours: of content, of how context travels, and its
/// warnings.
pub(crate) fn attached(environment: &Environment) -> (CapturePolicy, Propagation, Vec<String>) {
    let mut reader = Reader::new(environment);
    let config = TelemetryConfig::default();
    let mut policy = recording::policy(&config, &mut reader);
    if policy.content() != ContentCapture::NoContent && content::is_held_back(&mut reader) {
        reader.warn(
            "SPANWISE_CONTENT_LEVEL or SPANWISE_REDACT holds content back, which cannot be done on its way \
             through providers of the program's own; no content is captured",
        );
        policy = CapturePolicy::default();
    }
    let propagation = recording::propagation(&config, &mut reader);
    if recording::profile(&config, &mut reader) != SemconvProfile::Latest {
        reader.warn(
            "SPANWISE_SEMCONV_PROFILE or OTEL_SEMCONV_STABILITY_OPT_IN asks for earlier conventions, \
             which providers of the program's own are not given; latest is in force",
        );
    }
    (policy, propagation, reader.into_warnings())
}

#[cfg(test)]
mod tests;
