//! Ids and times that an operation is given, where it happened elsewhere or before.

use std::time::SystemTime;

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry::{Context, ContextGuard};

/// The ids that the span that starts here and now is to have.
///
/// For generators of ids: a tracer whose generator asks [`current`](Self::current) first gives events that are
/// emitted the spans that they name. `spanwise`'s do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GivenIds {
    /// The trace's, where it begins here.
    pub trace_id: Option<TraceId>,
    /// The span's.
    pub span_id: Option<SpanId>,
}

impl GivenIds {
    /// Those that are given here, if any are.
    pub fn current() -> Option<Self> {
        Context::map_current(|context| context.get::<Self>().copied())
    }

    pub(crate) fn attach(self) -> ContextGuard {
        Context::current().with_value(self).attach()
    }
}

/// Where and when an operation happened.
pub(crate) struct Placement {
    /// What it happened in.
    pub(crate) parent: Context,
    pub(crate) ids: Option<GivenIds>,
    pub(crate) started_at: Option<SystemTime>,
}

impl Placement {
    /// Here and now.
    pub(crate) fn here() -> Self {
        Self { parent: Context::current(), ids: None, started_at: None }
    }
}
