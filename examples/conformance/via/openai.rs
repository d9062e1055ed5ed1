//! OpenAI's API, by a client of the examples' own over `reqwest-middleware`.

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use openai_client::{ChatCompletion, ChatRequest, Client, Delta, Error, Method};
use serde_json::{Value, json};
use spanwise::{OpenAiApiType, Provider};
use spanwise_http::{GenAi, GenAiMiddleware};

use super::{About, Answer, Api, Chunk, Vector};
use crate::turn::{self, INSTRUCTIONS, MAX_TOKENS, Options, PICTURE, QUESTION, ToolCall, Turn};

pub(super) struct OpenAi {
    client: Client,
    about: About,
}

impl OpenAi {
    pub(super) async fn connect(hook: bool) -> Result<Self, Error> {
        // Wherever OpenAI's API is spoken from.
        let genai = GenAi::default().host("127.0.0.1", "openai");
        let client = Client::with_middleware(hook.then(|| GenAiMiddleware::new(genai))).await?;
        Ok(Self { about: about(client.server()), client })
    }
}

pub(super) fn about(server: (String, u16)) -> About {
    About {
        embedding_model: "text-embedding-3-small",
        embedding_formats: &["float"],
        openai_api: Some(OpenAiApiType::ChatCompletions),
        ..About::new(Provider::OpenAi, server, "gpt-4o-mini")
    }
}

pub(super) fn every_option() -> Options {
    Options { top_k: None, ..Options::every() }
}

/// What is asked, in OpenAI's words.
pub(super) fn request(about: &About, turn: &Turn) -> ChatRequest {
    let Options { temperature, top_p, frequency_penalty, presence_penalty, .. } = turn.options;
    let Options { seed, choices, service_tier, .. } = turn.options;
    let content = match turn.picture {
        false => json!(QUESTION),
        true => json!([
            {"type": "text", "text": QUESTION},
            {"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{PICTURE}")}},
        ]),
    };
    let mut messages = vec![
        json!({"role": "system", "content": INSTRUCTIONS}),
        json!({"role": "user", "content": content}),
    ];
    for (call, result) in &turn.results {
        messages.extend([asked_for(call), answered(call, result)]);
    }
    ChatRequest {
        model: turn.model.unwrap_or(about.model).to_owned(),
        messages,
        tools: if turn.tool { vec![tool()] } else { Vec::new() },
        max_completion_tokens: MAX_TOKENS,
        options: openai_client::Options {
            temperature,
            top_p,
            frequency_penalty,
            presence_penalty,
            seed,
            n: choices,
            stop: turn.options.stop.clone(),
            service_tier: service_tier.map(str::to_owned),
            response_format: turn.schema.then(|| {
                let schema = json!({"name": "delivery", "strict": true, "schema": turn::schema()});
                json!({"type": "json_schema", "json_schema": schema})
            }),
        },
    }
}

/// The tool, in the words of OpenAI and of those who follow it.
pub(super) fn tool() -> Value {
    json!({
        "type": "function",
        "function": {
            "name": turn::TOOL,
            "description": turn::TOOL_DESCRIPTION,
            "parameters": turn::parameters(),
        },
    })
}

/// The message that asked for the tool, in the same words.
pub(super) fn asked_for(call: &ToolCall) -> Value {
    let function = json!({"name": call.name, "arguments": call.arguments});
    let call = json!({"id": call.id, "type": "function", "function": function});
    json!({"role": "assistant", "tool_calls": [call]})
}

/// What the tool answered, in the same words.
pub(super) fn answered(call: &ToolCall, result: &str) -> Value {
    json!({"role": "tool", "tool_call_id": call.id, "content": result})
}

pub(super) fn answer(completion: ChatCompletion) -> Answer {
    let calls = completion.tool_calls().into_iter();
    Answer {
        id: completion.id().to_owned(),
        text: completion.text().to_owned(),
        tool_calls: calls
            .map(|call| ToolCall { id: call.id, name: call.name, arguments: call.arguments })
            .collect(),
        usage: completion.usage(),
        response: Box::new(completion),
    }
}

pub(super) fn chunk(delta: Delta) -> Chunk {
    let text = delta.text().to_owned();
    Chunk { text, tell: Box::new(move |response| delta.record_on(response)) }
}

#[async_trait]
impl Api for OpenAi {
    fn about(&self) -> &About {
        &self.about
    }

    fn every_option(&self) -> Options {
        every_option()
    }

    async fn chat(&self, turn: &Turn) -> Result<Answer, Error> {
        Ok(answer(self.client.chat(&request(&self.about, turn)).await?))
    }

    async fn stream(&self, turn: &Turn) -> Result<BoxStream<'static, Result<Chunk, Error>>, Error> {
        let deltas = self.client.chat_stream(&request(&self.about, turn)).await?;
        Ok(deltas.map_ok(chunk).boxed())
    }

    async fn embed(&self, text: &str) -> Result<Vector, Error> {
        let embedding = self.client.embed(self.about.embedding_model, text).await?;
        Ok(Vector {
            model: Some(embedding.model),
            length: embedding.vector.len(),
            input_tokens: embedding.input_tokens,
        })
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        self.client.call(method, path, body).await
    }

    fn openai(&self) -> Option<&Client> {
        Some(&self.client)
    }
}
