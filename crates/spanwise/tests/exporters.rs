//! Exporters of the OpenTelemetry SDK as destinations, and ours beside the official one.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::logs::{LogBatch, LogExporter};
use opentelemetry_sdk::metrics::InMemoryMetricExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use spanwise::opentelemetry::logs::AnyValue;
use spanwise::opentelemetry::trace::{SpanKind, Status};
use spanwise::semconv::SemconvProfile;
use spanwise::{
    Agent, ContentCapture, Destination, DropReason, Embeddings, Generation, OtlpProtocol, Provider,
    Response, Step, Tool, Usage, Workflow,
};
use support::{Receiver, block_on, config, isolated};

/// Event name and attributes.
type KeptLog = (Option<&'static str>, Vec<(String, AnyValue)>);

/// Keeps what it gets.
#[derive(Clone, Debug, Default)]
struct Keeping {
    spans: Arc<Mutex<Vec<SpanData>>>,
    logs: Arc<Mutex<Vec<KeptLog>>>,
}

impl SpanExporter for Keeping {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.spans.lock().unwrap().extend(batch);
        Ok(())
    }
}

#[derive(Debug)]
struct KeepingLogs(Keeping);

impl LogExporter for KeepingLogs {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let kept = batch.iter().map(|(record, _)| {
            let attributes =
                record.attributes_iter().map(|(key, value)| (key.to_string(), value.clone()));
            (record.event_name(), attributes.collect())
        });
        self.0.logs.lock().unwrap().extend(kept);
        Ok(())
    }
}

#[derive(Debug)]
struct Panicking;

impl SpanExporter for Panicking {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        panic!("on purpose")
    }
}

#[derive(Debug)]
struct Failing;

impl SpanExporter for Failing {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Err(OTelSdkError::InternalFailure("no".to_owned()))
    }
}

/// Blocks its thread, as careless exporters do.
#[derive(Debug)]
struct Blocking;

impl SpanExporter for Blocking {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        std::thread::park_timeout(Duration::from_secs(60));
        Ok(())
    }
}

fn chat() {
    let generation = Generation::chat(Provider::OpenAi, "gpt-4o")
        .stop_sequences(["END"])
        .temperature(0.5)
        .start();
    generation.event("own", [spanwise::opentelemetry::KeyValue::new("n", 1)]);
    generation.usage(Usage::new(3, 2));
    generation.fail_with("timeout", "too slow");
}

#[test]
fn span_log_and_metric_exporters_get_what_was_recorded() {
    isolated!({
        let keeping = Keeping::default();
        let metrics = InMemoryMetricExporter::default();
        let config = config()
            .destination(Destination::exporter(keeping.clone()).name("spans"))
            .destination(Destination::exporter(KeepingLogs(keeping.clone())).name("logs"))
            .destination(Destination::exporter(metrics.clone()).name("metrics"))
            .content_capture(ContentCapture::EventOnly);
        let report = block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            chat();
            telemetry.shutdown().await
        });
        assert!(report.complete && report.dropped() == 0, "{report}");
        let spans = keeping.spans.lock().unwrap();
        let [span] = spans.as_slice() else { panic!("{} spans", spans.len()) };
        assert_eq!((span.name.as_ref(), &span.span_kind), ("chat gpt-4o", &SpanKind::Client));
        assert_eq!(span.status, Status::error("too slow"));
        assert_eq!(span.events.events[0].name, "own");
        assert!(span.span_context.is_valid() && span.span_context.is_sampled());
        assert!(span.end_time >= span.start_time);
        assert_eq!(span.instrumentation_scope, spanwise_core::instrumentation_scope());
        let value = |key: &str| {
            let attribute = span.attributes.iter().find(|kv| kv.key.as_str() == key);
            attribute.map(|kv| kv.value.to_string()).unwrap_or_default()
        };
        assert_eq!(value("gen_ai.usage.input_tokens"), "3");
        assert_eq!(value("gen_ai.request.stop_sequences"), r#"["END"]"#);

        let logs = keeping.logs.lock().unwrap();
        let names: Vec<_> = logs.iter().filter_map(|(name, _)| *name).collect();
        let details = "gen_ai.client.inference.operation.details";
        assert_eq!(names, ["gen_ai.client.operation.exception", details]);
        let model = logs[1].1.iter().find(|(key, _)| key == "gen_ai.request.model");
        assert_eq!(model.unwrap().1, AnyValue::from("gpt-4o"));

        let metrics = metrics.get_finished_metrics().unwrap();
        let names = metrics.iter().flat_map(|r| r.scope_metrics()).flat_map(|s| s.metrics());
        assert!(names.map(|m| m.name()).any(|name| name == "gen_ai.client.inference.duration"));
        assert!(report.destination("metrics").unwrap().metrics().exported > 0);
    });
}

#[test]
fn an_exporter_that_panics_is_counted_and_harms_nobody() {
    isolated!({
        let keeping = Keeping::default();
        let config = config()
            .destination(Destination::exporter(Panicking).name("panicking"))
            .destination(Destination::exporter(keeping.clone()).name("keeping"));
        let report = block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            chat();
            telemetry.flush().await;
            chat();
            chat();
            telemetry.shutdown().await
        });
        let counts = report.destination("panicking").unwrap().traces();
        assert_eq!((counts.accepted, counts.dropped_for(DropReason::ExporterPanicked)), (3, 3));
        assert_eq!(report.destination("keeping").unwrap().traces().exported, 3);
        assert_eq!(keeping.spans.lock().unwrap().len(), 3);
    });
}

#[test]
fn an_exporter_that_fails_or_blocks_is_counted_and_holds_up_nobody() {
    isolated!({
        let keeping = Keeping::default();
        let config = config()
            .destination(Destination::exporter(Failing).name("failing"))
            .destination(Destination::exporter(Blocking).name("blocking"))
            .destination(Destination::exporter(keeping.clone()).name("keeping"))
            .shutdown_timeout(Duration::from_millis(500));
        let report = block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            chat();
            telemetry.shutdown().await
        });
        let counts = |name: &str| report.destination(name).unwrap().traces();
        assert_eq!(counts("failing").dropped_for(DropReason::Refused), 1);
        assert_eq!(counts("blocking").dropped_for(DropReason::ShutdownTimeout), 1);
        assert_eq!(counts("keeping").exported, 1);
        assert!(!report.complete);
    });
}

/// One of every operation, in every outcome.
fn everything() {
    let _ = Workflow::new("ticket").run_sync(|_| {
        Agent::new("triage").run_sync(|_| {
            chat();
            let generation = Generation::chat(Provider::Anthropic, "claude")
                .server("api.anthropic.com", 443)
                .input("hello")
                .start();
            generation.record(&Response::new().id("1").finish_reason("stop"));
            generation.finish();
            Tool::new("lookup").start().finish();
            drop(Tool::new("cancelled").start());
            Embeddings::new(Provider::OpenAi, "te3").start().finish();
            Agent::remote(Provider::OpenAi, "helper").start().finish();
            Step::new("compose").run_sync(|_| Ok::<_, String>(()))
        })
    });
}

#[test]
fn ours_and_the_official_exporters_send_the_same_requests() {
    isolated!({
        let (ours, official) = (Receiver::start(), Receiver::start());
        use opentelemetry_otlp::WithExportConfig;
        let url = official.grpc_url();
        macro_rules! exporter {
            ($exporter:ident) => {{
                let url = url.clone();
                Destination::exporter_from(async move || {
                    opentelemetry_otlp::$exporter::builder()
                        .with_tonic()
                        .with_endpoint(url)
                        .build()
                        .unwrap()
                })
            }};
        }
        let config = config()
            .destination(Destination::otlp(ours.grpc_url()).protocol(OtlpProtocol::Grpc))
            .destination(exporter!(SpanExporter).name("official spans"))
            .destination(exporter!(LogExporter).name("official logs"))
            .destination(exporter!(MetricExporter).name("official metrics"))
            .content_capture(ContentCapture::SpanAndEvent);
        let report = block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            everything();
            telemetry.shutdown().await
        });
        assert!(report.complete && report.dropped() == 0, "{report}");
        assert_eq!(ours.spans().len(), 9);

        assert_eq!(ours.trace_requests(), official.trace_requests());
        assert_eq!(sorted_logs(&ours), sorted_logs(&official));
        assert_eq!(points(&ours), points(&official));
    });
}

/// The order of a map within a record is no order.
fn sorted_logs(receiver: &Receiver) -> Vec<String> {
    let records = receiver.log_records().into_iter().map(|mut record| {
        for attribute in &mut record.attributes {
            sort(attribute);
        }
        record.attributes.sort_by(|a, b| a.key.cmp(&b.key));
        format!("{record:?}")
    });
    records.collect()
}

fn sort(attribute: &mut KeyValue) {
    use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value};
    fn sort_any(any: &mut AnyValue) {
        match &mut any.value {
            Some(Value::KvlistValue(list)) => {
                list.values.iter_mut().for_each(sort);
                list.values.sort_by(|a, b| a.key.cmp(&b.key));
            }
            Some(Value::ArrayValue(array)) => array.values.iter_mut().for_each(sort_any),
            _ => {}
        }
    }
    attribute.value.iter_mut().for_each(sort_any);
}

/// Each histogram point and its attributes, without the times at which readers looked.
fn points(receiver: &Receiver) -> Vec<String> {
    let metrics = receiver.metrics().into_iter();
    let mut points: Vec<String> = metrics
        .filter(|metric| metric.name.starts_with("gen_ai."))
        .flat_map(|metric| {
            let Some(Data::Histogram(histogram)) = metric.data else { return Vec::new() };
            let mut points = histogram.data_points;
            points
                .iter_mut()
                .map(|point| {
                    (point.start_time_unix_nano, point.time_unix_nano) = (0, 0);
                    point.attributes.sort_by(|a, b| a.key.cmp(&b.key));
                    format!("{} {} {point:?}", metric.name, metric.unit)
                })
                .collect()
        })
        .collect();
    points.sort();
    points
}

#[test]
fn an_exporter_is_given_the_profile_that_was_asked_for() {
    isolated!({
        let kept = Keeping::default();
        let config = config()
            .semconv_profile(SemconvProfile::V1_41)
            .destination(Destination::exporter(kept.clone()));
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            let generation = Generation::chat(Provider::Anthropic, "claude").top_k(40).start();
            generation.usage(Usage::new(12, 5).cache_write(3));
            generation.finish();
            telemetry.shutdown().await;
        });
        let spans = kept.spans.lock().unwrap();
        let value = |key: &str| {
            let attribute = spans[0].attributes.iter().find(|kv| kv.key.as_str() == key);
            attribute.map(|kv| kv.value.clone())
        };
        assert_eq!(value("gen_ai.usage.cache_creation.input_tokens"), Some(3.into()));
        assert_eq!(value("gen_ai.usage.cache_write.input_tokens"), None);
        assert_eq!(value("gen_ai.request.top_k"), Some(40.0.into()));
    });
}

#[test]
fn each_destination_is_spoken_to_in_its_own_words() {
    isolated!({
        let (today, earlier) = (Receiver::start(), Receiver::start());
        let earlier_words =
            Destination::otlp(earlier.http_url()).semconv_profile(SemconvProfile::V1_41);
        let config =
            config().destination(Destination::otlp(today.http_url())).destination(earlier_words);
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            let generation = Generation::chat(Provider::Anthropic, "claude").start();
            generation.usage(Usage::new(12, 5).cache_write(3));
            generation.finish();
            telemetry.shutdown().await;
        });
        let written = |receiver: &Receiver, key: &str| {
            support::text(&receiver.span("chat claude").attributes, key)
        };
        assert_eq!(written(&today, "gen_ai.usage.cache_write.input_tokens"), "3");
        assert_eq!(written(&today, "gen_ai.usage.cache_creation.input_tokens"), "");
        assert_eq!(written(&earlier, "gen_ai.usage.cache_write.input_tokens"), "");
        assert_eq!(written(&earlier, "gen_ai.usage.cache_creation.input_tokens"), "3");
        for receiver in [today, earlier] {
            let names: Vec<_> = receiver.metrics().into_iter().map(|metric| metric.name).collect();
            for name in ["gen_ai.client.inference.duration", "gen_ai.client.token.usage"] {
                assert!(names.iter().any(|told| told == name), "{names:?}");
            }
        }
    });
}
