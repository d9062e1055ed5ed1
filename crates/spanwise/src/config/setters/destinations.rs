//! Where telemetry goes.

use std::time::Duration;

use crate::config::preset::Changed;
use crate::config::{
    Compression, Configured, Destination, OtlpDestination, OtlpProtocol, Preset, Signals,
    TelemetryConfig, Temporality,
};

impl TelemetryConfig {
    /// Which signals there are at all, whatever destinations take. Defaults to all three.
    pub fn signals(mut self, signals: Signals) -> Self {
        self.signals = Some(signals);
        self
    }

    /// The OTLP endpoint, in place of `OTEL_EXPORTER_OTLP_ENDPOINT` and its forms for one signal:
    /// over HTTP the base, to which `/v1/traces` and so on are added.
    ///
    /// Protocol, headers and the rest still come from the environment where code does not say them.
    /// For an endpoint that takes nothing from the environment, and for several, see
    /// [`destination`](Self::destination).
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.otlp.endpoint = Some(endpoint.into());
        self.otlp_in_code = true;
        self
    }

    /// How OTLP travels. Defaults to `OTEL_EXPORTER_OTLP_PROTOCOL`, then to `http/protobuf`.
    pub fn protocol(mut self, protocol: OtlpProtocol) -> Self {
        self.otlp.protocol = Some(protocol);
        self.otlp_in_code = true;
        self
    }

    /// Adds a header for the OTLP endpoint, in place of the environment's of the same name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.otlp.headers.push((name.into(), value.into()));
        self.otlp_in_code = true;
        self
    }

    /// How OTLP requests are compressed. Defaults to `OTEL_EXPORTER_OTLP_COMPRESSION`, then to not at
    /// all.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.otlp.compression = Some(compression);
        self
    }

    /// How long one OTLP request may take. Defaults to `OTEL_EXPORTER_OTLP_TIMEOUT`, then to 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.otlp.timeout = Some(timeout);
        self
    }

    /// Whether metrics count since the start or since the last export. Defaults to
    /// `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`, then to the start.
    pub fn temporality(mut self, temporality: Temporality) -> Self {
        self.otlp.temporality = Some(temporality);
        self
    }

    /// Adds a destination.
    ///
    /// Destinations of code stand in place of the environment's: add [`Destination::from_env`] to have
    /// both.
    pub fn destination(mut self, destination: impl Into<Destination>) -> Self {
        self.destinations.push(Configured::Destination(Box::new(destination.into())));
        self
    }

    /// Adds a backend by its name, as a destination: see [`preset`](crate::preset).
    pub fn preset(mut self, preset: impl Preset + 'static) -> Self {
        self.destinations.push(Configured::Preset(Box::new(preset)));
        self
    }

    /// The same, and changes what the preset says: every setter of [`OtlpDestination`] is there.
    ///
    /// ```
    /// use spanwise::preset::{Honeycomb, Langfuse};
    /// use spanwise::{ContentLevel, TelemetryConfig};
    ///
    /// let config = TelemetryConfig::new("support-bot")
    ///     .preset(Langfuse::new("pk-lf-…", "sk-lf-…"))
    ///     .preset_with(Honeycomb::new("hcaik_…"), |honeycomb| {
    ///         honeycomb.content(ContentLevel::Off).header("x-honeycomb-dataset", "bots")
    ///     });
    /// # let _ = config;
    /// ```
    pub fn preset_with<P, F>(self, preset: P, change: F) -> Self
    where
        P: Preset + 'static,
        F: Fn(OtlpDestination) -> OtlpDestination + Send + Sync + 'static,
    {
        self.preset(Changed { preset, change })
    }
}
