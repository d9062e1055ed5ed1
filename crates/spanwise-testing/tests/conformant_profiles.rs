//! Each profile has names and types of its own.

mod support;

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry::trace::{SpanKind, TracerProvider as _};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use spanwise_core::semconv::SemconvProfile::{self, Both, Latest, V1_41};
use spanwise_core::semconv::{SCHEMA_URL, v1_41};
use spanwise_core::{Embeddings, Generation, Recorder, SCOPE_NAME, Usage};
use spanwise_testing::{Capture, Conformance};
use support::{Planted, chat, problem, span};

const TODAY: &str = "gen_ai.usage.cache_write.input_tokens";
const THEN: &str = "gen_ai.usage.cache_creation.input_tokens";

#[track_caller]
fn found<const N: usize>(planted: Planted, profile: SemconvProfile, expected: [&str; N]) {
    assert_eq!(planted.problems(profile), expected, "{profile:?}");
}

#[test]
fn what_has_two_names_is_called_as_the_profile_calls_it() {
    let (today, then) = (chat().with(TODAY, 1), chat().with(THEN, 1));
    let both = today.clone().with(THEN, 1);
    let unknown = |key: &str| format!("{key} is not in the conventions");
    let apart = format!("{TODAY} and `{THEN}` must both be there, or neither");
    found(today.clone(), Latest, []);
    found(then.clone(), Latest, [&unknown(THEN)]);
    found(both.clone(), Latest, [&unknown(THEN)]);
    found(today.clone(), V1_41, [&unknown(TODAY)]);
    found(then.clone(), V1_41, []);
    found(both.clone(), V1_41, [&unknown(TODAY)]);
    found(today, Both, [&apart]);
    found(then, Both, [&apart]);
    found(both, Both, []);
}

#[test]
fn what_has_two_types_has_that_of_the_profile_and_of_today_where_one_key_serves_both() {
    let key = "gen_ai.request.top_k";
    let (int, double) = (chat().with(key, 40), chat().with(key, 40.0));
    found(int.clone(), Latest, []);
    found(double.clone(), Latest, [&format!("{key} is of type double, not int")]);
    found(int.clone(), V1_41, [&format!("{key} is of type int, not double")]);
    found(double.clone(), V1_41, []);
    found(int, Both, []);
    found(double, Both, [&format!("{key} is of type double, not int")]);
}

#[test]
fn a_retrieval_had_another_key_of_another_type() {
    let retrieval = || span("retrieval", "retrieval", SpanKind::Client);
    let today = retrieval().with("gen_ai.retrieval.top_k", 5);
    let then = retrieval().with("gen_ai.request.top_k", 5.0);
    found(today.clone(), Latest, []);
    found(then.clone(), V1_41, []);
    found(today.with("gen_ai.request.top_k", 5.0), Both, []);
    let foreign = "gen_ai.request.top_k does not belong on `gen_ai.retrieval.client`";
    found(then.with("gen_ai.request.top_k", 5), Latest, [foreign]);
}

#[test]
fn messages_said_why_they_ended() {
    let said = r#"[{"role": "assistant", "parts": [], "finish_reason": "stop"}]"#;
    let silent = r#"[{"role": "assistant", "parts": []}]"#;
    let missing = "gen_ai.output.messages does not fit its shape at `/0`: \
                   \"finish_reason\" is a required property";
    for profile in [Latest, V1_41, Both] {
        found(chat().with("gen_ai.output.messages", said), profile, []);
    }
    found(chat().with("gen_ai.output.messages", silent), Latest, []);
    found(chat().with("gen_ai.output.messages", silent), V1_41, [missing]);
    found(chat().with("gen_ai.output.messages", silent), Both, [missing]);
}

#[test]
fn tokens_were_one_metric_and_are_several_today() {
    let record = |metric: &'static str, kind: Option<(&'static str, &'static str)>| {
        let capture = Capture::builder().build();
        let mut attributes = vec![
            KeyValue::new("gen_ai.operation.name", "chat"),
            KeyValue::new("gen_ai.provider.name", "openai"),
        ];
        attributes.extend(kind.map(|(key, value)| KeyValue::new(key, value)));
        let meter = capture.meter_provider().meter("another instrumentation");
        let boundaries = (0..14).map(|power| f64::from(4_u32.pow(power))).collect();
        let built = meter.u64_histogram(metric).with_unit("{token}").with_boundaries(boundaries);
        built.build().record(7, &attributes);
        let captured = capture.finish();
        move |profile| -> Vec<String> {
            let held = Conformance::new().profile(profile);
            held.violations(&captured).iter().map(problem).collect()
        }
    };
    let unknown = ["is not in the conventions"];

    let then = record("gen_ai.client.token.usage", Some(("gen_ai.token.type", "input")));
    assert_eq!(then(Latest), unknown);
    assert!(then(V1_41).is_empty());
    assert!(then(Both).is_empty());
    let untold = record("gen_ai.client.token.usage", None);
    assert_eq!(untold(V1_41), ["gen_ai.token.type is required and absent"]);

    let today = record("gen_ai.client.inference.operation.input_tokens", None);
    assert!(today(Latest).is_empty());
    assert_eq!(today(V1_41), unknown);
    assert_eq!(today(Both), ["stands there without `gen_ai.client.token.usage`"]);
}

#[test]
fn the_schema_is_that_of_the_profile() {
    let captured =
        spanwise_testing::capture(|| spanwise_core::Tool::new("search").start().finish());
    let of = |profile| Conformance::new().profile(profile).violations(&captured);
    assert_eq!((of(Latest), of(Both)), (vec![], vec![]));
    assert!(of(V1_41).iter().all(|it| it.problem.contains("schemas/1.41.0")));
    assert_eq!(of(V1_41).len(), 2);
}

#[test]
fn metrics_that_are_recorded_for_a_profile_are_those_of_the_profile() {
    for profile in [Latest, V1_41, Both] {
        let capture = Capture::builder().build();
        let tracer = NoopTracerProvider::new().tracer("none");
        let url = if profile.has_latest() { SCHEMA_URL } else { v1_41::SCHEMA_URL };
        let scope = InstrumentationScope::builder(SCOPE_NAME).with_schema_url(url).build();
        let meter = capture.meter_provider().meter_with_scope(scope);
        let recorder = Recorder::builder(tracer).meter(&meter).profile(profile).build();
        let _guard = recorder.in_context(&Context::new()).attach();
        let generation = Generation::chat("acme", "m").start();
        generation.usage(Usage::new(7, 3).cache_read(2));
        generation.finish();
        Embeddings::new("acme", "m").start().finish();
        Conformance::new().profile(profile).assert(&capture.finish());
    }
}
