//! Messages, flattened with their places: `llm.input_messages.0.message.role`.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use serde_json::{Map, Value};

use super::super::added::Added;
use super::super::messages::{self, as_text, field, part_type, parts, role};
use super::super::told::{self, Told};

pub(super) fn add(told: &Told<'_>, added: &mut Added<'_>) {
    let system = told.system_instructions.map(|it| messages::system_message(told::json(it)));
    let input = told.input_messages.map(|it| messages::messages(told::json(it)));
    let output = told.output_messages.map(|it| messages::messages(told::json(it)));
    let input: Vec<_> = system.into_iter().chain(input.into_iter().flatten()).collect();
    let output = output.unwrap_or_default();
    // What the list of traces shows: what was asked last, and what was answered.
    for (side, message) in [("input", input.last()), ("output", output.first())] {
        if let Some(text) = message.and_then(messages::text) {
            super::show(side, text, "text/plain", added);
        }
    }
    flatten("llm.input_messages", &input, added, |_, _| {});
    let mut reasons = told.finish_reasons();
    flatten("llm.output_messages", &output, added, |begin, added| {
        if let Some(reason) = reasons.next() {
            added.text(format!("{begin}.finish_reason"), reason);
        }
    });
}

fn flatten<'a>(
    list: &str,
    messages: &[Map<String, Value>],
    added: &mut Added<'a>,
    mut more: impl FnMut(&str, &mut Added<'a>),
) {
    let mut place = 0;
    for message in messages {
        let mut next = || {
            let begin = format!("{list}.{place}.message");
            place += 1;
            begin
        };
        // One message may answer several calls; here each answer is a message of its own.
        let (answers, others): (Vec<_>, Vec<_>) = parts(message).iter().partition(|part| {
            matches!(part_type(part), "tool_call_response" | "server_tool_call_response")
        });
        for answer in &answers {
            let begin = next();
            added.text(format!("{begin}.role"), "tool");
            if let Some(id) = field(answer, "id") {
                added.text(format!("{begin}.tool_call_id"), id);
            }
            let response = answer.get("response").or(answer.get("server_tool_call_response"));
            if let Some(response) = response {
                added.text(format!("{begin}.content"), as_text(response));
            }
        }
        if others.is_empty() && !answers.is_empty() {
            continue;
        }
        let begin = next();
        added.text(format!("{begin}.role"), role(message));
        if let Some(name) = message.get("name").and_then(Value::as_str) {
            added.text(format!("{begin}.name"), name);
        }
        more(&begin, added);
        contents(&begin, &others, added);
        tool_calls(&begin, &others, added);
    }
}

fn contents(begin: &str, parts: &[&Value], added: &mut Added<'_>) {
    let is_call = |part: &Value| matches!(part_type(part), "tool_call" | "server_tool_call");
    let parts: Vec<_> = parts.iter().copied().filter(|part| !is_call(part)).collect();
    if let [part] = parts.as_slice()
        && part_type(part) == "text"
    {
        if let Some(text) = field(part, "content") {
            added.text(format!("{begin}.content"), text);
        }
        return;
    }
    for (place, part) in parts.into_iter().enumerate() {
        let begin = format!("{begin}.contents.{place}.message_content");
        match (part_type(part), field(part, "content"), url(part)) {
            (kind @ ("text" | "reasoning"), Some(text), _) => {
                added.text(format!("{begin}.type"), kind);
                added.text(format!("{begin}.text"), text);
            }
            ("blob" | "uri" | "file", _, Some(url)) => {
                let kind = field(part, "modality").filter(|it| matches!(*it, "audio" | "video"));
                let kind = kind.unwrap_or("image");
                added.text(format!("{begin}.type"), kind);
                added.text(format!("{begin}.{kind}.{kind}.url"), url);
            }
            // Whatever else it is, it is shown.
            _ => {
                added.text(format!("{begin}.type"), "text");
                added.text(format!("{begin}.text"), part.to_string());
            }
        }
    }
}

/// Where media stand; those that are inline as a data URL.
fn url(part: &Value) -> Option<String> {
    if let Some(uri) = field(part, "uri").or(field(part, "file_id")) {
        return Some(uri.to_owned());
    }
    let mime_type = field(part, "mime_type").unwrap_or("application/octet-stream");
    Some(format!("data:{mime_type};base64,{}", field(part, "content")?))
}

fn tool_calls(begin: &str, parts: &[&Value], added: &mut Added<'_>) {
    let calls = parts.iter().filter(|it| matches!(part_type(it), "tool_call" | "server_tool_call"));
    for (place, call) in calls.enumerate() {
        let begin = format!("{begin}.tool_calls.{place}.tool_call");
        for (name, key) in [("id", "id"), ("name", "function.name")] {
            if let Some(text) = field(call, name) {
                added.text(format!("{begin}.{key}"), text);
            }
        }
        if let Some(arguments) = call.get("arguments").or(call.get("server_tool_call")) {
            let arguments = Any::StringValue(as_text(arguments));
            added.value(format!("{begin}.function.arguments"), arguments);
        }
    }
}
