use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use opentelemetry::Context;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};
use opentelemetry_sdk::trace::SdkTracerProvider;
use spanwise_core::{
    Agent, Clock, Cost, CostSource, Currency, Decimal, Embeddings, Generation, MetricSet, Modality,
    ModelNames, Recorder, RecorderBuilder, Step, Tool, Usage, Workflow, evaluation,
};

use super::*;
use crate::config::SamplingStrategy;
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

/// Goes on when the work says so.
#[derive(Clone, Debug, Default)]
struct Moved(Arc<AtomicU64>);

impl Moved {
    fn on(&self, milliseconds: u64) {
        self.0.fetch_add(milliseconds, Ordering::Relaxed);
    }
}

impl Clock for Moved {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// What readers get of what is recorded, point by point.
fn collected(
    metrics: impl FnOnce(RecorderBuilder, &Meter) -> RecorderBuilder,
    work: impl FnOnce(),
) -> Vec<String> {
    sampled(SdkTracerProvider::builder().build(), metrics, work)
}

fn sampled(
    tracers: SdkTracerProvider,
    metrics: impl FnOnce(RecorderBuilder, &Meter) -> RecorderBuilder,
    work: impl FnOnce(),
) -> Vec<String> {
    let ledger = Ledger::new([("otlp".to_owned(), [true; Signal::COUNT])]);
    let intake = Arc::new(Intake::new(Queues::default(), ledger));
    let exporter =
        MetricIntake { intake: intake.clone(), reader: 0, temporality: Temporality::Delta };
    let provider =
        SdkMeterProvider::builder().with_reader(PeriodicReader::builder(exporter).build()).build();
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

fn names(points: &[String]) -> Vec<&str> {
    let mut names: Vec<_> = points.iter().map(|point| point.split_once(' ').unwrap().0).collect();
    names.dedup();
    names
}

#[test]
fn a_set_records_its_metrics_and_no_others() {
    let of = |set| {
        collected(
            |builder, meter| builder.metrics(BoundMetrics::new(meter)).metric_set(set),
            operations,
        )
    };
    let (all, basic, cost) = (of(MetricSet::All), of(MetricSet::Basic), of(MetricSet::Cost));
    insta::assert_snapshot!(names(&basic).join("\n"), @r"
    gen_ai.client.inference.duration
    gen_ai.client.inference.usage.input_tokens
    gen_ai.client.inference.usage.output_tokens
    gen_ai.client.operation.duration
    gen_ai.execute_tool.duration
    gen_ai.invoke_agent.duration
    gen_ai.invoke_workflow.duration
    ");
    insta::assert_snapshot!(names(&cost).join("\n"), @r"
    gen_ai.client.inference.usage.cache_read.input_tokens
    gen_ai.client.inference.usage.input_tokens
    gen_ai.client.inference.usage.output_tokens
    gen_ai.client.inference.usage.reasoning.output_tokens
    ");
    let kept = |set: MetricSet| -> Vec<String> {
        let is_in = |point: &&String| {
            let name = point.split_once(' ').unwrap().0;
            Metric::ALL.into_iter().any(|m| m.descriptor().name == name && set.includes(m))
        };
        all.iter().filter(is_in).cloned().collect()
    };
    assert_eq!(basic, kept(MetricSet::Basic));
    assert_eq!(cost, kept(MetricSet::Cost));
}

#[test]
fn a_set_holds_for_earlier_names_too() {
    use spanwise_core::semconv::SemconvProfile;

    let earlier = collected(
        |builder, meter| {
            let builder = builder.metrics(BoundMetrics::new(meter)).profile(SemconvProfile::V1_41);
            builder.metric_set(MetricSet::Cost)
        },
        operations,
    );
    assert_eq!(names(&earlier), ["gen_ai.client.token.usage"]);
}

#[test]
fn models_are_told_apart_by_the_names_that_are_wanted() {
    let durations = |names: ModelNames| {
        let mut points = collected(
            |builder, meter| {
                builder.metrics(BoundMetrics::new(meter)).model_names_on_metrics(names)
            },
            || {
                for date in ["2024-05-13", "2024-08-06", "2024-11-20"] {
                    let generation = Generation::chat("openai", format!("gpt-4o-{date}")).start();
                    generation.response_model("gpt-4o-2024-11-20");
                    generation.finish();
                }
            },
        );
        points.retain(|point| point.starts_with("gen_ai.client.inference.duration"));
        points
    };
    assert_eq!(durations(ModelNames::exact()).len(), 3);
    let [plain] = &durations(ModelNames::plain())[..] else { panic!("one series") };
    assert!(plain.contains("\"gpt-4o\"") && !plain.contains("2024"), "{plain}");
    let [own] = &durations(ModelNames::by(|model| model[..3].to_owned()))[..] else {
        panic!("one series")
    };
    assert!(own.contains("\"gpt\"") && !own.contains("gpt-4o"), "{own}");
}

/// A thousand turns of every kind, which take their time by the clock.
fn turns(clock: &Moved) {
    for turn in 0..1000_u64 {
        let agent = Agent::new(if turn % 3 == 0 { "triage" } else { "writer" }).start();
        {
            let _inside = agent.enter();
            clock.on(turn % 7);
            let model = ["gpt-4o", "gpt-4o-mini", "claude-sonnet-4"][turn as usize % 3];
            let generation = Generation::chat("openai", model).start();
            clock.on(100 + turn * 37 % 900);
            for _ in 0..turn % 4 {
                generation.chunk(|_| {});
                clock.on(turn % 13);
            }
            generation.usage(Usage::new(turn, turn % 50).cache_read(turn / 2));
            let amount = Decimal::new(turn.cast_signed(), 4);
            generation.cost(Cost::new(amount, Currency::USD, CostSource::Provider));
            evaluation("relevance").score(turn % 10).emit_on(&generation.trace_ref());
            match turn % 10 {
                0 => generation.fail_with("timeout", "late"),
                1 => drop(generation),
                _ => generation.finish(),
            }
            let tool = Tool::new("lookup").start();
            clock.on(turn % 11);
            tool.finish();
            if turn % 2 == 0 {
                spanwise_core::cache_hit("orders")
            } else {
                spanwise_core::cache_miss("orders")
            }
        }
        agent.finish();
        let workflow = Workflow::new("nightly").start();
        {
            let _inside = workflow.enter();
            let step = Step::new("embed").index(0).start();
            let embeddings = Embeddings::new("openai", "text-embedding-3-small").start();
            clock.on(turn % 17);
            embeddings.input_tokens(turn);
            embeddings.finish();
            step.finish();
        }
        workflow.finish();
    }
}

#[test]
fn metrics_of_one_trace_in_a_hundred_equal_those_of_all_number_by_number() {
    let of = |ratio: f64| {
        let sampling = SamplingStrategy::parent_based(SamplingStrategy::TraceIdRatio { ratio });
        let spans = opentelemetry_sdk::trace::InMemorySpanExporter::default();
        let tracers = SdkTracerProvider::builder()
            .with_sampler(sampling.to_sampler())
            .with_simple_exporter(spans.clone())
            .build();
        let clock = Moved::default();
        let recorded = clock.clone();
        let points = sampled(
            tracers.clone(),
            |builder, meter| builder.metrics(BoundMetrics::new(meter)).clock(recorded),
            || turns(&clock),
        );
        (points, spans.get_finished_spans().unwrap().len())
    };
    let ((all, every_span), (one_in_a_hundred, some_spans)) = (of(1.0), of(0.01));
    assert_eq!(every_span, 7000);
    assert!(some_spans < 700, "{some_spans} spans of {every_span}");
    for metric in [
        "gen_ai.client.inference.operation.input_tokens",
        "time_per_output_chunk",
        "spanwise.cost",
        "spanwise.cache",
        "spanwise.evaluation.score",
    ] {
        let names: Vec<_> = all.iter().map(|point| point.split(" {").next()).collect();
        assert!(all.iter().any(|point| point.contains(metric)), "{metric}: {names:?}");
    }
    assert_eq!(one_in_a_hundred, all);
}
