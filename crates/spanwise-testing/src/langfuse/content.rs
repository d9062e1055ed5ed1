//! What went in and came out: the first place that has either of them has both.

use serde_json::{Map, Value};

use super::attributes::Attributes;
use super::observation::LangfuseObservation;

/// Where both stand, strongest first, before the messages of the conventions.
const PAIRS: [(&str, &str); 7] = [
    ("langfuse.observation.input", "langfuse.observation.output"),
    ("prompt", "all_messages_events"),
    ("mlflow.spanInputs", "mlflow.spanOutputs"),
    ("traceloop.entity.input", "traceloop.entity.output"),
    ("input.value", "output.value"),
    ("input", "output"),
    ("tool_arguments", "tool_response"),
];

/// The same, flattened: whatever begins like this.
const FLATTENED: [(&str, &str); 2] =
    [("gen_ai.prompt", "gen_ai.completion"), ("llm.input_messages", "llm.output_messages")];

const MESSAGES: (&str, &str) = ("gen_ai.input.messages", "gen_ai.output.messages");

pub(super) fn read(attributes: &Attributes, observation: &mut LangfuseObservation) {
    let plain =
        |(input, output)| (attributes.get(input).map(parsed), attributes.get(output).map(parsed));
    let nested = |(input, output)| (nested(attributes, input), nested(attributes, output));
    let there = |pair: &(Option<Value>, Option<Value>)| pair.0.is_some() || pair.1.is_some();
    let before = PAIRS.into_iter().map(plain).chain(FLATTENED.into_iter().map(nested)).find(there);
    if before.is_some() {
        for hidden in [MESSAGES.0, MESSAGES.1] {
            if attributes.has(hidden) {
                observation.drop(format!("`{hidden}`, since something else comes before it"));
            }
        }
    }
    let pair = before
        .or_else(|| Some((with_instructions(attributes), plain(MESSAGES).1)).filter(there))
        .unwrap_or_else(|| plain(("gen_ai.tool.call.arguments", "gen_ai.tool.call.result")));
    (observation.input, observation.output) = pair;
}

/// Everything whose key begins like this, as one object.
fn nested(attributes: &Attributes, begin: &str) -> Option<Value> {
    let fields = attributes.below(begin);
    let fields: Map<_, _> = fields
        .map(|(name, value)| (name.trim_start_matches('.').to_owned(), value.clone()))
        .collect();
    (!fields.is_empty()).then_some(Value::Object(fields))
}

/// Messages, with the system instructions in front as one of them.
fn with_instructions(attributes: &Attributes) -> Option<Value> {
    let messages = attributes.get(MESSAGES.0).map(parsed);
    let Some(instructions) = attributes.get("gen_ai.system_instructions").map(parsed) else {
        return messages;
    };
    let system = serde_json::json!({"role": "system", "parts": instructions});
    let rest = match messages {
        Some(Value::Array(messages)) => messages,
        Some(other) => vec![other],
        None => Vec::new(),
    };
    Some(std::iter::once(system).chain(rest).collect())
}

fn parsed(value: &Value) -> Value {
    let json = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    json.unwrap_or_else(|| value.clone())
}
