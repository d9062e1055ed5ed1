// Written by `cargo xtask semconv generate`; not edited by hand.

//! Metrics: name, instrument, unit and histogram boundaries.

use super::{Descriptor, Instrument};

/// A metric that operations record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Metric {
    /// `gen_ai.client.inference.duration` (histogram, unit `s`).
    GenAiClientInferenceDuration,
    /// `gen_ai.client.inference.operation.input_tokens` (histogram, unit `{token}`).
    GenAiClientInferenceOperationInputTokens,
    /// `gen_ai.client.inference.operation.output_tokens` (histogram, unit `{token}`).
    GenAiClientInferenceOperationOutputTokens,
    /// `gen_ai.client.inference.time_per_output_chunk` (histogram, unit `s`).
    GenAiClientInferenceTimePerOutputChunk,
    /// `gen_ai.client.inference.time_to_first_chunk` (histogram, unit `s`).
    GenAiClientInferenceTimeToFirstChunk,
    /// `gen_ai.client.inference.usage.cache_read.input_tokens` (counter, unit `{token}`).
    GenAiClientInferenceUsageCacheReadInputTokens,
    /// `gen_ai.client.inference.usage.cache_write.input_tokens` (counter, unit `{token}`).
    GenAiClientInferenceUsageCacheWriteInputTokens,
    /// `gen_ai.client.inference.usage.input_tokens` (counter, unit `{token}`).
    GenAiClientInferenceUsageInputTokens,
    /// `gen_ai.client.inference.usage.output_tokens` (counter, unit `{token}`).
    GenAiClientInferenceUsageOutputTokens,
    /// `gen_ai.client.inference.usage.reasoning.output_tokens` (counter, unit `{token}`).
    GenAiClientInferenceUsageReasoningOutputTokens,
    /// `gen_ai.client.operation.duration` (histogram, unit `s`).
    GenAiClientOperationDuration,
    /// `gen_ai.execute_tool.duration` (histogram, unit `s`).
    GenAiExecuteToolDuration,
    /// `gen_ai.invoke_agent.duration` (histogram, unit `s`).
    GenAiInvokeAgentDuration,
    /// `gen_ai.invoke_agent.inference_calls` (histogram, unit `{inference_call}`).
    GenAiInvokeAgentInferenceCalls,
    /// `gen_ai.invoke_agent.tool_calls` (histogram, unit `{tool_call}`).
    GenAiInvokeAgentToolCalls,
    /// `gen_ai.invoke_workflow.duration` (histogram, unit `s`).
    GenAiInvokeWorkflowDuration,
    /// `spanwise.agent.retries` (counter, unit `{retry}`).
    SpanwiseAgentRetries,
    /// `spanwise.auth.refreshes` (counter, unit `{refresh}`).
    SpanwiseAuthRefreshes,
    /// `spanwise.budget.limit` (gauge, unit `{unit}`).
    SpanwiseBudgetLimit,
    /// `spanwise.budget.refusals` (counter, unit `{call}`).
    SpanwiseBudgetRefusals,
    /// `spanwise.budget.thresholds` (counter, unit `{threshold}`).
    SpanwiseBudgetThresholds,
    /// `spanwise.budget.use` (gauge, unit `1`).
    SpanwiseBudgetUse,
    /// `spanwise.cache.operations` (counter, unit `{operation}`).
    SpanwiseCacheOperations,
    /// `spanwise.cache.size` (gauge, unit `By`).
    SpanwiseCacheSize,
    /// `spanwise.checklist.pass_rate` (histogram, unit `1`).
    SpanwiseChecklistPassRate,
    /// `spanwise.context.truncations` (counter, unit `{truncation}`).
    SpanwiseContextTruncations,
    /// `spanwise.cost` (counter, unit `{currency}`).
    SpanwiseCost,
    /// `spanwise.cost.calls` (counter, unit `{call}`).
    SpanwiseCostCalls,
    /// `spanwise.evaluation.score` (histogram, unit `1`).
    SpanwiseEvaluationScore,
    /// `spanwise.fallbacks` (counter, unit `{fallback}`).
    SpanwiseFallbacks,
    /// `spanwise.guard.checks` (counter, unit `{check}`).
    SpanwiseGuardChecks,
    /// `spanwise.rate_limit.remaining_requests` (gauge, unit `{request}`).
    SpanwiseRateLimitRemainingRequests,
    /// `spanwise.rate_limit.remaining_tokens` (gauge, unit `{token}`).
    SpanwiseRateLimitRemainingTokens,
    /// `spanwise.rate_limits` (counter, unit `{answer}`).
    SpanwiseRateLimits,
    /// `spanwise.retries` (counter, unit `{retry}`).
    SpanwiseRetries,
    /// `spanwise.router.decisions` (counter, unit `{decision}`).
    SpanwiseRouterDecisions,
    /// `spanwise.step.duration` (histogram, unit `s`).
    SpanwiseStepDuration,
    /// `spanwise.validations` (counter, unit `{validation}`).
    SpanwiseValidations,
    /// `gen_ai.client.token.usage` (histogram, unit `{token}`).
    GenAiClientTokenUsage,
    /// `gen_ai.client.operation.time_per_output_chunk` (histogram, unit `s`).
    GenAiClientOperationTimePerOutputChunk,
    /// `gen_ai.client.operation.time_to_first_chunk` (histogram, unit `s`).
    GenAiClientOperationTimeToFirstChunk,
}

impl Metric {
    /// How many metrics there are.
    pub const COUNT: usize = 41;

    /// All of them, in the order of their discriminants.
    pub const ALL: [Self; Self::COUNT] = [
        Self::GenAiClientInferenceDuration,
        Self::GenAiClientInferenceOperationInputTokens,
        Self::GenAiClientInferenceOperationOutputTokens,
        Self::GenAiClientInferenceTimePerOutputChunk,
        Self::GenAiClientInferenceTimeToFirstChunk,
        Self::GenAiClientInferenceUsageCacheReadInputTokens,
        Self::GenAiClientInferenceUsageCacheWriteInputTokens,
        Self::GenAiClientInferenceUsageInputTokens,
        Self::GenAiClientInferenceUsageOutputTokens,
        Self::GenAiClientInferenceUsageReasoningOutputTokens,
        Self::GenAiClientOperationDuration,
        Self::GenAiExecuteToolDuration,
        Self::GenAiInvokeAgentDuration,
        Self::GenAiInvokeAgentInferenceCalls,
        Self::GenAiInvokeAgentToolCalls,
        Self::GenAiInvokeWorkflowDuration,
        Self::SpanwiseAgentRetries,
        Self::SpanwiseAuthRefreshes,
        Self::SpanwiseBudgetLimit,
        Self::SpanwiseBudgetRefusals,
        Self::SpanwiseBudgetThresholds,
        Self::SpanwiseBudgetUse,
        Self::SpanwiseCacheOperations,
        Self::SpanwiseCacheSize,
        Self::SpanwiseChecklistPassRate,
        Self::SpanwiseContextTruncations,
        Self::SpanwiseCost,
        Self::SpanwiseCostCalls,
        Self::SpanwiseEvaluationScore,
        Self::SpanwiseFallbacks,
        Self::SpanwiseGuardChecks,
        Self::SpanwiseRateLimitRemainingRequests,
        Self::SpanwiseRateLimitRemainingTokens,
        Self::SpanwiseRateLimits,
        Self::SpanwiseRetries,
        Self::SpanwiseRouterDecisions,
        Self::SpanwiseStepDuration,
        Self::SpanwiseValidations,
        Self::GenAiClientTokenUsage,
        Self::GenAiClientOperationTimePerOutputChunk,
        Self::GenAiClientOperationTimeToFirstChunk,
    ];

    /// What an instrument for it is made from.
    pub const fn descriptor(self) -> Descriptor {
        match self {
            Self::GenAiClientInferenceDuration => Descriptor {
                name: "gen_ai.client.inference.duration",
                unit: "s",
                instrument: Instrument::DoubleHistogram,
                boundaries: &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
            },
            Self::GenAiClientInferenceOperationInputTokens => Descriptor {
                name: "gen_ai.client.inference.operation.input_tokens",
                unit: "{token}",
                instrument: Instrument::IntHistogram,
                boundaries: &[1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0, 67108864.0],
            },
            Self::GenAiClientInferenceOperationOutputTokens => Descriptor {
                name: "gen_ai.client.inference.operation.output_tokens",
                unit: "{token}",
                instrument: Instrument::IntHistogram,
                boundaries: &[1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0, 67108864.0],
            },
            Self::GenAiClientInferenceTimePerOutputChunk => Descriptor {
                name: "gen_ai.client.inference.time_per_output_chunk",
                unit: "s",
                instrument: Instrument::DoubleHistogram,
                boundaries: &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
            },
            Self::GenAiClientInferenceTimeToFirstChunk => Descriptor {
                name: "gen_ai.client.inference.time_to_first_chunk",
                unit: "s",
                instrument: Instrument::DoubleHistogram,
                boundaries: &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
            },
            Self::GenAiClientInferenceUsageCacheReadInputTokens => Descriptor {
                name: "gen_ai.client.inference.usage.cache_read.input_tokens",
                unit: "{token}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::GenAiClientInferenceUsageCacheWriteInputTokens => Descriptor {
                name: "gen_ai.client.inference.usage.cache_write.input_tokens",
                unit: "{token}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::GenAiClientInferenceUsageInputTokens => Descriptor {
                name: "gen_ai.client.inference.usage.input_tokens",
                unit: "{token}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::GenAiClientInferenceUsageOutputTokens => Descriptor {
                name: "gen_ai.client.inference.usage.output_tokens",
                unit: "{token}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::GenAiClientInferenceUsageReasoningOutputTokens => Descriptor {
                name: "gen_ai.client.inference.usage.reasoning.output_tokens",
                unit: "{token}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::GenAiClientOperationDuration => Descriptor {
                name: "gen_ai.client.operation.duration",
                unit: "s",
                instrument: Instrument::DoubleHistogram,
                boundaries: &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
            },
            Self::GenAiExecuteToolDuration => Descriptor {
                name: "gen_ai.execute_tool.duration",
                unit: "s",
                instrument: Instrument::DoubleHistogram,
                boundaries: &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
            },
            Self::GenAiInvokeAgentDuration => Descriptor {
                name: "gen_ai.invoke_agent.duration",
                unit: "s",
                instrument: Instrument::DoubleHistogram,
                boundaries: &[0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6],
            },
            Self::GenAiInvokeAgentInferenceCalls => Descriptor {
                name: "gen_ai.invoke_agent.inference_calls",
                unit: "{inference_call}",
                instrument: Instrument::IntHistogram,
                boundaries: &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0],
            },
            Self::GenAiInvokeAgentToolCalls => Descriptor {
                name: "gen_ai.invoke_agent.tool_calls",
                unit: "{tool_call}",
                instrument: Instrument::IntHistogram,
                boundaries: &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0],
            },
            Self::GenAiInvokeWorkflowDuration => Descriptor {
                name: "gen_ai.invoke_workflow.duration",
                unit: "s",
                instrument: Instrument::DoubleHistogram,
                boundaries: &[1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0],
            },
            Self::SpanwiseAgentRetries => Descriptor {
                name: "spanwise.agent.retries",
                unit: "{retry}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::SpanwiseAuthRefreshes => Descriptor {
                name: "spanwise.auth.refreshes",
                unit: "{refresh}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::SpanwiseBudgetLimit => Descriptor {
                name: "spanwise.budget.limit",
                unit: "{unit}",
                instrument: Instrument::DoubleGauge,
                boundaries: &[],
            },
            Self::SpanwiseBudgetRefusals => Descriptor {
                name: "spanwise.budget.refusals",
                unit: "{call}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::SpanwiseBudgetThresholds => Descriptor {
                name: "spanwise.budget.thresholds",
                unit: "{threshold}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::SpanwiseBudgetUse => Descriptor {
                name: "spanwise.budget.use",
                unit: "1",
                instrument: Instrument::DoubleGauge,
                boundaries: &[],
            },
            Self::SpanwiseCacheOperations => Descriptor {
                name: "spanwise.cache.operations",
                unit: "{operation}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::SpanwiseCacheSize => Descriptor {
                name: "spanwise.cache.size",
                unit: "By",
                instrument: Instrument::Gauge,
                boundaries: &[],
            },
            Self::SpanwiseChecklistPassRate => Descriptor {
                name: "spanwise.checklist.pass_rate",
                unit: "1",
                instrument: Instrument::DoubleHistogram,
                boundaries: &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0],
            },
            Self::SpanwiseContextTruncations => Descriptor {
                name: "spanwise.context.truncations",
                unit: "{truncation}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::SpanwiseCost => Descriptor {
                name: "spanwise.cost",
                unit: "{currency}",
                instrument: Instrument::DoubleCounter,
                boundaries: &[],
            },
            Self::SpanwiseCostCalls => Descriptor {
                name: "spanwise.cost.calls",
                unit: "{call}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::SpanwiseEvaluationScore => Descriptor {
                name: "spanwise.evaluation.score",
                unit: "1",
                instrument: Instrument::DoubleHistogram,
                boundaries: &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0],
            },
            Self::SpanwiseFallbacks => Descriptor {
                name: "spanwise.fallbacks",
                unit: "{fallback}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::SpanwiseGuardChecks => Descriptor {
                name: "spanwise.guard.checks",
                unit: "{check}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::SpanwiseRateLimitRemainingRequests => Descriptor {
                name: "spanwise.rate_limit.remaining_requests",
                unit: "{request}",
                instrument: Instrument::Gauge,
                boundaries: &[],
            },
            Self::SpanwiseRateLimitRemainingTokens => Descriptor {
                name: "spanwise.rate_limit.remaining_tokens",
                unit: "{token}",
                instrument: Instrument::Gauge,
                boundaries: &[],
            },
            Self::SpanwiseRateLimits => Descriptor {
                name: "spanwise.rate_limits",
                unit: "{answer}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::SpanwiseRetries => Descriptor {
                name: "spanwise.retries",
                unit: "{retry}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::SpanwiseRouterDecisions => Descriptor {
                name: "spanwise.router.decisions",
                unit: "{decision}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::SpanwiseStepDuration => Descriptor {
                name: "spanwise.step.duration",
                unit: "s",
                instrument: Instrument::DoubleHistogram,
                boundaries: &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
            },
            Self::SpanwiseValidations => Descriptor {
                name: "spanwise.validations",
                unit: "{validation}",
                instrument: Instrument::Counter,
                boundaries: &[],
            },
            Self::GenAiClientTokenUsage => Descriptor {
                name: "gen_ai.client.token.usage",
                unit: "{token}",
                instrument: Instrument::IntHistogram,
                boundaries: &[1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0, 67108864.0],
            },
            Self::GenAiClientOperationTimePerOutputChunk => Descriptor {
                name: "gen_ai.client.operation.time_per_output_chunk",
                unit: "s",
                instrument: Instrument::DoubleHistogram,
                boundaries: &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
            },
            Self::GenAiClientOperationTimeToFirstChunk => Descriptor {
                name: "gen_ai.client.operation.time_to_first_chunk",
                unit: "s",
                instrument: Instrument::DoubleHistogram,
                boundaries: &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
            },
        }
    }
}

/// `spanwise.export.events` (counter, unit `{event}`), which the export side tells of itself.
pub const SPANWISE_EXPORT_EVENTS: &str = "spanwise.export.events";

/// `spanwise.export.filtered` (counter, unit `{item}`), which the export side tells of itself.
pub const SPANWISE_EXPORT_FILTERED: &str = "spanwise.export.filtered";

/// `spanwise.export.overflowing` (updowncounter, unit `{metric}`), which the export side tells of itself.
pub const SPANWISE_EXPORT_OVERFLOWING: &str = "spanwise.export.overflowing";

/// `spanwise.export.shrunk` (counter, unit `{item}`), which the export side tells of itself.
pub const SPANWISE_EXPORT_SHRUNK: &str = "spanwise.export.shrunk";

/// `spanwise.export.spooled` (updowncounter, unit `{item}`), which the export side tells of itself.
pub const SPANWISE_EXPORT_SPOOLED: &str = "spanwise.export.spooled";
