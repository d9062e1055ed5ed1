//! The values that settings have.

use std::str::FromStr;
use std::time::Duration;

use opentelemetry_sdk::trace::{Sampler, ShouldSample};

use super::rules::{RuleSampler, SamplingRule};
use crate::error::{InitError, Source};
use crate::signal::Signal;

/// Which traces are recorded. Metrics do not depend on it.
///
/// Defaults to [`parent_based`](Self::parent_based) of [`AlwaysOn`](Self::AlwaysOn).
///
/// Source: [sampling](https://opentelemetry.io/docs/specs/otel/trace/sdk/#sampling)
#[derive(Clone, Debug, PartialEq)]
pub enum SamplingStrategy {
    /// Every span.
    AlwaysOn,
    /// No span.
    AlwaysOff,
    /// This share of traces, chosen by trace id.
    TraceIdRatio {
        /// From 0 to 1.
        ratio: f64,
    },
    /// By what a span is and whose, see [`rules`](Self::rules).
    Rules {
        /// The first that is about a span decides.
        rules: Vec<SamplingRule>,
        /// What decides where none is.
        otherwise: Box<SamplingStrategy>,
    },
    /// As the parent was; a root by the strategy inside.
    ParentBased {
        /// What decides on roots.
        root: Box<SamplingStrategy>,
    },
}

impl Default for SamplingStrategy {
    fn default() -> Self {
        Self::parent_based(Self::AlwaysOn)
    }
}

impl SamplingStrategy {
    /// As the parent was; a root by `root`.
    pub fn parent_based(root: Self) -> Self {
        Self::ParentBased { root: Box::new(root) }
    }

    /// By the first rule that is about a span, else as `otherwise` says.
    ///
    /// Inside [`parent_based`](Self::parent_based) rules decide on roots, and so on whole traces; outside they
    /// decide on each span, and may leave gaps.
    pub fn rules(rules: impl IntoIterator<Item = SamplingRule>, otherwise: Self) -> Self {
        let rules = rules.into_iter().collect();
        Self::Rules { rules, otherwise: Box::new(otherwise) }
    }

    /// What it does, in a few words.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::AlwaysOn => "all".to_owned(),
            Self::AlwaysOff => "none".to_owned(),
            Self::TraceIdRatio { ratio } => format!("a share of {ratio}"),
            Self::Rules { rules, otherwise } => {
                format!("{} rules, else {}", rules.len(), otherwise.in_words())
            }
            Self::ParentBased { root } => format!("as the parent, else {}", root.in_words()),
        }
    }

    /// Whether no trace that begins here is ever recorded.
    pub(crate) fn is_off(&self) -> bool {
        match self {
            Self::AlwaysOff => true,
            Self::TraceIdRatio { ratio } => *ratio <= 0.0,
            Self::ParentBased { root } => root.is_off(),
            Self::AlwaysOn | Self::Rules { .. } => false,
        }
    }

    /// Whether it looks at attributes that spans start with.
    pub(crate) fn reads_attributes(&self) -> bool {
        match self {
            Self::AlwaysOn | Self::AlwaysOff | Self::TraceIdRatio { .. } => false,
            Self::Rules { rules, otherwise } => {
                rules.iter().any(SamplingRule::reads_attributes) || otherwise.reads_attributes()
            }
            Self::ParentBased { root } => root.reads_attributes(),
        }
    }

    pub(crate) fn check(&self, source: &Source) -> Result<(), InitError> {
        match self {
            Self::Rules { rules, otherwise } => {
                rules.iter().try_for_each(|rule| rule.check(source))?;
                otherwise.check(source)
            }
            Self::AlwaysOn | Self::AlwaysOff => Ok(()),
            Self::TraceIdRatio { ratio } if (0.0..=1.0).contains(ratio) => Ok(()),
            Self::TraceIdRatio { .. } => Err(source.invalid(
                "is not between 0 and 1",
                "give the share of traces to keep, such as 0.1",
            )),
            Self::ParentBased { root } => root.check(source),
        }
    }

    pub(crate) fn to_sampler(&self) -> Box<dyn ShouldSample> {
        match self {
            Self::AlwaysOn => Box::new(Sampler::AlwaysOn),
            Self::AlwaysOff => Box::new(Sampler::AlwaysOff),
            Self::TraceIdRatio { ratio } => Box::new(Sampler::TraceIdRatioBased(*ratio)),
            Self::Rules { rules, otherwise } => {
                let (rules, otherwise) = (rules.clone(), otherwise.to_sampler());
                Box::new(RuleSampler { rules, otherwise })
            }
            Self::ParentBased { root } => Box::new(Sampler::ParentBased(root.to_sampler())),
        }
    }
}

/// How OTLP travels.
///
/// Defaults to [`HttpProtobuf`](Self::HttpProtobuf), as the specification advises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OtlpProtocol {
    /// `grpc`, usually on port 4317.
    Grpc,
    /// `http/protobuf`, usually on port 4318.
    #[default]
    HttpProtobuf,
    /// `http/json`, usually on port 4318.
    HttpJson,
}

impl OtlpProtocol {
    pub(crate) const WORDS: &str = "one of grpc, http/protobuf, http/json";

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::HttpProtobuf => "http/protobuf",
            Self::HttpJson => "http/json",
        }
    }
}

impl FromStr for OtlpProtocol {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let all = [Self::Grpc, Self::HttpProtobuf, Self::HttpJson];
        all.into_iter().find(|protocol| protocol.name().eq_ignore_ascii_case(word)).ok_or(())
    }
}

/// How requests are compressed. Defaults to not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// As they are.
    #[default]
    None,
    /// `gzip`, which every receiver understands.
    Gzip,
    /// `zstd`, which is several times cheaper than gzip where the receiver understands it.
    Zstd,
}

impl Compression {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

impl FromStr for Compression {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word.to_ascii_lowercase().as_str() {
            "none" => Ok(Self::None),
            "gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => Err(()),
        }
    }
}

/// Whether metrics count since the start or since the last export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Temporality {
    /// Since the start: what Prometheus takes.
    #[default]
    Cumulative,
    /// Since the last export, where the instrument allows it.
    Delta,
    /// Delta for counters and histograms that are recorded directly, cumulative for observed ones.
    LowMemory,
}

impl Temporality {
    pub(crate) fn to_sdk(self) -> opentelemetry_sdk::metrics::Temporality {
        match self {
            Self::Cumulative => opentelemetry_sdk::metrics::Temporality::Cumulative,
            Self::Delta => opentelemetry_sdk::metrics::Temporality::Delta,
            Self::LowMemory => opentelemetry_sdk::metrics::Temporality::LowMemory,
        }
    }
}

impl FromStr for Temporality {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word.to_ascii_lowercase().as_str() {
            "cumulative" => Ok(Self::Cumulative),
            "delta" => Ok(Self::Delta),
            "lowmemory" => Ok(Self::LowMemory),
            _ => Err(()),
        }
    }
}

/// How spans, or logs, are gathered before they are sent.
///
/// A batch leaves when it is full, by number or by encoded size, and after the delay at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchConfiguration {
    /// How many items may wait for one destination. Defaults to 2,048.
    pub max_queue_size: usize,
    /// How many bytes they may hold. Defaults to 64 MiB.
    pub max_queue_bytes: usize,
    /// How many items one request holds at most. Defaults to 512.
    pub max_export_batch_size: usize,
    /// How long an item waits at most before its batch leaves. Defaults to 5 s; 1 s for logs.
    pub scheduled_delay: Duration,
    /// How long one attempt to send a batch may take, where its destination does not allow less.
    /// Defaults to 30 s. For how long attempts go on says
    /// [`TelemetryConfig::retry_timeout`](crate::TelemetryConfig::retry_timeout).
    pub export_timeout: Duration,
}

impl BatchConfiguration {
    /// The defaults for spans.
    pub const SPANS: Self = Self {
        max_queue_size: 2048,
        max_queue_bytes: 64 << 20,
        max_export_batch_size: 512,
        scheduled_delay: Duration::from_secs(5),
        export_timeout: Duration::from_secs(30),
    };

    /// The defaults for logs.
    pub const LOGS: Self = Self { scheduled_delay: Duration::from_secs(1), ..Self::SPANS };

    pub(crate) fn check(&self, source: &Source) -> Result<(), InitError> {
        let sizes = [self.max_queue_size, self.max_queue_bytes, self.max_export_batch_size];
        if sizes.contains(&0) {
            return Err(source.invalid("has a size of 0", "give every size at least 1"));
        }
        if self.export_timeout.is_zero() {
            return Err(source.invalid("leaves no time to export", "give `export_timeout` some"));
        }
        Ok(())
    }
}

impl Default for BatchConfiguration {
    fn default() -> Self {
        Self::SPANS
    }
}

/// How often metrics are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportConfig {
    /// The time between two exports. Defaults to 60 s.
    pub export_interval: Duration,
    /// How long one attempt may take, where its destination does not allow less. Defaults to 30 s.
    pub export_timeout: Duration,
}

impl Default for ExportConfig {
    fn default() -> Self {
        Self { export_interval: Duration::from_secs(60), export_timeout: Duration::from_secs(30) }
    }
}

impl ExportConfig {
    pub(crate) fn check(&self, source: &Source) -> Result<(), InitError> {
        if self.export_interval.is_zero() || self.export_timeout.is_zero() {
            return Err(source.invalid("has a time of 0", "give interval and timeout some"));
        }
        Ok(())
    }
}

/// Which of the three signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signals {
    /// Spans.
    pub traces: bool,
    /// Metrics.
    pub metrics: bool,
    /// Logs, and the events among them.
    pub logs: bool,
}

impl Signals {
    /// All three.
    pub const ALL: Self = Self { traces: true, metrics: true, logs: true };
    /// None.
    pub const NONE: Self = Self { traces: false, metrics: false, logs: false };
    /// Spans alone.
    pub const TRACES: Self = Self { traces: true, ..Self::NONE };
    /// Metrics alone.
    pub const METRICS: Self = Self { metrics: true, ..Self::NONE };
    /// Logs alone.
    pub const LOGS: Self = Self { logs: true, ..Self::NONE };
}

impl Default for Signals {
    fn default() -> Self {
        Self::ALL
    }
}

impl Signals {
    pub(crate) const fn includes(self, signal: Signal) -> bool {
        match signal {
            Signal::Traces => self.traces,
            Signal::Metrics => self.metrics,
            Signal::Logs => self.logs,
            // It goes where there is an API for it.
            Signal::Feedback => false,
        }
    }

    pub(crate) fn set(&mut self, signal: Signal, on: bool) {
        match signal {
            Signal::Traces => self.traces = on,
            Signal::Metrics => self.metrics = on,
            Signal::Logs => self.logs = on,
            Signal::Feedback => {}
        }
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self {
            traces: self.traces && other.traces,
            metrics: self.metrics && other.metrics,
            logs: self.logs && other.logs,
        }
    }
}
