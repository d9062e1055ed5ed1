//! Phoenix's annotations of spans and traces.
//!
//! The server answers at once, and enters them when the span has arrived.
//!
//! Source: [create span annotations](https://arize.com/docs/phoenix/sdk-api-reference/rest-api/api-reference/spans/create-span-annotations)

use serde_json::{Value, json};
use spanwise_core::{Evaluator, ScoreValue};

use super::{Call, Told, Unfit};

pub(super) fn call(told: &Told<'_>) -> Result<Call, Unfit> {
    let feedback = told.feedback;
    let (trace, span) = told.ids()?;
    let comment = feedback.comment.as_ref().map(|comment| comment.as_str().to_owned());
    let (score, label, explanation) = match &feedback.value {
        ScoreValue::Number(number) => (json!(number), None, comment),
        ScoreValue::Boolean(yes) => (json!(u8::from(*yes)), Some(yes.to_string()), comment),
        ScoreValue::Category(word) => (Value::Null, Some(word.as_str().to_owned()), comment),
        ScoreValue::Text(text) if text.as_str().is_empty() => return Err(Unfit::EMPTY_TEXT),
        ScoreValue::Text(text) => {
            let lines = [Some(text.as_str().to_owned()), comment].into_iter().flatten();
            (Value::Null, None, Some(lines.collect::<Vec<_>>().join("\n")))
        }
        _ => return Err(Unfit::UNKNOWN),
    };
    let label = feedback.label.as_ref().map(|label| label.as_str().to_owned()).or(label);
    let evaluator = match feedback.evaluator {
        Evaluator::Human => "HUMAN",
        Evaluator::Model => "LLM",
        Evaluator::Code => "CODE",
    };
    let mut annotation = json!({
        "name": feedback.name.as_str(),
        "annotator_kind": evaluator,
        "result": { "score": score, "label": label, "explanation": explanation },
        "identifier": told.id,
    });
    let path = match span {
        Some(span) => {
            annotation["span_id"] = span.into();
            "span_annotations"
        }
        None => {
            annotation["trace_id"] = trace.into();
            "trace_annotations"
        }
    };
    Ok(Call::post(["v1", path], json!({ "data": [annotation] })))
}
