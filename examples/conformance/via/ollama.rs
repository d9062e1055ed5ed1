//! Ollama's own API.

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use openai_client::Error;
use serde_json::{Value, json};
use spanwise::{Provider, StreamedResponse, Usage};
use spanwise_providers::RecordAnswer as _;

use super::http::Http;
use super::{About, Answer, Api, Chunk, Recorded, Vector, add, count, items, openai, text};
use crate::turn::{self, INSTRUCTIONS, MAX_TOKENS, Options, PICTURE, QUESTION, ToolCall, Turn};

pub(super) struct Ollama {
    http: Http,
    about: About,
}

impl Ollama {
    pub(super) async fn connect(hook: bool) -> Result<Self, Error> {
        let provider = provider_server::Provider::OLLAMA;
        let http = Http::connect(provider, "ollama", "/code", hook).await?.bearer();
        let about = About {
            embedding_model: "nomic-embed-text",
            tells_mime_types: false,
            ..About::new(Provider::from("ollama"), http.api.server(), "qwen3")
        };
        Ok(Self { http, about })
    }

    fn body(&self, turn: &Turn, stream: bool) -> Value {
        let mut question = json!({"role": "user", "content": QUESTION});
        if turn.picture {
            question["images"] = json!([PICTURE]);
        }
        let mut messages = vec![json!({"role": "system", "content": INSTRUCTIONS}), question];
        for (call, result) in &turn.results {
            let function = json!({"name": call.name, "arguments": call.input()});
            let asked = json!([{"id": call.id, "function": function}]);
            messages.push(json!({"role": "assistant", "content": "", "tool_calls": asked}));
            messages.push(openai::answered(call, result));
        }
        let Options { temperature, top_p, top_k, stop, .. } = &turn.options;
        let Options { frequency_penalty, presence_penalty, seed, .. } = &turn.options;
        let mut options = json!({"num_predict": MAX_TOKENS});
        let said = json!({
            "temperature": temperature, "top_p": top_p, "top_k": top_k, "stop": stop,
            "frequency_penalty": frequency_penalty, "presence_penalty": presence_penalty,
            "seed": seed,
        });
        add(&mut options, said);
        let mut body = json!({
            "model": turn.model.unwrap_or(self.about.model),
            "messages": messages,
            "stream": stream,
            "options": options,
        });
        if turn.tool {
            body["tools"] = json!([openai::tool()]);
        }
        if turn.schema {
            body["format"] = turn::schema();
        }
        body
    }
}

fn answer(json: Value) -> Answer {
    let calls = items(&json, "/message/tool_calls");
    Answer {
        id: String::new(),
        text: text(&json, "/message/content"),
        tool_calls: calls
            .map(|call| ToolCall {
                id: text(call, "/id"),
                name: text(call, "/function/name"),
                arguments: call["function"]["arguments"].to_string(),
            })
            .collect(),
        usage: usage(&json),
        response: Box::new(Recorded {
            json,
            record: |generation, json| generation.record_ollama(json),
        }),
    }
}

fn usage(told: &Value) -> Usage {
    Usage::new(count(told, "/prompt_eval_count"), count(told, "/eval_count"))
}

fn tell(line: &Value, response: &mut StreamedResponse<'_>) {
    response.model(text(line, "/model"));
    response.text(&text(line, "/message/content"));
    if line["done"] == true {
        response.finish_reason(text(line, "/done_reason"));
        response.usage(usage(line));
    }
}

#[async_trait]
impl Api for Ollama {
    fn about(&self) -> &About {
        &self.about
    }

    fn every_option(&self) -> Options {
        Options { choices: None, service_tier: None, ..Options::every() }
    }

    async fn chat(&self, turn: &Turn) -> Result<Answer, Error> {
        Ok(answer(self.http.json("/api/chat", &self.body(turn, false)).await?))
    }

    async fn stream(&self, turn: &Turn) -> Result<BoxStream<'static, Result<Chunk, Error>>, Error> {
        let lines = self.http.lines("/api/chat", &self.body(turn, true)).await?;
        Ok(lines.map_ok(|line| Chunk::of(line, "/message/content", tell)).boxed())
    }

    async fn embed(&self, text: &str) -> Result<Vector, Error> {
        let body = json!({"model": self.about.embedding_model, "input": text});
        let answer = self.http.json("/api/embed", &body).await?;
        Ok(Vector {
            model: Some(super::text(&answer, "/model")),
            length: items(&answer, "/embeddings/0").count(),
            input_tokens: count(&answer, "/prompt_eval_count"),
        })
    }
}
