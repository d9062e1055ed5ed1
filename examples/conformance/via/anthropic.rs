//! Anthropic's Messages.

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use openai_client::Error;
use serde_json::{Map, Value, json};
use spanwise::{Provider, StreamedResponse, Usage};
use spanwise_providers::RecordAnswer as _;

use super::http::Http;
use super::{About, Answer, Api, Chunk, Recorded, add, count, items, text};
use crate::turn::{
    self, INSTRUCTIONS, MAX_TOKENS, Options, PICTURE, QUESTION, TOOL, TOOL_DESCRIPTION, ToolCall,
    Turn,
};

const PATH: &str = "/v1/messages";

pub(super) struct Anthropic {
    http: Http,
    about: About,
}

impl Anthropic {
    pub(super) async fn connect(hook: bool) -> Result<Self, Error> {
        let provider = provider_server::Provider::ANTHROPIC;
        let http = Http::connect(provider, "anthropic", "/error/type", hook).await?;
        let key = http.api.key().to_owned();
        let http = http.header("x-api-key", key).header("anthropic-version", "2023-06-01");
        let about = About {
            instructed_apart: true,
            tool_role: "user",
            ..About::new(Provider::Anthropic, http.api.server(), "claude-sonnet-4-5")
        };
        Ok(Self { http, about })
    }

    fn body(&self, turn: &Turn, stream: bool) -> Value {
        let mut content = vec![json!({"type": "text", "text": QUESTION})];
        if turn.picture {
            let source = json!({"type": "base64", "media_type": "image/png", "data": PICTURE});
            content.push(json!({"type": "image", "source": source}));
        }
        let mut messages = vec![json!({"role": "user", "content": content})];
        for (call, result) in &turn.results {
            let (id, name) = (&call.id, &call.name);
            let asked = json!({"type": "tool_use", "id": id, "name": name, "input": call.input()});
            let told = json!({"type": "tool_result", "tool_use_id": id, "content": result});
            messages.push(json!({"role": "assistant", "content": [asked]}));
            messages.push(json!({"role": "user", "content": [told]}));
        }
        let mut body = json!({
            "model": turn.model.unwrap_or(self.about.model),
            "max_tokens": MAX_TOKENS,
            "system": INSTRUCTIONS,
            "messages": messages,
            "stream": stream,
        });
        let Options { temperature, top_p, top_k, stop, .. } = &turn.options;
        let options = json!({
            "temperature": temperature, "top_p": top_p, "top_k": top_k, "stop_sequences": stop,
        });
        add(&mut body, options);
        if turn.tool {
            let (name, description) = (TOOL, TOOL_DESCRIPTION);
            let schema = turn::parameters();
            body["tools"] =
                json!([{"name": name, "description": description, "input_schema": schema}]);
        }
        if turn.schema {
            let format = json!({"type": "json_schema", "schema": turn::schema()});
            body["output_config"] = json!({"format": format});
        }
        body
    }
}

fn answer(json: Value) -> Answer {
    let of_type = |kind| items(&json, "/content").filter(move |block| block["type"] == kind);
    Answer {
        id: text(&json, "/id"),
        text: of_type("text").map(|block| text(block, "/text")).collect(),
        tool_calls: of_type("tool_use")
            .map(|block| ToolCall {
                id: text(block, "/id"),
                name: text(block, "/name"),
                arguments: block["input"].to_string(),
            })
            .collect(),
        usage: usage(&json["usage"]),
        response: Box::new(Recorded {
            json,
            record: |generation, json| generation.record_anthropic(json),
        }),
    }
}

fn usage(told: &Value) -> Usage {
    Usage::with_cache_apart(
        count(told, "/input_tokens"),
        count(told, "/output_tokens"),
        count(told, "/cache_read_input_tokens"),
        count(told, "/cache_creation_input_tokens"),
    )
}

/// What an event says.
fn tell(event: &Value, response: &mut StreamedResponse<'_>) {
    match event["type"].as_str() {
        Some("message_start") => {
            response.id(text(event, "/message/id"));
            response.model(text(event, "/message/model"));
            response.usage(usage(&event["message"]["usage"]));
        }
        Some("content_block_delta") => response.text(&text(event, "/delta/text")),
        Some("message_delta") => {
            response.finish_reason(text(event, "/delta/stop_reason"));
            response.usage(usage(&event["usage"]));
        }
        _ => {}
    }
}

#[async_trait]
impl Api for Anthropic {
    fn about(&self) -> &About {
        &self.about
    }

    fn every_option(&self) -> Options {
        let Options { temperature, top_p, top_k, stop, .. } = Options::every();
        Options { temperature, top_p, top_k, stop, ..Options::default() }
    }

    async fn chat(&self, turn: &Turn) -> Result<Answer, Error> {
        Ok(answer(self.http.json(PATH, &self.body(turn, false)).await?))
    }

    async fn stream(&self, turn: &Turn) -> Result<BoxStream<'static, Result<Chunk, Error>>, Error> {
        let events = self.http.events(PATH, &self.body(turn, true)).await?;
        // Input is told at the beginning, and output at the end.
        let mut input = Map::new();
        let chunk = move |mut event: Value| {
            if let Some(usage) = event["message"]["usage"].as_object() {
                input.clone_from(usage);
            } else if let Some(usage) = event["usage"].as_object_mut() {
                let told = std::mem::replace(usage, input.clone());
                usage.extend(told);
            }
            Chunk::of(event, "/delta/text", tell)
        };
        Ok(events.map_ok(chunk).boxed())
    }
}
