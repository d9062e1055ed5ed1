use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::Context;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};
use opentelemetry_sdk::trace::SdkTracerProvider;
use spanwise_core::{
    Agent, Clock, Embeddings, Generation, Modality, Recorder, RecorderBuilder, Tool, Usage,
    Workflow,
};

use super::*;
use crate::export::intake::{Intake, Queues};
use crate::export::ledger::Ledger;
use crate::export::metrics::MetricIntake;
use crate::signal::Signal;

/// Everything takes no time at all.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

/// What readers get of what is recorded, point by point.
fn collected(
    metrics: impl FnOnce(RecorderBuilder, &Meter) -> RecorderBuilder,
    work: impl FnOnce(),
) -> Vec<String> {
    let ledger = Ledger::new([("otlp".to_owned(), [true; Signal::COUNT])]);
    let intake = Arc::new(Intake::new(Queues::default(), ledger));
    let exporter =
        MetricIntake { intake: intake.clone(), reader: 0, temporality: Temporality::Delta };
    let provider =
        SdkMeterProvider::builder().with_reader(PeriodicReader::builder(exporter).build()).build();
    let tracers = SdkTracerProvider::builder().build();
    let builder = Recorder::builder(tracers.tracer("t")).clock(Still);
    let recorder = metrics(builder, &provider.meter("t")).build();
    {
        let _active = recorder.in_context(&Context::new()).attach();
        work();
    }
    provider.force_flush().unwrap();
    let fill = crate::export::intake::Fill { spans: false, logs: false, metrics: true };
    let drained = intake.drain(fill);
    drained.metrics.into_iter().flat_map(|collection| points(collection.request)).collect()
}

fn points(request: ExportMetricsServiceRequest) -> Vec<String> {
    let scopes = request.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
    let mut told = Vec::new();
    for metric in scopes.flat_map(|scope| scope.metrics) {
        let name = format!("{} {}", metric.name, metric.unit);
        match metric.data {
            Some(Data::Histogram(histogram)) => {
                told.extend(histogram.data_points.into_iter().map(|mut point| {
                    (point.start_time_unix_nano, point.time_unix_nano) = (0, 0);
                    point.attributes.sort_by(|a, b| a.key.cmp(&b.key));
                    format!("{name} {point:?}")
                }));
            }
            Some(Data::Sum(sum)) => told.extend(sum.data_points.into_iter().map(|mut point| {
                (point.start_time_unix_nano, point.time_unix_nano) = (0, 0);
                point.attributes.sort_by(|a, b| a.key.cmp(&b.key));
                format!("{name} {point:?}")
            })),
            other => panic!("{name} is {other:?}"),
        }
    }
    told.sort();
    told
}

fn operations() {
    for model in ["gpt-4o", "gpt-4o-mini", "gpt-4o"] {
        let generation = Generation::chat("openai", model).server("api.openai.com", 443).start();
        let usage = Usage::new(120, 48).cache_read(40).reasoning(16);
        generation.usage(usage.input_of(Modality::Text, 100));
        generation.finish();
    }
    for failing in [false, true] {
        let tool = Tool::new("lookup").start();
        if failing { tool.fail_with("timeout", "late") } else { tool.finish() }
    }
    let workflow = Workflow::new("ticket").start();
    {
        let _inside = workflow.enter();
        Agent::new("triage").start().finish();
        Embeddings::new("openai", "embed").start().finish();
    }
    workflow.finish();
}

#[test]
fn bound_instruments_measure_what_plain_ones_do() {
    let bound = collected(|builder, meter| builder.metrics(BoundMetrics::new(meter)), operations);
    let plain = collected(RecorderBuilder::meter, operations);
    assert_eq!(bound, plain);
    assert!(bound.len() > 15, "{bound:#?}");
}

#[test]
fn beyond_the_bound_measurements_still_count() {
    let models = MOST_SERIES + 100;
    let work = || {
        for number in 0..models {
            Generation::chat("openai", format!("m-{number}")).start().finish();
        }
    };
    let bound = collected(|builder, meter| builder.metrics(BoundMetrics::new(meter)), work);
    let count = |point: &String| {
        let (_, count) = point.split_once(" count: ").unwrap();
        count.split(',').next().unwrap().parse::<usize>().unwrap()
    };
    let durations =
        bound.iter().filter(|point| point.starts_with("gen_ai.client.inference.duration"));
    assert_eq!(durations.map(count).sum::<usize>(), models);
}
