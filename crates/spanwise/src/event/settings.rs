//! How events get to an exporter.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use spanwise_core::ContentLevel;

use crate::config::{ContentPolicy, Limits};

/// How events get to an exporter; handed to [`add_exporter_with`](crate::add_exporter_with).
///
/// ```
/// use spanwise::{ContentLevel, ExporterSettings};
///
/// let settings = ExporterSettings::new("audit").content(ContentLevel::Hashes).max_queue_size(50_000);
/// # let _ = settings;
/// ```
#[derive(Clone, Debug)]
#[must_use = "give it to `add_exporter_with`"]
pub struct ExporterSettings {
    pub(super) name: String,
    pub(super) content: ContentPolicy,
    pub(super) most_events: usize,
    pub(super) most_bytes: usize,
    pub(super) timeout: Duration,
    pub(super) sampled_only: bool,
}

impl ExporterSettings {
    /// Those of an exporter that reports and metrics call by this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            content: ContentPolicy::new(ContentLevel::Off),
            most_events: 20_000,
            most_bytes: 32 << 20,
            timeout: Duration::from_secs(30),
            sampled_only: false,
        }
    }

    /// What it may have of content, and in which form. Defaults to none.
    ///
    /// What is not captured at all it does not get either, and what
    /// [`TelemetryConfig::content`](crate::TelemetryConfig::content) holds back from all destinations is held
    /// back from it.
    pub fn content(mut self, content: impl Into<ContentPolicy>) -> Self {
        self.content = content.into();
        self
    }

    /// How many events may wait. Defaults to 20,000; the newest is dropped beyond that.
    pub fn max_queue_size(mut self, events: usize) -> Self {
        self.most_events = events;
        self
    }

    /// How many bytes of events may wait. Defaults to 32 MiB; the newest is dropped beyond that.
    pub fn max_queue_bytes(mut self, bytes: usize) -> Self {
        self.most_bytes = bytes;
        self
    }

    /// How long one call of the exporter may take. Defaults to 30 s; its events are lost beyond that.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Whether it gets only what is sampled. Defaults to no: like metrics, events are whole.
    pub fn sampled_only(mut self, sampled_only: bool) -> Self {
        self.sampled_only = sampled_only;
        self
    }
}

impl Default for ExporterSettings {
    fn default() -> Self {
        Self::new("exporter")
    }
}

impl From<ContentLevel> for ExporterSettings {
    fn from(level: ContentLevel) -> Self {
        Self::default().content(level)
    }
}

/// What holds for everything that leaves the process, as soon as telemetry has been started.
static FOR_ALL: RwLock<Option<(ContentPolicy, Limits)>> = RwLock::new(None);

/// From here on no exporter gets what is held back from all destinations.
pub(crate) fn hold_to(content: ContentPolicy, limits: Limits) {
    *FOR_ALL.write().unwrap_or_else(PoisonError::into_inner) = Some((content, limits));
}

/// What this policy and the one for all allow both, and the most characters of a value.
pub(super) fn in_force(own: &ContentPolicy) -> (ContentPolicy, Option<usize>) {
    match &*FOR_ALL.read().unwrap_or_else(PoisonError::into_inner) {
        Some((all, limits)) => (all.and(own), limits.value_length),
        None => (own.clone(), None),
    }
}
