//! What waits to be exported.

use std::sync::Arc;

use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_sdk::logs::SdkLogRecord;
use opentelemetry_sdk::trace::SpanData;
use spanwise_core::{Content, Event};

/// A span, and what an operation ended it with.
pub(crate) struct QueuedSpan {
    pub(crate) span: SpanData,
    /// More attributes. The first `early` come before the span's own, the others after them.
    pub(crate) attributes: Vec<KeyValue>,
    pub(crate) early: usize,
    /// Content, where it was captured.
    pub(crate) content: Option<Arc<Content>>,
}

/// A log record in one of its two forms.
pub(crate) enum QueuedLog {
    Event(Box<Event>),
    Record(Box<(SdkLogRecord, InstrumentationScope)>),
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
    pub(crate) metrics: Vec<Collection>,
}

impl Drained {
    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty() && self.logs.is_empty() && self.metrics.is_empty()
    }
}
