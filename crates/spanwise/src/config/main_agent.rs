//! The agent that the whole program is.

use opentelemetry::KeyValue;
use spanwise_core::semconv::attribute as key;

use crate::error::{InitError, Source};

/// The agent that a program is: the entity `gen_ai.main_agent` of its resource.
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `gen_ai.main_agent.id` | string | [`new`](Self::new) |
/// | `gen_ai.main_agent.name` | string | [`name`](Self::name) |
/// | `gen_ai.main_agent.description` | string | [`description`](Self::description) |
///
/// ```
/// use spanwise::{MainAgent, TelemetryConfig};
///
/// let agent = MainAgent::new("arn:aws:bedrock:eu-central-1:1:agent/A1").name("triage");
/// let config = TelemetryConfig::new("support-bot").main_agent(agent);
/// # let _ = config;
/// ```
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::main_agent`"]
pub struct MainAgent {
    id: String,
    name: Option<String>,
    description: Option<String>,
}

impl MainAgent {
    /// An agent, by the stable id that a provider or registry gave it.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), name: None, description: None }
    }

    /// What it is called.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What it is for.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    pub(crate) fn attributes(&self) -> Result<impl Iterator<Item = KeyValue>, InitError> {
        let Self { id, name, description } = self.clone();
        if id.trim().is_empty() {
            let remedy = "give the id that the provider gave the agent, or leave main_agent out";
            return Err(Source::code("main_agent").invalid("has an empty id", remedy));
        }
        let name = name.map(|name| key::GEN_AI_MAIN_AGENT_NAME.of(name));
        let description = description.map(|d| key::GEN_AI_MAIN_AGENT_DESCRIPTION.of(d));
        Ok([Some(key::GEN_AI_MAIN_AGENT_ID.of(id)), name, description].into_iter().flatten())
    }
}

impl<T: Into<String>> From<T> for MainAgent {
    fn from(id: T) -> Self {
        Self::new(id)
    }
}
