//! Ids and time that are the same in every run.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::IdGenerator;
use spanwise_core::{Clock, GivenIds};

/// Counts traces and spans from one, but for those that are given ids.
#[derive(Debug, Default)]
pub(crate) struct CountingIds {
    traces: AtomicU64,
    spans: AtomicU64,
}

impl IdGenerator for CountingIds {
    fn new_trace_id(&self) -> TraceId {
        let given = GivenIds::current().and_then(|given| given.trace_id);
        if let Some(given) = given {
            return given;
        }
        TraceId::from(u128::from(self.traces.fetch_add(1, Ordering::Relaxed) + 1))
    }

    fn new_span_id(&self) -> SpanId {
        let given = GivenIds::current().and_then(|given| given.span_id);
        if let Some(given) = given {
            return given;
        }
        SpanId::from(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// Starts with the year 2000, and advances by a millisecond each time it is read.
#[derive(Debug, Default)]
pub(crate) struct TickingClock {
    ticks: AtomicU64,
}

const YEAR_2000: Duration = Duration::from_secs(946_684_800);

impl Clock for TickingClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + YEAR_2000 + Duration::from_millis(self.ticks.load(Ordering::Relaxed))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.ticks.fetch_add(1, Ordering::Relaxed))
    }
}
