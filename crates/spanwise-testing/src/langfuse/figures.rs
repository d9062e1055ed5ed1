//! Models, tokens, cost and time.

use std::collections::BTreeMap;

use serde_json::Value;

use super::attributes::Attributes;
use super::fields::MODEL;
use super::observation::LangfuseObservation;

const USAGE: &str = "langfuse.observation.usage_details";
const COST: &str = "langfuse.observation.cost_details";
const PARAMETERS: &str = "langfuse.observation.model.parameters";
const START: &str = "langfuse.observation.completion_start_time";

pub(super) fn read(attributes: &Attributes, observation: &mut LangfuseObservation) {
    observation.model = attributes.text(&MODEL);
    observation.model_parameters = parameters(attributes);
    observation.usage_details = match explicit(USAGE, attributes, observation) {
        Explicit::Given(usage) => usage,
        Explicit::Unusable => BTreeMap::new(),
        Explicit::None => usage_of_the_conventions(attributes),
    };
    observation.cost_details = match explicit(COST, attributes, observation) {
        Explicit::Given(cost) => cost,
        Explicit::Unusable => BTreeMap::new(),
        Explicit::None => {
            let keys = ["gen_ai.usage.cost", "llm.cost.total"];
            let total = keys.iter().find_map(|key| attributes.get(key)?.as_f64());
            total.map(|total| ("total".to_owned(), total)).into_iter().collect()
        }
    };
    let agent = attributes.text(&["gen_ai.operation.name"]);
    if matches!(agent.as_deref(), Some("invoke_agent" | "agent_step")) {
        without_figures(observation);
    }
    match attributes.get(START) {
        None => {
            let told = attributes.has("gen_ai.response.time_to_first_chunk");
            if told && observation.observation_type == "generation" {
                observation.drop("the time to the first token, which is read elsewhere".to_owned());
            }
        }
        Some(value) => match value.as_str().filter(|text| is_a_moment(text)) {
            Some(text) => observation.completion_start_time = Some(text.to_owned()),
            None => observation.drop(format!("`{START}`, which is no moment by ISO 8601")),
        },
    }
}

/// Agents' models and figures are dropped, so that nothing is counted twice.
fn without_figures(observation: &mut LangfuseObservation) {
    if !observation.usage_details.is_empty() || !observation.cost_details.is_empty() {
        observation.drop("usage and cost of an agent".to_owned());
    }
    observation.model = None;
    observation.usage_details.clear();
    observation.cost_details.clear();
}

enum Explicit {
    None,
    Given(BTreeMap<String, f64>),
    Unusable,
}

/// Figures that are said in Langfuse's own words: a JSON object in a text. What is another type counts as
/// nothing at all, and what is no JSON as if it were not there.
fn explicit(key: &str, attributes: &Attributes, observation: &mut LangfuseObservation) -> Explicit {
    let Some(value) = attributes.get(key) else { return Explicit::None };
    match value.as_str().map(serde_json::from_str::<Value>) {
        Some(Ok(Value::Object(fields))) => {
            let numbers = fields.iter().filter_map(|(kind, it)| Some((kind.clone(), it.as_f64()?)));
            let numbers: BTreeMap<_, _> = numbers.collect();
            if numbers.len() < fields.len() || numbers.values().any(|it| *it < 0.0) {
                observation.drop(format!("`{key}`, in which not all are numbers of something"));
                return Explicit::Unusable;
            }
            Explicit::Given(numbers)
        }
        Some(Err(_)) => {
            observation.drop(format!("`{key}`, which is no JSON"));
            Explicit::None
        }
        _ => {
            observation.drop(format!("`{key}`, which is no JSON object in a text"));
            Explicit::Unusable
        }
    }
}

/// Usage by the conventions' attributes, taken apart so that nothing stands in two kinds.
fn usage_of_the_conventions(attributes: &Attributes) -> BTreeMap<String, f64> {
    let mut usage = BTreeMap::new();
    for (name, value) in attributes.below("gen_ai.usage.").filter(|(name, _)| *name != "cost") {
        let name = match name {
            "prompt_tokens" | "input_tokens" => "input",
            "completion_tokens" | "output_tokens" => "output",
            "total_tokens" => "total",
            "cache_read.input_tokens" => "input_cached_tokens",
            "cache_creation.input_tokens" => "input_cache_creation",
            "reasoning.output_tokens" => "output_reasoning_tokens",
            other => other,
        };
        usage.extend(value.as_f64().map(|number| (name.to_owned(), number)));
    }
    let apart = [
        ("input", ["input_cached_tokens", "input_cache_creation"]),
        ("output", ["output_reasoning_tokens", "output_audio_tokens"]),
    ];
    for (total, parts) in apart {
        let parts: f64 = parts.iter().filter_map(|part| usage.get(*part)).sum();
        usage.entry(total.to_owned()).and_modify(|it| *it = (*it - parts).max(0.0));
    }
    usage
}

fn parameters(attributes: &Attributes) -> BTreeMap<String, Value> {
    for key in [PARAMETERS, "llm.invocation_parameters", "model_config"] {
        let text = attributes.get(key).and_then(Value::as_str);
        if let Some(Ok(Value::Object(fields))) = text.map(serde_json::from_str::<Value>) {
            return fields.into_iter().collect();
        }
    }
    let asked = attributes.below("gen_ai.request.").filter(|(name, _)| *name != "model");
    asked.map(|(name, value)| (name.to_owned(), value.clone())).collect()
}

/// `2026-01-31T12:00:00.000Z`, with or without the fraction.
fn is_a_moment(text: &str) -> bool {
    let Some((date, time)) = text.strip_suffix('Z').and_then(|text| text.split_once('T')) else {
        return false;
    };
    let of_digits = |text: &str, between: char, lengths: &[usize]| {
        let parts: Vec<_> = text.split(between).collect();
        parts.len() == lengths.len()
            && parts.iter().zip(lengths).all(|(part, length)| {
                part.len() == *length && part.bytes().all(|byte| byte.is_ascii_digit())
            })
    };
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, "0"));
    of_digits(date, '-', &[4, 2, 2])
        && of_digits(seconds, ':', &[2, 2, 2])
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
}
