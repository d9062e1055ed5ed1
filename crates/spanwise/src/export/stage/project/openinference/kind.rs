//! What kind of span it is.

use spanwise_core::semconv::value::gen_ai_operation_name as operation;

use super::super::told::Told;

/// The kinds of OpenInference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Llm,
    Embedding,
    Chain,
    Retriever,
    Reranker,
    Tool,
    Agent,
    Guardrail,
    Evaluator,
    Prompt,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Llm,
        Self::Embedding,
        Self::Chain,
        Self::Retriever,
        Self::Reranker,
        Self::Tool,
        Self::Agent,
        Self::Guardrail,
        Self::Evaluator,
        Self::Prompt,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Llm => "LLM",
            Self::Embedding => "EMBEDDING",
            Self::Chain => "CHAIN",
            Self::Retriever => "RETRIEVER",
            Self::Reranker => "RERANKER",
            Self::Tool => "TOOL",
            Self::Agent => "AGENT",
            Self::Guardrail => "GUARDRAIL",
            Self::Evaluator => "EVALUATOR",
            Self::Prompt => "PROMPT",
        }
    }

    /// By the operation; else by what else is said. `None` where nothing is said of a model.
    pub(super) fn of(told: &Told<'_>) -> Option<Self> {
        Some(match told.operation {
            Some(
                operation::CHAT
                | operation::TEXT_COMPLETION
                | operation::GENERATE_CONTENT
                | operation::FETCH_RESPONSE,
            ) => Self::Llm,
            Some(operation::EMBEDDINGS) => Self::Embedding,
            Some(operation::RETRIEVAL | operation::SEARCH_MEMORY) => Self::Retriever,
            Some(operation::EXECUTE_TOOL) => Self::Tool,
            Some(operation::INVOKE_AGENT | operation::CREATE_AGENT) => Self::Agent,
            Some(_) => Self::Chain,
            None => return Self::guessed(told),
        })
    }

    fn guessed(told: &Told<'_>) -> Option<Self> {
        if told.step_name.is_some() {
            // A step may say which of them it is.
            let own =
                |it: &&Self| told.step_type.is_some_and(|t| t.eq_ignore_ascii_case(it.name()));
            return Some(Self::ALL.iter().find(own).copied().unwrap_or(Self::Chain));
        }
        let messages = told.input_messages.or(told.output_messages);
        let kinds = [
            (told.tool_name.or(told.tool_call_id).is_some(), Self::Tool),
            (told.retrieval_query.or(told.retrieval_documents).is_some(), Self::Retriever),
            (told.has_dimensions, Self::Embedding),
            (messages.is_some() || told.request_model.is_some(), Self::Llm),
        ];
        kinds.into_iter().find_map(|(is, kind)| is.then_some(kind))
    }
}
