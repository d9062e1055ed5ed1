//! One run of a tool, in this process.
//!
//! Follows [GenAI execute tool spans].
//!
//! [GenAI execute tool spans]: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-agent-spans.md#execute-tool-span

use std::borrow::Cow;

use opentelemetry::trace::SpanKind;
use opentelemetry::{Context, KeyValue, StringValue};
use serde::Serialize;

use super::current_agent::CurrentAgent;
use super::draft::Draft;
use super::kind::{Kind, phases};
use super::live::Live;
use super::methods::{operation_methods, run_method};
use super::outcome::{End, Outcome};
use super::request::filled;
use super::skill::Skill;
use crate::content::{ContentItem, as_object};
use crate::event::EventKind;
use crate::recorder::{Measurement, MetricRecorder, Series};
use crate::scope::{ScopeField, scope_in};
use crate::semconv::value::gen_ai_operation_name as operation;
use crate::semconv::{Metric, attribute as key};

/// One run of a tool in this process: a span `execute_tool {tool}` of kind `INTERNAL`, called
/// `execute_tool {tool} {skill} {resource}` or `execute_tool {tool} {executable}` where those are known.
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `gen_ai.operation.name` = `execute_tool`, `gen_ai.tool.name` | string | [`new`](Self::new) |
/// | `gen_ai.tool.type` | string | [`tool_type`](ToolBuilder::tool_type) |
/// | `gen_ai.tool.call.id` | string | [`call_id`](ToolBuilder::call_id) |
/// | `gen_ai.tool.description` | string | [`description`](ToolBuilder::description) |
/// | `gen_ai.agent.name` | string | the agent around it, or [`agent_name`](ToolBuilder::agent_name) |
/// | `gen_ai.conversation.id` | string | [`conversation_id`](ToolBuilder::conversation_id) |
/// | `gen_ai.tool.call.arguments`, `gen_ai.tool.call.result` | JSON object | [`arguments`](ToolBuilder::arguments), [`result`](Self::result): content; only where captured |
/// | `gen_ai.skill.name`, `gen_ai.skill.resource.name`, `gen_ai.skill.description`, `gen_ai.skill.source.uri` | string | the builder's `skill_*` setters, for a tool that loads, reads or runs a skill |
/// | `process.executable.name`, `process.executable.path`, `process.exit.code` | string, string, int | [`executable_name`](ToolBuilder::executable_name), [`executable_path`](ToolBuilder::executable_path), [`exit_code`](Self::exit_code), for a tool that runs a command |
/// | `error.type` | string | the error |
///
/// Metric: `gen_ai.execute_tool.duration` (s), with `error.type` on failure. The run also counts in the
/// `gen_ai.invoke_agent.tool_calls` of the agent around it.
///
/// Source: [execute tool](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-agent-spans.md#execute-tool-span)
///
/// ```
/// use spanwise_core::Tool;
///
/// # async fn lookup(order: &str) -> Result<String, std::io::Error> { Ok(order.into()) }
/// # async fn example() -> Result<(), std::io::Error> {
/// let order = Tool::new("lookup_order")
///     .call_id("call_1")
///     .arguments(&serde_json::json!({"order": "A-17"}))
///     .run_with(async |tool| {
///         let order = lookup("A-17").await?;
///         tool.result(&order);
///         Ok::<_, std::io::Error>(order)
///     })
///     .await?;
/// # let _ = order; Ok(()) }
/// ```
#[must_use = "dropping it ends the operation as cancelled"]
pub struct Tool(Option<std::sync::Arc<Live<ToolKind>>>);

/// What is known of a [`Tool`]'s run before it starts.
#[must_use = "nothing is recorded until it is run or started"]
pub struct ToolBuilder<'a>(Option<Box<Draft<'a, ToolKind>>>);

impl Tool {
    /// A run of the tool with this name.
    #[inline]
    #[allow(clippy::new_ret_no_self, reason = "every operation is built before it starts")]
    pub fn new<'a>(name: impl Into<StringValue>) -> ToolBuilder<'a> {
        ToolBuilder(Draft::new(|| ToolKind {
            name: name.into(),
            tool_type: None,
            call_id: None,
            description: None,
            agent_name: None,
            conversation_id: None,
            skill: Skill::default(),
        }))
    }

    /// How the command ended that the tool ran: `process.exit.code` (int).
    pub fn exit_code(&self, code: i32) {
        self.change(|kind| kind.skill.exit_code = Some(code.into()));
    }

    /// What the tool gave back: `gen_ai.tool.call.result`.
    ///
    /// Content: serialised and recorded only where outputs are captured. The convention asks for an
    /// object: text that holds one is parsed, and anything else stands under `result`.
    pub fn result<T: Serialize + ?Sized>(&self, result: &T) {
        if let Some(live) = &self.0 {
            live.capture_output(|| ContentItem::ToolCallResult(object(result, "result")));
        }
    }
}

fn object<T: Serialize + ?Sized>(value: &T, name: &str) -> serde_json::Value {
    // What cannot be serialised (a map whose keys are no strings) is recorded as null.
    as_object(serde_json::to_value(value).unwrap_or_default(), name)
}

impl<'a> ToolBuilder<'a> {
    /// `function`, `extension` or `datastore`: `gen_ai.tool.type` (string).
    pub fn tool_type(self, tool_type: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.tool_type = filled(tool_type))
    }

    /// The id under which the model asked for it: `gen_ai.tool.call.id` (string).
    pub fn call_id(self, id: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.call_id = filled(id))
    }

    /// What the tool is for: `gen_ai.tool.description` (string).
    pub fn description(self, description: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.description = filled(description))
    }

    /// The agent that runs it: `gen_ai.agent.name` (string). Defaults to the agent around it.
    pub fn agent_name(self, name: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.agent_name = filled(name))
    }

    /// The conversation, by an id that it really has: `gen_ai.conversation.id` (string).
    pub fn conversation_id(self, id: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.conversation_id = filled(id))
    }

    /// The skill that the tool loads, reads from or runs: `gen_ai.skill.name` (string), which joins the
    /// span's name.
    pub fn skill_name(self, name: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.skill.name = filled(name))
    }

    /// The file of the skill that the tool reads or runs: `gen_ai.skill.resource.name` (string), which
    /// joins the span's name.
    pub fn skill_resource_name(self, name: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.skill.resource = filled(name))
    }

    /// What the skill is for: `gen_ai.skill.description` (string).
    pub fn skill_description(self, description: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.skill.description = filled(description))
    }

    /// Where the skill comes from: `gen_ai.skill.source.uri` (string), without user, password, query and
    /// fragment.
    pub fn skill_source_uri(self, uri: &str) -> Self {
        self.change(|kind| kind.skill.set_source_uri(uri))
    }

    /// The command that the tool runs: `process.executable.name` (string). Where there is no skill, it
    /// joins the span's name.
    pub fn executable_name(self, name: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.skill.executable = filled(name))
    }

    /// Where the command stands: `process.executable.path` (string).
    pub fn executable_path(self, path: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.skill.executable_path = filled(path))
    }

    /// What the tool is called with: `gen_ai.tool.call.arguments`.
    ///
    /// Content: serialised and recorded only where inputs are captured. The convention asks for an
    /// object: text that holds one is parsed, and anything else stands under `arguments`.
    pub fn arguments<T: Serialize + Sync + ?Sized>(mut self, arguments: &'a T) -> Self {
        if let Some(draft) = &mut self.0 {
            draft.capture_input(move |_| {
                ContentItem::ToolCallArguments(object(arguments, "arguments"))
            });
        }
        self
    }
}

operation_methods!(Tool, ToolBuilder, ToolKind);
run_method!(ToolBuilder);

struct ToolKind {
    name: StringValue,
    tool_type: Option<StringValue>,
    call_id: Option<StringValue>,
    description: Option<StringValue>,
    agent_name: Option<StringValue>,
    conversation_id: Option<StringValue>,
    skill: Skill,
}

impl Kind for ToolKind {
    const PHASES: [&'static str; 3] = phases!("tool");
    const EVENT: EventKind = EventKind::ToolExecution;
    fn span_name(&self) -> Cow<'static, str> {
        self.skill.span_name(Some(&self.name).filter(|name| !name.as_str().is_empty()))
    }

    fn span_kind(&self) -> SpanKind {
        SpanKind::Internal
    }

    fn start_under(&mut self, parent: &Context) {
        let around = CurrentAgent::count_tool(parent);
        self.agent_name = self.agent_name.take().or(around);
        let said = self.conversation_id.take();
        self.conversation_id = said.or_else(|| scope_in(parent, ScopeField::ConversationId));
    }

    fn start_attributes(&self, attributes: &mut Vec<KeyValue>) {
        attributes.push(key::GEN_AI_OPERATION_NAME.of(operation::EXECUTE_TOOL));
        attributes.push(key::GEN_AI_TOOL_NAME.of(self.name.clone()));
        attributes.extend(self.tool_type.clone().map(|t| key::GEN_AI_TOOL_TYPE.of(t)));
        attributes.extend(self.agent_name.clone().map(|name| key::GEN_AI_AGENT_NAME.of(name)));
        self.skill.push_start_attributes(attributes);
    }

    fn end_attributes(&mut self, _: &Outcome, attributes: &mut Vec<KeyValue>) {
        attributes.extend(self.call_id.take().map(|id| key::GEN_AI_TOOL_CALL_ID.of(id)));
        attributes.extend(self.description.take().map(|d| key::GEN_AI_TOOL_DESCRIPTION.of(d)));
        attributes.extend(self.conversation_id.take().map(|id| key::GEN_AI_CONVERSATION_ID.of(id)));
        self.skill.push_end_attributes(attributes);
    }

    fn measure(&self, end: &End<'_>, metrics: &dyn MetricRecorder) {
        let series = Series::new()
            .text(key::GEN_AI_TOOL_NAME, Some(self.name.as_str()))
            .text(key::GEN_AI_TOOL_TYPE, self.tool_type.as_ref().map(StringValue::as_str))
            .text(key::GEN_AI_AGENT_NAME, self.agent_name.as_ref().map(StringValue::as_str))
            .text(key::ERROR_TYPE, end.outcome.error_type());
        let seconds = end.duration.as_secs_f64();
        metrics.record(&series, &[Measurement::seconds(Metric::GenAiExecuteToolDuration, seconds)]);
    }
}
