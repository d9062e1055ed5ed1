//! What became of everything that was recorded.

use std::fmt;

use crate::event::ExporterReport;
use crate::offload::OffloadCounts;
use crate::signal::Signal;

/// Why an item did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The queue was full, by number or by bytes.
    QueueFull,
    /// It ended after telemetry had been shut down.
    AfterShutdown,
    /// It was still waiting, or on its way, when shutdown's time was over.
    ShutdownTimeout,
    /// Every attempt within the time to retry failed.
    RetriesExhausted,
    /// The receiver refused its batch.
    Refused,
    /// The receiver took the batch, but not this item.
    Rejected,
    /// The receiver found it too large, alone and without its largest content.
    TooLarge,
    /// The exporter panicked, and is no more.
    ExporterPanicked,
    /// It was the oldest in the spool, and had to make room.
    SpoolFull,
    /// It was in the spool for longer than it may.
    SpoolExpired,
    /// It was damaged on disk.
    SpoolUnreadable,
    /// It cannot be told to this destination: feedback that its API has no word for, or that may not go there.
    Unfit,
}

impl DropReason {
    pub(crate) const ALL: [Self; 12] = [
        Self::QueueFull,
        Self::AfterShutdown,
        Self::ShutdownTimeout,
        Self::RetriesExhausted,
        Self::Refused,
        Self::Rejected,
        Self::TooLarge,
        Self::ExporterPanicked,
        Self::SpoolFull,
        Self::SpoolExpired,
        Self::SpoolUnreadable,
        Self::Unfit,
    ];

    /// As metrics and reports call it; the first two are words of the conventions.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::AfterShutdown => "already_shutdown",
            Self::ShutdownTimeout => "shutdown_timeout",
            Self::RetriesExhausted => "retries_exhausted",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::TooLarge => "too_large",
            Self::ExporterPanicked => "exporter_panicked",
            Self::SpoolFull => "spool_full",
            Self::SpoolExpired => "spool_expired",
            Self::SpoolUnreadable => "spool_unreadable",
            Self::Unfit => "unfit",
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of one signal's items on their way to one destination.
///
/// At any moment `accepted = queued + in_flight + spooled + exported + filtered + dropped`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Everything that was recorded for this destination, and what was adopted from the spools of processes
    /// that are no more.
    pub accepted: u64,
    /// Waiting.
    pub queued: u64,
    /// In a request that is not answered yet.
    pub in_flight: u64,
    /// On disk, for later: in this process, or in the next.
    pub spooled: u64,
    /// Taken by the receiver.
    pub exported: u64,
    /// Left out, since the destination's [filter](crate::Destination::filter) does not want them.
    pub filtered: u64,
    /// How many of all these were too large alone, so that their largest content was replaced by a marker
    /// with its length and hash.
    pub shrunk: u64,
    pub(crate) dropped: [u64; DropReason::ALL.len()],
}

impl Counts {
    /// How many did not arrive.
    pub fn dropped(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// How many did not arrive for this reason.
    pub fn dropped_for(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// Each reason for which something was dropped, and how much.
    pub fn drops(&self) -> impl Iterator<Item = (DropReason, u64)> + '_ {
        let all = DropReason::ALL.into_iter().map(|reason| (reason, self.dropped_for(reason)));
        all.filter(|(_, count)| *count > 0)
    }

    pub(crate) fn drop_for(&mut self, reason: DropReason, count: u64) {
        self.dropped[reason as usize] += count;
    }
}

/// What became of everything on its way to one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationReport {
    /// The destination's name.
    pub name: String,
    signals: [Option<Counts>; Signal::COUNT],
}

impl DestinationReport {
    pub(crate) fn new(name: String, signals: [Option<Counts>; Signal::COUNT]) -> Self {
        Self { name, signals }
    }

    /// The counts of a signal, if it goes there.
    pub fn signal(&self, signal: Signal) -> Option<Counts> {
        self.signals[signal as usize]
    }

    /// The counts of spans; zero if they do not go there.
    pub fn traces(&self) -> Counts {
        self.signal(Signal::Traces).unwrap_or_default()
    }

    /// The counts of metric points; zero if they do not go there.
    pub fn metrics(&self) -> Counts {
        self.signal(Signal::Metrics).unwrap_or_default()
    }

    /// The counts of log records; zero if they do not go there.
    pub fn logs(&self) -> Counts {
        self.signal(Signal::Logs).unwrap_or_default()
    }

    /// The counts of feedback; zero if none goes there.
    pub fn feedback(&self) -> Counts {
        self.signal(Signal::Feedback).unwrap_or_default()
    }
}

/// What became of everything that was recorded, so far or in the end.
///
/// `Display` says it in a line for each destination and signal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Each destination, in the order of the configuration.
    pub destinations: Vec<DestinationReport>,
    /// What became of content that was to be stored; it is counted apart from the spans that name it.
    pub offload: OffloadCounts,
    /// The same for what the completion hook that is ready uploads.
    pub uploads: OffloadCounts,
    /// What became of events, for each exporter of events.
    pub exporters: Vec<ExporterReport>,
    /// Metrics with more sets of attributes than are told apart: what is beyond stands in one point, with
    /// `otel.metric.overflow`.
    pub overflowing: Vec<String>,
    /// Operations that were still open at shutdown, and were ended and marked.
    pub ended_at_shutdown: usize,
    /// Spans of others that are open: started and not ended. At shutdown they are lost.
    pub open_spans: u64,
    /// Whether everything that was recorded until it was asked for has an answer, or is on disk: nothing of
    /// it waits in memory, and nothing was on its way when time was over.
    pub complete: bool,
}

impl Report {
    /// The destination with this name.
    pub fn destination(&self, name: &str) -> Option<&DestinationReport> {
        self.destinations.iter().find(|destination| destination.name == name)
    }

    /// How many items did not arrive somewhere.
    pub fn dropped(&self) -> u64 {
        let counts = self.destinations.iter().flat_map(|d| d.signals.into_iter().flatten());
        counts.map(|counts| counts.dropped()).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.destinations.is_empty() {
            return f.write_str("telemetry: off");
        }
        let mut lines = Vec::new();
        for destination in &self.destinations {
            for signal in Signal::ALL {
                let Some(counts) = destination.signal(signal) else { continue };
                let mut line =
                    format!("{}: {} exported", destination.name, signal.counted(counts.exported));
                for (reason, count) in counts.drops() {
                    line.push_str(&format!(", {count} dropped ({reason})"));
                }
                if counts.filtered > 0 {
                    line.push_str(&format!(", {} filtered", counts.filtered));
                }
                if counts.shrunk > 0 {
                    line.push_str(&format!(", {} shrunk", counts.shrunk));
                }
                if counts.spooled > 0 {
                    line.push_str(&format!(", {} spooled", counts.spooled));
                }
                let waiting = counts.queued + counts.in_flight;
                if waiting > 0 {
                    line.push_str(&format!(", {waiting} waiting"));
                }
                lines.push(line);
            }
        }
        for (name, counts) in [("offload", self.offload), ("uploads", self.uploads)] {
            if counts == OffloadCounts::default() {
                continue;
            }
            let OffloadCounts { queued, stored, repeated, dropped } = counts;
            let mut line = format!("{name}: {stored} stored, {repeated} repeated");
            for (count, what) in [(dropped, "dropped"), (queued, "waiting")] {
                if count > 0 {
                    line.push_str(&format!(", {count} {what}"));
                }
            }
            lines.push(line);
        }
        lines.extend(self.exporters.iter().map(ToString::to_string));
        if !self.overflowing.is_empty() {
            let metrics = self.overflowing.join(", ");
            lines.push(format!("too many sets of attributes to tell apart: {metrics}"));
        }
        if self.ended_at_shutdown > 0 {
            lines.push(format!("{} open operations ended at shutdown", self.ended_at_shutdown));
        }
        if self.open_spans > 0 {
            lines.push(format!("{} spans of others still open", self.open_spans));
        }
        f.write_str(&lines.join("\n"))
    }
}
