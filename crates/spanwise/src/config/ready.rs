//! Configurations that are ready.

use spanwise_core::ContentCapture;

use super::{Destination, SamplingStrategy, Signals, TelemetryConfig};
#[cfg(feature = "tracing")]
use crate::tracing_bridge::TracingMode;

impl TelemetryConfig {
    /// For the desk: every trace is recorded, and drawn in the terminal, with logs of level `DEBUG` and above
    /// beside it. Nothing leaves the process until a destination is added; content stays off.
    ///
    /// ```
    /// use spanwise::{Destination, TelemetryConfig};
    ///
    /// let config = TelemetryConfig::development()
    ///     .service_name("support-bot")
    ///     .destination(Destination::otlp("http://localhost:4318"));
    /// # let _ = config;
    /// ```
    pub fn development() -> Self {
        let config = Self::default()
            .sampling(SamplingStrategy::AlwaysOn)
            .destination(Destination::console(Signals { metrics: false, ..Signals::ALL }));
        #[cfg(feature = "tracing")]
        let config =
            config.tracing(TracingMode::Install(tracing::level_filters::LevelFilter::DEBUG));
        config
    }

    /// For service: traces are recorded as their parents were and else all, until
    /// [`sample_rate`](Self::sample_rate) says how many; no content is captured, whatever a variable says; and
    /// SIGTERM and SIGINT send what is left. Where to is said by the environment, or by a destination.
    pub fn production() -> Self {
        Self::default()
            .sampling(SamplingStrategy::parent_based(SamplingStrategy::AlwaysOn))
            .content_capture(ContentCapture::NoContent)
            .flush_on_signals(true)
    }

    /// Metrics alone: no spans, no logs, no content. They are whole.
    pub fn minimal() -> Self {
        Self::default().signals(Signals::METRICS).content_capture(ContentCapture::NoContent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Route;
    use crate::config::settings::Settings;
    use crate::env::Environment;

    fn settled(config: TelemetryConfig) -> Settings {
        let environment = Environment::from_iter([
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"),
            ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true"),
            ("OTEL_TRACES_SAMPLER", "always_off"),
        ]);
        config.environment(environment).settings().unwrap()
    }

    #[test]
    fn at_the_desk_everything_is_drawn_and_nothing_leaves() {
        let settings = settled(TelemetryConfig::development());
        assert_eq!(settings.sampling, SamplingStrategy::AlwaysOn);
        assert!(settings.routes.iter().all(|route| matches!(route.route, Route::Console(_))));
    }

    #[test]
    fn in_service_no_variable_captures_content() {
        let settings = settled(TelemetryConfig::production());
        assert_eq!(settings.policy.content(), ContentCapture::NoContent);
        assert!(settings.flush_on_signals);
        assert!(settings.routes.iter().any(|route| matches!(route.route, Route::Otlp(..))));
    }

    #[test]
    fn the_least_is_metrics() {
        let settings = settled(TelemetryConfig::minimal());
        let [only] = &settings.routes[..] else { panic!("{:?}", settings.routes) };
        let Route::Otlp(signals, _) = &only.route else { panic!("{only:?}") };
        assert_eq!(signals.len(), 1);
        assert_eq!(signals[0].0, crate::signal::Signal::Metrics);
    }
}
