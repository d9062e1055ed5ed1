//! The six kinds of operation that a function can be, and what can be said of each.

/// What a function is recorded as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Generation,
    Tool,
    Agent,
    Workflow,
    Step,
    Retrieval,
}

/// How a setting is handed to the builder of the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// `key = text`, borrowed or owned, or an `Option` of one.
    Text,
    /// `key = number`, or an `Option` of one.
    Int,
    /// The same with a fraction.
    Float,
    /// `key = value`, as the builder takes it.
    Value,
    /// `key(value, …)`.
    Values,
    /// `key` alone.
    Nothing,
    /// `key = content`, looked at only where inputs are captured.
    Content(Content),
}

/// What stands in the place of the arguments, or beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Arguments,
    Input,
    Query,
    SystemInstructions,
    ToolDefinitions,
}

use Takes::{Float, Int, Nothing, Text, Value, Values};

/// What every operation can be told.
const COMMON: &[(&str, Takes)] =
    &[("content_level", Value), ("error_kind", Value), ("link", Value)];

const REQUEST: &[(&str, Takes)] = &[
    ("choice_count", Int),
    ("conversation_id", Text),
    ("frequency_penalty", Float),
    ("input", Takes::Content(Content::Input)),
    ("max_tokens", Int),
    ("output_type", Value),
    ("presence_penalty", Float),
    ("seed", Int),
    ("stop_sequences", Value),
    ("system_instructions", Takes::Content(Content::SystemInstructions)),
    ("temperature", Float),
    ("tool_definitions", Takes::Content(Content::ToolDefinitions)),
    ("top_p", Float),
];

const GENERATION: &[(&str, Takes)] = &[
    ("bedrock_guardrail_id", Text),
    ("bedrock_knowledge_base_id", Text),
    ("in_process", Nothing),
    ("openai_api_type", Value),
    ("openai_service_tier", Text),
    ("previous_response_id", Text),
    ("prompt_name", Text),
    ("prompt_version", Text),
    ("reasoning_level", Text),
    ("server", Values),
    ("streaming", Nothing),
    ("top_k", Int),
];

const TOOL: &[(&str, Takes)] = &[
    ("agent_name", Text),
    ("arguments", Takes::Content(Content::Arguments)),
    ("call_id", Text),
    ("conversation_id", Text),
    ("description", Text),
    ("executable_name", Text),
    ("executable_path", Text),
    ("skill_description", Text),
    ("skill_name", Text),
    ("skill_resource_name", Text),
    ("skill_source_uri", Value),
    ("tool_type", Text),
];

const AGENT: &[(&str, Takes)] = &[("data_source_id", Text), ("description", Text), ("model", Text)];

const WORKFLOW: &[(&str, Takes)] =
    &[("conversation_id", Text), ("input", Takes::Content(Content::Input))];

const STEP: &[(&str, Takes)] = &[("index", Int), ("step_type", Text)];

const RETRIEVAL: &[(&str, Takes)] = &[
    ("model", Text),
    ("provider", Value),
    ("query", Takes::Content(Content::Query)),
    ("server", Values),
    ("top_k", Int),
];

/// What the macro itself reads, for every kind.
const OWN: &[&str] = &["attributes", "crate"];

/// The same, for those that show arguments and results.
const OWN_WITH_CONTENT: &[&str] = &["debug", "skip", "skip_all", "skip_result", "stream"];

impl Kind {
    /// The attribute's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Generation => "generation",
            Self::Tool => "tool",
            Self::Agent => "agent",
            Self::Workflow => "workflow",
            Self::Step => "step",
            Self::Retrieval => "retrieval",
        }
    }

    /// The type of the operation.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Self::Generation => "Generation",
            Self::Tool => "Tool",
            Self::Agent => "Agent",
            Self::Workflow => "Workflow",
            Self::Step => "Step",
            Self::Retrieval => "Retrieval",
        }
    }

    /// Whether it shows arguments and results at all.
    pub(crate) fn has_content(self) -> bool {
        self != Self::Step
    }

    /// Whether what goes in is messages.
    pub(crate) fn takes_messages(self) -> bool {
        matches!(self, Self::Generation | Self::Agent | Self::Workflow)
    }

    /// Whether what comes out is messages.
    pub(crate) fn gives_messages(self) -> bool {
        matches!(self, Self::Agent | Self::Workflow)
    }

    /// How a setting is handed on, where this kind has it.
    pub(crate) fn takes(self, key: &str) -> Option<Takes> {
        let tables = self.tables().into_iter().flatten();
        tables.chain(COMMON).find(|(known, _)| *known == key).map(|(_, takes)| *takes)
    }

    /// Whether the macro itself reads this key.
    pub(crate) fn reads(self, key: &str) -> bool {
        OWN.contains(&key)
            || self.own_of_kind().contains(&key)
            || self.has_content() && OWN_WITH_CONTENT.contains(&key)
            || !self.has_content() && key == "stream"
    }

    /// Every key, in the order of the alphabet.
    pub(crate) fn keys(self) -> Vec<&'static str> {
        let settings = self.tables().into_iter().flatten().chain(COMMON).map(|(key, _)| *key);
        let own = OWN.iter().chain(OWN_WITH_CONTENT).copied().filter(|key| self.reads(key));
        let mut keys: Vec<_> =
            settings.chain(own).chain(self.own_of_kind().iter().copied()).collect();
        keys.sort_unstable();
        keys
    }

    /// What the operation is made from.
    fn own_of_kind(self) -> &'static [&'static str] {
        match self {
            Self::Generation => &["chunk", "model", "operation", "provider"],
            Self::Retrieval => &["data_source_id"],
            Self::Tool | Self::Agent | Self::Workflow | Self::Step => &["name"],
        }
    }

    fn tables(self) -> [&'static [(&'static str, Takes)]; 2] {
        match self {
            Self::Generation => [REQUEST, GENERATION],
            Self::Tool => [TOOL, &[]],
            Self::Agent => [REQUEST, AGENT],
            Self::Workflow => [WORKFLOW, &[]],
            Self::Step => [STEP, &[]],
            Self::Retrieval => [RETRIEVAL, &[]],
        }
    }
}
