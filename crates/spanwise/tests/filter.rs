//! Destinations that get some spans only: the tree stays whole, and what is left out is counted.

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use opentelemetry::Context;
use opentelemetry::context::FutureExt as _;
use opentelemetry::trace::{SpanKind, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use spanwise::{Agent, Destination, Generation, Projection, Provider, SpanFilter, Telemetry, Tool};
use support::{Receiver, block_on, config, isolated, text};

/// Each span's name and that of its parent; `-` where it has none, `?` where that is not there.
fn tree(receiver: &Receiver) -> BTreeMap<String, String> {
    let spans = receiver.spans();
    let parent = |span: &Span| match spans.iter().find(|it| it.span_id == span.parent_span_id) {
        Some(parent) => parent.name.clone(),
        None if span.parent_span_id.is_empty() => "-".to_owned(),
        None => "?".to_owned(),
    };
    spans.iter().map(|span| (span.name.clone(), parent(span))).collect()
}

fn start(telemetry: &Telemetry, name: &'static str, parent: &Context) -> Context {
    let tracer = telemetry.tracer_provider().unwrap().tracer("server");
    let builder = tracer.span_builder(name).with_kind(SpanKind::Server);
    parent.with_span(builder.start_with_context(&tracer, parent))
}

/// A request with an agent in it, a query in the agent, and a tool in the query; all but the last leave before
/// the request ends.
async fn request(telemetry: &Telemetry) {
    let request = start(telemetry, "POST /tickets", &Context::new());
    let agent = async {
        let _ = Agent::new("triage")
            .run_with(async |_| {
                let query = start(telemetry, "SELECT orders", &Context::current());
                let work = async { Tool::new("lookup_order").start().finish() };
                work.with_context(query.clone()).await;
                query.span().end();
                Generation::chat(Provider::OpenAi, "gpt-4o").start().finish();
                Ok::<_, String>(())
            })
            .await;
    };
    agent.with_context(request.clone()).await;
    assert!(telemetry.flush().await.complete, "the children are gone before the request ends");
    request.span().end();
}

#[test]
fn of_llm_spans_alone_the_tree_is_whole_though_children_leave_before_their_parents() {
    isolated!({
        let [all, llm, calls] = std::array::from_fn(|_| Receiver::start());
        let to =
            |receiver: &Receiver, name: &str| Destination::otlp(receiver.http_url()).name(name);
        let config = config()
            .destination(to(&all, "all"))
            .destination(to(&llm, "llm").filter(SpanFilter::LlmOnly))
            .destination(to(&calls, "calls").filter(SpanFilter::ModelCallsOnly));
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            request(&telemetry).await;
            let report = telemetry.shutdown().await;
            for (name, exported, filtered) in [("all", 5, 0), ("llm", 3, 2), ("calls", 1, 4)] {
                let counts = report.destination(name).unwrap().traces();
                assert_eq!((counts.exported, counts.filtered), (exported, filtered), "{name}");
                assert_eq!(counts.accepted, counts.exported + counts.filtered);
            }
            assert!(report.complete && report.dropped() == 0);
            assert!(report.to_string().contains("llm: 3 spans exported, 2 filtered"), "{report}");
        });
        let below = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(span, above)| ((*span).to_owned(), (*above).to_owned()));
            pairs.collect::<BTreeMap<_, _>>()
        };
        assert_eq!(
            tree(&all),
            below(&[
                ("POST /tickets", "-"),
                ("SELECT orders", "invoke_agent triage"),
                ("chat gpt-4o", "invoke_agent triage"),
                ("execute_tool lookup_order", "SELECT orders"),
                ("invoke_agent triage", "POST /tickets"),
            ])
        );
        assert_eq!(
            tree(&llm),
            below(&[
                ("chat gpt-4o", "invoke_agent triage"),
                ("execute_tool lookup_order", "invoke_agent triage"),
                ("invoke_agent triage", "-"),
            ])
        );
        assert_eq!(tree(&calls), below(&[("chat gpt-4o", "-")]));
        let trace = all.span("POST /tickets").trace_id;
        assert_eq!(llm.span("chat gpt-4o").trace_id, trace, "it is one trace everywhere");
    });
}

#[test]
fn a_batch_of_which_nothing_is_wanted_is_no_request() {
    isolated!({
        let receiver = Receiver::start();
        let destination = Destination::otlp(receiver.grpc_url())
            .protocol(spanwise::OtlpProtocol::Grpc)
            .filter(SpanFilter::LlmOnly);
        block_on(async {
            let telemetry = spanwise::init_telemetry(config().destination(destination)).unwrap();
            (0..2_000).for_each(|_| start(&telemetry, "GET /", &Context::new()).span().end());
            let report = telemetry.shutdown().await;
            let counts = report.destination("otlp").unwrap().traces();
            assert_eq!((counts.accepted, counts.filtered), (2_000, 2_000), "{counts:?}");
            assert!(report.complete, "{report}");
        });
        assert!(receiver.trace_requests().is_empty());
    });
}

#[test]
fn what_is_left_out_is_counted_by_a_metric_too() {
    isolated!({
        let receiver = Receiver::start();
        let destination = Destination::otlp(receiver.http_url()).filter(SpanFilter::LlmOnly);
        block_on(async {
            let telemetry = spanwise::init_telemetry(config().destination(destination)).unwrap();
            (0..3).for_each(|_| start(&telemetry, "GET /", &Context::new()).span().end());
            telemetry.flush().await;
            telemetry.shutdown().await;
        });
        let filtered = receiver.metrics().into_iter().filter_map(|metric| match metric.data {
            Some(Data::Sum(sum)) if metric.name == "spanwise.export.filtered" => Some(sum),
            _ => None,
        });
        let points = filtered.flat_map(|sum| sum.data_points);
        let of_traces =
            points.filter(|point| text(&point.attributes, "spanwise.export.signal") == "traces");
        let counts: Vec<_> = of_traces.filter_map(|point| point.value).collect();
        assert_eq!(counts.last(), Some(&number_data_point::Value::AsInt(3)), "{counts:?}");
    });
}

#[derive(Clone, Debug, Default)]
struct Names(Arc<Mutex<Vec<(String, bool)>>>);

impl SpanExporter for Names {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.into_iter().map(|span| {
            let told =
                span.attributes.iter().any(|it| it.key.as_str() == "openinference.span.kind");
            (span.name.into_owned(), told)
        });
        self.0.lock().unwrap().extend(spans);
        Ok(())
    }
}

#[test]
fn exporters_of_the_sdk_get_what_they_want_in_their_words_too() {
    isolated!({
        let names = Names::default();
        let exporter = Destination::exporter(names.clone())
            .filter(SpanFilter::LlmOnly)
            .projection(Projection::OpenInference);
        block_on(async {
            let telemetry = spanwise::init_telemetry(config().destination(exporter)).unwrap();
            start(&telemetry, "GET /", &Context::new()).span().end();
            Generation::chat(Provider::OpenAi, "gpt-4o").start().finish();
            telemetry.shutdown().await;
        });
        assert_eq!(*names.0.lock().unwrap(), [("chat gpt-4o".to_owned(), true)]);
    });
}

#[test]
fn spans_of_tracing_are_left_out_and_operations_inside_keep_their_place() {
    use tracing::Instrument as _;
    use tracing_subscriber::prelude::*;

    isolated!({
        let receiver = Receiver::start();
        let destination = Destination::otlp(receiver.http_url()).filter(SpanFilter::LlmOnly);
        block_on(async {
            let telemetry = spanwise::init_telemetry(config().destination(destination)).unwrap();
            let layer = telemetry.tracing_layer().unwrap();
            let subscriber = tracing_subscriber::registry().with(layer);
            let _guard = tracing::subscriber::set_default(subscriber);
            let work = async {
                let _ = Agent::new("triage")
                    .run_with(async |_| {
                        let call = async { Tool::new("look_up").start().finish() };
                        call.instrument(tracing::info_span!("inner")).await;
                        Ok::<_, String>(())
                    })
                    .await;
            };
            work.instrument(tracing::info_span!("outer")).await;
            telemetry.shutdown().await;
        });
        assert_eq!(
            tree(&receiver).into_iter().collect::<Vec<_>>(),
            [
                ("execute_tool look_up".to_owned(), "invoke_agent triage".to_owned()),
                ("invoke_agent triage".to_owned(), "-".to_owned()),
            ]
        );
    });
}
