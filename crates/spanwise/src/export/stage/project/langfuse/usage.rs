//! Usage and cost, as JSON objects in text.

use serde_json::{Map, Value};

use super::super::told::{Cost, Usage};

/// Tokens by kind, none counted twice; `None` where nothing is known.
pub(super) fn details(usage: Usage) -> Option<String> {
    let cached_audio = usage.cache_read_audio.unwrap_or_default();
    let fresh_audio = usage.input_audio.map(|audio| (audio - cached_audio).max(0));
    let input_parts = [
        ("input_cached_tokens", usage.cache_read),
        ("input_cache_creation", usage.cache_write),
        ("input_audio_tokens", fresh_audio),
    ];
    let output_parts =
        [("output_reasoning_tokens", usage.reasoning), ("output_audio_tokens", usage.output_audio)];
    let mut details = Map::new();
    apart("input", usage.input, &input_parts, &mut details);
    apart("output", usage.output, &output_parts, &mut details);
    if let Some(total) = usage.total() {
        details.insert("total".to_owned(), total.into());
    }
    (!details.is_empty()).then(|| Value::Object(details).to_string())
}

/// The parts of a total, and what is left of it.
fn apart(
    name: &str,
    total: Option<i64>,
    parts: &[(&str, Option<i64>)],
    details: &mut Map<String, Value>,
) {
    let mut rest = total;
    for (part, tokens) in parts {
        let Some(tokens) = tokens.filter(|tokens| *tokens > 0) else { continue };
        // What is told apart twice, such as spoken thoughts, is counted where it comes first.
        let tokens = rest.map_or(tokens, |rest| tokens.min(rest));
        rest = rest.map(|rest| rest - tokens);
        details.insert((*part).to_owned(), tokens.into());
    }
    if let Some(rest) = rest {
        details.insert(name.to_owned(), rest.into());
    }
}

/// What it cost in dollars, the only currency there.
pub(super) fn cost_details(cost: Cost<'_>) -> Option<String> {
    let total = Map::from_iter([("total".to_owned(), Value::from(cost.in_dollars()?))]);
    Some(Value::Object(total).to_string())
}
