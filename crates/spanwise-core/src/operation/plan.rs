//! An agent's planning, where it is a step of its own.
//!
//! Follows [GenAI plan spans].
//!
//! [GenAI plan spans]: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-agent-spans.md#plan-span

use std::borrow::Cow;

use opentelemetry::trace::SpanKind;
use opentelemetry::{Context, KeyValue, StringValue};

use super::current_agent::CurrentAgent;
use super::draft::Draft;
use super::kind::{Kind, phases};
use super::live::Live;
use super::methods::{operation_methods, run_method};
use super::outcome::{End, Outcome};
use super::request::{filled, named};
use crate::recorder::MetricRecorder;
use crate::semconv::attribute as key;
use crate::semconv::value::gen_ai_operation_name as operation;

/// An agent's planning: a span `plan {agent}` of kind `INTERNAL`.
///
/// For work that is planning and nothing else; the model call that it makes is a
/// [`Generation`](crate::Generation) inside it.
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `gen_ai.operation.name` = `plan` | string | [`new`](Self::new) |
/// | `gen_ai.agent.name` | string | the agent around it, or [`agent_name`](PlanBuilder::agent_name) |
/// | `error.type` | string | the error |
///
/// The conventions have no metric for it.
///
/// Source: [plan](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-agent-spans.md#plan-span)
///
/// ```
/// use spanwise_core::Plan;
///
/// # async fn make_a_plan() -> Result<Vec<String>, std::io::Error> { Ok(vec![]) }
/// # async fn example() -> Result<(), std::io::Error> {
/// let steps = Plan::new().agent_name("triage").run(make_a_plan()).await?;
/// # let _ = steps; Ok(()) }
/// ```
#[must_use = "dropping it ends the operation as cancelled"]
pub struct Plan(Option<std::sync::Arc<Live<PlanKind>>>);

/// What is known of a [`Plan`] before it starts.
#[must_use = "nothing is recorded until it is run or started"]
pub struct PlanBuilder<'a>(Option<Box<Draft<'a, PlanKind>>>);

impl Plan {
    /// Planning of the agent around it.
    #[inline]
    #[allow(clippy::new_ret_no_self, reason = "every operation is built before it starts")]
    pub fn new<'a>() -> PlanBuilder<'a> {
        PlanBuilder(Draft::new(|| PlanKind { agent_name: None }))
    }
}

impl PlanBuilder<'_> {
    /// The agent that plans: `gen_ai.agent.name` (string). Defaults to the agent around it.
    pub fn agent_name(self, name: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.agent_name = filled(name))
    }
}

operation_methods!(Plan, PlanBuilder, PlanKind);
run_method!(PlanBuilder);

struct PlanKind {
    agent_name: Option<StringValue>,
}

impl Kind for PlanKind {
    const PHASES: [&'static str; 3] = phases!("plan");
    fn span_name(&self) -> Cow<'static, str> {
        named(operation::PLAN, self.agent_name.as_ref())
    }

    fn span_kind(&self) -> SpanKind {
        SpanKind::Internal
    }

    fn start_under(&mut self, parent: &Context) {
        self.agent_name = self.agent_name.take().or_else(|| CurrentAgent::name_in(parent));
    }

    fn start_attributes(&self, attributes: &mut Vec<KeyValue>) {
        attributes.push(key::GEN_AI_OPERATION_NAME.of(operation::PLAN));
        attributes.extend(self.agent_name.clone().map(|name| key::GEN_AI_AGENT_NAME.of(name)));
    }

    fn end_attributes(&mut self, _: &Outcome, _: &mut Vec<KeyValue>) {}

    fn measure(&self, _: &End<'_>, _: &dyn MetricRecorder) {}
}
