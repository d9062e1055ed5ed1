use std::sync::{Arc, Mutex};

use opentelemetry::Context;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::trace::noop::NoopTracerProvider;
use proptest::prelude::*;
use spanwise_core::{Evaluator, FeedbackRecorder, Recorder, ScoreValue, TraceRef, evaluation};

use super::*;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Feedback>>>);

impl FeedbackRecorder for Kept {
    fn record(&self, feedback: Feedback) {
        self.0.lock().unwrap().push(feedback);
    }
}

/// The feedback that an evaluation is.
fn feedback(evaluation: spanwise_core::Evaluation) -> Feedback {
    let kept = Kept::default();
    let recorder = Recorder::builder(NoopTracerProvider::new().tracer("none"));
    let recorder = recorder.feedback(kept.clone()).build();
    let entered = recorder.in_context(&Context::current()).attach();
    evaluation.emit();
    drop(entered);
    kept.0.lock().unwrap().pop().expect("it has a value")
}

fn answer() -> TraceRef {
    "2-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-6-r/../1".parse().unwrap()
}

/// The JSON, whatever order `serde_json` keeps keys in.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> =
                fields.iter().map(|(key, value)| format!("{key}: {}", sorted(value))).collect();
            fields.sort();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Array(values) => {
            format!("[{}]", values.iter().map(sorted).collect::<Vec<_>>().join(", "))
        }
        value => value.to_string(),
    }
}

/// How each product is told, a line each.
fn told(evaluation: spanwise_core::Evaluation) -> String {
    let feedback = feedback(evaluation);
    let told = Told { feedback: &feedback, id: "id-1", environment: Some("Production") };
    let calls = [
        ("langfuse", langfuse::call(&told)),
        ("phoenix", phoenix::call(&told)),
        ("helicone", helicone::call(&told, "helpful")),
    ];
    let line = |(product, call): (&str, Result<Call, Unfit>)| match call {
        Ok(call) => format!("{product}: {} {}\n", call.path.join(" / "), sorted(&call.body)),
        Err(Unfit(why)) => format!("{product}: no feedback {why}\n"),
    };
    calls.into_iter().map(line).collect()
}

#[test]
fn a_number() {
    insta::assert_snapshot!(told(answer().score("stars", 4).label("good").comment("fine")), @r#"
    langfuse: api / public / scores { comment: "fine", dataType: "NUMERIC", environment: "production", id: "id-1", metadata: { evaluator: "human", label: "good" }, name: "stars", observationId: "b7ad6b7169203331", traceId: "0af7651916cd43dd8448eb211c80319c", value: 4.0 }
    phoenix: v1 / span_annotations { data: [{ annotator_kind: "HUMAN", identifier: "id-1", name: "stars", result: { explanation: "fine", label: "good", score: 4.0 }, span_id: "b7ad6b7169203331" }] }
    helicone: v1 / request / r/../1 / score { scores: { stars: 4 } }
    "#);
}

#[test]
fn a_fraction_by_a_model() {
    let score = answer().score("relevance", 0.92).evaluator(Evaluator::Model);
    insta::assert_snapshot!(told(score), @r#"
    langfuse: api / public / scores { dataType: "NUMERIC", environment: "production", id: "id-1", metadata: { evaluator: "model" }, name: "relevance", observationId: "b7ad6b7169203331", traceId: "0af7651916cd43dd8448eb211c80319c", value: 0.92 }
    phoenix: v1 / span_annotations { data: [{ annotator_kind: "LLM", identifier: "id-1", name: "relevance", result: { explanation: null, label: null, score: 0.92 }, span_id: "b7ad6b7169203331" }] }
    helicone: no feedback that is no whole number
    "#);
}

#[test]
fn yes_as_the_rating_and_as_any_other_score() {
    insta::assert_snapshot!(told(answer().score("helpful", true)), @r#"
    langfuse: api / public / scores { dataType: "BOOLEAN", environment: "production", id: "id-1", metadata: { evaluator: "human" }, name: "helpful", observationId: "b7ad6b7169203331", traceId: "0af7651916cd43dd8448eb211c80319c", value: 1 }
    phoenix: v1 / span_annotations { data: [{ annotator_kind: "HUMAN", identifier: "id-1", name: "helpful", result: { explanation: null, label: "true", score: 1 }, span_id: "b7ad6b7169203331" }] }
    helicone: v1 / request / r/../1 / feedback { rating: true }
    "#);
    insta::assert_snapshot!(told(answer().score("safe", false)), @r#"
    langfuse: api / public / scores { dataType: "BOOLEAN", environment: "production", id: "id-1", metadata: { evaluator: "human" }, name: "safe", observationId: "b7ad6b7169203331", traceId: "0af7651916cd43dd8448eb211c80319c", value: 0 }
    phoenix: v1 / span_annotations { data: [{ annotator_kind: "HUMAN", identifier: "id-1", name: "safe", result: { explanation: null, label: "false", score: 0 }, span_id: "b7ad6b7169203331" }] }
    helicone: v1 / request / r/../1 / score { scores: { safe: false } }
    "#);
}

#[test]
fn a_word_on_a_whole_trace() {
    insta::assert_snapshot!(told(answer().score("tone", "friendly").of_trace()), @r#"
    langfuse: api / public / scores { dataType: "CATEGORICAL", environment: "production", id: "id-1", metadata: { evaluator: "human" }, name: "tone", traceId: "0af7651916cd43dd8448eb211c80319c", value: "friendly" }
    phoenix: v1 / trace_annotations { data: [{ annotator_kind: "HUMAN", identifier: "id-1", name: "tone", result: { explanation: null, label: "friendly", score: null }, trace_id: "0af7651916cd43dd8448eb211c80319c" }] }
    helicone: no feedback but yes or no and whole numbers
    "#);
}

#[test]
fn a_whole_session() {
    insta::assert_snapshot!(told(evaluation("solved").score(true).of_session("s-1")), @r#"
    langfuse: api / public / scores { dataType: "BOOLEAN", environment: "production", id: "id-1", metadata: { evaluator: "human" }, name: "solved", sessionId: "s-1", value: 1 }
    phoenix: no feedback of a whole session
    helicone: no feedback of a whole session
    "#);
}

#[test]
fn a_text_and_what_is_left_of_one() {
    let text = answer().score("remark", ScoreValue::text("more")).comment("by mail");
    insta::assert_snapshot!(told(text), @r#"
    langfuse: api / public / scores { comment: "by mail", dataType: "TEXT", environment: "production", id: "id-1", metadata: { evaluator: "human" }, name: "remark", observationId: "b7ad6b7169203331", traceId: "0af7651916cd43dd8448eb211c80319c", value: "more" }
    phoenix: v1 / span_annotations { data: [{ annotator_kind: "HUMAN", identifier: "id-1", name: "remark", result: { explanation: "more\nby mail", label: null, score: null }, span_id: "b7ad6b7169203331" }] }
    helicone: no feedback but yes or no and whole numbers
    "#);
    insta::assert_snapshot!(told(answer().score("remark", ScoreValue::text(""))), @r"
    langfuse: no feedback that is an empty text
    phoenix: no feedback that is an empty text
    helicone: no feedback but yes or no and whole numbers
    ");
}

#[test]
fn langfuse_takes_500_characters_of_a_text() {
    let feedback = feedback(answer().score("remark", ScoreValue::text("ü".repeat(600))));
    let call = langfuse::call(&Told { feedback: &feedback, id: "1", environment: None }).unwrap();
    assert_eq!(call.body["value"].as_str().unwrap().chars().count(), 500);
}

#[test]
fn what_belongs_to_no_span_is_said_of_nothing() {
    let feedback = feedback(evaluation("tone").label("friendly"));
    let told = Told { feedback: &feedback, id: "1", environment: None };
    assert!(langfuse::call(&told).is_err() && phoenix::call(&told).is_err());
}

#[test]
fn an_environment_that_langfuse_does_not_take_is_left_to_it() {
    let names = ["prod", "Langfuse-EU_1", "langfuse", "has space", "", &"x".repeat(41)];
    let feedback = feedback(answer().score("stars", 4));
    let environments = names.map(|name| {
        let told = Told { feedback: &feedback, id: "1", environment: Some(name) };
        langfuse::call(&told).unwrap().body["environment"].as_str().map(str::to_owned)
    });
    let expected = [Some("prod"), Some("eu_1"), None, None, None, None];
    assert_eq!(environments, expected.map(|name| name.map(str::to_owned)));
}

proptest! {
    #[test]
    fn a_call_survives_being_stored(
        path in proptest::collection::vec(".*", 0..5),
        field in ".*",
        value in any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()),
    ) {
        let call = Call { path, body: json!({ field: value }) };
        prop_assert_eq!(Call::decode(&call.encode()), Some(call));
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        let _ = Call::decode(&bytes);
    }
}
