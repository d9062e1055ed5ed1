//! The intake, as everything that records sees it.
//!
//! ```text
//! span.end()      ─► SpanProcessor ─┐
//! event           ─► EventRecorder ─┼─► Intake
//! feedback     ─► FeedbackRecorder ─┤
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
use spanwise_core::{
    ActiveScope, Content, ContentRecorder, Event, EventRecorder, Feedback, FeedbackRecorder,
    RecordedAttributes, ScopeField,
};

use super::blocking;
use super::intake::Intake;
use super::queued::{QueuedFeedback, QueuedLog, QueuedSpan};
use crate::scope;

thread_local! {
    static ENDING: RefCell<Option<Ending>> = const { RefCell::new(None) };
}

/// What an operation hands over for the span that ends next on this thread.
struct Ending {
    span: SpanId,
    attributes: RecordedAttributes,
    early: usize,
    content: Option<Arc<Content>>,
}

impl Ending {
    /// Nothing is taken where the thread is going away.
    fn change(span: &SpanContext, change: impl FnOnce(&mut Self)) {
        let _ = ENDING.try_with(|ending| {
            let mut ending = ending.borrow_mut();
            match &mut *ending {
                Some(ending) if ending.span == span.span_id() => change(ending),
                other => {
                    let span = span.span_id();
                    let new = Self {
                        span,
                        attributes: RecordedAttributes::default(),
                        early: 0,
                        content: None,
                    };
                    change(other.insert(new));
                }
            }
        });
    }

    /// What there is for this span; what was left behind for another is dropped.
    fn take(span: &SpanContext) -> Option<Self> {
        let taken = ENDING.try_with(RefCell::take).ok()?;
        taken.filter(|ending| ending.span == span.span_id())
    }
}

/// The intake, as everything that records sees it.
#[derive(Clone, Debug)]
pub(crate) struct Entrance(pub(crate) Arc<Intake>);

impl ContentRecorder for Entrance {
    fn record(&self, span: &SpanContext, content: Arc<Content>) {
        Ending::change(span, |ending| ending.content = Some(content));
    }

    /// On the thread that exports.
    fn reduces_content(&self) -> bool {
        true
    }

    /// There is no processor but this, and samplers that look at attributes are given them by the recorder.
    fn takes_attributes(&self) -> bool {
        true
    }

    fn record_attributes(&self, span: &SpanContext, attributes: RecordedAttributes, early: usize) {
        Ending::change(span, |ending| {
            ending.attributes = attributes;
            ending.early = early;
        });
    }
}

impl SpanProcessor for Entrance {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.0.span_started();
        if let Some(lineage) = self.0.lineage()
            && let Some(span) = span.exported_data()
        {
            lineage.started(&span);
        }
        scope::describe(span, context);
    }

    fn on_end(&self, span: SpanData) {
        self.0.span_ended();
        let ending = Ending::take(&span.span_context);
        let (attributes, early, content) = match ending {
            Some(Ending { attributes, early, content, .. }) => (attributes, early, content),
            None => (RecordedAttributes::default(), 0, None),
        };
        let kin = self.0.lineage().and_then(|lineage| lineage.ended(&span, &attributes));
        // Recorded for someone else, and not to be exported.
        if !span.span_context.is_sampled() {
            return;
        }
        self.0.push_span(QueuedSpan { span, attributes, early, content, kin });
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

impl FeedbackRecorder for Entrance {
    fn record(&self, feedback: Feedback) {
        let operation = &feedback.operation;
        let span = operation.span_context();
        // Backends do not have what was not sampled; a gateway has it all the same, and so is a session.
        let elsewhere = operation.gateway_request_id().is_some() || feedback.session.is_some();
        if span.is_valid() && !span.is_sampled() && !elsewhere {
            return;
        }
        let environment = Context::map_current(|context| {
            let scope = ActiveScope::of(context)?;
            scope.get(ScopeField::Environment).map(str::to_owned)
        });
        self.0.push_feedback(QueuedFeedback { feedback, environment });
    }
}

#[cfg(test)]
mod tests;
