//! For `genai`, whose clients have no hook: one word more at the call.

mod budget;
mod error;
mod request;
mod stream;

use genai::chat::{ChatOptions, ChatRequest, ChatResponse};
use genai::embed::{EmbedOptions, EmbedRequest, EmbedResponse};
use genai::{Client, ModelSpec, Result, ServiceTarget};
use spanwise_core::{FutureExt as _, Generation, Provider};
use spanwise_providers::{
    AnswerBody as _, AnthropicMessages, Bedrock, Codec, Gemini, Mistral, Ollama, OpenAiChat,
    OpenAiResponses,
};

use self::budget::within_budget;
pub use self::stream::{RecordedChatStream, RecordedChatStreamResponse};

/// Calls of a `genai` client, recorded.
///
/// Each does what the method of the same name without `_traced` does, and takes and gives the same. What is
/// recorded is what `genai`'s types tell; options of the client's own, which nobody can see from outside, are
/// left out. Where `capture_raw_body` is on, all is recorded that the provider said.
///
/// ```
/// use genai::chat::ChatRequest;
/// use spanwise_http::ExecTraced as _;
///
/// # async fn example(client: genai::Client) -> genai::Result<()> {
/// let request = ChatRequest::from_user("Where is my order?");
/// let answer = client.exec_chat_traced("gpt-4o-mini", request, None).await?;
/// # let _ = answer; Ok(()) }
/// ```
///
/// Where a [hard stop](spanwise_core::BudgetBuilder::hard_stop) refuses a call, nothing is sent, and the error is
/// `genai::Error::WebStream`, whose `error` is a [`BudgetExceeded`](spanwise_core::BudgetExceeded).
///
/// `genai`'s own spans, of its feature `otel`, would be there beside these: leave that feature off.
pub trait ExecTraced {
    /// [`Client::exec_chat`], as an operation `chat`.
    ///
    /// # Errors
    ///
    /// What `genai` gives, as it is; a budget that is used up.
    fn exec_chat_traced(
        &self,
        model: impl Into<ModelSpec> + Send,
        request: ChatRequest,
        options: Option<&ChatOptions>,
    ) -> impl Future<Output = Result<ChatResponse>> + Send;

    /// [`Client::exec_chat_stream`], as an operation `chat` that ends with the stream: completed at its last
    /// event, failed with the first error, cancelled where it is dropped before.
    ///
    /// Usage is recorded where [`ChatOptions::capture_usage`] asks for it.
    ///
    /// # Errors
    ///
    /// What `genai` gives, as it is; a budget that is used up.
    fn exec_chat_stream_traced(
        &self,
        model: impl Into<ModelSpec> + Send,
        request: ChatRequest,
        options: Option<&ChatOptions>,
    ) -> impl Future<Output = Result<RecordedChatStreamResponse>> + Send;

    /// [`Client::exec_embed`], as an operation `embeddings`.
    ///
    /// # Errors
    ///
    /// What `genai` gives, as it is; a budget that is used up.
    fn exec_embed_traced(
        &self,
        model: impl Into<ModelSpec> + Send,
        request: EmbedRequest,
        options: Option<&EmbedOptions>,
    ) -> impl Future<Output = Result<EmbedResponse>> + Send;
}

impl ExecTraced for Client {
    async fn exec_chat_traced(
        &self,
        model: impl Into<ModelSpec> + Send,
        request: ChatRequest,
        options: Option<&ChatOptions>,
    ) -> Result<ChatResponse> {
        if !spanwise_core::is_recorded() {
            return self.exec_chat(model, request, options).await;
        }
        // Resolved once: a target is taken as it is.
        let target = self.resolve_service_target(model).await?;
        let (provider, codec) = (Provider::from(target.model.adapter_kind), codec(&target));
        let generation = request::start_chat(&target, &request, options, false);
        within_budget!(generation, &target);
        let answer = self.exec_chat(target, request, options).in_operation(&generation).await;
        match &answer {
            Ok(answer) => {
                record(&generation, answer, provider, codec);
                generation.finish();
            }
            Err(error) => generation.fail(error),
        }
        answer
    }

    async fn exec_chat_stream_traced(
        &self,
        model: impl Into<ModelSpec> + Send,
        request: ChatRequest,
        options: Option<&ChatOptions>,
    ) -> Result<RecordedChatStreamResponse> {
        if !spanwise_core::is_recorded() {
            let answer = self.exec_chat_stream(model, request, options).await?;
            return Ok(RecordedChatStreamResponse::new(answer, None));
        }
        let target = self.resolve_service_target(model).await?;
        let generation = request::start_chat(&target, &request, options, true);
        within_budget!(generation, &target);
        let answer =
            self.exec_chat_stream(target, request, options).in_operation(&generation).await;
        match answer {
            Ok(answer) => Ok(RecordedChatStreamResponse::new(answer, Some(generation))),
            Err(error) => {
                generation.fail(&error);
                Err(error)
            }
        }
    }

    async fn exec_embed_traced(
        &self,
        model: impl Into<ModelSpec> + Send,
        request: EmbedRequest,
        options: Option<&EmbedOptions>,
    ) -> Result<EmbedResponse> {
        if !spanwise_core::is_recorded() {
            return self.exec_embed(model, request, options).await;
        }
        let target = self.resolve_service_target(model).await?;
        let embeddings = request::start_embed(&target, options);
        within_budget!(embeddings, &target);
        let answer = self.exec_embed(target, request, options).in_operation(&embeddings).await;
        match &answer {
            Ok(answer) => {
                embeddings.response_model(answer.provider_model_iden.model_name.to_string());
                if let Some(tokens) = answer.usage.prompt_tokens.and_then(|n| n.try_into().ok()) {
                    embeddings.input_tokens(tokens);
                }
                if let Some(first) = answer.first_embedding() {
                    embeddings.dimension_count(first.dimensions as i64);
                }
                embeddings.finish();
            }
            Err(error) => embeddings.fail(error),
        }
        answer
    }
}

/// What the answer says: all of it where its bytes are at hand, else what `genai` keeps of them.
fn record(
    generation: &Generation,
    answer: &ChatResponse,
    provider: Provider,
    codec: Option<&dyn Codec>,
) {
    generation.record(answer);
    if let (Some(body), Some(codec)) = (&answer.captured_raw_body, codec) {
        let read = codec.answer(&body.bytes(), spanwise_core::captures_content()).response;
        // `openai.*` belongs to OpenAI alone, though others speak its format.
        let is_openai = provider == Provider::OpenAi;
        generation.record(&if is_openai { read } else { read.without_openai() });
    }
}

/// What reads this provider's bytes; `None` for formats that are not known here.
fn codec(target: &ServiceTarget) -> Option<&'static dyn Codec> {
    use genai::adapter::AdapterKind as Kind;
    Some(match target.model.adapter_kind {
        Kind::OpenAIResp => &OpenAiResponses,
        Kind::Anthropic => &AnthropicMessages,
        Kind::Gemini => &Gemini,
        Kind::Mistral => &Mistral,
        Kind::Ollama | Kind::OllamaCloud => &Ollama,
        // Its earlier chat API; its later interactions; those that speak now this and now that.
        Kind::Cohere | Kind::GeminiIx | Kind::Vertex | Kind::Zai | Kind::OpenCodeGo => return None,
        kind if kind.as_lower_str().starts_with("bedrock") => &Bedrock,
        _ => &OpenAiChat,
    })
}
