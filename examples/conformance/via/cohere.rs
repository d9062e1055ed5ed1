//! Cohere's second API.

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use openai_client::Error;
use serde_json::{Value, json};
use spanwise::{Provider, StreamedResponse, Usage};
use spanwise_providers::RecordAnswer as _;

use super::http::Http;
use super::{
    About, Answer, Api, Chunk, Ranking, Recorded, Vector, add, count, items, openai, text,
};
use crate::turn::{self, INSTRUCTIONS, MAX_TOKENS, Options, PICTURE, QUESTION, ToolCall, Turn};

const RANKER: &str = "rerank-v3.5";

pub(super) struct Cohere {
    http: Http,
    about: About,
}

impl Cohere {
    pub(super) async fn connect(hook: bool) -> Result<Self, Error> {
        let provider = provider_server::Provider::COHERE;
        let http = Http::connect(provider, "cohere", "/code", hook).await?.bearer();
        let about = About {
            embedding_model: "embed-v4.0",
            embedding_formats: &["float"],
            ranker: RANKER,
            ..About::new(Provider::Cohere, http.api.server(), "command-a-03-2025")
        };
        Ok(Self { http, about })
    }

    fn body(&self, turn: &Turn, stream: bool) -> Value {
        let mut content = vec![json!({"type": "text", "text": QUESTION})];
        if turn.picture {
            let url = format!("data:image/png;base64,{PICTURE}");
            content.push(json!({"type": "image_url", "image_url": {"url": url}}));
        }
        let mut messages = vec![
            json!({"role": "system", "content": INSTRUCTIONS}),
            json!({"role": "user", "content": content}),
        ];
        for (call, result) in &turn.results {
            messages.extend([openai::asked_for(call), openai::answered(call, result)]);
        }
        let mut body = json!({
            "model": turn.model.unwrap_or(self.about.model),
            "messages": messages,
            "max_tokens": MAX_TOKENS,
            "stream": stream,
        });
        let Options { temperature, top_p, top_k, stop, .. } = &turn.options;
        let Options { frequency_penalty, presence_penalty, seed, .. } = &turn.options;
        let options = json!({
            "temperature": temperature, "p": top_p, "k": top_k, "stop_sequences": stop,
            "frequency_penalty": frequency_penalty, "presence_penalty": presence_penalty,
            "seed": seed,
        });
        add(&mut body, options);
        if turn.tool {
            body["tools"] = json!([openai::tool()]);
        }
        if turn.schema {
            body["response_format"] = json!({"type": "json_object", "json_schema": turn::schema()});
        }
        body
    }
}

fn answer(json: Value) -> Answer {
    let content = items(&json, "/message/content");
    let calls = items(&json, "/message/tool_calls");
    Answer {
        id: text(&json, "/id"),
        text: content.map(|part| text(part, "/text")).collect(),
        tool_calls: calls
            .map(|call| ToolCall {
                id: text(call, "/id"),
                name: text(call, "/function/name"),
                arguments: text(call, "/function/arguments"),
            })
            .collect(),
        usage: usage(&json["usage"]),
        response: Box::new(Recorded {
            json,
            record: |generation, json| generation.record_cohere(json),
        }),
    }
}

/// What is billed; what cannot be read of cached tokens is left to the codec.
fn usage(told: &Value) -> Usage {
    let tokens = |place| count(told, place);
    Usage::new(tokens("/billed_units/input_tokens"), tokens("/billed_units/output_tokens"))
        .cache_read(tokens("/cached_tokens"))
}

fn tell(event: &Value, response: &mut StreamedResponse<'_>) {
    match event["type"].as_str() {
        Some("message-start") => response.id(text(event, "/id")),
        Some("content-delta") => response.text(&text(event, "/delta/message/content/text")),
        Some("message-end") => {
            response.finish_reason(text(event, "/delta/finish_reason"));
            response.usage(usage(&event["delta"]["usage"]));
        }
        _ => {}
    }
}

#[async_trait]
impl Api for Cohere {
    fn about(&self) -> &About {
        &self.about
    }

    fn every_option(&self) -> Options {
        Options { choices: None, service_tier: None, ..Options::every() }
    }

    async fn chat(&self, turn: &Turn) -> Result<Answer, Error> {
        Ok(answer(self.http.json("/v2/chat", &self.body(turn, false)).await?))
    }

    async fn stream(&self, turn: &Turn) -> Result<BoxStream<'static, Result<Chunk, Error>>, Error> {
        let events = self.http.events("/v2/chat", &self.body(turn, true)).await?;
        let place = "/delta/message/content/text";
        Ok(events.map_ok(move |event| Chunk::of(event, place, tell)).boxed())
    }

    async fn embed(&self, text: &str) -> Result<Vector, Error> {
        let body = json!({
            "model": self.about.embedding_model,
            "input_type": "search_query",
            "embedding_types": self.about.embedding_formats,
            "texts": [text],
        });
        let answer = self.http.json("/v2/embed", &body).await?;
        Ok(Vector {
            model: None,
            length: items(&answer, "/embeddings/float/0").count(),
            input_tokens: count(&answer, "/meta/billed_units/input_tokens"),
        })
    }

    async fn rank(&self, query: &str, documents: &[&str]) -> Result<Ranking, Error> {
        let body = json!({
            "model": RANKER, "query": query, "documents": documents, "top_n": documents.len(),
        });
        let answer = self.http.json("/v2/rerank", &body).await?;
        let found = |found: &Value| {
            let score = found["relevance_score"].as_f64().unwrap_or_default();
            (count(found, "/index") as usize, score)
        };
        Ok(Ranking {
            found: items(&answer, "/results").map(found).collect(),
            searches: count(&answer, "/meta/billed_units/search_units"),
        })
    }
}
