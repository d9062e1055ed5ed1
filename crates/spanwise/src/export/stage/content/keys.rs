//! Under which keys content stands, in the conventions of today, in earlier ones, and in those of others.

use spanwise_core::semconv::attribute as key;

/// Which side of a call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Input,
    Output,
    /// Not told apart by the key.
    Both,
}

/// What follows the key where it is not the whole of it.
#[cfg(not(spanwise_no_content))]
#[derive(Clone, Copy)]
enum Rest {
    /// A number, as where lists are flattened: `….0.content`.
    Place,
    /// Anything.
    Any,
}

#[cfg(not(spanwise_no_content))]
use Rest::{Any, Place};
#[cfg(not(spanwise_no_content))]
use Side::Both;
use Side::{Input, Output};

/// A key, or the beginning of keys.
#[cfg(not(spanwise_no_content))]
const KEYS: &[(&str, Side, Rest)] = &[
    // The conventions of today.
    (key::GEN_AI_INPUT_MESSAGES.key(), Input, Place),
    (key::GEN_AI_MEMORY_QUERY_TEXT.key(), Input, Place),
    (key::GEN_AI_MEMORY_RECORDS.key(), Both, Place),
    (key::GEN_AI_OUTPUT_MESSAGES.key(), Output, Place),
    (PROMPT_VARIABLE, Input, Any),
    (key::GEN_AI_RETRIEVAL_DOCUMENTS.key(), Output, Place),
    (key::GEN_AI_RETRIEVAL_QUERY_TEXT.key(), Input, Place),
    (key::GEN_AI_SYSTEM_INSTRUCTIONS.key(), Input, Place),
    (key::GEN_AI_TOOL_CALL_ARGUMENTS.key(), Input, Any),
    (key::GEN_AI_TOOL_CALL_RESULT.key(), Output, Any),
    (key::GEN_AI_TOOL_DEFINITIONS.key(), Input, Place),
    // Earlier ones, and OpenLLMetry.
    ("gen_ai.prompt", Input, Place),
    ("gen_ai.completion", Output, Place),
    ("gen_ai.tool.message", Both, Any),
    ("gen_ai.event.content", Both, Any),
    ("gen_ai.input", Input, Place),
    ("gen_ai.output", Output, Place),
    ("gen_ai.tool.input", Input, Any),
    ("gen_ai.tool.output", Output, Any),
    ("gen_ai.content.prompt", Input, Any),
    ("gen_ai.content.completion", Output, Any),
    ("llm.prompts", Input, Place),
    ("llm.completions", Output, Place),
    ("llm.request.functions", Input, Place),
    ("traceloop.entity.input", Input, Any),
    ("traceloop.entity.output", Output, Any),
    // OpenInference.
    ("input.value", Input, Any),
    ("output.value", Output, Any),
    ("llm.input_messages", Input, Place),
    ("llm.output_messages", Output, Place),
    ("llm.prompt_template.template", Input, Any),
    ("llm.prompt_template.variables", Input, Any),
    ("llm.function_call", Output, Any),
    ("llm.tools", Input, Place),
    ("llm.choices", Output, Place),
    ("tool.parameters", Input, Any),
    ("tool_call.function.arguments", Output, Any),
    ("retrieval.documents", Output, Place),
    ("reranker.query", Input, Any),
    ("reranker.input_documents", Input, Place),
    ("reranker.output_documents", Output, Place),
    ("embedding.text", Input, Any),
    ("embedding.embeddings", Both, Place),
    // The AI SDK of Vercel.
    ("ai.prompt", Input, Any),
    ("ai.response.text", Output, Any),
    ("ai.response.object", Output, Any),
    ("ai.response.toolCalls", Output, Any),
    ("ai.toolCall.args", Input, Any),
    ("ai.toolCall.result", Output, Any),
    ("ai.value", Input, Any),
    ("ai.values", Input, Any),
    // Langfuse, Logfire, Pydantic AI, MLflow.
    ("langfuse.observation.input", Input, Any),
    ("langfuse.observation.output", Output, Any),
    ("langfuse.trace.input", Input, Any),
    ("langfuse.trace.output", Output, Any),
    ("request_data", Input, Any),
    ("response_data", Output, Any),
    ("all_messages_events", Both, Any),
    ("pydantic_ai.all_messages", Both, Any),
    ("final_result", Output, Any),
    ("tool_arguments", Input, Any),
    ("tool_response", Output, Any),
    ("mlflow.spanInputs", Input, Any),
    ("mlflow.spanOutputs", Output, Any),
];

#[cfg(not(spanwise_no_content))]
const PROMPT_VARIABLE: &str = "gen_ai.prompt.variable";

/// The events of earlier conventions whose body, or attributes, are a message.
const EVENTS: &[(&str, Side)] = &[
    ("gen_ai.system.message", Input),
    ("gen_ai.user.message", Input),
    ("gen_ai.assistant.message", Input),
    ("gen_ai.tool.message", Input),
    ("gen_ai.choice", Output),
];

/// Without the code for content there are no keys of content either: whatever may be one counts as one.
#[cfg(spanwise_no_content)]
pub(crate) fn side(attribute: &str) -> Option<Side> {
    const BEGINNINGS: [&str; 12] = [
        "gen_ai.",
        "llm.",
        "traceloop.",
        "input.",
        "output.",
        "tool",
        "retrieval.",
        "reranker.",
        "embedding.",
        "ai.",
        "langfuse.",
        "mlflow.",
    ];
    let known = || key::ALL.binary_search(&attribute).is_ok();
    let begins = BEGINNINGS.iter().any(|begin| attribute.starts_with(begin));
    (begins && !known()).then_some(Side::Both)
}

/// Which side of a call this attribute holds, if it holds content at all.
#[cfg(not(spanwise_no_content))]
pub(crate) fn side(attribute: &str) -> Option<Side> {
    // Most keys end here.
    if !BEGINNINGS.iter().any(|begin| attribute.starts_with(begin)) {
        return None;
    }
    let holds = |(key, side, rest): &(&str, Side, Rest)| {
        let rest_of_key = attribute.strip_prefix(key)?;
        let holds = match (rest_of_key.strip_prefix('.'), rest) {
            (None, _) => rest_of_key.is_empty(),
            (Some(_), Any) => true,
            (Some(place), Place) => place.starts_with(|first: char| first.is_ascii_digit()),
        };
        holds.then_some(*side)
    };
    KEYS.iter().find_map(holds)
}

#[cfg(not(spanwise_no_content))]
const BEGINNINGS: &[&str] = &[
    "gen_ai.",
    "llm.",
    "traceloop.",
    "input.",
    "output.",
    "tool",
    "retrieval.",
    "reranker.",
    "embedding.",
    "ai.",
    "langfuse.",
    "request_",
    "response_",
    "all_",
    "pydantic_",
    "final_",
    "mlflow.",
];

/// Which side of a call the event of this name is, if it is a message.
pub(crate) fn side_of_event(name: &str) -> Option<Side> {
    EVENTS.iter().find(|(event, _)| *event == name).map(|(_, side)| *side)
}

/// Whether it tells of a model call at all: whose errors may quote content.
pub(crate) fn tells_of_model_calls(attribute: &str) -> bool {
    const OF_MODELS: [&str; 6] =
        ["gen_ai.", "llm.", "traceloop.", "openinference.", "ai.model.", "langfuse."];
    OF_MODELS.iter().any(|begin| attribute.starts_with(begin))
}

/// Whether a flattened field, such as `gen_ai.prompt.0.role`, is a name and no text.
pub(crate) fn is_flattened_name(attribute: &str) -> bool {
    let mut segments = attribute.rsplit('.');
    let name = segments.next().is_some_and(|last| {
        matches!(last, "role" | "type" | "finish_reason" | "id" | "mime_type" | "score")
    });
    name && segments.any(|segment| segment.starts_with(|first: char| first.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_known_whole_and_flattened() {
        for (attribute, expected) in [
            ("gen_ai.input.messages", Some(Input)),
            ("gen_ai.input.messages.0.content", Some(Input)),
            ("gen_ai.prompt.variable.city", Some(Input)),
            ("gen_ai.prompt.0.content", Some(Input)),
            ("gen_ai.prompt", Some(Input)),
            ("gen_ai.completion.12.tool_calls.0.arguments", Some(Output)),
            ("llm.output_messages.0.message.content", Some(Output)),
            ("input.value", Some(Input)),
            ("gen_ai.prompt.name", None),
            ("gen_ai.prompt.version", None),
            ("gen_ai.tool.name", None),
            ("gen_ai.tool.definitions.hash", None),
            ("gen_ai.usage.input_tokens", None),
            ("gen_ai.output.type", None),
            ("input.mime_type", None),
            ("http.request.method", None),
        ] {
            assert_eq!(side(attribute), expected, "{attribute}");
        }
    }

    #[test]
    fn every_key_begins_with_one_of_the_beginnings() {
        for (key, _, _) in KEYS {
            assert!(side(key).is_some(), "{key}");
        }
    }

    #[test]
    fn every_content_attribute_of_the_conventions_is_known() {
        // What the conventions list beside these is no content.
        let known = |key: &&&str| side(key).is_some();
        let content: Vec<_> = key::ALL.iter().filter(known).copied().collect();
        assert_eq!(
            content,
            [
                "gen_ai.input.messages",
                "gen_ai.memory.query.text",
                "gen_ai.memory.records",
                "gen_ai.output.messages",
                "gen_ai.prompt.variable",
                "gen_ai.retrieval.documents",
                "gen_ai.retrieval.query.text",
                "gen_ai.system_instructions",
                "gen_ai.tool.call.arguments",
                "gen_ai.tool.call.result",
                "gen_ai.tool.definitions",
            ]
        );
    }

    #[test]
    fn of_flattened_fields_some_are_names() {
        assert!(is_flattened_name("gen_ai.prompt.0.role"));
        assert!(is_flattened_name("llm.input_messages.3.message.tool_calls.0.type"));
        assert!(!is_flattened_name("gen_ai.prompt.0.content"));
        assert!(!is_flattened_name("tool.parameters.id"));
    }
}
