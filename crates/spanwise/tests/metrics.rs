//! Which metrics there are, by which names, and what happens with too many of them.

mod support;

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use spanwise::{Generation, MetricSet, ModelNames, Provider, ScopeField, Tool, Usage, scope};
use support::{Receiver, attribute, block_on, child, config, isolated, text};

const DURATION: &str = "gen_ai.client.inference.duration";

fn call(model: &str) {
    let generation = Generation::chat(Provider::OpenAi, model.to_owned()).start();
    generation.usage(Usage::new(10, 2));
    generation.finish();
}

fn operations_of(metrics: &[Metric]) -> BTreeSet<&str> {
    let names = metrics.iter().map(|metric| metric.name.as_str());
    names
        .filter(|name| !name.starts_with("otel.") && !name.starts_with("spanwise.export."))
        .collect()
}

/// Models and counts of the calls.
fn calls(metrics: &[Metric]) -> Vec<(Option<String>, u64)> {
    let metric = metrics.iter().find(|metric| metric.name == DURATION).unwrap();
    let Some(Data::Histogram(histogram)) = &metric.data else { panic!("{metric:?}") };
    let points = histogram.data_points.iter().map(|point| {
        let model = attribute(&point.attributes, "gen_ai.request.model");
        (model.map(|_| text(&point.attributes, "gen_ai.request.model")), point.count)
    });
    points.collect()
}

#[test]
fn what_is_beyond_is_counted_and_said() {
    const MODELS: u64 = 2100;
    isolated!({
        let receiver = Receiver::start();
        let report = block_on(async {
            let config = config().endpoint(receiver.http_url());
            let telemetry = spanwise::init_telemetry(config).unwrap();
            for number in 0..MODELS {
                Generation::chat(Provider::OpenAi, format!("m{number}")).start().finish();
            }
            // The first collection sees it, the second tells it.
            telemetry.flush().await;
            telemetry.shutdown().await
        });
        assert_eq!(report.overflowing, [DURATION]);
        assert!(report.to_string().contains(DURATION), "{report}");
        let mut last = receiver.metrics();
        last.reverse();
        let calls = calls(&last);
        let beyond: Vec<_> = calls.iter().filter(|(model, _)| model.is_none()).collect();
        assert_eq!(beyond.len(), 1, "one point holds what is beyond");
        assert_eq!(calls.iter().map(|(_, count)| count).sum::<u64>(), MODELS);
        let told = last.iter().find(|metric| metric.name == "spanwise.export.overflowing").unwrap();
        let Some(Data::Sum(sum)) = &told.data else { panic!("{told:?}") };
        assert!(format!("{:?}", sum.data_points[0].value).contains("AsInt(1)"), "{sum:?}");
    });
}

#[test]
fn fewer_names_are_no_overflow() {
    isolated!({
        let receiver = Receiver::start();
        let report = block_on(async {
            let config = config().endpoint(receiver.http_url());
            let config = config.model_names_on_metrics(ModelNames::plain());
            let config = config.metric_set(MetricSet::Basic);
            let telemetry = spanwise::init_telemetry(config).unwrap();
            for number in 0..2100 {
                call(&format!("ft:gpt-4o:acme::{number}"));
            }
            telemetry.shutdown().await
        });
        assert!(report.overflowing.is_empty(), "{report}");
        let metrics = receiver.metrics();
        assert_eq!(calls(&metrics), [(Some("ft:gpt-4o".to_owned()), 2100)]);
        let spans = receiver.spans();
        assert!(spans.iter().any(|span| span.name == "chat ft:gpt-4o:acme::7"), "spans are exact");
    });
}

#[test]
fn variables_choose_set_names_and_scope() {
    let child = child!({
        block_on(async {
            let config = spanwise::TelemetryConfig::from_env().unwrap();
            let telemetry = spanwise::init_telemetry(config).unwrap();
            scope().user("u-9").tenant("acme").run_sync(|| {
                call("gpt-4o-2024-08-06");
                Tool::new("lookup").start().finish();
            });
            telemetry.shutdown().await
        });
    });
    let receiver = Receiver::start();
    let endpoint = receiver.http_url();
    child.run(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("SPANWISE_METRIC_SET", "cost"),
        ("SPANWISE_METRIC_MODEL_NAMES", "plain"),
        ("SPANWISE_METRIC_SCOPE", "user.id"),
    ]);
    let metrics = receiver.metrics();
    let names = operations_of(&metrics);
    assert!(names.contains("gen_ai.client.inference.usage.input_tokens"), "{names:?}");
    assert!(!names.contains(DURATION) && !names.contains("gen_ai.execute_tool.duration"));
    let tokens = metrics.iter().find(|m| m.name == "gen_ai.client.inference.usage.input_tokens");
    let Some(Data::Sum(sum)) = &tokens.unwrap().data else { panic!("{tokens:?}") };
    let attributes = &sum.data_points[0].attributes;
    assert_eq!(text(attributes, "gen_ai.request.model"), "gpt-4o");
    assert_eq!(text(attributes, ScopeField::User.key()), "u-9");
    assert_eq!(attribute(attributes, ScopeField::Tenant.key()), None);
}
