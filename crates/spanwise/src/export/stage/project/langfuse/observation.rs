//! What type of observation a span is.

use spanwise_core::semconv::value::gen_ai_operation_name as operation;

use super::super::told::Told;

/// The types of Langfuse that operations have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Observation {
    Span,
    Generation,
    Embedding,
    Agent,
    Tool,
    Chain,
    Retriever,
    Guardrail,
    Evaluator,
}

impl Observation {
    const ALL: [Self; 9] = [
        Self::Span,
        Self::Generation,
        Self::Embedding,
        Self::Agent,
        Self::Tool,
        Self::Chain,
        Self::Retriever,
        Self::Guardrail,
        Self::Evaluator,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Span => "span",
            Self::Generation => "generation",
            Self::Embedding => "embedding",
            Self::Agent => "agent",
            Self::Tool => "tool",
            Self::Chain => "chain",
            Self::Retriever => "retriever",
            Self::Guardrail => "guardrail",
            Self::Evaluator => "evaluator",
        }
    }

    /// By the operation, or the type of a step. `None` where Langfuse is to see for itself.
    pub(super) fn of(told: &Told<'_>) -> Option<Self> {
        Some(match told.operation {
            Some(operation::CHAT | operation::TEXT_COMPLETION | operation::GENERATE_CONTENT) => {
                Self::Generation
            }
            Some(operation::EMBEDDINGS) => Self::Embedding,
            Some(operation::INVOKE_AGENT | operation::CREATE_AGENT) => Self::Agent,
            Some(operation::EXECUTE_TOOL) => Self::Tool,
            Some(operation::RETRIEVAL | operation::SEARCH_MEMORY) => Self::Retriever,
            Some(operation::INVOKE_WORKFLOW | operation::PLAN) => Self::Chain,
            // Its model would make it a generation, whose tokens are then guessed and charged again.
            Some(operation::FETCH_RESPONSE) => Self::Span,
            Some(
                operation::CREATE_MEMORY
                | operation::UPDATE_MEMORY
                | operation::UPSERT_MEMORY
                | operation::DELETE_MEMORY
                | operation::CREATE_MEMORY_STORE
                | operation::DELETE_MEMORY_STORE,
            ) => Self::Span,
            Some(_) => return None,
            None => {
                told.step_name?;
                let own =
                    |it: &&Self| told.step_type.is_some_and(|t| t.eq_ignore_ascii_case(it.name()));
                Self::ALL.iter().find(own).copied().unwrap_or(Self::Span)
            }
        })
    }

    /// Whether it is a call of a model, which consumes tokens.
    pub(super) fn is_call(self) -> bool {
        matches!(self, Self::Generation | Self::Embedding)
    }
}
