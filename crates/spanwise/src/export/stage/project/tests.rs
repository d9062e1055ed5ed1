//! Whatever a span holds, a projection adds to it, and changes nothing that is there.
//!
//! What each makes of every operation stands in `tests/projections.rs`.

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue};
use proptest::prelude::*;
use spanwise_core::semconv::attribute;

use super::*;

const ALL: [Projection; 4] = [
    Projection::OpenInference,
    Projection::Langfuse,
    Projection::Helicone,
    Projection::GenAiSystem,
];

fn projected(span: &Span, projections: &[Projection]) -> Span {
    let mut view = View::default();
    projections.iter().for_each(|projection| view.spans.project(*projection));
    let group =
        Group { scope: Default::default(), schema_url: String::new(), items: vec![span.clone()] };
    let mut groups = [group];
    let (resource, kinship) = (Resource::default(), Kinship::default());
    project(&mut groups, Around { resource: &resource, kinship: &kinship }, &view);
    let [mut group] = groups;
    group.items.remove(0)
}

/// Messages, more or less as the conventions have them.
fn messages() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        r#"\{"type":"text","content":"[a-z ]{0,9}"\}"#,
        r#"\{"type":"tool_call","id":"[a-z]{1,3}","name":"f","arguments":\{"a":[0-9]\}\}"#,
        r#"\{"type":"tool_call_response","id":"[a-z]{1,3}","response":"[a-z]{0,3}"\}"#,
        r#"\{"type":"blob","modality":"(image|audio)","content":"aWNvbg=="\}"#,
        r#"\{"type":"(uri|file|odd)"\}"#,
        r#"null|7|"x"|\[\]|\{\}"#,
    ];
    let message = (r#""(user|tool|)"|null"#, prop::collection::vec(part, 0..4))
        .prop_map(|(role, parts)| format!(r#"{{"role":{role},"parts":[{}]}}"#, parts.join(",")));
    let message = prop_oneof![4 => message, 1 => Just("null".to_owned())];
    prop::collection::vec(message, 0..4).prop_map(|messages| format!("[{}]", messages.join(",")))
}

fn value() -> impl Strategy<Value = Value> {
    let simple = prop_oneof![
        any::<bool>().prop_map(Value::BoolValue),
        any::<i64>().prop_map(Value::IntValue),
        any::<f64>().prop_map(Value::DoubleValue),
        "\\PC{0,12}".prop_map(Value::StringValue),
        messages().prop_map(Value::StringValue),
        Just(Value::StringValue("chat".to_owned())),
        Just(Value::StringValue("invoke_agent".to_owned())),
        Just(Value::StringValue("retrieval".to_owned())),
    ];
    let list = prop::collection::vec(simple.clone(), 0..3).prop_map(|values| {
        let values = values.into_iter().map(|value| AnyValue { value: Some(value) });
        Value::ArrayValue(ArrayValue { values: values.collect() })
    });
    prop_oneof![4 => simple, 1 => list]
}

/// Keys of the conventions, of backends, and of nobody.
fn key() -> impl Strategy<Value = String> {
    let others = prop::sample::select(vec![
        "session.id",
        "user.id",
        "deployment.environment.name",
        "gen_ai.system",
        "spanwise.metadata.plan",
        "spanwise.metadata.langfuse.trace.name",
        "spanwise.metadata.__proto__",
        "spanwise.metadata.tenant_id",
        "spanwise.metadata.Environment",
        "spanwise.cost.amount",
        "langfuse.observation.type",
        "openinference.span.kind",
        "llm.input_messages.0.message.role",
        "gen_ai.prompt.0.content",
        "http.route",
    ]);
    prop_oneof![
        3 => prop::sample::select(attribute::ALL.to_vec()).prop_map(str::to_owned),
        1 => others.prop_map(str::to_owned),
    ]
}

fn span() -> impl Strategy<Value = Span> {
    let attributes = prop::collection::btree_map(key(), value(), 0..20);
    (attributes, any::<u64>(), 0..6i32, any::<u32>()).prop_map(
        |(attributes, start, kind, flags)| {
            let attribute = |(key, value)| KeyValue {
                key,
                value: Some(AnyValue { value: Some(value) }),
                ..KeyValue::default()
            };
            Span {
                name: "span".to_owned(),
                kind,
                flags,
                start_time_unix_nano: start,
                attributes: attributes.into_iter().map(attribute).collect(),
                ..Span::default()
            }
        },
    )
}

#[test]
fn two_contents_that_could_be_the_input_give_one() {
    let recorded = |key: &str, text: &str| KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(Value::StringValue(text.to_owned())) }),
        ..KeyValue::default()
    };
    let attributes = vec![
        recorded(attribute::GEN_AI_MEMORY_RECORDS.key(), "[]"),
        recorded(attribute::GEN_AI_SYSTEM_INSTRUCTIONS.key(), "Be brief."),
        recorded(attribute::GEN_AI_TOOL_CALL_ID.key(), "call_1"),
    ];
    let after = projected(&Span { attributes, ..Span::default() }, &[Projection::OpenInference]);
    let input = |side: &str| after.attributes.iter().filter(|it| it.key == side).count();
    assert_eq!((input("input.value"), input("input.mime_type")), (1, 1), "{after:?}");
}

proptest! {
    #[test]
    fn whatever_is_there_stays_and_no_key_comes_twice(
        span in span(),
        which in prop::collection::vec(prop::sample::select(ALL.to_vec()), 1..4),
    ) {
        let after = projected(&span, &which);
        let keys: BTreeSet<_> = after.attributes.iter().map(|it| it.key.as_str()).collect();
        prop_assert_eq!(keys.len(), after.attributes.len());
        for attribute in &span.attributes {
            let moved = format!("langfuse.observation.metadata.{}", attribute.key);
            let found = after.attributes.iter().find(|it| it.key == attribute.key || it.key == moved);
            let same = found.map(|it| format!("{:?}", it.value));
            prop_assert_eq!(same, Some(format!("{:?}", attribute.value)), "{}", attribute.key);
        }
        let rest = |span: &Span| Span { attributes: Vec::new(), ..span.clone() };
        prop_assert_eq!(rest(&after), rest(&span));
    }

    #[test]
    fn what_was_projected_once_is_not_projected_again(
        span in span(),
        which in prop::sample::select(ALL.to_vec()),
    ) {
        let once = projected(&span, &[which]);
        let twice = projected(&once, &[which]);
        prop_assert_eq!(format!("{twice:?}"), format!("{once:?}"));
    }
}
