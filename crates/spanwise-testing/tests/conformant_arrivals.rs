//! What arrives at a receiver is judged as what is captured, and by more: as it was sent.

#![cfg(feature = "receiver")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};
use spanwise_core::semconv::SemconvProfile;
use spanwise_testing::Receiver;

const TODAY: &str = "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev";

fn send(receiver: &Receiver, path: &str, body: &Value) {
    let body = body.to_string();
    let mut stream = TcpStream::connect(receiver.http).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn attributes(pairs: &[(&str, Value)]) -> Value {
    pairs.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

fn text(text: &str) -> Value {
    json!({ "stringValue": text })
}

fn chat(schema_url: &str, more: &[(&str, Value)]) -> Value {
    let mut all = vec![
        ("gen_ai.operation.name", text("chat")),
        ("gen_ai.provider.name", text("openai")),
        ("gen_ai.request.model", text("gpt-4o")),
    ];
    all.extend_from_slice(more);
    json!({ "resourceSpans": [{ "scopeSpans": [{
        "scope": { "name": "spanwise" },
        "schemaUrl": schema_url,
        "spans": [{
            "traceId": "0102030405060708090a0b0c0d0e0f10",
            "spanId": "0102030405060708",
            "name": "chat gpt-4o",
            "kind": 3,
            "attributes": attributes(&all),
        }],
    }] }] })
}

fn found(receiver: &Receiver) -> Vec<String> {
    receiver.violations().iter().map(ToString::to_string).collect()
}

#[test]
fn spans_are_judged_as_they_arrive() {
    let receiver = Receiver::start();
    send(&receiver, "/v1/traces", &chat(TODAY, &[]));
    receiver.assert_conformant();
    let twice = [("app.team", text("a")), ("app.team", text("b"))];
    send(&receiver, "/v1/traces", &chat(TODAY, &twice));
    let structured = json!({ "arrayValue": { "values": [] } });
    send(&receiver, "/v1/traces", &chat(TODAY, &[("gen_ai.input.messages", structured)]));
    assert_eq!(
        found(&receiver),
        [
            "span `chat gpt-4o`: `app.team` stands there more than once",
            "span `chat gpt-4o`: `gen_ai.input.messages` stands on a span: it must be JSON text",
        ]
    );
}

#[test]
fn a_destination_is_held_to_its_own_profile() {
    let receiver = Receiver::start();
    let earlier = "gen_ai.usage.cache_creation.input_tokens";
    let tokens = json!({ "intValue": "4" });
    let schema = "https://opentelemetry.io/schemas/1.41.0";
    send(&receiver, "/v1/traces", &chat(schema, &[(earlier, tokens)]));
    receiver.assert_conformant_to(SemconvProfile::V1_41);
    assert_eq!(receiver.violations().len(), 2);
}

#[test]
fn metrics_are_judged_as_they_arrive() {
    let receiver = Receiver::start();
    let point = attributes(&[("gen_ai.tool.name", text("search"))]);
    let metrics = json!({ "resourceMetrics": [{ "scopeMetrics": [{
        "scope": { "name": "spanwise" },
        "schemaUrl": TODAY,
        "metrics": [{
            "name": "gen_ai.execute_tool.duration",
            "unit": "ms",
            "sum": {
                "isMonotonic": true,
                "aggregationTemporality": 2,
                "dataPoints": [{ "attributes": point, "asInt": "3" }],
            },
        }],
    }] }] });
    send(&receiver, "/v1/metrics", &metrics);
    assert_eq!(
        found(&receiver),
        [
            "metric `gen_ai.execute_tool.duration`: is a counter, not a histogram",
            "metric `gen_ai.execute_tool.duration`: its unit is `ms`, not `s`",
            "metric `gen_ai.execute_tool.duration`: its values are not of type double",
        ]
    );
}

#[test]
fn events_are_judged_as_they_arrive() {
    let receiver = Receiver::start();
    let part = attributes(&[("type", text("text"))]);
    let message = attributes(&[
        ("role", text("user")),
        ("parts", json!({ "arrayValue": { "values": [{ "kvlistValue": { "values": part } }] } })),
    ]);
    let messages =
        json!({ "arrayValue": { "values": [{ "kvlistValue": { "values": message } }] } });
    let events = json!({ "resourceLogs": [{ "scopeLogs": [{
        "scope": { "name": "spanwise" },
        "schemaUrl": TODAY,
        "logRecords": [{
            "eventName": "gen_ai.client.inference.operation.details",
            "severityNumber": 5,
            "attributes": attributes(&[
                ("gen_ai.operation.name", text("chat")),
                ("gen_ai.provider.name", text("acme")),
                ("gen_ai.input.messages", messages),
            ]),
        }],
    }] }] });
    send(&receiver, "/v1/logs", &events);
    assert_eq!(
        found(&receiver),
        [
            "event `gen_ai.client.inference.operation.details`: `gen_ai.input.messages` does not fit its \
          shape at `/0/parts/0`: \"content\" is a required property"
        ]
    );
}
