//! Recording into providers that the program already has.

use std::sync::Arc;

use opentelemetry::logs::{Logger, LoggerProvider};
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Tracer, TracerProvider};
use spanwise_core::{Recorder, instrumentation_scope};

use crate::config::attached;
use crate::diagnostics::warn_here;
use crate::env::Environment;
use crate::error::InitError;
use crate::error_kinds;
use crate::init::Claim;

/// Records into providers that the program made itself, in place of [`init_telemetry`](crate::init_telemetry).
///
/// Takes over nothing global, starts no thread and exports nothing: sampling, batching and delivery are
/// the providers', and so is shutting them down. What content may be captured is said by
/// `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`; to say it in code, build a [`Recorder`] and
/// [`install`](spanwise_core::install) it. Spans, events and metrics have the names of today's conventions,
/// content is serialised on the caller's task, and metrics are recorded by plain instruments. A program
/// without logs gives a `NoopLoggerProvider`.
///
/// The [`Recorder`] that is returned is installed for the life of the process; before the providers are
/// shut down, its [`end_open_operations`](Recorder::end_open_operations) ends what is still open.
///
/// # Errors
///
/// [`InitError::AlreadyInitialized`], where telemetry has been started or attached before; nothing has
/// changed then.
///
/// ```
/// use opentelemetry_sdk::logs::SdkLoggerProvider;
/// use opentelemetry_sdk::metrics::SdkMeterProvider;
/// use opentelemetry_sdk::trace::SdkTracerProvider;
///
/// # fn main() -> Result<(), spanwise::InitError> {
/// let tracers = SdkTracerProvider::builder().build();
/// let meters = SdkMeterProvider::builder().build();
/// let loggers = SdkLoggerProvider::builder().build();
/// let recorder = spanwise::attach_providers(&tracers, &meters, &loggers)?;
/// // … the program …
/// recorder.end_open_operations();
/// # Ok(()) }
/// ```
pub fn attach_providers<T, M, L>(
    tracers: &T,
    meters: &M,
    loggers: &L,
) -> Result<Arc<Recorder>, InitError>
where
    T: TracerProvider,
    T::Tracer: Tracer<Span: Send + Sync + 'static> + Send + Sync + 'static,
    M: MeterProvider + ?Sized,
    L: LoggerProvider,
    L::Logger: Logger + Send + Sync + 'static,
{
    let claim = Claim::take()?;
    spanwise_core::warn_by(warn_here);
    let (policy, propagation, warnings) = attached(&Environment::of_process());
    let scope = instrumentation_scope();
    let recorder = Recorder::builder(tracers.tracer_with_scope(scope.clone()))
        .meter(&meters.meter_with_scope(scope.clone()))
        .logger(loggers.logger_with_scope(scope))
        .policy(policy)
        .build();
    let recorder = Arc::new(recorder);
    spanwise_core::install(recorder.clone()).map_err(|_| InitError::AlreadyInitialized)?;
    spanwise_core::propagation::install(propagation);
    error_kinds::register();
    for warning in &warnings {
        warn_here(warning);
    }
    claim.keep();
    Ok(recorder)
}
