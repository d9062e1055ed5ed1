//! Names, types, levels, and what belongs to the trace.

use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value;

use super::attributes::Attributes;
use super::observation::LangfuseObservation;

const TYPES: [&str; 10] = [
    "span",
    "generation",
    "event",
    "embedding",
    "agent",
    "tool",
    "chain",
    "retriever",
    "guardrail",
    "evaluator",
];

pub(super) fn read(
    span: &Span,
    attributes: &Attributes,
    resource: &Attributes,
    observation: &mut LangfuseObservation,
) {
    let name = attributes.text(&["gen_ai.tool.name", "logfire.msg"]);
    observation.name = name.unwrap_or_else(|| span.name.clone());
    let kind = observation_type(attributes, observation);
    observation.observation_type = kind;
    let status = span.status.clone().unwrap_or_default();
    let how = level(attributes, status.code == 2, observation);
    observation.level = how;
    let message = Some(status.message).filter(|message| !message.is_empty());
    observation.status_message =
        attributes.text(&["langfuse.observation.status_message"]).or(message);
    prompt(attributes, observation);
    trace(attributes, resource, observation);
    metadata(attributes, observation);
    let experiment = attributes.below("langfuse.experiment.");
    observation.experiment =
        experiment.map(|(name, value)| (name.to_owned(), value.clone())).collect();
    let marked = attributes.get("langfuse.internal.is_app_root").is_some_and(is_true);
    observation.is_app_root = marked || span.parent_span_id.is_empty();
}

fn observation_type(attributes: &Attributes, observation: &mut LangfuseObservation) -> String {
    if let Some(own) = attributes.text(&["langfuse.observation.type"]) {
        if TYPES.contains(&own.as_str()) {
            return own;
        }
        observation.drop(format!("the type `{own}`, which is none of Langfuse's"));
    }
    let by_kind = attributes.text(&["openinference.span.kind"]).and_then(|kind| {
        Some(match kind.as_str() {
            "LLM" => "generation",
            "EMBEDDING" => "embedding",
            "CHAIN" => "chain",
            "RETRIEVER" | "RERANKER" => "retriever",
            "TOOL" => "tool",
            "AGENT" => "agent",
            "GUARDRAIL" => "guardrail",
            "EVALUATOR" => "evaluator",
            _ => return None,
        })
    });
    let by_operation = || {
        Some(match attributes.text(&["gen_ai.operation.name"])?.as_str() {
            "chat" | "completion" | "text_completion" | "generate_content" | "generate" => {
                "generation"
            }
            "embeddings" => "embedding",
            "invoke_agent" | "create_agent" => "agent",
            "execute_tool" => "tool",
            _ => return None,
        })
    };
    let by_tool = || {
        let keys = ["gen_ai.tool.name", "gen_ai.tool.call.id"];
        keys.iter().any(|key| attributes.has(key)).then_some("tool")
    };
    let by_model = || attributes.text(&MODEL).map(|_| "generation");
    let found = by_kind.or_else(by_operation).or_else(by_tool).or_else(by_model);
    found.unwrap_or("span").to_owned()
}

/// Where the model stands, strongest first.
pub(super) const MODEL: [&str; 7] = [
    "langfuse.observation.model.name",
    "gen_ai.response.model",
    "ai.model.id",
    "gen_ai.request.model",
    "llm.response.model",
    "llm.model_name",
    "model",
];

fn level(attributes: &Attributes, failed: bool, observation: &mut LangfuseObservation) -> String {
    let own = attributes.text(&["langfuse.observation.level"]);
    let known = own.as_ref().and_then(|own| {
        Some(match own.to_ascii_lowercase().as_str() {
            "debug" | "trace" | "verbose" => "DEBUG",
            "default" | "info" | "log" | "notice" | "ok" | "success" => "DEFAULT",
            "warning" | "warn" => "WARNING",
            "error" | "fatal" | "critical" => "ERROR",
            _ => return None,
        })
    });
    if let (Some(own), None) = (&own, known) {
        observation.drop(format!("the level `{own}`, which is none of Langfuse's"));
    }
    known.unwrap_or(if failed { "ERROR" } else { "DEFAULT" }).to_owned()
}

fn prompt(attributes: &Attributes, observation: &mut LangfuseObservation) {
    let of = |what: &str| {
        let keys =
            [format!("langfuse.observation.prompt.{what}"), format!("langfuse.prompt.{what}")];
        keys.iter().find_map(|key| attributes.get(key).cloned())
    };
    let (name, version) = (of("name"), of("version"));
    if name.is_none() && version.is_none() {
        return;
    }
    if observation.observation_type != "generation" {
        observation.drop("the prompt, which only generations have".to_owned());
        return;
    }
    match (name.as_ref().and_then(Value::as_str), version.as_ref().and_then(Value::as_i64)) {
        (Some(name), Some(version)) => observation.prompt = Some((name.to_owned(), version)),
        _ => observation.drop("the prompt, which needs a name, and a version as an integer".into()),
    }
}

fn trace(attributes: &Attributes, resource: &Attributes, observation: &mut LangfuseObservation) {
    observation.trace_name = attributes.text(&["langfuse.trace.name"]);
    observation.user = attributes.text(&[
        "langfuse.user.id",
        "user.id",
        "langfuse.observation.metadata.langfuse_user_id",
        "langfuse.trace.metadata.langfuse_user_id",
        "ai.telemetry.metadata.userId",
    ]);
    observation.session =
        attributes.text(&["langfuse.session.id", "session.id", "gen_ai.conversation.id"]);
    let tags = ["langfuse.trace.tags", "langfuse.tags", "tag.tags"];
    observation.tags =
        tags.iter().find_map(|key| attributes.get(key)).map(tags_of).unwrap_or_default();
    let public = ["langfuse.trace.public", "langfuse.public"];
    observation.public = public.iter().find_map(|key| attributes.get(key)).is_some_and(is_true);
    observation.version =
        attributes.text(&["langfuse.version"]).or_else(|| resource.text(&["service.version"]));
    let release = &["langfuse.release"];
    observation.release = attributes.text(release).or_else(|| resource.text(release));
    let environments =
        ["langfuse.environment", "deployment.environment.name", "deployment.environment"];
    let mut given = environments
        .iter()
        .filter_map(|key| attributes.text(&[key]).or_else(|| resource.text(&[key])));
    observation.environment = match given.next() {
        None => DEFAULT.to_owned(),
        Some(given) => environment(&given).unwrap_or_else(|| {
            observation.drop(format!("the environment `{given}`, which breaks Langfuse's rules"));
            DEFAULT.to_owned()
        }),
    };
}

const DEFAULT: &str = "default";

/// Lower case, without `langfuse-` in front, at most 40 of few letters.
fn environment(given: &str) -> Option<String> {
    let lower = given.to_lowercase();
    let own = |name: &str| {
        let rest = ["langfuse-", "langfuse_"].iter().find_map(|own| name.strip_prefix(own));
        rest.map(str::to_owned)
    };
    let mut name = lower;
    while let Some(rest) = own(&name) {
        name = rest;
    }
    let name: String = name.chars().take(40).collect();
    let allowed = |it: char| matches!(it, 'a'..='z' | '0'..='9' | '-' | '_');
    (!name.is_empty() && name.chars().all(allowed)).then_some(name)
}

/// A list, a list as JSON, a list with commas, or one tag.
fn tags_of(value: &Value) -> Vec<String> {
    let as_text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Value::Array(tags) => tags.iter().map(as_text).collect(),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(Value::Array(tags)) => tags.iter().map(as_text).collect(),
            _ => text.split(',').map(|tag| tag.trim().to_owned()).collect(),
        },
        _ => Vec::new(),
    }
}

fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true) || value.as_str() == Some("true")
}

fn metadata(attributes: &Attributes, observation: &mut LangfuseObservation) {
    for key in ["langfuse.trace.metadata", "langfuse.observation.metadata", "langfuse.metadata"] {
        match attributes.get(key).map(|value| value.as_str().map(serde_json::from_str::<Value>)) {
            None => {}
            Some(Some(Ok(Value::Object(fields)))) => observation.metadata.extend(fields),
            Some(_) => observation.drop(format!("`{key}`, which is no JSON object in a text")),
        }
        let begin = format!("{key}.");
        let below = attributes.below(&begin);
        observation.metadata.extend(below.map(|(name, value)| (name.to_owned(), value.clone())));
    }
}
