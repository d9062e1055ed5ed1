//! Questions to anything that answers PromQL.

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::support::real_server::Server;

/// Prometheus' API.
pub trait Api {
    /// Asks until the answer holds this.
    fn ask_until(&mut self, path: &str, holds: &dyn Fn(&Value) -> bool) -> Value;
}

impl Api for Server {
    #[track_caller]
    fn ask_until(&mut self, path: &str, holds: &dyn Fn(&Value) -> bool) -> Value {
        self.ask("GET", path, &Value::Null, holds)
    }
}

/// What a query answers: labels and a number each.
pub type Answered = Vec<(BTreeMap<String, String>, f64)>;

fn read(answer: &Value) -> Option<Answered> {
    let result = answer["data"]["result"].as_array()?;
    let samples = result.iter().map(|sample| {
        let labels = sample["metric"].as_object().unwrap().iter();
        let labels = labels.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()));
        (labels.collect(), sample["value"][1].as_str().unwrap().parse().unwrap())
    });
    Some(samples.collect())
}

/// Asks until there is an answer that holds.
#[track_caller]
pub fn query(server: &mut dyn Api, query: &str, holds: impl Fn(&Answered) -> bool) -> Answered {
    let path = format!("/api/v1/query?query={}", utf8_percent_encode(query, NON_ALPHANUMERIC));
    let answer =
        server.ask_until(&path, &|answer| read(answer).is_some_and(|answered| holds(&answered)));
    read(&answer).unwrap()
}
