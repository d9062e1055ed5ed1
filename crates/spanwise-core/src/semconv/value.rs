// Written by `cargo xtask semconv generate`; not edited by hand.

//! The values of enum attributes. Every enum is open.

/// Values of `gen_ai.operation.name`.
pub mod gen_ai_operation_name {
    /// `chat`.
    pub const CHAT: &str = "chat";
    /// `generate_content`.
    pub const GENERATE_CONTENT: &str = "generate_content";
    /// `text_completion`.
    pub const TEXT_COMPLETION: &str = "text_completion";
    /// `embeddings`.
    pub const EMBEDDINGS: &str = "embeddings";
    /// `retrieval`.
    pub const RETRIEVAL: &str = "retrieval";
    /// `fetch_response`.
    pub const FETCH_RESPONSE: &str = "fetch_response";
    /// `create_agent`.
    pub const CREATE_AGENT: &str = "create_agent";
    /// `invoke_agent`.
    pub const INVOKE_AGENT: &str = "invoke_agent";
    /// `execute_tool`.
    pub const EXECUTE_TOOL: &str = "execute_tool";
    /// `invoke_workflow`.
    pub const INVOKE_WORKFLOW: &str = "invoke_workflow";
    /// `plan`.
    pub const PLAN: &str = "plan";
    /// `search_memory`.
    pub const SEARCH_MEMORY: &str = "search_memory";
    /// `create_memory`.
    pub const CREATE_MEMORY: &str = "create_memory";
    /// `update_memory`.
    pub const UPDATE_MEMORY: &str = "update_memory";
    /// `upsert_memory`.
    pub const UPSERT_MEMORY: &str = "upsert_memory";
    /// `delete_memory`.
    pub const DELETE_MEMORY: &str = "delete_memory";
    /// `create_memory_store`.
    pub const CREATE_MEMORY_STORE: &str = "create_memory_store";
    /// `delete_memory_store`.
    pub const DELETE_MEMORY_STORE: &str = "delete_memory_store";
    /// All of them.
    pub const ALL: [&str; 18] = [CHAT, GENERATE_CONTENT, TEXT_COMPLETION, EMBEDDINGS, RETRIEVAL, FETCH_RESPONSE, CREATE_AGENT, INVOKE_AGENT, EXECUTE_TOOL, INVOKE_WORKFLOW, PLAN, SEARCH_MEMORY, CREATE_MEMORY, UPDATE_MEMORY, UPSERT_MEMORY, DELETE_MEMORY, CREATE_MEMORY_STORE, DELETE_MEMORY_STORE];
}

/// Values of `gen_ai.output.type`.
pub mod gen_ai_output_type {
    /// `text`.
    pub const TEXT: &str = "text";
    /// `json`.
    pub const JSON: &str = "json";
    /// `image`.
    pub const IMAGE: &str = "image";
    /// `speech`.
    pub const SPEECH: &str = "speech";
    /// All of them.
    pub const ALL: [&str; 4] = [TEXT, JSON, IMAGE, SPEECH];
}

/// Values of `gen_ai.provider.name`.
pub mod gen_ai_provider_name {
    /// `openai`.
    pub const OPENAI: &str = "openai";
    /// `gcp.gen_ai`.
    pub const GCP_GEN_AI: &str = "gcp.gen_ai";
    /// `gcp.vertex_ai`.
    pub const GCP_VERTEX_AI: &str = "gcp.vertex_ai";
    /// `gcp.gemini`.
    pub const GCP_GEMINI: &str = "gcp.gemini";
    /// `anthropic`.
    pub const ANTHROPIC: &str = "anthropic";
    /// `cohere`.
    pub const COHERE: &str = "cohere";
    /// `azure.ai.inference`.
    pub const AZURE_AI_INFERENCE: &str = "azure.ai.inference";
    /// `azure.ai.openai`.
    pub const AZURE_AI_OPENAI: &str = "azure.ai.openai";
    /// `ibm.watsonx.ai`.
    pub const IBM_WATSONX_AI: &str = "ibm.watsonx.ai";
    /// `aws.bedrock`.
    pub const AWS_BEDROCK: &str = "aws.bedrock";
    /// `perplexity`.
    pub const PERPLEXITY: &str = "perplexity";
    /// `x_ai`.
    pub const X_AI: &str = "x_ai";
    /// `deepseek`.
    pub const DEEPSEEK: &str = "deepseek";
    /// `groq`.
    pub const GROQ: &str = "groq";
    /// `mistral_ai`.
    pub const MISTRAL_AI: &str = "mistral_ai";
    /// `moonshot_ai`.
    pub const MOONSHOT_AI: &str = "moonshot_ai";
    /// All of them.
    pub const ALL: [&str; 16] = [OPENAI, GCP_GEN_AI, GCP_VERTEX_AI, GCP_GEMINI, ANTHROPIC, COHERE, AZURE_AI_INFERENCE, AZURE_AI_OPENAI, IBM_WATSONX_AI, AWS_BEDROCK, PERPLEXITY, X_AI, DEEPSEEK, GROQ, MISTRAL_AI, MOONSHOT_AI];
}

/// Values of `gen_ai.response.status`.
pub mod gen_ai_response_status {
    /// `queued`.
    pub const QUEUED: &str = "queued";
    /// `in_progress`.
    pub const IN_PROGRESS: &str = "in_progress";
    /// `completed`.
    pub const COMPLETED: &str = "completed";
    /// `incomplete`.
    pub const INCOMPLETE: &str = "incomplete";
    /// `failed`.
    pub const FAILED: &str = "failed";
    /// `cancelled`.
    pub const CANCELLED: &str = "cancelled";
    /// All of them.
    pub const ALL: [&str; 6] = [QUEUED, IN_PROGRESS, COMPLETED, INCOMPLETE, FAILED, CANCELLED];
}

/// Values of `gen_ai.token.modality`.
pub mod gen_ai_token_modality {
    /// `text`.
    pub const TEXT: &str = "text";
    /// `image`.
    pub const IMAGE: &str = "image";
    /// `audio`.
    pub const AUDIO: &str = "audio";
    /// `unknown`.
    pub const UNKNOWN: &str = "unknown";
    /// All of them.
    pub const ALL: [&str; 4] = [TEXT, IMAGE, AUDIO, UNKNOWN];
}

/// Values of `openai.api.type`.
pub mod openai_api_type {
    /// `chat_completions`.
    pub const CHAT_COMPLETIONS: &str = "chat_completions";
    /// `responses`.
    pub const RESPONSES: &str = "responses";
    /// All of them.
    pub const ALL: [&str; 2] = [CHAT_COMPLETIONS, RESPONSES];
}

/// Values of `openai.request.service_tier`.
pub mod openai_request_service_tier {
    /// `auto`.
    pub const AUTO: &str = "auto";
    /// `default`.
    pub const DEFAULT: &str = "default";
    /// All of them.
    pub const ALL: [&str; 2] = [AUTO, DEFAULT];
}

/// Values of `spanwise.budget.by`.
pub mod spanwise_budget_by {
    /// `process`.
    pub const PROCESS: &str = "process";
    /// `session`.
    pub const SESSION: &str = "session";
    /// `user`.
    pub const USER: &str = "user";
    /// `tenant`.
    pub const TENANT: &str = "tenant";
    /// `agent`.
    pub const AGENT: &str = "agent";
    /// `tag`.
    pub const TAG: &str = "tag";
    /// All of them.
    pub const ALL: [&str; 6] = [PROCESS, SESSION, USER, TENANT, AGENT, TAG];
}

/// Values of `spanwise.cache.outcome`.
pub mod spanwise_cache_outcome {
    /// `hit`.
    pub const HIT: &str = "hit";
    /// `miss`.
    pub const MISS: &str = "miss";
    /// `put`.
    pub const PUT: &str = "put";
    /// `evicted`.
    pub const EVICTED: &str = "evicted";
    /// All of them.
    pub const ALL: [&str; 4] = [HIT, MISS, PUT, EVICTED];
}

/// Values of `spanwise.cost.source`.
pub mod spanwise_cost_source {
    /// `provider`.
    pub const PROVIDER: &str = "provider";
    /// `table`.
    pub const TABLE: &str = "table";
    /// `own`.
    pub const OWN: &str = "own";
    /// `estimated`.
    pub const ESTIMATED: &str = "estimated";
    /// `none`.
    pub const NONE: &str = "none";
    /// All of them.
    pub const ALL: [&str; 5] = [PROVIDER, TABLE, OWN, ESTIMATED, NONE];
}

/// Values of `spanwise.export.signal`.
pub mod spanwise_export_signal {
    /// `traces`.
    pub const TRACES: &str = "traces";
    /// `metrics`.
    pub const METRICS: &str = "metrics";
    /// `logs`.
    pub const LOGS: &str = "logs";
    /// `feedback`.
    pub const FEEDBACK: &str = "feedback";
    /// All of them.
    pub const ALL: [&str; 4] = [TRACES, METRICS, LOGS, FEEDBACK];
}

/// Values of `spanwise.guard.verdict`.
pub mod spanwise_guard_verdict {
    /// `passed`.
    pub const PASSED: &str = "passed";
    /// `changed`.
    pub const CHANGED: &str = "changed";
    /// `blocked`.
    pub const BLOCKED: &str = "blocked";
    /// All of them.
    pub const ALL: [&str; 3] = [PASSED, CHANGED, BLOCKED];
}

/// Values of `spanwise.outcome`.
pub mod spanwise_outcome {
    /// `completed`.
    pub const COMPLETED: &str = "completed";
    /// `failed`.
    pub const FAILED: &str = "failed";
    /// `cancelled`.
    pub const CANCELLED: &str = "cancelled";
    /// All of them.
    pub const ALL: [&str; 3] = [COMPLETED, FAILED, CANCELLED];
}

/// Values of `spanwise.rate_limit.type`.
pub mod spanwise_rate_limit_type {
    /// `tokens`.
    pub const TOKENS: &str = "tokens";
    /// `input_tokens`.
    pub const INPUT_TOKENS: &str = "input_tokens";
    /// `output_tokens`.
    pub const OUTPUT_TOKENS: &str = "output_tokens";
    /// All of them.
    pub const ALL: [&str; 3] = [TOKENS, INPUT_TOKENS, OUTPUT_TOKENS];
}

/// Values of `spanwise.validation.outcome`.
pub mod spanwise_validation_outcome {
    /// `passed`.
    pub const PASSED: &str = "passed";
    /// `failed`.
    pub const FAILED: &str = "failed";
    /// All of them.
    pub const ALL: [&str; 2] = [PASSED, FAILED];
}
