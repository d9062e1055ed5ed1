//! What a call of `genai`'s asks.

use genai::ServiceTarget;
use genai::adapter::AdapterKind;
use genai::chat::{ChatOptions, ChatRequest, ReasoningEffort};
use genai::embed::EmbedOptions;
use genai::resolver::AuthData;
use spanwise_core::{
    Embeddings, Generation, GenerationBuilder, OpenAiApiType, OutputType, Provider, ToolDefinition,
};

use super::codec;
use super::error::kind;

/// Starts a generation that says all that the request says.
pub(super) fn start_chat(
    target: &ServiceTarget,
    request: &ChatRequest,
    options: Option<&ChatOptions>,
    stream: bool,
) -> Generation {
    let codec = codec(target);
    let tools = request.tools.iter().flatten().filter(|_| spanwise_core::captures_content());
    let tools: Vec<ToolDefinition> = tools.map(Into::into).collect();
    let mut generation = Generation::chat(target.model.adapter_kind, model(target))
        .input(request)
        .error_kind(move |error| kind(error, codec));
    if let Some((host, port)) = server(target) {
        generation = generation.server(host, port);
    }
    let api = match target.model.adapter_kind {
        AdapterKind::OpenAI => Some(OpenAiApiType::ChatCompletions),
        AdapterKind::OpenAIResp => Some(OpenAiApiType::Responses),
        _ => None,
    };
    if let Some(api) = api.clone() {
        generation = generation.openai_api_type(api);
    }
    if let Some(instructions) = &request.system {
        generation = generation.system_instructions(instructions);
    }
    if !tools.is_empty() {
        generation = generation.tool_definitions(&tools);
    }
    if let Some(id) = &request.previous_response_id {
        generation = generation.previous_response_id(id.clone());
    }
    if let Some(options) = options {
        generation = asked(generation, options, api.is_some());
    }
    if stream { generation.streaming().start() } else { generation.start() }
}

fn asked<'a>(
    mut generation: GenerationBuilder<'a>,
    options: &ChatOptions,
    is_openai: bool,
) -> GenerationBuilder<'a> {
    if let Some(temperature) = options.temperature {
        generation = generation.temperature(temperature);
    }
    if let Some(tokens) = options.max_tokens {
        generation = generation.max_tokens(tokens);
    }
    if let Some(top_p) = options.top_p {
        generation = generation.top_p(top_p);
    }
    if let Some(seed) = options.seed.and_then(|seed| i64::try_from(seed).ok()) {
        generation = generation.seed(seed);
    }
    if options.response_format.is_some() {
        generation = generation.output_type(OutputType::Json);
    }
    let level = options.reasoning_effort.as_ref().and_then(|effort| match effort {
        ReasoningEffort::Zero => Some("none"),
        effort => effort.as_keyword(),
    });
    if let Some(level) = level {
        generation = generation.reasoning_level(level);
    }
    let tier = options.service_tier.as_ref().filter(|_| is_openai);
    if let Some(tier) = tier.and_then(|tier| tier.as_keyword()) {
        generation = generation.openai_service_tier(tier);
    }
    generation.stop_sequences(options.stop_sequences.iter().cloned())
}

/// Starts embeddings that say all that the request says.
pub(super) fn start_embed(target: &ServiceTarget, options: Option<&EmbedOptions>) -> Embeddings {
    let codec = codec(target);
    let provider = Provider::from(target.model.adapter_kind);
    let mut embeddings = Embeddings::new(provider, model(target))
        .error_kind(move |error| kind(error, codec))
        .encoding_formats(options.and_then(|options| options.encoding_format.clone()));
    if let Some((host, port)) = server(target) {
        embeddings = embeddings.server(host, port);
    }
    if let Some(count) = options.and_then(|options| options.dimensions) {
        embeddings = embeddings.dimension_count(count as i64);
    }
    embeddings.start()
}

/// The model's name as the provider knows it, without what tells genai who that is.
fn model(target: &ServiceTarget) -> String {
    target.model.model_name.namespace_and_name().1.to_owned()
}

fn server(target: &ServiceTarget) -> Option<(String, u16)> {
    let url = match &target.auth {
        AuthData::RequestOverride { url, .. } => url,
        _ => target.endpoint.base_url(),
    };
    let uri: http::Uri = url.parse().ok()?;
    let port = match uri.scheme_str() {
        Some("http") => 80,
        _ => 443,
    };
    let host = uri.host()?.trim_matches(['[', ']']).to_owned();
    Some((host, uri.port_u16().unwrap_or(port)))
}
