//! What is said to a model, in no provider's words.

use serde_json::{Value, json};
use spanwise::{Message, Part, Role, ToolDefinition};

use crate::via::About;

pub(crate) const INSTRUCTIONS: &str = "You help customers of a small shop.";
pub(crate) const QUESTION: &str = "Where is my order A-17?";
pub(crate) const MAX_TOKENS: u32 = 256;

pub(crate) const TOOL: &str = "lookup_order";
pub(crate) const TOOL_DESCRIPTION: &str = "Says where an order is";

/// A picture of one pixel.
pub(crate) const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// One instruction, one question, and what was said since.
#[derive(Default)]
pub(crate) struct Turn {
    /// Another model than the provider's usual one.
    pub(crate) model: Option<&'static str>,
    /// The question comes with a picture.
    pub(crate) picture: bool,
    /// The model may ask for the tool.
    pub(crate) tool: bool,
    /// The answer shall follow a schema.
    pub(crate) schema: bool,
    pub(crate) options: Options,
    /// Tools that the model wanted to be run, and what came out.
    pub(crate) results: Vec<(ToolCall, String)>,
}

/// A tool that the model wants to be run.
#[derive(Clone, Debug, Default)]
pub(crate) struct ToolCall {
    pub(crate) id: String,
    pub(crate) name: String,
    /// As JSON text.
    pub(crate) arguments: String,
}

impl ToolCall {
    /// The arguments as JSON.
    pub(crate) fn input(&self) -> Value {
        self.arguments.parse().unwrap_or_default()
    }

    fn part(&self) -> Part {
        Part::tool_call(&self.id, &self.name, &self.arguments)
    }
}

/// What may be said about sampling.
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) top_k: Option<i64>,
    pub(crate) frequency_penalty: Option<f64>,
    pub(crate) presence_penalty: Option<f64>,
    pub(crate) seed: Option<i64>,
    pub(crate) choices: Option<u32>,
    pub(crate) stop: Vec<String>,
    pub(crate) service_tier: Option<&'static str>,
}

impl Options {
    /// Everything that some provider knows; numbers that 32 bits hold too, since the AWS SDK has no more.
    pub(crate) fn every() -> Self {
        Self {
            temperature: Some(0.25),
            top_p: Some(0.75),
            top_k: Some(40),
            frequency_penalty: Some(0.1),
            presence_penalty: Some(0.1),
            seed: Some(7),
            choices: Some(2),
            stop: vec!["END".to_owned()],
            service_tier: Some("default"),
        }
    }
}

/// What the answer shall look like.
pub(crate) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {"order": {"type": "string"}, "arrives": {"type": "string"}},
        "required": ["order", "arrives"],
        "additionalProperties": false,
    })
}

/// What the tool takes.
pub(crate) fn parameters() -> Value {
    json!({
        "type": "object",
        "properties": {"order": {"type": "string"}},
        "required": ["order"],
    })
}

/// The tool, as it is recorded.
pub(crate) fn definition() -> ToolDefinition {
    ToolDefinition::function(TOOL).description(TOOL_DESCRIPTION).parameters(parameters())
}

impl Turn {
    /// The history, as it is recorded.
    pub(crate) fn history(&self, about: &About) -> Vec<Message> {
        let mut question = Message::user(QUESTION);
        if self.picture {
            let mime_type = about.tells_mime_types.then(|| "image/png".to_owned());
            let modality = "image".to_owned();
            question =
                question.part(Part::Blob { modality, mime_type, content: PICTURE.to_owned() });
        }
        let mut history = Vec::new();
        if !about.instructed_apart {
            history.push(Message::system(INSTRUCTIONS));
        }
        history.push(question);
        for (call, result) in &self.results {
            let role: Role = about.tool_role.to_owned().into();
            let response = Part::tool_call_response(&call.id, result);
            history.push(Message::assistant("").part(call.part()));
            history.push(Message::new(role, vec![response]));
        }
        history
    }

    /// The tools, as they are recorded.
    pub(crate) fn tools(&self) -> Vec<ToolDefinition> {
        if self.tool { vec![definition()] } else { Vec::new() }
    }
}
