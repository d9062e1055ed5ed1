//! What became of the events of one exporter.

use std::fmt;

use super::registry::ExporterId;

/// What became of the events of one exporter.
///
/// At any moment `accepted = queued + in_flight + exported + failed + panicked + timed_out + dropped`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExporterReport {
    /// Which exporter it is.
    pub id: ExporterId,
    /// What its settings call it.
    pub name: String,
    /// Everything that was there for it.
    pub accepted: u64,
    /// Waiting.
    pub queued: u64,
    /// With the exporter now.
    pub in_flight: u64,
    /// Taken.
    pub exported: u64,
    /// Not taken, with an error.
    pub failed: u64,
    /// Lost where it panicked.
    pub panicked: u64,
    /// Lost where it took too long.
    pub timed_out: u64,
    /// There was no room, or it was removed before they had their turn.
    pub dropped: u64,
}

impl ExporterReport {
    /// How many it did not take, for whatever reason.
    pub fn lost(&self) -> u64 {
        self.failed + self.panicked + self.timed_out + self.dropped
    }

    /// Whether every event has its fate.
    pub fn is_settled(&self) -> bool {
        self.queued + self.in_flight == 0
    }
}

impl fmt::Display for ExporterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} events exported", self.name, self.exported)?;
        for (count, what) in [
            (self.failed, "failed"),
            (self.panicked, "lost to panics"),
            (self.timed_out, "timed out"),
            (self.dropped, "dropped"),
            (self.queued + self.in_flight, "waiting"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}
