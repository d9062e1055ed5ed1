// Written by `cargo xtask semconv generate`; not edited by hand.

//! Attribute keys, each with the type of its value.

use opentelemetry::StringValue;
use opentelemetry_semantic_conventions::attribute as core;

use super::{Attribute, Json, Template};

/// `aws.bedrock.guardrail.id`: string.
pub const AWS_BEDROCK_GUARDRAIL_ID: Attribute<StringValue> = Attribute::new("aws.bedrock.guardrail.id");

/// `aws.bedrock.knowledge_base.id`: string.
pub const AWS_BEDROCK_KNOWLEDGE_BASE_ID: Attribute<StringValue> = Attribute::new("aws.bedrock.knowledge_base.id");

/// `azure.resource_provider.namespace`: string.
pub const AZURE_RESOURCE_PROVIDER_NAMESPACE: Attribute<StringValue> = Attribute::new(core::AZURE_RESOURCE_PROVIDER_NAMESPACE);

/// `error.type`: string.
pub const ERROR_TYPE: Attribute<StringValue> = Attribute::new(core::ERROR_TYPE);

/// `exception.message`: string.
pub const EXCEPTION_MESSAGE: Attribute<StringValue> = Attribute::new(core::EXCEPTION_MESSAGE);

/// `exception.stacktrace`: string.
pub const EXCEPTION_STACKTRACE: Attribute<StringValue> = Attribute::new(core::EXCEPTION_STACKTRACE);

/// `exception.type`: string.
pub const EXCEPTION_TYPE: Attribute<StringValue> = Attribute::new(core::EXCEPTION_TYPE);

/// `gen_ai.agent.description`: string.
pub const GEN_AI_AGENT_DESCRIPTION: Attribute<StringValue> = Attribute::new("gen_ai.agent.description");

/// `gen_ai.agent.id`: string.
pub const GEN_AI_AGENT_ID: Attribute<StringValue> = Attribute::new("gen_ai.agent.id");

/// `gen_ai.agent.name`: string.
pub const GEN_AI_AGENT_NAME: Attribute<StringValue> = Attribute::new("gen_ai.agent.name");

/// `gen_ai.agent.version`: string.
pub const GEN_AI_AGENT_VERSION: Attribute<StringValue> = Attribute::new("gen_ai.agent.version");

/// `gen_ai.conversation.compacted`: boolean.
pub const GEN_AI_CONVERSATION_COMPACTED: Attribute<bool> = Attribute::new("gen_ai.conversation.compacted");

/// `gen_ai.conversation.id`: string.
pub const GEN_AI_CONVERSATION_ID: Attribute<StringValue> = Attribute::new("gen_ai.conversation.id");

/// `gen_ai.data_source.id`: string.
pub const GEN_AI_DATA_SOURCE_ID: Attribute<StringValue> = Attribute::new("gen_ai.data_source.id");

/// `gen_ai.embeddings.dimension.count`: int.
pub const GEN_AI_EMBEDDINGS_DIMENSION_COUNT: Attribute<i64> = Attribute::new("gen_ai.embeddings.dimension.count");

/// `gen_ai.evaluation.explanation`: string.
pub const GEN_AI_EVALUATION_EXPLANATION: Attribute<StringValue> = Attribute::new("gen_ai.evaluation.explanation");

/// `gen_ai.evaluation.name`: string.
pub const GEN_AI_EVALUATION_NAME: Attribute<StringValue> = Attribute::new("gen_ai.evaluation.name");

/// `gen_ai.evaluation.score.label`: string.
pub const GEN_AI_EVALUATION_SCORE_LABEL: Attribute<StringValue> = Attribute::new("gen_ai.evaluation.score.label");

/// `gen_ai.evaluation.score.value`: double.
pub const GEN_AI_EVALUATION_SCORE_VALUE: Attribute<f64> = Attribute::new("gen_ai.evaluation.score.value");

/// `gen_ai.input.messages`: structured; a JSON string on spans.
pub const GEN_AI_INPUT_MESSAGES: Attribute<Json> = Attribute::new("gen_ai.input.messages");

/// `gen_ai.main_agent.description`: string.
pub const GEN_AI_MAIN_AGENT_DESCRIPTION: Attribute<StringValue> = Attribute::new("gen_ai.main_agent.description");

/// `gen_ai.main_agent.id`: string.
pub const GEN_AI_MAIN_AGENT_ID: Attribute<StringValue> = Attribute::new("gen_ai.main_agent.id");

/// `gen_ai.main_agent.name`: string.
pub const GEN_AI_MAIN_AGENT_NAME: Attribute<StringValue> = Attribute::new("gen_ai.main_agent.name");

/// `gen_ai.memory.query.text`: string.
pub const GEN_AI_MEMORY_QUERY_TEXT: Attribute<StringValue> = Attribute::new("gen_ai.memory.query.text");

/// `gen_ai.memory.record.count`: int.
pub const GEN_AI_MEMORY_RECORD_COUNT: Attribute<i64> = Attribute::new("gen_ai.memory.record.count");

/// `gen_ai.memory.record.id`: string.
pub const GEN_AI_MEMORY_RECORD_ID: Attribute<StringValue> = Attribute::new("gen_ai.memory.record.id");

/// `gen_ai.memory.records`: structured; a JSON string on spans.
pub const GEN_AI_MEMORY_RECORDS: Attribute<Json> = Attribute::new("gen_ai.memory.records");

/// `gen_ai.memory.store.id`: string.
pub const GEN_AI_MEMORY_STORE_ID: Attribute<StringValue> = Attribute::new("gen_ai.memory.store.id");

/// `gen_ai.operation.name`: string.
pub const GEN_AI_OPERATION_NAME: Attribute<StringValue> = Attribute::new("gen_ai.operation.name");

/// `gen_ai.output.messages`: structured; a JSON string on spans.
pub const GEN_AI_OUTPUT_MESSAGES: Attribute<Json> = Attribute::new("gen_ai.output.messages");

/// `gen_ai.output.type`: string.
pub const GEN_AI_OUTPUT_TYPE: Attribute<StringValue> = Attribute::new("gen_ai.output.type");

/// `gen_ai.prompt.name`: string.
pub const GEN_AI_PROMPT_NAME: Attribute<StringValue> = Attribute::new("gen_ai.prompt.name");

/// `gen_ai.prompt.variable`: prefix of string attributes.
pub const GEN_AI_PROMPT_VARIABLE: Template = Template::new("gen_ai.prompt.variable");

/// `gen_ai.prompt.version`: string.
pub const GEN_AI_PROMPT_VERSION: Attribute<StringValue> = Attribute::new("gen_ai.prompt.version");

/// `gen_ai.provider.name`: string.
pub const GEN_AI_PROVIDER_NAME: Attribute<StringValue> = Attribute::new("gen_ai.provider.name");

/// `gen_ai.request.choice.count`: int.
pub const GEN_AI_REQUEST_CHOICE_COUNT: Attribute<i64> = Attribute::new("gen_ai.request.choice.count");

/// `gen_ai.request.encoding_formats`: string[].
pub const GEN_AI_REQUEST_ENCODING_FORMATS: Attribute<Vec<StringValue>> = Attribute::new("gen_ai.request.encoding_formats");

/// `gen_ai.request.frequency_penalty`: double.
pub const GEN_AI_REQUEST_FREQUENCY_PENALTY: Attribute<f64> = Attribute::new("gen_ai.request.frequency_penalty");

/// `gen_ai.request.max_tokens`: int.
pub const GEN_AI_REQUEST_MAX_TOKENS: Attribute<i64> = Attribute::new("gen_ai.request.max_tokens");

/// `gen_ai.request.model`: string.
pub const GEN_AI_REQUEST_MODEL: Attribute<StringValue> = Attribute::new("gen_ai.request.model");

/// `gen_ai.request.presence_penalty`: double.
pub const GEN_AI_REQUEST_PRESENCE_PENALTY: Attribute<f64> = Attribute::new("gen_ai.request.presence_penalty");

/// `gen_ai.request.previous_response.id`: string.
pub const GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID: Attribute<StringValue> = Attribute::new("gen_ai.request.previous_response.id");

/// `gen_ai.request.reasoning.level`: string.
pub const GEN_AI_REQUEST_REASONING_LEVEL: Attribute<StringValue> = Attribute::new("gen_ai.request.reasoning.level");

/// `gen_ai.request.seed`: int.
pub const GEN_AI_REQUEST_SEED: Attribute<i64> = Attribute::new("gen_ai.request.seed");

/// `gen_ai.request.stop_sequences`: string[].
pub const GEN_AI_REQUEST_STOP_SEQUENCES: Attribute<Vec<StringValue>> = Attribute::new("gen_ai.request.stop_sequences");

/// `gen_ai.request.stream`: boolean.
pub const GEN_AI_REQUEST_STREAM: Attribute<bool> = Attribute::new("gen_ai.request.stream");

/// `gen_ai.request.stream_cursor`: string.
pub const GEN_AI_REQUEST_STREAM_CURSOR: Attribute<StringValue> = Attribute::new("gen_ai.request.stream_cursor");

/// `gen_ai.request.temperature`: double.
pub const GEN_AI_REQUEST_TEMPERATURE: Attribute<f64> = Attribute::new("gen_ai.request.temperature");

/// `gen_ai.request.top_k`: int.
pub const GEN_AI_REQUEST_TOP_K: Attribute<i64> = Attribute::new("gen_ai.request.top_k");

/// `gen_ai.request.top_p`: double.
pub const GEN_AI_REQUEST_TOP_P: Attribute<f64> = Attribute::new("gen_ai.request.top_p");

/// `gen_ai.response.finish_reasons`: string[].
pub const GEN_AI_RESPONSE_FINISH_REASONS: Attribute<Vec<StringValue>> = Attribute::new("gen_ai.response.finish_reasons");

/// `gen_ai.response.id`: string.
pub const GEN_AI_RESPONSE_ID: Attribute<StringValue> = Attribute::new("gen_ai.response.id");

/// `gen_ai.response.model`: string.
pub const GEN_AI_RESPONSE_MODEL: Attribute<StringValue> = Attribute::new("gen_ai.response.model");

/// `gen_ai.response.status`: string.
pub const GEN_AI_RESPONSE_STATUS: Attribute<StringValue> = Attribute::new("gen_ai.response.status");

/// `gen_ai.response.time_to_first_chunk`: double.
pub const GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK: Attribute<f64> = Attribute::new("gen_ai.response.time_to_first_chunk");

/// `gen_ai.retrieval.documents`: structured; a JSON string on spans.
pub const GEN_AI_RETRIEVAL_DOCUMENTS: Attribute<Json> = Attribute::new("gen_ai.retrieval.documents");

/// `gen_ai.retrieval.query.text`: string.
pub const GEN_AI_RETRIEVAL_QUERY_TEXT: Attribute<StringValue> = Attribute::new("gen_ai.retrieval.query.text");

/// `gen_ai.retrieval.top_k`: int.
pub const GEN_AI_RETRIEVAL_TOP_K: Attribute<i64> = Attribute::new("gen_ai.retrieval.top_k");

/// `gen_ai.skill.description`: string.
pub const GEN_AI_SKILL_DESCRIPTION: Attribute<StringValue> = Attribute::new("gen_ai.skill.description");

/// `gen_ai.skill.name`: string.
pub const GEN_AI_SKILL_NAME: Attribute<StringValue> = Attribute::new("gen_ai.skill.name");

/// `gen_ai.skill.resource.name`: string.
pub const GEN_AI_SKILL_RESOURCE_NAME: Attribute<StringValue> = Attribute::new("gen_ai.skill.resource.name");

/// `gen_ai.skill.source.uri`: string.
pub const GEN_AI_SKILL_SOURCE_URI: Attribute<StringValue> = Attribute::new("gen_ai.skill.source.uri");

/// `gen_ai.system_instructions`: structured; a JSON string on spans.
pub const GEN_AI_SYSTEM_INSTRUCTIONS: Attribute<Json> = Attribute::new("gen_ai.system_instructions");

/// `gen_ai.token.modality`: string.
pub const GEN_AI_TOKEN_MODALITY: Attribute<StringValue> = Attribute::new("gen_ai.token.modality");

/// `gen_ai.tool.call.arguments`: structured; a JSON string on spans.
pub const GEN_AI_TOOL_CALL_ARGUMENTS: Attribute<Json> = Attribute::new("gen_ai.tool.call.arguments");

/// `gen_ai.tool.call.id`: string.
pub const GEN_AI_TOOL_CALL_ID: Attribute<StringValue> = Attribute::new("gen_ai.tool.call.id");

/// `gen_ai.tool.call.result`: structured; a JSON string on spans.
pub const GEN_AI_TOOL_CALL_RESULT: Attribute<Json> = Attribute::new("gen_ai.tool.call.result");

/// `gen_ai.tool.definitions`: structured; a JSON string on spans.
pub const GEN_AI_TOOL_DEFINITIONS: Attribute<Json> = Attribute::new("gen_ai.tool.definitions");

/// `gen_ai.tool.description`: string.
pub const GEN_AI_TOOL_DESCRIPTION: Attribute<StringValue> = Attribute::new("gen_ai.tool.description");

/// `gen_ai.tool.name`: string.
pub const GEN_AI_TOOL_NAME: Attribute<StringValue> = Attribute::new("gen_ai.tool.name");

/// `gen_ai.tool.type`: string.
pub const GEN_AI_TOOL_TYPE: Attribute<StringValue> = Attribute::new("gen_ai.tool.type");

/// `gen_ai.usage.audio.cache_read.input_tokens`: int.
pub const GEN_AI_USAGE_AUDIO_CACHE_READ_INPUT_TOKENS: Attribute<i64> = Attribute::new("gen_ai.usage.audio.cache_read.input_tokens");

/// `gen_ai.usage.audio.input_tokens`: int.
pub const GEN_AI_USAGE_AUDIO_INPUT_TOKENS: Attribute<i64> = Attribute::new("gen_ai.usage.audio.input_tokens");

/// `gen_ai.usage.audio.output_tokens`: int.
pub const GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS: Attribute<i64> = Attribute::new("gen_ai.usage.audio.output_tokens");

/// `gen_ai.usage.cache_read.input_tokens`: int.
pub const GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: Attribute<i64> = Attribute::new("gen_ai.usage.cache_read.input_tokens");

/// `gen_ai.usage.cache_write.input_tokens`: int.
pub const GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS: Attribute<i64> = Attribute::new("gen_ai.usage.cache_write.input_tokens");

/// `gen_ai.usage.image.cache_read.input_tokens`: int.
pub const GEN_AI_USAGE_IMAGE_CACHE_READ_INPUT_TOKENS: Attribute<i64> = Attribute::new("gen_ai.usage.image.cache_read.input_tokens");

/// `gen_ai.usage.image.input_tokens`: int.
pub const GEN_AI_USAGE_IMAGE_INPUT_TOKENS: Attribute<i64> = Attribute::new("gen_ai.usage.image.input_tokens");

/// `gen_ai.usage.image.output_tokens`: int.
pub const GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS: Attribute<i64> = Attribute::new("gen_ai.usage.image.output_tokens");

/// `gen_ai.usage.input_tokens`: int.
pub const GEN_AI_USAGE_INPUT_TOKENS: Attribute<i64> = Attribute::new("gen_ai.usage.input_tokens");

/// `gen_ai.usage.output_tokens`: int.
pub const GEN_AI_USAGE_OUTPUT_TOKENS: Attribute<i64> = Attribute::new("gen_ai.usage.output_tokens");

/// `gen_ai.usage.reasoning.output_tokens`: int.
pub const GEN_AI_USAGE_REASONING_OUTPUT_TOKENS: Attribute<i64> = Attribute::new("gen_ai.usage.reasoning.output_tokens");

/// `gen_ai.usage.text.cache_read.input_tokens`: int.
pub const GEN_AI_USAGE_TEXT_CACHE_READ_INPUT_TOKENS: Attribute<i64> = Attribute::new("gen_ai.usage.text.cache_read.input_tokens");

/// `gen_ai.usage.text.input_tokens`: int.
pub const GEN_AI_USAGE_TEXT_INPUT_TOKENS: Attribute<i64> = Attribute::new("gen_ai.usage.text.input_tokens");

/// `gen_ai.usage.text.output_tokens`: int.
pub const GEN_AI_USAGE_TEXT_OUTPUT_TOKENS: Attribute<i64> = Attribute::new("gen_ai.usage.text.output_tokens");

/// `gen_ai.workflow.name`: string.
pub const GEN_AI_WORKFLOW_NAME: Attribute<StringValue> = Attribute::new("gen_ai.workflow.name");

/// `openai.api.type`: string.
pub const OPENAI_API_TYPE: Attribute<StringValue> = Attribute::new("openai.api.type");

/// `openai.request.service_tier`: string.
pub const OPENAI_REQUEST_SERVICE_TIER: Attribute<StringValue> = Attribute::new("openai.request.service_tier");

/// `openai.response.service_tier`: string.
pub const OPENAI_RESPONSE_SERVICE_TIER: Attribute<StringValue> = Attribute::new("openai.response.service_tier");

/// `openai.response.system_fingerprint`: string.
pub const OPENAI_RESPONSE_SYSTEM_FINGERPRINT: Attribute<StringValue> = Attribute::new("openai.response.system_fingerprint");

/// `process.executable.name`: string.
pub const PROCESS_EXECUTABLE_NAME: Attribute<StringValue> = Attribute::new(core::PROCESS_EXECUTABLE_NAME);

/// `process.executable.path`: string.
pub const PROCESS_EXECUTABLE_PATH: Attribute<StringValue> = Attribute::new(core::PROCESS_EXECUTABLE_PATH);

/// `process.exit.code`: int.
pub const PROCESS_EXIT_CODE: Attribute<i64> = Attribute::new(core::PROCESS_EXIT_CODE);

/// `server.address`: string.
pub const SERVER_ADDRESS: Attribute<StringValue> = Attribute::new(core::SERVER_ADDRESS);

/// `server.port`: int.
pub const SERVER_PORT: Attribute<i64> = Attribute::new(core::SERVER_PORT);

/// `http.request.resend_count`: int.
pub const HTTP_REQUEST_RESEND_COUNT: Attribute<i64> = Attribute::new(core::HTTP_REQUEST_RESEND_COUNT);

/// `http.response.status_code`: int.
pub const HTTP_RESPONSE_STATUS_CODE: Attribute<i64> = Attribute::new(core::HTTP_RESPONSE_STATUS_CODE);

/// `spanwise.agent.history_size`: int.
pub const SPANWISE_AGENT_HISTORY_SIZE: Attribute<i64> = Attribute::new("spanwise.agent.history_size");

/// `spanwise.agent.retries`: int.
pub const SPANWISE_AGENT_RETRIES: Attribute<i64> = Attribute::new("spanwise.agent.retries");

/// `spanwise.attempt.delay`: double.
pub const SPANWISE_ATTEMPT_DELAY: Attribute<f64> = Attribute::new("spanwise.attempt.delay");

/// `spanwise.billed.audio_seconds`: double.
pub const SPANWISE_BILLED_AUDIO_SECONDS: Attribute<f64> = Attribute::new("spanwise.billed.audio_seconds");

/// `spanwise.billed.cache_write_1h_tokens`: int.
pub const SPANWISE_BILLED_CACHE_WRITE_1H_TOKENS: Attribute<i64> = Attribute::new("spanwise.billed.cache_write_1h_tokens");

/// `spanwise.billed.characters`: int.
pub const SPANWISE_BILLED_CHARACTERS: Attribute<i64> = Attribute::new("spanwise.billed.characters");

/// `spanwise.billed.images`: int.
pub const SPANWISE_BILLED_IMAGES: Attribute<i64> = Attribute::new("spanwise.billed.images");

/// `spanwise.billed.searches`: int.
pub const SPANWISE_BILLED_SEARCHES: Attribute<i64> = Attribute::new("spanwise.billed.searches");

/// `spanwise.billed.service_tier`: string.
pub const SPANWISE_BILLED_SERVICE_TIER: Attribute<StringValue> = Attribute::new("spanwise.billed.service_tier");

/// `spanwise.budget.by`: string.
pub const SPANWISE_BUDGET_BY: Attribute<StringValue> = Attribute::new("spanwise.budget.by");

/// `spanwise.budget.limit`: double.
pub const SPANWISE_BUDGET_LIMIT: Attribute<f64> = Attribute::new("spanwise.budget.limit");

/// `spanwise.budget.name`: string.
pub const SPANWISE_BUDGET_NAME: Attribute<StringValue> = Attribute::new("spanwise.budget.name");

/// `spanwise.budget.spent`: double.
pub const SPANWISE_BUDGET_SPENT: Attribute<f64> = Attribute::new("spanwise.budget.spent");

/// `spanwise.budget.threshold`: int.
pub const SPANWISE_BUDGET_THRESHOLD: Attribute<i64> = Attribute::new("spanwise.budget.threshold");

/// `spanwise.budget.unit`: string.
pub const SPANWISE_BUDGET_UNIT: Attribute<StringValue> = Attribute::new("spanwise.budget.unit");

/// `spanwise.cache.bucket.index`: int.
pub const SPANWISE_CACHE_BUCKET_INDEX: Attribute<i64> = Attribute::new("spanwise.cache.bucket.index");

/// `spanwise.cache.item_size`: int.
pub const SPANWISE_CACHE_ITEM_SIZE: Attribute<i64> = Attribute::new("spanwise.cache.item_size");

/// `spanwise.cache.outcome`: string.
pub const SPANWISE_CACHE_OUTCOME: Attribute<StringValue> = Attribute::new("spanwise.cache.outcome");

/// `spanwise.context.dropped_messages`: int.
pub const SPANWISE_CONTEXT_DROPPED_MESSAGES: Attribute<i64> = Attribute::new("spanwise.context.dropped_messages");

/// `spanwise.context.dropped_tokens`: int.
pub const SPANWISE_CONTEXT_DROPPED_TOKENS: Attribute<i64> = Attribute::new("spanwise.context.dropped_tokens");

/// `spanwise.cost.amount`: double.
pub const SPANWISE_COST_AMOUNT: Attribute<f64> = Attribute::new("spanwise.cost.amount");

/// `spanwise.cost.currency`: string.
pub const SPANWISE_COST_CURRENCY: Attribute<StringValue> = Attribute::new("spanwise.cost.currency");

/// `spanwise.cost.source`: string.
pub const SPANWISE_COST_SOURCE: Attribute<StringValue> = Attribute::new("spanwise.cost.source");

/// `spanwise.cost.table_version`: string.
pub const SPANWISE_COST_TABLE_VERSION: Attribute<StringValue> = Attribute::new("spanwise.cost.table_version");

/// `spanwise.evaluation.id`: string.
pub const SPANWISE_EVALUATION_ID: Attribute<StringValue> = Attribute::new("spanwise.evaluation.id");

/// `spanwise.evaluation.lowest_score`: double.
pub const SPANWISE_EVALUATION_LOWEST_SCORE: Attribute<f64> = Attribute::new("spanwise.evaluation.lowest_score");

/// `spanwise.event.id`: string.
pub const SPANWISE_EVENT_ID: Attribute<StringValue> = Attribute::new("spanwise.event.id");

/// `spanwise.event.parent_id`: string.
pub const SPANWISE_EVENT_PARENT_ID: Attribute<StringValue> = Attribute::new("spanwise.event.parent_id");

/// `spanwise.event.steps`: string[].
pub const SPANWISE_EVENT_STEPS: Attribute<Vec<StringValue>> = Attribute::new("spanwise.event.steps");

/// `spanwise.event.trace_id`: string.
pub const SPANWISE_EVENT_TRACE_ID: Attribute<StringValue> = Attribute::new("spanwise.event.trace_id");

/// `spanwise.export.destination`: string.
pub const SPANWISE_EXPORT_DESTINATION: Attribute<StringValue> = Attribute::new("spanwise.export.destination");

/// `spanwise.export.exporter`: string.
pub const SPANWISE_EXPORT_EXPORTER: Attribute<StringValue> = Attribute::new("spanwise.export.exporter");

/// `spanwise.export.signal`: string.
pub const SPANWISE_EXPORT_SIGNAL: Attribute<StringValue> = Attribute::new("spanwise.export.signal");

/// `spanwise.fallback.target`: string.
pub const SPANWISE_FALLBACK_TARGET: Attribute<StringValue> = Attribute::new("spanwise.fallback.target");

/// `spanwise.gateway.fallback.index`: int.
pub const SPANWISE_GATEWAY_FALLBACK_INDEX: Attribute<i64> = Attribute::new("spanwise.gateway.fallback.index");

/// `spanwise.gateway.name`: string.
pub const SPANWISE_GATEWAY_NAME: Attribute<StringValue> = Attribute::new("spanwise.gateway.name");

/// `spanwise.gateway.rate_limit.limit`: int.
pub const SPANWISE_GATEWAY_RATE_LIMIT_LIMIT: Attribute<i64> = Attribute::new("spanwise.gateway.rate_limit.limit");

/// `spanwise.gateway.rate_limit.policy`: string.
pub const SPANWISE_GATEWAY_RATE_LIMIT_POLICY: Attribute<StringValue> = Attribute::new("spanwise.gateway.rate_limit.policy");

/// `spanwise.gateway.rate_limit.remaining`: int.
pub const SPANWISE_GATEWAY_RATE_LIMIT_REMAINING: Attribute<i64> = Attribute::new("spanwise.gateway.rate_limit.remaining");

/// `spanwise.gateway.rate_limit.reset`: double.
pub const SPANWISE_GATEWAY_RATE_LIMIT_RESET: Attribute<f64> = Attribute::new("spanwise.gateway.rate_limit.reset");

/// `spanwise.gateway.request.id`: string.
pub const SPANWISE_GATEWAY_REQUEST_ID: Attribute<StringValue> = Attribute::new("spanwise.gateway.request.id");

/// `spanwise.gateway.status`: string.
pub const SPANWISE_GATEWAY_STATUS: Attribute<StringValue> = Attribute::new("spanwise.gateway.status");

/// `spanwise.guard.name`: string.
pub const SPANWISE_GUARD_NAME: Attribute<StringValue> = Attribute::new("spanwise.guard.name");

/// `spanwise.guard.verdict`: string.
pub const SPANWISE_GUARD_VERDICT: Attribute<StringValue> = Attribute::new("spanwise.guard.verdict");

/// `spanwise.history.bytes`: int.
pub const SPANWISE_HISTORY_BYTES: Attribute<i64> = Attribute::new("spanwise.history.bytes");

/// `spanwise.history.hash`: string.
pub const SPANWISE_HISTORY_HASH: Attribute<StringValue> = Attribute::new("spanwise.history.hash");

/// `spanwise.history.messages`: int.
pub const SPANWISE_HISTORY_MESSAGES: Attribute<i64> = Attribute::new("spanwise.history.messages");

/// `spanwise.metadata`: prefix of string attributes.
pub const SPANWISE_METADATA: Template = Template::new("spanwise.metadata");

/// `spanwise.open_at_shutdown`: boolean.
pub const SPANWISE_OPEN_AT_SHUTDOWN: Attribute<bool> = Attribute::new("spanwise.open_at_shutdown");

/// `spanwise.outcome`: string.
pub const SPANWISE_OUTCOME: Attribute<StringValue> = Attribute::new("spanwise.outcome");

/// `spanwise.rate_limit.input_tokens.limit`: int.
pub const SPANWISE_RATE_LIMIT_INPUT_TOKENS_LIMIT: Attribute<i64> = Attribute::new("spanwise.rate_limit.input_tokens.limit");

/// `spanwise.rate_limit.input_tokens.remaining`: int.
pub const SPANWISE_RATE_LIMIT_INPUT_TOKENS_REMAINING: Attribute<i64> = Attribute::new("spanwise.rate_limit.input_tokens.remaining");

/// `spanwise.rate_limit.input_tokens.reset`: double.
pub const SPANWISE_RATE_LIMIT_INPUT_TOKENS_RESET: Attribute<f64> = Attribute::new("spanwise.rate_limit.input_tokens.reset");

/// `spanwise.rate_limit.output_tokens.limit`: int.
pub const SPANWISE_RATE_LIMIT_OUTPUT_TOKENS_LIMIT: Attribute<i64> = Attribute::new("spanwise.rate_limit.output_tokens.limit");

/// `spanwise.rate_limit.output_tokens.remaining`: int.
pub const SPANWISE_RATE_LIMIT_OUTPUT_TOKENS_REMAINING: Attribute<i64> = Attribute::new("spanwise.rate_limit.output_tokens.remaining");

/// `spanwise.rate_limit.output_tokens.reset`: double.
pub const SPANWISE_RATE_LIMIT_OUTPUT_TOKENS_RESET: Attribute<f64> = Attribute::new("spanwise.rate_limit.output_tokens.reset");

/// `spanwise.rate_limit.requests.limit`: int.
pub const SPANWISE_RATE_LIMIT_REQUESTS_LIMIT: Attribute<i64> = Attribute::new("spanwise.rate_limit.requests.limit");

/// `spanwise.rate_limit.requests.remaining`: int.
pub const SPANWISE_RATE_LIMIT_REQUESTS_REMAINING: Attribute<i64> = Attribute::new("spanwise.rate_limit.requests.remaining");

/// `spanwise.rate_limit.requests.reset`: double.
pub const SPANWISE_RATE_LIMIT_REQUESTS_RESET: Attribute<f64> = Attribute::new("spanwise.rate_limit.requests.reset");

/// `spanwise.rate_limit.tokens.limit`: int.
pub const SPANWISE_RATE_LIMIT_TOKENS_LIMIT: Attribute<i64> = Attribute::new("spanwise.rate_limit.tokens.limit");

/// `spanwise.rate_limit.tokens.remaining`: int.
pub const SPANWISE_RATE_LIMIT_TOKENS_REMAINING: Attribute<i64> = Attribute::new("spanwise.rate_limit.tokens.remaining");

/// `spanwise.rate_limit.tokens.reset`: double.
pub const SPANWISE_RATE_LIMIT_TOKENS_RESET: Attribute<f64> = Attribute::new("spanwise.rate_limit.tokens.reset");

/// `spanwise.rate_limit.type`: string.
pub const SPANWISE_RATE_LIMIT_TYPE: Attribute<StringValue> = Attribute::new("spanwise.rate_limit.type");

/// `spanwise.release`: string.
pub const SPANWISE_RELEASE: Attribute<StringValue> = Attribute::new("spanwise.release");

/// `spanwise.request.batch`: boolean.
pub const SPANWISE_REQUEST_BATCH: Attribute<bool> = Attribute::new("spanwise.request.batch");

/// `spanwise.request.id`: string.
pub const SPANWISE_REQUEST_ID: Attribute<StringValue> = Attribute::new("spanwise.request.id");

/// `spanwise.retry_after`: double.
pub const SPANWISE_RETRY_AFTER: Attribute<f64> = Attribute::new("spanwise.retry_after");

/// `spanwise.router.choice`: string.
pub const SPANWISE_ROUTER_CHOICE: Attribute<StringValue> = Attribute::new("spanwise.router.choice");

/// `spanwise.router.name`: string.
pub const SPANWISE_ROUTER_NAME: Attribute<StringValue> = Attribute::new("spanwise.router.name");

/// `spanwise.scope.dropped`: int.
pub const SPANWISE_SCOPE_DROPPED: Attribute<i64> = Attribute::new("spanwise.scope.dropped");

/// `spanwise.step.index`: int.
pub const SPANWISE_STEP_INDEX: Attribute<i64> = Attribute::new("spanwise.step.index");

/// `spanwise.step.name`: string.
pub const SPANWISE_STEP_NAME: Attribute<StringValue> = Attribute::new("spanwise.step.name");

/// `spanwise.step.type`: string.
pub const SPANWISE_STEP_TYPE: Attribute<StringValue> = Attribute::new("spanwise.step.type");

/// `spanwise.stream.chunks`: int.
pub const SPANWISE_STREAM_CHUNKS: Attribute<i64> = Attribute::new("spanwise.stream.chunks");

/// `spanwise.tags`: string[].
pub const SPANWISE_TAGS: Attribute<Vec<StringValue>> = Attribute::new("spanwise.tags");

/// `spanwise.tenant.id`: string.
pub const SPANWISE_TENANT_ID: Attribute<StringValue> = Attribute::new("spanwise.tenant.id");

/// `spanwise.tool_definitions.hash`: string.
pub const SPANWISE_TOOL_DEFINITIONS_HASH: Attribute<StringValue> = Attribute::new("spanwise.tool_definitions.hash");

/// `spanwise.validation.name`: string.
pub const SPANWISE_VALIDATION_NAME: Attribute<StringValue> = Attribute::new("spanwise.validation.name");

/// `spanwise.validation.outcome`: string.
pub const SPANWISE_VALIDATION_OUTCOME: Attribute<StringValue> = Attribute::new("spanwise.validation.outcome");

/// `spanwise.workflow.version`: string.
pub const SPANWISE_WORKFLOW_VERSION: Attribute<StringValue> = Attribute::new("spanwise.workflow.version");

/// Every key above, sorted; without those of content where there is none, by `--cfg spanwise_no_content`.
pub const ALL: &[&str] = &[
    "aws.bedrock.guardrail.id",
    "aws.bedrock.knowledge_base.id",
    "azure.resource_provider.namespace",
    "error.type",
    "exception.message",
    "exception.stacktrace",
    "exception.type",
    "gen_ai.agent.description",
    "gen_ai.agent.id",
    "gen_ai.agent.name",
    "gen_ai.agent.version",
    "gen_ai.conversation.compacted",
    "gen_ai.conversation.id",
    "gen_ai.data_source.id",
    "gen_ai.embeddings.dimension.count",
    "gen_ai.evaluation.explanation",
    "gen_ai.evaluation.name",
    "gen_ai.evaluation.score.label",
    "gen_ai.evaluation.score.value",
    #[cfg(not(spanwise_no_content))]
    "gen_ai.input.messages",
    "gen_ai.main_agent.description",
    "gen_ai.main_agent.id",
    "gen_ai.main_agent.name",
    #[cfg(not(spanwise_no_content))]
    "gen_ai.memory.query.text",
    "gen_ai.memory.record.count",
    "gen_ai.memory.record.id",
    #[cfg(not(spanwise_no_content))]
    "gen_ai.memory.records",
    "gen_ai.memory.store.id",
    "gen_ai.operation.name",
    #[cfg(not(spanwise_no_content))]
    "gen_ai.output.messages",
    "gen_ai.output.type",
    "gen_ai.prompt.name",
    #[cfg(not(spanwise_no_content))]
    "gen_ai.prompt.variable",
    "gen_ai.prompt.version",
    "gen_ai.provider.name",
    "gen_ai.request.choice.count",
    "gen_ai.request.encoding_formats",
    "gen_ai.request.frequency_penalty",
    "gen_ai.request.max_tokens",
    "gen_ai.request.model",
    "gen_ai.request.presence_penalty",
    "gen_ai.request.previous_response.id",
    "gen_ai.request.reasoning.level",
    "gen_ai.request.seed",
    "gen_ai.request.stop_sequences",
    "gen_ai.request.stream",
    "gen_ai.request.stream_cursor",
    "gen_ai.request.temperature",
    "gen_ai.request.top_k",
    "gen_ai.request.top_p",
    "gen_ai.response.finish_reasons",
    "gen_ai.response.id",
    "gen_ai.response.model",
    "gen_ai.response.status",
    "gen_ai.response.time_to_first_chunk",
    #[cfg(not(spanwise_no_content))]
    "gen_ai.retrieval.documents",
    #[cfg(not(spanwise_no_content))]
    "gen_ai.retrieval.query.text",
    "gen_ai.retrieval.top_k",
    "gen_ai.skill.description",
    "gen_ai.skill.name",
    "gen_ai.skill.resource.name",
    "gen_ai.skill.source.uri",
    #[cfg(not(spanwise_no_content))]
    "gen_ai.system_instructions",
    "gen_ai.token.modality",
    #[cfg(not(spanwise_no_content))]
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.id",
    #[cfg(not(spanwise_no_content))]
    "gen_ai.tool.call.result",
    #[cfg(not(spanwise_no_content))]
    "gen_ai.tool.definitions",
    "gen_ai.tool.description",
    "gen_ai.tool.name",
    "gen_ai.tool.type",
    "gen_ai.usage.audio.cache_read.input_tokens",
    "gen_ai.usage.audio.input_tokens",
    "gen_ai.usage.audio.output_tokens",
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.image.cache_read.input_tokens",
    "gen_ai.usage.image.input_tokens",
    "gen_ai.usage.image.output_tokens",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.text.cache_read.input_tokens",
    "gen_ai.usage.text.input_tokens",
    "gen_ai.usage.text.output_tokens",
    "gen_ai.workflow.name",
    "http.request.resend_count",
    "http.response.status_code",
    "openai.api.type",
    "openai.request.service_tier",
    "openai.response.service_tier",
    "openai.response.system_fingerprint",
    "process.executable.name",
    "process.executable.path",
    "process.exit.code",
    "server.address",
    "server.port",
    "spanwise.agent.history_size",
    "spanwise.agent.retries",
    "spanwise.attempt.delay",
    "spanwise.billed.audio_seconds",
    "spanwise.billed.cache_write_1h_tokens",
    "spanwise.billed.characters",
    "spanwise.billed.images",
    "spanwise.billed.searches",
    "spanwise.billed.service_tier",
    "spanwise.budget.by",
    "spanwise.budget.limit",
    "spanwise.budget.name",
    "spanwise.budget.spent",
    "spanwise.budget.threshold",
    "spanwise.budget.unit",
    "spanwise.cache.bucket.index",
    "spanwise.cache.item_size",
    "spanwise.cache.outcome",
    "spanwise.context.dropped_messages",
    "spanwise.context.dropped_tokens",
    "spanwise.cost.amount",
    "spanwise.cost.currency",
    "spanwise.cost.source",
    "spanwise.cost.table_version",
    "spanwise.evaluation.id",
    "spanwise.evaluation.lowest_score",
    "spanwise.event.id",
    "spanwise.event.parent_id",
    "spanwise.event.steps",
    "spanwise.event.trace_id",
    "spanwise.export.destination",
    "spanwise.export.exporter",
    "spanwise.export.signal",
    "spanwise.fallback.target",
    "spanwise.gateway.fallback.index",
    "spanwise.gateway.name",
    "spanwise.gateway.rate_limit.limit",
    "spanwise.gateway.rate_limit.policy",
    "spanwise.gateway.rate_limit.remaining",
    "spanwise.gateway.rate_limit.reset",
    "spanwise.gateway.request.id",
    "spanwise.gateway.status",
    "spanwise.guard.name",
    "spanwise.guard.verdict",
    "spanwise.history.bytes",
    "spanwise.history.hash",
    "spanwise.history.messages",
    "spanwise.metadata",
    "spanwise.open_at_shutdown",
    "spanwise.outcome",
    "spanwise.rate_limit.input_tokens.limit",
    "spanwise.rate_limit.input_tokens.remaining",
    "spanwise.rate_limit.input_tokens.reset",
    "spanwise.rate_limit.output_tokens.limit",
    "spanwise.rate_limit.output_tokens.remaining",
    "spanwise.rate_limit.output_tokens.reset",
    "spanwise.rate_limit.requests.limit",
    "spanwise.rate_limit.requests.remaining",
    "spanwise.rate_limit.requests.reset",
    "spanwise.rate_limit.tokens.limit",
    "spanwise.rate_limit.tokens.remaining",
    "spanwise.rate_limit.tokens.reset",
    "spanwise.rate_limit.type",
    "spanwise.release",
    "spanwise.request.batch",
    "spanwise.request.id",
    "spanwise.retry_after",
    "spanwise.router.choice",
    "spanwise.router.name",
    "spanwise.scope.dropped",
    "spanwise.step.index",
    "spanwise.step.name",
    "spanwise.step.type",
    "spanwise.stream.chunks",
    "spanwise.tags",
    "spanwise.tenant.id",
    "spanwise.tool_definitions.hash",
    "spanwise.validation.name",
    "spanwise.validation.outcome",
    "spanwise.workflow.version",
];
