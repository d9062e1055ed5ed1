//! Everything that is recorded arrives, over every protocol and compression, in every runtime.

mod support;

use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use spanwise::{
    Agent, Compression, ContentCapture, Destination, Embeddings, Generation, Message, OtlpProtocol,
    Provider, Response, Step, TelemetryConfig, Tool, Usage, Workflow,
};
use support::{Receiver, attribute, block_on, config, finishes_within, isolated, text};

/// One of everything.
async fn work() {
    let _ = Workflow::new("ticket")
        .run(Agent::new("triage").run_with(async |_| {
            let answer = Generation::chat(Provider::OpenAi, "gpt-4o-mini")
                .server("api.openai.com", 443)
                .temperature(0.5)
                .stop_sequences(["END"])
                .input("Where is my order?")
                .run(async {
                    Ok::<_, String>(
                        Response::new()
                            .id("chatcmpl-1")
                            .model("gpt-4o-mini-2024-07-18")
                            .finish_reason("stop")
                            .usage(Usage::new(120, 48).cache_read(40))
                            .output(Message::assistant("On its way.")),
                    )
                })
                .await?;
            drop(answer);
            let _ = Tool::new("lookup_order")
                .run(async { Err::<(), _>("no such order".to_owned()) })
                .await;
            Step::new("compose").run_sync(|_| Ok::<_, String>(()))?;
            Embeddings::new(Provider::OpenAi, "text-embedding-3-small")
                .run(async { Ok::<_, String>(()) })
                .await
        }))
        .await;
}

const ALL_SPANS: [&str; 6] = [
    "chat gpt-4o-mini",
    "embeddings text-embedding-3-small",
    "execute_tool lookup_order",
    "invoke_agent triage",
    "invoke_workflow ticket",
    "step compose",
];

fn endpoint(receiver: &Receiver, protocol: OtlpProtocol) -> TelemetryConfig {
    let url = match protocol {
        OtlpProtocol::Grpc => receiver.grpc_url(),
        OtlpProtocol::HttpProtobuf | OtlpProtocol::HttpJson => receiver.http_url(),
    };
    config().endpoint(url).protocol(protocol)
}

#[track_caller]
fn assert_everything_arrived(receiver: &Receiver) {
    receiver.assert_conformant();
    let mut names = receiver.span_names();
    names.sort();
    assert_eq!(names, ALL_SPANS);

    let chat = receiver.span("chat gpt-4o-mini");
    let agent = receiver.span("invoke_agent triage");
    assert_eq!(chat.parent_span_id, agent.span_id);
    assert_eq!(chat.trace_id, agent.trace_id);
    assert_eq!(chat.kind, 3, "CLIENT");
    assert_eq!(text(&chat.attributes, "gen_ai.provider.name"), "openai");
    assert_eq!(attribute(&chat.attributes, "server.port"), Some(&Value::IntValue(443)));
    let temperature = attribute(&chat.attributes, "gen_ai.request.temperature");
    assert_eq!(temperature, Some(&Value::DoubleValue(0.5)));
    assert_eq!(text(&chat.attributes, "gen_ai.request.stop_sequences"), "END");
    assert_eq!(
        text(&chat.attributes, "gen_ai.output.messages"),
        r#"[{"role":"assistant","parts":[{"type":"text","content":"On its way."}]}]"#
    );
    let tool = receiver.span("execute_tool lookup_order");
    assert_eq!(tool.status.unwrap().code, 2, "ERROR");
    assert_eq!(text(&tool.attributes, "error.type"), "_OTHER");
    assert_eq!(text(&tool.attributes, "gen_ai.agent.name"), "triage");

    let metrics = receiver.metrics();
    let of = |name: &str| metrics.iter().filter(|metric| metric.name == name).collect::<Vec<_>>();
    let duration = of("gen_ai.client.inference.duration");
    let Some(Data::Histogram(histogram)) = &duration[0].data else { panic!("no histogram") };
    assert_eq!((duration[0].unit.as_str(), histogram.data_points[0].count), ("s", 1));
    assert_eq!(histogram.data_points[0].explicit_bounds[..2], [0.01, 0.02]);
    let tokens = of("gen_ai.client.inference.usage.input_tokens");
    let Some(Data::Sum(sum)) = &tokens[0].data else { panic!("no counter") };
    assert!(sum.is_monotonic);
    assert_eq!(text(&sum.data_points[0].attributes, "gen_ai.token.modality"), "unknown");
    for name in [
        "gen_ai.invoke_agent.duration",
        "gen_ai.execute_tool.duration",
        "gen_ai.invoke_workflow.duration",
        "gen_ai.client.operation.duration",
        "spanwise.step.duration",
        "otel.sdk.exporter.span.exported",
    ] {
        assert_eq!(of(name).len(), 1, "{name}");
    }

    let events = receiver.log_records();
    let details: Vec<_> = events
        .iter()
        .filter(|record| record.event_name == "gen_ai.client.inference.operation.details")
        .collect();
    assert_eq!(details.len(), 1);
    assert_eq!(details[0].span_id, chat.span_id);
    let messages = attribute(&details[0].attributes, "gen_ai.output.messages");
    assert!(matches!(messages, Some(Value::ArrayValue(_))), "{messages:?}");

    let request = &receiver.trace_requests()[0].resource_spans[0];
    let resource = &request.resource.as_ref().unwrap().attributes;
    assert_eq!(text(resource, "service.name"), "test");
    assert!(!text(resource, "service.instance.id").is_empty());
    let scope = &request.scope_spans[0];
    assert_eq!(scope.scope.as_ref().unwrap().name, "spanwise");
    assert_eq!(scope.schema_url, spanwise::semconv::SCHEMA_URL);
}

fn delivers(protocol: OtlpProtocol, compression: Compression) {
    let receiver = Receiver::start();
    let config = endpoint(&receiver, protocol)
        .compression(compression)
        .content_capture(ContentCapture::SpanAndEvent);
    let report = block_on(async {
        let telemetry = spanwise::init_telemetry(config).unwrap();
        work().await;
        telemetry.shutdown().await
    });
    assert_everything_arrived(&receiver);
    assert!(report.complete && report.dropped() == 0, "{report}");
    let otlp = report.destination("otlp").unwrap();
    assert_eq!((otlp.traces().exported, otlp.traces().accepted), (6, 6));
    assert_eq!((otlp.logs().exported, otlp.logs().accepted), (1, 1));
    assert!(otlp.metrics().exported > 10);
    let encodings: Vec<_> = receiver
        .requests()
        .into_iter()
        .map(|request| match protocol {
            OtlpProtocol::Grpc => request.headers.get("grpc-encoding").cloned(),
            _ => request.headers.get("content-encoding").cloned(),
        })
        .collect();
    let expected = match compression {
        Compression::None => None,
        Compression::Gzip => Some("gzip".to_owned()),
        Compression::Zstd => Some("zstd".to_owned()),
    };
    assert!(encodings.iter().all(|encoding| *encoding == expected), "{encodings:?}");
}

#[test]
fn everything_arrives_over_grpc() {
    isolated!(delivers(OtlpProtocol::Grpc, Compression::None));
}

#[test]
fn everything_arrives_over_grpc_with_gzip() {
    isolated!(delivers(OtlpProtocol::Grpc, Compression::Gzip));
}

#[test]
fn everything_arrives_over_grpc_with_zstd() {
    isolated!(delivers(OtlpProtocol::Grpc, Compression::Zstd));
}

#[test]
fn everything_arrives_over_http() {
    isolated!(delivers(OtlpProtocol::HttpProtobuf, Compression::None));
}

#[test]
fn everything_arrives_over_http_with_gzip() {
    isolated!(delivers(OtlpProtocol::HttpProtobuf, Compression::Gzip));
}

#[test]
fn everything_arrives_over_http_with_zstd() {
    isolated!(delivers(OtlpProtocol::HttpProtobuf, Compression::Zstd));
}

#[test]
fn everything_arrives_over_http_as_json() {
    isolated!(delivers(OtlpProtocol::HttpJson, Compression::None));
}

#[test]
fn everything_arrives_over_http_as_json_with_gzip() {
    isolated!(delivers(OtlpProtocol::HttpJson, Compression::Gzip));
}

#[test]
fn everything_arrives_over_http_as_json_with_zstd() {
    isolated!(delivers(OtlpProtocol::HttpJson, Compression::Zstd));
}

#[test]
fn several_destinations_get_everything_and_only_their_own_headers() {
    isolated!({
        let (first, second) = (Receiver::start(), Receiver::start());
        let config = config()
            .destination(
                Destination::otlp(first.grpc_url())
                    .name("first")
                    .protocol(OtlpProtocol::Grpc)
                    .header("x-key", "one"),
            )
            .destination(Destination::otlp(second.http_url()).name("second").header("x-key", "two"))
            .content_capture(ContentCapture::SpanAndEvent);
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            work().await;
            let report = telemetry.shutdown().await;
            assert_eq!(report.destination("second").unwrap().traces().exported, 6);
        });
        for (receiver, key) in [(first, "one"), (second, "two")] {
            assert_everything_arrived(&receiver);
            assert!(receiver.requests().iter().all(|request| request.headers["x-key"] == key));
        }
    });
}

#[test]
fn a_flush_sends_what_is_there_and_telemetry_goes_on() {
    isolated!({
        let receiver = Receiver::start();
        let config = endpoint(&receiver, OtlpProtocol::HttpProtobuf);
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            Tool::new("first").start().finish();
            let report = finishes_within(Duration::from_secs(4), || telemetry.flush()).await;
            assert!(report.complete && report.destination("otlp").unwrap().traces().exported == 1);
            assert_eq!(receiver.span_names(), ["execute_tool first"]);
            assert!(!receiver.metrics().is_empty());
            Tool::new("second").start().finish();
            telemetry.shutdown().await
        });
        assert_eq!(receiver.span_names(), ["execute_tool first", "execute_tool second"]);
    });
}

#[test]
fn a_text_is_the_users_where_it_goes_in_and_the_assistants_where_it_comes_out() {
    isolated!({
        let receiver = Receiver::start();
        let config =
            config().endpoint(receiver.http_url()).content_capture(ContentCapture::SpanOnly);
        let telemetry = spanwise::init_telemetry(config).unwrap();
        let agent = Agent::new("a").input("Where is it?").start();
        agent.output(&String::from("On its way."));
        agent.finish();
        let workflow = Workflow::new("w").input("Where is it?").start();
        workflow.output(&"On its way.");
        workflow.finish();
        let generation = Generation::chat(Provider::OpenAi, "m").input("Where is it?").start();
        generation.output("On its way.");
        generation.finish();
        block_on(telemetry.shutdown());
        for span in receiver.spans() {
            let role = |key: &str| {
                let messages = text(&span.attributes, key);
                let messages: serde_json::Value = serde_json::from_str(&messages).unwrap();
                messages[0]["role"].as_str().map(str::to_owned)
            };
            assert_eq!(role("gen_ai.input.messages").as_deref(), Some("user"), "{}", span.name);
            assert_eq!(
                role("gen_ai.output.messages").as_deref(),
                Some("assistant"),
                "{}",
                span.name
            );
        }
        assert_eq!(receiver.spans().len(), 3);
    });
}
