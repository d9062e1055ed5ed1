//! Requests and answers as operations.

use opentelemetry::Context;
use spanwise_core::semconv::attribute;
use spanwise_core::{
    Attempt, BudgetExceeded, Cost, Embeddings, EmbeddingsBuilder, FetchResponse, GatewayAnswer,
    Generation, GenerationBuilder, Provider, ResponseStatus, Retrieval, RetrievalBuilder,
};

use crate::answer::Answer;
use crate::request::{Operation, Request};

/// A request and its answer, recorded as one operation of `spanwise-core`.
///
/// Dropping it ends the operation as cancelled.
///
/// ```
/// use spanwise_core::Provider;
/// use spanwise_providers::{Codec, Exchange, OpenAiChat};
///
/// let request = OpenAiChat.request("/v1/chat/completions", br#"{"model": "gpt-4o"}"#, false);
/// let exchange = Exchange::start(request, Provider::OpenAi, "api.openai.com", 443);
/// exchange.finish(OpenAiChat.answer(br#"{"id": "chatcmpl-1", "usage": {}}"#, false));
/// ```
#[derive(Debug)]
#[must_use = "dropping it ends the operation as cancelled"]
pub struct Exchange {
    recorded: Recorded,
    provider: Provider,
}

#[derive(Debug)]
enum Recorded {
    Generation(Generation),
    Embeddings(Embeddings),
    FetchResponse(FetchResponse),
    Retrieval(Retrieval),
}

impl Exchange {
    /// Starts the operation that a request begins, under whatever is active here.
    pub fn start(
        mut request: Request,
        provider: impl Into<Provider>,
        address: impl Into<String>,
        port: u16,
    ) -> Self {
        let provider = provider.into();
        let known = provider.clone();
        let address = address.into();
        let recorded = match request.operation {
            Operation::Chat | Operation::GenerateContent | Operation::TextCompletion => {
                let generation = generation(&mut request, provider).server(address, port);
                Recorded::Generation(generation.start())
            }
            Operation::Embeddings => {
                let embeddings = embeddings(&mut request, provider).server(address, port);
                Recorded::Embeddings(embeddings.start())
            }
            Operation::FetchResponse => {
                let id = request.response_id.unwrap_or_default();
                let mut fetch = FetchResponse::new(provider, id).server(address, port);
                if let Some(cursor) = request.stream_cursor {
                    fetch = fetch.stream_cursor(cursor);
                }
                let api = request.openai_api_type.filter(|_| known == Provider::OpenAi);
                if let Some(api) = api {
                    fetch = fetch.openai_api_type(api);
                }
                Recorded::FetchResponse(fetch.start())
            }
            Operation::Retrieval => {
                let retrieval = retrieval(&mut request).provider(provider).server(address, port);
                Recorded::Retrieval(retrieval.start())
            }
        };
        Self { recorded, provider: known }
    }

    /// `openai.*` belongs to OpenAI alone, though others speak its format.
    fn is_openai(&self) -> bool {
        self.provider == Provider::OpenAi
    }

    /// Says what the request asks, where its body was not at hand when the operation started.
    ///
    /// The path had said which operation it is: what asks for another one is not heard.
    pub fn request(&self, mut request: Request) {
        let provider = self.provider.clone();
        match (&self.recorded, request.operation) {
            (
                Recorded::Generation(known),
                Operation::Chat | Operation::GenerateContent | Operation::TextCompletion,
            ) => known.request(generation(&mut request, provider)),
            (Recorded::Embeddings(known), Operation::Embeddings) => {
                known.request(embeddings(&mut request, provider));
            }
            (Recorded::Retrieval(known), Operation::Retrieval) => {
                known.request(retrieval(&mut request));
            }
            _ => {}
        }
    }

    /// Notes that the request is sent now.
    pub fn attempt_begins(&self) {
        match &self.recorded {
            Recorded::Generation(generation) => generation.attempt_begins(),
            Recorded::Embeddings(embeddings) => embeddings.attempt_begins(),
            Recorded::FetchResponse(fetched) => fetched.attempt_begins(),
            Recorded::Retrieval(retrieval) => retrieval.attempt_begins(),
        }
    }

    /// Notes that the request was sent, and what became of that: once for each attempt.
    pub fn attempt(&self, attempt: Attempt) {
        match &self.recorded {
            Recorded::Generation(generation) => generation.attempt(attempt),
            Recorded::Embeddings(embeddings) => embeddings.attempt(attempt),
            Recorded::FetchResponse(fetched) => fetched.attempt(attempt),
            Recorded::Retrieval(retrieval) => retrieval.attempt(attempt),
        }
    }

    /// The model that answers is known before the answer is.
    pub fn model(&self, model: &str) {
        if let Recorded::Generation(generation) = &self.recorded {
            generation.tell(|response| response.model(model.to_owned()));
        }
    }

    /// One event of a streamed answer has come: it is timed.
    pub fn event(&self) {
        if let Recorded::Generation(generation) = &self.recorded {
            generation.chunk(|_| {});
        }
    }

    /// Notes what is known of the answer, and goes on.
    pub fn record(&self, mut answer: Answer) {
        if !self.is_openai() {
            answer.response = answer.response.without_openai();
        }
        match &self.recorded {
            Recorded::Generation(generation) => generation.response(answer.response),
            Recorded::Embeddings(embeddings) => {
                if let Some(model) = answer.response.model {
                    embeddings.response_model(model);
                }
                if let Some(tokens) = answer.response.usage.and_then(|usage| usage.input_tokens()) {
                    embeddings.input_tokens(tokens);
                }
                if let Some(count) = answer.dimension_count {
                    embeddings.dimension_count(count);
                }
            }
            Recorded::FetchResponse(fetched) => {
                if let Some(status) = answer.status.take() {
                    fetched.status(status);
                }
                fetched.system_parts(&answer.system);
                if !answer.tools.is_empty() {
                    fetched.tool_definitions(&answer.tools);
                }
                fetched.record(&answer.response);
            }
            Recorded::Retrieval(retrieval) => {
                if !answer.response.billed_units.is_nothing() {
                    retrieval.billed_units(answer.response.billed_units);
                }
                if !answer.documents.is_empty() {
                    retrieval.documents(answer.documents);
                }
            }
        }
    }

    /// Ends the operation with its answer: as completed, or as failed where the answer says so.
    ///
    /// A failed response that was fetched has been fetched all the same: its status tells.
    pub fn finish(self, mut answer: Answer) {
        let fetched = matches!(self.recorded, Recorded::FetchResponse(_))
            && answer.status == Some(ResponseStatus::Failed);
        let error = answer.error.take();
        self.record(answer);
        match error {
            Some(error) if !fetched => self.refused(error.code, &error.message),
            _ => match self.recorded {
                Recorded::Generation(generation) => generation.finish(),
                Recorded::Embeddings(embeddings) => embeddings.finish(),
                Recorded::FetchResponse(fetched) => fetched.finish(),
                Recorded::Retrieval(retrieval) => retrieval.finish(),
            },
        }
    }

    /// Ends the operation as failed, by what the provider said: its code becomes `error.type`, and its
    /// message, which may quote a prompt, the status description where errors' texts are recorded.
    pub fn refused(self, code: impl Into<String>, message: &str) {
        let told = spanwise_core::tells_error_messages();
        self.fail_with(code, if told { message } else { "" });
    }

    /// Ends the operation as refused by a budget: `error.type` = `budget_exceeded`, `spanwise.budget.name`.
    pub fn over_budget(self, exceeded: &BudgetExceeded) {
        let (name, value) = (attribute::SPANWISE_BUDGET_NAME.key(), exceeded.budget().to_owned());
        match &self.recorded {
            Recorded::Generation(generation) => generation.attribute(name, value),
            Recorded::Embeddings(embeddings) => embeddings.attribute(name, value),
            Recorded::FetchResponse(fetched) => fetched.attribute(name, value),
            Recorded::Retrieval(retrieval) => retrieval.attribute(name, value),
        }
        self.fail(exceeded);
    }

    /// Ends the operation as failed, with `error.type` and a text that becomes the status description.
    pub fn fail_with(self, kind: impl Into<String>, message: impl Into<String>) {
        let (kind, message) = (kind.into(), message.into());
        match self.recorded {
            Recorded::Generation(generation) => generation.fail_with(kind, message),
            Recorded::Embeddings(embeddings) => embeddings.fail_with(kind, message),
            Recorded::FetchResponse(fetched) => fetched.fail_with(kind, message),
            Recorded::Retrieval(retrieval) => retrieval.fail_with(kind, message),
        }
    }

    /// Ends the operation as failed, by the error's type.
    pub fn fail<E: std::fmt::Display + 'static>(self, error: &E) {
        match self.recorded {
            Recorded::Generation(generation) => generation.fail(error),
            Recorded::Embeddings(embeddings) => embeddings.fail(error),
            Recorded::FetchResponse(fetched) => fetched.fail(error),
            Recorded::Retrieval(retrieval) => retrieval.fail(error),
        }
    }

    /// Notes what the call cost, as a gateway says beside the answer. Fetching a response costs nothing.
    pub fn cost(&self, cost: Cost) {
        match &self.recorded {
            Recorded::Generation(generation) => generation.cost(cost),
            Recorded::Embeddings(embeddings) => embeddings.cost(cost),
            Recorded::Retrieval(retrieval) => retrieval.cost(cost),
            Recorded::FetchResponse(_) => {}
        }
    }

    /// Notes what a gateway says of the call. A retrieval has nowhere to note it.
    pub fn gateway(&self, answer: GatewayAnswer) {
        match &self.recorded {
            Recorded::Generation(generation) => generation.gateway(answer),
            Recorded::Embeddings(embeddings) => embeddings.gateway(answer),
            Recorded::FetchResponse(fetched) => fetched.gateway(answer),
            Recorded::Retrieval(_) => {}
        }
    }

    /// The context in which the operation is the active one.
    pub fn context(&self) -> Context {
        match &self.recorded {
            Recorded::Generation(generation) => generation.context(),
            Recorded::Embeddings(embeddings) => embeddings.context(),
            Recorded::FetchResponse(fetched) => fetched.context(),
            Recorded::Retrieval(retrieval) => retrieval.context(),
        }
    }
}

fn generation(request: &mut Request, provider: Provider) -> GenerationBuilder<'_> {
    let model = request.model.take().unwrap_or_default();
    let is_openai = provider == Provider::OpenAi;
    let mut generation = match request.operation {
        Operation::GenerateContent => Generation::generate_content(provider, model),
        Operation::TextCompletion => Generation::text_completion(provider, model),
        _ => Generation::chat(provider, model),
    };
    macro_rules! say {
        ($($field:ident)*) => {$(
            if let Some(value) = request.$field.take() {
                generation = generation.$field(value);
            }
        )*};
    }
    say!(max_tokens temperature top_p top_k frequency_penalty presence_penalty seed choice_count);
    say!(output_type reasoning_level previous_response_id conversation_id prompt_name prompt_version);
    if is_openai {
        say!(openai_api_type);
        if let Some(tier) = request.service_tier.take() {
            generation = generation.openai_service_tier(tier);
        }
    }
    if let Some(id) = request.guardrail_id.take() {
        generation = generation.bedrock_guardrail_id(id);
    }
    if request.stream {
        generation = generation.streaming();
    }
    generation = generation.stop_sequences(std::mem::take(&mut request.stop_sequences));
    let content = &request.content;
    if !content.messages.is_empty() {
        generation = generation.input(&content.messages);
    }
    if !content.tools.is_empty() {
        generation = generation.tool_definitions(&content.tools);
    }
    generation.system_parts(&content.system)
}

fn embeddings(request: &mut Request, provider: Provider) -> EmbeddingsBuilder<'_> {
    let model = request.model.take().unwrap_or_default();
    let formats = std::mem::take(&mut request.encoding_formats);
    let embeddings = Embeddings::new(provider, model).encoding_formats(formats);
    match request.dimension_count {
        Some(count) => embeddings.dimension_count(count),
        None => embeddings,
    }
}

fn retrieval(request: &mut Request) -> RetrievalBuilder<'_> {
    let mut retrieval = Retrieval::new("");
    if let Some(model) = request.model.take() {
        retrieval = retrieval.model(model);
    }
    if let Some(top_k) = request.top_k {
        retrieval = retrieval.top_k(top_k);
    }
    if let Some(query) = &request.content.query {
        retrieval = retrieval.query(query);
    }
    retrieval
}
