//! Helicone's feedback, which is a rating, and its scores.
//!
//! Source: [submit feedback](https://docs.helicone.ai/rest/request/post-v1request-feedback),
//! [submit a score](https://docs.helicone.ai/rest/request/post-v1request-score)

use serde_json::{Value, json};
use spanwise_core::ScoreValue;

use super::{Call, Told, Unfit};

/// Beyond this a double is no exact whole number.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

pub(super) fn call(told: &Told<'_>, rating: &str) -> Result<Call, Unfit> {
    let feedback = told.feedback;
    if feedback.session.is_some() {
        return Err(Unfit("of a whole session"));
    }
    let Some(request) = feedback.operation.gateway_request_id() else {
        return Err(Unfit("on a request that did not go through it"));
    };
    let name = feedback.name.as_str();
    let score: Value = match &feedback.value {
        ScoreValue::Boolean(yes) if name == rating => {
            let path = ["v1", "request", request, "feedback"];
            return Ok(Call::post(path, json!({ "rating": yes })));
        }
        ScoreValue::Boolean(yes) => (*yes).into(),
        ScoreValue::Number(number) if number.fract() == 0.0 && number.abs() <= LARGEST_WHOLE => {
            (*number as i64).into()
        }
        ScoreValue::Number(_) => return Err(Unfit("that is no whole number")),
        _ => return Err(Unfit("but yes or no and whole numbers")),
    };
    let path = ["v1", "request", request, "score"];
    Ok(Call::post(path, json!({ "scores": { name: score } })))
}
