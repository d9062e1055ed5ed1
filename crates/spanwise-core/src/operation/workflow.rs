//! A coordinated process of several agents or model calls.
//!
//! Follows [GenAI invoke workflow spans].
//!
//! [GenAI invoke workflow spans]: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-agent-spans.md#invoke-workflow-span

use std::borrow::Cow;

use opentelemetry::trace::SpanKind;
use opentelemetry::{Context, KeyValue, StringValue};

use super::draft::Draft;
use super::kind::{Kind, phases};
use super::live::Live;
use super::methods::{input_setters, operation_methods, output_setter, run_method};
use super::outcome::{End, Outcome};
use super::request::{filled, named};
use super::surroundings::Surroundings;
use crate::event::EventKind;
use crate::recorder::{Measurement, MetricRecorder, Series};
use crate::scope::{ScopeField, scope_in};
use crate::semconv::value::gen_ai_operation_name as operation;
use crate::semconv::{Metric, attribute as key};

/// A coordinated process of several agents or model calls, such as a graph, a crew or a chain: a span
/// `invoke_workflow {workflow}` of kind `INTERNAL`. A lone agent is no workflow.
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `gen_ai.operation.name` = `invoke_workflow`, `gen_ai.workflow.name` | string | [`new`](Self::new) |
/// | `gen_ai.conversation.id` | string | [`conversation_id`](WorkflowBuilder::conversation_id) |
/// | `spanwise.workflow.version` | string | [`version`](WorkflowBuilder::version); *extension* |
/// | `gen_ai.input.messages`, `gen_ai.output.messages` | JSON | content; only where captured |
/// | `error.type` | string | the error |
///
/// Metric: `gen_ai.invoke_workflow.duration` (s), with `error.type` on failure.
///
/// Source: [invoke workflow](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-agent-spans.md#invoke-workflow-span)
///
/// ```
/// use spanwise_core::{Step, Workflow};
///
/// # async fn classify() -> Result<u32, std::io::Error> { Ok(1) }
/// # async fn example() -> Result<(), std::io::Error> {
/// let ticket = Workflow::new("handle_ticket")
///     .run(Step::new("classify").index(0).run(classify()))
///     .await?;
/// # let _ = ticket; Ok(()) }
/// ```
#[must_use = "dropping it ends the operation as cancelled"]
pub struct Workflow(Option<std::sync::Arc<Live<WorkflowKind>>>);

/// What is known of a [`Workflow`] before it starts.
#[must_use = "nothing is recorded until it is run or started"]
pub struct WorkflowBuilder<'a>(Option<Box<Draft<'a, WorkflowKind>>>);

impl Workflow {
    /// The workflow with this name, which must be of low cardinality. An empty name counts as unknown.
    #[inline]
    #[allow(clippy::new_ret_no_self, reason = "every operation is built before it starts")]
    pub fn new<'a>(name: impl Into<StringValue>) -> WorkflowBuilder<'a> {
        WorkflowBuilder(Draft::new(|| WorkflowKind {
            name: filled(name),
            version: None,
            conversation_id: None,
        }))
    }
}

impl WorkflowBuilder<'_> {
    /// The version of the workflow's definition: `spanwise.workflow.version` (string). *Extension.*
    pub fn version(self, version: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.version = filled(version))
    }

    /// The conversation, by an id that it really has: `gen_ai.conversation.id` (string).
    pub fn conversation_id(self, id: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.conversation_id = filled(id))
    }
}

operation_methods!(Workflow, WorkflowBuilder, WorkflowKind);
run_method!(WorkflowBuilder);
input_setters!(WorkflowBuilder: input);
output_setter!(Workflow);

struct WorkflowKind {
    name: Option<StringValue>,
    version: Option<StringValue>,
    conversation_id: Option<StringValue>,
}

impl Kind for WorkflowKind {
    const PHASES: [&'static str; 3] = phases!("workflow");
    const EVENT: EventKind = EventKind::Orchestrator;
    fn span_name(&self) -> Cow<'static, str> {
        named(operation::INVOKE_WORKFLOW, self.name.as_ref())
    }

    fn span_kind(&self) -> SpanKind {
        SpanKind::Internal
    }

    fn learn_from_scope(&mut self, parent: &Context) {
        let said = self.conversation_id.take();
        self.conversation_id = said.or_else(|| scope_in(parent, ScopeField::ConversationId));
    }

    fn context(&self, context: Context) -> Context {
        Surroundings::in_workflow(context, self.name.clone())
    }

    fn start_attributes(&self, attributes: &mut Vec<KeyValue>) {
        attributes.push(key::GEN_AI_OPERATION_NAME.of(operation::INVOKE_WORKFLOW));
        attributes.extend(self.name.clone().map(|name| key::GEN_AI_WORKFLOW_NAME.of(name)));
    }

    fn end_attributes(&mut self, _: &Outcome, attributes: &mut Vec<KeyValue>) {
        attributes.extend(self.version.take().map(|it| key::SPANWISE_WORKFLOW_VERSION.of(it)));
        attributes.extend(self.conversation_id.take().map(|id| key::GEN_AI_CONVERSATION_ID.of(id)));
    }

    fn measure(&self, end: &End<'_>, metrics: &dyn MetricRecorder) {
        let series = Series::new()
            .text(key::GEN_AI_WORKFLOW_NAME, self.name.as_ref().map(StringValue::as_str))
            .text(key::ERROR_TYPE, end.outcome.error_type());
        let seconds = end.duration.as_secs_f64();
        let duration = Measurement::seconds(Metric::GenAiInvokeWorkflowDuration, seconds);
        metrics.record(&series, &[duration]);
    }
}
