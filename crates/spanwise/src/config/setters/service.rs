//! Whose telemetry it is.

use opentelemetry::{Key, KeyValue, Value};

use crate::config::{MainAgent, TelemetryConfig};

impl TelemetryConfig {
    /// The service: `service.name`. Defaults to `OTEL_SERVICE_NAME`, then `OTEL_RESOURCE_ATTRIBUTES`,
    /// then `unknown_service:` and the program's name.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.service_name = Some(name.into());
        self
    }

    /// The service's version: `service.version`.
    pub fn service_version(self, version: impl Into<String>) -> Self {
        self.resource_attribute("service.version", version.into())
    }

    /// Where it is deployed, such as `production`: `deployment.environment.name`.
    pub fn deployment_environment(self, name: impl Into<String>) -> Self {
        self.resource_attribute("deployment.environment.name", name.into())
    }

    /// Adds an attribute of the resource, in place of a detected one or the environment's.
    pub fn resource_attribute(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.resource.push(KeyValue::new(key, value));
        self
    }

    /// Whether host, process, operating system and container are detected. Defaults to yes.
    pub fn detect_resource(mut self, detect: bool) -> Self {
        self.detect_resource = Some(detect);
        self
    }

    /// The one agent that this program is, by the id that a provider or registry gave it: an entity of
    /// the resource, `gen_ai.main_agent.id`. Never an id that this process made up; programs without such
    /// an id, and those of several agents, leave it out.
    ///
    /// Source: [main agent](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-entities.md)
    pub fn main_agent(mut self, agent: impl Into<MainAgent>) -> Self {
        self.main_agent = Some(agent.into());
        self
    }
}
