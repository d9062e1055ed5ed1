use opentelemetry_proto::tonic::common::v1::{ArrayValue, InstrumentationScope, KeyValueList};

use opentelemetry_proto::tonic::trace::v1::Span;

use super::*;

fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn text(value: &str) -> AnyValue {
    any(Value::StringValue(value.to_owned()))
}

fn list(values: impl IntoIterator<Item = AnyValue>) -> AnyValue {
    any(Value::ArrayValue(ArrayValue { values: values.into_iter().collect() }))
}

fn attribute(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

fn projected(scope: &str, attributes: Vec<KeyValue>, profile: SemconvProfile) -> Group<Span> {
    let scope = InstrumentationScope { name: scope.to_owned(), ..Default::default() };
    let mut groups = [Group {
        scope,
        schema_url: "today".to_owned(),
        items: vec![Span { attributes, ..Span::default() }],
    }];
    translate(&mut groups, profile);
    let [group] = groups;
    group
}

fn shown(group: &Group<Span>) -> Vec<String> {
    let attributes = &group.items[0].attributes;
    attributes
        .iter()
        .map(|kv| match kv.value.as_ref().and_then(|value| value.value.as_ref()) {
            Some(Value::StringValue(text)) => format!("{}={text}", kv.key),
            Some(Value::IntValue(number)) => format!("{}={number}", kv.key),
            Some(Value::DoubleValue(number)) => format!("{}={number:?}", kv.key),
            other => format!("{}={other:?}", kv.key),
        })
        .collect()
}

fn numbers() -> Vec<KeyValue> {
    vec![
        attribute("gen_ai.request.top_k", any(Value::IntValue(40))),
        attribute("gen_ai.usage.cache_write.input_tokens", any(Value::IntValue(8))),
        attribute("gen_ai.usage.input_tokens", any(Value::IntValue(9))),
    ]
}

#[test]
fn today_stays_as_it_is() {
    let group = projected(SCOPE_NAME, numbers(), SemconvProfile::Latest);
    assert_eq!(group.schema_url, "today");
    assert_eq!(group.items[0].attributes, numbers());
}

#[test]
fn the_words_of_1_41_stand_in_place_of_todays() {
    let group = projected(SCOPE_NAME, numbers(), SemconvProfile::V1_41);
    assert_eq!(group.schema_url, v1_41::SCHEMA_URL);
    assert_eq!(
        shown(&group),
        [
            "gen_ai.request.top_k=40.0",
            "gen_ai.usage.cache_creation.input_tokens=8",
            "gen_ai.usage.input_tokens=9"
        ]
    );
}

#[test]
fn or_beside_them() {
    let group = projected(SCOPE_NAME, numbers(), SemconvProfile::Both);
    assert_eq!(group.schema_url, "today");
    assert_eq!(
        shown(&group),
        [
            "gen_ai.request.top_k=40",
            "gen_ai.usage.cache_write.input_tokens=8",
            "gen_ai.usage.input_tokens=9",
            "gen_ai.usage.cache_creation.input_tokens=8"
        ]
    );
}

#[test]
fn what_others_recorded_is_not_touched() {
    let group = projected("other", numbers(), SemconvProfile::V1_41);
    assert_eq!((group.schema_url.as_str(), &group.items[0].attributes), ("today", &numbers()));
}

#[test]
fn messages_in_text_say_why_they_ended() {
    let messages = r#"[{"role":"assistant","parts":[]},{"role":"assistant","parts":[]}]"#;
    let attributes = vec![
        attribute("gen_ai.output.messages", text(messages)),
        attribute("gen_ai.response.finish_reasons", list([text("stop")])),
    ];
    let group = projected(SCOPE_NAME, attributes, SemconvProfile::V1_41);
    let shown = &shown(&group)[0];
    let told: serde_json::Value = serde_json::from_str(shown.split_once('=').unwrap().1).unwrap();
    assert_eq!(
        (&told[0]["finish_reason"], &told[1]["finish_reason"]),
        (&"stop".into(), &"unknown".into())
    );
}

#[test]
fn messages_in_structure_say_why_they_ended() {
    let role = attribute("role", text("assistant"));
    let message = any(Value::KvlistValue(KeyValueList { values: vec![role.clone()] }));
    let mut attributes = vec![
        attribute("gen_ai.response.finish_reasons", list([text("length")])),
        attribute("gen_ai.output.messages", list([message])),
    ];
    say_why_messages_ended(&mut attributes);
    let why = attribute("finish_reason", text("length"));
    let expected = any(Value::KvlistValue(KeyValueList { values: vec![role, why] }));
    assert_eq!(attributes[1], attribute("gen_ai.output.messages", list([expected])));
}

#[test]
fn what_cannot_be_read_is_left_as_it_is() {
    for odd in ["", "no JSON", "{}", "[1,null]"] {
        let attributes = vec![attribute("gen_ai.output.messages", text(odd))];
        let group = projected(SCOPE_NAME, attributes, SemconvProfile::V1_41);
        assert_eq!(shown(&group), [format!("gen_ai.output.messages={odd}")]);
    }
}

proptest::proptest! {
    #[test]
    fn no_message_panics_and_what_was_json_stays_json(messages in "[\\[\\]{}\":,a-z0-9]{0,40}") {
        let attributes = vec![attribute("gen_ai.output.messages", text(&messages))];
        let group = projected(SCOPE_NAME, attributes, SemconvProfile::V1_41);
        let shown = shown(&group).remove(0);
        let after = shown.trim_start_matches("gen_ai.output.messages=");
        let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
        proptest::prop_assert_eq!(json(&messages), json(after));
    }
}
