//! Single model calls: whole, streamed, structured, with an image, evaluated, failed and cancelled.

use futures_util::{StreamExt as _, TryStreamExt as _};
use openai_client::{ChatCompletion, ChatRequest, Client, Error, Options};
use serde_json::json;
use spanwise::{
    Evaluation, Generation, GenerationBuilder, Message, OpenAiApiType, OutputType, Part, Provider,
    ToolDefinition, TraceRef, evaluation,
};

use crate::model::Model;

pub(crate) const MODEL: &str = "gpt-4o-mini";
pub(crate) const INSTRUCTIONS: &str = "You help customers of a small shop.";
pub(crate) const QUESTION: &str = "Where is my order A-17?";

/// A picture of one pixel.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// What is asked, in OpenAI's words and in ours.
pub(crate) struct Turn {
    pub(crate) request: ChatRequest,
    pub(crate) history: Vec<Message>,
    pub(crate) definitions: Vec<ToolDefinition>,
}

impl Turn {
    /// One instruction and one question.
    pub(crate) fn new() -> Self {
        let messages = vec![
            json!({"role": "system", "content": INSTRUCTIONS}),
            json!({"role": "user", "content": QUESTION}),
        ];
        let model = MODEL.to_owned();
        Self {
            request: ChatRequest {
                model,
                messages,
                max_completion_tokens: 256,
                ..ChatRequest::default()
            },
            history: vec![Message::system(INSTRUCTIONS), Message::user(QUESTION)],
            definitions: Vec::new(),
        }
    }

    /// Everything that can be said about sampling.
    fn with_every_option() -> Self {
        let mut turn = Self::new();
        turn.request.options = Options {
            temperature: Some(0.2),
            top_p: Some(0.9),
            frequency_penalty: Some(0.1),
            presence_penalty: Some(0.1),
            seed: Some(7),
            n: Some(2),
            stop: vec!["END".to_owned()],
            service_tier: Some("default".to_owned()),
            ..Options::default()
        };
        turn
    }

    /// A generation that says all that the request says.
    pub(crate) fn generation(&self, client: &Client) -> GenerationBuilder<'_> {
        let (host, port) = client.server();
        let Options { temperature, top_p, frequency_penalty, presence_penalty, .. } =
            &self.request.options;
        let Options { seed, n, stop, service_tier, response_format, .. } = &self.request.options;
        let mut generation = Generation::chat(Provider::OpenAi, self.request.model.clone())
            .server(host, port)
            .openai_api_type(OpenAiApiType::ChatCompletions)
            .max_tokens(self.request.max_completion_tokens)
            .stop_sequences(stop.iter().cloned())
            .input(&self.history)
            .error_kind(Error::kind);
        if let Some(temperature) = *temperature {
            generation = generation.temperature(temperature);
        }
        if let Some(top_p) = *top_p {
            generation = generation.top_p(top_p);
        }
        if let Some(penalty) = *frequency_penalty {
            generation = generation.frequency_penalty(penalty);
        }
        if let Some(penalty) = *presence_penalty {
            generation = generation.presence_penalty(penalty);
        }
        if let Some(seed) = *seed {
            generation = generation.seed(seed);
        }
        if let Some(count) = *n {
            generation = generation.choice_count(count);
        }
        if let Some(tier) = service_tier {
            generation = generation.openai_service_tier(tier.clone());
        }
        if !self.definitions.is_empty() {
            generation = generation.tool_definitions(&self.definitions);
        }
        if response_format.is_some() {
            generation = generation.output_type(OutputType::Json);
        }
        generation
    }
}

pub(crate) async fn whole(model: &Model) -> Result<(), Error> {
    model.chat(&Turn::with_every_option()).await.map(drop)
}

pub(crate) async fn streamed(model: &Model) -> Result<(), Error> {
    model
        .stream(&Turn::with_every_option())
        .await?
        .try_for_each(|_| std::future::ready(Ok(())))
        .await
}

pub(crate) async fn structured(model: &Model) -> Result<(), Error> {
    let mut turn = Turn::new();
    let schema = json!({
        "type": "object",
        "properties": {"order": {"type": "string"}, "arrives": {"type": "string"}},
        "required": ["order", "arrives"],
        "additionalProperties": false,
    });
    turn.request.options.response_format = Some(json!({
        "type": "json_schema",
        "json_schema": {"name": "delivery", "strict": true, "schema": schema},
    }));
    model.chat(&turn).await.map(drop)
}

pub(crate) async fn multimodal(model: &Model) -> Result<(), Error> {
    let mut turn = Turn::new();
    let picture = json!({"url": format!("data:image/png;base64,{PICTURE}")});
    turn.request.messages[1] = json!({"role": "user", "content": [
        {"type": "text", "text": QUESTION},
        {"type": "image_url", "image_url": picture},
    ]});
    turn.history[1] = Message::user(QUESTION).part(Part::blob("image", "image/png", PICTURE));
    model.chat(&turn).await.map(drop)
}

pub(crate) async fn evaluated(model: &Model) -> Result<(), Error> {
    let turn = Turn::new();
    if !model.by_hand() {
        // The call is over, and what is left of it is the id of its response.
        let answer = model.chat(&turn).await?;
        judge(&answer).emit_on(&TraceRef::default().with_response_id(answer.id()));
        return Ok(());
    }
    turn.generation(&model.client)
        .run_with(async |generation| {
            let answer = model.client.chat(&turn.request).await?;
            generation.record(&answer);
            judge(&answer).emit_on(&generation.trace_ref());
            Ok(())
        })
        .await
}

fn judge(answer: &ChatCompletion) -> Evaluation {
    let on_topic = answer.text().contains("A-17");
    evaluation("relevance")
        .score(if on_topic { 1.0 } else { 0.0 })
        .label(if on_topic { "relevant" } else { "irrelevant" })
        .explanation("Whether the answer names the order.")
}

/// Asks for a model that there is not.
pub(crate) async fn failed(model: &Model) -> Result<(), Error> {
    let mut turn = Turn::new();
    turn.request.model = "no-such-model".to_owned();
    match model.chat(&turn).await {
        Ok(_) => Err(Error::Unexpected),
        Err(_) => Ok(()),
    }
}

/// Stops listening after the first word.
pub(crate) async fn cancelled(model: &Model) -> Result<(), Error> {
    let mut chunks = model.stream(&Turn::new()).await?;
    while let Some(chunk) = chunks.next().await {
        if !chunk?.text().is_empty() {
            break;
        }
    }
    Ok(())
}
