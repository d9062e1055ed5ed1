//! A span of the program's own. *Extension*: the conventions know nothing of it.

use std::borrow::Cow;

use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;

use super::draft::Draft;
use super::kind::{Kind, Phase};
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

/// Runs a future of the program's own inside an [`OwnSpan`] with these attributes: handlers hear `{name}.start`,
/// and `{name}.stop` or `{name}.exception`.
///
/// # Errors
///
/// What the future gives, as it is.
///
/// ```
/// use opentelemetry::KeyValue;
/// use spanwise_core::span;
///
/// # async fn analyze(text: &str) -> Result<u32, std::io::Error> { Ok(1) }
/// # async fn example(text: &str) -> Result<(), std::io::Error> {
/// let metadata = [KeyValue::new("text.length", text.len() as i64)];
/// span("myapp.llm.analyze", metadata, analyze(text)).await?;
/// # Ok(()) }
/// ```
pub async fn span<T, E, F>(
    name: impl Into<Cow<'static, str>>,
    metadata: impl IntoIterator<Item = KeyValue>,
    future: F,
) -> Result<T, E>
where
    E: std::fmt::Display + 'static,
    F: Future<Output = Result<T, E>>,
{
    let span = OwnSpan::new(name);
    let span = metadata.into_iter().fold(span, |span, it| span.attribute(it.key, it.value));
    span.run(future).await
}

struct OwnSpanKind {
    name: Cow<'static, str>,
}

impl Kind for OwnSpanKind {
    const PHASES: [&'static str; 3] = ["start", "stop", "exception"];

    fn phase(&self, phase: Phase) -> Cow<'static, str> {
        Cow::Owned(format!("{}.{}", self.name, Self::PHASES[phase as usize]))
    }

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
