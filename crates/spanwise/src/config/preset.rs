//! A backend by its name, before it is a destination.

use std::fmt;

use super::OtlpDestination;
use crate::error::InitError;

/// A backend that knows where and how it takes telemetry; given to
/// [`TelemetryConfig::preset`](crate::TelemetryConfig::preset). Those that are ready are in
/// [`preset`](crate::preset).
///
/// ```
/// use spanwise::{Credentials, Destination, InitError, OtlpDestination, Preset, TelemetryConfig};
///
/// /// The collector of the company.
/// #[derive(Debug)]
/// struct Ours;
///
/// impl Preset for Ours {
///     fn destination(&self) -> Result<OtlpDestination, InitError> {
///         Ok(Destination::otlp("https://otel.example.com").name("ours").header("x-tenant", "bots"))
///     }
/// }
///
/// let config = TelemetryConfig::new("bot").preset(Ours);
/// # let _ = config;
/// ```
pub trait Preset: fmt::Debug + Send + Sync {
    /// The destination that it stands for, of which everything can still be changed.
    ///
    /// # Errors
    ///
    /// [`InitError`], where keys or the host cannot be used.
    fn destination(&self) -> Result<OtlpDestination, InitError>;
}

impl<P: Preset + ?Sized> Preset for Box<P> {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        (**self).destination()
    }
}

/// A preset, and what the program changes of it.
pub(super) struct Changed<P, F> {
    pub(super) preset: P,
    pub(super) change: F,
}

impl<P, F> Preset for Changed<P, F>
where
    P: Preset,
    F: Fn(OtlpDestination) -> OtlpDestination + Send + Sync,
{
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        self.preset.destination().map(&self.change)
    }
}

impl<P: fmt::Debug, F> fmt::Debug for Changed<P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.preset.fmt(f)
    }
}
