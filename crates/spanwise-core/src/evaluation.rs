//! How good an answer was, said by whoever looked at it.
//!
//! Follows [GenAI evaluation events].
//!
//! [GenAI evaluation events]: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-events.md#event-gen_aievaluationresult

use std::borrow::Cow;
use std::fmt;

use opentelemetry::logs::Severity;
use opentelemetry::{Context, KeyValue, StringValue};
use opentelemetry_semantic_conventions::attribute::SESSION_ID;

use crate::capture::ContentLevel;
use crate::clock::Started;
use crate::event::{EventDetails, Measurements, anyone_listens};
use crate::feedback::{Evaluator, Feedback, ScoreValue};
use crate::recorder::{self, Event, Measurement, MetricRecorder, MetricValue, Recorder, Series};
use crate::scope::ActiveScope;
use crate::semconv::{Metric, attribute as key, event};
use crate::trace_ref::TraceRef;

/// Says how good an answer was.
///
/// A score that is a number is a point of the histogram `spanwise.evaluation.score` (`1`) as well (*extension*),
/// with name and label, and handlers hear `evaluation`.
///
/// Emits the event `gen_ai.evaluation.result`, a log record of severity `INFO` without a body, with the
/// evaluated span as its parent. It goes where logs go. What came to a value goes to every backend's feedback
/// API as well that is configured. Where neither is, or nothing records, it is a no-op.
///
/// While the evaluated operation is open, the lowest score that is a number (or 1 for `true`, 0 for `false`) is
/// its span's attribute `spanwise.evaluation.lowest_score` (double, *extension*), by which a sampler of whole
/// traces can keep what was poor. When it is over, the operation that is active here has it, if it is one of the
/// same trace.
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `gen_ai.evaluation.name` | string | `name` |
/// | `gen_ai.evaluation.score.value` | double | [`score`](Evaluation::score): a number, or 1 for `true` and 0 for `false` |
/// | `gen_ai.evaluation.score.label` | string | [`label`](Evaluation::label), else a category, `true` or `false` |
/// | `gen_ai.evaluation.explanation` | string | a text, then the [`comment`](Evaluation::comment) |
/// | `spanwise.evaluation.id` | string | [`id`](Evaluation::id), *extension* |
/// | `session.id` | string | [`of_session`](Evaluation::of_session), *extension* |
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
        comment: None,
        id: None,
        evaluator: Evaluator::default(),
        operation: None,
        of_trace: false,
        session: None,
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
    score: Option<ScoreValue>,
    label: Option<StringValue>,
    comment: Option<StringValue>,
    id: Option<StringValue>,
    evaluator: Evaluator,
    /// What it is said of, where that is not said when it is emitted.
    operation: Option<TraceRef>,
    of_trace: bool,
    session: Option<StringValue>,
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
    /// What came of it: a number, `bool`, a word, or [a text](ScoreValue::text). NaN and infinity are left
    /// out.
    pub fn score(mut self, score: impl Into<ScoreValue>) -> Self {
        self.score = score.into().if_finite();
        self
    }

    /// What the score means, as a word of low cardinality: `gen_ai.evaluation.score.label` (string).
    pub fn label(mut self, label: impl Into<StringValue>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Why the score is what it is: `gen_ai.evaluation.explanation` (string).
    ///
    /// It is sent as it is given, whether or not content is captured: whoever gives it wants it told. It is
    /// left out where the [scope](crate::scope()) or the destination may have less than full content, and goes
    /// through redactors as every text does.
    pub fn explanation(mut self, explanation: impl Into<StringValue>) -> Self {
        self.comment = Some(explanation.into());
        self
    }

    /// What someone says about it: the word of feedback APIs for [`explanation`](Self::explanation).
    pub fn comment(self, comment: impl Into<StringValue>) -> Self {
        self.explanation(comment)
    }

    /// By what a later one replaces this one, where the backend can: `spanwise.evaluation.id` (string).
    /// Defaults to one of its own, so that what is sent twice is stored once.
    ///
    /// It must be unique among all that is scored: `thumbs-{message}-{user}`, not `thumbs`.
    pub fn id(mut self, id: impl Into<StringValue>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Who says so, for backends that tell. Defaults to [`Evaluator::Human`].
    pub fn evaluator(mut self, evaluator: Evaluator) -> Self {
        self.evaluator = evaluator;
        self
    }

    /// It is said of the whole trace, not of this one operation. The event belongs to the operation all the
    /// same.
    pub fn of_trace(mut self) -> Self {
        self.of_trace = true;
        self
    }

    /// It is said of a whole session, whatever its traces: `session.id` (string). No span need be active, and
    /// none is scored. Of feedback APIs Langfuse's has words for it.
    pub fn of_session(mut self, session: impl Into<StringValue>) -> Self {
        self.session = Some(session.into()).filter(|session| !session.as_str().is_empty());
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

    /// Emits it on the operation that it was [made for](TraceRef::score), else on the span that is active
    /// here.
    pub fn emit(mut self) {
        let operation = self.operation.take().unwrap_or_else(TraceRef::current);
        self.emit_on(&operation);
    }

    /// Emits it on an operation, which may be over.
    pub fn emit_on(mut self, operation: &TraceRef) {
        if !recorder::any() {
            return;
        }
        let context = Context::current();
        let Some(recorder) = recorder::of(&context) else { return };
        if recorder::current_level() != ContentLevel::Full {
            self.comment = None;
            self.score = self.score.filter(|score| !matches!(score, ScoreValue::Text(_)));
        }
        if let Some(feedback) = &recorder.feedback
            && let Some(told) = self.feedback(operation)
        {
            feedback.record(told);
        }
        self.mark(operation, &recorder);
        self.tell(&recorder);
        let Some(events) = &recorder.events else { return };
        let timestamp = Started::now(recorder.clock()).at;
        let metadata = ActiveScope::of(&context).is_none_or(|scope| scope.switches().metadata);
        let metadata = metadata && recorder.policy.metadata;
        let attributes = self.into_attributes(operation, metadata);
        events.record(Event {
            name: event::GEN_AI_EVALUATION_RESULT,
            timestamp,
            severity: Severity::Info,
            attributes,
            content: None,
            span: operation.span_context(),
        });
    }

    /// Its score on a span, for as long as there is one to have it: whoever keeps or drops whole traces sees
    /// spans only.
    fn mark(&self, operation: &TraceRef, recorder: &Recorder) {
        let score = match &self.score {
            Some(ScoreValue::Number(score)) => *score,
            Some(ScoreValue::Boolean(yes)) => f64::from(u8::from(*yes)),
            _ => return,
        };
        if self.session.is_some() || !operation.is_valid() {
            return;
        }
        let (judged, here) = (operation.span_context(), TraceRef::current().span_context());
        if !recorder.open.scored(&judged, score) && here.trace_id() == judged.trace_id() {
            recorder.open.scored(&here, score);
        }
    }

    /// Its score as a metric, and itself for handlers.
    fn tell(&self, recorder: &Recorder) {
        let score = match &self.score {
            Some(ScoreValue::Number(score)) => Some(*score),
            _ => None,
        };
        if let Some(score) = score {
            let series =
                Series::new().text(key::GEN_AI_EVALUATION_NAME, Some(self.name.as_str())).text(
                    key::GEN_AI_EVALUATION_SCORE_LABEL,
                    self.label.as_ref().map(StringValue::as_str),
                );
            let context = Context::current();
            let metrics = recorder.scope_labels.around(&context, &*recorder.metrics);
            let metric = Metric::SpanwiseEvaluationScore;
            let value = MetricValue::Double(score);
            metrics.record(&series, &[Measurement { metric, value, tokens: None }]);
        }
        if anyone_listens() {
            recorder.hub.happens("evaluation", |tell| {
                let named = score.map(|score| ("score".into(), score)).into_iter().collect();
                let name = key::GEN_AI_EVALUATION_NAME.key();
                let details = EventDetails::new().with(name, self.name.clone());
                tell(&Measurements { named, ..Measurements::default() }, &details);
            });
        }
    }

    /// Itself, for those who want a value.
    fn feedback(&self, operation: &TraceRef) -> Option<Feedback> {
        let (value, label) = match (&self.score, &self.label) {
            (Some(score), label) => (score.clone(), label.clone()),
            (None, Some(label)) => (ScoreValue::Category(label.clone()), None),
            (None, None) => return None,
        };
        Some(Feedback {
            name: self.name.clone(),
            value,
            label,
            comment: self.comment.clone(),
            id: self.id.clone(),
            evaluator: self.evaluator,
            operation: operation.clone(),
            of_trace: self.of_trace,
            session: self.session.clone(),
        })
    }

    fn into_attributes(self, operation: &TraceRef, own: bool) -> Vec<KeyValue> {
        let response = operation.response_id().map(|id| StringValue::from(id.to_owned()));
        let (value, word, text) = match self.score {
            Some(ScoreValue::Number(number)) => (Some(number), None, None),
            Some(ScoreValue::Boolean(true)) => (Some(1.0), Some("true".into()), None),
            Some(ScoreValue::Boolean(false)) => (Some(0.0), Some("false".into()), None),
            Some(ScoreValue::Category(word)) => (None, Some(word), None),
            Some(ScoreValue::Text(text)) => (None, None, Some(text)),
            None => (None, None, None),
        };
        let why = match (text, self.comment) {
            (Some(text), Some(comment)) => Some(format!("{text}\n{comment}").into()),
            (text, comment) => text.or(comment),
        };
        let mut attributes = vec![key::GEN_AI_EVALUATION_NAME.of(self.name)];
        attributes.extend(value.map(|value| key::GEN_AI_EVALUATION_SCORE_VALUE.of(value)));
        let label = self.label.or(word);
        attributes.extend(label.map(|label| key::GEN_AI_EVALUATION_SCORE_LABEL.of(label)));
        attributes.extend(why.map(|why| key::GEN_AI_EVALUATION_EXPLANATION.of(why)));
        attributes.extend(self.response_id.or(response).map(|id| key::GEN_AI_RESPONSE_ID.of(id)));
        attributes.extend(self.session.map(|session| KeyValue::new(SESSION_ID, session)));
        attributes.extend(self.id.map(|id| key::SPANWISE_EVALUATION_ID.of(id)));
        attributes.extend(self.error.map(|kind| key::ERROR_TYPE.of(kind)));
        if own {
            attributes.extend(self.attributes);
        }
        attributes
    }
}

impl TraceRef {
    /// Says how good the operation was, in the words of feedback: what [`evaluation`] does, made for this
    /// operation.
    ///
    /// Recording it never waits and never fails. It goes where logs go, and to the feedback APIs that are
    /// configured.
    ///
    /// ```
    /// use spanwise_core::{Generation, Provider, ScoreValue, TraceRef};
    ///
    /// let generation = Generation::chat(Provider::OpenAi, "gpt-4o-mini").start();
    /// let stored = generation.trace_ref().to_string(); // goes to the browser with the answer
    /// generation.finish();
    ///
    /// // A user has pressed a button.
    /// let answer: TraceRef = stored.parse()?;
    /// answer.score("helpful", true).id("helpful-m7-u9").comment("just what I needed").emit();
    /// answer.score("stars", 4).emit();
    /// answer.score("tone", "friendly").emit();
    /// answer.score("remark", ScoreValue::text("more of this, please")).of_trace().emit();
    /// # Ok::<_, spanwise_core::InvalidTraceRef>(())
    /// ```
    pub fn score(&self, name: impl Into<StringValue>, value: impl Into<ScoreValue>) -> Evaluation {
        Evaluation { operation: Some(self.clone()), ..evaluation(name).score(value) }
    }
}
