//! How good an answer was, said by whoever looked at it.
//!
//! Follows [GenAI evaluation events].
//!
//! [GenAI evaluation events]: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-events.md#event-gen_aievaluationresult

use std::borrow::Cow;
use std::fmt;

use opentelemetry::logs::Severity;
use opentelemetry::{Context, KeyValue, StringValue};

use crate::clock::Started;
use crate::recorder::{self, Event};
use crate::semconv::{attribute as key, event};
use crate::trace_ref::TraceRef;

/// Says how good an answer was.
///
/// Emits the event `gen_ai.evaluation.result`, a log record of severity `INFO` without a body, with the
/// evaluated span as its parent. It goes where logs go; where they go nowhere, or nothing records, it is a
/// no-op.
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `gen_ai.evaluation.name` | string | `name` |
/// | `gen_ai.evaluation.score.value` | double | [`score`](Evaluation::score) |
/// | `gen_ai.evaluation.score.label` | string | [`label`](Evaluation::label) |
/// | `gen_ai.evaluation.explanation` | string | [`explanation`](Evaluation::explanation) |
/// | `gen_ai.response.id` | string | the [`TraceRef`], or [`response_id`](Evaluation::response_id) |
/// | `error.type` | string | [`failed`](Evaluation::failed) |
///
/// Source: [evaluation result](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-events.md#event-gen_aievaluationresult)
///
/// ```
/// use spanwise_core::{Generation, Provider, TraceRef, evaluation};
///
/// // While the operation lives …
/// let generation = Generation::chat(Provider::OpenAi, "gpt-4o-mini").start();
/// evaluation("relevance").score(0.92).label("relevant").emit_on(&generation.trace_ref());
/// let stored = generation.trace_ref().to_string();
/// generation.finish();
///
/// // … or later, when a user has had a look.
/// let reference: TraceRef = stored.parse()?;
/// evaluation("user_feedback").score(1.0).emit_on(&reference);
/// # Ok::<_, spanwise_core::InvalidTraceRef>(())
/// ```
pub fn evaluation(name: impl Into<StringValue>) -> Evaluation {
    Evaluation {
        name: name.into(),
        score: None,
        label: None,
        explanation: None,
        response_id: None,
        error: None,
        attributes: Vec::new(),
    }
}

/// The result of an [`evaluation`], until it is emitted.
#[derive(Clone)]
#[must_use = "nothing is recorded until it is emitted"]
pub struct Evaluation {
    name: StringValue,
    score: Option<f64>,
    label: Option<StringValue>,
    explanation: Option<StringValue>,
    response_id: Option<StringValue>,
    error: Option<Cow<'static, str>>,
    attributes: Vec<KeyValue>,
}

/// Its name and score; the explanation may quote what was evaluated.
impl fmt::Debug for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evaluation")
            .field("name", &self.name.as_str())
            .field("score", &self.score)
            .finish_non_exhaustive()
    }
}

impl Evaluation {
    /// The score as a number: `gen_ai.evaluation.score.value` (double). NaN and infinity are left out.
    pub fn score(mut self, score: f64) -> Self {
        self.score = Some(score).filter(|score| score.is_finite());
        self
    }

    /// What the score means, as a word of low cardinality: `gen_ai.evaluation.score.label` (string).
    pub fn label(mut self, label: impl Into<StringValue>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Why the score is what it is: `gen_ai.evaluation.explanation` (string). It is sent as it is given,
    /// whether or not content is captured.
    pub fn explanation(mut self, explanation: impl Into<StringValue>) -> Self {
        self.explanation = Some(explanation.into());
        self
    }

    /// The response that is evaluated: `gen_ai.response.id` (string). Defaults to that of the
    /// [`TraceRef`].
    pub fn response_id(mut self, id: impl Into<StringValue>) -> Self {
        self.response_id = Some(id.into());
        self
    }

    /// The evaluation itself failed: `error.type` (string), a word of low cardinality.
    pub fn failed(mut self, kind: impl Into<Cow<'static, str>>) -> Self {
        self.error = Some(kind.into());
        self
    }

    /// Adds an attribute of the program's own.
    pub fn attribute(
        mut self,
        key: impl Into<opentelemetry::Key>,
        value: impl Into<opentelemetry::Value>,
    ) -> Self {
        self.attributes.push(KeyValue::new(key, value));
        self
    }

    /// Emits it on the span that is active here.
    pub fn emit(self) {
        self.emit_on(&TraceRef::current());
    }

    /// Emits it on an operation, which may be over.
    pub fn emit_on(self, operation: &TraceRef) {
        if !recorder::any() {
            return;
        }
        let Some(recorder) = recorder::of(&Context::current()) else { return };
        let Some(events) = &recorder.events else { return };
        let response = operation.response_id().map(|id| StringValue::from(id.to_owned()));
        let mut attributes = vec![key::GEN_AI_EVALUATION_NAME.of(self.name)];
        attributes.extend(self.score.map(|x| key::GEN_AI_EVALUATION_SCORE_VALUE.of(x)));
        attributes.extend(self.label.map(|label| key::GEN_AI_EVALUATION_SCORE_LABEL.of(label)));
        attributes.extend(self.explanation.map(|why| key::GEN_AI_EVALUATION_EXPLANATION.of(why)));
        attributes.extend(self.response_id.or(response).map(|id| key::GEN_AI_RESPONSE_ID.of(id)));
        attributes.extend(self.error.map(|kind| key::ERROR_TYPE.of(kind)));
        if recorder.policy.metadata {
            attributes.extend(self.attributes);
        }
        events.record(Event {
            name: event::GEN_AI_EVALUATION_RESULT,
            timestamp: Started::now(recorder.clock()).at,
            severity: Severity::Info,
            attributes,
            content: None,
            span: operation.span_context(),
        });
    }
}
