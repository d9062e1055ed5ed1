//! The intake, as everything that records sees it.
//!
//! ```text
//! span.end()      ─► SpanProcessor ─┐
//! event           ─► EventRecorder ─┼─► Intake
//! tracing event   ─► LogProcessor  ─┘
//! ```

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::SpanContext;
use opentelemetry::{Context, InstrumentationScope, SpanId};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogProcessor, SdkLogRecord};
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use spanwise_core::{Content, ContentRecorder, Event, EventRecorder};

use super::blocking;
use super::intake::Intake;
use super::queued::{QueuedLog, QueuedSpan};

thread_local! {
    /// Content of the span that ends next on this thread.
    static CONTENT: RefCell<Option<(SpanId, Arc<Content>)>> = const { RefCell::new(None) };
}

/// The intake, as everything that records sees it.
#[derive(Clone, Debug)]
pub(crate) struct Entrance(pub(crate) Arc<Intake>);

impl ContentRecorder for Entrance {
    fn record(&self, span: &SpanContext, content: Arc<Content>) {
        CONTENT.set(Some((span.span_id(), content)));
    }
}

impl SpanProcessor for Entrance {
    fn on_start(&self, _: &mut Span, _: &Context) {
        self.0.span_started();
    }

    fn on_end(&self, span: SpanData) {
        self.0.span_ended();
        let id = span.span_context.span_id();
        let content = CONTENT.take().filter(|(of, _)| *of == id).map(|(_, content)| content);
        // Recorded for someone else, and not to be exported.
        if !span.span_context.is_sampled() {
            return;
        }
        self.0.push_span(QueuedSpan { span, content });
    }

    fn force_flush(&self) -> OTelSdkResult {
        blocking::flush(&self.0, FORCE_FLUSH)
    }

    /// Telemetry ends by [`Telemetry`](crate::Telemetry) alone; a provider that goes away only flushes.
    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        if self.0.is_open() { blocking::flush(&self.0, timeout) } else { Ok(()) }
    }
}

const FORCE_FLUSH: Duration = Duration::from_secs(5);

impl LogProcessor for Entrance {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        self.0.push_log(QueuedLog::Record(Box::new((record.clone(), scope.clone()))));
    }

    fn force_flush(&self) -> OTelSdkResult {
        blocking::flush(&self.0, FORCE_FLUSH)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        SpanProcessor::shutdown_with_timeout(self, timeout)
    }
}

impl EventRecorder for Entrance {
    fn record(&self, event: Event) {
        self.0.push_log(QueuedLog::Event(Box::new(event)));
    }
}

#[cfg(test)]
mod tests;
