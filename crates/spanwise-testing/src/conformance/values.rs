//! What attributes say of one another: the conditions of the conventions that data can show.

use super::content;
use super::observed::Attributes;
use super::report::Findings;

/// Each is a part of the other.
const PARTS: [(&str, &str); 7] = [
    ("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.input_tokens"),
    ("gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.input_tokens"),
    ("gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.input_tokens"),
    ("gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.output_tokens"),
    ("gen_ai.usage.text.cache_read.input_tokens", "gen_ai.usage.text.input_tokens"),
    ("gen_ai.usage.image.cache_read.input_tokens", "gen_ai.usage.image.input_tokens"),
    ("gen_ai.usage.audio.cache_read.input_tokens", "gen_ai.usage.audio.input_tokens"),
];

/// Split by modality, as far as the provider tells.
const SPLIT: [&str; 3] = ["input_tokens", "output_tokens", "cache_read.input_tokens"];
const MODALITIES: [&str; 3] = ["text", "image", "audio"];

/// What all operations of Azure's clients for inference have in common.
const AZURE_NAMESPACE: (&str, &str) =
    ("azure.resource_provider.namespace", "Microsoft.CognitiveServices");

pub(super) fn judge(attributes: &Attributes, findings: &mut Findings) {
    judge_server(attributes, findings);
    judge_azure(attributes, findings);
    judge_request(attributes, findings);
    judge_response(attributes, findings);
    judge_usage(attributes, findings);
}

fn is_azure(attributes: &Attributes) -> bool {
    attributes.text("gen_ai.provider.name") == Some("azure.ai.inference")
}

fn judge_azure(attributes: &Attributes, findings: &mut Findings) {
    let (key, expected) = AZURE_NAMESPACE;
    if is_azure(attributes) && attributes.text(key).is_some_and(|found| found != expected) {
        findings.attribute(key, format!("is not `{expected}`"));
    }
}

pub(super) fn judge_server(attributes: &Attributes, findings: &mut Findings) {
    // There the port goes without saying where it is 443.
    let implied = is_azure(attributes);
    match (attributes.has("server.address"), attributes.has("server.port")) {
        (true, false) if !implied => {
            findings.attribute("server.port", "is required beside `server.address` and absent");
        }
        (false, true) => findings.attribute("server.port", "stands there without `server.address`"),
        _ => {}
    }
}

fn judge_request(attributes: &Attributes, findings: &mut Findings) {
    if attributes.whole("gen_ai.request.choice.count") == Some(1) {
        findings.attribute("gen_ai.request.choice.count", "is 1, which is left out");
    }
    for key in ["gen_ai.request.stream", "gen_ai.conversation.compacted"] {
        if attributes.get(key).is_some_and(|value| value.as_bool() == Some(false)) {
            findings.attribute(key, "is false, which is left out");
        }
    }
    if attributes.has("gen_ai.prompt.version") && !attributes.has("gen_ai.prompt.name") {
        findings.attribute("gen_ai.prompt.version", "stands there without `gen_ai.prompt.name`");
    }
}

fn judge_response(attributes: &Attributes, findings: &mut Findings) {
    const FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
    let streams = attributes.get("gen_ai.request.stream").and_then(|value| value.as_bool());
    if attributes.has(FIRST_CHUNK) && streams != Some(true) {
        findings.attribute(FIRST_CHUNK, "stands there without `gen_ai.request.stream`");
    }
    if attributes.get(FIRST_CHUNK).and_then(|value| value.as_f64()).is_some_and(|s| s < 0.0) {
        findings.attribute(FIRST_CHUNK, "is negative");
    }
    const REASONS: &str = "gen_ai.response.finish_reasons";
    let reasons = attributes.get(REASONS).and_then(|value| value.as_array()).map(Vec::len);
    let messages = attributes.get("gen_ai.output.messages").and_then(content::output_messages);
    if let (Some(reasons), Some(messages)) = (reasons, messages)
        && reasons != messages
    {
        let problem = format!("are {reasons}, but there are {messages} output messages");
        findings.attribute(REASONS, problem);
    }
}

fn judge_usage(attributes: &Attributes, findings: &mut Findings) {
    for (key, value) in attributes.iter() {
        if key.starts_with("gen_ai.usage.") && value.as_i64().is_some_and(|tokens| tokens < 0) {
            findings.attribute(key, "is negative");
        }
    }
    for (part, whole) in PARTS {
        exceeds(part, attributes.whole(part), whole, attributes, findings);
    }
    for tokens in SPLIT {
        let of = |modality| attributes.whole(&format!("gen_ai.usage.{modality}.{tokens}"));
        let sum = MODALITIES.into_iter().filter_map(of).reduce(i64::saturating_add);
        let whole = format!("gen_ai.usage.{tokens}");
        exceeds(&format!("gen_ai.usage.*.{tokens}"), sum, &whole, attributes, findings);
    }
}

fn exceeds(
    part: &str,
    tokens: Option<i64>,
    whole: &str,
    attributes: &Attributes,
    findings: &mut Findings,
) {
    if let (Some(tokens), Some(all)) = (tokens, attributes.whole(whole))
        && tokens > all
    {
        findings.attribute(part, format!("is {tokens}, more than the {all} of `{whole}`"));
    }
}
