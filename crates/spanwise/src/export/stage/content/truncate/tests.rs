use proptest::prelude::*;

use super::*;

fn fitted(mut value: Value, length: Length) -> Value {
    length.fit(&mut value);
    value
}

/// Any JSON.
fn anything() -> impl Strategy<Value = Value> {
    let text = prop_oneof![".{0,20}", "[a-zä🦀]{60,200}", "[\"\\\\\u{1}ä🦀]{0,60}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 30, 8, |inner| {
        let name = prop_oneof![
            "[a-z]{0,5}",
            Just("role".to_owned()),
            Just("type".to_owned()),
            Just("parts".to_owned()),
            "[a-z\"]{60,90}",
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::vec((name, inner), 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Messages as the conventions have them.
fn messages() -> impl Strategy<Value = Value> {
    let part = prop_oneof![
        "[a-zß ]{0,400}".prop_map(|text| json!({"type": "text", "content": text})),
        (".{0,20}", anything()).prop_map(
            |(id, any)| json!({"type": "tool_call", "id": id, "name": "f", "arguments": any})
        ),
        anything()
            .prop_map(|any| json!({"type": "tool_call_response", "id": "1", "response": any})),
    ];
    let role = prop_oneof![Just("system"), Just("user"), Just("assistant"), Just("tool")];
    let message = (role, proptest::collection::vec(part, 1..4))
        .prop_map(|(role, parts)| json!({"role": role, "parts": parts}));
    proptest::collection::vec(message, 1..9).prop_map(Value::from)
}

fn length() -> impl Strategy<Value = Length> {
    (256..5000_usize, any::<bool>()).prop_map(|(most, bytes)| match bytes {
        true => Length::bytes(most),
        false => Length::characters(most),
    })
}

fn kind(value: &Value) -> std::mem::Discriminant<Value> {
    std::mem::discriminant(value)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 100, ..Default::default() })]

    #[test]
    fn whatever_is_cut_fits_and_keeps_its_outermost_shape(value in anything(), length in length()) {
        let cut = fitted(value.clone(), length);
        prop_assert!(length.of(&cut) <= length.most, "{} > {}", length.of(&cut), length.most);
        prop_assert_eq!(kind(&cut), kind(&value));
        let text = cut.to_string();
        prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
        if length.of(&value) <= length.most {
            prop_assert_eq!(cut, value);
        }
    }

    #[test]
    fn messages_keep_their_roles_and_parts(value in messages(), length in length()) {
        let cut = fitted(value.clone(), length);
        prop_assert!(length.of(&cut) <= length.most);
        let cut = cut.as_array().unwrap();
        prop_assert!(!cut.is_empty());
        for message in cut {
            prop_assert!(message["role"].is_string(), "{}", message);
            let parts = message["parts"].as_array().unwrap();
            prop_assert!(!parts.is_empty());
            prop_assert!(parts.iter().all(|part| part["type"].is_string()), "{}", message);
        }
    }

    #[test]
    fn what_is_measured_is_what_is_written(value in anything()) {
        let text = value.to_string();
        prop_assert_eq!(Unit::Bytes.measure(&value).size, text.len());
        prop_assert_eq!(Unit::Characters.measure(&value).size, text.chars().count());
    }

    #[test]
    fn what_is_cut_once_is_not_cut_again(value in anything(), length in length()) {
        let once = fitted(value, length);
        prop_assert_eq!(fitted(once.clone(), length), once);
    }

    #[test]
    fn a_text_keeps_both_ends(text in "[a-zß🦀]{300,600}", most in 60..280_usize) {
        let mut cut = text.clone();
        cut_middle(&mut cut, most, char::len_utf8);
        prop_assert!(cut.len() <= most);
        let (head, rest) = cut.split_once("…[").unwrap();
        let (note, tail) = rest.rsplit_once(" bytes cut]…").unwrap();
        prop_assert!(text.starts_with(head) && text.ends_with(tail));
        prop_assert_eq!(note.parse::<usize>().unwrap(), text.len() - head.len() - tail.len());
    }
}

#[test]
fn the_middle_of_long_texts_goes_first() {
    let value = json!([
        {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
        {"role": "user", "parts": [{"type": "text", "content": format!("Where {} now?", "x".repeat(900))}]},
    ]);
    let cut = fitted(value, Length::bytes(256));
    assert_eq!(cut[0]["parts"][0]["content"], "Be brief.");
    let text = cut[1]["parts"][0]["content"].as_str().unwrap();
    assert!(text.starts_with("Where xx") && text.ends_with("x now?"), "{text}");
    assert_eq!(cut.to_string().len(), 256);
}

#[test]
fn the_middle_of_long_lists_goes_next() {
    let messages: Vec<_> = (0..100)
        .map(|n| json!({"role": "user", "parts": [{"type": "text", "content": format!("turn {n}")}]}))
        .collect();
    let cut = fitted(Value::from(messages), Length::bytes(512));
    let shown: Vec<_> = cut
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["parts"][0]["content"].as_str().unwrap())
        .collect();
    assert_eq!(
        shown,
        [
            "turn 0",
            "turn 1",
            "turn 2",
            "…[93 items cut]…",
            "turn 96",
            "turn 97",
            "turn 98",
            "turn 99"
        ]
    );
}

#[test]
fn adversarial_content_is_cut_in_time_that_grows_with_its_length() {
    let deep = (0..120).fold(json!("x".repeat(1 << 20)), |inner, _| json!([inner]));
    let wide = Value::from(vec![json!(1); 200_000]);
    let keys: Map<String, Value> =
        (0..50_000).map(|n| (format!("{n}\u{202e}مرحبا"), json!("a".repeat(20)))).collect();
    for value in [deep, wide, Value::Object(keys), json!("a".repeat(1 << 20))] {
        let cut = fitted(value, Length::bytes(1000));
        assert!(Length::bytes(1000).of(&cut) <= 1000);
    }
}

#[test]
fn a_plain_text_loses_its_end() {
    let mut text = "äöüß".to_owned();
    cut_end(&mut text, Length::characters(3));
    assert_eq!(text, "äöü");
    cut_end(&mut text, Length::bytes(5));
    assert_eq!(text, "äö");
}
