//! The rules, each by spans that keep it and by spans that do not.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use serde_json::{Value, json};

use super::*;

fn any(value: Value) -> AnyValue {
    let value = match value {
        Value::String(text) => Any::StringValue(text),
        Value::Bool(flag) => Any::BoolValue(flag),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Any::IntValue(number),
            None => Any::DoubleValue(number.as_f64().unwrap()),
        },
        Value::Array(values) => {
            Any::ArrayValue(ArrayValue { values: values.into_iter().map(any).collect() })
        }
        other => panic!("no attribute holds {other}"),
    };
    AnyValue { value: Some(value) }
}

fn attributes(fields: Value) -> Vec<KeyValue> {
    let Value::Object(fields) = fields else { panic!("attributes by key") };
    let attribute = |(key, value)| KeyValue { key, value: Some(any(value)), ..KeyValue::default() };
    fields.into_iter().map(attribute).collect()
}

fn span(fields: Value) -> Span {
    Span {
        name: "chat gpt-4o".to_owned(),
        trace_id: vec![1; 16],
        span_id: vec![1; 8],
        attributes: attributes(fields),
        ..Span::default()
    }
}

fn request(span: Span, scope: &str, resource: Value) -> ExportTraceServiceRequest {
    let scope = InstrumentationScope { name: scope.to_owned(), ..Default::default() };
    let scope_spans = ScopeSpans { scope: Some(scope), spans: vec![span], ..Default::default() };
    let resource = Resource { attributes: attributes(resource), ..Default::default() };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![scope_spans],
            ..Default::default()
        }],
    }
}

fn made_of(span: Span) -> LangfuseObservation {
    langfuse_observations(&request(span, "spanwise", json!({}))).remove(0)
}

fn observed(fields: Value) -> LangfuseObservation {
    made_of(span(fields))
}

#[track_caller]
fn assert_drops(fields: Value, what: &str) {
    let dropped = observed(fields).dropped;
    assert!(dropped.len() == 1 && dropped[0].contains(what), "{what}: {dropped:?}");
}

#[test]
fn a_type_is_by_langfuses_word_then_by_kind_then_by_operation_then_by_what_else_is_there() {
    for (fields, expected) in [
        (
            json!({"langfuse.observation.type": "guardrail", "gen_ai.operation.name": "chat"}),
            "guardrail",
        ),
        (
            json!({"openinference.span.kind": "RETRIEVER", "gen_ai.operation.name": "chat"}),
            "retriever",
        ),
        (json!({"gen_ai.operation.name": "chat"}), "generation"),
        (json!({"gen_ai.operation.name": "embeddings"}), "embedding"),
        (json!({"gen_ai.operation.name": "execute_tool"}), "tool"),
        (json!({"gen_ai.operation.name": "create_agent"}), "agent"),
        (json!({"gen_ai.operation.name": "retrieval"}), "span"),
        (json!({"gen_ai.operation.name": "invoke_workflow"}), "span"),
        (json!({"gen_ai.tool.call.id": "call_1"}), "tool"),
        (
            json!({"gen_ai.operation.name": "fetch_response", "gen_ai.response.model": "m"}),
            "generation",
        ),
        (json!({}), "span"),
    ] {
        assert_eq!(observed(fields.clone()).observation_type, expected, "{fields}");
    }
    assert_drops(json!({"langfuse.observation.type": "GENERATION"}), "type");
}

#[test]
fn a_tool_is_called_by_its_own_name() {
    let name = observed(json!({"gen_ai.tool.name": "lookup_order"})).name;
    assert_eq!((name.as_str(), observed(json!({})).name.as_str()), ("lookup_order", "chat gpt-4o"));
}

#[test]
fn a_level_is_by_its_word_or_by_the_status() {
    let failed =
        Span { status: Some(Status { code: 2, message: "broken".into() }), ..span(json!({})) };
    let observation = made_of(failed);
    assert_eq!(observation.level, "ERROR");
    assert_eq!(observation.status_message.as_deref(), Some("broken"));
    assert_eq!(observed(json!({"langfuse.observation.level": "warn"})).level, "WARNING");
    assert_drops(json!({"langfuse.observation.level": "loud"}), "level");
}

#[test]
fn explicit_usage_must_be_a_json_object_in_a_text() {
    let key = "langfuse.observation.usage_details";
    let usage = observed(json!({key: r#"{"input":3,"output":4}"#})).usage_details;
    assert_eq!(usage, [("input".to_owned(), 3.0), ("output".to_owned(), 4.0)].into());
    let standard = json!({key: 7, "gen_ai.usage.input_tokens": 3});
    assert!(observed(standard).usage_details.is_empty(), "of another type it counts as none");
    let broken = json!({key: "{", "gen_ai.usage.input_tokens": 3});
    assert_eq!(observed(broken).usage_details["input"], 3.0, "broken it counts as not there");
    assert_drops(json!({key: 7}), "no JSON object");
    assert_drops(json!({key: "[1]"}), "no JSON object");
    assert_drops(json!({key: "{"}), "no JSON");
    assert_drops(json!({key: r#"{"input":"3"}"#}), "not all are numbers");
    assert_drops(json!({"langfuse.observation.cost_details": 0.5}), "no JSON object");
}

#[test]
fn usage_of_the_conventions_is_taken_apart_by_the_names_of_1_41() {
    let usage = observed(json!({
        "gen_ai.usage.input_tokens": 300,
        "gen_ai.usage.output_tokens": 48,
        "gen_ai.usage.cache_read.input_tokens": 40,
        "gen_ai.usage.cache_creation.input_tokens": 8,
        "gen_ai.usage.reasoning.output_tokens": 16,
    }))
    .usage_details;
    assert_eq!((usage["input"], usage["input_cached_tokens"]), (252.0, 40.0));
    assert_eq!((usage["output"], usage["output_reasoning_tokens"]), (32.0, 16.0));
    let today = observed(json!({
        "gen_ai.usage.input_tokens": 300,
        "gen_ai.usage.cache_write.input_tokens": 8,
    }));
    assert_eq!(today.usage_details["input"], 300.0, "those of today are not known: counted twice");
}

#[test]
fn models_usage_and_cost_of_agents_are_dropped_even_in_langfuses_own_words() {
    let agent = json!({
        "gen_ai.operation.name": "invoke_agent",
        "langfuse.observation.model.name": "m",
        "langfuse.observation.usage_details": r#"{"input":3}"#,
        "langfuse.observation.cost_details": r#"{"total":0.5}"#,
    });
    let observation = observed(agent.clone());
    assert_eq!((observation.model, observation.usage_details.len()), (None, 0));
    assert!(observation.cost_details.is_empty());
    assert_drops(agent, "usage and cost of an agent");
}

#[test]
fn the_time_to_the_first_token_is_a_moment() {
    let key = "langfuse.observation.completion_start_time";
    let observation = observed(json!({key: "2026-01-31T12:00:00.125Z"}));
    assert_eq!(observation.completion_start_time.as_deref(), Some("2026-01-31T12:00:00.125Z"));
    assert_drops(json!({key: "soon"}), "no moment");
    assert_drops(json!({key: 0.5}), "no moment");
    assert_drops(
        json!({"gen_ai.operation.name": "chat", "gen_ai.response.time_to_first_chunk": 0.5}),
        "time to the first token",
    );
}

#[test]
fn a_prompt_has_a_number_and_stands_on_generations() {
    let prompt = |version: Value, operation: &str| {
        json!({
            "langfuse.observation.prompt.name": "triage",
            "langfuse.observation.prompt.version": version,
            "gen_ai.operation.name": operation,
        })
    };
    assert_eq!(observed(prompt(3.into(), "chat")).prompt, Some(("triage".to_owned(), 3)));
    assert_drops(prompt("3".into(), "chat"), "integer");
    assert_drops(prompt(3.into(), "embeddings"), "only generations");
}

#[test]
fn tags_come_in_four_forms() {
    let tags = |value: Value| observed(json!({"langfuse.trace.tags": value})).tags;
    for value in [json!(["a", "b"]), json!(r#"["a","b"]"#), json!("a, b")] {
        assert_eq!(tags(value), ["a", "b"]);
    }
    assert_eq!(tags(json!("a")), ["a"]);
}

#[test]
fn the_span_says_the_environment_before_the_resource_and_has_to_keep_the_rules() {
    let environment = |fields: Value, resource: Value| {
        langfuse_observations(&request(span(fields), "spanwise", resource)).remove(0).environment
    };
    let none = || json!({});
    assert_eq!(environment(none(), none()), "default");
    let name = |name: &str| json!({"deployment.environment.name": name});
    assert_eq!(environment(name("Staging"), name("production")), "staging");
    assert_eq!(environment(none(), name("langfuse-eu")), "eu");
    let own = json!({"langfuse.environment": "own"});
    assert_eq!(environment(name("staging"), own), "own");
    assert_eq!(environment(name("Prod EU"), none()), "default");
    assert_drops(name("Prod EU"), "environment");
}

#[test]
fn whose_trace_it_is_is_said_by_whichever_name_is_strongest() {
    let observation = observed(json!({
        "user.id": "u-9",
        "gen_ai.conversation.id": "conv-1",
        "langfuse.trace.public": "true",
        "langfuse.trace.name": "support",
        "langfuse.release": "v7",
        "langfuse.trace.metadata.plan": "gold",
    }));
    assert_eq!(observation.user.as_deref(), Some("u-9"));
    assert_eq!(observation.session.as_deref(), Some("conv-1"));
    assert!(observation.public && observation.is_app_root);
    assert_eq!(observation.metadata["plan"], "gold");
    let both = json!({"session.id": "s-1", "gen_ai.conversation.id": "conv-1"});
    assert_eq!(observed(both).session.as_deref(), Some("s-1"));
    assert_drops(json!({"langfuse.trace.metadata": "gold"}), "no JSON object");
}

#[test]
fn names_that_change_objects_and_scopes_that_change_the_reading_are_told() {
    assert_drops(json!({"langfuse.trace.metadata.__proto__": "x"}), "__proto__");
    for scope in ["ai", "genkit-tracer", "pydantic-ai", "gcp.vertex.agent", "langfuse-sdk"] {
        let observation =
            langfuse_observations(&request(span(json!({})), scope, json!({}))).remove(0);
        assert!(observation.dropped[0].contains(scope), "{observation:?}");
    }
}

#[test]
fn what_comes_before_messages_hides_them() {
    let messages = r#"[{"role":"user","parts":[]}]"#;
    let plain = observed(json!({
        "gen_ai.input.messages": messages,
        "gen_ai.system_instructions": r#"[{"type":"text","content":"Be kind."}]"#,
    }));
    assert_eq!(plain.input.unwrap()[0]["role"], "system");
    assert_drops(json!({"gen_ai.input.messages": messages, "input.value": "Hi"}), "comes before");
    let prompted = json!({
        "gen_ai.prompt.name": "triage",
        "gen_ai.output.messages": messages,
    });
    assert_drops(prompted.clone(), "`gen_ai.output.messages`");
    let prompted = observed(prompted);
    assert_eq!(prompted.input, Some(json!({"name": "triage"})), "for a prompt of earlier years");
    assert_eq!(prompted.output, None, "who has the one has the other");
    let tool = observed(json!({"gen_ai.tool.call.arguments": r#"{"id":7}"#}));
    assert_eq!(tool.input, Some(json!({"id": 7})));
}

mod server {
    use crate::receiver::{Arrived, Message};

    use super::*;

    const KEY: &str = "Basic a2V5";

    fn arrived(path: &str, headers: &[(&str, &str)]) -> Arrived {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Arrived {
            method: "POST".to_owned(),
            headers: headers.collect(),
            path: path.to_owned(),
            bytes: 0,
            spans: 1,
            at: std::time::Instant::now(),
        }
    }

    fn status(path: &str, message: &Message, headers: &[(&str, &str)]) -> Option<u16> {
        let server = LangfuseServer::new(KEY);
        server.refuses(message, &arrived(path, headers)).map(|(status, _)| status)
    }

    #[test]
    fn a_request_is_refused_for_its_path_key_type_packing_version_signal_and_ids() {
        const PATH: &str = "/api/public/otel/v1/traces";
        let good = [("authorization", KEY), ("content-type", "application/x-protobuf")];
        let with = |name, value| [good[0], good[1], (name, value)];
        let traces = Message::Traces(request(span(json!({})), "spanwise", json!({})));
        let version = "x-langfuse-ingestion-version";
        assert_eq!(status(PATH, &traces, &good), None);
        assert_eq!(status(PATH, &traces, &with(version, "4")), None);
        assert_eq!(status(PATH, &traces, &with("content-encoding", "gzip")), None);
        assert_eq!(status("/v1/traces", &traces, &good), Some(404));
        assert_eq!(status(PATH, &traces, &good[1..]), Some(401));
        assert_eq!(status(PATH, &traces, &[("authorization", "Bearer pk-lf-1")]), Some(403));
        assert_eq!(status(PATH, &traces, &good[..1]), Some(400));
        assert_eq!(status(PATH, &traces, &with("content-encoding", "zstd")), Some(400));
        assert_eq!(status(PATH, &traces, &with(version, "5")), Some(400));
        assert_eq!(status(PATH, &traces, &with(version, "four")), Some(400));
        let short = Span { span_id: vec![1; 4], ..span(json!({})) };
        let short = Message::Traces(request(short, "spanwise", json!({})));
        assert_eq!(status(PATH, &short, &good), Some(400));
        let logs = Message::Logs(Default::default());
        assert_eq!(status(PATH, &logs, &good), Some(400), "logs do not go there");
        let metrics = Message::Metrics(Default::default());
        assert_eq!(status("/api/public/otel/v1/metrics", &metrics, &good), None, "and vanish");
    }

    #[test]
    fn only_with_the_version_is_what_arrives_seen_at_once() {
        let version = [("x-langfuse-ingestion-version", "4")];
        assert!(LangfuseServer::takes_the_direct_way(&arrived("", &version)));
        assert!(!LangfuseServer::takes_the_direct_way(&arrived("", &[])));
    }

    #[test]
    fn the_key_is_not_shown() {
        assert!(!format!("{:?}", LangfuseServer::new(KEY)).contains("a2V5"));
    }
}
