//! What each word of configuration does: seen at the receiver of the telemetry that was started with it, or in what
//! the doctor says is in force.

use std::time::Duration;

use opentelemetry_proto::tonic::metrics::v1::AggregationTemporality;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use spanwise::doctor::Diagnosis;
use spanwise::{
    BatchConfiguration, Environment, ExportConfig, Generation, Message, OtlpProtocol, Provider,
    SamplingStrategy, Signals, TelemetryConfig, scope,
};

use crate::proofs::{chat, unique};
use crate::running::{running, text_of_resource};
use crate::support::{Receiver, block_on, text};

const INPUT: &str = "gen_ai.input.messages";
const OUTPUT: &str = "gen_ai.output.messages";

/// A configuration that knows nothing of the process's variables.
fn config() -> TelemetryConfig {
    TelemetryConfig::builder().environment(Environment::empty())
}

fn diagnosed(config: &TelemetryConfig) -> Diagnosis {
    block_on(config.doctor()).unwrap()
}

/// What is in force, a line each.
#[track_caller]
fn sets(config: TelemetryConfig, line: &str) {
    let diagnosis = diagnosed(&config);
    let of_destinations = diagnosis.destinations.iter().flat_map(|it| &it.settings);
    let all = diagnosis.settings.iter().chain(of_destinations);
    let lines: Vec<_> = all.map(|it| format!("{} = {}", it.setting, it.value)).collect();
    assert!(lines.iter().any(|it| it == line), "{lines:?}");
}

/// Why it cannot start.
#[track_caller]
fn refused(config: TelemetryConfig, part: &str) {
    let error = block_on(config.doctor()).unwrap_err().to_string();
    assert!(error.contains(part), "{error}");
}

/// A call that has ended, as it arrived.
fn arrived(model: &str, work: impl FnOnce()) -> opentelemetry_proto::tonic::trace::v1::Span {
    running();
    work();
    running().flush();
    running().receiver.span(&format!("chat {model}"))
}

fn answer(model: &str) {
    let generation = chat(model.to_owned());
    generation.output(&Message::assistant("Hi!"));
    generation.finish();
}

pub(crate) fn started() {
    sets(TelemetryConfig::new("my-app").environment(Environment::empty()), "service_name = my-app");
    let model = unique("started");
    let _arrived = arrived(&model, || answer(&model));
    let names: Vec<_> = running().receiver.metrics().into_iter().map(|it| it.name).collect();
    assert!(names.iter().any(|name| name == "gen_ai.client.inference.duration"), "{names:?}");
}

pub(crate) fn enabled() {
    sets(config(), "enabled = true");
    sets(config().enabled(false), "enabled = false");
    let (on, off) = (unique("on"), unique("off"));
    arrived(&on, || {
        scope().enabled(false).run_sync(|| answer(&off));
        answer(&on);
    });
    assert!(!running().receiver.span_names().contains(&format!("chat {off}")));
}

pub(crate) fn one_signal() {
    enabled();
    let receiver = Receiver::start();
    let config = config().protocol(OtlpProtocol::HttpProtobuf).endpoint(receiver.http_url());
    let diagnosis = diagnosed(&config.signals(Signals::METRICS));
    let ways = diagnosis.destinations.iter().flat_map(|destination| &destination.ways);
    assert_eq!(ways.map(|way| way.signal).collect::<Vec<_>>(), ["metrics"]);
}

pub(crate) fn record_inputs() {
    let (with, without) = (unique("inputs"), unique("no-inputs"));
    let span = arrived(&with, || answer(&with));
    assert!(text(&span.attributes, INPUT).contains("Hello!"));
    let span = arrived(&without, || scope().record_inputs(false).run_sync(|| answer(&without)));
    assert_eq!(text(&span.attributes, INPUT), "");
    assert!(text(&span.attributes, OUTPUT).contains("Hi!"));
}

pub(crate) fn record_outputs() {
    let (with, without) = (unique("outputs"), unique("no-outputs"));
    let span = arrived(&with, || answer(&with));
    assert!(text(&span.attributes, OUTPUT).contains("Hi!"));
    let span = arrived(&without, || scope().record_outputs(false).run_sync(|| answer(&without)));
    assert_eq!(text(&span.attributes, OUTPUT), "");
    assert!(text(&span.attributes, INPUT).contains("Hello!"));
}

pub(crate) fn record_metadata() {
    let (with, without) = (unique("metadata"), unique("no-metadata"));
    let span = arrived(&with, || answer(&with));
    assert_eq!(text(&span.attributes, "app.team"), "support");
    let span = arrived(&without, || scope().record_metadata(false).run_sync(|| answer(&without)));
    assert_eq!(text(&span.attributes, "app.team"), "");
}

pub(crate) fn sampled() {
    sets(config().sample_rate(0.25), "sampling = as the parent, else a share of 0.25");
    let (model, left_out) = (unique("sampled"), unique("left-out"));
    arrived(&model, || {
        scope().sample_rate(0.0).run_sync(|| answer(&left_out));
        answer(&model);
    });
    assert!(!running().receiver.span_names().contains(&format!("chat {left_out}")));
    // Metrics are whole.
    let counted = running().receiver.metrics().into_iter().any(|metric| {
        let Some(Data::Histogram(histogram)) = metric.data else { return false };
        let of = |key: &str, point: &[_]| text(point, key);
        histogram
            .data_points
            .iter()
            .any(|point| of("gen_ai.request.model", &point.attributes) == left_out)
    });
    assert!(counted, "{left_out}");
}

pub(crate) fn sampling() {
    let parent_based = SamplingStrategy::parent_based(SamplingStrategy::AlwaysOff);
    for (strategy, says) in [
        (parent_based, "as the parent, else none"),
        (SamplingStrategy::TraceIdRatio { ratio: 0.5 }, "a share of 0.5"),
        (SamplingStrategy::AlwaysOff, "none"),
    ] {
        sets(config().sampling(strategy), &format!("sampling = {says}"));
    }
}

/// Whether the probe of the doctor arrives.
fn reaches(receiver: &Receiver, config: &TelemetryConfig) {
    assert!(diagnosed(config).is_healthy());
    assert!(receiver.span_names().contains(&"spanwise doctor".to_owned()));
}

pub(crate) fn endpoint() {
    let receiver = Receiver::start();
    reaches(&receiver, &config().protocol(OtlpProtocol::Grpc).endpoint(receiver.grpc_url()));
}

pub(crate) fn protocol() {
    for (protocol, name) in [
        (OtlpProtocol::Grpc, "grpc"),
        (OtlpProtocol::HttpProtobuf, "http/protobuf"),
        (OtlpProtocol::HttpJson, "http/json"),
    ] {
        let receiver = Receiver::start();
        let url = match protocol {
            OtlpProtocol::Grpc => receiver.grpc_url(),
            _ => receiver.http_url(),
        };
        let config = || config().protocol(protocol).endpoint(url.clone());
        reaches(&receiver, &config());
        sets(config(), &format!("protocol = {name}"));
    }
}

fn has_header(name: &str, value: &str) {
    let receiver = Receiver::start();
    let config = config().protocol(OtlpProtocol::Grpc).endpoint(receiver.grpc_url());
    reaches(&receiver, &config.header(name, value));
    let requests = receiver.requests();
    let sent = |request: &spanwise_testing::Arrived| request.headers.get(name).cloned();
    assert!(requests.iter().all(|request| sent(request).as_deref() == Some(value)));
}

pub(crate) fn honeycomb() {
    has_header("x-honeycomb-team", "team-1");
}

pub(crate) fn datadog() {
    has_header("dd-api-key", "key-1");
}

pub(crate) fn service_name() {
    text_of_resource("service.name", "my-processor");
}

pub(crate) fn service_version() {
    text_of_resource("service.version", "1.0.0");
}

pub(crate) fn deployment_environment() {
    text_of_resource("deployment.environment.name", "production");
}

pub(crate) fn google_cloud() {
    text_of_resource("gcp.project_id", "your-project-id");
}

pub(crate) fn additional_attributes() {
    text_of_resource("deployment.region", "us-west-2");
}

pub(crate) fn team() {
    text_of_resource("team", "ml-platform");
}

pub(crate) fn environment_type() {
    text_of_resource("environment.type", "production");
}

pub(crate) fn detected() {
    text_of_resource("process.pid", &std::process::id().to_string());
}

pub(crate) fn batches() {
    let batches = BatchConfiguration { max_queue_size: 4096, ..BatchConfiguration::SPANS };
    sets(config().span_batches(batches), "span_batches = at most 4096 wait");
    sets(config().log_batches(batches), "log_batches = at most 4096 wait");
    for nothing in [
        BatchConfiguration { max_queue_size: 0, ..batches },
        BatchConfiguration { max_queue_bytes: 0, ..batches },
        BatchConfiguration { max_export_batch_size: 0, ..batches },
    ] {
        refused(config().span_batches(nothing), "span_batches has a size of 0");
    }
    let no_time = BatchConfiguration { export_timeout: Duration::ZERO, ..batches };
    refused(config().span_batches(no_time), "span_batches leaves no time to export");
}

pub(crate) fn scheduled_delay() {
    running();
    let model = unique("delayed");
    Generation::chat(Provider::OpenAi, model.clone()).start().finish();
    // Nobody flushes: it goes when its time has come.
    let name = format!("chat {model}");
    running().receiver.wait_until("it goes", |it| it.span_names().contains(&name));
}

pub(crate) fn temporality() {
    let model = unique("temporality");
    let _arrived = arrived(&model, || answer(&model));
    for (receiver, temporality) in [
        (&running().receiver, AggregationTemporality::Cumulative),
        (&running().since_last_time, AggregationTemporality::Delta),
    ] {
        let histograms = receiver.metrics().into_iter().filter_map(|metric| match metric.data {
            Some(Data::Histogram(histogram)) => Some(histogram.aggregation_temporality()),
            _ => None,
        });
        let told: Vec<_> = histograms.collect();
        assert!(!told.is_empty() && told.iter().all(|it| *it == temporality), "{told:?}");
    }
}

pub(crate) fn metric_export() {
    let export = ExportConfig {
        export_interval: Duration::from_secs(5),
        export_timeout: Duration::from_secs(2),
    };
    assert!(block_on(config().metric_export(export).doctor()).is_ok());
    for nothing in [
        ExportConfig { export_interval: Duration::ZERO, ..export },
        ExportConfig { export_timeout: Duration::ZERO, ..export },
    ] {
        refused(config().metric_export(nothing), "metric_export has a time of 0");
    }
}
