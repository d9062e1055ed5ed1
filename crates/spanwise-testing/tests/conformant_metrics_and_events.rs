//! What is wrong with a metric or an event is found, and nothing else.

mod support;

use opentelemetry::KeyValue;
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity};
use opentelemetry::metrics::{Meter, MeterProvider as _};
use spanwise_core::semconv::Metric;
use spanwise_testing::Capture;
use support::problem;

const DURATION: Metric = Metric::GenAiClientInferenceDuration;

fn inference() -> Vec<KeyValue> {
    vec![
        KeyValue::new("gen_ai.operation.name", "chat"),
        KeyValue::new("gen_ai.provider.name", "openai"),
    ]
}

fn and(key: &'static str, value: &'static str) -> Vec<KeyValue> {
    let mut attributes = inference();
    attributes.push(KeyValue::new(key, value));
    attributes
}

/// What is wrong with what a meter of another instrumentation records.
fn measured(record: impl FnOnce(&Meter)) -> Vec<String> {
    let capture = Capture::builder().build();
    record(&capture.meter_provider().meter("another instrumentation"));
    capture.finish().violations().iter().map(problem).collect()
}

fn duration(attributes: &[KeyValue]) -> Vec<String> {
    measured(|meter| {
        let boundaries = DURATION.descriptor().boundaries.to_vec();
        let built = meter.f64_histogram(DURATION.descriptor().name).with_unit("s");
        built.with_boundaries(boundaries).build().record(1.0, attributes);
    })
}

fn tokens(modality: &'static str) -> Vec<String> {
    measured(|meter| {
        let built = meter.u64_counter("gen_ai.client.inference.usage.input_tokens");
        built.with_unit("{token}").build().add(1, &and("gen_ai.token.modality", modality));
    })
}

#[test]
fn a_metric_has_the_instrument_unit_and_boundaries_of_the_conventions() {
    assert!(duration(&inference()).is_empty());
    let name = DURATION.descriptor().name;
    let found = measured(|meter| meter.f64_histogram(name).build().record(1.0, &inference()));
    assert_eq!(found[0], "its unit is ``, not `s`");
    assert!(found[1].starts_with("its boundaries are [0.0, 5.0,"), "{found:?}");
    let found = measured(|meter| {
        meter.u64_counter(name).with_unit("s").build().add(1, &inference());
    });
    assert_eq!(found, ["is a counter, not a histogram", "its values are not of type double"]);
}

#[test]
fn a_metric_is_known_or_the_programs_own() {
    let count = |name: &'static str| measured(|meter| meter.u64_counter(name).build().add(1, &[]));
    assert!(count("app.tickets").is_empty());
    assert!(count("otel.sdk.processor.span.processed").is_empty());
    assert_eq!(count("gen_ai.client.token.usage"), ["is not in the conventions"]);
    assert_eq!(count("spanwise.tickets"), ["is not in the conventions"]);
}

#[test]
fn a_metric_has_the_attributes_of_the_conventions_and_no_others() {
    for key in ["error.type", "gen_ai.response.model", "openai.response.service_tier"] {
        assert!(duration(&and(key, "x")).is_empty(), "{key}");
    }
    // Of the scope, where the program chose it.
    for key in ["gen_ai.conversation.id", "user.id"] {
        assert!(duration(&and(key, "x")).is_empty(), "{key}");
    }
    let foreign = "does not belong on this metric";
    for key in ["gen_ai.token.modality", "spanwise.outcome"] {
        assert!(duration(&and(key, "text")).contains(&format!("{key} {foreign}")), "{key}");
    }
    assert_eq!(duration(&inference()[..1]), ["gen_ai.provider.name is required and absent"]);
    assert_eq!(
        duration(&and("server.address", "h")),
        ["server.port is required beside `server.address` and absent"]
    );
    let mut wrong = inference();
    wrong[0] = KeyValue::new("gen_ai.operation.name", "embeddings");
    assert_eq!(
        duration(&wrong),
        ["gen_ai.operation.name is `embeddings`, which this metric does not measure"]
    );
}

#[test]
fn tokens_are_told_apart_by_modality() {
    assert!(tokens("unknown").is_empty());
    assert_eq!(
        tokens("smell"),
        ["gen_ai.token.modality is `smell`, not one of text, image, audio, unknown"]
    );
}

/// What is wrong with an event of another instrumentation.
fn emitted(
    name: &'static str,
    severity: Severity,
    attributes: &[(&'static str, AnyValue)],
    body: Option<&'static str>,
) -> Vec<String> {
    let capture = Capture::builder().build();
    let logger = capture.logger_provider().logger("another instrumentation");
    let mut record = logger.create_log_record();
    record.set_event_name(name);
    record.set_severity_number(severity);
    record.add_attributes(attributes.iter().cloned());
    body.into_iter().for_each(|body| record.set_body(body.into()));
    logger.emit(record);
    capture.finish().violations().iter().map(problem).collect()
}

#[test]
fn events_are_known_or_the_programs_own() {
    assert!(emitted("app.started", Severity::Fatal, &[], Some("up")).is_empty());
    let found = emitted("gen_ai.user.message", Severity::Info, &[], None);
    assert_eq!(found, ["is not in the conventions"]);
}

#[test]
fn an_exception_has_a_type_or_a_message_and_warns() {
    let name = "gen_ai.client.operation.exception";
    let told = [("exception.type", "Timeout".into()), ("gen_ai.tool.name", "search".into())];
    assert!(emitted(name, Severity::Warn, &told, None).is_empty());
    assert_eq!(
        emitted(name, Severity::Error, &[], Some("it broke")),
        [
            "its severity is 17, not 13",
            "has a body; attributes say everything",
            "has none of exception.type, exception.message",
        ]
    );
}

#[test]
fn an_evaluation_has_a_name_and_a_result() {
    let name = "gen_ai.evaluation.result";
    let evaluation = ("gen_ai.evaluation.name", AnyValue::from("relevance"));
    let score = ("gen_ai.evaluation.score.value", AnyValue::from(0.5));
    assert!(emitted(name, Severity::Info, &[evaluation.clone(), score.clone()], None).is_empty());
    assert_eq!(
        emitted(name, Severity::Info, &[score], None),
        ["gen_ai.evaluation.name is required and absent"]
    );
    assert_eq!(
        emitted(name, Severity::Info, &[evaluation, ("gen_ai.tool.name", "x".into())], None),
        [
            "has none of gen_ai.evaluation.score.value, gen_ai.evaluation.score.label, \
             gen_ai.evaluation.explanation, error.type",
            "gen_ai.tool.name does not belong on this event",
        ]
    );
}

#[test]
fn content_on_an_event_is_structured() {
    let details = |content: AnyValue| {
        let attributes = [
            ("gen_ai.operation.name", "chat".into()),
            ("gen_ai.provider.name", "acme".into()),
            ("gen_ai.tool.definitions", content),
        ];
        emitted("gen_ai.client.inference.operation.details", Severity::Debug, &attributes, None)
    };
    // An empty text stands for null, which tells that there are no parameters.
    let tool = |fields: [(&'static str, &'static str); 3]| {
        AnyValue::ListAny(Box::new(vec![fields.into_iter().collect::<AnyValue>()]))
    };
    let definition = tool([("type", "function"), ("name", "search"), ("parameters", "")]);
    assert!(details(definition).is_empty());
    assert_eq!(
        details("[]".into()),
        ["gen_ai.tool.definitions stands on an event: it must be structured, not text"]
    );
    let nameless = tool([("type", "function"), ("title", "search"), ("parameters", "")]);
    assert!(details(nameless).iter().any(|it| it.ends_with("\"name\" is a required property")));
}
