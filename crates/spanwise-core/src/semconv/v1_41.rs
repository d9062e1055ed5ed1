// Written by `cargo xtask semconv generate`; not edited by hand.

//! What the core conventions 1.41 call what has changed since.

use super::profile::{Earlier, EarlierMetric};
use super::Metric;

/// Their schema.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.41.0";

/// Whether each output message holds its `finish_reason`.
pub const FINISH_REASON_IN_MESSAGES: bool = true;

/// The attribute that told tokens apart.
pub const TOKEN_TYPE: &str = "gen_ai.token.type";

/// Attributes by their key of today.
pub const ATTRIBUTES: [Earlier; 3] = [
    Earlier { key: "gen_ai.request.top_k", earlier: "gen_ai.request.top_k", double: true },
    Earlier { key: "gen_ai.retrieval.top_k", earlier: "gen_ai.request.top_k", double: true },
    Earlier { key: "gen_ai.usage.cache_write.input_tokens", earlier: "gen_ai.usage.cache_creation.input_tokens", double: false },
];

/// The metric that was recorded instead; `None` where nothing was.
pub(crate) const fn metric(metric: Metric) -> Option<EarlierMetric> {
    match metric {
        Metric::GenAiClientInferenceDuration => Some(EarlierMetric { metric: Metric::GenAiClientOperationDuration, token_type: None }),
        Metric::GenAiClientInferenceOperationInputTokens => Some(EarlierMetric { metric: Metric::GenAiClientTokenUsage, token_type: Some("input") }),
        Metric::GenAiClientInferenceOperationOutputTokens => Some(EarlierMetric { metric: Metric::GenAiClientTokenUsage, token_type: Some("output") }),
        Metric::GenAiClientInferenceTimePerOutputChunk => Some(EarlierMetric { metric: Metric::GenAiClientOperationTimePerOutputChunk, token_type: None }),
        Metric::GenAiClientInferenceTimeToFirstChunk => Some(EarlierMetric { metric: Metric::GenAiClientOperationTimeToFirstChunk, token_type: None }),
        Metric::GenAiClientInferenceUsageCacheReadInputTokens => None,
        Metric::GenAiClientInferenceUsageCacheWriteInputTokens => None,
        Metric::GenAiClientInferenceUsageInputTokens => None,
        Metric::GenAiClientInferenceUsageOutputTokens => None,
        Metric::GenAiClientInferenceUsageReasoningOutputTokens => None,
        same => Some(EarlierMetric { metric: same, token_type: None }),
    }
}
