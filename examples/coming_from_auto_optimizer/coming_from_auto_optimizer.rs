//! What LLM Auto-Optimizer's telemetry guide does: a stream processor with spans, events, errors, metrics and context of
//! its own.
//!
//! ```text
//! OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 cargo run --example coming_from_auto_optimizer
//! ```
//!
//! With `-- http://localhost:4318` the whole configuration stands in code, and no variable is read.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use spanwise::opentelemetry::trace::{FutureExt as _, Span as _, SpanKind, Tracer as _};
use spanwise::opentelemetry::{Context, KeyValue};
use spanwise::{
    BaggageItem, BatchConfiguration, Environment, ExportConfig, MetricsRecorder, OtlpProtocol,
    SamplingStrategy, Signals, SpanBuilder, TelemetryConfig, Temporality, context_with_span,
    extract_from_headers, get_baggage, inject_into_headers, propagate_context, record_exception,
    tracer, with_baggage,
};

/// The processor's metrics.
mod metric_names {
    pub(crate) const EVENTS_PROCESSED: &str = "processor.events.processed";
    pub(crate) const EVENTS_DROPPED: &str = "processor.events.dropped";
    pub(crate) const WINDOW_TRIGGERS: &str = "processor.window.triggers";
    pub(crate) const DEDUPLICATION_COUNT: &str = "processor.deduplication.count";
    pub(crate) const PROCESSING_DURATION: &str = "processor.processing.duration";
    pub(crate) const AGGREGATION_DURATION: &str = "processor.aggregation.duration";
    pub(crate) const STATE_OPERATION_DURATION: &str = "processor.state.operation.duration";
    pub(crate) const WATERMARK_LAG: &str = "processor.watermark.lag";
}

/// What they are told apart by.
mod metric_attributes {
    pub(crate) const EVENT_TYPE: &str = "event_type";
    pub(crate) const OPERATION_TYPE: &str = "operation_type";
    pub(crate) const PARTITION_ID: &str = "partition_id";
}

const PROCESSOR: &str = "processor";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = match std::env::args().nth(1) {
        Some(endpoint) => in_code(&endpoint),
        None => TelemetryConfig::from_env()?,
    };
    let config =
        config.service_version(env!("CARGO_PKG_VERSION")).deployment_environment("production");
    let telemetry = spanwise::init_telemetry(config)?;

    let processor =
        Processor { metrics: MetricsRecorder::new().with_attribute("service", PROCESSOR) };
    // As a producer would have sent it.
    let headers = processor.produce();
    processor.process_event(&headers, "17").await;
    processor.process_event(&headers, "many").await;

    eprintln!("{}", telemetry.shutdown().await);
    Ok(())
}

/// Traces and metrics are one configuration: what is said once holds for both.
fn in_code(endpoint: &str) -> TelemetryConfig {
    TelemetryConfig::new("my-processor")
        .environment(Environment::empty())
        .signals(Signals { logs: false, ..Signals::ALL })
        .endpoint(endpoint)
        .protocol(OtlpProtocol::HttpProtobuf)
        .header("x-tenant", "acme-corp")
        .temporality(Temporality::Delta)
        .sampling(SamplingStrategy::parent_based(SamplingStrategy::TraceIdRatio { ratio: 1.0 }))
        .span_batches(BatchConfiguration {
            max_queue_size: 2048,
            max_export_batch_size: 512,
            scheduled_delay: Duration::from_secs(5),
            export_timeout: Duration::from_secs(30),
            ..BatchConfiguration::SPANS
        })
        .metric_export(ExportConfig {
            export_interval: Duration::from_secs(60),
            export_timeout: Duration::from_secs(30),
        })
}

struct Processor {
    metrics: MetricsRecorder,
}

impl Processor {
    fn produce(&self) -> HashMap<String, String> {
        let span = SpanBuilder::new("produce").with_kind(SpanKind::Producer).start();
        let context = context_with_span(span);
        let context = with_baggage(&context, [BaggageItem::new("tenant-id", "acme-corp")]);
        let mut headers = HashMap::new();
        inject_into_headers(&context, &mut headers);
        headers
    }

    async fn process_event(&self, headers: &HashMap<String, String>, payload: &str) {
        let started = Instant::now();
        let producer = extract_from_headers(headers);
        let tenant = get_baggage(&producer, "tenant-id").unwrap_or_default();
        let span = {
            let _under_producer = producer.attach();
            SpanBuilder::new("process_event")
                .with_tracer(PROCESSOR)
                .with_kind(SpanKind::Consumer)
                .with_attribute("event.type", "metric")
                .with_attribute("event.source", "kafka")
                .with_attribute("partition.id", "0")
                .with_attribute("tenant.id", tenant)
                .start()
        };
        let context = context_with_span(span);
        let counted = match validate(payload, &context) {
            Ok(value) => {
                self.aggregate(value).with_context(context).await;
                metric_names::EVENTS_PROCESSED
            }
            Err(_) => metric_names::EVENTS_DROPPED,
        };
        let of_metrics = [KeyValue::new(metric_attributes::EVENT_TYPE, "metric")];
        self.metrics.record_counter(PROCESSOR, counted, 1, of_metrics);
        self.metrics.record_counter(PROCESSOR, metric_names::DEDUPLICATION_COUNT, 1, []);
        self.metrics.record_histogram(
            PROCESSOR,
            metric_names::PROCESSING_DURATION,
            started.elapsed().as_secs_f64() * 1e3,
            [KeyValue::new(metric_attributes::OPERATION_TYPE, "aggregation")],
        );
        let partition = [KeyValue::new(metric_attributes::PARTITION_ID, "0")];
        self.metrics.record_gauge(PROCESSOR, metric_names::WATERMARK_LAG, 1000, partition);
    }

    /// Goes on in a task of its own, in the same trace.
    async fn aggregate(&self, value: u32) {
        let metrics = self.metrics.clone();
        let aggregation = async move {
            let mut span = tracer(PROCESSOR).start("aggregate");
            span.set_attribute(KeyValue::new("value", i64::from(value)));
            metrics.record_counter(PROCESSOR, metric_names::WINDOW_TRIGGERS, 1, []);
            metrics.record_histogram(PROCESSOR, metric_names::AGGREGATION_DURATION, 1.5, []);
            metrics.record_histogram(PROCESSOR, metric_names::STATE_OPERATION_DURATION, 0.5, []);
        };
        if tokio::spawn(propagate_context(aggregation)).await.is_err() {
            eprintln!("the aggregation panicked");
        }
    }
}

/// What is wrong stands on a span of its own.
fn validate(payload: &str, context: &Context) -> Result<u32, std::num::ParseIntError> {
    let mut span = tracer(PROCESSOR).start_with_context("validate", context);
    span.add_event("Validation started", vec![]);
    let value = payload.parse();
    match &value {
        Ok(_) => span.add_event("Validation complete", vec![KeyValue::new("result", "success")]),
        Err(error) => record_exception(&mut span, error),
    }
    value
}
