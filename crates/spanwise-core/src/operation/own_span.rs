//! A span of the program's own. *Extension*: the conventions know nothing of it.

use std::borrow::Cow;

use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;

use super::draft::Draft;
use super::kind::Kind;
use super::live::Live;
use super::methods::{operation_methods, run_method};
use super::outcome::{End, Outcome};
use crate::recorder::MetricRecorder;

/// A span of the program's own, for work that is no model call, tool, agent, workflow or step: of kind
/// `INTERNAL`, without `gen_ai.operation.name`, with the attributes that it is given. *Extension.*
///
/// It has no metric: what the program measures of its own work, it names itself.
///
/// ```
/// use spanwise_core::OwnSpan;
///
/// let words = OwnSpan::new("myapp.llm.analyze")
///     .attribute("text.length", 42)
///     .run_sync(|_span| Ok::<_, std::io::Error>("two words".split(' ').count()));
/// assert_eq!(words.unwrap(), 2);
/// ```
#[must_use = "dropping it ends the operation as cancelled"]
pub struct OwnSpan(Option<std::sync::Arc<Live<OwnSpanKind>>>);

/// What is known of an [`OwnSpan`] before it starts.
#[must_use = "nothing is recorded until it is run or started"]
pub struct OwnSpanBuilder<'a>(Option<Box<Draft<'a, OwnSpanKind>>>);

impl OwnSpan {
    /// The span with this name, which must be of low cardinality.
    #[inline]
    #[allow(clippy::new_ret_no_self, reason = "every operation is built before it starts")]
    pub fn new<'a>(name: impl Into<Cow<'static, str>>) -> OwnSpanBuilder<'a> {
        OwnSpanBuilder(Draft::new(|| OwnSpanKind { name: name.into() }))
    }
}

operation_methods!(OwnSpan, OwnSpanBuilder, OwnSpanKind);
run_method!(OwnSpanBuilder);

struct OwnSpanKind {
    name: Cow<'static, str>,
}

impl Kind for OwnSpanKind {
    fn span_name(&self) -> Cow<'static, str> {
        self.name.clone()
    }

    fn span_kind(&self) -> SpanKind {
        SpanKind::Internal
    }

    fn start_attributes(&self, _: &mut Vec<KeyValue>) {}

    fn end_attributes(&mut self, _: &Outcome, _: &mut Vec<KeyValue>) {}

    fn measure(&self, _: &End<'_>, _: &dyn MetricRecorder) {}
}
