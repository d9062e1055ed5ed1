//! Telemetry among other code of the program: other instrumentation, other threads, other metrics.

mod support;

use std::collections::{BTreeMap, HashMap};

use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use spanwise::opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, Tracer as _,
};
use spanwise::opentelemetry::{Context, KeyValue, global};
use spanwise::{
    Agent, BatchConfiguration, Environment, FutureExt as _, Generation, Provider, Tool, Usage,
};
use support::{Receiver, block_on, config, isolated, text};

#[test]
fn other_instrumentation_sends_by_the_same_way_and_nests() {
    isolated!({
        let receiver = Receiver::start();
        block_on(async {
            let config = config().endpoint(receiver.http_url());
            let telemetry = spanwise::init_telemetry(config).unwrap();
            global::tracer("another")
                .in_span("request", |_| {
                    Tool::new("lookup").run_sync(|_| {
                        global::tracer("another").in_span("query", |_| Ok::<_, String>(()))
                    })
                })
                .unwrap();
            global::meter("another").u64_counter("requests").build().add(3, &[]);
            telemetry.shutdown().await
        });
        receiver.assert_conformant();
        let [request, tool, query] =
            ["request", "execute_tool lookup", "query"].map(|name| receiver.span(name));
        assert_eq!(tool.parent_span_id, request.span_id);
        assert_eq!(query.parent_span_id, tool.span_id);
        assert!(receiver.metrics().iter().any(|metric| metric.name == "requests"));
    });
}

#[test]
fn global_providers_can_be_left_alone() {
    isolated!({
        let receiver = Receiver::start();
        block_on(async {
            let config = config().endpoint(receiver.http_url()).global_providers(false);
            let telemetry = spanwise::init_telemetry(config).unwrap();
            global::tracer("another").in_span("request", |_| {});
            assert_eq!(global::get_text_map_propagator(|it| it.fields().count()), 0);
            Tool::new("lookup").start().finish();
            telemetry.shutdown().await
        });
        receiver.assert_conformant();
        assert_eq!(receiver.span_names(), ["execute_tool lookup"]);
    });
}

fn headers_of_a_call(propagators: &str) -> Vec<String> {
    let environment = Environment::from_iter([
        ("OTEL_PROPAGATORS", propagators),
        ("SPANWISE_BAGGAGE_KEYS", "session"),
    ]);
    let _telemetry = spanwise::init_telemetry(config().environment(environment)).unwrap();
    let context = Context::new()
        .with_remote_span_context(SpanContext::new(
            TraceId::from(7),
            SpanId::from(8),
            TraceFlags::SAMPLED,
            true,
            TraceState::NONE,
        ))
        .with_value(());
    let context = spanwise::opentelemetry::baggage::BaggageExt::with_baggage(
        &context,
        [KeyValue::new("session", "s-1")],
    );
    let mut headers = HashMap::new();
    global::get_text_map_propagator(|it| it.inject_context(&context, &mut headers));
    let mut names: Vec<String> = headers.into_keys().collect();
    names.sort();
    names
}

#[test]
fn trace_context_and_baggage_travel() {
    isolated!(assert_eq!(headers_of_a_call(""), ["baggage", "traceparent"]));
}

#[test]
fn what_travels_is_chosen_by_variable() {
    isolated!(assert_eq!(headers_of_a_call("tracecontext"), ["traceparent"]));
}

#[test]
fn nothing_travels_where_nothing_shall() {
    isolated!(assert_eq!(headers_of_a_call("none"), [""; 0]));
}

#[test]
fn many_threads_and_tasks_record_at_once_and_everything_arrives_under_its_own_parent() {
    isolated!({
        const THREADS: usize = 8;
        const AGENTS: usize = 100;
        let receiver = Receiver::start();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(4)
            .enable_all()
            .build()
            .unwrap();
        let batches = BatchConfiguration { max_queue_size: 100_000, ..BatchConfiguration::SPANS };
        let config = config().endpoint(receiver.http_url()).span_batches(batches);
        let telemetry = spanwise::init_telemetry(config).unwrap();
        let agents: Vec<_> = (0..THREADS * AGENTS)
            .map(|number| {
                runtime.spawn(Agent::new(format!("a-{number}")).run_with(async move |_| {
                    tokio::task::yield_now().await;
                    let generation =
                        Generation::chat(Provider::OpenAi, format!("m-{}", number % 7)).start();
                    generation.usage(Usage::new(10, 5));
                    async { tokio::task::yield_now().await }.in_operation(&generation).await;
                    generation.finish();
                    let tool = Tool::new(format!("t-{number}"));
                    let context = Context::current();
                    let thread = std::thread::spawn(move || {
                        let _active = context.attach();
                        tool.run_sync(|_| Ok::<_, String>(()))
                    });
                    thread.join().unwrap()
                }))
            })
            .collect();
        for agent in agents {
            runtime.block_on(agent).unwrap().unwrap();
        }
        let report = runtime.block_on(telemetry.shutdown());
        let counts = report.destination("otlp").unwrap().traces();
        assert_eq!((counts.exported, counts.dropped()), (3 * (THREADS * AGENTS) as u64, 0));
        receiver.assert_conformant();
        let spans = receiver.spans();
        let by_id: BTreeMap<_, _> = spans.iter().map(|span| (span.span_id.clone(), span)).collect();
        for tool in spans.iter().filter(|span| span.name.starts_with("execute_tool")) {
            let parent = by_id[&tool.parent_span_id];
            let number = tool.name.strip_prefix("execute_tool t-").unwrap();
            assert_eq!(parent.name, format!("invoke_agent a-{number}"));
            assert_eq!(text(&tool.attributes, "gen_ai.agent.name"), format!("a-{number}"));
        }
        let metrics = receiver.metrics();
        let durations: u64 = metrics
            .iter()
            .filter(|metric| metric.name == "gen_ai.client.inference.duration")
            .flat_map(|metric| match &metric.data {
                Some(Data::Histogram(histogram)) => &histogram.data_points[..],
                _ => panic!("no histogram"),
            })
            .map(|point| point.count)
            .sum();
        assert_eq!(durations, (THREADS * AGENTS) as u64);
    });
}
