//! One invocation of an agent that runs in this process.
//!
//! Follows [GenAI invoke agent spans]; the agent in a remote service is
//! [`RemoteAgent`](super::RemoteAgent).
//!
//! [GenAI invoke agent spans]: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-agent-spans.md#invoke-agent-internal-span

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::trace::SpanKind;
use opentelemetry::{Context, KeyValue, StringValue};

use super::create_agent::{CreateAgent, CreateAgentBuilder};
use super::current_agent::CurrentAgent;
use super::draft::Draft;
use super::kind::{Kind, phases};
use super::live::Live;
use super::methods::{
    input_setters, operation_methods, output_setter, request_setters, run_method,
};
use super::outcome::{End, Outcome};
use super::remote_agent::{RemoteAgent, RemoteAgentBuilder};
use super::request::{OutputType, Request, filled, finite, named};
use crate::event::EventKind;
use crate::provider::Provider;
use crate::recorder::{Measurement, MetricRecorder, Series};
use crate::response::Response;
use crate::semconv::value::gen_ai_operation_name as operation;
use crate::semconv::{Metric, attribute as key};
use crate::usage::Usage;

/// One invocation of an agent that runs in this process: a span `invoke_agent {agent}` of kind
/// `INTERNAL`.
///
/// Model calls and tool runs inside it are counted as its own, except those of agents further inside.
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `gen_ai.operation.name` = `invoke_agent`, `gen_ai.agent.name` | string | [`new`](Self::new) |
/// | `gen_ai.agent.description`, `gen_ai.conversation.id`, `gen_ai.data_source.id` | string | the builder's setters |
/// | `gen_ai.request.model` | string | [`model`](AgentBuilder::model): only where the agent has one fixed model |
/// | `gen_ai.request.*`, `gen_ai.output.type` | | the builder's setters |
/// | `gen_ai.response.finish_reasons` | string[] | [`finish_reasons`](Self::finish_reasons) |
/// | `gen_ai.usage.input_tokens`, `gen_ai.usage.output_tokens` | int | [`usage`](Self::usage) |
/// | `gen_ai.system_instructions`, `gen_ai.input.messages`, `gen_ai.output.messages`, `gen_ai.tool.definitions` | JSON | content; only where captured |
/// | `spanwise.agent.history_size`, `spanwise.agent.retries` | int | [`history_size`](AgentBuilder::history_size), [`retried`](Self::retried); *extensions* |
/// | `error.type` | string | the error |
///
/// | Metric | Unit | When |
/// |---|---|---|
/// | `gen_ai.invoke_agent.duration` | s | always, with `error.type` on failure |
/// | `gen_ai.invoke_agent.inference_calls` | `{inference_call}` | always |
/// | `gen_ai.invoke_agent.tool_calls` | `{tool_call}` | always |
/// | `spanwise.agent.retries` | `{retry}` | for each [`retried`](Self::retried), with its cause as `error.type` |
///
/// Source: [invoke agent](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-agent-spans.md#invoke-agent-internal-span)
///
/// ```
/// use spanwise_core::{Agent, Tool};
///
/// # async fn lookup() -> Result<u32, std::io::Error> { Ok(1) }
/// # async fn example() -> Result<(), std::io::Error> {
/// let answer = Agent::new("triage")
///     .run_with(async |_agent| {
///         let order = Tool::new("lookup_order").run(lookup()).await?;
///         Ok::<_, std::io::Error>(order + 1)
///     })
///     .await?;
/// # let _ = answer; Ok(()) }
/// ```
#[must_use = "dropping it ends the operation as cancelled"]
pub struct Agent(Option<Arc<Live<AgentKind>>>);

/// What is known of an [`Agent`]'s invocation before it starts.
#[must_use = "nothing is recorded until it is run or started"]
pub struct AgentBuilder<'a>(Option<Box<Draft<'a, AgentKind>>>);

impl Agent {
    /// An invocation of the agent with this name. An empty name counts as unknown.
    #[inline]
    #[allow(clippy::new_ret_no_self, reason = "every operation is built before it starts")]
    pub fn new<'a>(name: impl Into<StringValue>) -> AgentBuilder<'a> {
        AgentBuilder(Draft::new(|| AgentKind {
            scope: CurrentAgent::new(filled(name)),
            model: None,
            description: None,
            history_size: None,
            retries: Vec::new(),
            request: Request::default(),
            response: Response::default(),
        }))
    }

    /// The making of an agent in a remote service.
    #[inline]
    pub fn create<'a>(
        provider: impl Into<Provider>,
        name: impl Into<StringValue>,
    ) -> CreateAgentBuilder<'a> {
        CreateAgent::builder(provider, name)
    }

    /// An invocation of an agent that a remote service runs.
    #[inline]
    pub fn remote<'a>(
        provider: impl Into<Provider>,
        name: impl Into<StringValue>,
    ) -> RemoteAgentBuilder<'a> {
        RemoteAgent::builder(provider, name)
    }

    /// Why each choice of its answer ended: `gen_ai.response.finish_reasons` (string[]).
    pub fn finish_reasons<S: Into<StringValue>>(&self, reasons: impl IntoIterator<Item = S>) {
        self.change(|kind| {
            kind.response.finish_reasons = reasons.into_iter().map(Into::into).collect();
        });
    }

    /// The agent tries again, because of this: a word of low cardinality. `spanwise.agent.retries` (int), and the
    /// counter of that name (`{retry}`). *Extension.*
    pub fn retried(&self, cause: impl Into<Cow<'static, str>>) {
        self.change(|kind| kind.retries.push(cause.into()));
    }

    /// The tokens of the whole invocation: `gen_ai.usage.input_tokens` and
    /// `gen_ai.usage.output_tokens` (int).
    ///
    /// Not summed up from the calls inside, and in no counter: those count where they happen. For
    /// frameworks that report a total and whose calls cannot be seen.
    pub fn usage(&self, usage: Usage) {
        self.change(|kind| kind.response.used(usage));
    }
}

impl AgentBuilder<'_> {
    /// The model, where the agent has one that is fixed: `gen_ai.request.model` (string).
    pub fn model(self, model: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.model = filled(model))
    }

    /// How many messages of the conversation there were before: `spanwise.agent.history_size` (int).
    /// *Extension.*
    pub fn history_size(self, messages: impl Into<i64>) -> Self {
        self.change(|kind| kind.history_size = Some(messages.into()))
    }

    /// What the agent is for: `gen_ai.agent.description` (string).
    pub fn description(self, description: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.description = filled(description))
    }
}

operation_methods!(Agent, AgentBuilder, AgentKind);
run_method!(AgentBuilder);
request_setters!(AgentBuilder: conversation_id data_source_id output_type choice_count seed max_tokens
    temperature top_p stop_sequences frequency_penalty presence_penalty);
input_setters!(AgentBuilder: system_instructions input tool_definitions);
output_setter!(Agent);

struct AgentKind {
    scope: CurrentAgent,
    model: Option<StringValue>,
    description: Option<StringValue>,
    history_size: Option<i64>,
    /// The cause of each time that it tried again.
    retries: Vec<Cow<'static, str>>,
    request: Request,
    response: Response,
}

impl AgentKind {
    fn series(&self) -> Series<'_> {
        let name = self.scope.name().map(StringValue::as_str);
        Series::new().text(key::GEN_AI_AGENT_NAME, name)
    }
}

impl Kind for AgentKind {
    const PHASES: [&'static str; 3] = phases!("agent");
    const EVENT: EventKind = EventKind::Orchestrator;
    fn span_name(&self) -> Cow<'static, str> {
        named(operation::INVOKE_AGENT, self.scope.name())
    }

    fn span_kind(&self) -> SpanKind {
        SpanKind::Internal
    }

    fn learn_from_scope(&mut self, around: &Context) {
        self.request.learn_from_scope(around);
    }

    fn context(&self, context: Context) -> Context {
        context.with_value(self.scope.clone())
    }

    fn start_attributes(&self, attributes: &mut Vec<KeyValue>) {
        attributes.push(key::GEN_AI_OPERATION_NAME.of(operation::INVOKE_AGENT));
        attributes.extend(self.scope.name().cloned().map(|name| key::GEN_AI_AGENT_NAME.of(name)));
        attributes.extend(self.model.clone().map(|model| key::GEN_AI_REQUEST_MODEL.of(model)));
    }

    fn end_attributes(&mut self, _: &Outcome, attributes: &mut Vec<KeyValue>) {
        attributes.extend(self.description.take().map(|d| key::GEN_AI_AGENT_DESCRIPTION.of(d)));
        attributes.extend(self.history_size.map(|n| key::SPANWISE_AGENT_HISTORY_SIZE.of(n)));
        let retries = i64::try_from(self.retries.len()).unwrap_or(i64::MAX);
        attributes.extend((retries > 0).then(|| key::SPANWISE_AGENT_RETRIES.of(retries)));
        self.request.push_attributes(attributes);
        // The conventions give an agent in this process the totals alone.
        self.response.usage = self.response.usage.map(|usage| {
            let mut totals = Usage::unknown();
            totals = usage.input_tokens().map_or(totals, |tokens| totals.input(tokens));
            usage.output_tokens().map_or(totals, |tokens| totals.output(tokens))
        });
        self.response.push_attributes(attributes);
    }

    fn measure(&self, end: &End<'_>, metrics: &dyn MetricRecorder) {
        let series = self.series();
        let model = self.model.as_ref().map(StringValue::as_str);
        let timed = series
            .text(key::GEN_AI_REQUEST_MODEL, model)
            .text(key::ERROR_TYPE, end.outcome.error_type());
        let seconds = end.duration.as_secs_f64();
        metrics.record(&timed, &[Measurement::seconds(Metric::GenAiInvokeAgentDuration, seconds)]);
        for cause in &self.retries {
            let series = series.text(key::ERROR_TYPE, Some(cause));
            metrics.record(&series, &[Measurement::count(Metric::SpanwiseAgentRetries, 1)]);
        }
        let (inference_calls, tool_calls) = self.scope.calls();
        metrics.record(
            &series,
            &[
                Measurement::count(Metric::GenAiInvokeAgentInferenceCalls, inference_calls),
                Measurement::count(Metric::GenAiInvokeAgentToolCalls, tool_calls),
            ],
        );
    }
}
