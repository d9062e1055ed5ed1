//! What telemetry is made of: the three signals, and feedback beside them.

/// One of the three signals of OpenTelemetry, or feedback, which travels beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Metrics.
    Metrics,
    /// Logs, and the events among them.
    Logs,
    /// Scores, annotations and ratings for the [`FeedbackApi`](crate::FeedbackApi) of a destination. It is no
    /// signal of OpenTelemetry's, and no receiver of OTLP takes it.
    Feedback,
}

impl Signal {
    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [Self::Traces, Self::Metrics, Self::Logs, Self::Feedback];

    /// The three that OTLP carries.
    pub const OTLP: [Self; 3] = [Self::Traces, Self::Metrics, Self::Logs];

    pub(crate) const COUNT: usize = 4;

    /// As variables name it: `TRACES`.
    pub(crate) const fn variable(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            Self::Metrics => "METRICS",
            Self::Logs => "LOGS",
            Self::Feedback => "FEEDBACK",
        }
    }

    /// As people read it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
            Self::Feedback => "feedback",
        }
    }

    /// So many items of it, in words.
    pub(crate) fn counted(self, count: u64) -> String {
        let item = match self {
            Self::Traces => "span",
            Self::Metrics => "point",
            Self::Logs => "record",
            Self::Feedback => "score",
        };
        format!("{count} {item}{}", if count == 1 { "" } else { "s" })
    }

    /// Where OTLP over HTTP takes it, below the base endpoint.
    pub(crate) const fn http_path(self) -> &'static str {
        match self {
            Self::Traces => "v1/traces",
            Self::Metrics => "v1/metrics",
            Self::Logs => "v1/logs",
            Self::Feedback => NO_OTLP,
        }
    }

    /// The method of OTLP over gRPC.
    #[cfg(feature = "grpc")]
    pub(crate) const fn grpc_method(self) -> &'static str {
        match self {
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Self::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
            Self::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
            Self::Feedback => NO_OTLP,
        }
    }
}

/// Feedback goes to paths of its product's own, and has none of OTLP's.
const NO_OTLP: &str = "/";
