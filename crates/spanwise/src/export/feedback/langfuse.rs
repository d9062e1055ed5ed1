//! Langfuse's scores.
//!
//! Source: [create a score](https://api.reference.langfuse.com/#tag/scores/POST/api/public/scores)

use serde_json::{Value, json};
use spanwise_core::{Evaluator, ScoreValue};

use super::{Call, Told, Unfit};

/// Langfuse takes texts of up to so many characters.
const LONGEST_TEXT: usize = 500;

/// An environment's name has at most so many.
const LONGEST_ENVIRONMENT: usize = 40;

pub(super) fn call(told: &Told<'_>) -> Result<Call, Unfit> {
    let feedback = told.feedback;
    let of = match &feedback.session {
        Some(session) => vec![("sessionId", session.as_str().to_owned())],
        None => {
            let (trace, observation) = told.ids()?;
            let observation = observation.map(|observation| ("observationId", observation));
            [("traceId", trace)].into_iter().chain(observation).collect()
        }
    };
    let (value, data_type) = match &feedback.value {
        ScoreValue::Number(number) => (json!(number), "NUMERIC"),
        ScoreValue::Boolean(yes) => (json!(u8::from(*yes)), "BOOLEAN"),
        ScoreValue::Category(word) => (json!(word.as_str()), "CATEGORICAL"),
        ScoreValue::Text(text) => {
            let text: String = text.as_str().chars().take(LONGEST_TEXT).collect();
            if text.is_empty() {
                return Err(Unfit::EMPTY_TEXT);
            }
            (json!(text), "TEXT")
        }
        _ => return Err(Unfit::UNKNOWN),
    };
    let evaluator = match feedback.evaluator {
        Evaluator::Human => "human",
        Evaluator::Model => "model",
        Evaluator::Code => "code",
    };
    let mut body = json!({
        "id": told.id,
        "name": feedback.name.as_str(),
        "value": value,
        "dataType": data_type,
        "metadata": { "evaluator": evaluator },
    });
    for (field, id) in of {
        body[field] = id.into();
    }
    if let Some(comment) = &feedback.comment {
        body["comment"] = comment.as_str().into();
    }
    if let Some(label) = &feedback.label {
        body["metadata"]["label"] = label.as_str().into();
    }
    if let Some(environment) = told.environment.and_then(environment) {
        body["environment"] = environment;
    }
    Ok(Call::post(["api", "public", "scores"], body))
}

/// The environment as Langfuse reads it from spans, so that a score stands where its trace does; what it does
/// not take becomes its default there.
fn environment(name: &str) -> Option<Value> {
    let name = name.to_lowercase();
    let begins = ["langfuse-", "langfuse_"].iter();
    let name = begins.fold(name.as_str(), |name, begin| name.strip_prefix(begin).unwrap_or(name));
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    let fits = (1..=LONGEST_ENVIRONMENT).contains(&name.len()) && name.chars().all(legal);
    (fits && !name.starts_with("langfuse")).then(|| name.into())
}
