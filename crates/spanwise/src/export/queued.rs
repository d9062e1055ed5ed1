//! What waits to be exported.

use std::sync::Arc;

use opentelemetry::InstrumentationScope;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_sdk::logs::SdkLogRecord;
use opentelemetry_sdk::trace::SpanData;
use spanwise_core::{Content, Event, Feedback, RecordedAttributes};

use super::lineage::Kin;

/// A span, and what an operation ended it with.
pub(crate) struct QueuedSpan {
    pub(crate) span: SpanData,
    /// More attributes. The first `early` come before the span's own, the others after them.
    pub(crate) attributes: RecordedAttributes,
    pub(crate) early: usize,
    /// Content, where it was captured.
    pub(crate) content: Option<Arc<Content>>,
    /// What is above it, where a destination wants to know.
    pub(crate) kin: Option<Kin>,
}

/// A log record in one of its two forms.
pub(crate) enum QueuedLog {
    Event(Box<Event>),
    Record(Box<(SdkLogRecord, InstrumentationScope)>),
}

/// An evaluation for feedback APIs.
#[derive(Clone, Debug)]
pub(crate) struct QueuedFeedback {
    pub(crate) feedback: Feedback,
    /// The environment that the scope around it named.
    pub(crate) environment: Option<String>,
}

/// What one metric reader collected.
pub(crate) struct Collection {
    /// Which of the readers, that is, which temporality.
    pub(crate) reader: usize,
    pub(crate) request: ExportMetricsServiceRequest,
}

/// Everything that waited.
#[derive(Default)]
pub(crate) struct Drained {
    pub(crate) spans: Vec<QueuedSpan>,
    pub(crate) logs: Vec<QueuedLog>,
    pub(crate) feedback: Vec<QueuedFeedback>,
    pub(crate) metrics: Vec<Collection>,
}

impl Drained {
    /// The same, with at most so many spans, and so many logs, in each.
    pub(crate) fn pieces(
        mut self,
        [most_spans, most_logs]: [usize; 2],
    ) -> impl Iterator<Item = Self> {
        let spans = pieces(std::mem::take(&mut self.spans), most_spans);
        let logs = pieces(std::mem::take(&mut self.logs), most_logs);
        let spans = spans.map(|spans| Self { spans, ..Self::default() });
        let logs = logs.map(|logs| Self { logs, ..Self::default() });
        let metrics = std::iter::once(self).filter(|rest| !rest.is_empty());
        spans.chain(logs).chain(metrics)
    }

    pub(crate) fn is_empty(&self) -> bool {
        let nothing_recorded = self.spans.is_empty() && self.logs.is_empty();
        nothing_recorded && self.feedback.is_empty() && self.metrics.is_empty()
    }
}

/// Few are one piece, in the buffer that they are in.
fn pieces<T>(items: Vec<T>, most: usize) -> impl Iterator<Item = Vec<T>> {
    let (whole, mut rest) = match items.len() {
        0 => (None, Vec::new().into_iter()),
        few if few <= most => (Some(items), Vec::new().into_iter()),
        _ => (None, items.into_iter()),
    };
    let parts = std::iter::from_fn(move || {
        let part: Vec<T> = rest.by_ref().take(most).collect();
        (!part.is_empty()).then_some(part)
    });
    whole.into_iter().chain(parts)
}
