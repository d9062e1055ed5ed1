//! One step of a workflow or agent. *Extension*: the conventions have no span for it.

use std::borrow::Cow;

use opentelemetry::trace::SpanKind;
use opentelemetry::{Context, KeyValue, StringValue};

use super::draft::Draft;
use super::kind::{Kind, phases};
use super::live::Live;
use super::methods::{operation_methods, run_method};
use super::outcome::{End, Outcome};
use super::request::{filled, named};
use super::surroundings::Surroundings;
use crate::recorder::{Measurement, MetricRecorder, Series};
use crate::semconv::{Metric, attribute as key};

/// One step of a workflow or agent: a span `step {name}` of kind `INTERNAL`, without
/// `gen_ai.operation.name`. *Extension.*
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `spanwise.step.name` | string | [`new`](Self::new) |
/// | `spanwise.step.type` | string | [`step_type`](StepBuilder::step_type) |
/// | `spanwise.step.index` | int | [`index`](StepBuilder::index) |
/// | `error.type` | string | the error |
///
/// Metric: `spanwise.step.duration` (s), with name, type and, on failure, `error.type`.
///
/// ```
/// use spanwise_core::Step;
///
/// let parsed = Step::new("parse").run_sync(|_step| "42".parse::<i32>());
/// assert_eq!(parsed, Ok(42));
/// ```
#[must_use = "dropping it ends the operation as cancelled"]
pub struct Step(Option<std::sync::Arc<Live<StepKind>>>);

/// What is known of a [`Step`] before it starts.
#[must_use = "nothing is recorded until it is run or started"]
pub struct StepBuilder<'a>(Option<Box<Draft<'a, StepKind>>>);

impl Step {
    /// The step with this name, which must be of low cardinality.
    #[inline]
    #[allow(clippy::new_ret_no_self, reason = "every operation is built before it starts")]
    pub fn new<'a>(name: impl Into<StringValue>) -> StepBuilder<'a> {
        StepBuilder(Draft::new(|| StepKind { name: name.into(), step_type: None, index: None }))
    }
}

impl StepBuilder<'_> {
    /// What kind of step it is, in the program's own words: `spanwise.step.type` (string).
    pub fn step_type(self, step_type: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.step_type = filled(step_type))
    }

    /// Its place in the workflow: `spanwise.step.index` (int).
    pub fn index(self, index: impl Into<i64>) -> Self {
        self.change(|kind| kind.index = Some(index.into()))
    }
}

operation_methods!(Step, StepBuilder, StepKind);
run_method!(StepBuilder);

struct StepKind {
    name: StringValue,
    step_type: Option<StringValue>,
    index: Option<i64>,
}

impl Kind for StepKind {
    const PHASES: [&'static str; 3] = phases!("step");
    fn span_name(&self) -> Cow<'static, str> {
        named("step", Some(&self.name).filter(|name| !name.as_str().is_empty()))
    }

    fn span_kind(&self) -> SpanKind {
        SpanKind::Internal
    }

    fn context(&self, context: Context) -> Context {
        Surroundings::in_step(context, self.name.clone())
    }

    fn start_attributes(&self, attributes: &mut Vec<KeyValue>) {
        attributes.push(key::SPANWISE_STEP_NAME.of(self.name.clone()));
        attributes.extend(self.step_type.clone().map(|t| key::SPANWISE_STEP_TYPE.of(t)));
    }

    fn end_attributes(&mut self, _: &Outcome, attributes: &mut Vec<KeyValue>) {
        attributes.extend(self.index.map(|index| key::SPANWISE_STEP_INDEX.of(index)));
    }

    fn measure(&self, end: &End<'_>, metrics: &dyn MetricRecorder) {
        let series = Series::new()
            .text(key::SPANWISE_STEP_NAME, Some(self.name.as_str()))
            .text(key::SPANWISE_STEP_TYPE, self.step_type.as_ref().map(StringValue::as_str))
            .text(key::ERROR_TYPE, end.outcome.error_type());
        let seconds = end.duration.as_secs_f64();
        metrics.record(&series, &[Measurement::seconds(Metric::SpanwiseStepDuration, seconds)]);
    }
}
