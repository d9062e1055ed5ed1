use super::*;

#[test]
fn the_limits_for_spans_win_over_the_general_ones() {
    let general = settle(&[
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "10"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "20"),
    ])
    .limits;
    assert_eq!((general.attributes, general.log_attributes), (10, 10));
    assert_eq!((general.value_length, general.log_value_length), (Some(20), Some(20)));
    assert_eq!(general.span.max_attributes_per_event, 10);
    assert_eq!(general.span.max_attributes_per_link, 10);
    let own = settle(&[
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "10"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "20"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "11"),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "21"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "12"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "13"),
        ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "14"),
        ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "15"),
        ("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "16"),
        ("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "22"),
    ])
    .limits;
    assert_eq!((own.attributes, own.log_attributes), (11, 16));
    assert_eq!((own.value_length, own.log_value_length), (Some(21), Some(22)));
    assert_eq!(own.span.max_events_per_span, 12);
    assert_eq!(own.span.max_links_per_span, 13);
    assert_eq!(own.span.max_attributes_per_event, 14);
    assert_eq!(own.span.max_attributes_per_link, 15);
}

#[test]
fn without_limits_values_are_whole_and_there_may_be_128_attributes() {
    let limits = settle(&[]).limits;
    assert_eq!((limits.attributes, limits.value_length), (128, None));
    assert_eq!((limits.span.max_events_per_span, limits.span.max_links_per_span), (128, 128));
    let variable = ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "long");
    assert_eq!(
        warned(&[variable]),
        [
            "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT is set but is not a whole number; no limit is in force"
        ]
    );
}
