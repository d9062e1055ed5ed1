//! A response that the provider keeps, made and fetched again.

use openai_client::{Error, Method};
use serde_json::{Value, json};
use spanwise::{
    FetchResponse, Generation, Message, OpenAiApiType, Provider, Response, ResponseStatus,
    ToolDefinition, Usage,
};

use crate::model::Model;
use crate::turn::{INSTRUCTIONS, MAX_TOKENS, QUESTION};

pub(crate) async fn fetch(model: &Model) -> Result<(), Error> {
    let api = &model.api;
    let body = json!({
        "model": model.name(),
        "instructions": INSTRUCTIONS,
        "input": QUESTION,
        "max_output_tokens": MAX_TOKENS,
        "store": true,
    });
    if !model.by_hand() {
        let made = api.call(Method::POST, "responses", Some(&body)).await?;
        let path = format!("responses/{}", text(&made["id"]));
        return api.call(Method::GET, &path, None).await.map(drop);
    }
    let (host, port) = api.about().server.clone();
    let id = Generation::chat(Provider::OpenAi, model.name())
        .server(host.clone(), port)
        .openai_api_type(OpenAiApiType::Responses)
        .max_tokens(MAX_TOKENS)
        .system_instructions(INSTRUCTIONS)
        .input(QUESTION)
        .error_kind(Error::kind)
        .run_with(async |generation| {
            let made = api.call(Method::POST, "responses", Some(&body)).await?;
            let tokens =
                |place| made["usage"].pointer(place).and_then(Value::as_u64).unwrap_or_default();
            let usage = Usage::new(tokens("/input_tokens"), tokens("/output_tokens"))
                .cache_read(tokens("/input_tokens_details/cached_tokens"))
                .reasoning(tokens("/output_tokens_details/reasoning_tokens"));
            generation.record(&response(&made).usage(usage));
            Ok::<_, Error>(text(&made["id"]))
        })
        .await?;

    FetchResponse::new(Provider::OpenAi, id.clone())
        .server(host, port)
        .openai_api_type(OpenAiApiType::Responses)
        .error_kind(Error::kind)
        .run_with(async |fetched| {
            let found = api.call(Method::GET, &format!("responses/{id}"), None).await?;
            fetched.status(status(&found));
            fetched.system_instructions(&text(&found["instructions"]));
            let tools = found["tools"].as_array().into_iter().flatten();
            let tools = tools.map(|tool| {
                ToolDefinition::of_type(text(&tool["type"]), text(&tool["name"]))
                    .parameters(tool["parameters"].clone())
            });
            fetched.tool_definitions(&tools.collect::<Vec<_>>());
            fetched.record(&response(&found));
            Ok(())
        })
        .await
}

/// What a stored response says, whenever it is read.
fn response(answer: &Value) -> Response {
    let parts = answer["output"].as_array().into_iter().flatten().flat_map(|item| {
        item["content"].as_array().into_iter().flatten().map(|part| text(&part["text"]))
    });
    let said = parts.collect::<String>();
    let response = Response::new()
        .id(text(&answer["id"]))
        .model(text(&answer["model"]))
        .output(Message::assistant(said));
    let response = match answer["service_tier"].as_str() {
        Some(tier) => response.openai_service_tier(tier.to_owned()),
        None => response,
    };
    match answer["status"].as_str() {
        Some("completed") => response.finish_reason("stop"),
        Some("incomplete") => match answer["incomplete_details"]["reason"].as_str() {
            Some("max_output_tokens") | None => response.finish_reason("length"),
            Some(reason) => response.finish_reason(reason.to_owned()),
        },
        _ => response,
    }
}

fn status(answer: &Value) -> ResponseStatus {
    match answer["status"].as_str().unwrap_or_default() {
        "queued" => ResponseStatus::Queued,
        "in_progress" => ResponseStatus::InProgress,
        "completed" => ResponseStatus::Completed,
        "incomplete" => ResponseStatus::Incomplete,
        "failed" => ResponseStatus::Failed,
        "cancelled" => ResponseStatus::Cancelled,
        other => ResponseStatus::Other(other.to_owned().into()),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
