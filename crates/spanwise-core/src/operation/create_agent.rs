//! The making of an agent that a remote service runs.
//!
//! Follows [GenAI create agent spans].
//!
//! [GenAI create agent spans]: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-agent-spans.md#create-agent-span

use std::borrow::Cow;

use opentelemetry::trace::SpanKind;
use opentelemetry::{KeyValue, StringValue};

use super::call::Call;
use super::draft::Draft;
use super::kind::{Kind, phases};
use super::live::Live;
use super::methods::{call_setters, input_setters, operation_methods, run_method};
use super::outcome::{End, Outcome};
use super::request::{filled, named};
use crate::provider::Provider;
use crate::recorder::MetricRecorder;
use crate::semconv::attribute as key;
use crate::semconv::value::gen_ai_operation_name as operation;

/// The making of an agent in a remote service: a span `create_agent {agent}` of kind `CLIENT`. Begins with
/// [`Agent::create`](super::Agent::create).
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `gen_ai.operation.name` = `create_agent`, `gen_ai.provider.name`, `gen_ai.agent.name` | string | [`Agent::create`](super::Agent::create) |
/// | `gen_ai.agent.id` | string | [`id`](Self::id), once the service has given one |
/// | `gen_ai.agent.description`, `gen_ai.agent.version`, `gen_ai.request.model` | string | the builder's setters |
/// | `server.address`, `server.port` | string, int | [`server`](CreateAgentBuilder::server) |
/// | `gen_ai.system_instructions` | JSON | [`system_instructions`](CreateAgentBuilder::system_instructions): content; only where captured |
/// | `error.type` | string | the error |
///
/// Metric: `gen_ai.client.operation.duration` (s), with `error.type` on failure.
///
/// Source: [create agent](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-agent-spans.md#create-agent-span)
///
/// ```
/// use spanwise_core::{Agent, Provider};
///
/// # async fn create() -> Result<String, std::io::Error> { Ok("asst_1".into()) }
/// # async fn example() -> Result<(), std::io::Error> {
/// let id = Agent::create(Provider::OpenAi, "triage")
///     .model("gpt-4o-mini")
///     .run_with(async |agent| {
///         let id = create().await?;
///         agent.id(id.clone());
///         Ok::<_, std::io::Error>(id)
///     })
///     .await?;
/// # let _ = id; Ok(()) }
/// ```
#[must_use = "dropping it ends the operation as cancelled"]
pub struct CreateAgent(Option<std::sync::Arc<Live<CreateAgentKind>>>);

/// What the agent shall be that a [`CreateAgent`] makes.
#[must_use = "nothing is recorded until it is run or started"]
pub struct CreateAgentBuilder<'a>(Option<Box<Draft<'a, CreateAgentKind>>>);

impl CreateAgent {
    pub(super) fn builder<'a>(
        provider: impl Into<Provider>,
        name: impl Into<StringValue>,
    ) -> CreateAgentBuilder<'a> {
        CreateAgentBuilder(Draft::new(|| CreateAgentKind {
            call: Call::to(operation::CREATE_AGENT, provider),
            name: filled(name),
            id: None,
            version: None,
            description: None,
        }))
    }

    /// The agent, as the service identifies it: `gen_ai.agent.id` (string).
    pub fn id(&self, id: impl Into<StringValue>) {
        self.change(|kind| kind.id = filled(id));
    }

    /// The version that the service gave it: `gen_ai.agent.version` (string).
    pub fn version(&self, version: impl Into<StringValue>) {
        self.change(|kind| kind.version = filled(version));
    }
}

impl CreateAgentBuilder<'_> {
    /// The agent's version: `gen_ai.agent.version` (string).
    pub fn version(self, version: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.version = filled(version))
    }

    /// What the agent is for: `gen_ai.agent.description` (string).
    pub fn description(self, description: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.description = filled(description))
    }
}

operation_methods!(CreateAgent, CreateAgentBuilder, CreateAgentKind);
run_method!(CreateAgentBuilder);
call_setters!(CreateAgentBuilder: server model);
input_setters!(CreateAgentBuilder: system_instructions);

struct CreateAgentKind {
    call: Call,
    name: Option<StringValue>,
    id: Option<StringValue>,
    version: Option<StringValue>,
    description: Option<StringValue>,
}

impl Kind for CreateAgentKind {
    const PHASES: [&'static str; 3] = phases!("agent.create");
    const CALLS_A_SERVICE: bool = true;

    fn span_name(&self) -> Cow<'static, str> {
        named(operation::CREATE_AGENT, self.name.as_ref())
    }

    fn span_kind(&self) -> SpanKind {
        SpanKind::Client
    }

    fn start_attributes(&self, attributes: &mut Vec<KeyValue>) {
        self.call.push_attributes(attributes);
        attributes.extend(self.name.clone().map(|name| key::GEN_AI_AGENT_NAME.of(name)));
    }

    fn end_attributes(&mut self, _: &Outcome, attributes: &mut Vec<KeyValue>) {
        attributes.extend(self.id.take().map(|id| key::GEN_AI_AGENT_ID.of(id)));
        attributes.extend(self.version.take().map(|v| key::GEN_AI_AGENT_VERSION.of(v)));
        attributes.extend(self.description.take().map(|d| key::GEN_AI_AGENT_DESCRIPTION.of(d)));
    }

    fn measure(&self, end: &End<'_>, metrics: &dyn MetricRecorder) {
        self.call.measure(None, end, metrics);
    }
}
