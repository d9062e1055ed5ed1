//! One invocation of an agent that a remote service runs.
//!
//! Follows [GenAI invoke agent client spans].
//!
//! [GenAI invoke agent client spans]: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-agent-spans.md#invoke-agent-client-span

use std::borrow::Cow;

use opentelemetry::trace::SpanKind;
use opentelemetry::{Context, KeyValue, StringValue};

use super::call::Call;
use super::draft::Draft;
use super::kind::{Kind, phases};
use super::live::Live;
use super::methods::{
    call_setters, input_setters, operation_methods, output_setter, request_setters, run_method,
};
use super::outcome::{End, Outcome};
use super::request::{OutputType, Request, filled, finite, named};
use crate::event::EventKind;
use crate::provider::Provider;
use crate::recorder::MetricRecorder;
use crate::response::Response;
use crate::semconv::attribute as key;
use crate::semconv::value::gen_ai_operation_name as operation;
use crate::usage::Usage;

/// One invocation of an agent that a remote service runs: a span `invoke_agent {agent}` of kind `CLIENT`.
/// Made by [`Agent::remote`](super::Agent::remote).
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `gen_ai.operation.name` = `invoke_agent`, `gen_ai.provider.name`, `gen_ai.agent.name` | string | [`Agent::remote`](super::Agent::remote) |
/// | `gen_ai.agent.id`, `gen_ai.agent.version`, `gen_ai.agent.description` | string | the builder's setters |
/// | `server.address`, `server.port` | string, int | [`server`](RemoteAgentBuilder::server) |
/// | `gen_ai.request.*`, `gen_ai.output.type`, `gen_ai.conversation.id`, `gen_ai.data_source.id` | | the builder's setters |
/// | `gen_ai.response.finish_reasons` | string[] | [`finish_reasons`](Self::finish_reasons) |
/// | `gen_ai.usage.*` | int | [`usage`](Self::usage) |
/// | `gen_ai.system_instructions`, `gen_ai.input.messages`, `gen_ai.output.messages`, `gen_ai.tool.definitions` | JSON | content; only where captured |
/// | `error.type` | string | the error |
///
/// Metric: `gen_ai.client.operation.duration` (s), with `error.type` on failure.
///
/// Source: [invoke agent client](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-agent-spans.md#invoke-agent-client-span)
///
/// ```
/// use spanwise_core::{Agent, Provider};
///
/// # async fn invoke() -> Result<String, std::io::Error> { Ok(String::new()) }
/// # async fn example() -> Result<(), std::io::Error> {
/// let answer = Agent::remote(Provider::AwsBedrock, "support")
///     .id("arn:aws:bedrock:eu-central-1:1:agent/A1")
///     .run(invoke())
///     .await?;
/// # let _ = answer; Ok(()) }
/// ```
#[must_use = "dropping it ends the operation as cancelled"]
pub struct RemoteAgent(Option<std::sync::Arc<Live<RemoteAgentKind>>>);

/// What is known of a [`RemoteAgent`]'s invocation before it starts.
#[must_use = "nothing is recorded until it is run or started"]
pub struct RemoteAgentBuilder<'a>(Option<Box<Draft<'a, RemoteAgentKind>>>);

impl RemoteAgent {
    pub(super) fn builder<'a>(
        provider: impl Into<Provider>,
        name: impl Into<StringValue>,
    ) -> RemoteAgentBuilder<'a> {
        RemoteAgentBuilder(Draft::new(|| RemoteAgentKind {
            call: Call::to(operation::INVOKE_AGENT, provider),
            name: filled(name),
            id: None,
            version: None,
            description: None,
            request: Request::default(),
            response: Response::default(),
        }))
    }

    /// Why each choice of its answer ended: `gen_ai.response.finish_reasons` (string[]).
    pub fn finish_reasons<S: Into<StringValue>>(&self, reasons: impl IntoIterator<Item = S>) {
        self.change(|kind| {
            kind.response.finish_reasons = reasons.into_iter().map(Into::into).collect();
        });
    }

    /// The tokens that the invocation used: `gen_ai.usage.*` (int), but for reasoning, which the
    /// conventions do not tell apart here. A later call replaces an earlier one.
    pub fn usage(&self, usage: Usage) {
        self.change(|kind| kind.response.used(usage.without_reasoning()));
    }
}

impl RemoteAgentBuilder<'_> {
    /// The agent, as the service identifies it: `gen_ai.agent.id` (string).
    pub fn id(self, id: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.id = filled(id))
    }

    /// The agent's version: `gen_ai.agent.version` (string).
    pub fn version(self, version: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.version = filled(version))
    }

    /// What the agent is for: `gen_ai.agent.description` (string).
    pub fn description(self, description: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.description = filled(description))
    }
}

operation_methods!(RemoteAgent, RemoteAgentBuilder, RemoteAgentKind);
run_method!(RemoteAgentBuilder);
call_setters!(RemoteAgentBuilder: server model);
request_setters!(RemoteAgentBuilder: conversation_id data_source_id previous_response_id output_type
    choice_count seed max_tokens temperature top_p stop_sequences frequency_penalty presence_penalty);
input_setters!(RemoteAgentBuilder: system_instructions input tool_definitions);
output_setter!(RemoteAgent);

struct RemoteAgentKind {
    call: Call,
    name: Option<StringValue>,
    id: Option<StringValue>,
    version: Option<StringValue>,
    description: Option<StringValue>,
    request: Request,
    response: Response,
}

impl Kind for RemoteAgentKind {
    const PHASES: [&'static str; 3] = phases!("agent");
    const EVENT: EventKind = EventKind::Orchestrator;
    const CALLS_A_SERVICE: bool = true;

    fn span_name(&self) -> Cow<'static, str> {
        named(operation::INVOKE_AGENT, self.name.as_ref())
    }

    fn span_kind(&self) -> SpanKind {
        SpanKind::Client
    }

    fn learn_from_scope(&mut self, around: &Context) {
        self.request.learn_from_scope(around);
    }

    fn usage(&self) -> Option<Usage> {
        self.response.usage
    }

    fn start_attributes(&self, attributes: &mut Vec<KeyValue>) {
        self.call.push_attributes(attributes);
        attributes.extend(self.name.clone().map(|name| key::GEN_AI_AGENT_NAME.of(name)));
    }

    fn end_attributes(&mut self, _: &Outcome, attributes: &mut Vec<KeyValue>) {
        attributes.extend(self.id.take().map(|id| key::GEN_AI_AGENT_ID.of(id)));
        attributes.extend(self.version.take().map(|v| key::GEN_AI_AGENT_VERSION.of(v)));
        attributes.extend(self.description.take().map(|d| key::GEN_AI_AGENT_DESCRIPTION.of(d)));
        self.request.push_attributes(attributes);
        self.response.push_attributes(attributes);
    }

    fn measure(&self, end: &End<'_>, metrics: &dyn MetricRecorder) {
        self.call.measure(None, end, metrics);
    }
}
