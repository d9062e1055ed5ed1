//! What Gemini is told and what it says: messages, their parts, and tools.

use serde_json::{Map, Value};
use spanwise_core::{Message, Part, Role, ToolDefinition};

use super::{each, fields, value_of};
use crate::json::Json;

pub(super) fn message(content: Json<'_>) -> Message {
    let role = match content.field("role").and_then(Json::text).as_deref() {
        // A lone question needs no role.
        None | Some("user") => Role::User,
        Some("model") => Role::Assistant,
        Some("function") => Role::Tool,
        Some(other) => Role::from(other.to_owned()),
    };
    Message::new(role, parts(content))
}

/// The parts of a content, which may be no more than a text.
pub(super) fn parts(content: Json<'_>) -> Vec<Part> {
    let mut parts: Vec<_> = content.text().map(Part::text).into_iter().collect();
    if let Some(list) = content.field("parts") {
        each(list, |item| parts.extend(part(item)));
    }
    parts
}

fn part(part: Json<'_>) -> Option<Part> {
    let mut thought = false;
    let mut told = None;
    fields(part, |key, value| match key {
        "thought" => thought = value.is_true(),
        "text" => told = value.text().map(Part::text),
        "inlineData" => told = inline_data(value),
        "fileData" => told = file_data(value),
        "functionCall" => told = function_call(value),
        "functionResponse" => {
            told = value_of(value, "response")
                .and_then(Json::value)
                .map(|response| Part::ToolCallResponse { id: id(value), response });
        }
        "executableCode" => told = server_tool_call(key, "codeExecution".to_owned(), value),
        "toolCall" => {
            let tool = value_of(value, "toolType").and_then(Json::text);
            told = server_tool_call(key, tool.unwrap_or_else(|| key.to_owned()), value);
        }
        "codeExecutionResult" | "toolResponse" => {
            told = typed(key, value).map(|server_tool_call_response| {
                Part::ServerToolCallResponse { id: id(value), server_tool_call_response }
            });
        }
        _ => {}
    });
    match told {
        Some(Part::Text { content }) if thought => Some(Part::reasoning(content)),
        told => told,
    }
}

fn id(of: Json<'_>) -> Option<String> {
    of.field("id").and_then(Json::text)
}

fn inline_data(data: Json<'_>) -> Option<Part> {
    let mime_type = value_of(data, "mimeType").and_then(Json::text);
    let content = data.field("data")?.text()?;
    Some(Part::Blob { modality: modality(mime_type.as_deref()), mime_type, content })
}

fn file_data(data: Json<'_>) -> Option<Part> {
    let mime_type = value_of(data, "mimeType").and_then(Json::text);
    let uri = value_of(data, "fileUri")?.text()?;
    Some(Part::Uri { modality: modality(mime_type.as_deref()), mime_type, uri })
}

fn modality(mime_type: Option<&str>) -> String {
    match mime_type.and_then(|mime_type| mime_type.split('/').next()) {
        Some(kind @ ("image" | "audio" | "video")) => kind.to_owned(),
        _ => "document".to_owned(),
    }
}

fn function_call(call: Json<'_>) -> Option<Part> {
    let name = call.field("name")?.text()?;
    // A call without arguments leaves them out.
    let arguments = call.field("args").and_then(Json::value);
    let arguments = Some(arguments.unwrap_or_else(|| Value::Object(Map::new())));
    Some(Part::ToolCall { id: id(call), name, arguments })
}

fn server_tool_call(kind: &str, name: String, call: Json<'_>) -> Option<Part> {
    Some(Part::ServerToolCall { id: id(call), name, server_tool_call: typed(kind, call)? })
}

/// An object as the provider words it, with its type.
fn typed(kind: &str, object: Json<'_>) -> Option<Value> {
    let mut object = object.read::<Map<String, Value>>()?;
    object.insert("type".to_owned(), Value::String(kind.to_owned()));
    Some(Value::Object(object))
}

/// One entry holds functions, or a tool of the provider's, or several of both.
pub(super) fn definitions(entry: Json<'_>, into: &mut Vec<ToolDefinition>) {
    fields(entry, |key, value| match key {
        "functionDeclarations" => each(value, |function| into.extend(definition(function))),
        tool if !value.is_null() => into.push(ToolDefinition::of_type(tool, tool)),
        _ => {}
    });
}

fn definition(function: Json<'_>) -> Option<ToolDefinition> {
    let mut definition = ToolDefinition::function(function.field("name")?.text()?);
    if let Some(description) = function.field("description").and_then(Json::text) {
        definition = definition.description(description);
    }
    let schema = value_of(function, "parameters");
    let schema = schema.or_else(|| value_of(function, "parametersJsonSchema"));
    if let Some(schema) = schema.and_then(Json::value) {
        definition = definition.parameters(schema);
    }
    Some(definition)
}
