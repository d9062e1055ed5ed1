// Written by `cargo xtask semconv generate`; not edited by hand.

//! Names of events: the conventions' are log records, our own are events of a span.

/// `gen_ai.client.inference.operation.details`, severity number 5.
pub const GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS: &str = "gen_ai.client.inference.operation.details";

/// `gen_ai.client.operation.exception`, severity number 13.
pub const GEN_AI_CLIENT_OPERATION_EXCEPTION: &str = "gen_ai.client.operation.exception";

/// `gen_ai.evaluation.result`.
pub const GEN_AI_EVALUATION_RESULT: &str = "gen_ai.evaluation.result";

/// `spanwise.attempt`.
pub const SPANWISE_ATTEMPT: &str = "spanwise.attempt";

/// `spanwise.cache`.
pub const SPANWISE_CACHE: &str = "spanwise.cache";

/// `spanwise.gateway.rate_limit`.
pub const SPANWISE_GATEWAY_RATE_LIMIT: &str = "spanwise.gateway.rate_limit";

/// `spanwise.rate_limit`.
pub const SPANWISE_RATE_LIMIT: &str = "spanwise.rate_limit";
