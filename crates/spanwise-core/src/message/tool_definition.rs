//! Tools that a model may call.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::redact::Redacting;

/// A tool that a model may call.
///
/// Name and type are recorded wherever definitions are; description and parameters, which are large
/// and repeat with every call, only where tool schemas were asked for as well.
///
/// Source: [gen_ai.tool.definitions](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md)
#[derive(Clone, PartialEq, Serialize)]
pub struct ToolDefinition {
    #[serde(rename = "type")]
    tool_type: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Value>,
}

impl ToolDefinition {
    /// A function of the program's own.
    pub fn function(name: impl Into<String>) -> Self {
        Self::of_type("function", name)
    }

    /// A tool of another type, such as one that the provider runs.
    pub fn of_type(tool_type: impl Into<String>, name: impl Into<String>) -> Self {
        Self { tool_type: tool_type.into(), name: name.into(), description: None, parameters: None }
    }

    /// What the tool is for, in words.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The JSON Schema of its arguments.
    #[must_use]
    pub fn parameters(mut self, schema: Value) -> Self {
        self.parameters = Some(schema);
        self
    }

    pub(crate) fn redact(&mut self, with: Redacting<'_>) {
        with.field("name", Some(&mut self.name));
        with.field("description", self.description.as_mut());
        if let Some(parameters) = &mut self.parameters {
            with.at(|place| place.in_field("parameters")).value(parameters);
        }
    }

    pub(crate) fn without_schema(mut self) -> Self {
        self.description = None;
        self.parameters = None;
        self
    }
}

impl fmt::Debug for ToolDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolDefinition").field("name", &self.name).finish_non_exhaustive()
    }
}
