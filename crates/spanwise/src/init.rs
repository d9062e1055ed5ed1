//! Putting it together, once.
//!
//! ```text
//! Settings ─► plan ─► assembly: lanes and readers ─► finish: worker, providers, recorder ─► global
//!             └────────── fails, and has changed nothing ──────────┘
//! ```

mod assembly;
mod finish;
mod plan;

use std::sync::atomic::{AtomicBool, Ordering};

use spanwise_core::propagation;

use crate::config::TelemetryConfig;
use crate::diagnostics::warn_here;
use crate::doctor::Checkup;
use crate::error::InitError;
#[cfg(feature = "ledger")]
use crate::event::ExporterSettings;
use crate::telemetry::{Running, Telemetry};
use crate::{error_kinds, event, exit};

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
        return Ok(Telemetry::disabled(Checkup::of(&settings)));
    }
    let claim = Claim::take()?;
    spanwise_core::warn_by(warn_here);
    event::hold_to(settings.content.clone(), settings.limits);
    #[cfg(feature = "ledger")]
    let ledger = settings.ledger.as_ref().map(|planned| planned.open()).transpose()?;
    #[cfg(feature = "ledger")]
    if let (Some(ledger), Some(planned)) = (&ledger, &settings.ledger) {
        settings.budgets.iter().try_for_each(|budget| planned.carry_over(ledger, budget))?;
    }
    let parts = config.into_parts();
    let started = assembly::start(&settings, parts.destinations)?;

    let running = Running {
        intake: started.intake,
        recorder: started.recorder,
        tracers: started.tracers,
        meters: started.meters,
        loggers: started.loggers,
        #[cfg(feature = "prometheus")]
        scraped: started.scraped,
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
    #[cfg(feature = "ledger")]
    if let Some(ledger) = ledger {
        event::add_exporter_with(ledger.clone(), ExporterSettings::new("ledger"));
        crate::ledger::install(ledger);
    }
    propagation::install(settings.propagation.clone());
    if settings.global_providers {
        opentelemetry::global::set_tracer_provider(running.tracers.clone());
        opentelemetry::global::set_text_map_propagator(settings.propagation.clone());
    }
    #[cfg(feature = "prometheus")]
    if let Some(scraped) = &running.scraped {
        scraped.install();
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
    Ok(Telemetry::running(running, Checkup::of(&settings)))
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
