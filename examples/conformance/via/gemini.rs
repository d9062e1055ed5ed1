//! The Gemini API.

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use openai_client::Error;
use serde_json::{Value, json};
use spanwise::{Provider, StreamedResponse, Usage};
use spanwise_providers::RecordAnswer as _;

use super::http::Http;
use super::{About, Answer, Api, Chunk, Recorded, Vector, add, count, items, text};
use crate::turn::{
    self, INSTRUCTIONS, MAX_TOKENS, Options, PICTURE, QUESTION, TOOL, TOOL_DESCRIPTION, ToolCall,
    Turn,
};

pub(super) struct Gemini {
    http: Http,
    about: About,
}

impl Gemini {
    pub(super) async fn connect(hook: bool) -> Result<Self, Error> {
        let provider = provider_server::Provider::GEMINI;
        let http = Http::connect(provider, "gcp.gemini", "/error/status", hook).await?;
        let key = http.api.key().to_owned();
        let http = http.header("x-goog-api-key", key);
        let about = About {
            embedding_model: "gemini-embedding-001",
            generates_content: true,
            instructed_apart: true,
            ..About::new(Provider::GcpGemini, http.api.server(), "gemini-2.5-flash")
        };
        Ok(Self { http, about })
    }

    fn path(&self, turn: &Turn, verb: &str) -> String {
        format!("/v1beta/models/{}:{verb}", turn.model.unwrap_or(self.about.model))
    }
}

fn body(turn: &Turn) -> Value {
    let mut parts = vec![json!({"text": QUESTION})];
    if turn.picture {
        parts.push(json!({"inlineData": {"mimeType": "image/png", "data": PICTURE}}));
    }
    let mut contents = vec![json!({"role": "user", "parts": parts})];
    for (call, result) in &turn.results {
        let (id, name) = (&call.id, &call.name);
        let result: Value = result.parse().unwrap_or_default();
        let asked = json!({"functionCall": {"id": id, "name": name, "args": call.input()}});
        let told = json!({"functionResponse": {"id": id, "name": name, "response": result}});
        contents.push(json!({"role": "model", "parts": [asked]}));
        contents.push(json!({"role": "function", "parts": [told]}));
    }
    let Options { temperature, top_p, top_k, stop, .. } = &turn.options;
    let Options { frequency_penalty, presence_penalty, seed, choices, .. } = &turn.options;
    let mut config = json!({"maxOutputTokens": MAX_TOKENS});
    let options = json!({
        "temperature": temperature, "topP": top_p, "topK": top_k, "stopSequences": stop,
        "frequencyPenalty": frequency_penalty, "presencePenalty": presence_penalty,
        "seed": seed, "candidateCount": choices,
    });
    add(&mut config, options);
    if turn.schema {
        config["responseMimeType"] = "application/json".into();
        config["responseJsonSchema"] = turn::schema();
    }
    let mut body = json!({
        "systemInstruction": {"parts": [{"text": INSTRUCTIONS}]},
        "contents": contents,
        "generationConfig": config,
    });
    if turn.tool {
        let parameters = turn::parameters();
        let tool = json!({"name": TOOL, "description": TOOL_DESCRIPTION, "parameters": parameters});
        body["tools"] = json!([{"functionDeclarations": [tool]}]);
    }
    body
}

fn answer(json: Value) -> Answer {
    let parts = || items(&json, "/candidates/0/content/parts");
    let calls = parts().filter_map(|part| part.get("functionCall"));
    Answer {
        id: text(&json, "/responseId"),
        text: parts().map(|part| text(part, "/text")).collect(),
        tool_calls: calls
            .map(|call| ToolCall {
                id: text(call, "/id"),
                name: text(call, "/name"),
                arguments: call["args"].to_string(),
            })
            .collect(),
        usage: usage(&json["usageMetadata"]),
        response: Box::new(Recorded {
            json,
            record: |generation, json| generation.record_gemini(json),
        }),
    }
}

/// Thoughts stand beside what came out of them.
fn usage(told: &Value) -> Usage {
    let thoughts = count(told, "/thoughtsTokenCount");
    let output = count(told, "/candidatesTokenCount") + thoughts;
    Usage::new(count(told, "/promptTokenCount"), output)
        .cache_read(count(told, "/cachedContentTokenCount"))
        .reasoning(thoughts)
}

fn tell(chunk: &Value, response: &mut StreamedResponse<'_>) {
    response.id(text(chunk, "/responseId"));
    response.model(text(chunk, "/modelVersion"));
    response.usage(usage(&chunk["usageMetadata"]));
    for (choice, candidate) in items(chunk, "/candidates").enumerate() {
        for part in items(candidate, "/content/parts") {
            response.text_of(choice, &text(part, "/text"));
        }
        if let Some(reason) = candidate["finishReason"].as_str() {
            response.finish_reason_of(choice, reason.to_owned());
        }
    }
}

#[async_trait]
impl Api for Gemini {
    fn about(&self) -> &About {
        &self.about
    }

    fn every_option(&self) -> Options {
        Options { service_tier: None, ..Options::every() }
    }

    async fn chat(&self, turn: &Turn) -> Result<Answer, Error> {
        Ok(answer(self.http.json(&self.path(turn, "generateContent"), &body(turn)).await?))
    }

    async fn stream(&self, turn: &Turn) -> Result<BoxStream<'static, Result<Chunk, Error>>, Error> {
        let path = self.path(turn, "streamGenerateContent?alt=sse");
        let chunks = self.http.events(&path, &body(turn)).await?;
        let place = "/candidates/0/content/parts/0/text";
        Ok(chunks.map_ok(move |chunk| Chunk::of(chunk, place, tell)).boxed())
    }

    async fn embed(&self, text: &str) -> Result<Vector, Error> {
        let path = format!("/v1beta/models/{}:embedContent", self.about.embedding_model);
        let body = json!({"content": {"parts": [{"text": text}]}});
        let answer = self.http.json(&path, &body).await?;
        Ok(Vector {
            model: None,
            length: items(&answer, "/embedding/values").count(),
            input_tokens: count(&answer, "/usageMetadata/promptTokenCount"),
        })
    }
}
